"""Results whose files a check has found damaged or missing in the store, and not yet made again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from types import MappingProxyType

from flows.run.reporting.problems import FileProblem
from processors.engine.plan import Plan
from processors.errors import ResultCorrupt, ResultMissing
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.source_row import SourceRow, by_source
from processors.store.manifest import Manifest, ResultRef
from processors.store.store import Store

NONE: Mapping[ResultRef, str] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class DamagedResult:
    """A damaged result, with the file from which it was made."""

    row: SourceRow
    ref: ResultRef
    damage: str
    """Damaged or missing files of the result."""

    def problem(self, *, is_mended: bool = False) -> FileProblem:
        """Return the problem that a report or `failures` names."""
        return FileProblem(
            file=self.row.relative,
            processor=self.ref.processor,
            verdict="mended" if is_mended else "damaged result",
            reason=f"in the store: {self.damage}{'; made again' if is_mended else ''}",
            blame="machine",
        )


def damaged_results(catalogue: Catalogue, remade: Mapping[ResultRef, str] = NONE) -> list[DamagedResult]:
    """Return the damaged results, each with the first place that holds its source, or the last that held it.

    Parameters
    ----------
    remade : `Plan.remade`, which has those that are not in the catalogue too.
    """
    found = {**catalogue.damage(), **remade}
    places = by_source(catalogue.seen({ref.source for ref in found}) if found else ())
    return [
        DamagedResult(row=_place(places[ref.source], ref), ref=ref, damage=damage)
        for ref, damage in found.items()
        if ref.source in places
    ]


def remove_to_make_again(plan: Plan, store: Store) -> None:
    """Remove damaged results that are due again from the store; the catalogue continues to list them as damaged.

    The plan keeps their manifests, as far as they can be read: the same bytes have been made when these say. Results
    that were made without others are removed too, so that none stays beside these if the run ends in between.
    """
    asked = {one.ref for due in plan.all_due for one in due.results}
    store.remove_all(ref for ref in plan.completed if ref in asked)
    there = [ref for ref in plan.remade if ref in asked and store.has(ref)]
    if not there:
        return
    store.fetch_manifests(sorted({ref.source for ref in there}))
    manifests = dict(_readable(there, store))
    plan.due, plan.later = (
        [replace(due, remade=tuple(manifests[one.ref] for one in due.results if one.ref in manifests)) for due in dues]
        for dues in (plan.due, plan.later)
    )
    store.remove_all(there)


def _readable(refs: Iterable[ResultRef], store: Store) -> Iterator[tuple[ResultRef, Manifest]]:
    for ref in refs:
        with suppress(ResultCorrupt, ResultMissing):  # its files are made anew, and its manifest too
            yield ref, store.manifest(ref)


def _place(rows: Iterable[SourceRow], ref: ResultRef) -> SourceRow:
    """Return the path that a result concerns: the one with its evidence, else one still in raw, else the last to go."""
    return max(rows, key=lambda row: (row.evidence_key == ref.key, row.gone_utc is None, row.gone_utc or ""))
