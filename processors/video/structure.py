"""What the bytes of a video's container show before it is demuxed, and what demuxers do not say."""

from __future__ import annotations

from dataclasses import dataclass

from processors.matroska import DamagedBytes, look_at
from processors.source_file import SourceFile
from processors.video.edit_list import edits_not_followed


@dataclass(frozen=True, kw_only=True)
class Structure:
    """Findings of one file's container."""

    cut_off_because: str | None = None
    damaged: tuple[DamagedBytes, ...] = ()
    edits_not_followed: str | None = None
    """What of the edit lists is not followed, in words."""


def structure_of(file: SourceFile, file_format: str) -> Structure:
    """Read the headers of a container's elements; `file_format` as in `Source.format`."""
    elements = look_at(file, file_format)
    return Structure(
        cut_off_because=elements.cut_off_because,
        damaged=elements.damaged,
        edits_not_followed=edits_not_followed(file, file_format),
    )
