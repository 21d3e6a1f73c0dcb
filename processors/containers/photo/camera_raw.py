"""Detection of camera raw files based on TIFF, which hold sensor data rather than a picture: DNG, NEF, ARW, PEF etc."""

from __future__ import annotations

import struct
from typing import BinaryIO

from processors.sources.read_at import read_at

MAX_FOLDERS = 64
MAX_ENTRIES = 4096
_PHOTOMETRIC, _SUB_FOLDERS, _MAKE, _DNG_VERSION = 262, 330, 271, 50706
_MOSAICS = (32803, 34892)
"""PhotometricInterpretation values for a colour filter array and for linear raw data (DNG 1.6, TIFF/EP)."""


def is_camera_raw(file: BinaryIO) -> str | None:
    """Return the kind of raw photo, or None for a TIFF that holds a picture.

    Other readers show only the small preview that the camera embedded in such a file.
    """
    head = read_at(file, 0, 8)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or len(head) < 8 or struct.unpack(f"{order}H", head[2:4])[0] != 42:
        return None
    waiting: list[int] = [struct.unpack(f"{order}I", head[4:])[0]]
    seen: set[int] = set()
    has_mosaic = is_dng = False
    make = ""
    while waiting and len(seen) < MAX_FOLDERS:
        place = waiting.pop(0)
        if place in seen or not place:
            continue
        seen.add(place)
        tags, following = _folder(file, order, place)
        waiting += [following, *(tags.get(_SUB_FOLDERS) or ())]
        has_mosaic |= any(value in _MOSAICS for value in tags.get(_PHOTOMETRIC, ()))
        is_dng |= _DNG_VERSION in tags
        if _MAKE in tags and not make:
            make = read_at(file, tags[_MAKE][0], 5).decode("ascii", "replace").title()
    if is_dng:
        return "DNG raw photo"
    return f"{make.strip(chr(0)).strip() or 'camera'} raw photo" if has_mosaic else None


def _folder(file: BinaryIO, order: str, place: int) -> tuple[dict[int, tuple[int, ...]], int]:
    """Return one IFD's wanted tags with their numbers (for the maker: its text's offset) and the next IFD's offset."""
    (count,) = struct.unpack(f"{order}H", read_at(file, place, 2).ljust(2, b"\0"))
    data = file.read(12 * min(count, MAX_ENTRIES))
    following = file.read(4)
    tags: dict[int, tuple[int, ...]] = {}
    for at in range(0, len(data) - 11, 12):
        tag, kind, number = struct.unpack_from(f"{order}HHI", data, at)
        if tag == _PHOTOMETRIC and kind == 3:
            tags[tag] = struct.unpack_from(f"{order}H", data, at + 8)
        elif tag == _SUB_FOLDERS and kind in (4, 13) and number:
            tags[tag] = _places(file, order, number, struct.unpack_from(f"{order}I", data, at + 8)[0])
        elif tag in (_MAKE, _DNG_VERSION):
            tags[tag] = struct.unpack_from(f"{order}I", data, at + 8)
    return tags, struct.unpack(f"{order}I", following)[0] if len(following) == 4 else 0


def _places(file: BinaryIO, order: str, number: int, value: int) -> tuple[int, ...]:
    if number == 1:
        return (value,)
    data = read_at(file, value, 4 * min(number, MAX_FOLDERS))
    return struct.unpack(f"{order}{len(data) // 4}I", data[: len(data) // 4 * 4])
