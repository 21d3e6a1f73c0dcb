"""Conflicting statements about the same bytes at several paths."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from processors.mission.profile import load_profile, profile_names
from processors.mission.release_statements import OF_MISSION, said_of_all
from processors.mission.when import moment_of
from processors.well_known_names import EVIDENCE

if TYPE_CHECKING:
    import duckdb

COMPARED = (
    *("mission", "agency", "event", "recorded_by", "credit", "rights", "redistribute", "synthetic"),
    *("still_seconds", "altitude_metres", "field_of_view_degrees", "altitude_shot"),
)
"""Keys of release.toml that have one value for the bytes of a file; titles and captions may legitimately differ."""

REPEATED = """
SELECT 1 FROM stored_sources WHERE kind = 'media' GROUP BY digest HAVING count(*) > 1 LIMIT 1
"""
"""A row if any source was ever seen at two paths. If none was, the queries below need not sort all of them."""

SEVERAL_PLACES = """
SELECT digest FROM sources WHERE kind = 'media' AND gone_utc IS NULL GROUP BY digest
HAVING count(*) > 1 AND (count(DISTINCT evidence_key) > 1 OR count(evidence_key) < count(*))
"""
"""Sources that may have conflicting statements: usually few or none, so that the others need no lookup."""

SAID_APART = f"""
SELECT s.digest, s.relative, r.parameters, s.words FROM sighted s
JOIN results r ON r.source = s.digest AND r.key = s.words_key AND r.processor = '{EVIDENCE}'
WHERE s.gone_utc IS NULL AND list_contains($1::VARCHAR[], s.digest)
QUALIFY min(s.words_key) OVER (PARTITION BY s.digest) <> max(s.words_key) OVER (PARTITION BY s.digest)
ORDER BY s.digest, s.relative
"""


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """Conflicting statements of several paths; not resolved."""

    about: str
    """Subject: a key of release.toml, or `recorded` for the time of recording."""
    says: tuple[tuple[str, str], ...]
    """(value, path below the folder of releases) for each path with a statement."""


@dataclass(frozen=True, kw_only=True)
class _Said:
    path: str
    words: dict[str, str]
    span: tuple[str, str] | None
    """Earliest and latest UTC of the recording."""


def disagreements(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[Disagreement, ...]]:
    """Return the disagreements between the paths of each source, by digest; sources without any are left out."""
    repeated = connection.execute(REPEATED).fetchone()
    several = [digest for (digest,) in connection.execute(SEVERAL_PLACES).fetchall()] if repeated else []
    rows = connection.execute(SAID_APART, [several]).fetchall() if several else []
    found: dict[str, tuple[Disagreement, ...]] = {}
    for digest, group in itertools.groupby(rows, key=lambda row: row[0]):
        voices = [_said(path, json.loads(parameters), json.loads(facts)) for _, path, parameters, facts in group]
        if apart := (*_words_apart(voices), *_spans_apart(voices)):
            found[digest] = apart
    return found


def _said(path: str, parameters: Mapping[str, Any], facts: Mapping[str, Any] | None) -> _Said:
    release = json.loads(parameters.get("release", "{}"))
    head, entry = release.get("head", {}), release.get("file", {})
    words = {**said_of_all(head, entry), **entry}
    if words.get("mission") in profile_names():
        profile = load_profile(words["mission"])
        words = {name: getattr(profile, name) for name in OF_MISSION} | words
    earliest, latest = ((facts or {}).get(name) for name in ("earliest_utc", "latest_utc"))
    return _Said(
        path=path,
        words={name: _written(words[name]) for name in COMPARED if name in words},
        span=(earliest, latest) if earliest and latest else None,
    )


def _written(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}" if value.is_integer() else str(value)
    return str(value).lower() if isinstance(value, bool) else " ".join(str(value).split())


def _words_apart(voices: list[_Said]) -> list[Disagreement]:
    told = ((name, [(one.words[name], one.path) for one in voices if name in one.words]) for name in COMPARED)
    return [
        Disagreement(about=name, says=tuple(says))
        for name, says in told
        if len({value.casefold() for value, _ in says}) > 1
    ]


def _spans_apart(voices: list[_Said]) -> list[Disagreement]:
    """Return recording times that do not overlap."""
    spans = [(one.span, one.path) for one in voices if one.span]
    moments = [tuple(map(moment_of, span)) for span, _ in spans]
    if all(a[0] < b[1] and b[0] < a[1] for a, b in itertools.combinations(moments, 2)):
        return []
    return [Disagreement(about="recorded", says=tuple((f"{a} to {b}", path) for (a, b), path in spans))]
