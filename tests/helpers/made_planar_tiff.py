"""TIFFs whose channels are planes, one behind the other (PlanarConfiguration 2), in strips or tiles."""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Iterator
from typing import Literal

import numpy as np

SHORT, LONG, LONG8 = 3, 4, 16
LONG_TAGS = (256, 257, 273, 278, 279, 322, 323, 324, 325)


def planar_tiff(
    values: np.ndarray,
    photometric: int,
    *,
    rows: int = 16,
    tile: tuple[int, int] | None = None,
    is_deflated: bool = False,
    order: Literal["<", ">"] = "<",
    is_big: bool = False,
    more: dict[int, tuple[int, ...]] | None = None,
    bits: int | None = None,
) -> bytes:
    """A TIFF of an array of rows, columns and channels.

    Parameters
    ----------
    rows : of a strip.
    tile : height and width of a tile; both must be multiples of 16.
    more : further tags, of type SHORT.
    bits : of a sample below 8; `values` are then rows of packed bytes, and the width is 8 / bits times theirs.
    """
    height, columns, channels = values.shape
    blocks = [zlib.compress(one) if is_deflated else one for one in _blocks(values, rows, tile, order)]
    layout = {322: (tile[1],), 323: (tile[0],)} if tile else {278: (rows,)}
    tags: dict[int, tuple[int, ...]] = {
        256: (columns if bits is None else columns * 8 // bits,),
        257: (height,),
        258: (bits or values.dtype.itemsize * 8,) * channels,
        259: (8 if is_deflated else 1,),
        262: (photometric,),
        277: (channels,),
        284: (2,),
        339: ({"u": 1, "i": 2, "f": 3}[values.dtype.kind],) * channels,
        **layout,
        **(more or {}),
        (325 if tile else 279): tuple(map(len, blocks)),
    }
    places = 324 if tile else 273
    begin = len(_head({**tags, places: (0,) * len(blocks)}, order, is_big=is_big))
    ends = list(itertools.accumulate(map(len, blocks), initial=begin))
    return _head({**tags, places: tuple(ends[:-1])}, order, is_big=is_big) + b"".join(blocks)


def _head(tags: dict[int, tuple[int, ...]], order: Literal["<", ">"], *, is_big: bool) -> bytes:
    """Header and directory of a TIFF, and the numbers that the directory points to."""
    kind, code, size = (LONG8, "Q", 8) if is_big else (LONG, "I", 4)
    data = b"II" if order == "<" else b"MM"
    data += struct.pack(order + "HHHQ", 43, 8, 0, 16) if is_big else struct.pack(order + "HI", 42, 8)
    data += struct.pack(order + ("Q" if is_big else "H"), len(tags))
    behind, pointed_to = len(data) + len(tags) * (4 + 2 * size) + size, b""
    for tag, numbers in sorted(tags.items()):
        is_short = tag not in LONG_TAGS
        field = struct.pack(f"{order}{len(numbers)}{'H' if is_short else code}", *numbers)
        if len(field) > size:
            place = behind + len(pointed_to)
            pointed_to += field + bytes(-len(field) % 8)
            field = struct.pack(order + code, place)
        data += struct.pack(order + "HH" + code, tag, SHORT if is_short else kind, len(numbers))
        data += field.ljust(size, b"\0")
    return data + bytes(size) + pointed_to


def _blocks(values: np.ndarray, rows: int, tile: tuple[int, int] | None, order: Literal["<", ">"]) -> Iterator[bytes]:
    stored = values.astype(values.dtype.newbyteorder(order))
    for plane in np.moveaxis(stored, 2, 0):
        if tile is None:
            yield from (plane[top : top + rows].tobytes() for top in range(0, len(plane), rows))
            continue
        high, wide = tile
        whole = np.pad(plane, ((0, -plane.shape[0] % high), (0, -plane.shape[1] % wide)))
        for top in range(0, whole.shape[0], high):
            for left in range(0, whole.shape[1], wide):
                yield whole[top : top + high, left : left + wide].tobytes()
