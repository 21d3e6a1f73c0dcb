"""`marsmedia diff`: two results of one processor, compared."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from flows.cli.look import open_store
from processors.comparing.results import Comparison, ItemDifference, compare, pair
from processors.errors import RequestError
from processors.sources.scan import printable
from processors.store.catalogue import Catalogue
from processors.store.selection import find_source


def diff(word: str, processor: str, keys: tuple[str, ...], folder: Path, *, out: Path | None, as_json: bool) -> None:
    """Compare, and tell what differs."""
    store = open_store(folder)
    row = find_source(word, Catalogue(store).sightings())
    manifests = list(store.manifests(row.digest))
    ours = [manifest for manifest in manifests if manifest.ref.processor == processor]
    if not ours:
        names = ", ".join(sorted({manifest.ref.processor for manifest in manifests})) or "none"
        raise RequestError(f"{processor}: no results of this processor for {row.name}: there are {names}")
    if out and out.exists() and not out.is_dir():
        raise RequestError(f"{out}: not a folder: name another one with -o")
    found = compare(*pair(ours, keys), store, out)
    if as_json:
        click.echo(json.dumps(asdict(found), ensure_ascii=False))
    else:
        _tell(found)


def _tell(found: Comparison) -> None:
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
    click.echo(f"{len(found.items)} items: {same} the same, {len(found.items) - same} not")


def _line(item: ItemDifference) -> str:
    sizes = " -> ".join("none" if size is None else str(size) for size in item.size_bytes)
    numbers = ", ".join(f"{name} {'none' if value is None else value}" for name, value in item.numbers.items())
    written = f"; see {item.picture}" if item.picture else ""
    named = f"{item.name} and {item.second_name}" if item.second_name else item.name
    time = "" if item.time_seconds is None else f" at {item.time_seconds:.3f} s"
    return f"{named}{time}: {item.verdict}, {sizes} bytes{f': {numbers}' if numbers else ''}{written}"
