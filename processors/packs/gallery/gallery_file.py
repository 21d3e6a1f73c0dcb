"""File shown in the gallery: an item of the store, or an original."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from processors.contract import require
from processors.json_records import Json
from processors.languages.text import Text
from processors.packs.contents.subject import ItemRecord, SourceRecord
from processors.store.manifest import size_in

ShareBox = tuple[float, float, float, float]
"""Left, upper, right and lower edge, as shares of width and height, 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class PageCopy:
    """File of a pack as it is there: it may have another name, size and format than the item of the store."""

    name: str
    size_bytes: int
    sha256: str
    width_px: int | None
    height_px: int | None


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
    copy: PageCopy | None = None
    """What the page links to, if that is not the item or the original itself."""
    counts: bool = True
    """False for a result that today's recipes do not request, next to another of its processor that they do."""
    passed_on: Text | None = None
    """Who allows a pack to redistribute its source, and why; None without a written override."""

    @property
    def facts(self) -> dict[str, Json]:
        """Return the facts of the item; empty without any."""
        return self.entry.facts if self.entry and isinstance(self.entry.facts, dict) else {}

    @property
    def size_px(self) -> tuple[int, int] | None:
        """Return width and height of a picture or video; None if they are unknown."""
        if self.copy is None:
            return size_in(self.facts)
        width, height = self.copy.width_px, self.copy.height_px
        return (width, height) if width is not None and height is not None else None

    def __post_init__(self) -> None:
        for name in ("href", "thumbnail_href"):
            address = getattr(self, name)
            require(address is None or is_relative(address), name, address, "must be a relative, percent-encoded URL")


def is_relative(address: str) -> bool:
    """Return True for a relative path, without a scheme, a host or a root."""
    parts = urlsplit(address)
    plain = address.isascii() and not any(character in address for character in " \\\"'<>?#\t\n\r")
    return plain and bool(parts.path) and not (parts.scheme or parts.netloc or address.startswith("/"))
