"""XMP sidecars: how a description in a file of its own is recognised."""

from __future__ import annotations

import re

SIDECAR = "XMP sidecar"
_XMP = re.compile(
    r"(?>\s|\ufeff|<\?xml[^>]*>|<!--.*?-->)*+<(?:\?xpacket|x:xmpmeta|x:xapmeta|rdf:RDF)\b", re.DOTALL
)  # fmt: skip
_START_BYTES = 4096


def is_sidecar(name: str, start: str) -> bool:
    """Is a text file an XMP packet, by its name or by how it begins?"""
    return name.casefold().endswith(".xmp") or _XMP.match(start) is not None


def is_sidecar_file(name: str, data: bytes) -> bool:
    """As `is_sidecar`, of bytes in any encoding of Unicode."""
    return is_sidecar(name, data[:_START_BYTES].replace(b"\0", b"").decode("utf-8", "ignore"))
