"""Records of sources in a folder: `source.json` beside the results of each, with its paths and its links.

The catalogue is rebuilt from them. Several processes may change one record, each its own part of it: so it is read,
changed and written under a lock.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from processors.errors import ResultCorrupt
from processors.store.exclusive_lock import exclusive_lock
from processors.store.flush import FLUSHED_AT_ONCE, replace_file

CHANGED_AT_ONCE = 200
"""Number of records that are changed while the lock is held; others may then have it."""

RECORD_NAME = "source.json"
RECORDS_IN_BUCKET = ("seen", "links")
"""Folders of the records of a store in a bucket."""
RECORD = f"results/{{}}/{{}}/{RECORD_NAME}"
"""Path of a record below the store, with the first two digits of the source's digest, and the digest."""

_Record = dict[str, Any]


class SourceRecords:
    """All source records of a store in a folder."""

    def __init__(self, results: Path, lock: Path) -> None:
        """Use the records below the folder of results; `lock` is the file that is locked while some are changed."""
        self._results, self._lock = results, lock

    def of(self, digest: str) -> _Record | None:
        """Return the record of a source; None without a readable one."""
        try:
            return self.read(digest)
        except ResultCorrupt:
            return None

    def read(self, digest: str) -> _Record | None:
        """Return the record of a source; None without one. Raises `ResultCorrupt` for one that cannot be read."""
        try:
            return _checked(json.loads(self._path(digest).read_bytes()), digest)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (ValueError, RecursionError) as error:
            raise ResultCorrupt(f"{RECORD.format(digest[:2], digest)}: not a readable record ({error})") from error

    def all(self, unreadable: list[str] | None = None) -> Iterator[_Record]:
        """Yield every readable record, in digest order; add to the list what is wrong with the others."""
        for group in sorted(self._results.glob("*")):
            for path in sorted(group.glob(f"*/{RECORD_NAME}")):
                try:
                    if record := self.read(path.parent.name):
                        yield record
                except ResultCorrupt as error:
                    if unreadable is not None:
                        unreadable.append(str(error))

    def add_paths(self, entries: Sequence[tuple[str, _Record]]) -> None:
        """Add paths, each given by the digest and the record of the path, which replaces the one that it had."""
        new: dict[str, dict[str, _Record]] = {}
        for digest, entry in entries:
            at = new.setdefault(digest, {})
            at.pop(entry["path"], None)  # so that the newest is last
            at[entry["path"]] = entry

        def changed(digest: str, record: _Record | None) -> _Record:
            record, at = record or {"digest": digest, "seen": []}, new[digest]
            return {**record, "seen": [*(old for old in record["seen"] if old["path"] not in at), *at.values()]}

        self._change(new, changed)

    def restore(self, known: Mapping[str, _Record]) -> None:
        """Write again what is known of sources, by digest: a record that is lost, and the paths that one lacks."""

        def changed(digest: str, record: _Record | None) -> _Record:
            if record is None:
                return known[digest]
            there = {one["path"] for one in record["seen"]}
            return {**record, "seen": [*(o for o in known[digest]["seen"] if o["path"] not in there), *record["seen"]]}

        self._change(known, changed)

    def remove_paths(self, places: Iterable[tuple[str, str]]) -> None:
        """Remove paths, each given by the digest of its bytes and the path."""
        gone: dict[str, set[str]] = {}
        for digest, path in places:
            gone.setdefault(digest, set()).add(path)

        def changed(digest: str, record: _Record | None) -> _Record | None:
            return record and {**record, "seen": [old for old in record["seen"] if old["path"] not in gone[digest]]}

        self._change(gone, changed)

    def replace_links(self, links: Mapping[str, list[_Record]]) -> None:
        """Replace the links in all records by these, by digest."""

        def changed(digest: str, record: _Record | None) -> _Record | None:
            found = links.get(digest, [])
            return record if record is None or record.get("links", []) == found else {**record, "links": found}

        stale = (one["digest"] for one in self.all() if changed(one["digest"], one) is not one)
        self._change(stale, changed)

    def _change(self, digests: Iterable[str], changed: Callable[[str, _Record | None], _Record | None]) -> None:
        """Replace records by what `changed` makes of each, which may be the same or None for no change."""
        rest = iter(digests)
        self._lock.parent.mkdir(exist_ok=True)
        while some := list(itertools.islice(rest, CHANGED_AT_ONCE)):
            with exclusive_lock(self._lock), ThreadPoolExecutor(FLUSHED_AT_ONCE) as threads:
                for _ in threads.map(partial(self._rewrite, changed), some):
                    pass

    def _rewrite(self, changed: Callable[[str, _Record | None], _Record | None], digest: str) -> None:
        before = self.of(digest)
        record = changed(digest, before)
        if record is None or record == before:
            return
        path = self._path(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        data = json.dumps(record, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace") + b"\n"
        replace_file(path, data)

    def _path(self, digest: str) -> Path:
        return self._results / digest[:2] / digest / RECORD_NAME


def _checked(record: Any, digest: str) -> _Record:
    """Return what was read, if it is the record of this source; raises `ValueError`."""
    if not isinstance(record, dict) or record.get("digest") != digest:
        raise ValueError("it is not of this source")
    seen, links = record.get("seen"), record.get("links", [])
    if not isinstance(seen, list) or not all(
        isinstance(one, dict) and isinstance(one.get("path"), str) for one in seen
    ):
        raise ValueError("it has no list of paths")
    if not isinstance(links, list):
        raise ValueError("it has no list of links")
    return record
