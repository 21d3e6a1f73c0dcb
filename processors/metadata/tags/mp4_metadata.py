"""Metadata in boxes of MP4 and QuickTime files besides the usual tags: XMP, and presence of GPMF."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from processors.containers.video.mp4_boxes import boxes
from processors.metadata.tags.tag_records import Tag
from processors.metadata.tags.xmp import MAX_XMP_BYTES, xmp_tags

XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
"""UUID of XMP boxes (XMP specification part 3, 1.1.5)."""
INSIDE = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta"}


def box_tags(file: BinaryIO, problems: list[str]) -> Iterator[Tag]:
    """Yield tags of XMP boxes, and `gpmf:present` with its evidence; broken packets go to `problems`."""
    file.seek(0, 2)
    gpmf = []
    for name, start, end in boxes(file, file.tell(), INSIDE):
        file.seek(start)
        if name == b"stsd":
            if b"gpmd" in file.read(min(end - start, 256)):
                gpmf.append("a telemetry track (gpmd)")
        elif name == b"GPMF":
            gpmf.append("a GPMF box of settings")
        elif name == b"XMP_" or (name == b"uuid" and file.read(16) == XMP_UUID):
            try:
                yield from xmp_tags(file.read(min(end - file.tell(), MAX_XMP_BYTES + 1)))
            except ValueError as error:
                problems.append(f"XMP: {error}")
    if gpmf:
        yield Tag(namespace="gpmf", name="present", value=list(dict.fromkeys(gpmf)))
