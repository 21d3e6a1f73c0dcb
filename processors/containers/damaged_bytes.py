"""Findings from walking a container's elements: byte ranges that cannot be as written, and a missing end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_DAMAGED = 1000
"""Limit on reported ranges per file."""


@dataclass(frozen=True, kw_only=True)
class DamagedBytes:
    """Half-open range of bytes that cannot be as they were written."""

    start_byte: int
    end_byte: int
    is_certain: bool
    """False if loss must be confirmed by a gap in the timestamps: an unknown element, a counter jump."""
    is_skipped: bool
    """True if demuxers skip these bytes; False if they are read although a checksum does not match."""


@dataclass(frozen=True, kw_only=True)
class ElementFindings:
    """Damage and crops found in the elements of one file."""

    cut_off_because: str | None = None
    unread_because: str | None = None
    """Description of trailing data that demuxers do not read."""
    damaged: tuple[DamagedBytes, ...] = ()
    """Damaged ranges in file order."""
    crops: Mapping[int, tuple[int, int, int, int]] = field(default_factory=dict)
    """Pixels cropped at the left, top, right and bottom, by track index in file order."""


def skipped(start: int, end: int, *, is_certain: bool = True) -> DamagedBytes:
    """Return a range of bytes that demuxers skip."""
    return DamagedBytes(start_byte=start, end_byte=end, is_certain=is_certain, is_skipped=True)
