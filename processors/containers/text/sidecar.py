"""Detection of XMP sidecar files."""

from __future__ import annotations

import re

SIDECAR = "XMP sidecar"
_XMP = re.compile(r"(?>\s|\ufeff|<\?xml[^>]*>|<!--.*?-->)*+<(?:\?xpacket|x:xmpmeta|x:xapmeta|rdf:RDF)\b", re.DOTALL)
_START_BYTES = 4096


def is_sidecar(name: str, start: str) -> bool:
    """Return whether a text file is an XMP packet, by its name or its beginning."""
    return name.casefold().endswith(".xmp") or _XMP.match(start) is not None


def is_sidecar_file(name: str, data: bytes) -> bool:
    """Apply `is_sidecar` to bytes in any Unicode encoding."""
    return is_sidecar(name, data[:_START_BYTES].replace(b"\0", b"").decode("utf-8", "ignore"))
