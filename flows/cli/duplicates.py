"""`marsmedia duplicates`: footage that is repeated, within one video or in another of the store."""

from __future__ import annotations

from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

import click

from flows.cli.common import counted, open_existing_store, print_json
from flows.cli.shared_options import JSON, STORE
from processors.sources.scan import printable
from processors.store.manifest import ResultRef


@click.command()
@STORE
@click.option(
    "--bits",
    "at_most_bits",
    type=click.IntRange(0, 15),
    default=6,
    show_default=True,
    help="How many of the 64 bits of two frames' perceptual hashes may differ.",
)
@JSON
def duplicates(store_folder: Path, at_most_bits: int, as_json: bool) -> None:
    """Find footage that is repeated, within a video or in another.

    Compares every frame by the hashes in the results of `video.measurements`; `marsmedia links`
    compares stored pictures.

    \b
    marsmedia duplicates
    marsmedia duplicates --bits 2
    """
    from processors.linking.repeated_footage import repeated_segments
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.catalogue.sql import latest_items
    from processors.video.audit.measurements import Measurements

    store = open_existing_store(store_folder)
    catalogue = Catalogue(store)
    tables: dict[str, Path] = {}
    for row in latest_items(catalogue, Measurements.name):
        if row["name"] == "measurements.parquet":
            ref = ResultRef(source=row["source"], processor=row["processor"], key=row["key"])
            tables[row["source"]] = store.item_path(ref, row["name"])
    if not tables:
        raise click.ClickException(f"{store_folder}: no video was measured; add `Measurements()` to flows/recipes.py")
    names = {source: source[:12] for source in tables}
    names |= {row.digest: row.name for row in catalogue.sightings()}
    found = repeated_segments(tables, at_most_bits)
    if as_json:
        for one in found:
            print_json({**asdict(one), "name": names[one.source], "other_name": names[one.other_source]})
        return
    for one in found:
        here = _span(names[one.source], one.first_seconds, one.last_seconds)
        there = _span(names[one.other_source], one.other_first_seconds, one.other_last_seconds)
        click.echo(f"{here} = {there}  ({counted(one.frame_count, 'frame')})")
    if not found:
        click.echo(f"no repeated footage in {counted(len(tables), 'measured video')}")


def _span(name: str, first_seconds: float, last_seconds: float) -> str:
    from processors.video.frames.contact_sheet import format_presentation_time

    first, last = (format_presentation_time(Fraction(repr(seconds))) for seconds in (first_seconds, last_seconds))
    return printable(f"{name} {first} to {last}")
