"""What the bytes of a video's container show before it is demuxed, and what demuxers do not say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from processors.matroska import DamagedBytes, look_at
from processors.source_file import SourceFile
from processors.video.container_crop import Crop, clean_apertures
from processors.video.edit_list import EditList, read_edit_list
from processors.video.empty_chunks import empty_chunks


@dataclass(frozen=True, kw_only=True)
class Structure:
    """Findings of one file's container."""

    cut_off_because: str | None = None
    damaged: tuple[DamagedBytes, ...] = ()
    empty_chunks: Mapping[int, int] = field(default_factory=dict)
    """Chunks that hold no picture, by the index of their stream."""
    edits: EditList = field(default_factory=EditList)
    crops: Mapping[int, Crop] = field(default_factory=dict)
    """What is not to be shown of the coded picture, by the index of its stream."""


def structure_of(file: SourceFile, file_format: str) -> Structure:
    """Read the headers of a container's elements; `file_format` as in `Source.format`."""
    elements = look_at(file, file_format)
    crops = {
        number: Crop(left_px=left, top_px=top, right_px=right, bottom_px=bottom)
        for number, (left, top, right, bottom) in elements.crops.items()
    }
    return Structure(
        cut_off_because=elements.cut_off_because,
        damaged=elements.damaged,
        empty_chunks=empty_chunks(file, file_format),
        edits=read_edit_list(file, file_format),
        crops=crops or clean_apertures(file, file_format),
    )
