"""Sources that have all their results: found by one comparison each at the start of a run, recorded at its end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flows.run.working.batches import SourceOutcome
from processors.engine.fingerprint import Fingerprints
from processors.engine.plan import Plan
from processors.store.by_name_view import ByNameEntry, safe_name, shown_before
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.complete_sources import CompleteSource, add_complete, read_complete
from processors.store.catalogue.source_row import SourceRow, by_source
from processors.store.store import Store


def find_complete(
    media: Sequence[SourceRow],
    gone_files: Sequence[SourceRow],
    earlier_names: Sequence[SourceRow],
    fingerprints: Fingerprints,
    store: Store,
) -> dict[str, CompleteSource]:
    """Return by digest the sources with nothing due and nothing to report.

    Empty without a by-name view, which must then be rebuilt. A source whose folder in the view another file may take
    is left out.

    Parameters
    ----------
    earlier_names : rows of files as they were until the run found them to be of another release.
    """
    known = read_complete(store)
    if not known or not shown_before(store):
        return {}
    found: dict[str, CompleteSource] = {}
    left_out = {row.digest for row in earlier_names}
    left_out |= Catalogue(store).troubled()  # every run's report names them
    for digest, rows in by_source(media).items():
        one = known.get(digest)
        if one and digest not in left_out and one.fingerprint == fingerprints.of(rows):
            found[digest] = one
    there = store.with_all({digest: one.folders for digest, one in found.items()})
    found = {digest: one for digest, one in found.items() if digest in there}
    moving = [row for row in (*media, *gone_files) if row.kind == "media" and row.digest not in found]
    moving += earlier_names
    if moving:
        taken = {folder for row in moving for folder in _entry(row).possible_folders(store)}
        names = {folder.name for folder in taken}
        for row in media:
            may_meet = row.digest in found and safe_name(row.relative.rpartition("/")[2]) in names
            if may_meet and not taken.isdisjoint(_entry(row).possible_folders(store)):
                del found[row.digest]
    return found


def record_complete(
    media: Iterable[SourceRow], plan: Plan, fingerprints: Fingerprints, outcomes: Iterable[SourceOutcome], store: Store
) -> frozenset[str]:
    """Record the sources of a whole run that now have all their results, each made without a reason; return them."""
    made = {
        outcome.ref
        for one in outcomes
        for outcome in one.outcomes
        if outcome.verdict == "made" and outcome.reason is None and outcome.is_stored
    }
    open_sources = {earlier.ref.source for earlier in (*plan.earlier, *plan.damaged)}
    open_sources |= {one.ref.source for due in plan.all_due for one in due.results if one.ref not in made}
    rows = by_source(row for row in media if row.digest in plan.wanted and row.changed_to is None)
    complete = []
    for digest, wanted in plan.wanted.items():
        places = rows.get(digest)
        if wanted and places and digest not in open_sources and (found := fingerprints.of(places)):
            complete.append(CompleteSource.of(digest, found, (one.ref for one in wanted)))
    add_complete(store, complete)
    return frozenset(one.digest for one in complete)


def _entry(row: SourceRow) -> ByNameEntry:
    return ByNameEntry.at(row.relative, row.release)
