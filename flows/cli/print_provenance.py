"""Provenance of an item: the bytes, parameters, versions and libraries that made it, and later changes."""

from __future__ import annotations

from typing import Any

import click

from flows.cli.common import print_json
from flows.run.load_recipes import wanted_today
from processors.comparing.provenance import Provenance, provenance_of
from processors.engine.plan import flat
from processors.sources.scan import printable
from processors.store.catalogue import Catalogue
from processors.store.manifest import Manifest
from processors.store.store import Store


def print_provenance(manifest: Manifest, name: str | None, store: Store, *, as_json: bool) -> None:
    """Print the provenance of a result, or of one of its items."""
    catalogue = Catalogue(store)
    todays = wanted_today(catalogue.sources().values())
    seen = [row for row in catalogue.sightings() if row.digest == manifest.ref.source]
    present = [row for row in seen if row.gone_utc is None]
    wanted = {one.ref: one for row in present or seen[-1:] for one in todays.of(row)}
    found = provenance_of(manifest, name, seen, list(wanted.values()), store)
    if as_json:
        print_json(found)
        return
    _print(found, manifest, store)


def _print(found: Provenance, manifest: Manifest, store: Store) -> None:
    what = f"{found.item}, of {manifest.ref.processor}" if found.item else manifest.ref.processor
    click.echo(f"{what} version {manifest.version}, {manifest.verdict} on {manifest.started_utc} on {manifest.host}")
    _line("folder", store.where(manifest.ref))
    _line("made of", f"{manifest.source_name}, SHA-256 {manifest.ref.source}")
    _line("with", ", ".join(f"{key}={value}" for key, value in flat(manifest.parameters).items()) or "no parameters")
    _line("by", ", ".join(f"{key} {value}" for key, value in manifest.software.items()))
    for change in found.changes or ("nothing",):
        _line("since", change)


def _line(title: str, text: Any) -> None:
    click.echo(f"  {title:8} {printable(str(text))}")
