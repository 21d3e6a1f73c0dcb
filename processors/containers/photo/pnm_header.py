"""Header of a portable anymap (netpbm, pgm(5) and ppm(5)): the white level and the end of the samples."""

from __future__ import annotations

import re
from typing import BinaryIO

import numpy as np

from processors.sources.read_at import read_at

HEAD_BYTES = 1 << 16
READ_SAMPLES = 1 << 20
_HEADER = re.compile(rb"P[2356](?:\s|#[^\n]*\n)+(\d+)(?:\s|#[^\n]*\n)+(\d+)(?:\s|#[^\n]*\n)+(\d{1,5})\s")


def pnm_end(file: BinaryIO) -> int | None:
    """Return the offset after the samples of a binary grey or colour picture; None for another file."""
    found = _HEADER.match(read_at(file, 0, HEAD_BYTES))
    if not found or found[0][1:2] not in b"56":
        return None
    width, height, white = (int(found[number]) for number in (1, 2, 3))
    return found.end() + width * height * (3 if found[0][1:2] == b"6" else 1) * (2 if white > 255 else 1)


def samples_over_white(file: BinaryIO) -> tuple[int, int] | None:
    """Return how many samples of a binary grey or colour picture are above its white level, and of how many.

    None for another file, and where no sample is: decoders show those samples as white, without a word.
    """
    found = _HEADER.match(read_at(file, 0, HEAD_BYTES))
    if not found or found[0][1:2] not in b"56":
        return None
    white, kind = int(found[3]), np.dtype(np.uint8 if int(found[3]) < 256 else ">u2")
    left = count = int(found[1]) * int(found[2]) * (3 if found[0][1:2] == b"6" else 1)
    over = 0
    file.seek(found.end())
    while left and (data := file.read(min(left, READ_SAMPLES) * kind.itemsize)):
        samples = np.frombuffer(data, kind, len(data) // kind.itemsize)
        over += int(np.count_nonzero(samples > white))
        left -= len(samples)
    return (over, count) if over else None


def pnm_samples(file: BinaryIO) -> np.ndarray | None:
    """Return the samples of a binary grey or colour picture as stored, upright; None for another file, or a cut one.

    uint8, or uint16 where the white level is above 255; shape (height, width), or (height, width, 3).
    """
    found = _HEADER.match(read_at(file, 0, HEAD_BYTES))
    if not found or found[0][1:2] not in b"56":
        return None
    width, height, white = (int(found[number]) for number in (1, 2, 3))
    kind, bands = np.dtype(np.uint8 if white < 256 else ">u2"), 3 if found[0][1:2] == b"6" else 1
    data = read_at(file, found.end(), width * height * bands * kind.itemsize)
    if len(data) < width * height * bands * kind.itemsize:
        return None
    values = np.frombuffer(data, kind).reshape(height, width, bands)
    return np.squeeze(values, 2).astype(kind.newbyteorder("=")) if bands == 1 else values.astype(kind.newbyteorder("="))


def pnm_white(file: BinaryIO) -> int | None:
    """Return the maximum level in the header, 1 to 65535; None for another file."""
    place = file.tell()
    found = _HEADER.match(read_at(file, 0, HEAD_BYTES))
    file.seek(place)
    return int(found[3]) if found and 1 <= int(found[3]) <= 65535 else None
