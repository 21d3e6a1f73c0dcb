"""Pictures of a highlight clip: title, scenes with the words below them, and credits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import av
from PIL import Image

from processors.languages.language import phrase
from processors.languages.text import Text
from processors.packs.contents.media import checked_bytes
from processors.packs.contents.rights import credit, known_credit
from processors.packs.contents.subject import ItemRecord, SourceRecord
from processors.packs.highlight.cards import Cards, Frame
from processors.packs.highlight.clip_credits import credit_lines
from processors.packs.highlight.programme import FRAMES_PER_SECOND, Programme, once
from processors.packs.highlight.scene_sound import Scene
from processors.packs.presentation import presentation_of
from processors.packs.recipe.pack_recipe import PackRecipe
from processors.video.reading.frame import TO_8_BITS


def title_card(recipe: PackRecipe, cards: Cards) -> Frame:
    """Return the picture with which a clip begins."""
    lines = [*_in(recipe, recipe.text), recipe.publisher or ""]
    return cards.text(_in(recipe, recipe.title), [line for line in lines if line])


def credit_cards(programme: Programme, recipe: PackRecipe, cards: Cards) -> Sequence[Frame]:
    """Return the pictures with which a clip ends: the credits of all that is seen and heard."""
    credited = credit_lines(once([*programme.shown, *programme.added]))
    named = dict.fromkeys(_sound_named(one, recipe) for one in programme.added)
    return cards.texts(_in(recipe, phrase("credits")), [*credited, *named])


def scene_frames(programme: Programme, recipe: PackRecipe, cards: Cards) -> Iterator[Frame]:
    """Yield each frame of the scenes: the picture with its title, its credit and the name of another's sound."""
    heard = iter(programme.audible)
    for scene in programme.scenes:
        name, picture, shown, shown_with = _scene_title(scene, recipe), None, None, None
        pictures = _moving(scene) if scene.is_moving else _still(scene.entry)
        for _ in range(programme.scene_frames):
            latest, named = next(pictures, picture), _credit_and_sound(scene.entry.subject, next(heard), recipe)
            assert latest is not None
            if shown is None or latest is not picture or named != shown_with:
                picture, shown, shown_with = latest, cards.scene(latest, name, named), named
            yield shown


def _credit_and_sound(shown: SourceRecord, heard: SourceRecord | None, recipe: PackRecipe) -> str:
    """Return the credit of a picture and, if another source is heard with it, the name of that sound."""
    credited = f"{_joined(recipe, phrase('credit'))}: {credit(shown)}"
    return f"{credited} · {_sound_named(heard, recipe)}" if heard and heard != shown else credited


def _sound_named(heard: SourceRecord, recipe: PackRecipe) -> str:
    """Return the name of a sound: its title, else its stated credit, else the name of its file."""
    return f"{_joined(recipe, phrase('sound_under_it'))}: {_title(heard, recipe) or known_credit(heard) or heard.name}"


def _title(subject: SourceRecord, recipe: PackRecipe) -> str:
    """Return the title in the pack's languages, else that of the event; empty without one: a file name is no title."""
    said = subject.title or subject.event_title
    return _joined(recipe, phrase("marked_synthetic", title=said) if subject.synthetic and said else said)


def _scene_title(scene: Scene, recipe: PackRecipe) -> str:
    """Return the title of the source, with a note where the picture is not as recorded."""
    title = _title(scene.entry.subject, recipe)
    if not presentation_of(scene.entry.manifest.ref.processor).is_for_dark:
        return title
    return f"{title} ({_joined(recipe, phrase('enhanced'))})" if title else _joined(recipe, phrase("enhanced"))


def _in(recipe: PackRecipe, text: Text) -> list[str]:
    """Return a text in each of the pack's languages, else in an available one."""
    return [text[code] for code in recipe.languages if code in text] or [*filter(None, [text.best()])]


def _joined(recipe: PackRecipe, text: Text) -> str:
    return " · ".join(dict.fromkeys(_in(recipe, text)))


def _still(entry: ItemRecord) -> Iterator[Image.Image]:
    with checked_bytes(entry) as data, Image.open(data) as opened:
        yield opened.convert("RGB")


def _moving(scene: Scene) -> Iterator[Image.Image]:
    """Yield a moving shot's picture at each frame of the highlight; it ends with the file."""
    with checked_bytes(scene.entry) as data, av.open(data, "r") as container:
        stream = container.streams.video[0]
        first = Fraction(scene.from_seconds).limit_denominator(1_000_000)
        container.seek(round(first * av.time_base))
        index, latest, shown = 0, None, None
        for frame in container.decode(stream):
            time = Fraction(frame.pts or 0) * (frame.time_base or Fraction(1)) - first
            while latest is not None and Fraction(index, FRAMES_PER_SECOND) < time:
                shown = shown or latest.to_image(interpolation=TO_8_BITS)
                yield shown
                index += 1
            latest, shown = frame, None
        if latest is not None:
            yield latest.to_image(interpolation=TO_8_BITS)
