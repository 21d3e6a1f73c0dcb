"""What an audit found, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from processors.video.still_parts import Box, StillParts


@dataclass(frozen=True, kw_only=True)
class Span:
    """A half-open span of presentation time."""

    start_seconds: float
    end_seconds: float


def verdict_words(
    facts: dict[str, Any], count: int, held: int, shown: float | None, rate: float | None, distinct: float | None,
    why_cut: str | None, damage: tuple[Span, ...], still: StillParts, soft: float | None, refused: list[str],
    absurd: str | None, size_px: tuple[int, int], interlaced: int,
) -> Iterator[str]:  # fmt: skip
    """The verdict's sentences; `facts` is the reader's report, `soft` the share of the resolution that holds detail."""
    if not shown:
        untimed = facts["frame_count_without_time"]
        why = f": {many(untimed, 'frame')} decoded, none with a time" if untimed else ""
        yield f"Not one frame can be used{why}."
        return
    yield f"{count} frames in {shown:.3f} s."
    if held:
        yield f"{distinct:g} distinct pictures a second in a {rate:g} fps file; {held} frames repeat the one before."
    else:
        yield "Every frame is a picture of its own."
    if interlaced:
        yield f"{many(interlaced, 'frame')} interlaced: each holds two moments."
    if facts["frame_count_hidden"]:
        yield f"An edit list hides {facts['frame_count_hidden']} more frames, which no player shows."
    if why_cut:
        yield f"Cut off: {why_cut}."
    if damage:
        yield f"{many(len(damage), 'damaged or missing span')}, the first from {damage[0].start_seconds:.3f} s."
    if facts["decoder_errors"]:
        yield f"{many(facts['decoder_errors'], 'decoder error')}, the first: {facts['first_error']}."
    if facts["frame_count_without_time"]:
        yield f"{many(facts['frame_count_without_time'], 'frame')} decoded without a time and left out."
    if absurd:
        yield f"{absurd[:1].upper()}{absurd[1:]}."
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
        yield f"Whether anything is burnt in cannot be told: {still.overlays_unknown_because}."
    if soft is not None:
        yield f"Detail in {soft:.0%} of the resolution only: upscaled or soft."
    yield "Motion may be measured." if not refused else f"Motion may not be measured: {'; '.join(refused)}."


def is_one_sided(box: Box, size_px: tuple[int, int]) -> bool:
    """Is there black on one side, and none to speak of on the side across?"""
    across = ((box.left_px, size_px[0] - box.right_px), (box.top_px, size_px[1] - box.bottom_px))
    return any(max(pair) > 4 * min(pair) for pair in across)


def many(count: int, what: str) -> str:
    """`1 frame`, `2 frames`."""
    return f"{count} {what}{'' if count == 1 else 's'}"
