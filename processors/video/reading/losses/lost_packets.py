"""Frames lost with damaged container bytes, found as gaps in the timestamps or by the container's index."""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from processors.containers.damaged_bytes import DamagedBytes
from processors.video.reading.times.joined_recordings import usual_step
from processors.video.reading.times.packet_index import PacketIndex

NEIGHBOURS = 16
"""Packets searched for a gap in times on each side of damaged bytes: the maximum by which pictures are
reordered for presentation."""

GAP_FRAMES = Fraction(3, 2)
"""Duration, in usual frames, above which a picture is followed by a gap."""


LEAST_SHARE = 4
"""Factor by which lost pictures may have been smaller than those that are left."""


@dataclass(frozen=True, kw_only=True)
class LostPackets:
    """Loss in one stream due to damage to the container."""

    gaps: tuple[tuple[int, int], ...] = ()
    """Half-open spans of missing pictures, in ticks, ascending."""
    frame_count: int = 0
    """Number of pictures that fit into the gaps at the usual rate, or `absent_count` if that is more."""
    absent_count: int = 0
    """Number of pictures that the container's index lists but for which no packet came."""
    unsure: tuple[tuple[int, int], ...] = ()
    """Half-open spans, in ticks, of pictures whose bytes do not match the file's checksum."""
    byte_count: int = 0
    """Damaged bytes that demuxers skip."""


def find_lost_packets(
    index: PacketIndex,
    damaged: Sequence[DamagedBytes],
    *,
    declared_start: int | None,
    declared_end: int | None,
    listed_count: int,
    has_every_unit: bool = False,
) -> LostPackets:
    """Match damaged bytes with gaps in the times of the packets around them.

    Parameters
    ----------
    declared_start : start of streams in such a container, in ticks; None if their clocks may start anywhere.
    declared_end : end of the stream declared by the container, in ticks; None if not declared.
    listed_count : pictures listed in the container's index; 0 without an index.
    has_every_unit : True if the container holds a picture for each unit of time (MXF: for each edit unit), so that
        every gap is a loss.

    In other containers a gap without adjacent damage is a variable frame rate, not a loss.
    """
    if not index.complete or not index.shown_pts:
        return LostPackets()
    absent = max(0, listed_count - len(index.pts))
    if has_every_unit:
        return _missing_units(index, declared_end)
    if not damaged:
        return LostPackets(gaps=index.missing, frame_count=absent, absent_count=absent)
    usual = usual_step(index.shown_pts)
    gaps: set[tuple[int, int]] = set(index.missing)
    unsure: set[tuple[int, int]] = set()
    byte_count = 0
    for one in damaged:
        if not one.is_skipped:
            first, behind = bisect_left(index.place, one.start_byte), bisect_left(index.place, one.end_byte)
            unsure |= {(index.pts[number], index.end_of(index.pts[number])) for number in range(first, behind)}
            continue
        found = _gaps_at(index, bisect_left(index.place, one.start_byte), usual, declared_start, declared_end)
        gaps |= found
        byte_count += (one.end_byte - one.start_byte) if found or one.is_certain else 0
    return LostPackets(
        gaps=tuple(sorted(gaps)),
        frame_count=max(absent, sum(max(1, round(Fraction(end - start, usual))) for start, end in gaps)),
        absent_count=absent,
        unsure=tuple(sorted(unsure)),
        byte_count=byte_count,
    )


def _missing_units(index: PacketIndex, declared_end: int | None) -> LostPackets:
    """Return the units without a picture; if the demuxer moves later ones up, the declared end shows how many."""
    shown = index.shown_pts
    usual = usual_step(shown)
    gaps = [(a + usual, b) for a, b in itertools.pairwise(shown) if b - a > GAP_FRAMES * usual]
    units = round(Fraction((declared_end if declared_end is not None else index.end_of(shown[-1])) - shown[0], usual))
    count = max(0, units - len(shown), sum(max(1, round(Fraction(b - a, usual))) for a, b in gaps))
    return LostPackets(gaps=tuple(gaps), frame_count=count, absent_count=0 if gaps else max(0, count))


def _gaps_at(
    index: PacketIndex, position: int, usual: int, declared_start: int | None, declared_end: int | None
) -> set[tuple[int, int]]:
    """Return gaps in the times of the packets around a position in the file, including its beginning and end."""
    around = index.pts[max(0, position - NEIGHBOURS) : position + NEIGHBOURS]
    shown = index.shown_pts
    first, last = bisect_left(shown, min(around)), bisect_right(shown, max(around))
    times = list(shown[first:last])
    gaps = {(a + usual, b) for a, b in itertools.pairwise(times) if b - a > GAP_FRAMES * usual}
    if declared_start is not None and first == 0 and position <= NEIGHBOURS and times:
        is_gap = times[0] - declared_start > GAP_FRAMES * usual and _fits_before(
            index, times[0] - declared_start, usual
        )
        gaps |= {(declared_start, times[0])} if is_gap else set()
    end = times[-1] + usual if times and last == len(shown) else None
    if end is not None and declared_end is not None and position >= len(index.pts) - NEIGHBOURS:
        gaps |= {(end, declared_end)} if declared_end - end > GAP_FRAMES * usual else set()
    return gaps


def _fits_before(index: PacketIndex, ticks: int, usual: int) -> bool:
    """Return whether the bytes before the first packet may have held pictures for as long; a clock may start late."""
    usual_bytes = sum(index.size_bytes) / max(1, len(index.size_bytes))
    return ticks / usual * usual_bytes <= LEAST_SHARE * max(0, min(index.place, default=0))


def joined_spans(spans: list[tuple[Fraction, Fraction]]) -> tuple[tuple[Fraction, Fraction], ...]:
    """Merge half-open spans that touch; `spans` ascending."""
    joined: list[tuple[Fraction, Fraction]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)
