"""Comparison of two results of one processor: parameters, facts, pictures, spectrograms, and bytes of other files."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from processors.comparing.pictures import compare_pictures
from processors.comparing.spectrograms import compare_power
from processors.engine.plan import differing, flat
from processors.errors import RequestError
from processors.json_records import Json
from processors.store.catalogue.latest import age
from processors.store.manifest import Manifest, StoredItem
from processors.store.store import Store

Numbers = Mapping[str, float | str | None]


@dataclass(frozen=True, kw_only=True)
class ItemDifference:
    name: str
    """Name in the first result, or in the second if only that has the item."""
    second_name: str | None
    """Name in the second result, if items of the same time have different names; otherwise None."""
    time_seconds: float | None
    """Presentation time; items of a known time are paired by it, others by name."""
    verdict: Literal["same bytes", "other bytes", "only in the first", "only in the second"]
    size_bytes: tuple[int | None, int | None]
    facts: dict[str, tuple[Json, Json]]
    """Differing facts, by dotted name."""
    numbers: Numbers
    """Measured differences of pictures or arrays; empty for items compared only by their bytes."""
    picture: str | None
    """Path of the difference picture; None if there is none or none was requested."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Comparison of two results; in pairs, the first result's value comes first."""

    keys: tuple[str, str]
    started_utc: tuple[str, str]
    version: tuple[int, int]
    parameters: dict[str, tuple[Json, Json]]
    """Differing parameters, by dotted name."""
    software: dict[str, tuple[str | None, str | None]]
    """Libraries with different versions."""
    items: tuple[ItemDifference, ...]


def pair(manifests: list[Manifest], keys: tuple[str, ...]) -> tuple[Manifest, Manifest]:
    """Return the two results with these key prefixes, or the two newest; the older one first.

    Raises
    ------
    RequestError : a key matches none or several, or there are not two results.
    """
    made = sorted((m for m in manifests if m.verdict == "made"), key=age)
    known = ", ".join(f"{m.ref.key[:8]} ({m.started_utc[:19]})" for m in made) or "none"
    if not keys:
        if len(made) < 2:
            raise RequestError(
                f"need two results to compare but found only {known}; create another with `marsmedia reprocess`"
            )
        return made[-2], made[-1]
    chosen = [_meant(key, made, known) for key in keys]
    if len(chosen) != 2:
        raise RequestError("give two keys, or none to compare the two newest results")
    return chosen[0], chosen[1]


def _meant(key: str, made: list[Manifest], known: str) -> Manifest:
    found = [manifest for manifest in made if manifest.ref.key.startswith(key)]
    if len(found) != 1:
        what = f"is ambiguous ({len(found)} matches)" if found else "matches no result"
        raise RequestError(f"{key}: key prefix {what}; existing keys: {known}")
    return found[0]


def compare_results(first: Manifest, second: Manifest, store: Store, out: Path | None) -> Comparison:
    """Compare item by item: items of a known time with those of the same time, others with those of the same name.

    Difference pictures are written below `out`, by the name in the first result.
    """
    ours, theirs = _by_place(first), _by_place(second)
    items = []
    for place in sorted(ours.keys() | theirs.keys()):
        one, other = ours.get(place), theirs.get(place)
        names = _name(one, other), _name(other, one)
        paths = store.item_path(first.ref, names[0]), store.item_path(second.ref, names[1])
        items.append(_item(names, one, other, paths, out))
    return Comparison(
        keys=(first.ref.key, second.ref.key),
        started_utc=(first.started_utc, second.started_utc),
        version=(first.version, second.version),
        parameters=differing(flat(first.parameters), flat(second.parameters)),
        software=differing(first.software, second.software),
        items=tuple(items),
    )


def _by_place(manifest: Manifest) -> dict[tuple[float, str, int], StoredItem]:
    """Index items by time and number among items of that time, in name order; those without a time first, by name."""
    found: dict[tuple[float, str, int], StoredItem] = {}
    counts: Counter[float] = Counter()
    for item in sorted(manifest.items, key=lambda item: item.name):
        time_seconds = _time(item)
        if time_seconds is None:
            found[-math.inf, item.name, 0] = item
        else:
            found[time_seconds, "", counts[time_seconds]] = item
            counts[time_seconds] += 1
    return found


def _time(item: StoredItem) -> float | None:
    facts = _facts(item)
    found = facts.get("time_seconds", facts.get("identity.time_seconds"))
    return float(found) if isinstance(found, int | float) else None


def _name(item: StoredItem | None, other: StoredItem | None) -> str:
    found = item or other
    return found.name if found else ""


def _item(
    names: tuple[str, str],
    ours: StoredItem | None,
    theirs: StoredItem | None,
    paths: tuple[Path, Path],
    out: Path | None,
) -> ItemDifference:
    facts = differing(_facts(ours), _facts(theirs)) if ours and theirs else {}
    numbers: Numbers = {}
    written = None
    if ours is None or theirs is None:
        verdict = "only in the first" if ours else "only in the second"
    elif ours.sha256 == theirs.sha256:
        verdict = "same bytes"
    else:
        verdict = "other bytes"
        picture = out / f"{names[0]}.difference.png" if out else None
        if picture:
            picture.parent.mkdir(parents=True, exist_ok=True)
        if ours.media_type.startswith("image/") and theirs.media_type.startswith("image/"):
            numbers = compare_pictures(*paths, picture)
        elif ours.media_type == theirs.media_type == "application/x-netcdf":
            numbers = compare_power(*paths, picture)
        written = str(picture) if picture and picture.exists() else None
    return ItemDifference(
        name=names[0],
        second_name=names[1] if names[1] != names[0] else None,
        time_seconds=_time(ours) if ours else _time(theirs) if theirs else None,
        verdict=verdict,
        size_bytes=(ours and ours.size_bytes, theirs and theirs.size_bytes),
        facts=facts,
        numbers=numbers,
        picture=written,
    )


def _facts(item: StoredItem | None) -> dict[str, Json]:
    return flat(item.facts) if item and isinstance(item.facts, dict) else {}
