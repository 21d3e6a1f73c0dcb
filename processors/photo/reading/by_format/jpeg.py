"""Decoding of JPEGs, and evaluation of the decoder's warnings: which part of the picture may be wrong, if any."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import BinaryIO

import numpy as np
import pyvips

from processors.containers.photo.jpeg_file import (
    JpegFile,
    part_of,
    read_jpeg_file,
    read_to_its_end,
    restart_intervals,
    without_junk,
)
from processors.decoding.picture_header import what_to_do
from processors.errors import DamagedMedia
from processors.photo.reading.damage import Damage
from processors.photo.reading.vips import Heard, listening, open_with_vips, plain
from processors.sources.read_at import read_at

HARMLESS = (
    (re.compile(r"unknown JFIF revision"), "a number in the header that no decoder acts on"),
    (re.compile(r"Unknown Adobe color transform"), "a number in the header; the colours are taken as the frame says"),
    (re.compile(r"Invalid SOS parameters for sequential"), "numbers that a sequential JPEG does not use"),
)
"""Warnings of libjpeg that affect no pixel, and why."""
_EXTRANEOUS = re.compile(r"(\d+) extraneous bytes before marker 0x([0-9a-f]{2})")
_CORRUPT = re.compile(r"[Cc]orrupt JPEG data|Unsupported marker")
_ENDS = "premature end of data segment"
_TRUNCATED = re.compile(r"premature end of JPEG", re.IGNORECASE)
_COUNT = re.compile(r"read gave (\d+) warnings")
MAX_PARTS_TRIED = 200
"""Limit on parts of a damaged file decoded separately to find undamaged restart intervals."""


def decode_jpeg(file: BinaryIO, shrink: int = 1) -> tuple[np.ndarray, None] | tuple[None, JpegWarning]:
    """Decode a JPEG at full size or reduced to 1/2, 1/4 or 1/8.

    Returns
    -------
    uint8, shape (height, width, bands), or, if libjpeg warns of anything, None and its warning.
    """
    with listening() as heard:
        try:
            image = open_with_vips(file, "jpeg", fail_on="warning", shrink=shrink)
            values = _pixels(image)
        except pyvips.Error as error:
            return None, JpegWarning(plain(str(error)), heard, shrink)
        del image  # when libvips reports warnings for the last rows
        if heard.words:
            return None, JpegWarning(plain(heard.words[-1]), heard, shrink)
        return values, None


def fault_at_end(file: BinaryIO, parts: JpegFile) -> JpegWarning | None:
    """Return the warning that libjpeg gives only on reading to the end marker, which it never does for one scan."""
    data = read_to_its_end(file, parts)
    if data is None:
        return None
    with listening() as heard:
        try:
            image = pyvips.Image.jpegload_buffer(data, access="sequential", fail_on="none")
            _strictly(data, 8 if min(image.width, image.height) >= 16 else 1).avg()
        except pyvips.Error as error:
            words = plain(str(error))
            return JpegWarning(words, heard, 1) if _CORRUPT.search(words) else None
    return None


class JpegWarning:
    """First warning of libjpeg, and its position."""

    def __init__(self, words: str, heard: Heard, shrink: int) -> None:
        self.words = words
        self.first_row = None if heard.first_bad_row is None else heard.first_bad_row * shrink


def decode_damaged_jpeg(file: BinaryIO, parts: JpegFile, height: int, shrink: int = 1) -> np.ndarray | None:
    """Decode a picture despite warnings; None if libvips cannot read it at all.

    Raises
    ------
    DamagedMedia : the file ends before its picture does.
    """
    with listening() as heard:
        try:
            if parts.end_at is not None:
                return _pixels(open_with_vips(file, "jpeg", fail_on="none", shrink=shrink))
            return _pixels(_strictly(read_at(file, 0) + b"\xff\xd9", shrink))
        except pyvips.Error as error:
            if _ENDS in str(error):
                row = (heard.first_bad_row or 0) * shrink
                after = f", after about {row} of {height} rows" if row else ""
                raise DamagedMedia(
                    f"truncated: the file ends before its picture does{after}", what_to_do("jpeg")
                ) from error
            return None


def jpeg_damage(file: BinaryIO, parts: JpegFile, fault: JpegWarning, rows: int) -> Damage | None:
    """Evaluate a fault of a JPEG that can still be decoded; None if no pixel is affected.

    Parameters
    ----------
    rows : height of the stored picture.
    """
    if parts.junk and _EXTRANEOUS.search(fault.words):
        data = without_junk(file, parts)
        with listening() as heard:
            try:
                _pixels(_strictly(data))
            except pyvips.Error as error:
                fault = JpegWarning(plain(str(error)), heard, 1)
            else:  # bytes outside the header's segments affect no pixel
                without = io.BytesIO(data)
                parts = read_jpeg_file(without)
                last = fault_at_end(without, parts)
                return jpeg_damage(without, parts, last, rows) if last else None
    if parts.end_at is None and _TRUNCATED.search(fault.words):
        return Damage(condition="truncated", fault="the marker at the end of a JPEG is missing", share=None)
    if _is_harmless(file, parts, fault.words) and _warnings(file) <= 1:
        if _EXTRANEOUS.search(fault.words) or (last := fault_at_end(file, parts)) is None:
            return None
        return jpeg_damage(file, parts, last, rows)
    words = _words(fault.words)
    if bad_rows := _bad_rows(file, parts, rows):
        return Damage(condition="damaged", fault=words, share=bad_rows / rows)
    # without restarts libjpeg may notice the damage at any distance after it
    return Damage(condition="damaged", fault=words, share=1.0, noticed_at_row=fault.first_row, rows=rows)


def _words(fault: str) -> str:
    if found := _EXTRANEOUS.search(fault):
        return f"corrupt JPEG data: at least {found[1]} bytes are left over"  # libjpeg has read a few in advance
    return fault.replace("Corrupt", "corrupt")


def _is_harmless(file: BinaryIO, parts: JpegFile, words: str) -> bool:
    if any(pattern.search(words) for pattern, _ in HARMLESS):
        return True
    found = _EXTRANEOUS.search(words)
    if found and found[2] == "d9" and parts.end_at is not None:  # zeros before the end marker: padding of some cameras
        return not any(read_at(file, parts.end_at - int(found[1]), int(found[1])))
    return False


def _warnings(file: BinaryIO) -> int:
    """Return how many warnings libjpeg has for the whole file."""
    with listening() as heard:
        image = open_with_vips(file, "jpeg", fail_on="none")
        _pixels(image)
        del image  # which is when libvips counts them
    return max((int(found[1]) for words in heard.words if (found := _COUNT.search(words))), default=0)


def _bad_rows(file: BinaryIO, parts: JpegFile, rows: int) -> int | None:
    """Return the rows in restart intervals that fail to decode separately; None if restarts are of no help."""
    intervals = restart_intervals(file, parts)
    if parts.is_progressive or not intervals or parts.size_at is None:
        return None
    width = int.from_bytes(read_at(file, parts.size_at + 2, 2), "big")
    across, down = parts.sampling
    per_row = -(-width // (8 * across))
    block_rows = -(-rows // (8 * down))
    if parts.restart_interval % per_row or -(-block_rows * per_row // parts.restart_interval) != len(intervals):
        return None
    height = parts.restart_interval // per_row * 8 * down

    def is_sound(first: int, last: int) -> bool:
        # the empty interval at the end makes libjpeg warn of bytes left over before it
        # two more rows of blocks, as libvips reports no warning in the last one
        data = part_of(file, parts, [*intervals[first:last], b""], (last - first + 2) * height)
        with listening() as heard:
            try:
                _pixels(_strictly(data))
            except pyvips.Error as error:
                return _ENDS in str(error) and (heard.first_bad_row or 0) >= (last - first) * height
        return False

    bad = _unsound(is_sound, 0, len(intervals), [MAX_PARTS_TRIED])
    return min(rows, bad * height) or None


def _unsound(is_sound: Callable[[int, int], bool], first: int, last: int, left: list[int]) -> int:
    """Count damaged intervals by bisection; those that can no longer be tried count as damaged."""
    if left[0] <= 0:
        return last - first
    left[0] -= 1
    if is_sound(first, last):
        return 0
    if last - first == 1:
        return 1
    middle = (first + last) // 2
    return _unsound(is_sound, first, middle, left) + _unsound(is_sound, middle, last, left)


def _strictly(data: bytes, shrink: int = 1) -> pyvips.Image:
    """Open a JPEG in memory, so that decoding it raises `pyvips.Error` at the first warning."""
    return pyvips.Image.jpegload_buffer(data, access="sequential", fail_on="warning", shrink=shrink)


def _pixels(image: pyvips.Image) -> np.ndarray:
    data = image.write_to_memory()
    return np.frombuffer(data, np.uint8).reshape(image.height, image.width, image.bands)
