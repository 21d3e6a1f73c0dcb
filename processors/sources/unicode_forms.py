"""Names that differ in their Unicode form only: é is one letter, or an e with an accent, as Macs write it.

What a user writes, or another file says, means a file of either form. Two files whose names differ in form only stay
apart: each is meant by its own.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import TypeVar

_Name = TypeVar("_Name", str, str | None)


def composed(name: str) -> str:
    """Return a name in its composed form (NFC)."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def forms(name: str) -> set[str]:
    """Return a name as it is written, composed, and decomposed."""
    return {name, composed(name), unicodedata.normalize("NFD", name)}


def folded(name: str) -> str:
    """Return a name as it is compared in any case and form."""
    return name.casefold() if name.isascii() else composed(unicodedata.normalize("NFD", name).casefold())


def as_spelt(asked: Iterable[str], there: Collection[str]) -> dict[str, str]:
    """Return by name that is not there the one of them that differs from it in form only; not if several do."""
    other = [name for name in asked if not name.isascii() and name not in there]
    if not other:
        return {}
    known: defaultdict[str, list[str]] = defaultdict(list)
    for name in there:
        if not name.isascii():
            known[composed(name)].append(name)
    found = {name: known[composed(name)] for name in other if composed(name) in known}
    return {name: spelt[0] for name, spelt in found.items() if len(spelt) == 1}


def spelt(asked: _Name, there: Collection[str]) -> _Name:
    """Return a name as `as_spelt` has it among those that are there; itself if it has none."""
    return asked and as_spelt([asked], there).get(asked, asked)  # type: ignore[return-value]
