"""VICAR images: a label of `KEY=VALUE` words before the pixels, and more of it after them (VICAR File Format)."""

from __future__ import annotations

import dataclasses
import itertools
import re
from typing import BinaryIO

from processors.errors import DamagedMedia, UnsupportedMedia
from processors.planetary.image_object import FIX_LABEL, ImageObject, Interleave, checked
from processors.planetary.pds3_image import with_meanings
from processors.planetary.pvl import Block

FORMAT = "vicar"
MAX_LABEL_BYTES = 4 << 20
MAX_ITEMS = 20_000
_ITEM = re.compile(r"(?<!\w)(\w++)\s*+=\s*+('(?:[^']|'')*+'|\((?:'[^']{0,4000}'|[^)']){0,4000}+\)|[^\s']+)")
_SIZE = re.compile(rb"LBLSIZE\s*=\s*(\d{1,10})")
_TYPES = {
    "BYTE": ("u", 1), "HALF": ("i", 2), "WORD": ("i", 2), "FULL": ("i", 4), "LONG": ("i", 4), "REAL": ("f", 4),
    "DOUB": ("f", 8),
}  # fmt: skip
_INTEGERS = {"HIGH": ">", "LOW": "<"}
_REALS = {"IEEE": ">", "RIEEE": "<", "VAX": "vax"}
_ORDERS: dict[str, Interleave] = {"BSQ": "BSQ", "BIL": "BIL", "BIP": "BIP"}


def begins_with_label(head: bytes) -> bool:
    """Return whether these first bytes of a file begin a VICAR label."""
    return _SIZE.match(head) is not None


def image_inside(file: BinaryIO) -> ImageObject:
    """Return the image of a VICAR file.

    Raises
    ------
    UnsupportedMedia : the image is compressed, or its number type or order is not supported.
    DamagedMedia : the label lacks a required entry, or has an impossible value.
    """
    file.seek(0)
    text, size = _label(file, 0)
    entries = _entries(text)
    table = dict(reversed(entries))
    if table.get("COMPRESS", "NONE") not in ("NONE", ""):
        raise UnsupportedMedia(f"compressed as {table['COMPRESS'][:80]}", "decompress it first")
    order = table.get("ORG", "BSQ").upper()
    if order not in _ORDERS:
        raise UnsupportedMedia(f"its label says ORG = {order[:80]}, which is not supported", "convert it first")
    prefix = _number(table, "NBB", 0)
    if order == "BIP" and prefix:
        raise UnsupportedMedia(f"its label says NBB = {prefix} with ORG = BIP, which is not supported", "convert it")
    headers = _number(table, "NLB", 0)
    offset = size + (headers * _number(table, "RECSIZE") if headers else 0)
    image = ImageObject(
        format=FORMAT,
        entries=entries,
        width_px=_number(table, "NS"),
        height_px=_number(table, "NL"),
        band_count=_number(table, "NB", 1),
        dtype=_dtype(table),
        offset_bytes=offset,
        row_prefix_bytes=prefix,
        interleave=_ORDERS[order],
        label_end_bytes=size,
    )
    checked(image)
    if table.get("EOL") != "1" or file.seek(0, 2) < image.end_bytes:  # the reader of pixels reports a truncated file
        return with_meanings(image, _image_data(entries))
    try:
        text, _ = _label(file, image.end_bytes)
    except DamagedMedia:
        missing = f"its label says EOL = 1, but no label follows the pixels at byte {image.end_bytes}"
        return with_meanings(dataclasses.replace(image, missing=(missing,)), _image_data(entries))
    entries = (*entries, *(entry for entry in _entries(text) if entry[0] != "LBLSIZE"))
    return with_meanings(dataclasses.replace(image, entries=entries), _image_data(entries))


def _label(file: BinaryIO, offset: int) -> tuple[str, int]:
    """Return text and size of the label at an offset."""
    file.seek(offset)
    head = file.read(64)
    found = _SIZE.match(head)
    if found is None:
        raise DamagedMedia("its VICAR label lacks LBLSIZE", FIX_LABEL)
    size = int(found[1])
    if size > MAX_LABEL_BYTES:
        raise DamagedMedia(f"its VICAR label says LBLSIZE = {size}, over the limit of {MAX_LABEL_BYTES}", FIX_LABEL)
    data = head[:size] + file.read(max(0, size - len(head)))
    return data.decode("latin-1").partition("\x00")[0], size


def _entries(text: str) -> tuple[tuple[str, str], ...]:
    found = (item.groups() for item in itertools.islice(_ITEM.finditer(text), MAX_ITEMS))
    return tuple((name, value[1:-1].replace("''", "'") if value[:1] == "'" else value) for name, value in found)


def _image_data(entries: tuple[tuple[str, str], ...]) -> Block:
    """Return the label's property IMAGE_DATA, whose entries are those of an IMAGE object of PDS3."""
    found, inside = Block(name="IMAGE_DATA", path="", parent=None), ""
    for key, value in entries:
        if key in ("PROPERTY", "TASK"):
            inside = value if key == "PROPERTY" else ""
        elif inside == found.name:
            found.values.setdefault(key, value)
    return found


def _dtype(table: dict[str, str]) -> str:
    words = _text(table, "FORMAT").upper()
    if words not in _TYPES:
        raise UnsupportedMedia(f"its label says FORMAT = {words[:80]}, which is not supported", "convert it first")
    kind, item = _TYPES[words]
    if item == 1:
        return "u1"
    # without this entry the label was written on a VAX
    key, orders, default = ("REALFMT", _REALS, "VAX") if kind == "f" else ("INTFMT", _INTEGERS, "LOW")
    written = table.get(key, default).upper()
    if written not in orders:
        raise UnsupportedMedia(f"its label says {key} = {written[:80]}, which is not supported", "convert it first")
    if orders[written] == "vax":
        return "vaxf4" if item == 4 else "vaxd8"
    return f"{orders[written]}{kind}{item}"


def _text(table: dict[str, str], key: str) -> str:
    if key not in table:
        raise DamagedMedia(f"its VICAR label lacks {key}", "fix the label, or download it again")
    return table[key]


def _number(table: dict[str, str], key: str, default: int | None = None) -> int:
    text = table.get(key, "") if default is not None and key not in table else _text(table, key)
    if default is not None and not text:
        return default
    if not re.fullmatch(r"[+-]?\d{1,18}", text):
        raise DamagedMedia(f"its VICAR label says {key} = {text[:80]}, which is not a whole number", FIX_LABEL)
    return int(text)
