"""Changes since the last run: files replaced, moved, withdrawn, or altered with their old size and date."""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from flows.run.planning.raw_survey import RawSurvey
from flows.run.reporting.file_change import Change
from processors.engine.plan import Plan
from processors.engine.release_index import ReleaseIndex
from processors.sources.scan import storable
from processors.store.catalogue.source_row import SourceRow
from processors.store.findings.moves import Moves
from processors.store.findings.stored_evidence import entry_permission, read_evidence, redistribution, said_of_file
from processors.store.store import Store


def gone_from(
    known: Iterable[SourceRow],
    surveyed: RawSurvey,
    unreadable: Iterable[str],
    releases: Collection[str] | None,
    gone_utc: str,
) -> list[SourceRow]:
    """Return the known files below a surveyed folder that are missing, marked as gone from this time on.

    An empty list if nothing at all is found, as in an unmounted folder. Files below an unreadable folder do not count.

    Parameters
    ----------
    unreadable : files and folders that could not be read, or are empty, like an unused mount point, as paths below the
        folder of releases.
    """
    if not surveyed.found:
        return []
    there = {storable(file.path) for file in surveyed.found}
    top, inside = f"{storable(surveyed.root)}/", f"{storable(surveyed.folder)}/"
    left_out = {top + relative for relative in unreadable}
    return [
        dataclasses.replace(row, gone_utc=gone_utc)
        for row in known
        if row.path.startswith(inside) and row.path not in there and (releases is None or row.release in releases)
        if not left_out or left_out.isdisjoint({row.path, *(top + folder for folder in _folders(row.path[len(top) :]))})
    ]


def _folders(relative: str) -> Iterable[str]:
    parts = relative.split("/")
    return ("/".join(parts[:count]) for count in range(1, len(parts)))


def known_again(row: SourceRow, before: SourceRow | None, past: SourceRow | None, changes: list[Change]) -> SourceRow:
    """Return the row of a hashed file, given the previous row of its path; a change is added to `changes`.

    Bytes that were at this path before keep the time when they were first seen. A file whose bytes changed but not its
    size and date keeps its previous row, with the new digest added: it is damaged, not new, and every run rehashes it.

    Parameters
    ----------
    past : row of these bytes at this path if they were there before the last run and are back; None if they are new.
    """
    if before is None:
        return past.returned(row) if past else row
    if before.digest == row.digest:
        same = dataclasses.replace(row, seen_utc=before.seen_utc, earlier_utc=before.earlier_utc)
        return same.with_statements_of(before)
    altered = (before.size_bytes, before.mtime_ns) == (row.size_bytes, row.mtime_ns)
    changes.append(
        Change(
            file=row.relative,
            path=row.path,
            kind="changed" if altered else "replaced",
            was=before.digest,
            now=row.digest,
            was_here_before=not altered and past is not None,
        )
    )
    if altered:
        return dataclasses.replace(before, changed_to=row.digest, check_fault=None)
    return past.returned(row) if past else row


def without_ended(past: Mapping[tuple[str, str], SourceRow], sightings: Iterable[SourceRow]) -> Iterator[SourceRow]:
    """Yield files that are gone, without the statements there if a prohibition in an entry about the file was among
    them, and a permission in another entry about the same bytes has ended it since: it does not return with the file.
    """
    permitted: defaultdict[str, str] = defaultdict(str)
    for row in sightings:
        if row.entry_permission:
            permitted[row.digest] = max(permitted[row.digest], row.entry_permission_utc or "")
    for row in past.values():
        if row.entry_permission is False and (row.gone_utc or "9") <= permitted.get(row.digest, ""):
            yield dataclasses.replace(row, evidence_key=None, forbidden_key=None, entry_permission=None)
        else:
            yield row


def changes_of_missing(gone: Iterable[SourceRow], rows: Iterable[SourceRow], moves: Moves) -> list[Change]:
    """Return a change for each missing file: moved if its bytes came to another path, otherwise withdrawn.

    Parameters
    ----------
    moves : moves until now, those that this run finds among them.
    """
    there: dict[str, str] = {}
    for row in rows:
        there.setdefault(row.digest, row.relative)
    moved = [(row, next(iter(moves.of(row, row.gone_utc or "")), None)) for row in gone]
    return [
        Change(
            file=row.relative,
            path=row.path,
            kind="moved" if to else "withdrawn",
            was=row.digest,
            now=None,
            elsewhere=to.relative if to else there.get(row.digest),
        )
        for row, to in moved
    ]


def withdrawn_releases(
    gone: Iterable[SourceRow], rows: Iterable[SourceRow], changes: Iterable[Change]
) -> dict[str, int]:
    """Return the releases of which no file is left, with the number of those that are nowhere else."""
    there, withdrawn = {row.release for row in rows}, {one.path for one in changes if one.kind == "withdrawn"}
    return dict(Counter(row.release for row in gone if row.path in withdrawn and row.release not in there))


def with_statements(
    rows: Iterable[SourceRow], plan: Plan, releases: ReleaseIndex, store: Store, found_utc: str
) -> list[SourceRow]:
    """Return the files with the permission in an entry about each, and with two evidence keys: that of the statements
    at their path, and that which forbids sharing.

    Parameters
    ----------
    found_utc : time at which the run finds what is stated now.
    """
    return [_with_evidence(_with_permission(row, releases, plan, store, found_utc), plan, store) for row in rows]


def with_recorded_permissions(earlier: Iterable[SourceRow], rows: Iterable[SourceRow], store: Store) -> list[SourceRow]:
    """Return the earlier places of bytes that are there now with the permission in an entry about each, where it was
    not kept yet, as by earlier versions, but is in its evidence. Each place is asked once.
    """
    rows = list(rows)
    places, digests = {(row.path, row.digest) for row in rows}, {row.digest for row in rows if row.kind == "media"}
    return [
        _with_recorded(one, store)
        for one in earlier
        if one.digest in digests and (one.path, one.digest) not in places and one.entry_permission_utc is None
    ]


def _with_recorded(row: SourceRow, store: Store) -> SourceRow:
    stated = entry_permission(store, row.digest, row.evidence_key, row.forbidden_key)
    return dataclasses.replace(row, entry_permission=stated, entry_permission_utc=row.seen_utc)


def _with_permission(row: SourceRow, releases: ReleaseIndex, plan: Plan, store: Store, found_utc: str) -> SourceRow:
    """Return a file with the permission that an entry about it states now, or stated last; one that was taken out and
    is stated again is new.
    """
    stated = releases.permission_of_entry(row)
    if stated is None:
        return row
    if stated == row.entry_permission:
        is_again = _is_restated(row, plan) and _is_silent(row, store)
        return dataclasses.replace(row, entry_permission_utc=found_utc) if is_again else row
    is_new = row.evidence_key is None
    if row.entry_permission is None and row.evidence_key is not None:  # perhaps recorded before stores had this
        is_new = said_of_file(read_evidence(store, row.digest, row.evidence_key)) == str(stated).lower()
    since = row.seen_utc if is_new else found_utc
    return dataclasses.replace(row, entry_permission=stated, entry_permission_utc=since)


def _is_restated(row: SourceRow, plan: Plan) -> bool:
    own = plan.evidence_at(row)
    return own is not None and row.evidence_key is not None and own.key != row.evidence_key


def _is_silent(row: SourceRow, store: Store) -> bool:
    """Return whether no entry about a file stated a permission in the last run."""
    record = read_evidence(store, row.digest, row.evidence_key)
    return record is not None and not said_of_file(record)


def _with_evidence(row: SourceRow, plan: Plan, store: Store) -> SourceRow:
    own = plan.evidence_at(row)
    if own is None or own.key == row.evidence_key:
        return row
    if row.entry_permission_utc is None and row.evidence_key is not None:
        row = _with_recorded(row, store)
    return dataclasses.replace(row, evidence_key=own.key, forbidden_key=_forbidden(row, store))


def _forbidden(row: SourceRow, store: Store) -> str | None:
    """Return the latest evidence that forbids redistribution of a file; None if a statement since then ends that."""
    if row.evidence_key is None:
        return row.forbidden_key
    said = redistribution(read_evidence(store, row.digest, row.evidence_key))
    if said == "true":
        return row.forbidden_key if row.entry_permission is False else None
    return row.evidence_key if said == "false" else row.forbidden_key
