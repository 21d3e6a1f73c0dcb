"""Way out of each damaged result of a store: the command that makes it again, or that removes it.

Every command is compared with today's recipes first, so that following the advice clears the fault.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping, Set
from functools import cached_property
from pathlib import Path

from flows.run.planning.current_results import CurrentResults
from flows.run.planning.known_files import WantedOfKnown, known_files
from flows.run.recipe_changes.load_recipes import load_recipes, load_recipes_of
from flows.run.reporting.recorded_problems import recipe_files_of_last_runs
from processors.contract import Processor, parameters
from processors.engine.parameters import changed, settings_of
from processors.engine.plan import differing, flat
from processors.errors import RecipeError, RequestError, ResultCorrupt, ResultMissing
from processors.json_records import Json
from processors.packs.registry import packed_results
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.source_row import SourceRow, by_source
from processors.store.fixity.fixity_findings import RESULT_PARTS, FixityFault
from processors.store.kept_results import kept_results
from processors.store.manifest import Manifest, ResultRef
from processors.store.source_records import RECORD_NAME, RECORDS_IN_BUCKET
from processors.store.store import Store
from processors.well_known_names import EVIDENCE

RESTORE = "restore it from a copy of the store, then run `marsmedia verify`"
UNREQUESTED = "no recipe requests it, and this version does not make it"
PRUNE = f"run `marsmedia prune`, which removes it: {UNREQUESTED}"
REBUILD = f"run `marsmedia rebuild`, which forgets it: {UNREQUESTED}"
RESTORE_RECORD = "run `marsmedia ingest`, which writes it again from the catalogue"
RESTORE_IN_BUCKET = "run `marsmedia rebuild`, which writes it again from the catalogue"
REMOVE = f"remove its folder, then run `marsmedia rebuild`: {UNREQUESTED}"


def advice_on_damage(faults: Iterable[FixityFault], store: Store) -> list[str]:
    """Return one line for each way out of the damage that a check has found in a store, with what it concerns.

    Where the recipes cannot be read, the one line says why.
    """
    places = [fault.path for fault in faults if fault.kind in ("damaged", "missing") and not fault.is_master]
    if not places:
        return []
    catalogue, ways = Catalogue(store), WaysOut(store)
    known = {(ref.source, ref.processor, ref.key[:16]): ref for ref in catalogue.damage()}
    parts = [place.split("/") for place in places]
    found = [tuple(one[2:5]) for one in parts if one[0] == "results" and len(one) >= RESULT_PARTS]
    unknown = [ResultRef(source=of, processor=name, key=key) for of, name, key in found if (of, name, key) not in known]
    names = {row.digest: row.relative for row in catalogue.sightings()}
    concerned: dict[str, list[str]] = {}
    for one in parts:
        if one[0] == "results" and one[-1] == RECORD_NAME and len(one) < RESULT_PARTS:
            way = RESTORE_RECORD if one[2] in names else RESTORE
            concerned.setdefault(way, []).append(f"record of {names.get(one[2], one[2][:12])}")
        elif one[0] in RECORDS_IN_BUCKET:
            concerned.setdefault(RESTORE_IN_BUCKET, []).append("/".join(one))
    try:
        for ref in dict.fromkeys([*known.values(), *unknown]):
            place = f"{ref.processor} of {names.get(ref.source, ref.source[:12])}"
            concerned.setdefault(ways.of(ref), []).append(place)
    except (RecipeError, RequestError) as error:
        return [f"what makes damaged results again is unknown: {error}"]
    return [
        f"{first}{f' (and {len(others)} more)' if others else ''}: {way}" for way, (first, *others) in concerned.items()
    ]


class WaysOut:
    """Ways out of the damage of single results; recipes and releases are read when they are first needed."""

    def __init__(self, store: Store) -> None:
        self._store, self._catalogue = store, Catalogue(store)

    def of(self, ref: ResultRef) -> str:
        """Return what to do about a damaged or missing result; the first 16 digits of its key suffice.

        Raises
        ------
        RecipeError, RequestError : as `load_recipes`.
        """
        rows = self._rows.get(ref.source, [])
        present = [row for row in rows if row.gone_utc is None]
        for words, asked in self._asked.items():
            if any(_is_same(one.ref, ref) for row in rows for one in asked.of(row)):
                again = f"run `{words}`, which makes it again"
                if present:
                    return again
                is_replaced = all(row.path in self._taken for row in rows)  # the newer file stays where it is
                return RESTORE if is_replaced else f"{RESTORE}; or put its file back into raw and {again}"
        was = self._parameters_of(ref)
        commands = (self._reprocess(ref, was, row) for row in present) if was is not None else ()
        if command := next(filter(None, commands), None):
            return f"run `{command}`, which makes it again"
        if any(_is_same(one, ref) for one in self._held) or any(
            one.is_release_lost(row) for one in self._asked.values() for row in rows
        ):
            return RESTORE
        if not self._store.has(ref):
            return REBUILD
        return REMOVE if self._manifest(ref) is None else PRUNE

    def _manifest(self, ref: ResultRef) -> Manifest | None:
        """Return the record of a result; None if it is missing or damaged."""
        try:
            return self._store.manifest(ref)
        except (ResultCorrupt, ResultMissing):
            return None

    def _parameters_of(self, ref: ResultRef) -> Mapping[str, Json] | None:
        """Return the parameters of a result, from the catalogue or its record; None if neither has them."""
        if ref in self._catalogued:
            return self._catalogued[ref]
        manifest = self._manifest(ref)
        return manifest and manifest.parameters

    def _reprocess(self, ref: ResultRef, was: Mapping[str, Json], row: SourceRow) -> str | None:
        """Return the command that makes a result again from a file; None if none does."""
        for entry in self._current.entries(row, ref.processor):
            try:
                again, settings = self._as_made(entry, flat(was), row)
            except RequestError:  # parameters of another version
                continue
            if _is_same(ResultRef.of(again, row.digests), ref):
                words = ["marsmedia", "reprocess", ref.source[:12], "--processor", ref.processor]
                words += [word for name, text in settings.items() for word in ("--set", f"{name}={text}")]
                return shlex.join(words)
        return None

    def _as_made(self, entry: Processor, was: Mapping[str, Json], row: SourceRow) -> tuple[Processor, dict[str, str]]:
        """Return a recipe's processor with the parameters that made a result, and the settings for it.

        What the release states may depend on what is set, so that some settings follow from others.
        """
        usual = flat(parameters(entry))
        settings: dict[str, str] = {}
        while True:
            again = self._current.configured(changed(entry, settings), row)
            apart = differing(was, flat(parameters(again)))
            more = settings_of(
                {name: value for name, (value, _) in apart.items() if name in was and value != usual.get(name)}
            )
            if more.keys() <= settings.keys():
                return again, settings
            settings |= more

    @cached_property
    def _asked(self) -> dict[str, WantedOfKnown]:
        """Results that runs ask for, by the command of the run: that of today, and those with their own recipe file."""
        asked = {"marsmedia ingest": WantedOfKnown(load_recipes(), self._catalogue)}
        for file in recipe_files_of_last_runs(self._store).values():
            words = shlex.join(["marsmedia", "ingest", "--recipes", file])
            asked[words] = WantedOfKnown(load_recipes_of(Path(file)), self._catalogue)
        return asked

    @cached_property
    def _rows(self) -> Mapping[str, list[SourceRow]]:
        return by_source(row for row in known_files(self._catalogue) if row.kind == "media")

    @cached_property
    def _taken(self) -> Set[str]:
        """Paths at which a media file is now."""
        return {row.path for rows in self._rows.values() for row in rows if row.gone_utc is None}

    @cached_property
    def _current(self) -> CurrentResults:
        return CurrentResults(self._catalogue)

    @cached_property
    def _held(self) -> frozenset[ResultRef]:
        """Results that `prune` leaves: in packs, kept by somebody, or the evidence that forbids redistribution."""
        forbidding = {
            ResultRef(source=row.digest, processor=EVIDENCE, key=row.forbidden_key)
            for row in self._catalogue.sightings()
            if row.forbidden_key
        }
        return frozenset({*packed_results(self._store), *kept_results(self._store), *forbidding})

    @cached_property
    def _catalogued(self) -> dict[ResultRef, dict[str, Json]]:
        """Parameters of the results that the catalogue lists as damaged."""
        columns = ["source", "processor", "key", "parameters"]
        return {
            ResultRef(source=row["source"], processor=row["processor"], key=row["key"]): json.loads(row["parameters"])
            for row in self._catalogue.rows("results", columns, "damage IS NOT NULL")
        }


def _is_same(one: ResultRef, other: ResultRef) -> bool:
    """Return whether two references mean the same folder."""
    return (one.source, one.processor, one.key[:16]) == (other.source, other.processor, other.key[:16])
