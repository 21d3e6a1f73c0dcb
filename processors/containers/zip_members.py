"""Reproducible entries of zip archives, independent of clock and machine."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime

FIRST_YEAR = 1980
"""First year that a zip can express."""


def zip_member(name: str, *, dated_utc: str | None = None, mode: int = 0o600) -> zipfile.ZipInfo:
    """Return an entry to write; without a date it has the first moment that a zip can express.

    Parameters
    ----------
    mode : type and permissions of the file, as Unix writes them.
    """
    moment = datetime.fromisoformat(dated_utc).astimezone(UTC) if dated_utc else datetime(FIRST_YEAR, 1, 1)
    year = max(moment.year, FIRST_YEAR)
    time = (year, moment.month, moment.day, moment.hour, moment.minute, moment.second // 2 * 2)
    member = zipfile.ZipInfo(name, time)
    member.create_system = 3  # Unix, even if written on Windows
    member.external_attr = mode << 16
    return member
