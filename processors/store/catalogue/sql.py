"""SQL access to the catalogue: its tables and views, on a connection that can read nothing else."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from processors.formats import MISNAMED
from processors.store.catalogue.catalogue import Catalogue, damaged_table
from processors.store.catalogue.latest import LATEST_FIRST, LATEST_ITEMS, LATEST_RESULTS
from processors.store.catalogue.table_columns import COLUMNS
from processors.store.findings.disagreements import disagreements
from processors.store.findings.stored_evidence import OF_RELEASE
from processors.well_known_names import EVIDENCE, INTEGRITY, MEASUREMENTS, PHOTO_PREVIEW

if TYPE_CHECKING:
    import duckdb

SOURCES = """
CREATE VIEW sources AS
WITH earlier AS (
  SELECT path, split_part(unnest(string_split(earlier_utc, ' ')), '/', 1) AS seen_utc
  FROM stored_sources WHERE earlier_utc IS NOT NULL
), followed AS (
  SELECT s.path, s.seen_utc, min(e.seen_utc) AS next_utc
  FROM stored_sources s JOIN earlier e ON e.path = s.path AND e.seen_utc > s.seen_utc GROUP BY ALL
)
SELECT s.* REPLACE (least(
  gone_utc, lead(s.seen_utc) OVER (PARTITION BY s.path ORDER BY s.seen_utc, gone_utc NULLS LAST), next_utc
) AS gone_utc)
FROM stored_sources s LEFT JOIN followed f ON f.path = s.path AND f.seen_utc = s.seen_utc
"""
"""One row per path and each of its contents, present or past; `gone_utc` is NULL for the present one. As `oldest_first`
has it, what was replaced ends where the next contents were first found, also those that are back since."""

AUDITS = f"""
CREATE VIEW audits AS
SELECT source, facts::JSON AS audit
FROM stored_items i JOIN results r USING (source, processor, key)
WHERE processor = '{INTEGRITY}' AND i.name = 'integrity.json'
QUALIFY row_number() OVER (PARTITION BY source ORDER BY {LATEST_FIRST}) = 1
"""
"""One row per audited video, with its latest audit."""

ITEMS = """
CREATE VIEW items AS
SELECT i.* REPLACE (
  CASE WHEN a.audit IS NULL THEN i.facts
       ELSE json_merge_patch(i.facts::JSON, json_object('audit', a.audit))::VARCHAR END AS facts)
FROM stored_items i LEFT JOIN audits a ON a.source = i.source
"""
"""Every item, with the latest audit of its source in its facts."""

# Statements about a media file at each path that holds or held it: one row a path and content.
#
#   path       digest   evidence_key   the words are those of the evidence ...
#   june/a.jpg 3fa9...  77c1...        77c1..., which the last run planned for this path
#   july/a.jpg 3fa9...  NULL           made last for the release july: no run of this version has planned this path
#   a.jpg      5e02...  NULL           made last for 5e02..., whatever its release: it was never at another path
#
# `is_known` marks one path of each source: the first that holds it now, or the last that held it. Paths that nothing
# describes while their release describes another copy come behind the others, and those whose suffix is that of another
# format last. Evidence that was made without a result which was made since, as metadata after a crash, has no word any
# more: the next run makes it again.
SIGHTED = f"""
CREATE VIEW sighted AS
WITH places AS (
  SELECT *, count(*) OVER (PARTITION BY digest) AS place_count, row_number() OVER (
    PARTITION BY digest
    ORDER BY gone_utc IS NULL DESC, CASE WHEN gone_utc IS NOT NULL THEN seen_utc END DESC,
             coalesce(starts_with(note, '{MISNAMED}'), false), described_at IS NOT NULL, relative, path
  ) = 1 AS is_known
  FROM sources WHERE kind = 'media'
), surpassed AS (
  SELECT e.source, e.key FROM results e JOIN results u ON u.source = e.source
  WHERE e.processor = '{EVIDENCE}' AND e.made_without IS NOT NULL AND u.verdict = 'made'
    AND list_contains(string_split(e.made_without, ','), u.processor) AND u.started_utc > e.started_utc
), evidence AS (
  SELECT source, key, facts FROM stored_items ANTI JOIN surpassed USING (source, key)
  WHERE processor = '{EVIDENCE}' AND name = 'evidence.json'
), planned AS (
  SELECT p.*, e.key AS words_key, e.facts AS words
  FROM places p LEFT JOIN evidence e ON e.source = p.digest AND e.key = p.evidence_key
  WHERE p.evidence_key IS NOT NULL
), dated AS (
  SELECT e.*, r.release, r.source_name, r.started_utc FROM evidence e JOIN results r USING (source, key)
  WHERE source IN (SELECT digest FROM places WHERE evidence_key IS NULL)
), not_planned AS (
  SELECT p.*, e.key AS words_key, e.facts AS words
  FROM places p LEFT JOIN dated e ON e.source = p.digest AND (e.release = p.release OR p.place_count = 1)
  WHERE p.evidence_key IS NULL
  QUALIFY row_number() OVER (PARTITION BY p.path, p.digest ORDER BY e.source_name = p.name DESC, {LATEST_FIRST}) = 1
)
SELECT * EXCLUDE (place_count) FROM planned UNION ALL SELECT * EXCLUDE (place_count) FROM not_planned
"""

# Whether the bytes at each path may be passed on: true, false, or NULL if this is not stated. A path says `may` by
# its evidence or, without a word in it, by an earlier prohibition there. The strictest of all paths with the same bytes
# binds every one of them:
#
#   1. no, if a path says no that is there, or that went after the last path began to say yes (and says so still). A no
#      in an entry about the file itself ends by a yes in another such entry alone: at its path, or elsewhere later on;
#   2. unknown, if a path is there whose release speaks of its rights, or cannot be read, and does not say yes;
#   3. else what the path itself says.
#
# So, of two paths with the same bytes, the one and the other:
#
#   one path      says   the other, there since May, says      redistribute
#   there         no     yes                                   no at both (1)
#   until June    no     yes                                   no at both (1)
#   until April   no     yes                                   no at the one; yes at the other
#   until April   no, in an entry about the file; yes          no at both (1), unless that yes is in such an entry too
#   there         yes    nothing, though its release speaks    unknown at both (2)
#   there         yes    nothing: only the file itself speaks  yes at the one; unknown at the other
PERMITTED = f"""
CREATE VIEW permitted AS
WITH said AS (
  SELECT *,
         CASE WHEN entry_permission = false THEN false
              ELSE coalesce((words->>'redistribute')::BOOLEAN, CASE WHEN forbidden_key IS NOT NULL THEN false END)
         END AS may,
         words IS NULL OR regexp_matches(words->>'rights_source', '^({"|".join(map(re.escape, OF_RELEASE))})') AS speaks
  FROM sighted
), since AS (
  SELECT *, max(CASE WHEN gone_utc IS NULL AND may THEN seen_utc END) OVER (PARTITION BY digest) AS allowed_utc,
            max(CASE WHEN entry_permission THEN entry_permission_utc END) OVER (PARTITION BY digest) AS named_utc
  FROM said
), bound AS (
  SELECT *, bool_or(may = false AND (gone_utc IS NULL OR gone_utc > coalesce(
                      CASE WHEN entry_permission = false THEN named_utc ELSE greatest(allowed_utc, named_utc) END, '')))
              OVER (PARTITION BY digest) AS is_forbidden,
            bool_or(may IS NULL AND speaks AND gone_utc IS NULL) OVER (PARTITION BY digest) AS is_unknown
  FROM since
)
SELECT *, CASE WHEN is_forbidden THEN false WHEN is_unknown THEN NULL ELSE may END AS redistribute FROM bound
"""
"""`sighted` with the permission as a column: a view to join would read and sort all sightings a second time."""

PLACED = """
CREATE VIEW placed AS
SELECT s.is_known, s.path, s.name, s.release, s.relative, s.medium, s.format, s.codec, s.size_bytes, s.duration_seconds,
       s.digest AS source, s.seen_utc, s.gone_utc, s.words_key AS evidence_key,
       s.words->>'mission' AS mission, s.words->>'event' AS event,
       s.words->>'camera' AS camera, s.words->>'recorded_by' AS recorded_by,
       s.words->>'title' AS title, s.words->>'precision' AS precision,
       (s.words->>'earliest_utc')::TIMESTAMPTZ AS earliest_utc, (s.words->>'latest_utc')::TIMESTAMPTZ AS latest_utc,
       (s.words->>'first_sol')::INTEGER AS first_sol, (s.words->>'last_sol')::INTEGER AS last_sol,
       (s.words->>'solar_longitude_degrees')::DOUBLE AS solar_longitude_degrees,
       (s.words->>'local_true_solar_time_hours')::DOUBLE AS local_true_solar_time_hours,
       s.words->>'rights' AS rights, s.redistribute,
       (s.words->>'disagreement_count')::INTEGER + coalesce(d.count, 0) AS disagreement_count,
       a.audit->>'words' AS audit, (a.audit->>'motion_may_be_measured')::BOOLEAN AS motion_may_be_measured
FROM permitted s LEFT JOIN audits a ON a.source = s.digest LEFT JOIN disagreements d ON d.source = s.digest
"""
SIGHTINGS = "CREATE VIEW sightings AS SELECT * EXCLUDE (is_known) FROM placed"
"""One row per path of a media file: the statements about it, and the audit of its bytes.

`disagreement_count` includes conflicts with other paths of the same bytes.
"""

KNOWN = """
CREATE VIEW known AS SELECT * EXCLUDE (is_known, path, seen_utc, evidence_key) FROM placed WHERE is_known
"""
"""One row per source, as stated at the first path that holds it (of several one that is described, and whose suffix
fits), or the last that held it."""

SHOWN_SIZES = f"""
SELECT source, any_value(width_px), any_value(height_px) FROM (
  SELECT source, processor, key, facts->>'source_width_px' AS width_px, facts->>'source_height_px' AS height_px
  FROM stored_items WHERE processor = '{PHOTO_PREVIEW}'
  UNION ALL
  SELECT source, processor, key, facts->>'width_px', facts->>'height_px'
  FROM stored_items WHERE processor = '{MEASUREMENTS}' AND name = 'measurements.parquet'
) JOIN latest_results USING (source, processor, key)
WHERE width_px IS NOT NULL AND height_px IS NOT NULL
GROUP BY source
"""

INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = "Query interrupted"
"""Message of DuckDB's RuntimeError after Ctrl-C."""


@contextmanager
def connect(catalogue: Catalogue, *, has_statements: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection with the tables and views.

    The tables stay in their files, from which a query reads only the columns and rows that it needs.

    Parameters
    ----------
    has_statements : whether to create `known` and `sightings`, for which all sources are looked through.

    Raises
    ------
    KeyboardInterrupt : Ctrl-C during a query; DuckDB itself raises a RuntimeError.
    StoreError : a table is damaged.
    """
    with _library().connect() as connection:
        try:
            _create_views(connection, catalogue, has_statements=has_statements)
            yield connection
        except RuntimeError as error:
            if str(error) == INTERRUPTED:
                raise KeyboardInterrupt from error
            raise


def shown_sizes(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, int]]:
    """Return width and height in pixels of each decoded photo or video as it is shown: upright, in square pixels."""
    return {source: (int(width), int(height)) for source, width, height in connection.execute(SHOWN_SIZES).fetchall()}


def latest_items(catalogue: Catalogue, *processors: str) -> list[dict[str, Any]]:
    """Return the items of each source's latest results of these processors, as rows of the table `items`.

    Of one processor those of a single result, the latest that has items; in the order of source, processor and name.
    """
    with connect(catalogue) as connection:
        rows = connection.execute(LATEST_ITEMS, [list(processors)])
        names = [column[0] for column in rows.description or ()]
        return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]


def _library() -> ModuleType:
    """Import DuckDB; an exception from a signal's handler meanwhile would abort the process."""
    with _signals_held_back():
        return import_module("duckdb")


@contextmanager
def _signals_held_back() -> Iterator[None]:
    """Hold back signals until the end; do nothing in threads other than the main one, as these run no handlers.

    Blocking them is not enough: another thread would receive them, and the main thread would run their handlers.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []
    numbers = [one for one in INTERRUPTS if signal.getsignal(one) not in (signal.SIG_IGN, None)]
    before = [(one, signal.signal(one, lambda number, _: arrived.append(number))) for one in numbers]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
        for number in arrived:
            signal.raise_signal(number)


def _create_views(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, *, has_statements: bool) -> None:
    stored = {"sources": "stored_sources", "results": "results", "links": "links", "items": "stored_items"}
    read: list[str] = []
    for table, name in stored.items():
        files, there = catalogue.files(table)
        columns = [
            column if column in there and files else f"NULL::{kind} AS {column}"
            for column, kind in COLUMNS[table].items()
        ]
        place = f"FROM read_parquet({_quoted(files)}, union_by_name = true)" if files else "WHERE false"
        try:
            connection.execute(f"CREATE VIEW {name} AS SELECT {', '.join(columns)} {place}")
        except _library().Error as error:
            raise damaged_table(table, error) from error
        read += files
    for view in (SOURCES, LATEST_RESULTS, AUDITS, ITEMS, SIGHTED):
        connection.execute(view)
    if has_statements:
        _create_statements(connection)
    connection.execute(f"SET allowed_paths = {_quoted(read)}")
    connection.execute("SET enable_external_access = false; SET TimeZone = 'UTC'; SET lock_configuration = true")


def _create_statements(connection: duckdb.DuckDBPyConnection) -> None:
    counts = {source: len(apart) for source, apart in disagreements(connection).items()}
    connection.execute(
        "CREATE TABLE disagreements AS SELECT unnest($1::VARCHAR[]) AS source, unnest($2::BIGINT[]) AS count",
        [list(counts), list(counts.values())],
    )
    for view in (PERMITTED, PLACED, SIGHTINGS, KNOWN):
        connection.execute(view)


def _quoted(files: Sequence[str]) -> str:
    return "[" + ", ".join("'" + file.replace("'", "''") + "'" for file in files) + "]"
