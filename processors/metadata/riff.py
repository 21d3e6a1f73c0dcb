"""What stands in the chunks of a WAV or AVI file: broadcast extension, iXML, LIST INFO, XMP; also RF64."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree

from processors.metadata.record import Tag, bytes_tag, text_tag
from processors.metadata.xmp import xmp_tags

MAX_CHUNKS = 4096
MAX_CHUNK_BYTES = 4 << 20
"""Of a chunk that is read; the sound itself is skipped whatever its size."""
MAX_DEPTH = 20


def riff_tags(file: BinaryIO, problems: list[str]) -> Iterator[Tag]:
    """Tags of every known chunk, in the order of the file; what is broken goes to `problems`."""
    file.seek(0)
    head = file.read(12)
    if head[:4] not in (b"RIFF", b"RF64", b"BW64", b"RIFX"):
        return
    order = ">" if head[:4] == b"RIFX" else "<"
    place, data_bytes = 12, None
    for _ in range(MAX_CHUNKS):
        file.seek(place)
        header = file.read(8)
        if len(header) < 8:
            return
        name, size = header[:4], struct.unpack(order + "I", header[4:])[0]
        if name == b"ds64":
            data_bytes = struct.unpack("<Q", file.read(16)[8:16].ljust(8, b"\0"))[0]
        elif name == b"data" and size == 0xFFFFFFFF and data_bytes is not None:
            size = data_bytes
        elif read := CHUNKS.get(name):
            try:
                yield from read(file.read(min(size, MAX_CHUNK_BYTES)))
            except (ValueError, struct.error) as error:
                problems.append(f"chunk {name.decode('latin-1').strip()}: {error}")
            if size > MAX_CHUNK_BYTES:
                problems.append(f"chunk {name.decode('latin-1').strip()}: only {MAX_CHUNK_BYTES} of {size} bytes read")
        place += 8 + size + size % 2
    problems.append(f"more than {MAX_CHUNKS} chunks: the rest is not read")


def _bext(data: bytes) -> Iterator[Tag]:
    """EBU Tech 3285, version 2."""
    if len(data) < 348:
        raise ValueError(f"{len(data)} bytes are too short for a broadcast extension")
    for name, start, length in (("Description", 0, 256), ("Originator", 256, 32), ("OriginatorReference", 288, 32),
                                ("OriginationDate", 320, 10), ("OriginationTime", 330, 8)):  # fmt: skip
        if text := _text(data[start : start + length]):
            yield text_tag("bext", name, text)
    yield Tag(namespace="bext", name="TimeReference", value=struct.unpack("<Q", data[338:346])[0])
    version = struct.unpack("<H", data[346:348])[0]
    yield Tag(namespace="bext", name="Version", value=version)
    if version >= 1 and data[348:412].strip(b"\0"):
        yield bytes_tag("bext", "UMID", data[348:412])
    if version >= 2 and len(data) >= 422:
        names = ("LoudnessValue", "LoudnessRange", "MaxTruePeakLevel", "MaxMomentaryLoudness", "MaxShortTermLoudness")
        for name, value in zip(names, struct.unpack("<5h", data[412:422]), strict=True):
            if value != 0x7FFF:  # unused
                yield Tag(namespace="bext", name=name, value=value / 100)
    if history := _text(data[602:]):
        yield text_tag("bext", "CodingHistory", history)


def _list(data: bytes) -> Iterator[Tag]:
    if data[:4] != b"INFO":
        return
    place = 4
    while place + 8 <= len(data):
        name, size = data[place : place + 4], struct.unpack("<I", data[place + 4 : place + 8])[0]
        if text := _text(data[place + 8 : place + 8 + size]):
            yield text_tag("riff.info", name.decode("latin-1"), text)
        place += 8 + size + size % 2


def _ixml(data: bytes) -> Iterator[Tag]:
    try:
        root = defusedxml.ElementTree.fromstring(data.strip(b"\0 \r\n\t"), forbid_dtd=True)
    except defusedxml.DefusedXmlException as error:
        raise ValueError("it declares a document type or entities: refused") from error
    except ParseError as error:
        raise ValueError(f"not well-formed XML: {error}") from error
    yield from _elements(root, "", 0)


def _elements(element: Element, path: str, depth: int) -> Iterator[Tag]:
    if depth > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    for child in element:
        name = f"{path}/{child.tag}".lstrip("/")
        if text := (child.text or "").strip():
            yield text_tag("ixml", name, text)
        yield from _elements(child, name, depth + 1)


def _text(data: bytes) -> str:
    plain = data.partition(b"\0")[0]
    try:
        return plain.decode("utf-8").strip()
    except UnicodeDecodeError:
        return plain.decode("latin-1").strip()


CHUNKS: dict[bytes, Callable[[bytes], Iterator[Tag]]] = {
    b"bext": _bext, b"LIST": _list, b"iXML": _ixml, b"_PMX": xmp_tags,
}  # fmt: skip
