"""Releases that were renamed, or sorted into others: which releases have their files since."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from processors.store.catalogue.source_row import SourceRow
from processors.store.findings.moves import Moves


class _Transfer(NamedTuple):
    """Files that came to a release, and left it for another, at the same times."""

    seen_utc: str
    gone_utc: str
    release: str
    """Release to which they were moved."""


class RenamedReleases:
    """Releases without files, of whose last files most were moved to other releases, their heirs.

    A release that was recalled has no heir, even if some of its files were moved before or in the same run.
    """

    def __init__(self, last: Iterable[SourceRow], moves: Moves) -> None:
        """Take the last contents of every path."""
        by_release: dict[str, list[SourceRow]] = {}
        self._newest: dict[tuple[str, str], str] = {}
        """Time at which the last contents came to a path below a release, by the release and that path."""
        for row in last:
            by_release.setdefault(row.release, []).append(row)
            place = (row.release, _path_below_release(row))
            self._newest[place] = max(row.seen_utc, self._newest.get(place, ""))
        self._transfers = {
            name: self._transfers_from(name, rows, moves)
            for name, rows in by_release.items()
            if all(row.gone_utc for row in rows)
        }

    def _transfers_from(self, name: str, rows: Iterable[SourceRow], moves: Moves) -> set[_Transfer]:
        moved, stayed = list[tuple[SourceRow, str]](), list[SourceRow]()
        for row in rows:
            places = moves.of(row, row.gone_utc or "")
            if not places:
                stayed.append(row)
            elif places[0].release != name:
                moved.append((row, places[0].release))
        first_utc = min((row.gone_utc or "" for row, _ in moved), default="")
        heirs = {release for _, release in moved}
        lost = [row for row in stayed if (row.gone_utc or "") >= first_utc and not self._is_replaced(row, heirs)]
        if len(lost) >= len(moved):
            return set()
        return {_Transfer(row.stays[0].seen_utc, row.gone_utc or "", release) for row, release in moved}

    def _is_replaced(self, row: SourceRow, releases: Iterable[str]) -> bool:
        """Return whether its path below one of these releases holds contents that came as it was gone, or later."""
        path = _path_below_release(row)
        return any(self._newest.get((release, path), "") >= (row.gone_utc or "") for release in releases)

    def heirs(self, row: SourceRow) -> set[str]:
        """Return the releases that have, directly or after several moves, the files that were next to a gone file.

        They are none if its release has files, or if the file was replaced as its release was renamed.
        """
        start = (row.release, row.gone_utc or "")
        reached, rest = {start}, [start]
        while rest:
            name, utc = rest.pop()
            for one in self._transfers.get(name, ()):
                step = (one.release, one.gone_utc)
                if one.seen_utc <= utc <= one.gone_utc and step not in reached:
                    reached.add(step)
                    rest.append(step)
        found = {name for name, _ in reached} - {row.release}
        return set() if self._is_replaced(row, found) else found


def _path_below_release(row: SourceRow) -> str:
    _, is_below, path = f"/{row.relative}".partition(f"/{row.release}/")
    return path if is_below else row.relative
