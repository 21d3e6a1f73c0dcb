"""The processor `metadata`: one complete record for each source."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from processors.contract import Item, OpenSource, Reads
from processors.metadata.tags.container import read_container
from processors.metadata.tags.photograph import read_photograph
from processors.metadata.tags.tag_records import KnownTags, MetadataRecord
from processors.planetary.open_image import described_image


@dataclass(frozen=True, kw_only=True)
class MetadataFacts:
    """Searchable part of the record."""

    medium: str
    container: str
    tag_count: int
    stream_count: int
    known: KnownTags
    problems: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """All metadata of the container, its streams, EXIF, XMP, IPTC and tags, as `metadata.json`."""

    name: ClassVar[str] = "metadata"
    version: ClassVar[int] = 14
    reads: ClassVar[Reads] = "file"

    def items(self, opened: OpenSource, scratch: Path) -> Iterator[Item]:
        """Return the record."""
        source = opened.source
        read = read_container
        if source.medium == "photo":
            read = functools.partial(read_photograph, described=described_image(source, opened.file))
        with opened.file.open() as file:
            record: MetadataRecord = read(
                file, sha256=source.digest, size_bytes=source.size_bytes, medium=source.medium
            )
        facts = MetadataFacts(
            medium=record.medium,
            container=record.container,
            tag_count=len(record.tags),
            stream_count=len(record.streams),
            known=record.known,
            problems=record.problems,
        )
        yield Item.of_json("metadata.json", record, ensure_ascii=False, facts=facts)
