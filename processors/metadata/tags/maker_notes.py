"""Maker notes: every entry of the directories that camera makers write, under the maker's name and the entry's number.

The meaning of the numbers is not published, and nothing is guessed. Layouts as described in ExifTool's documentation,
"MakerNotes"; a note of unknown layout is kept as bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from processors.containers.photo.tiff_directory import Read, TiffLayout
from processors.metadata.tags.ifd import MAKER_NAMESPACE, Directories
from processors.metadata.tags.tag_records import Tag

MAX_NOTE_BYTES = 1 << 20

# begins with, namespace, where the directory begins, offsets count from the note (None: from the EXIF block)
LAYOUTS: tuple[tuple[bytes, str, int, int | None], ...] = (
    (b"Nikon\0\x02", "nikon", 18, 10),
    (b"OLYMPUS\0", "olympus", 12, 0),
    (b"OM SYSTEM\0", "olympus", 16, 0),
    (b"OLYMP\0", "olympus", 8, None),
    (b"Panasonic\0\0\0", "panasonic", 12, None),
    (b"SONY DSC \0\0\0", "sony", 12, None),
    (b"SONY CAM \0\0\0", "sony", 12, None),
    (b"AOC\0", "pentax", 6, None),
    (b"FUJIFILM", "fujifilm", 12, 0),
    (b"Apple iOS\0", "apple", 14, 0),
)
ORDERS: dict[str, Literal["<", ">"]] = {"fujifilm": "<", "apple": ">"}
"""Byte order of notes that do not use that of the EXIF block."""


def maker_note_tags(directories: Directories, read: Read, make: str) -> Iterator[Tag]:
    """Yield entries of an EXIF block's maker note; none without a note or with an unknown layout.

    Parameters
    ----------
    directories : directories of the EXIF block, after its tags were read.
    read : reader of the EXIF block.
    make : the camera's maker, which is the only way to recognise a Canon note.
    """
    if directories.maker_note is None:
        return
    place, size = directories.maker_note
    note, order = read(place, min(size, MAX_NOTE_BYTES)), directories.layout.order
    found = next((layout for layout in LAYOUTS if note.startswith(layout[0])), None)
    if found is None:
        if not make.upper().startswith("CANON"):
            return
        found = (b"", "canon", 0, None)
    _, name, start, base = found
    if name == "olympus" and base is not None:
        order = ">" if note[start - 4 : start - 2] == b"MM" else "<"
    if name == "fujifilm":
        start = int.from_bytes(note[8:12], "little")
    if name == "nikon":
        order = ">" if note[10:12] == b"MM" else "<"
    layout = TiffLayout(order=ORDERS.get(name, order))
    namespace = MAKER_NAMESPACE + name
    if base is None:
        yield from directories.numbered(read, layout, place + start, namespace)
        return

    def inside(offset: int, count: int) -> bytes:
        return note[base + offset : base + offset + count]

    yield from directories.numbered(inside, layout, start - base, namespace)
