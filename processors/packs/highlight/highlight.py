"""Highlight clip of a selection: title, stills, moving shots, credits and audio; the same bytes each time."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from processors.errors import StoreError
from processors.imaging.clip_writer import write_steady_clip
from processors.packs.contents.selected_sources import SelectedSource
from processors.packs.contents.subject import SourceRecord
from processors.packs.embedded.file_credits import FileCredits, embedded_credits
from processors.packs.embedded.in_containers import write_tagged
from processors.packs.highlight.cards import Cards, Frame
from processors.packs.highlight.clip_credits import clip_credits
from processors.packs.highlight.clip_frames import credit_cards, scene_frames, title_card
from processors.packs.highlight.clip_sound import ClipTimes, write_sound
from processors.packs.highlight.programme import (
    FRAMES_PER_SECOND,
    PartShown,
    Silence,
    Standstill,
    frames_in,
    once,
    programme_of,
)
from processors.packs.recipe.pack_recipe import PackRecipe
from processors.store.progress_steps import Steps, silently
from processors.store.store import Store

FILE = "highlight.mp4"
CARD_SECONDS = 3.0


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
    standstills: tuple[Standstill, ...] = ()
    """Videos that are shorter than their scene."""
    parts: tuple[PartShown, ...] = ()
    """Videos of which the release chooses no still, or one that does not move, each with the parts that are shown."""
    packed_path: str = ""
    """Path in the pack, relative to `data/`; empty until it is there."""

    @property
    def sources(self) -> tuple[SourceRecord, ...]:
        return tuple(once([*self.shown, *self.sounds]))

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
    RequestError : the selection has no still and no shot, or no recording with the name in the pack recipe, or there
        is no such font.
    ResultMissing, ResultCorrupt : a still or shot does not match its manifest.
    StoreError : ffmpeg ended before the last frame.
    """
    assert recipe.highlight is not None
    cards = Cards(width_px=recipe.highlight.longest_side_px, font=recipe.highlight.font)
    shows = programme_of(chosen, repeated, recipe, store)
    begins, ends = title_card(recipe, cards), credit_cards(shows, recipe, cards)
    card_frames = frames_in(CARD_SECONDS)
    times = ClipTimes(
        title=card_frames / FRAMES_PER_SECOND,
        each=shows.scene_seconds,
        scenes=len(shows.scenes),
        credits=len(ends) * card_frames / FRAMES_PER_SECOND,
    )
    count = round(times.whole * FRAMES_PER_SECOND)
    drawn = chain([begins] * card_frames, scene_frames(shows, recipe, cards), *([end] * card_frames for end in ends))
    path, bare = scratch / FILE, scratch / f"bare-{FILE}"
    frames = steps("Drawing the clip", drawn, count, noun="frame")
    sound = write_sound(times, shows.sounds, shows.under, shows.under_seconds, scratch / "sound.wav")
    _write_frames(bare, frames, count, sound.path)
    write_tagged(bare, path, "video/mp4", clip_credits(shows.shown, shows.added, recipe))
    bare.unlink()
    width_px, height_px = cards.size_px
    return HighlightClip(
        path=path,
        width_px=width_px,
        height_px=height_px,
        duration_seconds=count / FRAMES_PER_SECOND,
        pictures_seconds=times.pictures,
        poster_seconds=times.title + times.each / 2,
        poster_credits=embedded_credits(shows.scenes[0].entry, recipe),
        shown=tuple(shows.shown),
        recording=shows.under.subject if shows.under else None,
        heard=tuple(shows.heard),
        recording_seconds=sound.recording_seconds,
        cards_seconds=sound.silent_cards_seconds,
        silences=tuple(shows.silences(sound.silent_seconds)),
        standstills=tuple(shows.standstills()),
        parts=tuple(shows.parts()),
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
