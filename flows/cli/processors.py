"""`marsmedia processors`: available processors and their parameters."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import shutil
import textwrap
from typing import TYPE_CHECKING, Any

import click

from flows.cli.common import print_json
from flows.cli.completion import complete_processors
from flows.cli.shared_options import JSON, RECIPES
from processors.errors import RequestError, meant

if TYPE_CHECKING:
    from processors.contract import Processor


@click.command()
@click.argument("name", required=False, shell_complete=complete_processors)
@RECIPES
@JSON
def processors(name: str | None, as_json: bool) -> None:
    """List the processors, or the parameters of NAME.

    Parameters are set in flows/recipes.py, or with --set for `marsmedia reprocess`.

    \b
    marsmedia processors
    marsmedia processors video.frames
    """
    from flows.run.recipe_changes.load_recipes import known_processors, load_recipes
    from processors.contract import parameters
    from processors.json_records import as_json as in_json

    default = {one.name for recipe in load_recipes().all for ours in recipe.values() for one in ours}
    found: dict[str, Processor] = {}
    media: dict[str, set[str]] = {}
    for recipes in known_processors():
        for medium, ours in recipes.items():
            for one in ours:
                found.setdefault(one.name, one)
                media.setdefault(one.name, set()).add(medium)
    if name is None:
        records = [
            {
                "processor": one.name,
                "version": one.version,
                "media": sorted(media[one.name]),
                "by_default": one.name in default,
                "gives": _first_sentence(one),
            }
            for one in sorted(found.values(), key=lambda one: one.name)
        ]
        _list(records, as_json=as_json)
        return
    if name not in found:
        raise RequestError(f"{name}: no such processor; {meant(name, sorted(found))}")
    one = found[name]
    docs = _field_docs(type(one))
    if as_json:
        every = {field.name: in_json(getattr(one, field.name)) for field in dataclasses.fields(one)} | parameters(one)  # type: ignore[arg-type]
        print_json({"processor": name, "version": one.version, "parameters": every, "meanings": docs})
        return
    click.echo(f"{name}, version {one.version}: {_first_sentence(one)}")
    for field in dataclasses.fields(one):  # type: ignore[arg-type]
        value = getattr(one, field.name)
        click.echo(f"  {field.name} = {_in_words(value)}")
        if field.name in docs:
            click.echo(click.wrap_text(docs[field.name], 78, "      ", "      "))


def _list(records: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        for record in records:
            print_json(record)
        return
    formatter = click.HelpFormatter(width=min(shutil.get_terminal_size().columns, 110))
    for heading, by_default in (("Made by default", True), ("Made on request (marsmedia reprocess)", False)):
        with formatter.section(heading):
            rows = [(r["processor"], r["gives"]) for r in records if r["by_default"] == by_default]
            formatter.write_dl(rows)
    click.echo(formatter.getvalue().strip())


def _first_sentence(processor: Processor) -> str:
    """Return the first sentence of the class's docstring, without its markup."""
    paragraph = " ".join((type(processor).__doc__ or "").split("\n\n")[0].split())
    return paragraph.replace("`", "")


def _in_words(value: Any) -> str:
    """Return a parameter's value; for a processor used as an input, only its name."""
    if isinstance(name := getattr(value, "name", None), str):
        return f"{name} (its own parameters: {name.rpartition('.')[2]}.NAME=VALUE)"
    return str(value)


def _field_docs(kind: type) -> dict[str, str]:
    """Return the docstring of each field, which follows it in the source of its class, as one line."""
    docs = _field_docs(kind.__base__) if kind.__base__ not in (None, object) else {}
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(body, ast.ClassDef)
    for field, text in zip(body.body, body.body[1:], strict=False):
        if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr)):
            continue
        if isinstance(text.value, ast.Constant) and isinstance(text.value.value, str):
            docs[field.target.id] = " ".join(text.value.value.split())
    return docs
