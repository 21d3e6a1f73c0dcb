"""Options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import click

from flows.cli.completion import complete_recipes, complete_selection
from flows.run.options import RECIPES_FILE, Described, Options
from processors.errors import RequestError
from processors.store.open_store import is_address, location_of

Function = TypeVar("Function", bound=Callable[..., Any])


def _use_recipes(context: click.Context, _option: click.Parameter, path: str | None) -> None:
    """Name the recipe file to this process, and to those it starts, while the command lasts."""
    if path is None:
        return
    before = os.environ.get(RECIPES_FILE)
    os.environ[RECIPES_FILE] = path
    context.call_on_close(lambda: _restore(RECIPES_FILE, before))


def _restore(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


class PlaceType(click.Path):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value if is_address(location_of(str(value))) else super().convert(value, param, ctx)


class FolderType(click.Path):
    """A folder on a disk; raises `RequestError` for the address of one in a bucket."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if is_address(location_of(str(value))):
            raise RequestError(f"{value}: this command needs the release in a folder; copy it from the bucket first")
        return super().convert(value, param, ctx)


RAW = click.argument("raw", type=PlaceType(path_type=Path), default=Path("raw"), envvar="MARSMEDIA_RAW")
STORE = click.option(
    "--store",
    "store_folder",
    type=PlaceType(path_type=Path),
    default=Path("processed"),
    envvar="MARSMEDIA_STORE",
    show_default=True,
    show_envvar=True,
    help="Folder of the processed store, or its place in a bucket: s3://bucket/folder.",
)
RECIPES = click.option(
    "--recipes",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    expose_value=False,
    callback=_use_recipes,
    help="TOML file with changes to flows/recipes.py; also MARSMEDIA_RECIPES.",
)
SELECTION = click.argument("selection", nargs=-1, shell_complete=complete_selection)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON; a list as one object per line.")
DRY_RUN = click.option("--dry-run", is_flag=True, help="Show what is due, why, and how long it should take; then stop.")
SETTINGS = click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a parameter (repeatable)."
)
YES = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
FORCE = click.option("--force", is_flag=True, help="Replace the output if it exists.")


OF_REPROCESSING = (
    "recipe",
    "strict",
    "retry_failed",
    "workers",
    "memory_mb",
    "time_limit_factor",
    "runner",
    "scheduler",
    "shard",
    "quiet",
)
"""Options of a run over selected sources."""


def run_options(*names: str) -> Callable[[Function], Function]:
    """Declare options of a run on a command, from the fields of `Options` with these names."""
    types = get_type_hints(Options, include_extras=True)
    defaults = {field.name: field.default for field in fields(Options)}

    def declare(command: Function) -> Function:
        for name in reversed(names):
            declared = _option(name, *get_args(types[name]), default=defaults[name])
            command = click.option(f"--{name.replace('_', '-')}", **declared)(command)
        return command

    return declare


def _option(name: str, kind: Any, described: Described, *, default: Any) -> dict[str, Any]:
    if kind is bool:
        return {"is_flag": True, "help": described.help}
    if get_origin(kind) is Literal:
        return {"type": click.Choice(get_args(kind)), "default": default, "show_default": True, "help": described.help}
    if str in (kind, *get_args(kind)):
        return {
            "shell_complete": complete_recipes if name == "recipe" else None,
            "default": default,
            "show_default": described.unset or True,
            "help": described.help,
        }
    number: Any = click.FloatRange if kind is float else click.IntRange
    return {
        "type": number(described.minimum, described.maximum),
        "default": default,
        "show_default": described.unset or True,
        "help": described.help,
    }
