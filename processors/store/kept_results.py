"""Results that a user asked to keep; `prune` does not remove them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from processors.errors import StoreError
from processors.store.flush import replace_file
from processors.store.manifest import ResultRef
from processors.store.store import Store


def kept_results(store: Store) -> set[ResultRef]:
    """Return the results to keep.

    Raises
    ------
    StoreError : a record cannot be read; what it keeps is unknown, so nothing may be pruned.
    """
    return {_read(path) for path in store.records("kept")}


def keep_results(refs: Iterable[ResultRef], store: Store) -> None:
    """Keep results, one record each, so that two people can do so at once."""
    for ref in refs:
        store.kept_folder.mkdir(exist_ok=True)
        replace_file(_record(ref, store), json.dumps(asdict(ref)).encode() + b"\n")
        store.upload(_record(ref, store))


def release_results(refs: Iterable[ResultRef], store: Store) -> None:
    for ref in refs:
        _record(ref, store).unlink(missing_ok=True)
        store.withdraw(_record(ref, store))


def _record(ref: ResultRef, store: Store) -> Path:
    return store.kept_folder / f"{ref.key}.json"


def _read(path: Path) -> ResultRef:
    try:
        return ResultRef(**json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise StoreError(f"{path}: cannot be read ({error}); remove it, and keep its result again") from error
