"""Damage in a video's container, found in its bytes before demuxing, which demuxers do not report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from processors.containers.audio.ogg import FIRST, Page, pages
from processors.containers.coding_in_headers import codings_of
from processors.containers.cut_off import WALKS, truncation_reason
from processors.containers.damaged_bytes import MAX_DAMAGED, DamagedBytes, ElementFindings, skipped
from processors.containers.size_in_header import too_short_because
from processors.containers.stream_coding import Coding
from processors.containers.video.asf_packets import look_at_asf
from processors.containers.video.avi_index import Pictures, listed_pictures
from processors.containers.video.fragments import absent_fragments
from processors.containers.video.matroska import look_at
from processors.containers.video.mp4_boxes import second_file
from processors.containers.video.sample_table import OWNERS, table_faults
from processors.sources.source_file import SourceFile
from processors.video.reading.container_crop import Crop, clean_apertures
from processors.video.reading.losses.empty_chunks import empty_chunks
from processors.video.reading.times.edit_list import EditList, read_edit_list


@dataclass(frozen=True, kw_only=True)
class Structure:
    """Findings of one file's container."""

    cut_off_because: str | None = None
    damaged: tuple[DamagedBytes, ...] = ()
    unread_because: str | None = None
    """Description of data that are not read."""
    tables_disagree: str | None = None
    """Description of sample tables that disagree, or of an index with missing fragments."""
    empty_chunks: Mapping[int, int] = field(default_factory=dict)
    """Number of chunks without a picture, by stream index."""
    listed_pictures: Mapping[int, Pictures] = field(default_factory=dict)
    """Chunks with a picture in the file's index, by stream index."""
    edits: EditList = field(default_factory=EditList)
    crops: Mapping[int, Crop] = field(default_factory=dict)
    """Crop of the coded picture, by stream index."""
    codings: Mapping[int, Coding] = field(default_factory=dict)
    """Coding of each stream as the container names it, by stream index."""


def structure_of(file: SourceFile, file_format: str) -> Structure:
    """Read the headers of a container's elements; `file_format` as in `Source.format`."""
    is_mp4, is_avi, size = "mp4" in file_format.split(","), file_format == "avi", file.size_bytes
    with file.open() as opened:
        elements = _look_at(file, opened, file_format)
        # faults of video and audio tracks, and missing fragments that an index names
        faults = [one for one in table_faults(opened, size) if one.handler in OWNERS] if is_mp4 else []
        absent = absent_fragments(opened, size) if is_mp4 else ()
        crops = {number: Crop(*edges) for number, edges in elements.crops.items()}
        return Structure(
            cut_off_because=elements.cut_off_because,
            unread_because=elements.unread_because,
            damaged=(
                *elements.damaged,
                *(skipped(one.start_byte, one.end_byte) for one in faults),
                *(skipped(place, place) for one in absent for place in one.at_bytes),
            )[:MAX_DAMAGED],
            tables_disagree="; ".join(one.words for one in (*faults, *absent)) or None,
            empty_chunks=empty_chunks(opened, size) if is_avi else {},
            listed_pictures=listed_pictures(opened) if is_avi else {},
            edits=read_edit_list(opened, size) if is_mp4 else EditList(),
            crops=crops or (clean_apertures(opened, size) if is_mp4 else {}),
            codings=codings_of(opened),
        )


def _look_at(file: SourceFile, opened: BinaryIO, file_format: str) -> ElementFindings:
    """Find where the container's elements break off; no findings for formats that do not show it."""
    if "matroska" in file_format:
        return look_at(file, file_format)
    if walk := (WALKS | {"ogg": _look_at_pages}).get(file_format):
        return walk(opened, file.size_bytes)
    why = truncation_reason(file, file_format) or too_short_because(file, file_format)
    if file_format == "asf":
        return replace(look_at_asf(opened, file.size_bytes), cut_off_because=why)
    unread = second_file(opened, file.size_bytes) if "mp4" in file_format.split(",") else None
    return ElementFindings(cut_off_because=why, unread_because=unread)


def _look_at_pages(opened: BinaryIO, size: int) -> ElementFindings:
    """Find Ogg pages with wrong checksums, missing pages, and data between pages."""
    damaged: list[DamagedBytes] = []
    numbers: dict[int, int] = {}
    cut_off_because = follows = None
    streams: set[int] = set()
    has_begun = False
    for one in pages(opened):
        end = one.place + one.size_bytes
        if isinstance(one, Page) and one.is_whole:
            is_first = bool(one.flags & FIRST)
            if is_first and has_begun and len(streams) > 1 and follows is None:
                follows = one.place
            has_begun |= not is_first
            streams |= {one.serial} if not has_begun else set()
        if not isinstance(one, Page):
            if end >= size:
                cut_off_because = "it ends in the middle of a page"
            damaged.append(skipped(one.place, end))
        elif not one.is_whole:
            damaged.append(skipped(one.place, end))
        else:
            if one.sequence != numbers.get(one.serial, one.sequence - 1) + 1:
                damaged.append(skipped(one.place, one.place))
            numbers[one.serial] = one.sequence
        if len(damaged) >= MAX_DAMAGED:
            break
    unread = None if follows is None else f"another recording, which FFmpeg does not read, follows at byte {follows}"
    return ElementFindings(cut_off_because=cut_off_because, unread_because=unread, damaged=tuple(damaged))
