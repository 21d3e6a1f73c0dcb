"""Highlight clip of a selection: title, stills, moving shots, credits and audio; the same bytes each time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from processors.clip_writer import write_steady_clip
from processors.errors import RequestError, StoreError
from processors.languages.text import FALLBACK
from processors.packs.contents.media import checked_bytes
from processors.packs.contents.rights import credit
from processors.packs.contents.selected_sources import SelectedSource
from processors.packs.contents.subject import ItemRecord, SourceRecord, entries
from processors.packs.highlight.cards import Cards, Frame
from processors.packs.presentation import presentation_of
from processors.packs.recipe.pack_recipe import Highlight, Recipe
from processors.store.store import Store

FILE = "highlight.mp4"
FRAMES_PER_SECOND = 25
MAX_SCENES = 60
"""Maximum number of scenes, three minutes of stills: a clip is an overview, the pack holds the rest."""
CARD_SECONDS = 3.0
SOUNDS = ("audible.flac", "original.wav", "original.flac")
FADE_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Still or moving shot."""

    entry: ItemRecord
    is_moving: bool


def write_highlight(chosen: Sequence[SelectedSource], recipe: Recipe, store: Store, scratch: Path) -> Path:
    """Write the clip into `scratch`.

    Raises
    ------
    RequestError : the selection has no still and no shot.
    ResultMissing, ResultCorrupt : a still or shot does not match its manifest.
    StoreError : ffmpeg ended before the last frame.
    """
    assert recipe.highlight is not None
    found = list(_scenes(chosen, store))
    if not found:
        raise RequestError(
            "highlight: the selection has no still and no preview; make video.stills or photo.preview first"
        )
    scenes = found[:: -(-len(found) // MAX_SCENES)]
    heard = _heard(chosen, store)
    credited = [*(scene.entry.subject for scene in scenes), *([heard.subject] if heard else [])]
    frames = _frames(scenes, credited, recipe, Cards(width_px=recipe.highlight.longest_side_px))
    count = _count(recipe.highlight, len(scenes))
    first = next(frames)
    latest = {"index": 0, "frame": first}

    def at(index: int) -> Frame:
        while latest["index"] < index:
            latest.update(index=latest["index"] + 1, frame=next(frames))
        return latest["frame"]

    path = scratch / FILE
    sound = _sound(heard, count / FRAMES_PER_SECOND, scratch) if heard else None
    try:
        write_steady_clip(path, at, frame_count=count, frames_per_second=FRAMES_PER_SECOND, quality_crf=20, audio=sound)
    except OSError as error:
        raise StoreError(f"{FILE}: {error.strerror}: is the disk full?") from error
    return path


def _scenes(chosen: Sequence[SelectedSource], store: Store) -> Iterator[Scene]:
    """Yield the largest preview of each photo; the preview clip and the best still of each shot of each video."""
    for one in chosen:
        found = list(entries(one.subject, one.shown, store))
        shown = [(entry, presentation_of(entry.manifest.ref.processor)) for entry in found]
        photos = [entry for entry, how in shown if how.is_in_sizes]
        if photos:
            yield Scene(entry=max(photos, key=_width), is_moving=False)
        yield from (Scene(entry=entry, is_moving=True) for entry in found if entry.media_type == "video/mp4")
        stills = [entry for entry, how in shown if how.highlight and fnmatchcase(entry.name, how.highlight)]
        yield from (Scene(entry=entry, is_moving=False) for entry in stills)


def _width(entry: ItemRecord) -> tuple[int, str]:
    facts = entry.facts if isinstance(entry.facts, dict) else {}
    width = facts.get("width_px")
    return width if isinstance(width, int) else 0, entry.name


def _count(highlight: Highlight, scenes: int) -> int:
    return 2 * _steps(CARD_SECONDS) + scenes * _steps(highlight.seconds_each)


def _steps(seconds: float) -> int:
    return max(1, round(seconds * FRAMES_PER_SECOND))


def _frames(scenes: Sequence[Scene], credited: Sequence[SourceRecord], recipe: Recipe, cards: Cards) -> Iterator[Frame]:
    assert recipe.highlight is not None
    title = recipe.title.best() or ""
    lines = [recipe.text.get(FALLBACK, ""), recipe.publisher or ""]
    yield from [cards.text(title, [line for line in lines if line])] * _steps(CARD_SECONDS)
    steps = _steps(recipe.highlight.seconds_each)
    for scene in scenes:
        subject = scene.entry.subject
        name, named = _title(subject), f"Credit: {credit(subject)}"
        shown = None
        pictures = _moving(scene.entry) if scene.is_moving else _still(scene.entry)
        for _ in range(steps):
            if (picture := next(pictures, None)) is not None:
                shown = cards.scene(picture, name, named)
            assert shown is not None
            yield shown
    lines = dict.fromkeys(f"{_title(subject)}: {credit(subject)}" for subject in credited)
    yield from [cards.text("Credits", list(lines))] * _steps(CARD_SECONDS)


def _title(subject: SourceRecord) -> str:
    return f"{subject.title.get(FALLBACK, subject.name)}{' (synthetic)' if subject.synthetic else ''}"


def _still(entry: ItemRecord) -> Iterator[Image.Image]:
    with checked_bytes(entry) as data, Image.open(data) as opened:
        yield opened.convert("RGB")


def _moving(entry: ItemRecord) -> Iterator[Image.Image]:
    """Yield the clip's picture at each frame of the highlight; it ends with the clip."""
    with checked_bytes(entry) as data, av.open(data, "r") as container:
        stream = container.streams.video[0]
        index, shown = 0, None
        for frame in container.decode(stream):
            time = Fraction(frame.pts or 0) * (frame.time_base or Fraction(1))
            while shown is not None and Fraction(index, FRAMES_PER_SECOND) < time:
                yield shown
                index += 1
            shown = frame.to_image()
        if shown is not None:
            yield shown


def _heard(chosen: Sequence[SelectedSource], store: Store) -> ItemRecord | None:
    """Return the audio of the clip: the first of the selection, in its most audible rendition; None without audio."""
    found = [e for one in chosen for e in entries(one.subject, one.shown, store) if e.name in SOUNDS]
    return min(found, key=lambda entry: SOUNDS.index(entry.name), default=None)


def _sound(heard: ItemRecord, seconds: float, scratch: Path) -> Path:
    """Write the audio as WAV, as long as the clip at most, faded out."""
    import soundfile

    with checked_bytes(heard) as data, soundfile.SoundFile(data) as file:
        rate = file.samplerate
        samples = file.read(int(seconds * rate), dtype="float32", always_2d=True)
    fade = min(len(samples), int(FADE_SECONDS * rate))
    samples[len(samples) - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)[:, None]
    soundfile.write(scratch / "sound.wav", samples, rate, subtype="PCM_16")
    return scratch / "sound.wav"
