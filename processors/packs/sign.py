"""C2PA signatures of what was derived here, with the user's certificate."""

from __future__ import annotations

from typing import Protocol

from processors.packs.entry import Entry


class Signer(Protocol):
    """Signs media."""

    def can_sign(self, media_type: str) -> bool:
        """Is there a place for a signature in this format?"""
        ...

    def sign(self, data: bytes, entry: Entry, *, media_type: str | None = None) -> bytes:
        """The bytes with a signed manifest in them; `media_type` where it is not the entry's own."""
        ...
