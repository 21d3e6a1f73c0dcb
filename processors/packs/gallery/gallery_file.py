"""File shown in the gallery: an item of the store, or an original."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from processors.contract import require
from processors.languages.text import Text
from processors.packs.contents.subject import ItemRecord, SourceRecord

ShareBox = tuple[float, float, float, float]
"""Left, upper, right and lower edge, as shares of width and height, 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class GalleryFile:
    """File with its relative URLs from the page's folder, percent-encoded."""

    entry: ItemRecord | None
    """Item of the store; None for an original."""
    subject: SourceRecord
    href: str
    media_type: str
    thumbnail_href: str | None
    """URL of a thumbnail; None without one."""
    thumbnail_box: ShareBox | None = None
    """Part of the thumbnail to be shown: a plot without its title and axes; None: all of it."""
    passed_on: Text | None = None
    """Who allows a pack to redistribute its source, and why; None without a written override."""

    def __post_init__(self) -> None:
        for name in ("href", "thumbnail_href"):
            address = getattr(self, name)
            require(address is None or is_relative(address), name, address, "must be a relative, percent-encoded URL")


def is_relative(address: str) -> bool:
    """Return True for a relative path, without a scheme, a host or a root."""
    parts = urlsplit(address)
    plain = address.isascii() and not any(character in address for character in " \\\"'<>?#\t\n\r")
    return plain and bool(parts.path) and not (parts.scheme or parts.netloc or address.startswith("/"))
