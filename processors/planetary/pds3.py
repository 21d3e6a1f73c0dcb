"""Images of PDS3 labels, in the same file or one next to it (PDS3 Standards Reference, 14)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from processors.errors import DamagedMedia, MediaError, RefusedMedia, UnsupportedMedia
from processors.planetary.image_object import FIX_LABEL, ImageObject, within
from processors.planetary.pds3_image import image_of, whole
from processors.planetary.pvl import (
    BARE_SFDU,
    Block,
    as_utf8,
    blocks_of,
    is_absent,
    items_of,
    label_text,
    number_of,
    statements,
    unquoted,
    word_of,
)
from processors.sources.unicode_forms import folded

ATTACHED = "pds3"
DETACHED = "PDS3 image"
MAX_LABEL_BYTES = 4 << 20
NOTHING = "no action is needed"
FIRST_KEYS = ("PDS_VERSION_ID", "ODL_VERSION_ID", "RECORD_TYPE", "FILE_TYPE", "LABEL_RECORDS", "DATA_SET_ID")
"""Keys with which a label begins, after comments and SFDU labels."""
_BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?(?:[\s\x00]|/\*(?>.*?\*/))*+\^?([A-Za-z][\w:]*)\s*=\s*(\S*)", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Location of an object's bytes, from its pointer."""

    file: str | None
    """File name; None for the label's own file."""
    offset_bytes: int


def begins_with_label(head: bytes) -> bool:
    """Return whether these first bytes of a file begin a PDS3 label."""
    bare = BARE_SFDU.match(head)
    at = bare.end() if bare else 0
    key = ""
    while found := _BEGINNING.match(head, at):
        key, value = found[1].decode().upper(), found[2].upper()
        if not (key.startswith(("CCSD", "NJPL")) and b"SFDU" in value):
            return key in FIRST_KEYS
        at = found.end()
    return key.startswith(("CCSD", "NJPL"))


def holds_image(data: bytes, name: str | None, size_bytes: int) -> bool:
    """Return whether an attached label points to an image in the same file, readable or not; parameters as below."""
    text, end = label_text(data)
    try:
        for block in blocks_of(text).walk():
            for key, value in block.values.items():
                if re.fullmatch(r"\^(\w+_)?IMAGE", key):
                    items = items_of(value)
                    if items and _is_number(items[0]):
                        own = unquoted(block.nearest("FILE_NAME") or "")
                        if not own or name is None or _same(own, name) or end is None or end < size_bytes:
                            return True
                    elif items and name is not None and _same(items[0], name):
                        return True
        image_inside(data, name, size_bytes)
    except MediaError:
        return False
    return True


def other_data(data: bytes) -> str | None:
    """Return the objects described by a label with binary data in its own file: `TABLE`; None for a label alone."""
    text, end = label_text(data)
    if end is None or not re.search(rb"[^\t\n\f\r\x1a -~]", data[end:].strip(b"\x00")):
        return None
    return ", ".join(dict.fromkeys(key[1:] for key in blocks_of(text).values if key.startswith("^")))[:200] or "no data"


def image_inside(data: bytes, name: str | None, size_bytes: int) -> ImageObject:
    """Return the image described by the label at the start of the same file.

    Parameters
    ----------
    data : the file's first bytes, at most `MAX_LABEL_BYTES` of them.
    name : the file's own name, to which a pointer may refer; None if unknown.
    size_bytes : size of the whole file.

    Raises
    ------
    UnsupportedMedia : there is no image in this file, or an unsupported one.
    DamagedMedia : the label lacks a required entry, or has an impossible value.
    RefusedMedia : over a limit.
    """
    text, end = label_text(data)
    label_end = end if end is not None else len(data)

    def is_here(place: _Place, block: Block) -> bool:
        if place.file is None or (name is not None and _same(place.file, name)):
            return True
        if place.offset_bytes < label_end:
            return False
        try:  # a renamed file, if it holds the image to which its label points
            return image_of(block, place.offset_bytes, ATTACHED).end_bytes <= size_bytes
        except MediaError:
            return False

    try:
        found = _found(text, is_here, "this file", is_attached=True)
        return _chosen(found, text, ATTACHED, label_end)
    except (DamagedMedia, UnsupportedMedia, RefusedMedia) as error:
        if end is None:
            raise DamagedMedia("its label is cut off: it has no END", "download it again") from error
        raise


def described_by(label: bytes, name: str, size_bytes: int) -> ImageObject:
    """Return the image described by a detached PDS3 label.

    Raises
    ------
    UnsupportedMedia : the label names another file, or no supported image.
    DamagedMedia : the label lacks a required entry, has an impossible value, or does not fit the file.
    RefusedMedia : over a limit.
    """
    text, _ = label_text(label)

    def is_here(place: _Place, block: Block) -> bool:
        return place.file is not None and _same(place.file, name)

    return within(_chosen(_found(text, is_here, name, is_attached=False), text, DETACHED, 0), size_bytes)


def files_named(label: bytes) -> tuple[str, ...]:
    """Return the file names in a label's data pointers, in order; without descriptions and catalogues."""
    text, _ = label_text(label)
    names: dict[str, None] = {}
    for block in blocks_of(text).walk():
        for key, value in block.values.items():
            if key.startswith("^") and not re.search(r"STRUCTURE|DESC|CATALOG|CAT$|DOCUMENT|SOFTWARE", key):
                name = next(iter(items_of(value)), "").partition(";")[0]  # behind it VMS has the version of a file
                if "." in name and not _is_number(name):
                    names.setdefault(name)
    return tuple(names)


def media_named(label: bytes, is_sound: Callable[[str], bool]) -> tuple[str, ...]:
    """Return the names of the files to which a label points for an image or sound, in order; no browse pictures.

    Parameters
    ----------
    is_sound : whether a file of this name is a recording; pointers have many names for these.
    """
    text, _ = label_text(label)
    names = dict[str, None]()
    for block in blocks_of(text).walk():
        for key, value in block.values.items():
            name = next(iter(items_of(value)), "")
            if key[:1] != "^" or "." not in name or _is_number(name) or re.search("BROWSE|THUMBNAIL|STRUCTURE", key):
                continue
            name = name.partition(";")[0]
            if re.fullmatch(r"\^(\w+_)?IMAGE", key) or is_sound(name):
                names.setdefault(name)
    return tuple(names)


def _same(written: str, name: str) -> bool:
    return folded(written.partition(";")[0]) == folded(name)


def _found(
    text: str, is_here: Callable[[_Place, Block], bool], where: str, *, is_attached: bool
) -> list[tuple[Block, _Place]]:
    """Return the images in a file with their places, the one called IMAGE first."""
    root = blocks_of(text)
    images = [block for block in root.walk() if block.name == "IMAGE" or block.name.endswith("_IMAGE")]
    if not images:
        pointers = list(dict.fromkeys(key[1:] for block in root.walk() for key in block.values if key[:1] == "^"))
        if any(name == "IMAGE" or name.endswith("_IMAGE") for name in pointers):
            raise DamagedMedia("its label lacks OBJECT = IMAGE", "fix the label, or download it again")
        raise UnsupportedMedia(f"its label describes {', '.join(pointers)[:200] or 'no data'}, not an image", NOTHING)
    placed = [(block, place) for block in images if (place := _place(block, is_attached=is_attached))]
    here = [(block, place) for block, place in placed if is_here(place, block)]
    if here:
        return sorted(here, key=lambda found: found[0].name != "IMAGE")  # stable: the label's order otherwise
    if placed:
        told = ", ".join(dict.fromkeys(place.file or "its own file" for _, place in placed))[:200]
        if is_attached:
            raise RefusedMedia(f"its pixels are in another file ({told})", "put both files into one folder")
        raise RefusedMedia(f"its label names {told}, not {where}", "supply the label that belongs to it")
    raise DamagedMedia(f"its label lacks ^{images[0].name}, the pointer to the image", FIX_LABEL)


def _place(block: Block, *, is_attached: bool) -> _Place | None:
    """Return the place given by a block's pointer; without one, the start of the file named by enclosing blocks."""
    pointer = block.parent.nearest(f"^{block.name}") if block.parent else None
    file_name = block.nearest("FILE_NAME")
    own = unquoted(file_name) if file_name and not is_attached else None
    if pointer is None:
        return _Place(file=own, offset_bytes=0) if own else None
    items = items_of(pointer)
    file = own
    if items and not _is_number(items[0]):
        file, items = items[0], items[1:]
    if len(items) > 1 or (items and not _is_number(items[0])):
        raise UnsupportedMedia(f"its label points with ^{block.name} = {pointer[:80]}", FIX_LABEL)
    return _Place(file=file, offset_bytes=_offset(block, items[0]) if items else 0)


def _offset(block: Block, item: str) -> int:
    """Return a pointer's offset: `22` counts records from 1; `5001 <BYTES>` counts bytes from 1."""
    number, unit = whole(item, f"^{block.name}"), word_of(item.partition("<")[2].strip("> "))
    if number < 1:
        raise DamagedMedia(f"its label says ^{block.name} = {item[:40]}, but places count from 1", FIX_LABEL)
    if unit in ("BYTES", "BYTE"):
        return number - 1
    if unit not in ("", "RECORDS", "RECORD"):
        raise UnsupportedMedia(f"its label counts ^{block.name} in <{unit[:40]}>", "use records or <BYTES>")
    if number == 1:
        return 0
    record = block.nearest("RECORD_BYTES")
    if record is None or is_absent(record):
        raise DamagedMedia(f"its label lacks RECORD_BYTES, by which ^{block.name} = {number} counts", FIX_LABEL)
    return (number - 1) * whole(record, "RECORD_BYTES")


def _chosen(found: list[tuple[Block, _Place]], text: str, kind: str, label_end: int) -> ImageObject:
    block, place = found[0]
    names = tuple(other.path.rstrip("/") for other, _ in found[1:])
    entries = tuple(statements(as_utf8(text)))
    return image_of(block, place.offset_bytes, kind, entries=entries, others=names, label_end_bytes=label_end)


def _is_number(item: str) -> bool:
    try:
        number_of(item)
    except ValueError:
        return False
    return True
