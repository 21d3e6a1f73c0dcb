"""Sources of a built pack that were corrected, replaced or withdrawn since: whoever has the pack should hear of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from processors.store.catalogue.source_row import SourceRow
from processors.store.findings.stored_evidence import read_evidence
from processors.store.store import Store

CHANGES_SHOWN = 5
"""Corrections named of those that bear on no right."""
OF_RIGHTS = {"permission", "rights", "terms of use", "instructions", "terms of its own", "credit"}
"""Corrections for which whoever has the pack must be called; each is named, as are replaced and withdrawn files."""
CORRECTIONS = {
    "dc:title": "title",
    "dc:description": "caption",
    "Iptc4xmpCore:AltTextAccessibility": "alternative text",
    "dc:creator": "creator",
    "dc:publisher": "agency",
    "photoshop:Credit": "credit",
    "dc:rights": "rights",
    "xmpRights:UsageTerms": "terms of use",
    "photoshop:Instructions": "instructions",
    "marsmedia:redistribute": "permission",
    "dc:source": "address",
}
"""What packs say of a source, by its term."""
TIMES = {"taken": "date", "event": "event", "mission": "mission", "against_general": "terms of its own"}
"""The same, by the field of the evidence record."""


@dataclass(frozen=True, kw_only=True)
class PackedSource:
    """Source as a pack holds it."""

    sha256: str
    path: str | None = None
    """Path when it was packed; None if the pack was built by an earlier version, which kept only digests."""
    relative: str | None = None
    """That path relative to the folder of releases."""
    evidence_key: str | None = None
    """Key of the evidence that was packed; None without one."""


@dataclass(frozen=True, kw_only=True)
class SourceChange:
    """Change of a packed source."""

    source: str
    """Path relative to the folder of releases when it was packed, or the digest."""
    kind: Literal["corrected", "replaced", "withdrawn"]
    about: tuple[str, ...] = ()
    """What was corrected: credit, rights, title, ..."""

    def __str__(self) -> str:
        return f"{', '.join(self.about)} of {self.source}" if self.kind == "corrected" else f"{self.source} {self.kind}"


def changes_in_words(changes: Sequence[SourceChange]) -> str:
    """Return `3 sources changed since: credit of june/a.jpg; june/b.jpg replaced; title of june/c.jpg`."""
    grave = [one for one in changes if one.kind != "corrected" or OF_RIGHTS.intersection(one.about)]
    others = [one for one in changes if one not in grave]
    more = len(others) - CHANGES_SHOWN
    named = "; ".join(map(str, [*grave, *others[:CHANGES_SHOWN]])) + (f"; and {more} more" if more > 0 else "")
    return f"{len(changes)} source{'' if len(changes) == 1 else 's'} changed since: {named}"


class SourcesNow:
    """Sources as the last run found them, to which those of packs are compared."""

    def __init__(self, sightings: Iterable[SourceRow], store: Store) -> None:
        self._store = store
        self._by_path: dict[str, SourceRow] = {}
        self._known: dict[str, SourceRow] = {}
        """Latest sighting of each digest."""
        self._there: set[str] = set()
        for row in sightings:
            self._by_path[row.path] = row
            self._known[row.digest] = row
        self._there = {row.digest for row in self._by_path.values() if row.gone_utc is None}

    def changes(self, packed: Iterable[PackedSource]) -> tuple[SourceChange, ...]:
        """Return the changes of a pack's sources, in their order; a file that was only moved has not changed."""
        return tuple(filter(None, map(self._change, packed)))

    def _change(self, packed: PackedSource) -> SourceChange | None:
        known = self._known.get(packed.sha256)
        source = packed.relative or (known.relative if known else packed.sha256)
        path = packed.path or (known.path if known else "")
        here = self._by_path.get(path)
        if here and here.gone_utc is None and here.digest != packed.sha256:
            return SourceChange(source=source, kind="replaced")
        if packed.sha256 not in self._there:
            return SourceChange(source=source, kind="withdrawn")
        if here is None or here.gone_utc or here.evidence_key == packed.evidence_key or packed.evidence_key is None:
            return None
        before, now = (
            read_evidence(self._store, packed.sha256, key) for key in (packed.evidence_key, here.evidence_key)
        )
        if before is None or now is None:
            return None
        about = tuple(_corrected(before, now))
        return SourceChange(source=source, kind="corrected", about=about) if about else None


def _corrected(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Yield what two evidence records of one source say differently, each once."""
    old, new = _said(before), _said(now)
    terms = dict.fromkeys(
        term for term, language in (*old, *new) if old.get((term, language)) != new.get((term, language))
    )
    yield from (name for term, name in CORRECTIONS.items() if term in terms)
    for field, name in TIMES.items():
        if field in before and field in now and before[field] != now[field]:
            yield name


def _said(record: Mapping[str, Any]) -> dict[tuple[str, str | None], object]:
    """Return the first value of each term that packs show, by language."""
    said: dict[tuple[str, str | None], object] = {}
    for one in record["statements"]:
        if one["term"] in CORRECTIONS:
            said.setdefault((one["term"], one["language"]), one["value"])
    return said
