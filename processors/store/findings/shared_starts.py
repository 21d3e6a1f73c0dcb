"""Recordings of one instrument that begin at the same instant by their labels, as parts of one session can.

Those with the start of their bundle or collection are among them, also a single one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

NAMED = 3
SHARED = """
SELECT coalesce(words->>'camera', words->>'recorded_by') AS instrument,
       coalesce(words->>'collection_start_utc', words->>'earliest_utc') AS start_utc,
       words->>'collection_start_utc' IS NOT NULL AS is_of_collection,
       list(DISTINCT relative ORDER BY relative), list(DISTINCT digest)
FROM sighted
WHERE gone_utc IS NULL AND medium IN ('audio', 'video') AND list_contains($1::VARCHAR[], release)
  AND (words->>'collection_start_utc' IS NOT NULL
       OR (words->>'precision' IN ('second', 'subsecond') AND words->>'date_source' LIKE 'label %'))
GROUP BY release, medium, instrument, start_utc, is_of_collection
HAVING is_of_collection OR (instrument IS NOT NULL AND count(DISTINCT digest) > 1)
ORDER BY start_utc, instrument
"""


@dataclass(frozen=True, kw_only=True)
class SharedStart:
    """Recordings of one release, medium and instrument with the same start."""

    instrument: str | None
    """None only for a start of a collection."""
    is_of_collection: bool
    """True if it is the start of the bundle or collection too, and therefore not used as that of the recordings."""
    start_utc: str
    """ISO 8601, to the second or finer."""
    files: tuple[str, ...]
    """Paths below the folder of releases, in order."""
    digests: frozenset[str]

    def __str__(self) -> str:
        more = f" and {len(self.files) - NAMED} more" if len(self.files) > NAMED else ""
        if self.is_of_collection:
            one = len(self.files) == 1
            whose = f"{len(self.files)} recording{'' if one else 's'}" + f" of {self.instrument}" * bool(
                self.instrument
            )
            return (
                f"{whose} {'has' if one else 'have'} no start but that of the bundle or collection, {self.start_utc}: "
                f"{', '.join(self.files[:NAMED])}{more}; it is not used: state when each began as date in release.toml"
            )
        return (
            f"{len(self.files)} recordings of {self.instrument} begin at the same instant by their labels, "
            f"{self.start_utc}: {', '.join(self.files[:NAMED])}{more}; if that is the start of the session, only the "
            "first has the right UTC: state when each began as date in release.toml"
        )


def shared_starts(connection: duckdb.DuckDBPyConnection, releases: Collection[str]) -> list[SharedStart]:
    """Return the recordings of these releases that share a start, or have a collection's, in order of time."""
    rows = connection.execute(SHARED, [sorted(releases)]).fetchall()
    return [
        SharedStart(
            instrument=instrument,
            is_of_collection=is_of_collection,
            start_utc=_short(start),
            files=tuple(files),
            digests=frozenset(digests),
        )
        for instrument, start, is_of_collection, files, digests in rows
    ]


def _short(utc: str) -> str:
    """Return a moment without the zeros at the end of its fraction."""
    whole, point, fraction = utc.removesuffix("Z").partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}{point if fraction else ''}{fraction}Z"
