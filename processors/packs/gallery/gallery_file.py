"""One file that the gallery shows: an item of the store, or an original."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from processors.contract import require
from processors.packs.contents.subject import ItemRecord, SourceRecord


@dataclass(frozen=True, kw_only=True)
class GalleryFile:
    """Where the page finds a file. Addresses are relative URLs from the page's folder, percent-encoded."""

    entry: ItemRecord | None
    """None for an original."""
    subject: SourceRecord
    href: str
    media_type: str
    thumbnail_href: str | None
    """A small picture of it; None where there is none."""

    def __post_init__(self) -> None:
        for name in ("href", "thumbnail_href"):
            address = getattr(self, name)
            require(address is None or is_relative(address), name, address, "must be a relative, percent-encoded URL")


def is_relative(address: str) -> bool:
    """A path below or beside the page, and nothing that names a scheme, a host or a root."""
    parts = urlsplit(address)
    plain = address.isascii() and not any(character in address for character in " \\\"'<>?#\t\n\r")
    return plain and bool(parts.path) and not (parts.scheme or parts.netloc or address.startswith("/"))
