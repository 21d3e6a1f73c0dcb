"""Highlight clip of a selection: title, stills, moving shots, credits and audio; the same bytes each time."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image

from processors.errors import RequestError, StoreError
from processors.imaging.clip_writer import write_steady_clip
from processors.languages.language import phrase
from processors.languages.text import Text
from processors.packs.contents.media import checked_bytes
from processors.packs.contents.rights import credit, known_credit
from processors.packs.contents.selected_sources import SelectedSource, in_order_of_selection
from processors.packs.contents.subject import ItemRecord, SourceRecord
from processors.packs.embedded.file_credits import FileCredits, embedded_credits
from processors.packs.embedded.in_containers import write_tagged
from processors.packs.highlight.cards import Cards, Frame
from processors.packs.highlight.clip_credits import clip_credits, credit_lines
from processors.packs.highlight.clip_sound import ClipTimes, write_sound
from processors.packs.highlight.recording_under import recording_under
from processors.packs.highlight.scene_sound import (
    Recording,
    Scene,
    SceneSound,
    length_of,
    missing_keys,
    recordings_of,
    sounds_of,
)
from processors.packs.highlight.scenes import scenes_of
from processors.packs.presentation import presentation_of
from processors.packs.recipe.pack_recipe import PackRecipe
from processors.store.progress_steps import Steps, silently
from processors.store.store import Store

FILE = "highlight.mp4"
FRAMES_PER_SECOND = 25
MAX_SCENES = 60
"""Maximum number of scenes, three minutes of stills: a clip is an overview, the pack holds the rest."""
CARD_SECONDS = 3.0
MIN_SILENT_SECONDS = 0.1
"""Silence at the end of a scene that is not noticed."""


@dataclass(frozen=True, kw_only=True)
class Silence:
    """Scene without sound, or with less than its length."""

    source: SourceRecord
    """Source of the picture."""
    seconds: float
    """Silent seconds."""
    missing_keys: tuple[str, ...] = ()
    """Keys of a release.toml that could give a photo the sound of a selected recording."""


@dataclass(frozen=True, kw_only=True)
class PartShown:
    """What a clip shows of a video, if it is not all of it and no still was chosen, or the shot does not show it."""

    source: SourceRecord
    moving_seconds: tuple[float, float] | None
    """Presentation times of its moving shot, half open; None without one."""
    stills_seconds: tuple[float, ...]
    """Presentation times of its stills."""
    is_pinned: bool = False
    """Whether the release has chosen one of its stills."""


@dataclass(frozen=True, kw_only=True)
class HighlightClip:
    """Written clip."""

    path: Path
    width_px: int
    height_px: int
    duration_seconds: float
    pictures_seconds: float
    """Length of its scenes, without title and credits."""
    poster_seconds: float
    """Time in the clip of the middle of its first scene."""
    poster_credits: FileCredits
    """Statements on what that scene shows, for the picture that stands for the clip."""
    shown: tuple[SourceRecord, ...]
    """Sources of its scenes."""
    recording: SourceRecord | None
    """Source of the recording that begins with the first picture; None if each scene has the sound of what it shows."""
    heard: tuple[SourceRecord, ...]
    """Sources of the other recordings that are heard with photos."""
    recording_seconds: float | None
    """Length of that recording in the clip."""
    cards_seconds: float
    """Silent seconds of title and credits."""
    silences: tuple[Silence, ...]
    """Scenes that are silent, or in part."""
    parts: tuple[PartShown, ...] = ()
    """Videos of which the release chooses no still, or one that does not move, each with the parts that are shown."""
    packed_path: str = ""
    """Path in the pack, relative to `data/`; empty until it is there."""

    @property
    def sources(self) -> tuple[SourceRecord, ...]:
        return tuple(_once([*self.shown, *self.sounds]))

    @property
    def sounds(self) -> tuple[SourceRecord, ...]:
        """Return the sources of all sound that is not a shown video's own."""
        return (self.recording, *self.heard) if self.recording else self.heard


def write_highlight(
    chosen: Sequence[SelectedSource],
    recipe: PackRecipe,
    store: Store,
    scratch: Path,
    steps: Steps = silently,
    repeated: Container[str] = (),
) -> HighlightClip:
    """Write the clip into `scratch`: sources in the order in which the selection names them.

    Parameters
    ----------
    repeated : digests of sources that show the picture of another one, and are left out.

    Raises
    ------
    RequestError : the selection has no still and no shot, or no recording with the name in the pack recipe.
    ResultMissing, ResultCorrupt : a still or shot does not match its manifest.
    StoreError : ffmpeg ended before the last frame.
    """
    assert recipe.highlight is not None
    each = _steps(recipe.highlight.seconds_each) / FRAMES_PER_SECOND
    scenes = _chosen_scenes(chosen, repeated, store, each)
    recordings = recordings_of(chosen, store)
    under = recording_under(chosen, recipe, recordings, store)
    under_seconds = length_of(under) if under else 0.0
    others = {digest: one for digest, one in recordings.items() if not (under and one.is_only_sound_of(under.subject))}
    sounds = list(sounds_of(scenes, others, each, after_seconds=under_seconds))
    shown = _once(scene.entry.subject for scene in scenes)
    heard = [one for one in _once(sound.source for sound in sounds if sound) if one not in shown]
    added = [*([under.subject] if under else []), *heard]
    cards = Cards(width_px=recipe.highlight.longest_side_px, font=recipe.highlight.font)
    named = dict.fromkeys(_sound_named(one, recipe) for one in added)
    ends = cards.texts(_in(recipe, phrase("credits")), [*credit_lines(_once([*shown, *added])), *named])
    card_steps = _steps(CARD_SECONDS)
    times = ClipTimes(
        title=card_steps / FRAMES_PER_SECOND,
        each=each,
        scenes=len(scenes),
        credits=len(ends) * card_steps / FRAMES_PER_SECOND,
    )
    count = round(times.whole * FRAMES_PER_SECOND)
    audible = _audible(sounds, _steps(each), under, under_seconds)
    frames = steps("Drawing the clip", _frames(scenes, audible, ends, recipe, cards), count, noun="frame")
    path, bare = scratch / FILE, scratch / f"bare-{FILE}"
    sound = write_sound(times, sounds, under, under_seconds, scratch / "sound.wav")
    _write_frames(bare, frames, count, sound.path)
    write_tagged(bare, path, "video/mp4", clip_credits(shown, added, recipe))
    bare.unlink()
    width_px, height_px = cards.size_px
    return HighlightClip(
        path=path,
        width_px=width_px,
        height_px=height_px,
        duration_seconds=count / FRAMES_PER_SECOND,
        pictures_seconds=times.pictures,
        poster_seconds=times.title + each / 2,
        poster_credits=embedded_credits(scenes[0].entry, recipe),
        shown=tuple(shown),
        recording=under.subject if under else None,
        heard=tuple(heard),
        recording_seconds=sound.recording_seconds,
        cards_seconds=sound.silent_cards_seconds,
        silences=tuple(_silences(scenes, sound.silent_seconds, recordings)),
        parts=tuple(_parts(scenes, each)),
    )


def _chosen_scenes(
    chosen: Sequence[SelectedSource], repeated: Container[str], store: Store, seconds_each: float
) -> list[Scene]:
    """Return at most `MAX_SCENES` scenes, spread evenly over all there are; raise RequestError if there is none."""
    ordered = in_order_of_selection(chosen)
    found = list(scenes_of([one for one in ordered if one.subject.digest not in repeated], store, seconds_each))
    if not found:
        raise RequestError(
            "highlight: the selection has no still and no preview; make video.stills or photo.preview first"
        )
    return found[:: -(-len(found) // MAX_SCENES)]


def _silences(
    scenes: Sequence[Scene], silent_seconds: Iterable[float], recordings: Mapping[str, Recording]
) -> Iterator[Silence]:
    for scene, seconds in zip(scenes, silent_seconds, strict=True):
        if seconds > MIN_SILENT_SECONDS:
            source = scene.entry.subject
            keys = missing_keys(source, recordings.values()) if source.medium == "photo" else ()
            yield Silence(source=source, seconds=seconds, missing_keys=keys)


def _parts(scenes: Sequence[Scene], each_seconds: float) -> Iterator[PartShown]:
    by_video: dict[str, list[Scene]] = {}
    for scene in scenes:
        if scene.entry.subject.medium == "video":
            by_video.setdefault(scene.entry.subject.digest, []).append(scene)
    for of_video in by_video.values():
        source = of_video[0].entry.subject
        moving = next((scene for scene in of_video if scene.is_moving), None)
        begins = moving.time_seconds if moving else None
        is_whole = begins is not None and (source.duration_seconds or 0.0) <= each_seconds
        is_pinned = any(scene.is_pinned for scene in of_video)
        if not is_whole and not (moving.shows_pinned if moving else is_pinned):
            yield PartShown(
                source=source,
                moving_seconds=None if begins is None else (begins, begins + each_seconds),
                stills_seconds=tuple(
                    s.time_seconds for s in of_video if not s.is_moving and s.time_seconds is not None
                ),
                is_pinned=is_pinned,
            )


def _write_frames(path: Path, frames: Iterator[Frame], count: int, sound: Path | None) -> None:
    latest = {"index": 0, "frame": next(frames)}

    def at(index: int) -> Frame:
        while latest["index"] < index:
            latest.update(index=latest["index"] + 1, frame=next(frames))
        return latest["frame"]

    try:
        write_steady_clip(path, at, frame_count=count, frames_per_second=FRAMES_PER_SECOND, quality_crf=20, audio=sound)
    except OSError as error:
        raise StoreError(f"{FILE}: {error.strerror}; is the disk full?") from error


def _once(sources: Iterable[SourceRecord]) -> list[SourceRecord]:
    return list({one.digest: one for one in sources}.values())


def _steps(seconds: float) -> int:
    return max(1, round(seconds * FRAMES_PER_SECOND))


def _audible(
    sounds: Sequence[SceneSound | None], steps_each: int, under: ItemRecord | None, under_seconds: float
) -> list[SourceRecord | None]:
    """Return whose sound is heard with each frame of the scenes: the chosen recording until it ends, then their own."""
    own = [sound.source if sound else None for sound in sounds for _ in range(steps_each)]
    chosen = [under.subject] * min(len(own), round(under_seconds * FRAMES_PER_SECOND)) if under else []
    return [*chosen, *own[len(chosen) :]]


def _frames(
    scenes: Sequence[Scene],
    audible: Sequence[SourceRecord | None],
    ends: Sequence[Frame],
    recipe: PackRecipe,
    cards: Cards,
) -> Iterator[Frame]:
    assert recipe.highlight is not None
    titles = _in(recipe, recipe.title)
    lines = [*_in(recipe, recipe.text), recipe.publisher or ""]
    yield from [cards.text(titles, [line for line in lines if line])] * _steps(CARD_SECONDS)
    steps = _steps(recipe.highlight.seconds_each)
    heard = iter(audible)
    for scene in scenes:
        name, picture, shown, shown_with = _scene_title(scene, recipe), None, None, None
        pictures = _moving(scene) if scene.is_moving else _still(scene.entry)
        for _ in range(steps):
            latest, named = next(pictures, picture), _credit_and_sound(scene.entry.subject, next(heard), recipe)
            assert latest is not None
            if shown is None or latest is not picture or named != shown_with:
                picture, shown, shown_with = latest, cards.scene(latest, name, named), named
            yield shown
    for end in ends:
        yield from [end] * _steps(CARD_SECONDS)


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
                shown = shown or latest.to_image()
                yield shown
                index += 1
            latest, shown = frame, None
        if latest is not None:
            yield latest.to_image()
