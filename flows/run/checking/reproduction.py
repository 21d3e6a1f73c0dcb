"""Reproduction of results: rebuild from the sources; report identical, within tolerance or different, and why."""

from __future__ import annotations

import dataclasses
import posixpath
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, get_args

from flows.run.checking.checker import Checker
from flows.run.planning.select import place_of
from flows.run.progress import RunProgress
from flows.run.recipe_changes.load_recipes import processor_class
from flows.run.working.batches import SourceOutcome, run_batch
from flows.run.working.workers import Workers
from processors.comparing.tolerance import within_tolerance
from processors.contract import LabelRef, refs_in
from processors.engine.own_companions import OwnCompanions, made_of
from processors.engine.parameters import from_parameters
from processors.engine.plan import Due, differing
from processors.engine.wanted_results import WantedResult, all_inputs
from processors.errors import RequestError
from processors.sources.scan import printable
from processors.store.bucket.raw_bucket import local_path
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.source_row import SourceRow
from processors.store.manifest import Manifest
from processors.store.store import Store

Proof = Literal["identical", "within tolerance", "different", "not rebuilt"]
VERDICTS: tuple[Proof, ...] = get_args(Proof)


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """Result that was rebuilt for comparison."""

    source_name: str
    processor: str
    folder: str
    """Folder of the result, relative to the store."""
    verdict: Proof
    reason: str | None


def reproduce(chosen: Sequence[Manifest], store: Store, checker: Checker) -> Iterator[Rebuilt]:
    """Rebuild each of these results in a temporary store, and compare."""
    rows = Catalogue(store).sightings()
    own = OwnCompanions(lambda: rows)
    asked = (_Asked(one, str(store.folder(one.ref).relative_to(store.root)), *_again(one, rows, own)) for one in chosen)
    of_sources = (tuple(some) for _, some in groupby(asked, lambda one: one.manifest.ref.source))
    yield from checker.decode(_rebuilt, of_sources, _lost)


@dataclass(frozen=True)
class _Asked:
    """A result to rebuild, and the work that does it, or the reason why it cannot be rebuilt."""

    manifest: Manifest
    folder: str
    due: Due | None
    reason: str

    def told(self, verdict: Proof, reason: str | None) -> Rebuilt:
        return Rebuilt(
            source_name=self.manifest.source_name,
            processor=self.manifest.ref.processor,
            folder=self.folder,
            verdict=verdict,
            reason=reason,
        )


def _rebuilt(store: Store, workers: Workers, asked: Sequence[_Asked]) -> Iterator[Rebuilt]:
    """Rebuild results of one source, so that those which use each other are made once."""
    with store.scratch() as scratch, RunProgress(quiet=True) as progress:
        other = Store(scratch / "rebuilt")
        for one in asked:
            done = run_batch([one.due], other, workers, progress, threading.Event()) if one.due else []
            verdict, why = _compared(one.manifest, done, store, other) if one.due else ("not rebuilt", one.reason)
            yield one.told(verdict, why)


def _lost(asked: Sequence[_Asked], reason: str) -> Iterator[Rebuilt]:
    return (one.told("not rebuilt", reason) for one in asked)


def _again(manifest: Manifest, rows: list[SourceRow], own: OwnCompanions) -> tuple[Due | None, str]:
    """Return the work that rebuilds a result, or the reason why it cannot be rebuilt."""
    places = [row for row in rows if row.digests == manifest.digests]
    nearest = max(places, key=lambda row: _nearness(row, manifest, own), default=None)
    row, reason = place_of(places, local_path(nearest.path) if nearest else None)
    if row is None:
        return None, reason or "its source is not in the catalogue: run `marsmedia ingest`"
    try:
        processor = from_parameters(processor_class(manifest.ref.processor), manifest.parameters)
    except RequestError as error:
        return None, str(error)
    ordered = dict.fromkeys((*all_inputs(processor), processor))
    results = [WantedResult.of(one, manifest.digests) for one in ordered]
    if results[-1].ref != manifest.ref:
        return (
            None,
            f"made by version {manifest.version} or from inputs that have changed since: run `marsmedia ingest` first",
        )
    if replaced := _replaced_companion(manifest, row, rows, own):
        return None, replaced
    due = Due.of(row, local_path(row.path), results, sha256=row.digest)
    source = dataclasses.replace(due.source, name=manifest.source_name)
    return dataclasses.replace(due, source=source, release=manifest.release), ""


def _replaced_companion(
    manifest: Manifest, row: SourceRow, rows: Sequence[SourceRow], own: OwnCompanions
) -> str | None:
    """Return that a label, sidecar or subtitle file from which a result was made is no longer in raw, or no longer
    belongs to its file; None if all are there, or unknown.
    """
    back = "put that one back in its place and run `marsmedia ingest`"
    never = list[tuple[LabelRef, str]]()
    for used in refs_in(manifest.parameters):
        place = posixpath.normpath(posixpath.join(posixpath.dirname(row.relative), used.name))
        held = [one for one in rows if (one.folder, one.relative, one.digest) == (row.folder, place, used.sha256)]
        if held and all(one.gone_utc for one in held):
            day = max(str(one.gone_utc) for one in held)[:10]
            return f"made with {printable(used.name)} as it was until {day}: {back}"
        never += [] if held else [(used, place)]
    if why := own.why_ended(manifest, row):
        return f"{printable(why)}: {back}"
    for used, place in never:
        return printable(f"made with {used.name}, which is not at {place}: put a copy there and run `marsmedia ingest`")
    return None


def _nearness(row: SourceRow, manifest: Manifest, own: OwnCompanions) -> tuple[bool, bool, bool, bool, str]:
    """Rank a path by how well its statements match the result's; of paths with the same bytes the highest is used."""
    return (
        not own.lacking(made_of(manifest), row),
        row.evidence_key == manifest.ref.key,
        row.release == manifest.release,
        row.name == manifest.source_name,
        row.seen_utc,
    )


def _compared(manifest: Manifest, done: list[SourceOutcome], store: Store, other: Store) -> tuple[Proof, str | None]:
    if not other.has(manifest.ref):
        outcome = next((o for one in done for o in one.outcomes if o.ref == manifest.ref), None)
        return "not rebuilt", outcome.reason if outcome else "its worker did not respond"
    new = other.manifest(manifest.ref)
    then, now = ({item.name: item for item in one.items} for one in (manifest, new))
    digests = ({name: item.sha256 for name, item in items.items()} for items in (then, now))
    changed = sorted(differing(*digests))
    if not changed:
        return "identical", None
    libraries = [
        f"{name} {before} -> {after}"
        for name, (before, after) in differing(manifest.software, new.software).items()
        if name != "commit"
    ]
    because = f"other libraries: {', '.join(libraries)}" if libraries else "the same libraries"
    near = then.keys() == now.keys() and all(
        within_tolerance(then[name], store.item_path(manifest.ref, name), other.item_path(manifest.ref, name))
        for name in changed
    )
    names = ", ".join(changed[:5])
    return ("within tolerance" if near else "different"), f"{names}: other bytes ({because})"
