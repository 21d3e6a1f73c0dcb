"""`release.toml`: statements of the agency about a release and its files, validated; every error names its line."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from processors.containers.text.toml_file import KeyPath, TomlError, TomlFile
from processors.metadata.release.release_values import Said, date_as_text
from processors.mission.profile import profile_names
from processors.mission.release_statements import mission_of_file
from processors.mission.when import parse_when
from processors.sources.unicode_forms import as_spelt

if TYPE_CHECKING:  # most importers of this module read no release.toml
    from pydantic import BaseModel

MAX_BYTES = 4 << 20
BYTE_NOT_UTF_8 = re.compile(r"\\x[89a-f][0-9a-f]")
"""A byte of a file name that is not UTF-8, as `storable` writes it."""

ALTITUDE_KEYS = ("altitude_metres", "field_of_view_degrees", "altitude_shot")
"""Parameters that make a motion curve absolute; given together or not at all."""


@dataclass(frozen=True, kw_only=True)
class ReleaseFileProblem:
    """One error."""

    line: int
    """Line number, from 1."""
    what: str
    path: str | None = None
    """File whose entry is wrong; None for the release as a whole."""

    def __str__(self) -> str:
        return f"release.toml, line {self.line}: {self.what}"


@dataclass(frozen=True, kw_only=True)
class Release:
    """Contents of a `release.toml`; invalid entries are left out."""

    head: Said
    files: dict[str, Said]
    """Entries of files, by path below the release's folder."""
    lines: dict[str, int]
    """Line of each file's path."""
    problems: tuple[ReleaseFileProblem, ...]
    is_toml: bool = True
    """False if nothing of it could be read, as after a syntax error: `problems` then has that one."""
    forbidden: frozenset[str] = frozenset()
    """Paths with an entry that states `redistribute = false`, also those of entries that are left out."""

    def is_bare(self, path: str) -> bool:
        """Return whether a file has an entry that says nothing but its path, as `release init` writes them."""
        return path in self.files and self.files[path].keys() <= {"path"}

    def spelt_as(self, there: Collection[str]) -> Release:
        """Return it with each entry under the path of its file, where that differs in Unicode form only.

        Where the file has an entry of its own already, it is named twice, and what either forbids counts.

        Parameters
        ----------
        there : paths of the files below the release's folder.
        """
        spelt = as_spelt(self.lines, there)
        if not spelt:
            return self
        files, lines, forbidden = dict(self.files), dict(self.lines), set(self.forbidden)
        problems = [replace(one, path=spelt.get(one.path, one.path)) if one.path else one for one in self.problems]
        for path, own in spelt.items():
            line, said = lines.pop(path), files.pop(path, None)
            if path in forbidden:
                forbidden.add(own)
            if own in lines:
                first, second = sorted((line, lines[own]))
                problems.append(ReleaseFileProblem(line=second, what=_named_twice(own, first), path=own))
                continue
            lines[own] = line
            if said is not None:
                files[own] = said
        return replace(self, files=files, lines=lines, forbidden=frozenset(forbidden), problems=tuple(problems))


def _named_twice(path: str, first: int) -> str:
    return f"path: named twice ({path!r}, first on line {first}); remove one of them"


def read_release(data: bytes) -> Release:
    """Read and validate; never raises for invalid contents: every error is in `problems`."""
    try:
        file = TomlFile(data, max_bytes=MAX_BYTES)
    except TomlError as error:
        problem = ReleaseFileProblem(line=error.mistake.line, what=error.mistake.what)
        return Release(head={}, files={}, lines={}, problems=(problem,), is_toml=False)
    return _Reader(file).release()


class _Reader:
    """Collector of a file's statements and errors."""

    def __init__(self, file: TomlFile) -> None:
        self._file = file
        self._problems: list[ReleaseFileProblem] = []
        self._files: dict[str, Said] = {}
        self._lines: dict[str, int] = {}
        self._forbidden: set[str] = set()

    def release(self) -> Release:
        from processors.metadata.release.release_model import HeadTable

        entries = self._file.table.pop("file", [])
        head = self._said(self._file.table, HeadTable, (), None, None)
        self._date(head, "released", (), None)
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            self._tell(("file",), "file: not a list of sections; write [[file]] above each", None)
            entries = []
        for number, entry in enumerate(entries):
            self._entry(entry, ("file", number), head)
        return Release(
            head=head,
            files=self._files,
            lines=self._lines,
            problems=tuple(self._problems),
            forbidden=frozenset(self._forbidden),
        )

    def _entry(self, entry: dict[str, Any], at: KeyPath, head: Said) -> None:
        from processors.metadata.release.release_model import FileTable

        path = entry.get("path")
        if not isinstance(path, str) or not path:
            self._tell((*at, "path"), 'file: path: missing; add path = "name of the file"', None)
            return
        parts = PurePosixPath(path).parts
        slanted = "\\" in BYTE_NOT_UTF_8.sub("", path)
        if path.startswith("/") or ".." in parts or slanted or re.match(r"[A-Za-z]:|\w+://", path):
            self._tell((*at, "path"), f"path: outside the release ({path!r}); name a file below its folder", path)
            return
        path = str(PurePosixPath(path))
        if entry.get("redistribute") is False:
            self._forbidden.add(path)
        if path in self._lines:
            self._tell((*at, "path"), _named_twice(path, self._lines[path]), path)
            return
        known = len(self._problems)
        self._lines[path] = self._file.line((*at, "path"))
        mission = mission_of_file(head, entry)
        said = self._said(entry, FileTable, at, path, mission if mission in profile_names() else None)
        self._date(said, "date", at, path)
        given = [key for key in ALTITUDE_KEYS if key in entry]
        if given and len(given) < len(ALTITUDE_KEYS):
            others = " and ".join(key for key in ALTITUDE_KEYS if key not in given)
            self._tell((*at, given[0]), f"{given[0]}: not enough alone; add {others}", path)
        if len(self._problems) == known:
            self._files[path] = said

    def _said(
        self, table: dict[str, Any], model: type[BaseModel], at: KeyPath, path: str | None, mission: str | None
    ) -> Said:
        """Return the valid keys of a table."""
        from pydantic import ValidationError

        wrong = set()
        try:
            model.model_validate(table, context=mission)
        except ValidationError as error:
            wrong = {one["loc"][0] for one in error.errors(include_url=False)}
            for mistake in self._file.mistakes(error, model, at):
                self._problems.append(ReleaseFileProblem(line=mistake.line, what=mistake.what, path=path))
        return {key: date_as_text(value) for key, value in table.items() if key not in wrong}

    def _date(self, said: Said, key: str, at: KeyPath, path: str | None) -> None:
        precision, zone = said.get("date_precision"), said.get("date_zone")
        if key in said:
            try:
                parse_when(str(said[key]), precision=precision, zone=zone)  # type: ignore[arg-type]
            except ValueError as error:
                named = "date_precision" if str(error).startswith("date_precision") else key
                self._tell((*at, named), str(error), path)
                said.pop(key)
        elif precision or zone:
            named = "date_precision" if precision else "date_zone"
            self._tell((*at, named), f"{named}: without a date; add date", path)

    def _tell(self, at: KeyPath, what: str, path: str | None) -> None:
        self._problems.append(ReleaseFileProblem(line=self._file.line(at), what=what, path=path))
