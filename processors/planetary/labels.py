"""Reading of labels next to a source, verified against the plan, and safe parsing of XML."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree

from processors.contract import LabelRef
from processors.errors import DamagedMedia, RefusedMedia, SourceChanged
from processors.sources.source_file import SourceFile

IMAGE_LABELS = ("PDS4 label", "PDS3 label")
"""Formats of labels that name the files they describe."""
LABEL_SUFFIXES = (".xml", ".lblx", ".lbl")
MAX_LABEL_BYTES = 4 << 20
MAX_DEPTH = 100
_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*[\"']([\w.-]{1,40})[\"'][^>]{0,200}\?>")
_OF_SEVERAL_BYTES = {
    **dict.fromkeys(("gb2312", "gbk", "gb18030", "x_gbk", "cp936"), "gb18030"),
    **{name: name for name in ("big5", "euc_jp", "euc_kr", "shift_jis")},
}
"""Python's name of each encoding that XML may declare and Expat does not read; GB18030 contains its predecessors."""


def is_named_as_label(name: str) -> bool:
    """Return whether a file may be a label by its name; those of CNSA have the name of their file and an L."""
    return name.lower().endswith((*LABEL_SUFFIXES, "l"))


def read_label(file: SourceFile, label: LabelRef) -> bytes:
    """Return a label's bytes, at most one more than `MAX_LABEL_BYTES`.

    Raises
    ------
    SourceChanged : the label vanished or changed since planning.
    OSError : the label cannot be read.
    """
    try:
        with Path(os.path.normpath(file.path.parent / label.name)).open("rb") as opened:
            data = opened.read(MAX_LABEL_BYTES + 1)
            rest = hashlib.sha256(data)
            while more := opened.read(1 << 20):
                rest.update(more)
    except FileNotFoundError as error:
        raise SourceChanged(
            error.errno, f"label {label.name} vanished: restore it and run again", str(file.path)
        ) from error
    if rest.hexdigest() != label.sha256:
        raise SourceChanged(
            None, f"label {label.name} changed during the run: run `marsmedia ingest` again", str(file.path)
        )
    return data


def is_xml(label: bytes) -> bool:
    """Return whether a label is XML, as PDS4's and CNSA's are, and not `KEY = VALUE` text."""
    return label.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"\xff\xfe<", b"\xfe\xff\x00<"))


def readable_xml(data: bytes) -> bytes | str:
    """Return XML as Expat reads it: text in place of bytes whose declared encoding has several bytes a character.

    Raises
    ------
    ValueError : the bytes are not in the declared encoding.
    """
    found = _DECLARED.match(data)
    encoding = _OF_SEVERAL_BYTES.get(found[1].decode().casefold().replace("-", "_")) if found else None
    return data[found.end() :].decode(encoding) if found and encoding else data


def label_root(data: bytes) -> Element:
    """Return the root of an XML label.

    Raises
    ------
    DamagedMedia : the label is not well-formed.
    RefusedMedia : the label is over the limit, or declares a document type or entities.
    """
    if len(data) > MAX_LABEL_BYTES:
        raise RefusedMedia(f"a label of more than {MAX_LABEL_BYTES} bytes is over the limit", "shorten it")
    try:
        return defusedxml.ElementTree.fromstring(readable_xml(data), forbid_dtd=True)
    except defusedxml.DefusedXmlException as error:
        raise RefusedMedia("the label declares a document type or entities", "remove the declaration") from error
    except (ParseError, ValueError, LookupError) as error:
        raise DamagedMedia(f"the label is not well-formed XML: {error}") from error


def local_name(element: Element) -> str:
    """Return an element's name in lower case, without its namespace; empty for a comment."""
    return element.tag.rpartition("}")[2].casefold() if isinstance(element.tag, str) else ""


def xml_entries(element: Element, path: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield every value below an element, in order: (names of the enclosing elements, joined by `/`; text and unit).

    Raises
    ------
    RefusedMedia : the label is nested deeper than `MAX_DEPTH`.
    """
    if depth > MAX_DEPTH:
        raise RefusedMedia(f"the label is nested deeper than {MAX_DEPTH}", "flatten it")
    for child in element:
        if not isinstance(child.tag, str):
            continue
        name = f"{path}/{child.tag.rpartition('}')[2]}".lstrip("/")
        text = (child.text or "").strip()
        if text:
            unit = child.attrib.get("unit")
            yield name, f"{text} {unit}" if unit else text
        yield from xml_entries(child, name, depth + 1)
