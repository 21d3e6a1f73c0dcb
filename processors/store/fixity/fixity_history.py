"""History of the fixity checks of raw files: when each was hashed again, and what was wrong with it then."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import pairwise

from processors.errors import StoreError
from processors.json_records import from_json
from processors.store.catalogue.source_row import SourceRow
from processors.store.flush import replace_file
from processors.store.store import Store

KIND = "fixity"
"""Folder of the store with one record for each check."""


@dataclass(frozen=True, kw_only=True)
class FailedFile:
    """Raw file that was missing or had other bytes."""

    place: str
    """Path below the folder of releases."""
    sha256: str
    """Digest that it had when it was ingested."""
    reason: str


@dataclass(frozen=True, kw_only=True)
class RawCheck:
    """One finished check of raw files."""

    started_utc: str
    ended_utc: str
    failed: tuple[FailedFile, ...] = ()
    sample: tuple[str, ...] | None = None
    """Paths below the folder of releases of the files that were hashed; None: all that the catalogue had."""
    missing_folders: tuple[str, ...] = ()
    """Folders that were not there, or empty, as where a disk is not mounted: nothing is known of their files."""


@dataclass(frozen=True, kw_only=True)
class FileCheck:
    """What a check found of one file."""

    started_utc: str
    ended_utc: str
    reason: str | None
    """What was wrong; None if its bytes were as ingested."""
    failed_utc: str | None = None
    """End of the failed check that preceded one which found the file whole; None for others."""


def record_check(check: RawCheck, store: Store) -> None:
    """Add a finished check to the history of a store."""
    folder = store.root / KIND
    folder.mkdir(exist_ok=True)
    name = f"{datetime.fromisoformat(check.ended_utc):%Y%m%dT%H%M%S%f}"
    path = folder / f"{name}.json"
    replace_file(path, _encoded(asdict(check)))
    store.upload(path)


def raw_checks(store: Store, places: Collection[str] | None = None) -> list[RawCheck]:
    """Return the recorded checks, the oldest first.

    Parameters
    ----------
    places : paths below the folder of releases; samples without any of them are left out, and not parsed: there may be
        one for each day, with thousands of paths. None: all checks.

    Raises
    ------
    StoreError : a record cannot be read.
    """
    found = []
    for path in store.records(KIND):
        try:
            record = path.read_bytes()
            if places is None or _ALL in record or any(_encoded(place) in record for place in places):
                found.append(from_json(RawCheck, json.loads(record), is_strict=True))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"{KIND}/{path.name}: not the record of a check ({error}); restore it from a copy of the store, or "
                "remove it"
            ) from error
    return sorted(found, key=lambda one: datetime.fromisoformat(one.ended_utc))


_ALL = b'"sample": null'


def _encoded(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")


class FixityHistory:
    """Recorded checks, by the files that they hashed."""

    def __init__(self, checks: Iterable[RawCheck] = ()) -> None:
        self._checks = [
            (check, {(one.place, one.sha256): one.reason for one in check.failed}, frozenset(check.sample or ()))
            for check in checks
        ]

    def of(self, row: SourceRow, seen_utc: str, gone_utc: str | None) -> list[FileCheck]:
        """Return checks of a file while it was at its place, in order.

        They are the failed ones, the first after each that found it whole again, also after it was gone meanwhile, and
        the last that found it whole.
        """
        found = list(self._each(row, seen_utc, gone_utc))
        first = row.times[0][0]
        earlier = list(self._each(row, first, seen_utc))[-1:] if first != seen_utc else []
        for number, (before, one) in enumerate(pairwise([*earlier, *found]), 1 - len(earlier)):
            if before.reason is not None and one.reason is None:
                found[number] = replace(one, failed_utc=before.ended_utc)
        last = next((one for one in reversed(found) if one.reason is None), None)
        return [one for one in found if one.reason is not None or one.failed_utc is not None or one is last]

    def of_row(self, row: SourceRow) -> list[FileCheck]:
        """Return the checks of a file in all the times in which its bytes were at its place, in order."""
        return [one for seen, gone in row.times for one in self.of(row, seen, gone)]

    def _each(self, row: SourceRow, seen_utc: str, gone_utc: str | None) -> Iterator[FileCheck]:
        seen, gone = datetime.fromisoformat(seen_utc), datetime.fromisoformat(gone_utc) if gone_utc else None
        for check, failed, sample in self._checks:
            started, ended = map(datetime.fromisoformat, (check.started_utc, check.ended_utc))
            is_here = seen <= started and (gone is None or ended <= gone)
            is_absent = any(row.path.startswith(f"{folder}/") for folder in check.missing_folders)
            if is_here and not is_absent and (check.sample is None or row.relative in sample):
                reason = failed.get((row.relative, row.digest))
                yield FileCheck(started_utc=check.started_utc, ended_utc=check.ended_utc, reason=reason)
