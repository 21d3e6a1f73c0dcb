"""`marsmedia diff`: two results of one processor, compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.cli.common import counted, open_existing_store, print_json, print_remarks
from flows.cli.shared_options import JSON, STORE
from processors.errors import RequestError
from processors.sources.scan import printable

if TYPE_CHECKING:
    from processors.comparing.results import Comparison, ItemDifference


@click.command()
@click.argument("source")
@click.argument("processor")
@click.argument("keys", nargs=-1)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder for difference pictures.")
@STORE
@JSON
def diff(
    source: str, processor: str, keys: tuple[str, ...], output: Path | None, store_folder: Path, as_json: bool
) -> None:
    """Compare two results of PROCESSOR on SOURCE.

    KEYS are the first characters of the keys of both; without them, the two newest are compared.
    Facts are shown side by side; pictures are compared in levels, spectrograms in dB, other files by
    their bytes.

    \b
    marsmedia diff descent.mp4 video.frames
    marsmedia diff drive-off.mp4 audio.spectrogram 3fa9 c01d -o difference
    """
    from processors.comparing.results import compare_results, pair
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.catalogue.named_sources import find_source

    store = open_existing_store(store_folder)
    catalogue = Catalogue(store)
    row, remarks = find_source(source, catalogue.sightings(), catalogue)
    print_remarks(remarks)
    manifests = list(store.manifests(row.digest))
    ours = [manifest for manifest in manifests if manifest.ref.processor == processor]
    if not ours:
        names = ", ".join(sorted({manifest.ref.processor for manifest in manifests})) or "none"
        raise RequestError(f"{processor}: no results of this processor for {row.name}; it has results of: {names}")
    if output and output.exists() and not output.is_dir():
        raise RequestError(f"{output}: not a folder; choose another with -o")
    found = compare_results(*pair(ours, keys), store, output)
    if as_json:
        print_json(found)
    else:
        _print(found)


def _print(found: Comparison) -> None:
    for which, key, started in zip(("first", "second"), found.keys, found.started_utc, strict=True):
        click.echo(f"{which:7}{key[:8]}  {started}")
    if found.version[0] != found.version[1]:
        click.echo(f"version: {found.version[0]} -> {found.version[1]}")
    for name, (before, now) in {**found.parameters, **found.software}.items():
        click.echo(f"{name}: {printable(str(before))} -> {printable(str(now))}")
    same = sum(item.verdict == "same bytes" for item in found.items)
    for item in found.items:
        if item.verdict != "same bytes" or item.facts:
            click.echo(_line(item))
            for name, (before, now) in item.facts.items():
                click.echo(f"  {name}: {printable(str(before))} -> {printable(str(now))}")
    click.echo(f"{counted(len(found.items), 'item')}: {same} identical, {len(found.items) - same} different")


def _line(item: ItemDifference) -> str:
    sizes = " -> ".join("none" if size is None else str(size) for size in item.size_bytes)
    numbers = ", ".join(f"{name} {'none' if value is None else value}" for name, value in item.numbers.items())
    written = f"; see {item.picture}" if item.picture else ""
    named = f"{item.name} and {item.second_name}" if item.second_name else item.name
    time = "" if item.time_seconds is None else f" at {item.time_seconds:.3f} s"
    return f"{named}{time}: {item.verdict}, {sizes} bytes{f': {numbers}' if numbers else ''}{written}"
