"""What is not as it was at the last run: files replaced, moved, withdrawn, or changed with their old size and date."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from processors.engine.plan import Plan
from processors.sources.scan import FoundFile, printable, storable
from processors.store.catalogue import SourceRow
from processors.store.evidence_of import read_evidence, redistribution
from processors.store.store import Store


@dataclass(frozen=True, kw_only=True)
class Change:
    """One place that does not hold what it held."""

    file: str
    """Path below the raw folder."""
    path: str
    kind: Literal["changed", "replaced", "moved", "withdrawn"]
    """`changed`: other bytes with the same size and date, so that nobody can have meant it."""
    was: str
    """SHA-256 of the bytes that were there."""
    now: str | None
    """SHA-256 of the bytes that are there; None for none."""
    elsewhere: str | None = None
    """Another place that holds the bytes that were there, below the raw folder."""

    def __str__(self) -> str:
        name, was = printable(self.file), self.was[:16]
        if self.kind == "moved":
            return f"moved: {name} is now {printable(self.elsewhere or '')}"
        if self.now is None:
            still = f"; {printable(self.elsewhere)} has the same bytes" if self.elsewhere else ""
            return f"withdrawn: {name} is no longer there (was {was}...{still})"
        return f"{self.kind}: {name}: was {was}..., is {self.now[:16]}..."

    @property
    def reason(self) -> str:
        """Of a changed one: what is wrong, and what to do."""
        return (
            f"its bytes have changed (was {self.was[:16]}..., is {str(self.now)[:16]}...), its size and date have not: "
            "restore it from a copy, or touch it to have it taken as a new file"
        )


def gone_from(
    known: Iterable[SourceRow],
    found: Sequence[FoundFile],
    unseen: Iterable[str],
    root: Path,
    releases: Collection[str] | None,
) -> list[SourceRow]:
    """The files known below a folder that are no longer found there, as gone from now on.

    None where nothing at all is found, as in a folder that is not mounted, or below what could not be looked at.

    Parameters
    ----------
    unseen : files and folders that could not be looked at, or are empty as a mount point is, below the folder.
    """
    if not found:
        return []
    there = {storable(file.path) for file in found}
    top = storable(str(root)) + "/"
    left_out = {top + relative for relative in unseen}
    now = _now()
    return [
        dataclasses.replace(row, gone_utc=now)
        for row in known
        if row.path.startswith(top) and row.path not in there and (releases is None or row.release in releases)
        if not left_out or left_out.isdisjoint({row.path, *(top + folder for folder in _folders(row.path[len(top) :]))})
    ]


def _folders(relative: str) -> Iterable[str]:
    parts = relative.split("/")
    return ("/".join(parts[:count]) for count in range(1, len(parts)))


def known_again(row: SourceRow, before: SourceRow | None, changes: list[Change]) -> SourceRow:
    """What a file that was hashed is from now on, given what its place held before; a change is added to `changes`.

    Bytes that were at this place already were first seen there then. Of a file that changed though its size and date
    did not, what is known stays: it is damaged, not new.
    """
    if before is None:
        return row
    if before.digest == row.digest:
        return dataclasses.replace(
            row, seen_utc=before.seen_utc, evidence_key=before.evidence_key, forbidden_key=before.forbidden_key
        )
    altered = (before.size_bytes, before.mtime_ns) == (row.size_bytes, row.mtime_ns)
    changes.append(
        Change(
            file=row.relative,
            path=row.path,
            kind="changed" if altered else "replaced",
            was=before.digest,
            now=row.digest,
        )
    )
    return before if altered else row


def withdrawn(gone: Iterable[SourceRow], rows: Iterable[SourceRow], known: Container[str]) -> list[Change]:
    """What became of the files that are gone: moved, where their bytes are at a new place, or withdrawn."""
    old, new = {}, {}
    for row in rows:
        (old if row.path in known else new).setdefault(row.digest, row.relative)
    return [
        Change(
            file=row.relative,
            path=row.path,
            kind="moved" if row.digest in new else "withdrawn",
            was=row.digest,
            now=None,
            elsewhere=new.get(row.digest) or old.get(row.digest),
        )
        for row in gone
    ]


def with_words(rows: Sequence[SourceRow], plan: Plan, store: Store) -> list[SourceRow]:
    """The files, each with the evidence that holds what is said at its place, and with what was forbidden there."""
    return [
        dataclasses.replace(row, evidence_key=own.key, forbidden_key=_forbidden(row, store))
        if (own := plan.of_place.get(row.path)) and own.key != row.evidence_key
        else row
        for row in rows
    ]


def _forbidden(row: SourceRow, store: Store) -> str | None:
    """Return the evidence that said last that a file may not be passed on; None where what was said last allows it."""
    if row.evidence_key is None:
        return row.forbidden_key
    record = read_evidence(store, row.digest, row.evidence_key)
    return {"false": row.evidence_key, "true": None}.get(redistribution(record), row.forbidden_key)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
