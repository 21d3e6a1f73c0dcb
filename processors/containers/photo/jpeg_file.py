"""Structure of a JPEG file: header segments, scans, restart intervals, and trailing data."""

from __future__ import annotations

import io
import mmap
import re
import struct
from dataclasses import dataclass
from typing import BinaryIO

from processors.containers.photo.picture_end import apparent_kind
from processors.sources.read_at import read_at

SOI, EOI, SOS, DRI = 0xD8, 0xD9, 0xDA, 0xDD
_FRAMES = {0xC0: "sequential", 0xC1: "sequential", 0xC2: "progressive", 0xC9: "sequential", 0xCA: "progressive"}
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""Marker in scan data: neither a stuffed FF, a restart nor a fill byte (ITU-T T.81, B.1.1.2)."""
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
MAX_SEGMENTS = 10_000


_SELDOM = {
    0xC3: "lossless JPEG",
    **dict.fromkeys((0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF), "hierarchical JPEG"),
    0xCB: "lossless JPEG",
    0xF7: "JPEG-LS",
}
"""Kinds that libjpeg does not read, by the marker of their frame (ITU-T T.81, table B.1; T.87, C.1)."""


def seldom_kind(file: BinaryIO) -> str | None:
    """Return what kind of JPEG a file is if libjpeg does not read its kind; None for the usual ones."""
    at = 2
    for _ in range(MAX_SEGMENTS):
        head = read_at(file, at, 5)
        if len(head) < 5 or head[0] != 0xFF or head[1] in (EOI, SOS):
            return None
        if head[1] == 0xFF:  # fill
            at += 1
            continue
        if head[1] in _SELDOM:
            return _SELDOM[head[1]]
        if head[1] in _FRAMES:
            return f"JPEG of {head[4]} bits per sample" if head[4] in (12, 16) else None
        at += 2 + max(2, int.from_bytes(head[2:4], "big"))
    return None


@dataclass(frozen=True, kw_only=True)
class JpegFile:
    """Parts of one JPEG file, by file offset."""

    size_bytes: int
    junk: tuple[tuple[int, int], ...]
    """Half-open ranges of bytes between header segments that belong to none."""
    is_progressive: bool
    size_at: int | None
    """Offset of height and width, two bytes each; None without a frame header."""
    sampling: tuple[int, int]
    """Largest horizontal and vertical sampling factor."""
    restart_interval: int
    """Blocks (MCU) from one restart marker to the next; 0: none."""
    scan_count: int
    data_at: int | None
    """Offset of the first scan's data."""
    end_at: int | None
    """Offset of the end marker; None if the file ends before it."""
    trailing_bytes: int
    """Bytes after the end marker."""
    trailing_kind: str | None
    """Apparent kind of the trailing bytes; None if unknown."""


def read_jpeg_file(file: BinaryIO) -> JpegFile:
    """Walk a JPEG from marker to marker; never raises for bad bytes, missing values are None or 0."""
    try:
        descriptor = file.fileno()
    except io.UnsupportedOperation:  # bytes in memory
        return _walk(read_at(file, 0))
    with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as data:
        return _walk(data)


def _walk(data: mmap.mmap | bytes) -> JpegFile:
    junk: list[tuple[int, int]] = []
    is_progressive, size_at, sampling, interval, scans = False, None, (1, 1), 0, 0
    data_at = end_at = None
    at = 2
    for _ in range(MAX_SEGMENTS):
        marker_at = _next_marker(data, at)
        if marker_at is None:
            break
        if scans == 0 and data[at:marker_at].strip(b"\xff"):  # FF before a marker is fill
            junk.append((at, marker_at))
        marker = data[marker_at + 1]
        if marker == EOI:
            end_at = marker_at
            break
        if marker == SOI or marker == 0x01 or 0xD0 <= marker <= 0xD7:
            at = marker_at + 2
            continue
        head = data[marker_at + 2 : marker_at + 4]
        if len(head) < 2:
            break
        size = struct.unpack(">H", head)[0]
        body = marker_at + 4
        if marker in _FRAMES and size_at is None:
            is_progressive, size_at = _FRAMES[marker] == "progressive", body + 1
            sampling = _sampling(data[body : body + size - 2])
        elif marker == DRI:
            interval = int.from_bytes(data[body : body + 2], "big")
        elif marker == SOS:
            scans += 1
            data_at = data_at or marker_at + 2 + size
        at = marker_at + 2 + max(2, size)
    trailing = len(data) - end_at - 2 if end_at is not None else 0
    return JpegFile(
        size_bytes=len(data),
        junk=tuple(junk),
        is_progressive=is_progressive,
        size_at=size_at,
        sampling=sampling,
        restart_interval=interval,
        scan_count=scans,
        data_at=data_at,
        end_at=end_at,
        trailing_bytes=trailing,
        trailing_kind=apparent_kind(data[end_at + 2 : end_at + 14]) if end_at is not None and trailing else None,
    )


def _next_marker(data: mmap.mmap | bytes, at: int) -> int | None:
    found = _MARKER.search(data, at)
    return found.start() if found else None


def _sampling(frame: bytes) -> tuple[int, int]:
    factors = frame[7::3] if len(frame) >= 9 else b"\x11"
    return max(1, *(f >> 4 for f in factors)), max(1, *(f & 15 for f in factors))


def without_junk(file: BinaryIO, parts: JpegFile) -> bytes:
    """Return the file's bytes without those in its header that belong to no segment."""
    data = read_at(file, 0)
    for begin, end in reversed(parts.junk):
        data = data[:begin] + data[end:]
    return data


def read_to_its_end(file: BinaryIO, parts: JpegFile) -> bytes | None:
    """Return the file up to its end marker, changed so that libjpeg reads that far when decoding.

    For a single-scan picture libjpeg stops after the last block and never sees bytes left over there, the only sign
    of much damage. With one more component in the frame header than in the scan, it must first look for another
    scan. The picture's own numbers are unchanged; its colours are not.

    Returns
    -------
    The bytes; None for a file with several scans, which is read to its end anyway.
    """
    if parts.scan_count != 1 or parts.is_progressive or parts.size_at is None or parts.data_at is None:
        return None
    data = read_at(file, 0, parts.size_bytes if parts.end_at is None else parts.end_at) + b"\xff\xd9"
    size, count_at = parts.size_at - 3, parts.size_at + 4
    components = data[count_at + 1 : count_at + 1 + 3 * data[count_at]]
    unused = min(set(range(1, 256)) - set(components[::3]))
    more = bytes((unused, 0x11, components[2] if len(components) > 2 else 0))
    length = int.from_bytes(data[size : size + 2], "big")
    frame = struct.pack(">H", length + 3) + data[size + 2 : count_at] + bytes((data[count_at] + 1 & 255,))
    head, rest = data[:size], data[count_at + 1 + len(components) : parts.data_at - 3]
    scan = b"\0\x3f\0"  # coefficient parameters of every sequential scan
    return b"".join((_unnamed(head), frame, components, more, _unnamed(rest), scan, data[parts.data_at :]))


def _unnamed(head: bytes) -> bytes:
    """Remove names of segments that libjpeg interprets: their harmless faults would cause the first warning."""
    return head.replace(b"Adobe", b"adobe").replace(b"JFIF", b"jfif")


def restart_intervals(file: BinaryIO, parts: JpegFile) -> list[bytes]:
    """Return the data between restart markers of a file with one scan; empty for none or several scans."""
    if not parts.restart_interval or parts.scan_count != 1 or parts.data_at is None:
        return []
    data = read_at(file, parts.data_at, (parts.end_at or parts.size_bytes) - parts.data_at)
    return _RESTART.split(data)


def part_of(file: BinaryIO, parts: JpegFile, intervals: list[bytes], rows: int) -> bytes:
    """Return a separate JPEG with some of a file's restart intervals, `rows` high."""
    assert parts.data_at is not None
    assert parts.size_at is not None
    head = bytearray(read_at(file, 0, parts.data_at))
    head[parts.size_at : parts.size_at + 2] = struct.pack(">H", rows)
    body = bytearray()
    for number, one in enumerate(intervals):
        body += one
        if number < len(intervals) - 1:
            body += bytes((0xFF, 0xD0 + number % 8))
    return bytes(head) + bytes(body) + b"\xff\xd9"
