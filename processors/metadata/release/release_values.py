"""Values of a `release.toml` table as a plain mapping."""

from __future__ import annotations

import datetime
from typing import Any

TRANSLATED = ("title", "caption", "alt_text")
"""Keys that may be repeated with a language: `title_zh`."""

Said = dict[str, str | bool | float | int | list[str]]
"""Values by key of `release_model`, dates as text."""


def date_as_text(value: Any) -> Any:
    """Return an unquoted date as its text, any other value unchanged."""
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime.date) else value
