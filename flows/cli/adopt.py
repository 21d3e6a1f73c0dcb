"""`marsmedia adopt`: write a parameter set into the recipes."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.cli.common import open_existing_store
from flows.cli.completion import complete_processors
from flows.cli.shared_options import SETTINGS, STORE, YES
from processors.engine.parameters import changed, from_parameters, parse_settings
from processors.errors import RequestError

if TYPE_CHECKING:
    from processors.contract import Processor
    from processors.json_records import Json
    from processors.store.store import Store


@click.command()
@click.argument("processor", shell_complete=complete_processors)
@click.argument("key", required=False)
@SETTINGS
@YES
@STORE
def adopt(processor: str, key: str | None, settings: tuple[str, ...], yes: bool, store_folder: Path) -> None:
    """Change a processor's parameters in flows/recipes.py.

    Takes the parameters of an existing result, named by the first characters of its KEY, or the
    recipe's own with the changes of --set. Shows the change and asks for confirmation before writing it; the next
    ingest makes what is then due.

    \b
    marsmedia adopt video.frames --set every_seconds=0.5
    marsmedia adopt audio.spectrogram 3fa94c01
    """
    import flows.recipes
    from flows.run.recipe_changes.load_recipes import (
        known_processors,
        load_recipes,
        named,
        recipe_file,
        without_own_inputs,
    )
    from flows.run.recipe_changes.recipe_edit import edited
    from processors.store.flush import replace_file

    if (key is None) == (not settings):
        raise RequestError("give either the key of a result or --set KEY=VALUE")
    if file := recipe_file():
        raise RequestError(
            f"{file} is in use, which `adopt` does not edit; write [{processor}] and its parameters there"
        )
    recipes = load_recipes()
    entries = named(processor, recipes, *known_processors())
    entry, recipe = next((one, recipes[medium]) for medium, ours in entries.items() for one in ours)
    wanted = (
        _of_result(entry, key, open_existing_store(store_folder)) if key else changed(entry, parse_settings(settings))
    )
    wanted = without_own_inputs(wanted, recipe)
    path = Path(flows.recipes.__file__)
    before = path.read_text(encoding="utf-8")
    after = edited(before, path, wanted)
    if after == before:
        click.echo(f"{path}: already has these parameters")
        return
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), str(path), "with the change", lineterm="")
    click.echo("\n".join(lines))
    if yes or click.confirm("write this change?"):
        replace_file(path, after.encode())
        click.echo("written; see what is due now with `marsmedia ingest --dry-run`")
    else:
        click.echo("not changed")


def _of_result(entry: Processor, key: str, store: Store) -> Processor:
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.manifest import ResultRef

    rows = Catalogue(store).rows("results", ["source", "processor", "key"])
    ours = [row for row in rows if row["processor"] == entry.name]
    found = [row for row in ours if row["key"].startswith(key)]
    if len(found) != 1:
        known = ", ".join(sorted({row["key"][:8] for row in ours})[:20]) or "none"
        what = f"is ambiguous ({len(found)} results)" if found else "matches no result"
        raise RequestError(f"{key}: key prefix {what} of {entry.name}; existing keys: {known}")
    return from_parameters(type(entry), _without_file_names(store.manifest(ResultRef(**found[0])).parameters))


def _without_file_names(parameters: Mapping[str, Json]) -> dict[str, Json]:
    """Return the parameters of a result without the name of its file, which is not that of every other."""
    return {
        name: _without_file_names(value) if isinstance(value, dict) else value
        for name, value in parameters.items()
        if name != "file_name"
    }
