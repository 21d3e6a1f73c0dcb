"""Detection of camera raw files based on TIFF, which hold sensor data rather than a picture: DNG, NEF, ARW, PEF etc."""

from __future__ import annotations

import functools
from typing import BinaryIO

from processors.containers.photo.tiff_directory import layout_of
from processors.sources.read_at import read_at

MAX_DIRECTORIES = 64
MAX_ENTRIES = 4096
MAX_VALUE_BYTES = 512
_PHOTOMETRIC, _SUB_DIRECTORIES, _MAKE, _DNG_VERSION = 262, 330, 271, 50706
_MOSAICS = (32803, 34892)
"""PhotometricInterpretation values for a colour filter array and for linear raw data (DNG 1.6, TIFF/EP)."""
_MAKER_LETTERS = 5


def is_camera_raw(file: BinaryIO) -> str | None:
    """Return the kind of raw photo, or None for a TIFF that holds a picture.

    Other readers show only the small preview that the camera embedded in such a file.
    """
    read = functools.partial(read_at, file)
    begun = layout_of(read(0, 16))
    if begun is None:
        return None
    layout, first = begun
    waiting: list[int] = [first]
    seen: set[int] = set()
    has_mosaic = is_dng = False
    make = ""
    while waiting and len(seen) < MAX_DIRECTORIES:
        place = waiting.pop(0)
        if place in seen or not place:
            continue
        seen.add(place)
        directory = layout.directory(read, place, MAX_ENTRIES)
        if directory is None:
            continue
        waiting.append(directory.following)
        for entry in directory.entries:
            value = layout.value(entry, read, MAX_VALUE_BYTES)
            numbers = layout.numbers(entry.kind, value)
            if entry.number == _SUB_DIRECTORIES:
                waiting += [one for one in numbers if isinstance(one, int)]
            elif entry.number == _PHOTOMETRIC:
                has_mosaic |= bool(numbers) and numbers[0] in _MOSAICS
            elif entry.number == _MAKE and not make:
                make = value[:_MAKER_LETTERS].decode("ascii", "replace").title()
            is_dng |= entry.number == _DNG_VERSION
    if is_dng:
        return "DNG raw photo"
    return f"{make.strip(chr(0)).strip() or 'camera'} raw photo" if has_mosaic else None
