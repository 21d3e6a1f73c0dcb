"""Completeness of the last frame, in formats of a header and frames of a known size: Y4M, IVF, DV, and MXF."""

from __future__ import annotations

import re
from typing import BinaryIO

from processors.sources.read_at import read_at

MAX_UNITS = 5_000_000
MAX_LINE_BYTES = 4096
Y4M_SAMPLES = {"420": (2, 2), "411": (4, 1), "422": (2, 1), "440": (1, 2), "444": (1, 1), "mono": (0, 0)}
"""Luma pixels per chroma sample, horizontally and vertically; 0 without chroma."""

DV_SEQUENCE_BYTES = 150 * 80
DV_KIND_AT = 5 * 80 + 48 + 3
"""Offset in the first video auxiliary block of the kind of DV."""
DV_CHANNELS = {4: 2, 0x14: 4, 0x18: 2}
"""Parallel sequences: DV50, 1080 lines, 720 lines; one for any other kind."""


def missing_of_last_y4m_frame(opened: BinaryIO, size: int) -> int:
    """Return how many bytes the last frame of a Y4M lacks (mjpegtools, yuv4mpeg(5)); 0 if complete or unknown."""
    opened.seek(0)
    header = opened.readline(MAX_LINE_BYTES)
    frame_bytes = _y4m_frame_bytes(header.decode("latin-1"))
    place = len(header)
    for _ in range(MAX_UNITS):
        if not frame_bytes or place >= size:
            break
        opened.seek(place)
        line = opened.readline(MAX_LINE_BYTES)
        if not line.startswith(b"FRAME"[: len(line)]):
            break
        whole_line = len(line) if line.endswith(b"\n") else max(len(line), len(b"FRAME\n"))
        place += whole_line + frame_bytes
    return max(0, place - size)


def _y4m_frame_bytes(header: str) -> int:
    """Return the bytes per frame; 0 for an unknown header."""
    tags = {word[0]: word[1:] for word in header.split()[1:] if len(word) > 1}
    space = tags.get("C", "420jpeg")
    known = re.fullmatch(r"(420|411|422|440|444|mono)(jpeg|mpeg2|paldv|alpha)?(?:p?(\d{1,2}))?", space)
    if not known or not (tags.get("W", "").isdecimal() and tags.get("H", "").isdecimal()):
        return 0
    width, height, (across, down) = int(tags["W"]), int(tags["H"]), Y4M_SAMPLES[known[1]]
    chroma = 2 * -(-width // across) * -(-height // down) if across else 0
    alpha = width * height if known[2] == "alpha" else 0
    return (width * height + chroma + alpha) * (2 if known[3] and int(known[3]) > 8 else 1)


def missing_of_last_ivf_frame(opened: BinaryIO, size: int) -> int:
    """Return how many bytes the last frame of an IVF lacks, by the size before each; 0 if complete."""
    place = int.from_bytes(read_at(opened, 6, 2), "little")
    for _ in range(MAX_UNITS):
        if place >= size:
            break
        place += 12 + int.from_bytes(read_at(opened, place, 4), "little")
    return max(0, place - size)


def missing_of_last_dv_frame(opened: BinaryIO, size: int) -> int:
    """Return how many bytes the last frame of raw DV lacks (IEC 61834, SMPTE 314M and 370M); all have the same size."""
    head = read_at(opened, 0, DV_KIND_AT + 1)
    if len(head) <= DV_KIND_AT:
        return 0
    sequences = 12 if head[3] & 0x80 else 10
    return -size % (sequences * DV_CHANNELS.get(head[DV_KIND_AT] & 0x1F, 1) * DV_SEQUENCE_BYTES)


def missing_of_last_mxf_unit(opened: BinaryIO, size: int) -> int:
    """Return how many bytes the last unit of an MXF lacks (SMPTE ST 336: 16-byte key, BER length, value)."""
    place = max(0, read_at(opened, 0, 1 << 16).find(b"\x06\x0e\x2b\x34\x02\x05\x01\x01"))
    for _ in range(MAX_UNITS):
        if place >= size:
            break
        head = read_at(opened, place, 25)
        if head[:4] != b"\x06\x0e\x2b\x34"[: len(head)]:
            return 0
        if len(head) < 17:
            return 17 - len(head)
        length_bytes = head[16] & 0x7F if head[16] & 0x80 else 0
        if length_bytes > 8:
            return 0
        length = int.from_bytes(head[17 : 17 + length_bytes], "big") if length_bytes else head[16]
        place += 17 + length_bytes + length
    return max(0, place - size)


FRAME_WALKS = {
    "dv": (missing_of_last_dv_frame, "frame"),
    "ivf": (missing_of_last_ivf_frame, "frame"),
    "mxf": (missing_of_last_mxf_unit, "unit"),
    "yuv4mpegpipe": (missing_of_last_y4m_frame, "frame"),
}
