"""XMP packets: every property with its path, repeated ones as lists."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree

from processors.languages.text import FALLBACK
from processors.metadata.tags.tag_records import Tag, text_tag

MAX_XMP_BYTES = 16 << 20
MAX_DEPTH = 40
MAX_LIST = 1000
DEFAULT = "x-default"
"""Language code of the default text (XMP specification part 1, 8.2.2.4)."""
XMP_PREFIXES = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/xap/1.0/mm/": "xmpMM",
    "http://ns.adobe.com/xap/1.0/rights/": "xmpRights",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/exif/1.0/aux/": "aux",
    "http://ns.adobe.com/camera-raw-settings/1.0/": "crs",
    "http://ns.adobe.com/xap/1.0/sType/ResourceRef#": "stRef",
    "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#": "stEvt",
    "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/": "Iptc4xmpCore",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
    "http://cipa.jp/exif/1.0/": "exifEX",
}
EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_XML = "{http://www.w3.org/XML"
LANGUAGE = f"{_XML}/1998/namespace}}lang"
_CONTAINERS = {f"{RDF}Bag", f"{RDF}Seq", f"{RDF}Alt"}


def xmp_tags(data: bytes) -> Iterator[Tag]:
    """Yield every property of a packet in its order, then each text that has a language, named `dc:title[zh-CN]`.

    Raises
    ------
    ValueError : over the limit, not well-formed, or it declares a document type or entities.
    """
    root = _root(data)
    yield from _properties(root)
    yield from _by_language(root)


def _properties(root: Element) -> Iterator[Tag]:
    found: dict[str, list[str]] = {}
    for attribute, text in root.attrib.items():
        if attribute.endswith("}xmptk"):
            found["x:xmptk"] = [text]
    for tree in (root,) if root.tag == f"{RDF}RDF" else root.iter(f"{RDF}RDF"):
        for description in tree:
            if about := description.attrib.get(f"{RDF}about"):
                found.setdefault("rdf:about", [about])
            _walk("", description, found, 0)
    for name, texts in found.items():
        values = [text_tag("xmp", name, text).value for text in texts[:MAX_LIST]]
        if len(values) == 1:
            yield text_tag("xmp", name, texts[0])
        else:
            length = len(texts) if len(texts) > MAX_LIST else None
            yield Tag(namespace="xmp", name=name, value=values, length=length)  # type: ignore[arg-type]


def _by_language(root: Element) -> Iterator[Tag]:
    """Yield each text of a property that has a language; `x-default` is not one."""
    for description in root.iter(f"{RDF}Description"):
        for prop in description:
            for one in prop.findall(f"{RDF}Alt/{RDF}li"):
                code = one.get(LANGUAGE, DEFAULT)
                if code.casefold() != DEFAULT and (one.text or "").strip():
                    yield text_tag("xmp", f"{_join('', prop.tag)}[{code}]", one.text or "")


def _root(data: bytes) -> Element:
    if len(data) > MAX_XMP_BYTES:
        raise ValueError(f"the packet of {len(data)} bytes is over the limit of {MAX_XMP_BYTES}")
    try:
        # forbid_dtd: an XMP packet has none, and entities need one
        return defusedxml.ElementTree.fromstring(_decoded(data), forbid_dtd=True)
    except UnicodeDecodeError as error:
        raise ValueError(f"not the {error.encoding} that it begins as") from error
    except defusedxml.DefusedXmlException as error:
        raise ValueError("it declares a document type or entities: refused") from error
    except ParseError as error:
        raise ValueError(f"not well-formed XML: {error}") from error


def _decoded(data: bytes) -> str | bytes:
    """Decode a UTF-16 or UTF-32 packet, recognised by its mark or the zeros around its first `<`; keep other bytes."""
    for encoding in ("utf-32-be", "utf-32-le", "utf-16-be", "utf-16-le"):
        if data.startswith(("\ufeff".encode(encoding), "<".encode(encoding))):
            return data.decode(encoding).strip("\x00\ufeff \r\n\t")
    return data.strip(b"\x00 \r\n\t")


def extended_packet(segments: Iterable[tuple[str, bytes]], main: bytes) -> bytes | None:
    """Return the part of a JPEG's XMP that did not fit into its first segment (XMP specification part 3, 1.1.3.1).

    Parameters
    ----------
    segments : name and content of the JPEG's application segments.
    main : the first packet, which names the other by its digest.

    Raises
    ------
    ValueError : over the limit, or pieces are missing.
    """
    found = re.search(rb"""HasExtendedXMP\s*(?:=\s*["']|>)\s*([0-9A-Fa-f]{32})""", main)
    if not found:
        return None
    pieces: dict[int, bytes] = {}
    full = 0
    for name, data in segments:
        if name == "APP1" and data.startswith(EXTENSION + found[1]):
            full, offset = struct.unpack(">II", data[len(EXTENSION) + 32 : len(EXTENSION) + 40])
            pieces[offset] = data[len(EXTENSION) + 40 :]
    if full > MAX_XMP_BYTES:
        raise ValueError(f"the extended packet of {full} bytes is over the limit of {MAX_XMP_BYTES}")
    whole = b"".join(pieces[offset] for offset in sorted(pieces))
    if len(whole) != full or not whole:
        raise ValueError(f"{len(whole)} of the {full} bytes of the extended packet are present")
    return whole


def _walk(path: str, element: Element, found: dict[str, list[str]], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    for attribute, text in element.attrib.items():
        if attribute == f"{RDF}resource":
            found.setdefault(path, []).append(text)
        elif not attribute.startswith((RDF, _XML)):
            found.setdefault(_join(path, attribute), []).append(text)
    for child in sorted(element, key=_rank_of_language) if element.tag == f"{RDF}Alt" else element:
        if not isinstance(child.tag, str):
            continue
        if child.tag in _CONTAINERS or child.tag in (f"{RDF}Description", f"{RDF}li"):
            _walk(path, child, found, depth + 1)
        else:
            _walk(_join(path, child.tag), child, found, depth + 1)
    if path and not len(element) and (element.text or "").strip():
        found.setdefault(path, []).append(element.text or "")
    elif path and not len(element) and not element.attrib and element.tag != f"{RDF}li":
        found.setdefault(path, []).append("")


def _rank_of_language(item: Element) -> int:
    """Return the rank of an alternative: the default first, then the fallback language, then the others."""
    code = item.get(LANGUAGE, DEFAULT).casefold()
    return 0 if code == DEFAULT else 1 if code.partition("-")[0] == FALLBACK else 2


def _join(path: str, name: str) -> str:
    namespace, _, local = name.removeprefix("{").rpartition("}")
    prefix = XMP_PREFIXES.get(namespace, namespace)
    own = f"{prefix}:{local}" if prefix else local
    return f"{path}/{own}" if path else own
