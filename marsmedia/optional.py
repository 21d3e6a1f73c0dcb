"""Libraries that only notebooks need."""

from __future__ import annotations

import importlib.util
from typing import Literal

from processors.errors import RequestError


def needed(library: Literal["pandas", "xarray"]) -> None:
    """Raise `RequestError` with what to install, if a library is missing."""
    if importlib.util.find_spec(library) is None:
        raise RequestError(f"{library} is not installed; run `pip install 'marsmedia[notebook]'`")
