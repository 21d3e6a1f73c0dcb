"""What the author of a pack should know of its highlight: length of sound, what it shows, where it is silent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from processors.sources.scan import printable

if TYPE_CHECKING:
    from processors.packs.highlight.highlight import HighlightClip
    from processors.packs.highlight.programme import PartShown

SILENT_SHOWN = 5
PARTS_SHOWN = 5
STANDSTILLS_SHOWN = 5
SHORT_BY_SECONDS = 0.1
"""Silence at the end of a highlight that needs no message."""


def print_highlight(clip: HighlightClip) -> None:
    """Print what to check in a highlight."""
    _warn_of_short_sound(clip)
    if clip.standstills:
        click.echo(f"marsmedia: highlight: {printable(_standstills_in_words(clip))}", err=True)
    for one in _parts_in_words(clip.parts):
        click.echo(f"marsmedia: highlight: {printable(one)}", err=True)


def sound_of_highlight(clip: HighlightClip) -> dict[str, Any]:
    """Return the lengths of a highlight, of its recording and of its silences, in seconds."""
    return {
        "duration_seconds": clip.duration_seconds,
        "recording_seconds": clip.recording_seconds,
        "silent_seconds": {name: seconds for _, name, seconds in _silent(clip)},
        "still_seconds": {one.source.name: one.seconds for one in clip.standstills},
    }


def _warn_of_short_sound(clip: HighlightClip) -> None:
    heard_seconds = clip.recording_seconds or 0.0
    if clip.recording and clip.pictures_seconds - heard_seconds > SHORT_BY_SECONDS:
        click.echo(
            f"marsmedia: highlight: {printable(clip.recording.name)} has {heard_seconds:.1f} s of sound for "
            f"{clip.pictures_seconds:.1f} s of pictures; what follows is heard as without `sound`: choose a longer "
            "recording, or shorten the clip with `seconds_each`",
            err=True,
        )
    if clip.silences:
        click.echo(f"marsmedia: highlight: {printable(_silence_in_words(clip))}", err=True)


def _standstills_in_words(clip: HighlightClip) -> str:
    """Return which videos end before their scene does, and what to do."""
    named = [f"{one.seconds:.1f} s of {one.source.name}" for one in clip.standstills[:STANDSTILLS_SHOWN]]
    more = len(clip.standstills) - len(named)
    names = ", ".join(named) + (f" and {more} more" if more else "")
    return (
        f"the last picture stands still where a video ends before its scene, for {names}: shorten the scenes with "
        "`seconds_each`, or leave such videos out"
    )


def _parts_in_words(parts: Sequence[PartShown]) -> Iterator[str]:
    """Yield what a clip shows of videos whose still is not chosen, or does not move, and what to do."""
    chooses = "`still_seconds` of a video in release.toml chooses its still, and with it what moves"
    for has_stills, is_pinned, remedy in (
        (False, False, f"no still of it is made: {chooses}, once `marsmedia ingest` makes it"),
        (True, False, chooses),
        (True, True, 'the chosen still is not in the preview: with "full video" in `take` it moves'),
    ):
        of_kind = [one for one in parts if (one.has_stills, one.is_pinned) == (has_stills, is_pinned)]
        more = f"; and of {len(of_kind) - PARTS_SHOWN} more" if len(of_kind) > PARTS_SHOWN else ""
        shown = "; ".join(f"of {one.source.name} {' and '.join(_times_of(one))}" for one in of_kind[:PARTS_SHOWN])
        if of_kind:
            yield f"it shows {shown}{more}: {remedy}"


def _times_of(part: PartShown) -> Iterator[str]:
    if part.moving_seconds:
        begins, ends = part.moving_seconds
        yield f"{begins:.1f} to {ends:.1f} s"
    if stills := ", ".join(f"{at:.2f}" for at in part.stills_seconds):
        yield f"the still{'s' if len(part.stills_seconds) > 1 else ''} at {stills} s"


def _silence_in_words(clip: HighlightClip) -> str:
    """Return how much of a clip is silent, with which pictures, why, and what to do."""
    silent = list(_silent(clip))
    parts = [f"{clip.cards_seconds:.1f} s of title and credits"]
    for is_photo, why in (
        (True, "for which no selected recording of the same event or sol is left"),
        (False, "which have no sound then"),
    ):
        of_kind = [(name, seconds) for is_one, name, seconds in silent if is_one == is_photo]
        if of_kind:
            more = "" if len(of_kind) <= SILENT_SHOWN else f" and {len(of_kind) - SILENT_SHOWN} more"
            names = ", ".join(name for name, _ in of_kind[:SILENT_SHOWN])
            parts.append(f"{sum(seconds for _, seconds in of_kind):.1f} s of {names}{more}, {why}")
    total = clip.cards_seconds + sum(seconds for _, _, seconds in silent)
    return (
        f"{total:.1f} s of {clip.duration_seconds:.1f} s are silent: {'; '.join(parts)}: {_keys_in_words(clip)}"
        f'put {"a longer" if clip.recording else "a"} recording under the whole clip with `sound = "NAME"` under '
        "[highlight]"
    )


def _keys_in_words(clip: HighlightClip) -> str:
    """Return what to state of silent photos and of recordings, with the end of a clause; empty if nothing helps."""
    keys = {key for one in clip.silences for key in one.missing_keys}
    if not keys:
        return ""
    event = "the same `event`, or " if "event" in keys else ""
    return f"state {event}`date` with its time, of photo and recording in release.toml, or "


def _silent(clip: HighlightClip) -> Iterator[tuple[bool, str, float]]:
    """Yield each source with silent scenes: whether it is a photo, its name, and the seconds."""
    seconds: dict[str, float] = {}
    for one in clip.silences:
        seconds[one.source.digest] = seconds.get(one.source.digest, 0.0) + one.seconds
    for digest, source in {one.source.digest: one.source for one in clip.silences}.items():
        yield source.medium == "photo", source.name, seconds[digest]
