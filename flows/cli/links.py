"""`marsmedia links`: finds what stored sources have in common, keeps it with both, and tells it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from flows.cli.look import open_store
from flows.cli.print_links import sentence
from processors.sources.scan import printable
from processors.store.catalogue import Catalogue


def links(folder: Path, *, as_json: bool) -> None:
    """Look for links, replace those that are kept, and print each once."""
    from processors.linking.find import find_links

    store = open_store(folder)
    catalogue = Catalogue(store)
    found = find_links(store)
    catalogue.replace_links(found.links)
    names = {row.digest: row.name for row in catalogue.sightings()}
    if as_json:
        click.echo(json.dumps({"links": [asdict(link) for link in found.links], "notes": found.notes}))
        return
    for link in found.links:
        click.echo(printable(f"{names.get(link.here.source)}: {sentence(asdict(link), names)}"))
    for note in found.notes:
        click.echo(f"note: {note}")
    click.echo(f"{len(found.links)} links; `marsmedia show` and the table `links` of `marsmedia query` have them too")
