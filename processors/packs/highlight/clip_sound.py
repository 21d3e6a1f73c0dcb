"""Sound of a whole highlight clip: a recording from its first picture on, and each scene's own where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from processors.packs.contents.subject import ItemRecord
from processors.packs.highlight.scene_sound import SceneSound
from processors.packs.highlight.soundtrack import LAST_FADE_SECONDS, Soundtrack, Span


@dataclass(frozen=True, kw_only=True)
class ClipTimes:
    """Lengths of a clip and of its parts, in seconds."""

    title: float
    each: float
    """Length of one scene."""
    scenes: int
    """Number of scenes."""
    credits: float

    @property
    def whole(self) -> float:
        return self.title + self.pictures + self.credits

    @property
    def pictures(self) -> float:
        return self.scenes * self.each

    @property
    def from_first_picture(self) -> float:
        """Return the length of what follows the title, credits included."""
        return self.pictures + self.credits


@dataclass(frozen=True, kw_only=True)
class HighlightSound:
    """Sound of a clip as it was written."""

    path: Path | None
    """File, a WAV; None if all of the clip is silent."""
    recording_seconds: float | None
    """Seconds of the recording that are heard; None without one."""
    silent_seconds: tuple[float, ...]
    """Silence of each scene."""
    silent_cards_seconds: float
    """Silence of title and credits."""


def write_sound(
    times: ClipTimes, sounds: Sequence[SceneSound | None], under: ItemRecord | None, under_seconds: float, path: Path
) -> HighlightSound:
    """Write the sound of a clip as a WAV.

    Parameters
    ----------
    sounds : sound of each scene, heard from where the recording has ended; None for a scene without any.
    under : recording that begins with the first picture.
    under_seconds : its length; 0 without one.
    """
    track, recording_seconds = Soundtrack(times.whole), None
    if under:
        span = Span(from_seconds=0.0, at_seconds=times.title, seconds=times.from_first_picture)
        recording_seconds = sum(track.put(under, [span], last_fade_seconds=LAST_FADE_SECONDS))
    taken = [min(times.each, max(0.0, under_seconds - number * times.each)) for number in range(times.scenes)]
    silent = [times.each - one for one in taken]
    spans: dict[tuple[str, str], tuple[ItemRecord, dict[int, Span]]] = {}
    for number, sound in enumerate(sounds):
        if sound:
            span = Span(
                from_seconds=sound.from_seconds + taken[number],
                at_seconds=times.title + number * times.each + taken[number],
                seconds=times.each - taken[number],
            )
            spans.setdefault((sound.source.digest, sound.entry.name), (sound.entry, {}))[1][number] = span
    for entry, numbered in spans.values():
        for number, seconds in zip(numbered, track.put(entry, list(numbered.values())), strict=True):
            silent[number] -= seconds
    if not track.is_silent:
        track.write(path)
    return HighlightSound(
        path=None if track.is_silent else path,
        recording_seconds=recording_seconds,
        silent_seconds=tuple(silent),
        silent_cards_seconds=times.title + times.credits - max(0.0, (recording_seconds or 0.0) - times.pictures),
    )
