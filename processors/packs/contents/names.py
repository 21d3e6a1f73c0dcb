"""File names in a pack: safe and unique on Windows, macOS and Linux, in URLs and in checksum manifests."""

from __future__ import annotations

import hashlib
import unicodedata

from processors.store.by_name_view import safe_name

NAME_BYTES = 80
"""Maximum length of one folder or file name: three of them stay below the 260 characters of a path on Windows."""
FORBIDDEN = "%#&;=+$,~`^{}[]"
"""Characters, besides those that `safe_name` replaces, special in URLs, shells or BagIt's escapes (RFC 8493, 2.1.3)."""


def portable_name(name: str) -> str:
    """Return a name that every file system stores and returns unchanged: NFC, no reserved word, not too long."""
    composed = "".join("_" if c in FORBIDDEN else c for c in unicodedata.normalize("NFC", name))
    stem, dot, suffix = composed.rpartition(".")
    room = NAME_BYTES - len(f"{dot}{suffix}".encode())
    if stem and room > NAME_BYTES // 2:
        composed = stem.encode()[:room].decode(errors="ignore").rstrip(" .") + dot + suffix
    else:
        composed = composed.encode()[:NAME_BYTES].decode(errors="ignore")
    return safe_name(composed)


class UniqueNames:
    """Names that are unique within their folder, whatever the case and composition of letters.

    The first thing keeps the plain name; a repeated request for the same thing returns the same name.
    """

    def __init__(self) -> None:
        self._taken: set[tuple[str, str]] = set()
        self._given: dict[tuple[str, str], str] = {}

    def name(self, folder: str, wanted: str, thing: str) -> str:
        """Return the name in `folder` for `thing` (any unique identifier, such as a digest)."""
        if given := self._given.get((folder, thing)):
            return given
        plain = name = portable_name(wanted)
        mark = hashlib.sha256(thing.encode()).hexdigest()
        length = 8
        while (folder, _folded(name)) in self._taken:
            stem, dot, suffix = plain.rpartition(".")
            name = f"{stem}-{mark[:length]}{dot}{suffix}" if stem else f"{plain}-{mark[:length]}"
            length += 1
        self._taken.add((folder, _folded(name)))
        self._given[folder, thing] = name
        return name


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())
