"""Columns of the catalogue's tables. One can be added: where a store does not have it yet, it reads as NULL."""

from __future__ import annotations

import pyarrow as pa

from processors.store.links import LINK_SCHEMA

_TEXT, _INT = pa.string(), pa.int64()
SCHEMAS = {
    "sources": pa.schema(
        [
            ("path", _TEXT),
            ("digest", _TEXT),
            ("release", _TEXT),
            ("relative", _TEXT),
            ("name", _TEXT),
            ("size_bytes", _INT),
            ("mtime_ns", _INT),
            ("kind", _TEXT),
            ("medium", _TEXT),
            ("format", _TEXT),
            ("codec", _TEXT),
            ("has_sound", pa.bool_()),
            ("duration_seconds", pa.float64()),
            ("note", _TEXT),
            ("seen_utc", _TEXT),
            ("label_name", _TEXT),
            ("label_sha256", _TEXT),
            ("gone_utc", _TEXT),
            ("evidence_key", _TEXT),
        ]
    ),
    "results": pa.schema(
        [
            ("source", _TEXT),
            ("processor", _TEXT),
            ("key", _TEXT),
            ("version", _INT),
            ("parameters", _TEXT),
            ("verdict", _TEXT),
            ("reason", _TEXT),
            ("item_count", _INT),
            ("size_bytes", _INT),
            ("source_name", _TEXT),
            ("release", _TEXT),
            ("source_facts", _TEXT),
            ("started_utc", _TEXT),
            ("seconds", pa.float64()),
            ("reading_seconds", pa.float64()),
            ("own_seconds", pa.float64()),
            ("blame", _TEXT),
        ]
    ),
    "items": pa.schema(
        [
            ("source", _TEXT),
            ("processor", _TEXT),
            ("key", _TEXT),
            ("name", _TEXT),
            ("media_type", _TEXT),
            ("size_bytes", _INT),
            ("sha256", _TEXT),
            ("facts", _TEXT),
        ]
    ),
    "links": LINK_SCHEMA,
}
IDENTITY = {
    "sources": ("path", "digest"),
    "results": ("source", "processor", "key"),
    "items": ("source", "processor", "key", "name"),
}
