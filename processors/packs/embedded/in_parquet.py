"""Attributes of a Parquet table where pandas writes and reads them: units, source, start, provenance."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from processors.mission.when import parse_when
from processors.packs.contents.rights import known_credit
from processors.packs.contents.subject import ItemRecord, SourceRecord
from processors.packs.embedded.source_attributes import SourceAttributes
from processors.tables import MEDIA_TYPE, Table

__all__ = ["MEDIA_TYPE", "write_with_attributes"]
ATTRIBUTES = b"PANDAS_ATTRS"
"""Key of the file's metadata under which pandas keeps `DataFrame.attrs`, as JSON."""


def write_with_attributes(entry: ItemRecord, target: Path, tables: Sequence[Table]) -> None:
    """Write a copy of a table with the attributes that `marsmedia` gives it in a notebook.

    Parameters
    ----------
    tables : tables that its processor writes.

    Raises
    ------
    ValueError : it is not Parquet.
    OSError : it cannot be written.
    """
    import pyarrow.parquet as pq

    declared = next((one for one in tables if one.item == entry.name), None)
    told = _attributes_of(entry.subject).attributes(entry.manifest, declared.title if declared else entry.name)
    with pq.ParquetFile(entry.path) as file:
        names = file.schema_arrow.names
        told["columns"] = {
            name: text for name, text in (declared.descriptions if declared else {}).items() if name in names
        }
        said = {ATTRIBUTES: json.dumps(told, ensure_ascii=False).encode("utf-8", "backslashreplace")}
        metadata = {**(file.schema_arrow.metadata or {}), **said}
        with pq.ParquetWriter(target, file.schema_arrow.with_metadata(metadata), compression="zstd") as writer:
            for group in range(file.num_row_groups):
                writer.write_table(file.read_row_group(group).replace_schema_metadata(metadata))


def _attributes_of(subject: SourceRecord) -> SourceAttributes:
    taken = (subject.evidence or {}).get("taken") or {}
    return SourceAttributes(
        name=subject.name,
        sha256=subject.digest,
        release=subject.release,
        title=subject.title.best(),
        credit=known_credit(subject),
        rights=subject.rights,
        usage_terms=subject.usage_terms,
        instructions=subject.instructions,
        mission=subject.mission,
        published_at=subject.published_at,
        start_utc=parse_when(taken["utc"]).instant if taken.get("utc") else None,
        start_precision=taken.get("precision"),
        start_seconds=subject.start_seconds,
    )
