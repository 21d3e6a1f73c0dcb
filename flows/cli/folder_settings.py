"""`marsmedia.toml`: default options for every command that is started in its folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from flows.run.folder_defaults import NAME, read_folder_defaults
from processors.errors import RequestError, meant
from processors.store.open_store import is_address, location_of

FOR_ALL = {"store": "store_folder", "raw": "raw", "recipes": "recipes"}
"""Keys outside tables, each with the parameter of a command that takes it."""


def settings_for(command: click.Command, name: str, folder: Path) -> dict[str, Any]:
    """Return the values that `marsmedia.toml` in a folder sets for the parameters of a command.

    `store`, `raw` and `recipes` are top-level keys; other options are in a table of the command's name, as on the
    command line but without `--`: `[ingest]` with `workers = 4`, `[pack.build]` with `audience = "press"`. Paths in it
    are relative to the folder.

    Raises
    ------
    RequestError : not TOML, or a key that is no option; the message names the file and the key.
    """
    path = folder / NAME
    written = read_folder_defaults(folder)
    for key, value in written.items():
        if not isinstance(value, dict) and key not in FOR_ALL:
            raise RequestError(f"{path}: {key}: no such key; {meant(key, FOR_ALL)}")
    return _values(command, name, written, written.get(name, {}), path)


def _values(
    command: click.Command, name: str, written: Mapping[str, Any], own: Mapping[str, Any], path: Path
) -> dict[str, Any]:
    """Return values by parameter; of a group, those of each of its commands by the command's name."""
    if isinstance(command, click.Group):
        if unknown := next((key for key in own if key not in command.commands), None):
            raise RequestError(f"{path}: [{name}] {unknown}: no such command; {meant(unknown, command.commands)}")
        return {
            inner: _values(one, f"{name}.{inner}", written, own.get(inner, {}), path)
            for inner, one in command.commands.items()
        }
    taken = {parameter.name for parameter in command.params}
    values: dict[str, Any] = {
        of: _place(path.parent, str(written[key])) for key, of in FOR_ALL.items() if key in written and of in taken
    }
    options = {opt.removeprefix("--"): p for p in command.params for opt in p.opts if opt.startswith("--")}
    for key, value in own.items():
        if key not in options:
            raise RequestError(f"{path}: [{name}] {key}: no such option; {meant(key, options)}")
        values[str(options[key].name)] = value
    return values


def _place(folder: Path, written: str) -> Path | str:
    """Return a path relative to the folder of the settings, or an address as it is."""
    return written if is_address(location_of(written)) else folder / written
