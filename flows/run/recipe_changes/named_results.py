"""Results outside the recipes, and their names in the by-name view: `video.frames~every_seconds=0.5`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from flows.run.recipe_changes.load_recipes import every_processor
from processors.contract import Processor, is_of_path, parameters
from processors.engine.plan import Plan, flat
from processors.engine.wanted_results import WantedResult, WantedResults
from processors.json_records import Json
from processors.store.by_name_view import NAME_BYTES, ByNameEntry, NamedResult, safe_name
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.source_row import SourceRow
from processors.store.manifest import ResultRef


def name_of(processor: str, values: Mapping[str, Json], usual: Mapping[str, Json], key: str) -> str:
    """Return the name of a result: its processor, and the parameters that are set and differ from the usual ones.

    Parameters
    ----------
    values, usual : parameters as in a manifest and from `contract.parameters`.
    key : key of the result; its beginning replaces parameters that are too long to be listed.
    """
    ours, theirs = flat(values), flat(usual)
    differing = [name for name in sorted(ours) if ours[name] is not None and ours[name] != theirs.get(name)]
    changed = ",".join(f"{name}={_text(ours[name])}" for name in differing)
    name = f"{processor}~{changed}"
    fits = len(name.encode()) <= NAME_BYTES and safe_name(name) == name
    return name if fits and changed else f"{processor}~{key[:8]}"


class Wanted(Protocol):
    """Results that recipes want of media files."""

    def of(self, row: SourceRow, /) -> list[WantedResult]: ...


def asked_entries(rows: Iterable[SourceRow], plan: Plan, today: WantedResults) -> list[ByNameEntry]:
    """Return files with the results requested for a selection, under their names in the view."""
    usual = _usual()
    entries = []
    for row in rows:
        recipe = {one.ref: one.processor for one in today.of(row)}
        in_recipe = {one.name: one for one in recipe.values()}
        others = [
            NamedResult(name=_name(one.processor, one.ref, recipe, in_recipe, usual), ref=one.ref)
            for one in plan.wanted.get(row.digest, ())
            if one.is_named and (not one.is_of_path or one.ref in plan.of_path.get(row.path, ()))
        ]
        entries.append(ByNameEntry.at(row.relative, row.release, others=told_apart(others)))
    return entries


def other_results(
    catalogue: Catalogue, recipe_keys: Collection[str], rows: Mapping[str, SourceRow], today: Wanted
) -> dict[str, tuple[NamedResult, ...]]:
    """Return by source the results of current processors with parameters other than the recipes'.

    Results of earlier versions are left out.

    Parameters
    ----------
    recipe_keys : keys of the results that the recipes want.
    rows : the media files whose results are wanted, by digest.
    """
    columns = ["source", "processor", "key", "version", "verdict", "parameters"]
    usual = _usual()
    in_recipe: dict[str, dict[str, Processor]] = {}
    found: dict[str, list[NamedResult]] = {}
    for row in catalogue.results_besides(recipe_keys, columns, rows.keys()):
        ref = ResultRef(source=row["source"], processor=row["processor"], key=row["key"])
        if ref.source not in in_recipe:
            in_recipe[ref.source] = {one.ref.processor: one.processor for one in today.of(rows[ref.source])}
        own = in_recipe[ref.source].get(ref.processor)
        known = own or usual.get(ref.processor)
        if row["verdict"] != "made" or known is None or is_of_path(known) or row["version"] != known.version:
            continue
        values: dict[str, Any] = json.loads(row["parameters"])
        is_usual = own is None and ref == ResultRef.of(known, rows[ref.source].digests)  # not with another label
        name = ref.processor if is_usual else name_of(ref.processor, values, parameters(known), ref.key)
        found.setdefault(ref.source, []).append(NamedResult(name=name, ref=ref))
    return {source: told_apart(sorted(ours, key=lambda one: one.name)) for source, ours in found.items()}


def told_apart(results: Sequence[NamedResult]) -> tuple[NamedResult, ...]:
    """Return the results of a source; those that would share a name get the beginning of their keys instead."""
    counts = Counter(one.name for one in results)
    return tuple(
        one if counts[one.name] == 1 else replace(one, name=f"{one.ref.processor}~{one.ref.key[:8]}") for one in results
    )


def _name(
    processor: Processor,
    ref: ResultRef,
    recipe: Mapping[ResultRef, Processor],
    in_recipe: Mapping[str, Processor],
    usual: Mapping[str, Processor],
) -> str:
    known = in_recipe.get(processor.name) or usual.get(processor.name)
    is_plain = ref in recipe or (processor.name not in in_recipe and processor == known)
    if is_plain or known is None:
        return processor.name
    return name_of(processor.name, parameters(processor), parameters(known), ref.key)


def _usual() -> dict[str, Processor]:
    """Return each processor as in the recipes; those run on request, with their default parameters."""
    return {p.name: p for recipes in reversed(every_processor()) for ours in recipes.values() for p in ours}


def _text(value: Json) -> str:
    return "+".join(map(_text, value)) if isinstance(value, list | tuple) else str(value)
