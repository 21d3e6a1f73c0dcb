"""Packs built from a store, with their results, which `prune` keeps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePath

from processors.errors import RequestError, StoreError
from processors.packs.archive.output import is_zip
from processors.packs.build import Built
from processors.packs.contents.names import portable_name
from processors.store.manifest import ResultRef
from processors.store.open_store import is_address, open_bucket
from processors.store.store import Store, replace_file


def remember(store: Store, built: Built) -> Path:
    """Write `packs/<name>.json` in the store."""
    folder = store.packs_folder
    folder.mkdir(exist_ok=True)
    record = {
        "pack": str(built.path),
        "identifier": built.identity.urn,
        "built_utc": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "results": [asdict(ref) for ref in built.results],
    }
    mark = hashlib.sha256(str(built.path).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    path = folder / f"{portable_name(PurePath(built.path).name)}~{mark}.json"
    replace_file(path, json.dumps(record, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace") + b"\n")
    store.upload(path)
    return path


def packed_results(store: Store) -> dict[ResultRef, str]:
    """Return the results in packs, each with the path of a pack that holds it.

    Raises
    ------
    StoreError : a record cannot be read; the results that it refers to are unknown, so nothing may be pruned.
    """
    return {ref: record.pack for record in _records(store) for ref in record.results}


def forget(store: Store, word: str) -> list[str]:
    """Remove the records of packs with this path or name, and return their paths; the packs themselves stay.

    Raises
    ------
    RequestError : no recorded pack has that name.
    """
    found = _meant(store, word)
    if not found:
        known = ", ".join(record.pack for record in _records(store)) or "none"
        raise RequestError(f"{word}: unknown pack; known packs: {known}")
    for record in found:
        record.path.unlink()
        store.withdraw(record.path)
    return [record.pack for record in found]


def results_of(store: Store, word: str) -> list[ResultRef]:
    """Return the results of packs with this path or name; empty if none is recorded."""
    return [ref for record in _meant(store, word) for ref in record.results]


@dataclass(frozen=True, kw_only=True)
class BuiltPack:
    """A pack as it was recorded when it was built."""

    pack: str
    """Path or address of the pack when it was built."""
    identifier: str
    built_utc: str
    result_count: int
    is_there: bool | None
    """Whether something is there now; None if its bucket cannot be asked."""


def built_packs(store: Store) -> list[BuiltPack]:
    """Return the recorded packs, in the order in which they were built."""
    found = [
        BuiltPack(
            pack=one.pack,
            identifier=one.identifier,
            built_utc=one.built_utc,
            result_count=len(one.results),
            is_there=_is_there(one.pack),
        )
        for one in _records(store)
    ]
    return sorted(found, key=lambda one: (one.built_utc, one.pack))


@dataclass(frozen=True, kw_only=True)
class _PackRecord:
    path: Path
    pack: str
    """Path or address of the pack when it was built."""
    identifier: str
    built_utc: str
    results: tuple[ResultRef, ...]


def _is_there(pack: str) -> bool | None:
    if not is_address(pack):
        return Path(pack).exists()
    above, _, name = pack.rpartition("/")
    try:
        bucket, name = (open_bucket(above), name) if is_zip(Path(name)) else (open_bucket(pack), "bagit.txt")
        bucket.look(name)
    except FileNotFoundError:
        return False
    except (RequestError, StoreError):
        return None
    return True


def _meant(store: Store, word: str) -> list[_PackRecord]:
    records, path = list(_records(store)), word if is_address(word) else str(Path(word).absolute())
    at_path = [record for record in records if record.pack == path]
    return at_path or [record for record in records if Path(record.pack).name == word]


def _records(store: Store) -> Iterator[_PackRecord]:
    for path in sorted(store.records("packs")):
        try:
            record = json.loads(path.read_bytes())
            results = tuple(ResultRef(**ref) for ref in record["results"])
            yield _PackRecord(
                path=path,
                pack=str(record["pack"]),
                identifier=str(record.get("identifier", "")),
                built_utc=str(record.get("built_utc", "")),
                results=results,
            )
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"{path}: not the record of a pack ({error}); remove it or build the pack again"
            ) from error
