"""Tables of the catalogue in a bucket: local copies, which are read as in a folder, and sent back when changed.

A Delta table is files that never change, and a log whose entries are created once. So a copy needs only the files that
it lacks, and a change is sent as Delta would write it there: first the new files, then the entry of the log, which the
server lets only one writer create, and last a checkpoint, which readers take for all entries up to its own. Any other
writer is refused, updates its copy, and repeats its change. Only `Bucket` accesses the server, and every reader of
Delta tables can read those in the bucket.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from processors.store.bucket.bucket import Bucket, Seen
from processors.store.exclusive_lock import exclusive_lock

LOG = "_delta_log"
POINTER = "_last_checkpoint"
"""The only file that changes: readers of the bucket begin with it. The copies do not need it."""


class BucketTables:
    """Copies of the tables below `catalogue/`."""

    def __init__(self, bucket: Bucket, folder: Path) -> None:
        self._bucket, self._folder = bucket, folder
        self._pulling = threading.Lock()
        self._is_pulled = False
        self._there: dict[str, set[str]] = {}
        """Files of each table in the bucket at its last listing; names within the table."""

    def pull_once(self) -> None:
        """Update all tables, unless this process has done so before; one listing."""
        with self._pulling:
            if not self._is_pulled:
                with exclusive_lock(self._folder / "lock"):
                    self._bring(list(self._bucket.list("catalogue")))
                self._is_pulled = True

    def pull(self, table: str) -> None:
        """Update one table; the caller holds the lock of the catalogue."""
        self._bring(list(self._bucket.list(f"catalogue/{table}")), table)

    def _bring(self, listed: Iterable[Seen], only: str | None = None) -> None:
        tables: dict[str, dict[str, int]] = {only: {}} if only else {}
        for one in listed:
            table, _, name = one.name.removeprefix("catalogue/").partition("/")
            if name and not name.endswith(POINTER):
                tables.setdefault(table, {})[name] = one.size_bytes
        if only is None:
            tables = {**{path.parent.name: {} for path in self._folder.glob(f"*/{LOG}")}, **tables}
        for table, there in tables.items():
            here = self._here(table)
            gone = _in_order(here.keys() - there.keys())  # never sent, or removed there
            self._undo(table, [*gone, f"{LOG}/{POINTER}"] if gone else ())
            for name in _in_order(there):
                if here.get(name) != there[name]:
                    self._fetch(table, name)
            self._there[table] = set(there)

    def push(self, table: str) -> bool:
        """Send what has changed since `pull`; return False, with the change undone, if another writer was first."""
        there, here = self._there.get(table, set()), self._here(table)
        new = _in_order(here.keys() - there)
        entries = [name for name in new if _is_entry(name)]
        for name in (name for name in new if not name.startswith(LOG)):
            self._bucket.put(f"catalogue/{table}/{name}", self._folder / table / name)
        for number, name in enumerate(entries):
            if not self._bucket.create(f"catalogue/{table}/{name}", (self._folder / table / name).read_bytes()):
                self._undo(table, [*new[new.index(entries[number]) :], f"{LOG}/{POINTER}"])
                return False
        checkpoints = [name for name in new if name.startswith(LOG) and not _is_entry(name)]
        for name in checkpoints:  # only now: each stands for all the entries before it
            self._bucket.put(f"catalogue/{table}/{name}", self._folder / table / name)
        pointer = self._folder / table / LOG / POINTER
        if checkpoints and pointer.exists():
            self._bucket.put(f"catalogue/{table}/{LOG}/{POINTER}", pointer)
        self._bucket.delete([f"catalogue/{table}/{name}" for name in sorted(there - here.keys())])
        self._there[table] = set(here)
        return True

    def _undo(self, table: str, names: Sequence[str]) -> None:
        """Remove from the copy what the bucket does not have, the newest first."""
        for name in reversed(names):
            (self._folder / table / name).unlink(missing_ok=True)

    def _here(self, table: str) -> dict[str, int]:
        """Return the size of each file of the copy, by its name within the table."""
        folder = self._folder / table
        files = (path for path in folder.rglob("*") if path.is_file())
        sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}
        return {name: size for name, size in sizes.items() if not name.endswith(POINTER)}

    def _fetch(self, table: str, name: str) -> None:
        path = self._folder / table / name
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}")
        self._bucket.fetch(f"catalogue/{table}/{name}", temporary)
        os.replace(temporary, path)  # noqa: PTH105


def _is_entry(name: str) -> bool:
    return name.startswith(LOG) and name.endswith(".json")


def _in_order(names: Iterable[str]) -> list[str]:
    """Return data before the entries of the log that refer to them, and checkpoints, which stand for entries, last."""
    return sorted(names, key=lambda name: (name.startswith(LOG), name.startswith(LOG) and not _is_entry(name), name))
