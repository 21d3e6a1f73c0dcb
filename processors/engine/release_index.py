"""Release descriptions of sources: the release.toml, labels and XMP sidecars that belong to each."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from processors.containers.text.sidecar import SIDECAR
from processors.contract import LabelRef, ReleaseContext
from processors.engine.agreed_statements import Dispute, agreed, disputes
from processors.engine.companion_pairing import sidecars_paired, subtitles_paired
from processors.engine.entries_of_renamed import entries_of_renamed
from processors.engine.labels_of_files import LABELS, LabelsOfFiles
from processors.engine.labels_on_demand import LabelsOnDemand
from processors.engine.related_label_pairing import RelatedLabelPairing
from processors.engine.release_calibrations import ReleaseCalibrations
from processors.engine.release_descriptions import ReleaseDescriptions
from processors.metadata.label_statements import camera_of, mission_words, said_by_label
from processors.metadata.other_mission import OtherMission
from processors.metadata.release.release_context import release_context
from processors.metadata.release.release_file import Release, ReleaseFileProblem
from processors.mission.profile import load_profile, profile_named_in, read_product_name
from processors.planetary.open_image import ATTACHED
from processors.store.bucket.raw_bucket import to_read
from processors.store.catalogue.source_row import SourceRow
from processors.store.findings.moves import Moves

DISPUTABLE = frozenset({"calibrations", "calibration", "altitude_shot", "still_seconds"})
"""Keys of release.toml that must not differ between paths of the same bytes, as results are made by them.

Nor must the start of a sound, which labels may state.
"""


class ReleaseIndex:
    """Index of release.toml and label statements by source; reads each `release.toml` and label on demand.

    Parameters
    ----------
    rows : every file of the survey or the catalogue, including companions.
    moves : moves of files until now, from which follows which entries count for files with the same bytes elsewhere in
        their release. None: as the rows say (`SourceRow.entry_path`).
    elsewhere : other files that the store knows: one of them may name the results of the same bytes.
    """

    def __init__(
        self,
        rows: Iterable[SourceRow],
        local_path: Callable[[SourceRow], Path] = to_read,
        moves: Moves | None = None,
        elsewhere: Iterable[SourceRow] = (),
    ) -> None:
        self._local_path = local_path
        self._read_labels = LabelsOnDemand(local_path)
        self._cameras: dict[str, str | None] = {}
        """Cameras of each file that was asked for, by its path."""
        descriptions: list[SourceRow] = []
        self._paths: set[str] = set()
        self._places: dict[tuple[str, ...], list[SourceRow]] = {}
        """All paths of each source."""
        self._elsewhere: dict[tuple[str, ...], list[SourceRow]] = {}
        """Other paths of each source, outside `rows`, apart from those for which a described path stands."""
        self._described_places: dict[tuple[str, ...], list[SourceRow]] = {}
        """Paths of each source whose statements apply to the results made from its bytes, the first of them first."""
        self._above: dict[str, str | None] = {}
        """Nearest folder with a description, by folder."""
        self._described: dict[str, str] = {}
        """Digests of the description of each folder that has one."""
        rows = list(rows)
        for row in rows:
            self._paths.add(row.path)
            if row.kind == "media":
                self._places.setdefault(row.digests, []).append(row)
            if row.kind == "companion" and row.name == "release.toml":
                descriptions.append(row)
        for row in elsewhere:
            if row.kind == "media" and row.described_at is None:
                self._elsewhere.setdefault(row.digests, []).append(row)
        self._labels = LabelsOfFiles(rows)
        earlier = [row.entry_path for row in rows if row.entry_path]
        gone = moves.gone if moves else ()
        self._releases = ReleaseDescriptions(descriptions, local_path, self._paths, gone, earlier)
        self._calibrations = ReleaseCalibrations(rows, local_path)
        sidecars = [row for row in rows if row.kind == "companion" and row.format == SIDECAR]
        self._sidecars = sidecars_paired(sidecars, rows)
        self._related = RelatedLabelPairing(rows)
        self._subtitles = subtitles_paired(rows)
        self._entry_paths: Mapping[str, str] = (
            {row.path: row.entry_path for row in rows if row.entry_path}
            if moves is None
            else entries_of_renamed(self._releases, rows, moves, self._folder_of_release)
        )
        """Entry of each file that names an earlier place of its bytes, by path of the file."""

    def entry_path(self, row: SourceRow) -> str | None:
        """Return the path in an entry that names an earlier place of a file's bytes; None without such an entry."""
        return self._entry_paths.get(row.path)

    def described_at(self, row: SourceRow) -> str | None:
        """Return the `SourceRow.described_at` of a file."""
        known = self._places.get(row.digests, ())
        if row.kind != "media" or len(known) < 2 or all(one.path != row.path for one in known):
            return None  # one that its label has made media after the index was built: the next run knows it
        places = self._speaking(row)
        if any(one.path == row.path for one in places):
            return None
        return next(one.relative for one in places if (one.folder, one.release) == (row.folder, row.release))

    def of(self, row: SourceRow) -> ReleaseContext:
        """Return the statements about one source at one path."""
        places = [row if one.path == row.path else one for one in self._speaking(row)]  # its label may be new
        of_bytes, name = self._agreed(places), self.name_of_bytes(row)
        is_first = places[0].path == row.path
        if is_first and name == row.name:
            return of_bytes
        return replace(of_bytes if is_first else self._at(row), of_bytes=replace(of_bytes, file_name=name))

    def name_of_bytes(self, row: SourceRow) -> str:
        """Return the name that results of a source's bytes print, which is the same in runs over any of their folders.

        It is that of the path at which they were first seen, so that a later copy changes nothing; of several seen at
        once that of the first in order. A path that nothing describes does not count as in `described_at`.
        """
        places = [*self._speaking(row), *self._elsewhere.get(row.digests, ())]
        if len(places) == 1:
            return places[0].name
        return min(places, key=lambda one: (one.stays[0].seen_utc, one.relative, one.path)).name

    def _speaking(self, row: SourceRow) -> list[SourceRow]:
        """Return the paths whose statements apply to the results made from the same bytes, in order.

        A path that nothing describes does not count where its release describes another path of them.
        """
        digests = row.digests
        if digests not in self._described_places:
            places = sorted(self._places.get(digests, [row]), key=lambda one: (one.relative, one.path))
            if len(places) > 1:
                described = {one.path: self._is_described(one) for one in places}
                releases = {(one.folder, one.release) for one in places if described[one.path]}
                places = [one for one in places if described[one.path] or (one.folder, one.release) not in releases]
            self._described_places[digests] = places
        return self._described_places[digests]

    def _is_described(self, row: SourceRow) -> bool:
        """Return True if an entry of release.toml, a label or a sidecar says something of a file at its path."""
        if (found := self._release_of(row)) is not None:
            _, inside, release = found
            entries = [path for path in (inside, self._entry_paths.get(row.path)) if path in release.lines]
            if not all(map(release.is_bare, entries)):
                return True
        return bool(row.label or self.labels_of(row) or self._sidecars.of_file.get(row.path))

    def _agreed(self, places: list[SourceRow]) -> ReleaseContext:
        """Return the statements about the bytes at these paths, at the first of them."""
        return agreed([self._at(one) for one in places]) if len(places) > 1 else self._at(places[0])

    def _at(self, row: SourceRow) -> ReleaseContext:
        beside = self.labels_of(row)
        labels = _refs(beside)
        if row.label and row.label not in labels:
            labels = (*labels, row.label)
        sidecars = self._sidecars.of_file.get(row.path, ())
        is_labelled = bool(labels) or row.format in ATTACHED
        labels += _refs(sidecars)
        related = self._related_to(row)
        start = functools.partial(self._read_labels.start_of, [*beside, *sidecars], [label for _, label in related])
        around = tuple(LabelRef(name=name, sha256=label.digest) for name, label in related)
        name = row.name if read_product_name(row.name) else None
        subtitles = _refs(self._subtitles.of_file.get(row.path, ()))
        found = self._release_of(row)
        if found is None:
            return ReleaseContext(
                labels=labels,
                related=around,
                subtitles=subtitles,
                is_labelled=is_labelled,
                name=name,
                file_name=row.name,
                recorded_start=start,
            )
        folder, _, release = found
        entry, fault = self._entry_of(row, found)

        def other() -> OtherMission | None:
            labels = [] if fault else self._labels_by_name(row)
            return self._read_labels.other_mission(labels, release.head, entry or {})

        context = release_context(
            release.head,
            entry,
            labels=labels,
            fault=str(fault) if fault else None,
            name=name,
            is_labelled=is_labelled,
            read_other=other,
            start_of_labels=start,
        )
        calibration = self._calibrations.of(folder, release, entry or {}, context.recorded_by)
        return replace(context, file_name=row.name, calibration=calibration, subtitles=subtitles, related=around)

    def _entry_of(
        self, row: SourceRow, found: tuple[str, str, Release]
    ) -> tuple[dict[str, Any] | None, ReleaseFileProblem | None]:
        """Return the entry about a file, that of an earlier path too, and the problem that keeps it from being read."""
        _, inside, release = found
        earlier = self._entry_paths.get(row.path)
        entry = release.files.get(inside)
        if earlier is not None:
            entry = {**release.files.get(earlier, {}), **(entry or {}), "path": inside}
        return entry, _fault(release.problems, inside, earlier)

    def permission_of_entry(self, row: SourceRow) -> bool | None:
        """Return the permission to redistribute a file that an entry about it states, not the top of its release.

        None without one; a permission in an entry with a mistake is none, a prohibition there is one.
        """
        if (found := self._release_of(row)) is None:
            return None
        entry, fault = self._entry_of(row, found)
        stated = (entry or {}).get("redistribute")
        if fault is None:
            return stated
        _, inside, release = found
        return False if stated is False or release.forbidden & {inside, self._entry_paths.get(row.path)} else None

    def camera_of(self, row: SourceRow) -> str | None:
        """Return the camera or instrument of a source, as a selection by `camera=` compares it; labels are read for it.

        These are the names in its evidence, one a line: the one chosen from release.toml and the labels next to the
        file, and that in the words of release.toml. None if there is neither.
        """
        if row.path not in self._cameras:
            context = self._at(row)
            labels = self._read_labels.entries_of(self._labels_by_name(row))
            words = [word for _, tags in labels for word, _ in mission_words(tags)]
            profile = (
                load_profile(context.mission)
                if context.mission and context.by_mission().unsettled_mission is None
                else next(filter(None, map(profile_named_in, words)), None)
            )
            said = [one for name, tags in labels for one in said_by_label(tags, name)]
            recorded_by = next(iter(context.recorded_by), None)  # one path has one name
            camera, _ = camera_of(recorded_by, said, profile)
            names = dict.fromkeys(filter(None, (camera, recorded_by)))
            self._cameras[row.path] = "\n".join(names) or None
        return self._cameras[row.path]

    def is_label_lost(self, row: SourceRow) -> bool:
        """Return True if a label of this source cannot be read now, so that its camera may be unknown."""
        return not all(os.access(self._local_path(one), os.R_OK) for one in self._labels_by_name(row))

    def _labels_by_name(self, row: SourceRow) -> list[SourceRow]:
        return [one for one in self.companions_of(row) if one.format in LABELS]

    def descriptions_of(self, row: SourceRow) -> str:
        """Return the digests of all files that describe a source at its path."""
        found = [f"{one.name} {one.digest}" for one in self._paired(row)]
        if self._labels:
            found += sorted(f"{one.name} {one.digest}" for one in self.labels_of(row))
            found += [f"{name} {one.digest}" for name, one in self._related_to(row)]
        folder = self._folder_of_release(row)
        if folder is not None:
            if folder not in self._described:
                description, release = self._releases[folder]
                named = self._calibrations.digests(folder, release) if release else "unreadable"
                self._described[folder] = f"{folder} {description.digest} {named}"
            found.append(self._described[folder])
            if earlier := self._entry_paths.get(row.path):
                found.append(f"entry {earlier}")
        return "\n".join(found)

    def is_lost(self, row: SourceRow) -> bool:
        """Return True if the description that belonged to this source is missing."""
        return any(self._releases.get(folder, (row, True))[1] is None for folder in _folders_above(row.path))

    def strays(self, gone: Mapping[str, str | None] | None = None) -> list[tuple[str, str]]:
        """Return descriptions that apply to nothing where they are: (path of the description, problem).

        Parameters
        ----------
        gone : by path, what happened to a file that was in the release; None if its description may stay.
        """
        gone = gone or {}
        messages = [(row.relative, what) for row, what in (*self._sidecars.strays, *self._subtitles.strays)]
        for folder, (row, release) in self._releases.items():
            if above := next((one for one in _folders_above(folder) if one in self._releases), None):
                upper = self._releases[above][0].relative
                messages.append(
                    (row.relative, f"nothing of {upper} above it applies to this folder: keep one of the two")
                )
            if release is None:
                continue
            messages += [(row.relative, what) for what in self._calibrations.strays(folder, release)]
            for path, line in release.lines.items():
                if (place := f"{folder}/{path}") not in self._paths:
                    what = gone.get(place, "which is not in the release: correct it")
                    if what and (now := self._now_at(folder, path)):
                        what += f"; until then it counts for {', '.join(map(repr, now))}"
                    messages += [(row.relative, f"line {line} names {path!r}, {what}")] if what else []
            for problem in release.problems:
                if problem.path is not None and problem.path not in release.lines:
                    messages.append((row.relative, f"line {problem.line}: {problem.what}: correct it"))
        return [*messages, *self._disputed()]

    def _disputed(self) -> Iterator[tuple[str, str]]:
        """Yield a problem for each statement that no result is made by, as other paths of the same bytes disagree."""
        for rows in self._places.values():
            places = self._speaking(rows[0]) if len(rows) > 1 else []
            if len(places) < 2:
                continue
            stated = frozenset[str]().union(*map(self._stated, places))
            has_sound = rows[0].has_sound or rows[0].medium == "audio"
            has_start = has_sound and ("date" in stated or self._are_labels_different(places))
            if not has_start and stated.isdisjoint(DISPUTABLE):
                continue
            for one in disputes([self._at(place) for place in places], has_start=has_start):
                yield self._told(one, places[one.path], places[one.other_path])

    def _are_labels_different(self, places: Iterable[SourceRow]) -> bool:
        return len({frozenset(label.digest for label in self.companions_of(place)) for place in places}) > 1

    def _told(self, dispute: Dispute, place: SourceRow, other: SourceRow) -> tuple[str, str]:
        """Return a dispute as a problem of the release.toml above the path, or of the path if there is none."""
        about = f"{dispute.about} in {dispute.label}" if dispute.label else dispute.about
        what = f"{'no' if dispute.is_other_silent else 'another'} {dispute.about}"
        why = f"{dispute.effect}: the same bytes are in {other.relative}, which has {what}; describe both alike"
        if (found := self._release_of(place)) is None:
            return place.relative, f"{about} {why}"
        folder, inside, _ = found
        return self._releases[folder][0].relative, f"{about} of {inside!r} {why}"

    def _stated(self, row: SourceRow) -> frozenset[str]:
        """Return the keys that release.toml has for a file."""
        found = self._release_of(row)
        entry, fault = self._entry_of(row, found) if found else (None, None)
        return frozenset({*(found[2].head if found else ()), *(entry or {} if fault is None else ())})

    def _now_at(self, folder: str, entry_path: str) -> list[str]:
        """Return the paths below a release's folder of the files for which an entry counts that names none of them."""
        inside = (path for path in self._by_entry.get(entry_path, ()) if path.startswith(f"{folder}/"))
        return sorted(path[len(folder) + 1 :] for path in inside)

    @functools.cached_property
    def _by_entry(self) -> dict[str, list[str]]:
        """The paths of `_entry_paths` by entry."""
        found: dict[str, list[str]] = {}
        for path, earlier in self._entry_paths.items():
            found.setdefault(earlier, []).append(path)
        return found

    def labels_of(self, row: SourceRow) -> list[SourceRow]:
        """Return the labels next to a file that have its name, then those that name it, each by name."""
        return self._labels.of(row)

    def _related_to(self, row: SourceRow) -> list[tuple[str, SourceRow]]:
        """Return the labels around a recording that are about more than it, as `RelatedLabelPairing.of`."""
        if not (related := self._related.of(row)):
            return []
        own = {label.path for label in self.labels_of(row)}
        return [(name, label) for name, label in related if label.path not in own]

    def companions_of(self, row: SourceRow) -> list[SourceRow]:
        """Return the labels, sidecars and subtitles that belong to a file, by name."""
        found = [*self.labels_of(row), *self._paired(row)]
        if row.label and row.label.sha256 not in {one.digest for one in found}:
            named = self._labels.called(row.label.name, _folder(row.path))
            found += [one for one in named if one.digest == row.label.sha256]
        return sorted(found, key=lambda one: one.name)

    def _paired(self, row: SourceRow) -> tuple[SourceRow, ...]:
        """Return the sidecars and subtitles of a file."""
        return (*self._sidecars.of_file.get(row.path, ()), *self._subtitles.of_file.get(row.path, ()))

    def _release_of(self, row: SourceRow) -> tuple[str, str, Release] | None:
        """Return the nearest release.toml above a file: its folder, the file's path relative to it, and its content."""
        folder = self._folder_of_release(row)
        release = self._releases[folder][1] if folder is not None else None
        return (folder, row.path[len(folder) + 1 :], release) if folder is not None and release else None

    def _folder_of_release(self, row: SourceRow) -> str | None:
        """Return the nearest folder above a file that holds a description."""
        own = _folder(row.path)
        if own not in self._above:
            self._above[own] = next((one for one in _folders_above(row.path) if one in self._releases), None)
        return self._above[own]


def _refs(rows: Iterable[SourceRow]) -> tuple[LabelRef, ...]:
    return tuple(LabelRef(name=row.name, sha256=row.digest) for row in rows)


def _fault(problems: Iterable[ReleaseFileProblem], *paths: str | None) -> ReleaseFileProblem | None:
    """Return the problem that keeps these entries from being read: in one of them, or in the file as a whole."""
    return next((problem for problem in problems if problem.path in (None, *paths)), None)


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _folders_above(path: str) -> Iterator[str]:
    """Yield the folders above a file, the nearest first; the path may be an address."""
    while path := _folder(path):
        yield path
