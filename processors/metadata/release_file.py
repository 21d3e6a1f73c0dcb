"""`release.toml`: what the agency says of a release and of each file in it, checked, every error with its line."""

from __future__ import annotations

import datetime
import math
import re
import tomllib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from processors.mission.profile import load_profile
from processors.mission.when import parse_when

MAX_BYTES = 4 << 20

ALTITUDE_KEYS = ("altitude_metres", "field_of_view_degrees", "altitude_shot")
"""What makes a curve of motion absolute: given together or not at all."""

HEAD_KEYS: dict[str, type] = {
    "title": str, "title_zh": str, "agency": str, "mission": str, "credit": str, "rights": str, "source": str,
    "released": str, "synthetic": bool, "redistribute": bool,
}  # fmt: skip
FILE_KEYS: dict[str, type] = {
    "path": str, "title": str, "title_zh": str, "caption": str, "caption_zh": str,
    "alt_text": str, "alt_text_zh": str, "recorded_by": str, "date": str,
    "date_precision": str, "date_zone": str, "event": str, "credit": str, "rights": str, "source": str,
    "keywords": list, "redistribute": bool, "altitude_metres": float, "field_of_view_degrees": float,
    "altitude_shot": int,
}  # fmt: skip
KINDS = {str: "text", bool: "true or false", list: "a list of texts", float: "a number", int: "a whole number"}

Said = dict[str, str | bool | float | int | list[str]]
"""What a table of the file says; only keys of `HEAD_KEYS` or `FILE_KEYS`, dates as text."""


@dataclass(frozen=True, kw_only=True)
class ReleaseFileProblem:
    """One thing that is wrong."""

    line: int
    """From 1."""
    what: str
    path: str | None = None
    """The file whose entry is wrong; None: the release as a whole."""

    def __str__(self) -> str:
        return f"release.toml, line {self.line}: {self.what}"


@dataclass(frozen=True, kw_only=True)
class Release:
    """A `release.toml` as read; an entry with a problem is left out."""

    head: Said
    files: dict[str, Said]
    """By path below the release's folder."""
    lines: dict[str, int]
    """Line on which each file's path stands."""
    problems: tuple[ReleaseFileProblem, ...]


def read_release(data: bytes) -> Release:
    """Read and check; never raises for what is written in it: every problem is in `problems`."""
    if len(data) > MAX_BYTES:
        return _broken(1, f"{len(data)} bytes are over the limit of {MAX_BYTES}: shorten it")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _broken(data[: error.start].count(b"\n") + 1, "not UTF-8: save it as UTF-8")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        return _broken(line, str(error).split(" (at ")[0])
    except RecursionError:
        return _broken(1, "nested too deep: a release needs two levels")
    return _Checker(text, table).release()


def _broken(line: int, what: str) -> Release:
    return Release(head={}, files={}, lines={}, problems=(ReleaseFileProblem(line=line, what=what),))


def _is(value: object, kind: type) -> bool:
    """A boolean is no number, a whole number is one."""
    if kind in (int, float):
        return isinstance(value, int | kind) and not isinstance(value, bool)
    return isinstance(value, kind) and (kind is not list or all(isinstance(v, str) for v in value))  # type: ignore[attr-defined]


class _Checker:
    def __init__(self, text: str, table: dict[str, Any]) -> None:
        self._lines = text.split("\n")
        self._table = table
        self._starts = [n for n, line in enumerate(self._lines) if re.match(r"\s*\[\[\s*file\s*\]\]", line)]
        self._problems: list[ReleaseFileProblem] = []

    def release(self) -> Release:
        entries = self._table.pop("file", [])
        before = self._starts[0] if self._starts else len(self._lines)
        head = self._said(self._table, HEAD_KEYS, 0, before, None)
        self._dates(head, "released", 0, before, None)
        self._mission(head)
        files: dict[str, Said] = {}
        lines: dict[str, int] = {}
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            self._tell(0, "file must be written as [[file]] tables", None)
            entries = []
        for number, entry in enumerate(entries):
            first = self._starts[number] if number < len(self._starts) else 0
            end = self._starts[number + 1] if number + 1 < len(self._starts) else len(self._lines)
            self._entry(entry, first, end, head, files, lines)
        return Release(head=head, files=files, lines=lines, problems=tuple(self._problems))

    def _entry(
        self, entry: dict[str, Any], first: int, end: int, head: Said, files: dict[str, Said], lines: dict[str, int]
    ) -> None:
        path = entry.get("path")
        if not isinstance(path, str) or not path:
            self._tell(first, 'a [[file]] needs path = "name of the file"', None)
            return
        parts = PurePosixPath(path).parts
        if path.startswith("/") or ".." in parts or "\\" in path or re.match(r"[A-Za-z]:|\w+://", path):
            self._tell(self._line("path", first, end), f"path {path!r} leads out of the release", path)
            return
        path = str(PurePosixPath(path))
        if path in lines:
            self._tell(
                self._line("path", first, end), f"path {path!r} is named twice, first on line {lines[path]}", path
            )
            return
        known = len(self._problems)
        lines[path] = self._line("path", first, end) + 1
        said = self._said(entry, FILE_KEYS, first, end, path)
        self._dates(said, "date", first, end, path)
        self._event(said, head, first, end, path)
        self._altitude(said, first, end, path)
        if len(self._problems) == known:
            files[path] = said

    def _said(self, table: dict[str, Any], keys: dict[str, type], first: int, end: int, path: str | None) -> Said:
        said: Said = {}
        for key, given in table.items():
            value: Any = given
            if isinstance(given, datetime.date) and key in ("date", "released"):
                said[key] = given.isoformat().replace("+00:00", "Z")
                continue
            kind: type | None = keys.get(key)
            line = self._line(key, first, end)
            if kind is None:
                self._tell(line, f"{key}: no such key; known are {', '.join(keys)}", path)
            elif not _is(value, kind):
                self._tell(line, f"{key} is {value!r}: must be {KINDS[kind]}", path)
            else:
                said[key] = value
        return said

    def _dates(self, said: Said, key: str, first: int, end: int, path: str | None) -> None:
        precision, zone = said.get("date_precision"), said.get("date_zone")
        if key not in said:
            if precision or zone:
                named = "date_precision" if precision else "date_zone"
                self._tell(self._line(named, first, end), "date_precision and date_zone need a date", path)
            return
        if zone not in (None, "UTC", "Beijing"):
            line = self._line("date_zone", first, end)
            self._tell(line, f"date_zone is {zone!r}: must be UTC or Beijing", path)
            zone = None
        try:
            parse_when(str(said[key]), precision=precision, zone=zone)  # type: ignore[arg-type]
        except ValueError as error:
            named = "date_precision" if str(error).startswith("date_precision") else key
            self._tell(self._line(named, first, end), str(error), path)
            said.pop(key)

    def _mission(self, head: Said) -> None:
        if "mission" in head:
            try:
                load_profile(str(head["mission"]))
            except ValueError as error:
                self._tell(self._line("mission", 0, len(self._lines)), str(error), None)
                head.pop("mission")

    def _event(self, said: Said, head: Said, first: int, end: int, path: str) -> None:
        if "event" in said and "mission" in head:
            profile = load_profile(str(head["mission"]))
            if profile.event(str(said["event"])) is None:
                names = ", ".join(event.name for event in profile.events)
                self._tell(self._line("event", first, end), f"event is {said['event']!r}: must be one of {names}", path)

    def _altitude(self, said: Said, first: int, end: int, path: str) -> None:
        given = [key for key in ALTITUDE_KEYS if key in said]
        altitude, view, shot = (float(said.get(key, 1)) for key in ALTITUDE_KEYS)  # type: ignore[arg-type]
        for key, fits, must in (
            ("altitude_metres", 0 < altitude < math.inf, "be above 0"),
            ("field_of_view_degrees", 0 < view < 180, "be between 0 and 180"),
            ("altitude_shot", shot >= 1, "be the number of a shot, from 1"),
        ):
            if not fits:
                self._tell(self._line(key, first, end), f"{key} is {said[key]!r}: must {must}", path)
        if given and len(given) < len(ALTITUDE_KEYS):
            self._tell(
                self._line(given[0], first, end),
                f"{given[0]} needs {' and '.join(key for key in ALTITUDE_KEYS if key not in given)} beside it",
                path,
            )

    def _line(self, key: str, first: int, end: int) -> int:
        """Index of the line where a key is given, between two lines; the first of them where it is not found."""
        pattern = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=")
        return next((n for n in range(first, end) if pattern.match(self._lines[n])), first)

    def _tell(self, index: int, what: str, path: str | None) -> None:
        self._problems.append(ReleaseFileProblem(line=index + 1, what=what, path=path))
