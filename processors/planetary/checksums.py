"""MD5 checksums in labels, and computed from files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from xml.etree.ElementTree import Element

from processors.planetary.labels import is_xml, label_root
from processors.planetary.pvl import Block, blocks_of, items_of, label_text, unquoted

_MD5 = re.compile(r"[0-9A-Fa-f]{32}")


@dataclass(frozen=True, kw_only=True)
class NamedMd5:
    """MD5 of a file as stated in its label."""

    place: str
    """Name of the label's entry."""
    md5: str
    """MD5 as 32 lower-case hexadecimal digits."""


def md5_named(label: bytes, name: str) -> NamedMd5 | None:
    """Return the MD5 that a label states for the whole file of this name, or None.

    Raises
    ------
    DamagedMedia : the label is not well-formed XML.
    RefusedMedia : the label is over a limit, or declares a document type or entities.
    """
    found = _of_xml(label_root(label), name) if is_xml(label) else _of_pds3(label_text(label)[0], name)
    return next((one for one in found if _MD5.fullmatch(one.md5)), None)


def md5_of(file: BinaryIO) -> str:
    """Return the MD5 of an open file, from its first byte."""
    file.seek(0)
    return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()  # type: ignore[arg-type]


def entries_of_file(root: Element, name: str) -> Iterator[tuple[str, dict[str, Element]]]:
    """Yield the elements of a PDS4 label about the file of this name: their lower-case names, and their children."""
    for part in root.iter():
        entries = {_local(child): child for child in part}
        if "file_name" in entries and _text(entries["file_name"]).casefold() == name.casefold():
            yield _local(part), entries


def _of_xml(root: Element, name: str) -> Iterator[NamedMd5]:
    for part, entries in entries_of_file(root, name):
        if "md5_checksum" in entries:
            yield NamedMd5(place=f"{part}/md5_checksum", md5=_text(entries["md5_checksum"]).lower())


def _of_pds3(text: str, name: str) -> Iterator[NamedMd5]:
    """Yield MD5s of the label or a FILE object that names no other file; an image's own covers only its pixels."""
    root = blocks_of(text)
    for block in (root, *root.walk()):
        value = unquoted(block.values.get("MD5_CHECKSUM", ""))
        if value and (block is root or block.name == "FILE") and {*names_in(block)} == {name.casefold()}:
            yield NamedMd5(place=f"{block.path}MD5_CHECKSUM", md5=value.lower())


def names_in(block: Block) -> Iterator[str]:
    """Yield the names of the files to which a block of a PDS3 label points, in lower case."""
    for key, value in block.values.items():
        if key == "FILE_NAME" or (key.startswith("^") and not re.search(r"STRUCTURE|DESC|CATALOG|CAT$", key)):
            first = next(iter(items_of(value)), "").partition(";")[0]
            if "." in first:
                yield first.casefold()


def _text(element: Element) -> str:
    return (element.text or "").strip()


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2].casefold() if isinstance(element.tag, str) else ""
