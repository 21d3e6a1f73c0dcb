"""What walking over a container's elements shows: bytes that cannot be what was written, and an end that is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_DAMAGED = 1000
"""Places told of one file."""


@dataclass(frozen=True, kw_only=True)
class DamagedBytes:
    """Bytes that cannot be what was written; half open."""

    start_byte: int
    end_byte: int
    is_certain: bool
    """False where only a gap in the times shows that something is lost: an unknown element, a jump of a counter."""
    is_skipped: bool
    """True where demuxers pass over these bytes; False where they are read, and a checksum does not fit."""


@dataclass(frozen=True, kw_only=True)
class ElementFindings:
    """What the elements of one file show."""

    cut_off_because: str | None = None
    unread_because: str | None = None
    """What follows that demuxers do not read, in words."""
    damaged: tuple[DamagedBytes, ...] = ()
    """In the order of the file."""
    crops: Mapping[int, tuple[int, int, int, int]] = field(default_factory=dict)
    """Pixels that are not shown at the left, top, right and bottom, by a track's number in the order of the file."""


def skipped(start: int, end: int, *, is_certain: bool = True) -> DamagedBytes:
    """Bytes that demuxers pass over."""
    return DamagedBytes(start_byte=start, end_byte=end, is_certain=is_certain, is_skipped=True)
