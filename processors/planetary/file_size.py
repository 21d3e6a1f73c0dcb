"""Sizes of whole files in labels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from processors.planetary.checksums import entries_of_file, names_in
from processors.planetary.labels import is_xml, label_root
from processors.planetary.pvl import Block, blocks_of, label_text, unquoted

_COUNT = re.compile(r"\s*(\d{1,18})\s*(?:<?(?:bytes?|records?)>?)?\s*", re.IGNORECASE)
BYTES = ("", "byte", "bytes")


@dataclass(frozen=True, kw_only=True)
class NamedSize:
    place: str
    """Name of the label's entry."""
    size_bytes: int


def size_named(label: bytes, name: str) -> NamedSize | None:
    """Return the size that a label states for the whole file of this name, or None.

    PDS4 states it as `file_size`. In PDS3, the file has `FILE_RECORDS` times `RECORD_BYTES` bytes if its records have a
    fixed length (PDS3 Standards Reference, 15); `RECORD_BYTES` of other records is that of the longest.

    Raises
    ------
    DamagedMedia : the label is not well-formed XML.
    RefusedMedia : the label is over a limit, or declares a document type or entities.
    """
    found = _of_xml(label_root(label), name) if is_xml(label) else _of_pds3(label_text(label)[0], name)
    return next(found, None)


def size_named_inside(head: bytes, name: str) -> NamedSize | None:
    """Return the size that the PDS3 label at the start of a file states for this file, or None; raises as above."""
    root = blocks_of(label_text(head)[0])
    return _of_block(root) if {*names_in(root)} <= {name.casefold()} else None


def _of_xml(root: Element, name: str) -> Iterator[NamedSize]:
    for part, entries in entries_of_file(root, name):
        if (size := entries.get("file_size")) is None or size.attrib.get("unit", "").casefold() not in BYTES:
            continue
        if (count := _count(size.text)) is not None:
            yield NamedSize(place=f"{part}/file_size", size_bytes=count)


def _of_pds3(text: str, name: str) -> Iterator[NamedSize]:
    """Yield the sizes of the label or a FILE object that names no other file."""
    root = blocks_of(text)
    for block in (root, *root.walk()):
        is_of_file = (block is root or block.name == "FILE") and {*names_in(block)} == {name.casefold()}
        if is_of_file and (found := _of_block(block)):
            yield found


def _of_block(block: Block) -> NamedSize | None:
    values = block.values
    count, length = _count(values.get("FILE_RECORDS")), _count(values.get("RECORD_BYTES"))
    if unquoted(values.get("RECORD_TYPE", "")).strip().upper() != "FIXED_LENGTH" or not count or not length:
        return None
    return NamedSize(place=f"{block.path}FILE_RECORDS x RECORD_BYTES", size_bytes=count * length)


def _count(text: str | None) -> int | None:
    found = _COUNT.fullmatch(text or "")
    return int(found[1]) if found else None
