"""Fixity check of a store in a bucket: each pass is fetched once, and its items are hashed in it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from processors.errors import ResultCorrupt, ResultNewer
from processors.store.bucket.bucket_store import BucketStore
from processors.store.bucket.stored_pass import KEY_DIGITS, PassResult, below
from processors.store.fixity.fixity_findings import FixityCheck, FixityFault
from processors.store.manifest import CHECK_IT
from processors.store.parallel_map import ParallelMap
from processors.store.progress_steps import Steps
from processors.store.store import Store

PIECE_BYTES = 1024 * 1024


def verify_bucket(
    store: Store, *, after: str, wanted: Callable[[Path], bool], steps: Steps, parallel_map: ParallelMap
) -> Iterator[FixityCheck]:
    """Verify every result, in order; parameters as in `fixity.verify`, with the paths that a folder would have."""
    assert isinstance(store, BucketStore)
    names = steps("Hashing commits", store.copied_commits(), len(store.commit_names()), noun="commit")
    asked = (_asked(store, name, after, wanted) for name in names)
    for checked in parallel_map(_checked, asked):
        yield from checked
    for name in store.unnamed_data():
        fault = FixityFault(path=name, kind="extra", reason="no commit names it; `marsmedia prune` removes it")
        yield FixityCheck(path=name, faults=(fault,))


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """Results to verify of one commit, each with its path, and the fault of a commit that cannot be read."""

    results: tuple[tuple[str, PassResult], ...] = ()
    unreadable: FixityCheck | None = None


def _asked(store: BucketStore, commit: str, after: str, wanted: Callable[[Path], bool]) -> _Asked:
    try:
        results = store.results_in(commit)
    except ResultCorrupt as error:
        kind = "newer" if isinstance(error, ResultNewer) else "damaged"
        reason = str(error).partition(f"{commit}: ")[2].removesuffix(CHECK_IT)
        fault = FixityFault(path=commit, kind=kind, reason=reason)
        return _Asked(unreadable=FixityCheck(path=commit, faults=(fault,)))
    paths = [(_path(one), one) for one in results]
    return _Asked(results=tuple((where, one) for where, one in paths if where > after and wanted(Path(where))))


def _checked(store: Store, asked: _Asked) -> list[FixityCheck]:
    assert isinstance(store, BucketStore)
    if asked.unreadable:
        return [asked.unreadable]
    return list(_verified(store, asked.results)) if asked.results else []


def _path(one: PassResult) -> str:
    ref = one.manifest.ref
    return f"results/{below(ref.source)}/{ref.processor}/{ref.key[:KEY_DIGITS]}"


def _verified(store: BucketStore, results: Sequence[tuple[str, PassResult]]) -> Iterator[FixityCheck]:
    with store.scratch() as scratch:
        data = scratch / "pass.zip"
        try:
            store.bucket.fetch(results[0][1].data, data)
        except FileNotFoundError:
            data.write_bytes(b"")
        whole = data.stat().st_size
        for where, one in results:
            faults, size = [], 0
            for item in one.manifest.items:
                start = one.starts[item.name]
                if start + item.size_bytes > whole:
                    faults.append(FixityFault(path=f"{where}/{item.name}", kind="missing", reason=f"not in {one.data}"))
                    continue
                size += item.size_bytes
                digest = _digest(data, start, item.size_bytes)
                if digest != item.sha256:
                    reason = f"SHA-256 is {digest[:16]}..., the manifest says {item.sha256[:16]}..."
                    faults.append(FixityFault(path=f"{where}/{item.name}", kind="damaged", reason=reason))
            yield FixityCheck(path=where, item_count=len(one.manifest.items), size_bytes=size, faults=tuple(faults))


def _digest(path: Path, start: int, length: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        file.seek(start)
        while length > 0 and (piece := file.read(min(PIECE_BYTES, length))):
            digest.update(piece)
            length -= len(piece)
    return digest.hexdigest()
