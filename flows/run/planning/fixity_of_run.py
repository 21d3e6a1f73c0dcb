"""Fixity checks that a run makes as it hashes known files: what it finds damaged, whole again, or back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace

from flows.run.reporting.file_change import Change
from flows.run.working.batches import SourceOutcome
from processors.sources.source_file import says_changed
from processors.store.bucket.raw_bucket import hash_again
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.source_row import SourceRow, Stay, utc_now
from processors.store.fixity.fixity_history import FailedFile, RawCheck, record_check
from processors.store.fixity.masters import altered_reason
from processors.store.store import Store


def check_of_run(rows: Iterable[SourceRow], known: Mapping[str, SourceRow], started_utc: str) -> RawCheck | None:
    """Return the check of hashed files that a run found damaged for the first time, or whole after they were not.

    None if there are none: a run records what it learned of masters, and not that it hashed them.

    Parameters
    ----------
    rows : hashed files, as they are now.
    known : files by path, as they were known before.
    started_utc : time before the first of them was hashed.
    """
    failed: list[FailedFile] = []
    places: list[str] = []
    for row in rows:
        before = known.get(row.path)
        if before is None or before.digest != row.digest:
            continue
        if row.changed_to is not None and row.changed_to != before.changed_to:
            reason = f"changed: {altered_reason(row.digest, row.changed_to)}"
            failed.append(FailedFile(place=row.relative, sha256=row.digest, reason=reason))
            places.append(row.relative)
        elif is_whole_again(row, before):
            places.append(row.relative)
    if not places:
        return None
    return RawCheck(started_utc=started_utc, ended_utc=utc_now(), failed=tuple(failed), sample=tuple(places))


def is_whole_again(row: SourceRow, before: SourceRow) -> bool:
    """Return whether a file has its bytes, where an earlier run or check found others, or nothing."""
    was_wrong = before.changed_to is not None or before.check_fault is not None
    return was_wrong and row.digest == before.digest and row.changed_to is None


def restorations(
    rows: Iterable[SourceRow],
    known: Mapping[str, SourceRow],
    past: Collection[tuple[str, str]],
    withdrawals: Mapping[str, Stay],
) -> list[Change]:
    """Return a change for each hashed file that is whole again, or that is back after its bytes were nowhere.

    What was withdrawn on purpose is told apart, also in another place.

    Parameters
    ----------
    rows, known : as for `check_of_run`.
    past : path and digest of what was at a place earlier.
    withdrawals : as `past_withdrawals` returns them.
    """
    rows = list(rows)
    new = [row for row in rows if row.path not in known or known[row.path].digest != row.digest]
    held = {row.digest for row in known.values()} if new else set[str]()
    back = [row for row in new if row.digest not in held]
    found = [row for row in rows if (before := known.get(row.path)) and is_whole_again(row, before)]
    found += [
        row
        for row in back
        if row.path not in known and (row.path, row.digest) in past and row.digest not in withdrawals
    ]
    restored = [
        Change(file=row.relative, path=row.path, kind="restored", was=row.digest, now=row.digest) for row in found
    ]
    return restored + [
        Change(
            file=row.relative,
            path=row.path,
            kind="returned",
            was=row.digest,
            now=row.digest,
            withdrawn=withdrawals[row.digest].withdrawn_in_words,
        )
        for row in back
        if row.digest in withdrawals
    ]


def keep_found_at_work(done: Iterable[SourceOutcome], rows: Iterable[SourceRow], store: Store) -> None:
    """Record the files whose bytes had changed unnoticed when the run was about to process them."""
    found = {
        (one.due.relative, one.due.source.digest)
        for one in done
        if any(says_changed(outcome.reason) for outcome in one.outcomes)
    }
    if not found:
        return
    started_utc, known, now = utc_now(), dict[str, SourceRow](), list[SourceRow]()
    for row in rows:
        if (row.relative, row.digest) in found:
            with suppress(OSError):  # its results say what is wrong with it
                digest = hash_again(row.path)
                if digest != row.digest:
                    known[row.path] = row
                    now.append(replace(row, changed_to=digest))
    if check := check_of_run(now, known, started_utc):
        record_check(check, store)
        Catalogue(store).add_sources(now)
