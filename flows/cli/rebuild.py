"""`marsmedia rebuild`: the catalogue and the by-name view, from the plain files of the store."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from flows.cli.common import print_json
from flows.cli.shared_options import JSON, RECIPES, STORE, run_options
from processors.sources.scan import printable
from processors.store.open_store import open_store


@click.command()
@run_options("quiet")
@STORE
@RECIPES
@JSON
def rebuild(quiet: bool, store_folder: Path, as_json: bool) -> None:
    """Rebuild the catalogue and the by-name view.

    Both are made from the plain files of the store, while no other command is at work on it. Exit code 1: a
    manifest, or the record of a source, could not be read; the latter is written again where the catalogue
    still knows it.

    \b
    marsmedia rebuild
    marsmedia rebuild --store /archive/mars
    """
    from flows.run.planning.known_files import WantedOfKnown, by_name_entries, known_files
    from flows.run.progress import RunProgress
    from flows.run.recipe_changes.load_recipes import load_recipes
    from flows.run.reporting.at_work import alone
    from processors.store.by_name_view import rebuild_by_name
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.catalogue.rebuild_catalogue import rebuild_catalogue

    store = open_store(store_folder, writes=False, needs_catalogue=False)
    catalogue = Catalogue(store)
    with alone(store, "rebuild"), RunProgress(quiet=quiet or as_json) as progress:
        unreadable = rebuild_catalogue(store, steps=progress.each)
        named = by_name_entries(known_files(catalogue), WantedOfKnown(load_recipes(), catalogue), catalogue)
        rebuild_by_name(store, named, catalogue.not_made(), progress.each)
    if as_json:
        left_out = [one.reason for one in unreadable if not one.is_restored]
        restored = [one.reason for one in unreadable if one.is_restored]
        print_json({"results": catalogue.count("results"), "unreadable": left_out, "restored": restored})
    else:
        for one in unreadable:
            done = f"{one.reason}; written again from the catalogue" if one.is_restored else one.reason
            click.echo(f"{'restored' if one.is_restored else 'left out'}: {printable(done)}")
        click.echo(f"rebuilt the catalogue and the by-name view of {store_folder}")
    sys.exit(1 if unreadable else 0)
