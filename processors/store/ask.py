"""The catalogue in SQL: its tables, and views over them, on a connection that can read nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from processors.store.catalogue import Catalogue

if TYPE_CHECKING:
    import duckdb

AUDITS = """
CREATE VIEW audits AS
SELECT i.source, i.facts::JSON AS audit
FROM stored_items i JOIN results r ON (i.source, i.processor, i.key) = (r.source, r.processor, r.key)
WHERE i.processor = 'video.integrity' AND i.name = 'integrity.json'
QUALIFY row_number() OVER (PARTITION BY i.source ORDER BY r.started_utc DESC) = 1
"""
"""One row an audited video: what its latest audit says."""

ITEMS = """
CREATE VIEW items AS
SELECT i.* REPLACE (
  CASE WHEN a.audit IS NULL THEN i.facts
       ELSE json_merge_patch(i.facts::JSON, json_object('audit', a.audit))::VARCHAR END AS facts)
FROM stored_items i LEFT JOIN audits a ON a.source = i.source
"""
"""Every item; the latest audit of its source travels in its facts."""

KNOWN = """
CREATE VIEW known AS
WITH latest AS (
  SELECT i.source, i.facts
  FROM stored_items i JOIN results r ON (i.source, i.processor, i.key) = (r.source, r.processor, r.key)
  WHERE i.processor = 'evidence'
  QUALIFY row_number() OVER (PARTITION BY i.source ORDER BY r.started_utc DESC) = 1
)
SELECT s.name, s.release, s.relative, s.medium, s.format, s.codec, s.size_bytes, s.duration_seconds,
       s.digest AS source, e.facts->>'mission' AS mission, e.facts->>'event' AS event,
       e.facts->>'camera' AS camera, e.facts->>'recorded_by' AS recorded_by,
       e.facts->>'title' AS title, e.facts->>'precision' AS precision,
       (e.facts->>'earliest_utc')::TIMESTAMPTZ AS earliest_utc, (e.facts->>'latest_utc')::TIMESTAMPTZ AS latest_utc,
       (e.facts->>'first_sol')::INTEGER AS first_sol, (e.facts->>'last_sol')::INTEGER AS last_sol,
       (e.facts->>'solar_longitude_degrees')::DOUBLE AS solar_longitude_degrees,
       (e.facts->>'local_true_solar_time_hours')::DOUBLE AS local_true_solar_time_hours,
       (e.facts->>'disagreement_count')::INTEGER AS disagreement_count,
       a.audit->>'words' AS audit, (a.audit->>'motion_may_be_measured')::BOOLEAN AS motion_may_be_measured
FROM (SELECT DISTINCT ON (digest) * FROM sources WHERE kind = 'media' ORDER BY digest, seen_utc DESC, path) s
LEFT JOIN latest e ON e.source = s.digest LEFT JOIN audits a ON a.source = s.digest
"""
"""One row a source: its latest evidence and audit, for asking by sol, event, camera, time and medium."""


def connect(catalogue: Catalogue) -> duckdb.DuckDBPyConnection:
    """A connection with `sources`, `results`, `items`, `links`, `known` and `audits`; close it after use."""
    import duckdb

    connection = duckdb.connect()
    for table, name in (("sources", "sources"), ("results", "results"), ("links", "links"), ("items", "stored_items")):
        connection.register(name, catalogue.table(table))
    for view in (AUDITS, ITEMS, KNOWN):
        connection.execute(view)
    connection.execute("SET enable_external_access = false; SET TimeZone = 'UTC'; SET lock_configuration = true")
    return connection
