"""Text and XML in chunks."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree

from processors.containers.text.unknown_text import sixteen_bit
from processors.metadata.tags.tag_records import Tag, encoded_tag, text_tag
from processors.planetary.labels import readable_xml

MAX_DEPTH = 20
MAX_ELEMENTS = 10_000
UTF_16 = {b"<\0": "utf-16-le", b"\0<": "utf-16-be", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
"""Beginnings of XML text in 16-bit characters."""


def chunk_tags(namespace: str, name: str, data: bytes) -> Iterator[Tag]:
    """Yield the text up to the first zero byte, in whatever encoding; nothing if it is blank."""
    if text := sixteen_bit(data):
        yield text_tag(namespace, name, text)
    elif plain := data.partition(b"\0")[0].strip():
        yield encoded_tag(namespace, name, plain)


def xml_tags(namespace: str, data: bytes) -> Iterator[Tag]:
    """Yield the text of each element and attribute, named by its path below the root.

    Raises
    ------
    ValueError : not XML, declares a document type, or nested too deep.
    """
    try:
        root = defusedxml.ElementTree.fromstring(_xml(data), forbid_dtd=True)
    except defusedxml.DefusedXmlException as error:
        raise ValueError("it declares a document type or entities: refused") from error
    except (ParseError, UnicodeError, LookupError) as error:
        raise ValueError(f"not well-formed XML: {error}") from error
    for number, tag in enumerate(_elements(namespace, root, "", 0)):
        if number == MAX_ELEMENTS:
            raise ValueError(f"more than {MAX_ELEMENTS} elements: the rest is not read")
        yield tag


def _xml(data: bytes) -> bytes | str:
    """Decode XML; 16-bit encodings are recognised by the beginning, whatever the declaration says."""
    encoding = UTF_16.get(data[:2])
    if encoding is None:
        return readable_xml(data.strip(b"\0 \r\n\t"))
    text = data[: len(data) // 2 * 2].decode(encoding).partition("\0")[0].strip()
    if text.startswith("<?xml"):
        text = text.partition("?>")[2]
    return text


def _elements(namespace: str, element: Element, path: str, depth: int) -> Iterator[Tag]:
    if depth > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    for child in element:
        name = f"{path}/{child.tag.rpartition('}')[2]}".lstrip("/")
        if text := (child.text or "").strip():
            yield text_tag(namespace, name, text)
        for key, value in child.attrib.items():
            if value.strip():
                yield text_tag(namespace, f"{name}@{key.rpartition('}')[2]}", value)
        yield from _elements(namespace, child, name, depth + 1)
