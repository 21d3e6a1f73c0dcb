"""Records of sources that are missing or damaged: found by a check, and written again by the next run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from processors.errors import ResultCorrupt
from processors.store.catalogue.catalogue import Catalogue
from processors.store.lost_record_note import note_lost, noted_lost
from processors.store.manifest_files import folders_in, sources_in
from processors.store.source_records import RECORD
from processors.store.store import Store

NO_RECORD = "no record of the paths and the history of this source"


@dataclass(frozen=True, kw_only=True)
class LostRecord:
    """Record of a source, or of several in a bucket, that is missing or cannot be read."""

    path: str
    """Path below the store."""
    kind: Literal["missing", "damaged"]
    reason: str
    source: str | None = None
    """Digest of the source; None for an object in a bucket."""


def lost_records(store: Store) -> Iterator[LostRecord]:
    """Yield the records that are damaged, and those that are missing of sources with results or in the catalogue."""
    if not store.is_in_folder:
        yield from _lost_in_bucket(store)
        return
    known = {row["digest"] for row in Catalogue(store).rows("sources", ["digest"])}
    for digest in sorted(known.union(_source_folders(store))):
        place = RECORD.format(digest[:2], digest)
        try:
            if store.read_source(digest) or not (digest in known or has_results(store, digest)):
                continue
            yield LostRecord(path=place, kind="missing", reason=NO_RECORD, source=digest)
        except ResultCorrupt as error:
            reason = str(error).removeprefix(f"{place}: ")
            yield LostRecord(path=place, kind="damaged", reason=reason, source=digest)


def _lost_in_bucket(store: Store) -> Iterator[LostRecord]:
    from processors.store.bucket.bucket_store import BucketStore

    assert isinstance(store, BucketStore)
    unreadable: list[str] = []
    # the catalogue first: a run next to this check writes records, and then lists them
    known = [(row["digest"], row["path"]) for row in Catalogue(store).rows("sources", ["digest", "path"])]
    every = store.source_records.all(unreadable, forgotten=True)
    seen = {(record["digest"], one["path"]) for record in every for one in record["seen"]}
    for message in unreadable:
        path, _, reason = message.partition(": ")
        yield LostRecord(path=path, kind="damaged", reason=reason)
    lacking = sum(one not in seen for one in known)
    if lacking and not unreadable:
        yield LostRecord(path="seen", kind="missing", reason=f"paths of the catalogue that are in no record: {lacking}")


def has_results(store: Store, digest: str) -> bool:
    return next(store.manifest_paths(digest), None) is not None


def _source_folders(store: Store) -> Iterator[str]:
    for group in folders_in(str(store.results_folder)):
        yield from sources_in(store.root, group)


def restore_noted(store: Store) -> None:
    """Write the records again that a check has noted as lost, as far as the catalogue knows them."""
    if noted := noted_lost(store):
        Catalogue(store).restore_records(store.without_record(noted))
        note_lost(store, [])
