"""Recordings of one instrument that begin at the same instant by their labels, as parts of one session can."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

NAMED = 3
SHARED = """
SELECT coalesce(words->>'camera', words->>'recorded_by') AS instrument, words->>'earliest_utc' AS start_utc,
       list(DISTINCT relative ORDER BY relative), list(DISTINCT digest)
FROM sighted
WHERE gone_utc IS NULL AND medium IN ('audio', 'video') AND list_contains($1::VARCHAR[], release)
  AND words->>'precision' IN ('second', 'subsecond') AND words->>'date_source' LIKE 'label %'
GROUP BY release, medium, instrument, start_utc
HAVING instrument IS NOT NULL AND count(DISTINCT digest) > 1
ORDER BY start_utc, instrument
"""


@dataclass(frozen=True, kw_only=True)
class SharedStart:
    """Recordings of one release, medium and instrument with the same start."""

    instrument: str
    start_utc: str
    """ISO 8601, to the second or finer."""
    files: tuple[str, ...]
    """Paths below the folder of releases, in order."""
    digests: frozenset[str]

    def __str__(self) -> str:
        more = f" and {len(self.files) - NAMED} more" if len(self.files) > NAMED else ""
        return (
            f"{len(self.files)} recordings of {self.instrument} begin at the same instant by their labels, "
            f"{self.start_utc}: {', '.join(self.files[:NAMED])}{more}; if that is the start of the session, only the "
            "first has the right UTC: state when each began as date in release.toml"
        )


def shared_starts(connection: duckdb.DuckDBPyConnection, releases: Collection[str]) -> list[SharedStart]:
    """Return the recordings of these releases that share a start, known to the second, in order of time."""
    rows = connection.execute(SHARED, [sorted(releases)]).fetchall()
    return [
        SharedStart(instrument=instrument, start_utc=_short(start), files=tuple(files), digests=frozenset(digests))
        for instrument, start, files, digests in rows
    ]


def _short(utc: str) -> str:
    """Return a moment without the zeros at the end of its fraction."""
    whole, point, fraction = utc.removesuffix("Z").partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}{point if fraction else ''}{fraction}Z"
