"""Calibrations of a release: the sounds that each applies to, and those that have no effect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from processors.audio.levels.calibration import Calibration, is_same_instrument, read_calibration
from processors.contract import Processor, inputs_of
from processors.json_records import as_json, canonical_json
from processors.metadata.release.release_file import Release
from processors.sources.unicode_forms import as_spelt
from processors.store.catalogue.source_row import SourceRow

MAX_NAMED = 5
"""Maximum number of instruments that a message lists."""


class ReleaseCalibrations:
    """Files with calibrations next to a `release.toml`, each read once and on demand."""

    def __init__(self, rows: Iterable[SourceRow], local_path: Callable[[SourceRow], Path]) -> None:
        self._rows = {row.path: row for row in rows if row.kind != "media" and row.name.endswith(".toml")}
        self._local_path = local_path
        self._read: dict[str, Calibration | str] = {}

    def of(self, folder: str, release: Release, entry: Mapping[str, Any], recorded_by: Iterable[str]) -> str | None:
        """Return canonical JSON of the calibration of a sound; None without one.

        It is the one named in the file's entry, unless that is for another instrument; otherwise the one among the
        release's `calibrations` for the file's instrument, or none of several that differ.
        """
        own = self._calibration(folder, str(entry["calibration"])) if entry.get("calibration") else None
        if isinstance(own, Calibration) and own.is_of(recorded_by):
            return canonical_json(as_json(own)).decode()
        listed = [self._calibration(folder, str(name)) for name in release.head.get("calibrations", ())]  # type: ignore[union-attr]
        fitting = {
            canonical_json(as_json(one)).decode()
            for one in listed
            if isinstance(one, Calibration) and one.instrument and one.is_of(recorded_by)
        }
        return fitting.pop() if len(fitting) == 1 else None

    def digests(self, folder: str, release: Release) -> str:
        """Return the SHA-256 of every calibration that a release names."""
        rows = [self._row(_inside(folder, name)) for name in named_calibrations(release)]
        return " ".join(row.digest if row else "missing" for row in rows)

    def strays(self, folder: str, release: Release) -> Iterator[str]:
        """Yield the problems of a release's calibrations, including those that have no effect."""
        yield from calibration_problems(release, lambda name: self._calibration(folder, name))

    def _calibration(self, folder: str, name: str) -> Calibration | str:
        """Return a calibration, or a description of the problem with its file."""
        path = _inside(folder, name)
        if path not in self._read:
            self._read[path] = self._from_file(path, name)
        return self._read[path]

    def _row(self, path: str) -> SourceRow | None:
        return self._rows.get(as_spelt([path], self._rows).get(path, path))

    def _from_file(self, path: str, name: str) -> Calibration | str:
        row = self._row(path)
        return calibration_in(self._local_path(row) if row else None, name)


def named_calibrations(release: Release) -> list[str]:
    """Return the name of every calibration in a release.toml, each once."""
    named = [*release.head.get("calibrations", ()), *(one.get("calibration") for one in release.files.values())]  # type: ignore[misc]
    return list(dict.fromkeys(str(name) for name in named if name))


def calibration_in(path: Path | None, name: str) -> Calibration | str:
    """Return the calibration in a file, or a line for each problem with it; None means no file of that name."""
    missing = f"{name}: no such file in the release; put it there"
    try:
        return read_calibration(path) if path else missing
    except FileNotFoundError:
        return missing
    except ValueError as error:
        return str(error)
    except OSError as error:
        return f"{name}: {error.strerror}; make it readable"


def calibration_problems(release: Release, read: Callable[[str], Calibration | str]) -> Iterator[str]:
    """Yield the problems of a release's calibrations, a line for each, including those that have no effect.

    Parameters
    ----------
    read : returns the calibration of a name in the release, or a description of each problem with its file, in lines.
    """
    instruments = [str(entry.get("recorded_by") or "") for entry in release.files.values()]
    undecided = [str(one.get("recorded_by") or "") for one in release.files.values() if not one.get("calibration")]
    before: dict[str, Calibration] = {}
    for name in release.head.get("calibrations", ()):  # type: ignore[union-attr]
        found = read(str(name))
        if isinstance(found, str):
            yield from (f"calibrations: {fault}" for fault in found.split("\n"))
        elif found.instrument is None:
            yield f'calibrations: {name} names no instrument; add instrument = "...", or name it in a [[file]]'
        elif not is_same_instrument(found.instrument, instruments):
            there = list(dict.fromkeys(filter(None, instruments)))[:MAX_NAMED]
            but = f" (but {', '.join(map(repr, there))})" if there else ""
            yield (
                f"calibrations: {name} changed nothing: no file is recorded_by {found.instrument!r}{but}; "
                "name the instrument in the [[file]] of its sounds, as a label's name does not count"
            )
        elif is_same_instrument(found.instrument, undecided) and (
            other := next((one for one, its in before.items() if _differs(its, found)), None)
        ):
            yield (
                f"calibrations: {other} and {name} are both for {found.instrument!r} and differ: neither is used; "
                'take one out, or give each [[file]] its own with calibration = "..."'
            )
        if isinstance(found, Calibration):
            before[str(name)] = found
    for path, entry in release.files.items():
        if name := entry.get("calibration"):
            found = read(str(name))
            recorded_by = str(entry.get("recorded_by") or "")
            if isinstance(found, str):
                yield from (f"calibration of {path!r}: {fault}" for fault in found.split("\n"))
            elif not found.is_of([recorded_by]):
                yield (
                    f"calibration of {path!r} changed nothing: {name} belongs to {found.instrument!r}, the file is "
                    f"recorded_by {recorded_by or 'an unknown instrument'!r}; correct one of them"
                )


def _differs(one: Calibration, other: Calibration) -> bool:
    """Return True if two calibrations of one instrument are not the same."""
    return one.instrument is not None and is_same_instrument(one.instrument, [other.instrument or ""]) and one != other


def unused_calibrations(asked: Iterable[Processor], wanted: Iterable[Processor]) -> list[str]:
    """Return a message for each calibration of a recipe that reaches no sound.

    Parameters
    ----------
    asked, wanted : processors as the recipe has them, and as configured for the sources.
    """
    used = {found for one in wanted for found in _calibrations_in(one)}
    named = dict.fromkeys(found for one in asked for found in _calibrations_in(one))
    return [
        f"calibration {one.name!r} changed nothing: no sound is recorded by {one.instrument!r}; name the instrument "
        "with recorded_by in release.toml, or take `instrument` out of the calibration's file"
        for one in named
        if one not in used
    ]


def has_calibration(processor: Processor) -> bool:
    """Return True if a recipe gives a calibration to a processor or to one that it uses."""
    return any(True for _ in _calibrations_in(processor))


def _calibrations_in(processor: Processor) -> Iterator[Calibration]:
    if isinstance(found := getattr(processor, "calibration", None), Calibration):
        yield found
    for used in inputs_of(processor):
        yield from _calibrations_in(used)


def _inside(folder: str, name: str) -> str:
    """Return the path of a file below a folder, which may be an address."""
    return f"{folder}/{PurePosixPath(name)}"
