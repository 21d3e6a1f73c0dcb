"""Dates as files and releases write them, in ISO 8601."""

from __future__ import annotations

import re


def iso_date(written: str) -> str:
    """Return a date in ISO 8601, also from Exif's form `2021:06:11 10:00:05`."""
    found = re.fullmatch(r"(\d{4}):(\d{2})(?::(\d{2})(?: (.*))?)?", written)
    if not found:
        return written.replace(" ", "T", 1) if re.match(r"\d{4}-\d{2}-\d{2} \d", written) else written
    day = "-".join(part for part in found.groups()[:3] if part)
    return f"{day}T{found[4]}" if found[4] else day
