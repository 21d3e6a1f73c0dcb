"""Companions of which results were made, and whether they are still their file's; if not, the results do not count."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from processors.containers.text.subtitle_names import is_subtitle_file
from processors.contract import LabelRef, refs_in
from processors.engine.release_index import ReleaseIndex
from processors.store.catalogue.source_row import SourceRow
from processors.store.findings.withdrawn import withdrawn
from processors.store.manifest import Manifest
from processors.well_known_names import EVIDENCE


def made_of(result: Manifest) -> frozenset[LabelRef]:
    """Return the companions of which a result was made: the label with which its source was read, and subtitle files.

    None for evidence: each path's own is known by its key, and says what it was made of.
    """
    if result.ref.processor == EVIDENCE:
        return frozenset()
    return frozenset([*([result.label] if result.label else ()), *refs_in(result.parameters)])


def identity(companion: LabelRef) -> tuple[str | None, str]:
    """Return what tells a companion of a file from its others, as keys of results do: its bytes, and the name of a
    subtitle file, which says its language. A label or sidecar that was only renamed is the same.
    """
    return companion.name if is_subtitle_file(companion.name) else None, companion.sha256


class OwnCompanions:
    """Companions of the files of a catalogue, as the last run found them.

    Parameters
    ----------
    read : returns present and past contents of every path (`Catalogue.sightings`); called when they are first needed.
    """

    def __init__(self, read: Callable[[], Iterable[SourceRow]]) -> None:
        self._read = read
        self._indices: dict[tuple[str, str | None], ReleaseIndex] = {}

    def lacking(self, used: Iterable[LabelRef], row: SourceRow) -> list[LabelRef]:
        """Return those of some companions that are none of a file at its path, by name; of one that is gone, those
        that were none of it then.
        """
        if not (used := sorted(used, key=lambda one: one.name)):
            return []
        own = {identity(one) for one in self._of(row)}
        return [one for one in used if identity(one) not in own]

    def _of(self, row: SourceRow) -> Iterator[LabelRef]:
        place = _folder(row), row.gone_utc
        if place not in self._indices:
            there = (one for one in self._in_folder.get(place[0], ()) if was_there(one, row.gone_utc))
            self._indices[place] = ReleaseIndex(there)
        return map(_ref_to, self._indices[place].companions_of(row))

    def counting(self, results: Iterable[Manifest], row: SourceRow) -> list[Manifest]:
        """Return the results without those that were made of what is no companion of their file any more: of one that
        was replaced or moved away, or whose withdrawal is confirmed; of a subtitle file that was renamed, too.

        What is merely missing may be back: what was made of it counts until someone confirms its withdrawal.
        """
        return [one for one in results if not self.ended(one, row)]

    def ended(self, result: Manifest, row: SourceRow) -> list[LabelRef]:
        """Return the companions of which a result was made that are none of its file any more, in order of names."""
        if not (lacking := self.lacking(made_of(result), row)):
            return []
        away = {identity(_ref_to(one)) for one in self._missing.get(_folder(row), ())}
        return [one for one in lacking if identity(one) not in away]

    def why_ended(self, result: Manifest, row: SourceRow) -> str | None:
        """Return in words why a result does not count for a file at its path; None if it does.

        That it was made of another place's companions, if they are there, or that they are not what they were.
        """
        if not (ended := self.ended(result, row)):
            return None
        names, is_one, used = ", ".join(one.name for one in ended), len(ended) == 1, made_of(result)
        copies = (one for one in self._sightings if one.digest == row.digest and one.gone_utc is None)
        theirs = sorted(one.relative for one in copies if one.path != row.path and not self.lacking(used, one))
        if theirs:
            return f"{names} {'is that' if is_one else 'are those'} of {theirs[0]}"
        return f"{names} {'was' if is_one else 'were'} replaced, moved or withdrawn"

    @cached_property
    def _sightings(self) -> list[SourceRow]:
        return list(self._read())

    @cached_property
    def _in_folder(self) -> dict[str, list[SourceRow]]:
        """Present and past files by folder, without `release.toml`, which is nobody's in particular."""
        return _by_folder(one for one in self._sightings if one.name != "release.toml")

    @cached_property
    def _missing(self) -> dict[str, list[SourceRow]]:
        """Files that are gone without confirmation, by folder."""
        return _by_folder(one for one in withdrawn(self._sightings) if one.confirmed_utc is None)


def _ref_to(row: SourceRow) -> LabelRef:
    return LabelRef(name=row.name, sha256=row.digest)


def was_there(one: SourceRow, until_utc: str | None) -> bool:
    """Return whether a file is there; with a time, whether it was there until then or longer."""
    if until_utc is None:
        return one.gone_utc is None
    return any(seen < until_utc <= (gone or "9") for seen, gone in one.times)


def _by_folder(rows: Iterable[SourceRow]) -> dict[str, list[SourceRow]]:
    found: dict[str, list[SourceRow]] = {}
    for one in rows:
        found.setdefault(_folder(one), []).append(one)
    return found


def _folder(row: SourceRow) -> str:
    return row.path.rpartition("/")[0]
