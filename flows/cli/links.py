"""`marsmedia links`: find links between sources, store them with both, and print them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from flows.cli.common import counted, open_existing_store, print_json
from flows.cli.printing.print_links import sentence
from flows.cli.shared_options import JSON, STORE, run_options
from processors.sources.scan import printable


@click.command()
@run_options("quiet")
@STORE
@JSON
def links(quiet: bool, store_folder: Path, as_json: bool) -> None:
    """Find sources that share pictures or sound.

    Finds photos that were scaled, recompressed, converted or cropped; photos that are a frame of a
    video, with the frame number; the same sound in two files, with the offset. Each link has a score
    and is kept with both sources. Compares previews, frames, spectrograms and video.measurements,
    which covers every frame.

    \b
    marsmedia links
    marsmedia query "SELECT * FROM links"
    """
    from flows.run.progress import RunProgress
    from processors.linking.find_links import find_links
    from processors.store.catalogue.catalogue import Catalogue

    store = open_existing_store(store_folder)
    catalogue = Catalogue(store)
    with RunProgress(quiet=quiet or as_json) as progress:
        found = find_links(store, progress.each)
    catalogue.replace_links(found.links)
    names = {row.digest: row.name for row in catalogue.sightings()}
    if as_json:
        print_json({"links": found.links, "notes": found.notes})
        return
    for link in found.links:
        click.echo(printable(f"{names.get(link.here.source)}: {sentence(asdict(link), names)}"))
    for note in found.notes:
        click.echo(f"note: {note}")
    click.echo(
        f"{counted(len(found.links), 'link')}; see also `marsmedia show`, and the table `links` in `marsmedia query`"
    )
