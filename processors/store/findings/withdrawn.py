"""Withdrawn files: masters that a run found gone, reported until they are back or someone confirms this as intended."""

from __future__ import annotations

import dataclasses
import glob
import shlex
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from processors.errors import RequestError
from processors.sources.scan import PASSED_OVER, printable
from processors.sources.unicode_forms import spelt
from processors.store.catalogue.named_sources import absolute
from processors.store.catalogue.source_row import SourceRow, Stay, utc_now
from processors.store.findings.moves import Moves

if TYPE_CHECKING:
    from processors.store.catalogue.catalogue import Catalogue


def withdrawn(sightings: Collection[SourceRow]) -> list[SourceRow]:
    """Return the files that are gone from their places and whose bytes are nowhere else, in the order of their paths.

    What was replaced, moved, or has a copy in some release is not withdrawn; nor is what an earlier version took and
    runs pass over now. What was found at another place later on is reported there, if that place loses it too.
    """
    if not _is_any_gone(sightings):
        return []
    last: dict[str, SourceRow] = {}
    for row in sightings:
        if row.path not in last or row.seen_utc >= last[row.path].seen_utc:
            last[row.path] = row
    held = {row.digest for row in last.values() if row.gone_utc is None}
    gone = [row for _, row in sorted(last.items()) if row.gone_utc and row.digest not in held]
    moves = Moves(sightings)
    return [row for row in gone if not PASSED_OVER.fullmatch(row.name) and not moves.is_found_later(row)]


def _is_any_gone(sightings: Collection[SourceRow]) -> bool:
    """Answer for the usual case at once: nothing of a store of 100,000 sources is gone."""
    return any(row.gone_utc for row in sightings)


def confirmed_sources(sightings: Collection[SourceRow]) -> set[str]:
    """Return the digests of the sources that are withdrawn, with the confirmation of a user at each of their places."""
    gone = withdrawn(sightings)
    return {row.digest for row in gone} - {row.digest for row in gone if row.confirmed_utc is None}


def past_withdrawals(sightings: Iterable[SourceRow]) -> dict[str, Stay]:
    """Return the latest time that ended with a confirmed withdrawal, by the digest of what was withdrawn, also of what
    is back since, there or elsewhere.
    """
    rows = (row for row in sightings if row.confirmed_utc or row.earlier_utc)
    ended = [(stay, row.digest) for row in rows for stay in row.stays if stay.confirmed_utc]
    return {digest: stay for stay, digest in sorted(ended, key=lambda one: one[0].confirmed_utc or "")}


@dataclass(frozen=True, kw_only=True)
class Withdrawal:
    """A file, or a whole release, that is gone from raw without confirmation."""

    place: str
    """Path below the folder of releases."""
    folder: str
    """That folder."""
    rows: tuple[SourceRow, ...]
    is_release: bool

    @property
    def reason(self) -> str:
        """Return since when it has been gone, and what to do."""
        row, day = self.rows[0], (self.rows[0].gone_utc or "")[:10]
        what = f"all its {len(self.rows)} files" if self.is_release else f"its bytes ({row.digest[:16]}...)"
        return (
            f"not confirmed; {what} were here until {day}: "
            f"restore {'them' if self.is_release else 'it'} from a copy, or run `{self.command}`"
        )

    @property
    def command(self) -> str:
        """Return the command that confirms it."""
        return withdraw_release_command(self.place) if self.is_release else withdraw_command(self.place)


def unconfirmed(sightings: Sequence[SourceRow]) -> list[Withdrawal]:
    """Return what was withdrawn without confirmation: files, or a release once where no file of it is left."""
    if not (gone := withdrawn(sightings)):
        return []
    there = {(row.folder, row.release) for row in sightings if row.gone_utc is None}
    found: dict[tuple[str, str], list[SourceRow]] = {}
    for row in gone:
        if row.confirmed_utc is None:
            top = row.relative.partition("/")[0]
            is_release = "/" in row.relative and row.release == top and (row.folder, row.release) not in there
            found.setdefault((row.folder, top if is_release else row.relative), []).append(row)
    return [
        Withdrawal(place=place, folder=folder, rows=tuple(rows), is_release=place != rows[0].relative)
        for (folder, place), rows in found.items()
    ]


def gone_in_words(row: SourceRow, elsewhere: str | None) -> str:
    """Return since when a file has been gone, and whether it was withdrawn.

    Parameters
    ----------
    elsewhere : where its bytes are, or were later on, in words; None: they have been nowhere since.
    """
    since = f"since {(row.gone_utc or '')[:10]}"
    if row.confirmed_utc:
        return f"withdrawn from its release {since}, confirmed on {row.confirmed_utc[:10]}{why_withdrawn(row)}"
    if elsewhere:
        return f"gone from its release {since}, {elsewhere}"
    return f"missing {since}, not confirmed as withdrawn"


def why_withdrawn(row: SourceRow) -> str:
    """Return the reason that was given for a withdrawal, as continuation of a sentence; empty without one."""
    return f": {row.confirmed_reason}" if row.confirmed_reason else ""


def withdraw_command(place: str) -> str:
    """Return the command that confirms the withdrawal of a path, or of a pattern of paths."""
    return f"marsmedia release withdraw {shlex.quote(printable(place))}"


def withdraw_release_command(release: str) -> str:
    """Return the command that confirms the withdrawal of all files of a release, whatever is in its name."""
    return withdraw_command(f"{glob.escape(release)}/*")


def where_gone(sightings: Sequence[SourceRow]) -> dict[str, str | None]:
    """Return by path what happened to each file that is gone, as continuation of a sentence about its description.

    None for one whose withdrawal is confirmed: its description may stay.
    """
    if not _is_any_gone(sightings):
        return {}
    lost, moves = {row.path: row for row in withdrawn(sightings)}, Moves(sightings)
    there = {row.digest: row for row in sightings if row.gone_utc is None}
    told: dict[str, str | None] = {}
    for row in sightings:
        until = f"which was there until {(row.gone_utc or '')[:10]}"
        if row.path in lost:
            confirmed = lost[row.path].confirmed_utc
            told[row.path] = None if confirmed else f"{until}: restore it, or run `{withdraw_command(row.relative)}`"
        elif row.gone_utc and row.digest in there:
            moved = [one for one in moves.present(row) if one.digest == row.digest]
            here = moved[0] if moved else there[row.digest]
            told[row.path] = f"{until}; {printable(here.relative)} has the same bytes: {_todo(row, here)}"
        elif row.gone_utc and (later := moves.found_later(row)):
            place = printable(later[-1].relative)
            told[row.path] = f"{until}; it has been {place} since: {_todo(row, later[-1])}"
    return told


def _todo(row: SourceRow, here: SourceRow) -> str:
    """Return what to do about the entry of a file that is elsewhere, as it can name files of its release alone."""
    if (here.folder, here.release) == (row.folder, row.release):
        return "correct it"
    return f"describe it in the release.toml of {printable(here.release)}, and remove it here"


def confirm(
    words: Sequence[str], catalogue: Catalogue, *, reason: str | None = None, just_gone: Iterable[SourceRow] = ()
) -> list[SourceRow]:
    """Record that a user confirms the withdrawal of files, or gives another reason for it, and return them.

    Parameters
    ----------
    words : paths, paths below the folder of releases, names, or patterns of these.
    reason : why they were withdrawn, in the user's words.
    just_gone : files that are gone and that no run has missed yet; they are gone from the time of the confirmation.

    Raises
    ------
    RequestError : a word means no withdrawn file.
    """
    now, just = utc_now(), {(row.path, row.digest): row for row in just_gone}
    sightings = [just.get((row.path, row.digest), row) for row in catalogue.sightings()]
    gone = withdrawn(sightings)
    found: dict[str, SourceRow] = {}
    for word in as_written_there(words, sightings):
        meant = [row for row in gone if means(word, row)]
        if not meant:
            raise RequestError(f"{word}: {_why_none(word, sightings, gone)}")
        found |= {row.path: row for row in meant}
    confirmed = [
        dataclasses.replace(
            row,
            gone_utc=now if (row.path, row.digest) in just else row.gone_utc,
            confirmed_utc=row.confirmed_utc or now,
            confirmed_reason=reason or row.confirmed_reason,
        )
        for row in found.values()
        if row.confirmed_utc is None or (reason and reason != row.confirmed_reason)
    ]
    catalogue.add_sources(confirmed)
    return confirmed


def means(word: str, row: SourceRow) -> bool:
    """Return whether a path, a path below the folder of releases, a name, or a pattern of these means a file."""
    names = (row.relative, row.name, row.path)
    return any(name == one or fnmatchcase(name, one) for name in names for one in (word, *absolute(word)))


def as_written_there(words: Iterable[str], sightings: Iterable[SourceRow]) -> list[str]:
    """Return words in the Unicode form in which files have these paths or names."""
    words, names = list(words), set[str]()
    if not all(map(str.isascii, words)):
        names = {name for row in sightings for name in (row.relative, row.name, row.path)}
    return [spelt(word, names) for word in words]


def _why_none(word: str, sightings: Sequence[SourceRow], gone: Iterable[SourceRow]) -> str:
    present = [row for row in sightings if row.gone_utc is None]
    if any(means(word, row) for row in present):
        return (
            "not withdrawn: it is there, or its folder is empty or not there, as where a disk is not mounted; "
            "take the file out of raw, and the folder too if that leaves it empty"
        )
    digests = {row.digest for row in sightings if row.gone_utc and means(word, row)}
    if copies := sorted(printable(row.relative) for row in present if row.digest in digests):
        return (
            f"not withdrawn: {copies[0]} has the same bytes; the next `marsmedia ingest` records that this one is gone"
        )
    named = [printable(row.relative) for row in gone if row.confirmed_utc is None]
    return f"no such withdrawn file; not confirmed yet: {', '.join(named[:5]) or 'none'}"
