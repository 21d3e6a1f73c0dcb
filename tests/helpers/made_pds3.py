"""PDS3 and VICAR files with known answers, and their pixels and faults as they are read."""

from __future__ import annotations

import dataclasses
import io
from typing import BinaryIO

import numpy as np
import pytest

from processors.errors import MediaError
from processors.planetary.image_object import ImageObject
from processors.planetary.open_image import read_header
from processors.planetary.samples import read_samples

LINES, SAMPLES = 12, 16
RECORD = 32


def picture(dtype: str = "u1", bands: int = 1) -> np.ndarray:
    """A ramp of even numbers, shape (lines, samples) or (bands, lines, samples); no line is like another."""
    shape = (LINES, SAMPLES) if bands == 1 else (bands, LINES, SAMPLES)
    return (np.arange(np.prod(shape)).reshape(shape) % 120 * 2).astype(dtype)


def pds3(
    data: bytes,
    *image: str,
    top: tuple[str, ...] = (),
    first: str = "PDS_VERSION_ID = PDS3",
    pointer: str = "^IMAGE = {record}",
    kind: str = "UNSIGNED_INTEGER",
    bits: object = 8,
    bands: int = 1,
    wrapped_in: str | None = None,
    end: str = "END_OBJECT = IMAGE",
    lines: object = LINES,
    size: int = 1024,
) -> bytes:
    """A label of `size` bytes, filled up with blanks, in front of the data."""
    inside = (
        "OBJECT = IMAGE",
        f" LINES = {lines}",
        f" LINE_SAMPLES = {SAMPLES}",
        f" SAMPLE_TYPE = {kind}",
        f" SAMPLE_BITS = {bits}",
        *((f" BANDS = {bands}",) if bands > 1 else ()),
        *image,
        end,
    )
    around = ((f"OBJECT = {wrapped_in}",), (f"END_OBJECT = {wrapped_in}",)) if wrapped_in else ((), ())
    where = pointer.format(record=size // RECORD + 1, byte=size + 1)
    text = "\r\n".join((first, f"RECORD_BYTES = {RECORD}", *top, where, *around[0], *inside, *around[1], "END", ""))
    assert len(text) <= size
    return text.encode("latin-1").ljust(size) + data


def detached(
    pointer: str, *image: str, kind: str = "UNSIGNED_INTEGER", bits: int = 8, top: tuple[str, ...] = ()
) -> bytes:
    """A label that is a file of its own."""
    return pds3(b"", *image, pointer=pointer, kind=kind, bits=bits, top=top).rstrip(b" ")


def vicar(data: bytes, words: str, *, size: int = 256, end: bytes = b"") -> bytes:
    """A VICAR file."""
    return f"LBLSIZE={size}  {words}".encode().ljust(size, b"\0") + data + end


WHOLE = picture()


def stored_numbers(file: BinaryIO, image: ImageObject) -> np.ndarray:
    """The numbers of an image as they are in the file, upright, without the label's scaling and bit mask."""
    return read_samples(file, dataclasses.replace(image, scaling=((1.0, 0.0),), white_level=None)).values


def pixels(file: bytes, name: str | None = None) -> list[object]:
    """The stored numbers of a file, line by line; `name` is that of its label's file."""
    opened = io.BytesIO(file)
    return stored_numbers(opened, read_header(opened, name)).tolist()


def error_of(file: bytes) -> MediaError:
    """The error that a file is refused with."""
    with pytest.raises(MediaError) as caught:
        read_header(io.BytesIO(file))
    return caught.value
