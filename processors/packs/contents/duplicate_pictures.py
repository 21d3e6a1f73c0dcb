"""Sources of a pack that show the picture of another one, by the stored links and by a comparison of what is packed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from processors.packs.contents.subject import SourceRecord
from processors.store.catalogue.stored_links import SourceLink
from processors.store.store import Store

SAME_FROM_SCORE = 0.999
"""Minimum correlation at which two linked pictures count as the same, whatever their size or format."""
Compared = Callable[[Sequence[str], Store], Sequence[SourceLink]]
"""Return the links between photos of a store, given their digests."""


def duplicate_pictures(
    subjects: Sequence[SourceRecord], store: Store, compared: Compared | None = None
) -> dict[str, SourceRecord]:
    """Return the first source with the same picture, by the digest of each later one.

    Parameters
    ----------
    compared : compares the photos; None for the stored links alone, which `marsmedia links` finds.
    """
    photos = [one.digest for one in subjects if one.medium == "photo"]
    same = _pairs(subjects, store, compared(photos, store) if compared and len(photos) > 1 else ())
    first: dict[str, SourceRecord] = {}
    repeated: dict[str, SourceRecord] = {}
    for one in subjects:
        shown = next((found for other in same.get(one.digest, ()) if (found := first.get(other))), None)
        if shown:
            repeated[one.digest] = shown
        first[one.digest] = shown or one
    return repeated


def _pairs(subjects: Iterable[SourceRecord], store: Store, found: Iterable[SourceLink]) -> dict[str, list[str]]:
    """Return the digests of the same picture, by digest, in both directions."""
    same: dict[str, list[str]] = {}
    for one in subjects:
        for link in (store.source(one.digest) or {}).get("links", []):
            if link["kind"] == "same picture" and link["score"] >= SAME_FROM_SCORE:
                same.setdefault(one.digest, []).append(link["there"]["source"])
    for link in found:
        if link.kind == "same picture" and link.score >= SAME_FROM_SCORE:
            same.setdefault(link.here.source, []).append(link.there.source)
            same.setdefault(link.there.source, []).append(link.here.source)
    return same
