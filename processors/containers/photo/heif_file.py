"""Boxes of HEIF and AVIF files (ISO/IEC 23008-12, 14496-12): size, colours and parts of the primary picture."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import BinaryIO

from processors.containers.video.mp4_boxes import MAX_BOXES, box_header, boxes
from processors.sources.read_at import read_at

MAX_META_BYTES = 4 << 20
DERIVED_ITEMS = {b"grid", b"iovl", b"iden", b"tmap"}
"""Item types of pictures that consist of others (ISO/IEC 23008-12, 6.6)."""


def nclx_of(file: BinaryIO) -> tuple[int, int] | None:
    """Return primaries and transfer (ITU-T H.273) of the primary picture; None without an `nclx` box."""
    for name, body in _properties(file):
        if name == b"colr" and body[:4] == b"nclx" and len(body) >= 10:
            primaries, transfer = struct.unpack(">HH", body[4:8])
            return primaries, transfer
    return None


def size_of(file: BinaryIO) -> tuple[int, int] | None:
    """Return width and height of the primary picture; None without an `ispe` box."""
    for name, body in _properties(file):
        if name == b"ispe" and len(body) >= 12:
            width, height = struct.unpack(">II", body[4:12])
            return width, height
    return None


def sample_bits_of_heif(file: BinaryIO) -> int | None:
    """Return the bits of a sample of the primary picture, from `pixi`, or its coding's `av1C` or `hvcC`; None without.

    ISO/IEC 23008-12, 6.5.6; AV1-ISOBMFF, 2.3; ISO/IEC 14496-15, 8.3.3.1.
    """
    found = dict(_properties(file))
    if (depths := found.get(b"pixi", b"")[5:]) and any(depths):
        return max(depths)
    if len(coding := found.get(b"av1C", b"")) > 2:
        return (12 if coding[2] & 0x20 else 10) if coding[2] & 0x40 else 8
    if len(coding := found.get(b"hvcC", b"")) > 18:
        return 8 + max(coding[17] & 7, coding[18] & 7)
    return None


def items_of_picture(file: BinaryIO) -> frozenset[int]:
    """Return the numbers of the primary picture, of its tiles, and of its alpha and depth; empty if not stated."""
    held = _meta(file)
    primary = _primary(held.get(b"pitm", b""))
    if primary is None:
        return frozenset()
    references = list(_references(held.get(b"iref", b"")))
    found, before = {primary}, 0
    while len(found) > before:
        before = len(found)
        for kind, origin, targets in references:
            if kind == b"dimg" and origin in found:
                found.update(targets)
            elif kind == b"auxl" and found.intersection(targets):
                found.add(origin)
    return frozenset(found)


def codings_of_picture(file: BinaryIO) -> frozenset[str]:
    """Return the item types of the coded pictures of which the primary one consists: `hvc1`, `av01` ..."""
    wanted, found = items_of_picture(file), set[bytes]()
    table = _meta(file).get(b"iinf", b"")
    for name, body in _boxes(table[6 if table[:1] == b"\0" else 8 :]):
        if name == b"infe" and body[:1] in (b"\2", b"\3"):
            width = 2 if body[0] == 2 else 4
            if int.from_bytes(body[4 : 4 + width], "big") in wanted:
                found.add(body[6 + width : 10 + width])
    return frozenset(kind.decode("ascii", "replace") for kind in found - DERIVED_ITEMS)


def has_premultiplied_alpha(file: BinaryIO) -> bool:
    """Return whether the colours of some picture are stored multiplied by its alpha (ISO/IEC 23008-12, 6.10.1)."""
    return any(kind == b"prem" for kind, _, _ in _references(_meta(file).get(b"iref", b"")))


def _references(body: bytes) -> Iterator[tuple[bytes, int, tuple[int, ...]]]:
    """Yield kind, origin and targets of each reference between items (ISO/IEC 14496-12, 8.11.12)."""
    width = 4 if body[:1] == b"\1" else 2
    for kind, listed in _boxes(body[4:]):
        numbers = [int.from_bytes(listed[:width], "big")]
        count = int.from_bytes(listed[width : width + 2], "big")
        places = range(width + 2, min(width + 2 + count * width, len(listed) - width + 1), width)
        numbers += [int.from_bytes(listed[place : place + width], "big") for place in places]
        yield kind, numbers[0], tuple(numbers[1:])


def _properties(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and content of each property of the primary picture; of all if the file has no associations."""
    held = _meta(file)
    primary = _primary(held.get(b"pitm", b""))
    properties = dict(_boxes(held.get(b"iprp", b"")))
    listed = list(_boxes(properties.get(b"ipco", b"")))
    mine = _associated(properties.get(b"ipma", b""), primary)
    for number in mine or range(1, len(listed) + 1):
        if 0 < number <= len(listed):
            yield listed[number - 1]


def _meta(file: BinaryIO) -> dict[bytes, bytes]:
    """Return the contents of the boxes in the top-level `meta` box, by name; empty without one."""
    place = 0
    for _ in range(MAX_BOXES):
        if (box := box_header(file, place)) is None:
            break
        size, name, header_bytes = box
        if size < header_bytes:
            break
        if name == b"meta":
            return dict(_boxes(read_at(file, place + header_bytes, min(size - header_bytes, MAX_META_BYTES))[4:]))
        place += size
    return {}


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and content of each box; stops at an impossible size."""
    return ((name, data[start:end]) for name, start, end in boxes(io.BytesIO(data), len(data), ()))


def _primary(body: bytes) -> int | None:
    if len(body) < 6:
        return None
    return struct.unpack(">H", body[4:6])[0] if body[0] == 0 else int.from_bytes(body[4:8], "big")


def _associated(body: bytes, item: int | None) -> list[int]:
    """Return the indices from 1 of an item's properties; empty if not stated (ISO/IEC 23008-12, 9.3.1)."""
    if len(body) < 8 or item is None:
        return []
    id_size, is_wide = (2 if body[0] < 1 else 4), body[3] & 1
    place = 8
    for _ in range(min(int.from_bytes(body[4:8], "big"), MAX_BOXES)):
        head = body[place : place + id_size + 1]
        if len(head) <= id_size:
            return []
        place += id_size + 1
        step = 2 if is_wide else 1
        entries = body[place : place + head[-1] * step]
        place += head[-1] * step
        if int.from_bytes(head[:id_size], "big") == item:
            mask = 0x7FFF if is_wide else 0x7F
            return [int.from_bytes(entries[n : n + step], "big") & mask for n in range(0, len(entries), step)]
    return []
