"""Strips and tiles of a TIFF that are lost, or do not unpack as they should, which libtiff may not notice."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import BinaryIO

from processors.containers.photo.packbits import unpacks_to
from processors.containers.photo.tiff_file import Directory

DEFLATE, PACKBITS = (8, 32946), 32773
_BITS_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def rows_of_unsound_deflate(file: BinaryIO, photo: Directory) -> list[int]:
    """Return first rows of the strips or tiles that fail their Deflate checksum, which libtiff may not verify."""
    return _rows_of_blocks(file, photo, lambda data, row: not _unpacks(data))


def rows_of_unsound_packbits(file: BinaryIO, photo: Directory) -> list[int]:
    """Return first rows of the strips or tiles that do not unpack to their size, of which libtiff may not warn."""
    if photo.ycbcr and photo.ycbcr.subsampling != (1, 1):
        return []
    down = -(-photo.height_px // photo.rows_at_once)
    is_planar = photo.samples > 1 and len(photo.blocks) >= photo.across * down * photo.samples
    bits = max(photo.bits) * (1 if is_planar else photo.samples)
    width, rows_at_once = photo.tile_px or (photo.width_px, photo.rows_at_once)
    row_bytes = (width * bits + 7) // 8

    def is_unsound(data: bytes, row: int) -> bool:
        data = data.translate(_BITS_REVERSED) if photo.has_reversed_bits else data
        rows = rows_at_once if photo.tile_px else min(rows_at_once, photo.height_px - row)
        # some writers fill the last strip to the height of the others
        return not any(unpacks_to(data, row_bytes * count) for count in {rows, rows_at_once})

    return _rows_of_blocks(file, photo, is_unsound)


def rows_before_lost(photo: Directory, size_bytes: int) -> int:
    """Return the number of rows above the first strip or tile that is not within a file of this size."""
    down = -(-photo.height_px // photo.rows_at_once)
    lost = [number for number, (at, size) in enumerate(photo.blocks) if at + size > size_bytes]
    return min((number // photo.across % down * photo.rows_at_once for number in lost), default=photo.height_px)


def _rows_of_blocks(file: BinaryIO, photo: Directory, is_unsound: Callable[[bytes, int], bool]) -> list[int]:
    """Return the first rows of those strips or tiles; `is_unsound` gets the data and the first row of one."""
    down = -(-photo.height_px // photo.rows_at_once)
    rows: set[int] = set()
    file.seek(0, 2)  # resynchronises a position shared with libvips
    for number, (at, size) in enumerate(photo.blocks):
        row = number // photo.across % down * photo.rows_at_once
        file.seek(at)
        if is_unsound(file.read(size), row):
            rows.add(row)
    return sorted(rows)


def _unpacks(data: bytes) -> bool:
    unpack = zlib.decompressobj()
    try:
        while data and not unpack.eof:
            unpack.decompress(data, 1 << 20)
            data = unpack.unconsumed_tail
    except zlib.error:
        return False
    return unpack.eof
