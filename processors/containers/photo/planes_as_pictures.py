"""Channels of a TIFF in separate planes (PlanarConfiguration 2, TIFF 6.0), each as a picture of its own."""

from __future__ import annotations

import functools
import shutil
import tempfile
from collections.abc import Sequence
from typing import IO, BinaryIO

from processors.containers.photo.tiff_directory import TiffLayout, layout_of
from processors.containers.photo.tiff_file import (
    BITS,
    EXTRA,
    MAX_ENTRIES,
    PHOTOMETRIC,
    PLANAR,
    SAMPLE_FORMAT,
    SAMPLES,
    STRIP_PLACES,
    STRIP_SIZES,
    SUB_DIRECTORIES,
    TILE_PLACES,
    TILE_SIZES,
    Directory,
)
from processors.errors import DamagedMedia, RefusedMedia
from processors.sources.read_at import read_at

LONG, LONG8 = 4, 16
"""Types of the numbers that are written, in TIFF and in BigTIFF."""
GREY = 1
"""PhotometricInterpretation of a channel: grey, 0 is black."""
ZERO_IS_WHITE = 0
MAX_PLANES = 500
"""Maximum of planes: each is read through an open file."""
RANGES = (280, 281, 340, 341)
"""Tags with a number for each channel that no reader of the pixels needs: least and largest values."""
_REPLACED = {
    BITS,
    PHOTOMETRIC,
    STRIP_PLACES,
    SAMPLES,
    STRIP_SIZES,
    PLANAR,
    TILE_PLACES,
    TILE_SIZES,
    SUB_DIRECTORIES,
    EXTRA,
    SAMPLE_FORMAT,
    *RANGES,
}


def file_of_planes(file: BinaryIO, photo: Directory) -> IO[bytes]:
    """Return a temporary copy of the file whose pictures are the planes of one picture, in order; the caller closes it.

    Where 0 is white, so it is in the first of them.

    Raises
    ------
    DamagedMedia : a plane lacks strips or tiles.
    RefusedMedia : there are too many planes, or the copy would be too long for its offsets.
    """
    down = -(-photo.height_px // photo.rows_at_once)
    blocks_per_plane = photo.across * down
    if photo.samples > MAX_PLANES:
        raise RefusedMedia(f"{photo.samples} separate planes; at most {MAX_PLANES} are read", "split it")
    if len(photo.blocks) < photo.samples * blocks_per_plane:
        words = f"{photo.samples} planes of {blocks_per_plane} strips or tiles, and its directory names"
        raise DamagedMedia(f"{words} {len(photo.blocks)}", "download it again")
    read = functools.partial(read_at, file)
    layout, _ = layout_of(read(0, 16)) or (TiffLayout(order="<"), 0)
    stored = layout.directory(read, photo.at, MAX_ENTRIES)
    whole = dict[int, bytes]()
    for entry in stored.entries if stored else ():
        if entry.number not in _REPLACED:
            head = (layout.short(entry.number), layout.short(entry.kind), layout.bytes_of(entry.count), entry.field)
            whole.setdefault(entry.number, b"".join(head))
    copy = tempfile.NamedTemporaryFile()  # noqa: SIM115 (closed by the caller)
    try:
        file.seek(0)
        shutil.copyfileobj(file, copy)
        size_bytes = copy.tell()
        written = _Appended(copy, layout)
        link = layout.offset_bytes
        places, sizes = (TILE_PLACES, TILE_SIZES) if photo.tile_px else (STRIP_PLACES, STRIP_SIZES)
        for number in range(photo.samples):
            blocks = photo.blocks[number * blocks_per_plane : (number + 1) * blocks_per_plane]
            is_white = photo.photometric == ZERO_IS_WHITE and number == 0
            own: dict[int, Sequence[int]] = {
                BITS: (photo.bits[min(number, len(photo.bits) - 1)],),
                PHOTOMETRIC: (ZERO_IS_WHITE if is_white else GREY,),
                SAMPLES: (1,),
                SAMPLE_FORMAT: (photo.sample_format,),
                places: [place if place + size <= size_bytes else written.nowhere for place, size in blocks],
                sizes: [size for _, size in blocks],
            }
            entries = whole | {tag: written.entry(tag, values) for tag, values in own.items()}
            link = written.directory(entries, link)
        copy.flush()
    except BaseException:
        copy.close()
        raise
    return copy


class _Appended:
    """Directories, and their numbers, behind the end of a TIFF."""

    def __init__(self, file: IO[bytes], layout: TiffLayout) -> None:
        self._file, self._layout = file, layout
        self._largest = (1 << 8 * layout.offset_bytes) - 1
        self.nowhere = min(self._largest, 1 << 40)
        """Offset for data that the file lacks: directories, which are no pixels, are now where they should be."""

    def entry(self, tag: int, values: Sequence[int]) -> bytes:
        """Write the numbers of a tag unless they fit into its entry, which is returned."""
        layout = self._layout
        known = [one if isinstance(one, int) and 0 <= one <= self._largest else 0 for one in values]
        data = b"".join(map(layout.bytes_of, known))
        field = layout.bytes_of(self._append(data)) if len(data) > layout.offset_bytes else data
        kind = LONG8 if layout.is_big else LONG
        return layout.short(tag) + layout.short(kind) + layout.bytes_of(len(known)) + field

    def directory(self, entries: dict[int, bytes], link: int) -> int:
        """Write a directory, to which the offset at `link` will point; return the place of its own such offset."""
        layout = self._layout
        count = len(entries).to_bytes(layout.count_bytes, "little" if layout.order == "<" else "big")
        data = count + b"".join(entries[tag] for tag in sorted(entries))
        at = self._append(data + bytes(layout.offset_bytes))
        self._file.seek(link)
        self._file.write(layout.bytes_of(at))
        return at + len(data)

    def _append(self, data: bytes) -> int:
        end = self._file.seek(0, 2)
        at = end + -end % 8
        if at + len(data) > self._largest:
            raise RefusedMedia(
                "its planes cannot be read one by one, as the file has the 4 GiB of a TIFF already", "convert it"
            )
        self._file.write(bytes(at - end) + data)
        return at
