"""`marsmedia packs`: the packs that were built from a store."""

from __future__ import annotations

from pathlib import Path

import click

from flows.cli.common import counted, open_existing_store, print_json
from flows.cli.printing.print_table import aligned
from flows.cli.shared_options import JSON, STORE
from processors.sources.scan import printable

CHANGES_SHOWN = 5
"""Sources listed of each pack of which nothing grave has changed; `marsmedia pack verify` lists all."""


@click.command()
@STORE
@JSON
def packs(store_folder: Path, as_json: bool) -> None:
    """List the packs built from this store.

    Packs with sources, labels or subtitle files that were corrected, replaced or withdrawn since say so, and so do
    those of which a release.toml, label, sidecar, subtitle file or calibration has changed since the last ingest.
    `marsmedia prune` keeps what packs hold.

    \b
    marsmedia packs
    marsmedia pack forget june.zip
    """
    from flows.run.recipe_changes.load_recipes import wanted_today
    from processors.packs.changed_sources import changes_in_words
    from processors.packs.registry import built_packs
    from processors.store.catalogue.catalogue import Catalogue

    store = open_existing_store(store_folder)
    found = built_packs(store, wanted_today(Catalogue(store).sources().values()).of)
    if as_json:
        for one in found:
            print_json(one.record())
        return
    words = {True: "", False: "no longer there", None: "its bucket does not answer"}
    rows = [(one.pack, one.built_utc, counted(one.result_count, "result"), words[one.is_there]) for one in found]
    for line in aligned(rows, right=(2,)) or ["no pack was built from this store"]:
        click.echo(line)
    for one in found:
        if one.changed:
            said = changes_in_words(one.changed, one.source_count, shown=CHANGES_SHOWN)
            click.echo(f"{printable(Path(one.pack).name)}: {printable(said)}")
        for description in one.changed_descriptions:
            click.echo(f"{printable(Path(one.pack).name)}: {description.told_of_packs}")
