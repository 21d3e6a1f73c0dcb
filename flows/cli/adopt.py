"""`marsmedia adopt`: makes a parameter set the recipe's own."""

from __future__ import annotations

import difflib
from pathlib import Path

import click

from flows.cli.look import open_store
from flows.run.load_recipes import load_recipes, named
from flows.run.recipe_edit import edited
from processors.contract import Processor
from processors.engine.parameters import changed, from_parameters, parse_settings
from processors.errors import RequestError
from processors.store.catalogue import Catalogue
from processors.store.manifest import ResultRef
from processors.store.store import Store, replace_file


def adopt(name: str, key: str | None, settings: tuple[str, ...], folder: Path, *, yes: bool) -> None:
    """Show what would change in `flows/recipes.py`, ask, and change it."""
    import flows.recipes

    if (key is None) == (not settings):
        raise RequestError("give either the key of a result or --set key=value")
    entries = [processor for processors in named(name, load_recipes()).values() for processor in processors]
    wanted = _of_result(entries[0], key, open_store(folder)) if key else changed(entries[0], parse_settings(settings))
    path = Path(flows.recipes.__file__)
    before = path.read_text(encoding="utf-8")
    after = edited(before, path, wanted)
    if after == before:
        click.echo(f"{path}: says so already")
        return
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), str(path), "with the change", lineterm="")
    click.echo("\n".join(lines))
    if yes or click.confirm("write it?"):
        replace_file(path, after.encode())
        click.echo("written; what is due now: marsmedia ingest --dry-run")
    else:
        click.echo("not changed")


def _of_result(entry: Processor, key: str, store: Store) -> Processor:
    rows = Catalogue(store).table("results", ["source", "processor", "key"]).to_pylist()
    ours = [row for row in rows if row["processor"] == entry.name]
    found = [row for row in ours if row["key"].startswith(key)]
    if len(found) != 1:
        there = ", ".join(sorted({row["key"][:8] for row in ours})[:20]) or "none"
        raise RequestError(f"{key}: {len(found) or 'no'} results of {entry.name} have a key that begins so: {there}")
    return from_parameters(type(entry), store.manifest(ResultRef(**found[0])).parameters)
