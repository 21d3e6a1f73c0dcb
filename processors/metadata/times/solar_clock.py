"""Solar times as labels write them: hours of a clock, perhaps after the sol."""

from __future__ import annotations

import re

_WRITTEN = re.compile(
    r"(?:(?:sol)?[-_ ]?(?P<sol>\d{1,6})[MT /])?\s*"
    r"(?P<hours>[01]?\d|2[0-3]):(?P<minutes>[0-5]\d)(?::(?P<seconds>[0-5]\d(?:\.\d+)?))?",
    re.IGNORECASE,
)


def hours_of_clock(text: str) -> float | None:
    """Return the hours, 0 to 24, of `HH:MM:SS`, perhaps after a sol (`Sol-03778M12:11:16`); None for other text."""
    parts = _WRITTEN.fullmatch(_plain(text))
    if parts is None:
        return None
    return round(int(parts["hours"]) + int(parts["minutes"]) / 60 + float(parts["seconds"] or 0) / 3600, 5)


def sol_of_clock(text: str) -> int | None:
    """Return the sol before a solar time; None if the text has none."""
    parts = _WRITTEN.fullmatch(_plain(text))
    return int(parts["sol"]) if parts and parts["sol"] else None


def _plain(text: str) -> str:
    """Return the text without quotes and unit."""
    return text.partition("<")[0].strip(" '\"")
