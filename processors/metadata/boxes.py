"""What stands in the boxes of an MP4 or QuickTime file beside the usual tags: XMP, and whether there is GPMF."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from processors.metadata.record import Tag
from processors.metadata.xmp import MAX_XMP_BYTES, xmp_tags

MAX_BOXES = 20_000
XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
"""XMP specification part 3, 1.1.5."""
INSIDE = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta"}


def box_tags(file: BinaryIO, problems: list[str]) -> Iterator[Tag]:
    """Tags of XMP boxes, and `gpmf:present` with what shows it; broken packets go to `problems`."""
    file.seek(0, 2)
    gpmf = []
    for name, start, end in _boxes(file, 0, file.tell()):
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


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, and where the content lies, of every box and of those inside the ones that hold others."""
    waiting = [(start, end)]
    for _ in range(MAX_BOXES):
        while waiting and waiting[-1][1] - waiting[-1][0] < 8:
            waiting.pop()
        if not waiting:
            return
        place, last = waiting.pop()
        file.seek(place)
        header = file.read(16)
        if len(header) < 8:
            continue
        size, name, content = struct.unpack(">I", header[:4])[0], header[4:8], place + 8
        if size == 1 and len(header) == 16:
            size, content = struct.unpack(">Q", header[8:16])[0], place + 16
        size = size or last - place
        if size < content - place or place + size > last:
            continue  # a length that cannot be: nothing behind it can be found
        waiting.append((place + size, last))
        if name in INSIDE:
            waiting.append((content, place + size))
        yield name, content, place + size
