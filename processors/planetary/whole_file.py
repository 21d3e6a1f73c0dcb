"""Statements of labels about a whole file, its MD5 and its size, and its actual MD5."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from xml.etree.ElementTree import Element

from processors.planetary.labels import is_xml, label_root, local_name
from processors.planetary.pvl import Block, blocks_of, items_of, label_text, unquoted
from processors.sources.unicode_forms import folded

_MD5 = re.compile(r"[0-9A-Fa-f]{32}")
_COUNT = re.compile(r"\s*(\d{1,18})\s*(?:<?(?:bytes?|records?)>?)?\s*", re.IGNORECASE)
BYTES = ("", "byte", "bytes")


@dataclass(frozen=True, kw_only=True)
class NamedMd5:
    place: str
    """Name of the label's entry."""
    md5: str
    """MD5 as 32 lower-case hexadecimal digits."""


@dataclass(frozen=True, kw_only=True)
class NamedSize:
    place: str
    """Name of the label's entry."""
    size_bytes: int


def md5_named(label: bytes, name: str) -> NamedMd5 | None:
    """Return the MD5 that a label states for the whole file of this name, or None.

    Raises
    ------
    DamagedMedia : the label is not well-formed XML.
    RefusedMedia : the label is over a limit, or declares a document type or entities.
    """
    if is_xml(label):
        found = [
            NamedMd5(place=f"{part}/md5_checksum", md5=_text(entries["md5_checksum"]).lower())
            for part, entries in _parts_of_file(label_root(label), name)
            if "md5_checksum" in entries
        ]
    else:  # an image's own MD5 covers only its pixels
        found = [
            NamedMd5(place=f"{block.path}MD5_CHECKSUM", md5=unquoted(block.values.get("MD5_CHECKSUM", "")).lower())
            for block in _blocks_of_file(label, name)
        ]
    return next((one for one in found if _MD5.fullmatch(one.md5)), None)


def md5_of(file: BinaryIO) -> str:
    """Return the MD5 of an open file, from its first byte."""
    file.seek(0)
    return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()  # type: ignore[arg-type]


def size_named(label: bytes, name: str) -> NamedSize | None:
    """Return the size that a label states for the whole file of this name, or None.

    PDS4 states it as `file_size`. In PDS3, the file has `FILE_RECORDS` times `RECORD_BYTES` bytes if its records have a
    fixed length (PDS3 Standards Reference, 15); `RECORD_BYTES` of other records is that of the longest.

    Raises
    ------
    DamagedMedia : the label is not well-formed XML.
    RefusedMedia : the label is over a limit, or declares a document type or entities.
    """
    if is_xml(label):
        sizes = (_size_of_part(part, entries) for part, entries in _parts_of_file(label_root(label), name))
    else:
        sizes = (_size_of_block(block) for block in _blocks_of_file(label, name))
    return next(filter(None, sizes), None)


def size_named_inside(head: bytes, name: str) -> NamedSize | None:
    """Return the size that the PDS3 label at the start of a file states for this file, or None; raises as above."""
    root = blocks_of(label_text(head)[0])
    return _size_of_block(root) if {*_names_in(root)} <= {folded(name)} else None


def _parts_of_file(root: Element, name: str) -> Iterator[tuple[str, dict[str, Element]]]:
    """Yield the elements of a PDS4 label about the file of this name: their lower-case names, and their children."""
    for part in root.iter():
        entries = {local_name(child): child for child in part}
        if "file_name" in entries and folded(_text(entries["file_name"])) == folded(name):
            yield local_name(part), entries


def _blocks_of_file(label: bytes, name: str) -> Iterator[Block]:
    """Yield a PDS3 label itself and its FILE objects, those that name this file and no other."""
    for block in blocks_of(label_text(label)[0]).walk():
        if (block.parent is None or block.name == "FILE") and {*_names_in(block)} == {folded(name)}:
            yield block


def _names_in(block: Block) -> Iterator[str]:
    """Yield the names of the files to which a block of a PDS3 label points, in lower case."""
    for key, value in block.values.items():
        if key == "FILE_NAME" or (key.startswith("^") and not re.search(r"STRUCTURE|DESC|CATALOG|CAT$", key)):
            first = next(iter(items_of(value)), "").partition(";")[0]
            if "." in first:
                yield folded(first)


def _size_of_part(part: str, entries: dict[str, Element]) -> NamedSize | None:
    size = entries.get("file_size")
    if size is None or size.attrib.get("unit", "").casefold() not in BYTES or (count := _count(size.text)) is None:
        return None
    return NamedSize(place=f"{part}/file_size", size_bytes=count)


def _size_of_block(block: Block) -> NamedSize | None:
    values = block.values
    count, length = _count(values.get("FILE_RECORDS")), _count(values.get("RECORD_BYTES"))
    if unquoted(values.get("RECORD_TYPE", "")).strip().upper() != "FIXED_LENGTH" or not count or not length:
        return None
    return NamedSize(place=f"{block.path}FILE_RECORDS x RECORD_BYTES", size_bytes=count * length)


def _count(text: str | None) -> int | None:
    found = _COUNT.fullmatch(text or "")
    return int(found[1]) if found else None


def _text(element: Element) -> str:
    return (element.text or "").strip()
