"""Settings in a folder's `marsmedia.toml`: defaults for commands started there, and for notebooks."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flows.run.options import RECIPES_FILE
from processors.errors import RequestError

NAME = "marsmedia.toml"
STORE_FOLDER = "MARSMEDIA_STORE"


def read_folder_defaults(folder: Path) -> Mapping[str, Any]:
    """Return the content of `marsmedia.toml` in a folder; empty if there is none.

    Raises
    ------
    RequestError : it cannot be read, or is not TOML; the message names the file.
    """
    path = folder / NAME
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (ValueError, OSError) as error:
        raise RequestError(f"{path}: {error}") from error


def store_location() -> str:
    """Return the folder or address of the store that commands take here: by the environment, else `marsmedia.toml`.

    Raises
    ------
    RequestError : `marsmedia.toml` is not TOML.
    """
    return os.environ.get(STORE_FOLDER) or str(read_folder_defaults(Path.cwd()).get("store") or "processed")


def recipe_file() -> Path | None:
    """Return the recipe file that the environment names, else `marsmedia.toml` in the current folder; None without.

    Raises
    ------
    RequestError : `marsmedia.toml` is not TOML.
    """
    named = os.environ.get(RECIPES_FILE) or read_folder_defaults(Path.cwd()).get("recipes")
    return Path(named) if named else None
