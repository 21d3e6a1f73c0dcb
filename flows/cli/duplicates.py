"""`marsmedia duplicates`: stretches of film that come again, within one video or in another of the store."""

from __future__ import annotations

import json
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

import click

from flows.cli.look import open_store
from processors.linking.repeated_footage import same_film
from processors.sources.scan import printable
from processors.store.catalogue import Catalogue
from processors.store.manifest import ResultRef
from processors.video.audit.measurements import Measurements
from processors.video.frames.contact_sheet import clock


def duplicates(folder: Path, *, at_most_bits: int, as_json: bool) -> None:
    """Print every stretch, in the order of sources and times."""
    store = open_store(folder)
    catalogue = Catalogue(store)
    tables: dict[str, Path] = {}
    for row in catalogue.table("results", ["source", "processor", "key", "verdict"]).to_pylist():
        if row["processor"] == Measurements.name and row["verdict"] == "made":
            ref = ResultRef(source=row["source"], processor=row["processor"], key=row["key"])
            tables[row["source"]] = store.item_path(ref, "measurements.parquet")
    if not tables:
        raise click.ClickException(f"{folder}: no video was measured: add `Measurements()` to flows/recipes.py")
    names = {source: source[:12] for source in tables}
    names |= {row.digest: row.name for row in catalogue.sightings()}
    found = same_film(tables, at_most_bits)
    if as_json:
        told = [{**asdict(one), "name": names[one.source], "other_name": names[one.other_source]} for one in found]
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for one in found:
        here = _span(names[one.source], one.first_seconds, one.last_seconds)
        there = _span(names[one.other_source], one.other_first_seconds, one.other_last_seconds)
        click.echo(f"{here} = {there}  ({one.frame_count} pictures)")


def _span(name: str, first_seconds: float, last_seconds: float) -> str:
    first, last = (clock(Fraction(repr(seconds))) for seconds in (first_seconds, last_seconds))
    return printable(f"{name} {first} to {last}")
