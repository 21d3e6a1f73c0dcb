"""One file that a gallery shows."""

from __future__ import annotations

from dataclasses import dataclass

from processors.packs.entry import Entry, Subject


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One file that a gallery shows."""

    entry: Entry | None
    """None: the original."""
    subject: Subject
    href: str
    """Relative URL of the file from the page's folder."""
    media_type: str
    thumbnail_href: str | None
