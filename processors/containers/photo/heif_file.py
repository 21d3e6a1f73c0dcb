"""Boxes of HEIF and AVIF files (ISO/IEC 23008-12, 14496-12): size, colours and parts of the primary picture."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

MAX_META_BYTES = 4 << 20
MAX_BOXES = 10_000
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


def items_of_picture(file: BinaryIO) -> frozenset[int]:
    """Return the numbers of the primary picture, of its tiles, and of its alpha and depth; empty if not stated."""
    boxes = dict(_boxes(_meta(file) or b""))
    primary = _primary(boxes.get(b"pitm", b""))
    if primary is None:
        return frozenset()
    references = list(_references(boxes.get(b"iref", b"")))
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
    wanted, boxes = items_of_picture(file), dict(_boxes(_meta(file) or b""))
    table = boxes.get(b"iinf", b"")
    found = set[bytes]()
    for name, body in _boxes(table[6 if table[:1] == b"\0" else 8 :]):
        if name == b"infe" and body[:1] in (b"\2", b"\3"):
            width = 2 if body[0] == 2 else 4
            if int.from_bytes(body[4 : 4 + width], "big") in wanted:
                found.add(body[6 + width : 10 + width])
    return frozenset(kind.decode("ascii", "replace") for kind in found - DERIVED_ITEMS)


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
    meta = _meta(file)
    if meta is None:
        return
    boxes = dict(_boxes(meta))
    primary = _primary(boxes.get(b"pitm", b""))
    properties = dict(_boxes(boxes.get(b"iprp", b"")))
    listed = list(_boxes(properties.get(b"ipco", b"")))
    mine = _associated(properties.get(b"ipma", b""), primary)
    for number in mine or range(1, len(listed) + 1):
        if 0 < number <= len(listed):
            yield listed[number - 1]


def _meta(file: BinaryIO) -> bytes | None:
    """Return the content of the top-level `meta` box, without its version."""
    file.seek(0)
    for _ in range(MAX_BOXES):
        head = file.read(8)
        if len(head) < 8:
            return None
        size, name = struct.unpack(">I4s", head)
        body = 8
        if size == 1:
            size, body = struct.unpack(">Q", file.read(8).ljust(8, b"\0"))[0], 16
        if name == b"meta":
            return file.read(min(size - body, MAX_META_BYTES))[4:] if size > body else None
        if size < body:
            return None
        file.seek(size - body, 1)
    return None


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and content of each box; stops at an impossible size."""
    place = 0
    for _ in range(MAX_BOXES):
        if place + 8 > len(data):
            return
        size, name = struct.unpack_from(">I4s", data, place)
        size = size or len(data) - place
        if size < 8 or place + size > len(data):
            return
        yield name, data[place + 8 : place + size]
        place += size


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
