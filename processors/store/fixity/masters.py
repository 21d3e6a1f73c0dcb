"""Fixity check of the masters: hashes the raw files again and reports changed, missing and new ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Literal

from processors.errors import RequestError, machine_reason
from processors.sources.scan import EmptyFolder, FoundFile, storable, survey
from processors.store.bucket.raw_bucket import hash_again, survey_bucket
from processors.store.catalogue.source_row import SourceRow
from processors.store.fixity.absent_folders import AbsentFolder, emptied
from processors.store.fixity.fixity_findings import FixityCheck, FixityFault
from processors.store.open_store import is_address
from processors.store.parallel_map import ParallelMap
from processors.store.progress_steps import Steps, silently
from processors.store.store import Store

_Known = tuple[str, SourceRow | AbsentFolder | None, FoundFile | None]
"""Folder of releases, what the catalogue records for a path, and what is there; or a folder whose files are missing."""


def check_masters(
    rows: Iterable[SourceRow],
    *,
    after: str = "",
    wanted: Callable[[str], bool] = lambda path: True,
    steps: Steps = silently,
    parallel_map: ParallelMap,
) -> Iterator[FixityCheck]:
    """Hash every raw file in the catalogue, in path order; new files are reported but not hashed.

    Parameters
    ----------
    rows : contents of every path.
    after : path of the last file already verified; only later ones are verified.
    wanted : decides for each path whether it is verified.
    parallel_map : who hashes.
    """
    by_root: dict[str, dict[str, SourceRow]] = {}
    for row in rows:
        by_root.setdefault(row.raw_folder, {})[row.path] = row
    places: dict[str, _Known] = {}
    for root, known in by_root.items():
        found, absent = _found(root, known)
        for one in absent:
            places[one.path] = (root, one, None)
            known = {path: row for path, row in known.items() if not path.startswith(f"{one.path}/")}
        for path in known.keys() | found.keys():
            if path not in places or path in known:  # a folder may be inside another
                places[path] = (root, known.get(path), found.get(path))
    in_order = sorted(places.items())
    shown = steps("Hashing raw files", in_order, len(in_order), name=lambda place: place[0])
    yield from parallel_map(_checked, (one for one in shown if one[0] > after and wanted(one[0])))


def _found(root: str, known: Collection[str]) -> tuple[dict[str, FoundFile], list[AbsentFolder]]:
    """Return the files below a folder by path, and the folders whose known files are missing."""
    try:
        entries = list(survey_bucket(root) if is_address(root) else survey(Path(root)))
    except (OSError, RequestError):
        return {}, [AbsentFolder(path=root, relative="", file_count=len(known), is_empty=False)]
    empty = [entry.relative for entry in entries if isinstance(entry, EmptyFolder)]
    found = {storable(entry.path): entry for entry in entries if isinstance(entry, FoundFile)}
    return found, emptied(root, empty, known)


def _checked(_store: Store, place_known: tuple[str, _Known]) -> FixityCheck:
    path, (root, row, file) = place_known
    place = f"{Path(root).name}/{path[len(root) + 1 :]}"
    if isinstance(row, AbsentFolder):
        where = place if row.relative else path
        fault = FixityFault(path=where, kind="missing", reason=row.reason, is_master=True, file_count=row.file_count)
        return _one(path, fault)
    if row is None:
        return _one(path, FixityFault(path=place, kind="new", reason="not ingested yet", is_master=True))
    if file is None:
        reason = f"was {row.digest[:16]}..., first seen {row.times[0][0][:10]}"
        return _one(
            path, FixityFault(path=place, kind="missing", reason=reason, is_master=True), row, _with(row, "missing")
        )
    try:
        digest = hash_again(file.path)
    except OSError as error:
        fault = FixityFault(path=place, kind="missing", reason=machine_reason(error), is_master=True)
        return _one(path, fault, row, _with(row, "missing"))  # so that the next run reads it
    if digest == row.digest:
        was_wrong = row.changed_to or row.check_fault
        restored = dataclasses.replace(row, changed_to=None, check_fault=None) if was_wrong else None
        return FixityCheck(path=path, size_bytes=file.size_bytes, row=row, corrected=restored)
    same = (file.size_bytes, file.mtime_ns) == (row.size_bytes, row.mtime_ns)
    replaced = "it was replaced after ingestion: run `marsmedia ingest` if this was intended"
    reason = altered_reason(row.digest, digest) if same else f"{_was_is(row.digest, digest)}; {replaced}"
    fault = FixityFault(path=place, kind="changed", reason=reason, is_master=True)
    found = dataclasses.replace(row, changed_to=digest) if same else _with(row, "replaced")
    corrected = found if found != row else None
    return FixityCheck(path=path, size_bytes=file.size_bytes, faults=(fault,), row=row, corrected=corrected)


def altered_reason(was: str, now: str) -> str:
    """Return what is wrong with a file whose bytes changed, but not its size and date, and what to do."""
    return f"{_was_is(was, now)}; its size and date are unchanged: restore it from a copy"


def _was_is(was: str, now: str) -> str:
    return f"was {was[:16]}... is {now[:16]}..."


def _with(row: SourceRow, fault: Literal["missing", "replaced"]) -> SourceRow:
    return dataclasses.replace(row, check_fault=fault)


def _one(
    path: str, fault: FixityFault, row: SourceRow | None = None, corrected: SourceRow | None = None
) -> FixityCheck:
    return FixityCheck(path=path, faults=(fault,), row=row, corrected=corrected)
