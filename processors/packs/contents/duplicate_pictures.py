"""Sources of a pack that show the picture of another one, by the stored links."""

from __future__ import annotations

from collections.abc import Iterable

from processors.packs.contents.subject import SourceRecord
from processors.store.store import Store

SAME_FROM_SCORE = 0.999
"""Minimum correlation at which two linked pictures count as the same, whatever their size or format."""


def duplicate_pictures(subjects: Iterable[SourceRecord], store: Store) -> dict[str, SourceRecord]:
    """Return the first source with the same picture, by the digest of each later one."""
    first: dict[str, SourceRecord] = {}
    repeated: dict[str, SourceRecord] = {}
    for one in subjects:
        links = (store.source(one.digest) or {}).get("links", [])
        same = [link for link in links if link["kind"] == "same picture" and link["score"] >= SAME_FROM_SCORE]
        shown = next((found for link in same if (found := first.get(link["there"]["source"]))), None)
        if shown:
            repeated[one.digest] = shown
        first[one.digest] = shown or one
    return repeated
