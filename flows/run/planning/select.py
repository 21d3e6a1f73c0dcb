"""Preparation of a reprocessing: selected sources, processors and parameters. Needs no Prefect and no raw folder."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.run.checking.damaged_results import remove_to_make_again
from flows.run.planning.prepare import Prepared, duplicates_of
from flows.run.planning.shard import EVERYTHING, Shard
from flows.run.recipe_changes.load_recipes import known_processors, load_recipes, named
from flows.run.recipe_changes.named_results import asked_entries
from flows.run.recipe_changes.unmatched_sections import unmatched_sections
from flows.run.reporting.since_last_run import with_statements
from processors.engine.parameters import changed
from processors.engine.plan import Due, make_plan
from processors.engine.release_calibrations import unused_calibrations
from processors.engine.release_index import ReleaseIndex
from processors.engine.wanted_results import Recipes, WantedResults
from processors.errors import RequestError
from processors.sources.scan import SkippedFile
from processors.sources.source_file import changed_reason
from processors.store.bucket.raw_bucket import local_path, present
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.selection import find_selected, parse
from processors.store.catalogue.source_row import SourceRow, utc_now
from processors.store.open_store import is_address
from processors.store.store import Store


@dataclass(frozen=True, kw_only=True)
class ReprocessRequest:
    """Sources, processors and parameters of a reprocessing."""

    words: tuple[str, ...]
    """Words of a selection."""
    processors: tuple[str, ...] = ()
    """Names of processors; empty for the whole recipe."""
    settings: Mapping[str, str]
    """Changed parameters, by name, if exactly one processor is named."""
    recipe: str | None = None
    """Name of the recipe; None for that of the recipe file, else the full one."""

    def __str__(self) -> str:
        named = [f"--processor {name}" for name in self.processors]
        changed = [f"--set {key}={value}" for key, value in self.settings.items()]
        recipe = [f"--recipe {self.recipe}"] if self.recipe else []
        return " ".join([*self.words, *recipe, *named, *changed])

    def recipes(self) -> Recipes:
        """Return the processors to run, by medium.

        Raises
        ------
        RequestError : no such recipe, processor or parameter, or a value that is not allowed.
        RecipeError : the operator's recipes cannot be read.
        """
        recipes = load_recipes(self.recipe)
        if self.settings and len(self.processors) != 1:
            raise RequestError("changed parameters (--set, or `settings`) are for one processor; name exactly one")
        if not self.processors:
            return recipes
        return recipes.each(self._chosen, *known_processors())

    def _chosen(self, recipes: Recipes, *others: Recipes) -> Recipes:
        chosen = [named(name, recipes, *others) for name in self.processors]
        return {
            medium: tuple(changed(processor, self.settings) for one in chosen for processor in one.get(medium, ()))
            for medium in recipes
        }


def prepare_chosen(
    choice: ReprocessRequest, store: Store, *, retry_failed: bool, remember: bool = True, shard: Shard = EVERYTHING
) -> Prepared:
    """Select sources and plan; report and skip those that are no longer where they were ingested.

    Raises
    ------
    RequestError : the selection matches nothing, no processor applies to it, a calibration is for another instrument,
        or as `ReprocessRequest.recipes`.
    """
    recipes = choice.recipes()
    catalogue = Catalogue(store)
    every = catalogue.sightings()
    selected = find_selected(parse(choice.words), catalogue, every_place=True)
    media = selected.rows
    if not any(recipes.get(row.medium) for row in media if row.medium):
        raise RequestError(f"{', '.join(choice.processors)}: does not apply to any selected source")
    media = shard.own(media)
    releases = ReleaseIndex(row for row in every if row.gone_utc is None)
    wanted = WantedResults(recipes, releases)
    plan = make_plan(media, wanted, store, catalogue.verdicts({row.digest for row in media}), retry_failed=retry_failed)
    if any(key.endswith("calibration") for key in choice.settings):
        results = (one.processor for ours in plan.wanted.values() for one in ours)
        if unused := unused_calibrations((one for ours in recipes.values() for one in ours), results):
            raise RequestError("; ".join(unused))
    places = _places(every, {one.source.digests for one in plan.all_due})
    unreadable: list[SkippedFile] = []
    plan.due, plan.later = (list(_found(due, places, unreadable)) for due in (plan.due, plan.later))
    if remember:
        present = [row for row in media if row.gone_utc is None]
        stated = with_statements(present, plan, releases, store, utc_now())
        catalogue.add_sources([now for now, old in zip(stated, present, strict=True) if now != old])
        catalogue.add_results(plan.not_catalogued)
        remove_to_make_again(plan, store)
    return Prepared(
        rows=media,
        unreadable=unreadable,
        plan=plan,
        duplicates=duplicates_of(media),
        unmatched_sections=unmatched_sections(recipes, (row for row in every if row.gone_utc is None), releases),
        is_whole=False,
        remarks=selected.remarks,
        asked_for=asked_entries(media, plan, WantedResults(load_recipes(), releases)),
    )


def _found(
    due: list[Due], places: dict[tuple[str, ...], list[SourceRow]], unreadable: list[SkippedFile]
) -> Iterator[Due]:
    """Yield what is due at the paths where its sources are now; add those that are nowhere to `unreadable`."""
    for one in due:
        path, reason = place_of(places[one.source.digests], one.file.path)
        if path is None:
            unreadable.append(SkippedFile(relative=one.relative, reason=reason, is_refused=False))
        else:
            yield _at(one, path)


def _places(rows: list[SourceRow], named: set[tuple[str, ...]]) -> dict[tuple[str, ...], list[SourceRow]]:
    places: dict[tuple[str, ...], list[SourceRow]] = {}
    for row in rows:
        if row.digests in named:
            places.setdefault(row.digests, []).append(row)
    return places


def place_of(rows: Sequence[SourceRow], wanted: Path | None = None) -> tuple[SourceRow | None, str]:
    """Return a path that still holds the source, by size and date: the wanted one, else the latest; else the problem.

    A file that a run or a check found changed, with its old size and date, does not hold the source.

    Parameters
    ----------
    rows : the oldest first.
    """
    reason = ""
    latest_first = list(reversed(rows))
    for row in sorted(latest_first, key=lambda row: local_path(row.path) != wanted):
        seen = present(row.path)
        if seen is None:
            reason = reason or (
                "no longer where it was ingested: run `marsmedia ingest` on the folder that holds it now"
                if row.gone_utc is None
                else f"no longer in raw since {row.gone_utc[:10]}: put it back and run `marsmedia ingest`"
            )
            continue
        if seen == (row.size_bytes, row.mtime_ns):
            if row.changed_to is None:
                return row, ""
            reason = reason or f"{changed_reason(row.digest, row.changed_to)}; then run `marsmedia ingest`"
            continue
        if row.gone_utc is None:
            reason = "changed since it was ingested: run `marsmedia ingest` first"
        else:
            reason = reason or f"replaced by another file on {row.gone_utc[:10]}: put it back under another name"
    return None, reason


def _at(due: Due, row: SourceRow) -> Due:
    file = dataclasses.replace(due.file, path=local_path(row.path), mtime_ns=row.mtime_ns)
    return dataclasses.replace(due, file=file, address=row.path if is_address(row.path) else None)
