"""XMP packets (ISO 16684-1) with the terms of IPTC Photo Metadata 2023; a picture's own properties are kept."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element, ParseError, SubElement

import defusedxml.ElementTree

from processors.languages.text import FALLBACK, Text
from processors.packs.embedded.file_credits import FileCredits, fitting
from processors.packs.records.xml_text import xml_characters

SPACES = {
    "x": "adobe:ns:meta/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "marsmedia": "https://marsmedia.example/ns/frame/1.0/",
}
for _prefix, _address in SPACES.items():
    ElementTree.register_namespace(_prefix, _address)
XML_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
MAX_PACKET_BYTES = 65_502
"""Maximum of one JPEG segment (XMP part 3, 1.1.3)."""
MAX_CHARACTERS = 16_000
"""Maximum of one text, and of the bytes of all keywords; halved until the packet fits."""
LIST_ENTRY_BYTES = 30
"""Size of an entry of a list without its text."""


def xmp_packet(told: FileCredits, own: bytes | None = None) -> bytes:
    """Return a packet that fits into a JPEG segment.

    Parameters
    ----------
    own : existing packet of the picture; its properties are kept unless replaced by the credits.
    """
    longest = MAX_CHARACTERS
    while len(packet := _packet(told, own, longest)) > MAX_PACKET_BYTES:
        own, longest = (own, longest // 2) if longest > 250 else (None, longest)
    return packet


def _packet(told: FileCredits, own: bytes | None, longest: int) -> bytes:
    root = Element(_name("x:xmpmeta"))
    rdf = SubElement(root, _name("rdf:RDF"))
    described = SubElement(rdf, _name("rdf:Description"), {_name("rdf:about"): ""})
    _state(described, told, longest)
    stated = {one.tag for one in described}
    for earlier in _descriptions(own):
        for name in [name for name in earlier.attrib if name in stated]:
            del earlier.attrib[name]
        for child in [child for child in earlier if child.tag in stated]:
            earlier.remove(child)
        earlier.tail = None
        if len(earlier) or set(earlier.attrib) - {_name("rdf:about")}:
            rdf.append(earlier)
    ElementTree.indent(root, " ")
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n{body}\n<?xpacket end="w"?>'.encode()


def _state(described: Element, told: FileCredits, longest: int) -> None:
    def short(text: str) -> str:
        clean = xml_characters(text)
        return clean if len(clean) <= longest else clean[: longest - 3] + "..."

    def plain(name: str, value: str | None) -> None:
        if value:
            SubElement(described, _name(name)).text = short(value)

    def several(name: str, container: str, *values: str | None) -> None:
        if any(values):
            inside = SubElement(SubElement(described, _name(name)), _name(container))
            for value in filter(None, values):
                SubElement(inside, _name("rdf:li")).text = short(value)

    def translated(name: str, text: Text) -> None:
        if not text:
            return
        inside = SubElement(SubElement(described, _name(name)), _name("rdf:Alt"))
        for code, value in (("x-default", told.first(text) or ""), *text.items()):
            SubElement(inside, _name("rdf:li"), {XML_LANGUAGE: code}).text = short(value)

    translated("dc:title", told.title)
    plain("photoshop:Headline", told.first(told.title))
    translated("dc:description", told.caption)
    translated("Iptc4xmpCore:AltTextAccessibility", told.alternative)
    several("dc:subject", "rdf:Bag", *fitting(told.keywords, longest, overhead_bytes=LIST_ENTRY_BYTES))
    several("dc:creator", "rdf:Seq", told.creator)
    plain("photoshop:Credit", told.credit)
    plain("photoshop:Source", told.source)
    translated("dc:rights", Text({FALLBACK: told.rights}))
    plain("xmpRights:WebStatement", told.rights_address)
    translated("xmpRights:UsageTerms", told.terms_of_use)
    plain("photoshop:Instructions", told.first(told.to_read))
    plain("photoshop:DateCreated", told.date)
    plain("Iptc4xmpExt:DigitalSourceType", told.digital_source_type)
    several("dc:relation", "rdf:Bag", told.published_at)
    plain("dc:source", f"sha256:{told.source_sha256}" if told.source_sha256 else None)


def _descriptions(packet: bytes | None) -> list[Element]:
    """Return the descriptions of a packet; empty if none can be read."""
    if not packet:
        return []
    try:
        root = defusedxml.ElementTree.fromstring(packet, forbid_dtd=True)
    except (ParseError, defusedxml.DefusedXmlException, ValueError):
        return []
    return root.findall(f".//{_name('rdf:RDF')}/{_name('rdf:Description')}")


def _name(prefixed: str) -> str:
    prefix, _, name = prefixed.partition(":")
    return f"{{{SPACES[prefix]}}}{name}"
