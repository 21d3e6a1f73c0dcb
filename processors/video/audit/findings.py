"""Findings of an audit, and their wording."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from processors.video.audit.bars_and_overlays import Box, StaticRegions
from processors.video.reading.video_info import many


@dataclass(frozen=True, kw_only=True)
class FrameSpan:
    """Half-open span of presentation time."""

    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, kw_only=True)
class Findings:
    """All findings of an audit; `None` if unknown."""

    frame_count_declared: int | None
    """Count in the container's header."""
    frame_count_hidden: int | None
    """Number of frames hidden by an edit list."""
    frame_count_decoded: int
    frame_count_distinct: int
    """Number of pictures that differ from the one before; black frames each count as one."""
    frame_count_held: int
    frame_count_black: int
    """Number of frames without visible content."""
    frame_count_lost: int | None
    frame_count_gone: int
    """Number of frames lost by damage to the container; as many as fit into the gaps in the times."""
    frame_count_corrupt: int
    frame_count_after_damage: int
    """Number of frames from a damaged or lost frame to the next keyframe, whose content may be wrong."""
    frame_count_without_time: int
    frame_count_interlaced: int
    duration_declared_seconds: float | None
    duration_decoded_seconds: float | None
    frame_rate_hz: float | None
    """Number of frames shown, divided by the time for which they are shown."""
    distinct_per_second: float | None
    damaged_or_missing: tuple[FrameSpan, ...]
    """Damaged or lost frames and those after them up to the next keyframe, the first 100 spans."""
    damaged_byte_count: int
    """Number of bytes of the container that were skipped."""
    decoder_errors: int
    first_error: str | None
    is_truncated: bool
    truncated_because: str | None
    unread_because: str | None
    """What follows in the file and is not read."""
    tables_disagree: str | None
    """Contradiction between the container's tables, because of which frames may be hidden or at wrong times."""
    has_alpha: bool
    """True if the pictures are partly transparent; only their colours are looked at."""
    joined_at_seconds: tuple[float, ...]
    """Times at which further recordings begin."""
    edits_not_followed: str | None
    jumps: tuple[FrameSpan, ...]
    """Spans in which the clock jumps ahead."""
    still: StaticRegions
    detail_share: float | None
    """Share of the resolution, along the better axis, that holds detail; None if the picture
    is too small, too dark or too plain for a measurement."""


def verdict_words(
    found: Findings, size_px: tuple[int, int], soft_below: float, absurd: str | None, refused: Sequence[str]
) -> Iterator[str]:
    """Yield the sentences of the verdict.

    Parameters
    ----------
    size_px : the video's width and height, upright.
    soft_below : share of the resolution; less detail is a sign of upscaling.
    absurd : reason why the times cannot be those of pictures.
    refused : reasons why motion may not be measured.
    """
    if not found.duration_decoded_seconds:
        why = f": {_untimed(found)}, none with a time" if found.frame_count_without_time else ""
        yield f"Not one frame can be used{why}."
        return
    yield from _frame_words(found)
    yield from _time_words(found)
    yield from _damage_words(found)
    if absurd:
        yield f"{absurd[:1].upper()}{absurd[1:]}."
    yield from _picture_words(found.still, size_px)
    if found.detail_share is not None and found.detail_share < soft_below:
        yield f"Detail in {found.detail_share:.0%} of the resolution only: upscaled or soft."
    yield "Motion may be measured." if not refused else f"Motion may not be measured: {'; '.join(refused)}."


def _untimed(found: Findings) -> str:
    return many(found.frame_count_without_time, "frame") + " decoded"


def _frame_words(found: Findings) -> Iterator[str]:
    """Yield sentences on the number of frames, and the number of distinct pictures among them."""
    yield f"{many(found.frame_count_decoded, 'frame')} in {found.duration_decoded_seconds:.3f} s."
    if found.frame_count_black == found.frame_count_decoded:
        yield "Every frame is black."
    elif found.frame_count_held:
        repeat = f"{many(found.frame_count_held, 'frame')} repeat{'s' * (found.frame_count_held == 1)} the one before"
        yield (
            f"{found.distinct_per_second:g} distinct pictures a second in a {found.frame_rate_hz:g} fps file; {repeat}."
        )
    else:
        yield "Every frame is a picture of its own."
    if found.has_alpha:
        yield "Partly transparent: only the colours are looked at; what changes in the transparency alone is not seen."
    if found.frame_count_interlaced:
        yield f"{many(found.frame_count_interlaced, 'frame')} interlaced: each holds two moments."


def _time_words(found: Findings) -> Iterator[str]:
    """Yield sentences on edit lists, joined recordings and jumps of the clock."""
    if found.frame_count_hidden:
        hidden = f"{found.frame_count_hidden} more frame{'s' * (found.frame_count_hidden != 1)}"
        yield f"An edit list hides {hidden}, which no player shows."
    if found.edits_not_followed:
        yield f"The edit list is not followed: {found.edits_not_followed}; the times are those of the media."
    if joined := found.joined_at_seconds:
        clocks = "The later one's times are" if len(joined) == 1 else "Later ones' times are"
        places = ", ".join(f"{start:.3f} s" for start in joined[:5])
        yield f"{len(joined) + 1} recordings joined end to end, at {places}. {clocks} moved to continue."
    for jump in found.jumps[:3]:
        length = jump.end_seconds - jump.start_seconds
        yield f"The times jump ahead by {length:.3f} s after the picture at {jump.start_seconds:.3f} s."


def _damage_words(found: Findings) -> Iterator[str]:
    """Yield sentences on truncation, damage and loss."""
    if found.truncated_because:
        yield f"Cut off: {found.truncated_because}."
    for told in (found.unread_because, found.tables_disagree):
        if told:
            yield f"{told[:1].upper()}{told[1:]}."
    if damage := found.damaged_or_missing:
        yield f"{many(len(damage), 'damaged or missing span')}, the first from {damage[0].start_seconds:.3f} s."
    if found.frame_count_gone:
        yield f"About {many(found.frame_count_gone, 'frame')} missing where the container is damaged."
    elif found.damaged_byte_count:
        yield f"{many(found.damaged_byte_count, 'byte')} of the container cannot be read."
    if found.frame_count_after_damage:
        count = many(found.frame_count_after_damage, "frame")
        yield f"{count} after damage (up to the next keyframe) may be corrupted."
    if found.decoder_errors:
        yield f"{many(found.decoder_errors, 'decoder error')}, the first: {found.first_error}."
    if found.frame_count_without_time:
        yield f"{_untimed(found)} without a time and left out."


def _picture_words(still: StaticRegions, size_px: tuple[int, int]) -> Iterator[str]:
    """Yield sentences on bars and burnt-in overlays."""
    box = still.picture_box
    if box and (box.left_px, box.top_px, box.right_px, box.bottom_px) != (0, 0, *size_px):
        size = f"{box.right_px - box.left_px} × {box.bottom_px - box.top_px} px"
        if is_one_sided(box, size_px):
            yield f"Black along one side, a bar or a dark scene: the rest is {size}."
        else:
            yield f"Black bars throughout: the picture is {size}."
    if still.overlays:
        yield f"Burnt in throughout: {many(len(still.overlays), 'still overlay')}."
    if still.overlays is None and still.picture_box:
        yield f"Burnt-in overlays could not be detected: {still.overlays_unknown_because}."


def is_one_sided(box: Box, size_px: tuple[int, int]) -> bool:
    """Return True if there is a black bar on one side and hardly any on the opposite side."""
    across = ((box.left_px, size_px[0] - box.right_px), (box.top_px, size_px[1] - box.bottom_px))
    return any(max(pair) > 4 * min(pair) for pair in across)
