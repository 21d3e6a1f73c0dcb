"""Settings in a folder's `marsmedia.toml`: defaults for commands started there, and for notebooks."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from processors.errors import RequestError

NAME = "marsmedia.toml"


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
