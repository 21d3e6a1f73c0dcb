"""Survey of the files below a folder of releases, without opening them."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from processors.errors import machine_reason

PASSED_OVER = re.compile(
    r"\..*|~\$.*|.*~|#.*#|release\.toml\.bak\d*"  # hidden files; leftovers of editors, and of `release init --force`
    r"|.*\.(part|partial|filepart|crdownload|download|opdownload|aria2|!ut|!qb|tmp|swp)"  # unfinished
    r"|thumbs\.db|ehthumbs\.db|desktop\.ini|__macosx|@eadir|lost\+found|\$recycle\.bin|system volume information",
    re.IGNORECASE | re.DOTALL,
)
"""Names of files and folders that belong to no release; they are only counted."""

DESCRIPTION = "release.toml"
"""Name of the file that describes a release; the folder that holds it is one."""


@dataclass(frozen=True, kw_only=True)
class FoundFile:
    path: str
    """Absolute path."""
    relative: str
    """Path below the folder of releases, with `/`; bytes that are not UTF-8 are written `\\xNN`."""
    release: str
    """Name of the folder that holds the release."""
    size_bytes: int
    mtime_ns: int

    @property
    def name(self) -> str:
        return self.relative.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class SkippedFile:
    """An existing entry that is not read, with the reason."""

    relative: str
    reason: str
    is_refused: bool
    """True if refused because of its type; False if it could not be read."""


@dataclass(frozen=True, kw_only=True)
class PassedOver:
    """A hidden file or folder, an unfinished download, or a leftover of an editor, a system or `release init`."""

    relative: str


@dataclass(frozen=True, kw_only=True)
class EmptyFolder:
    """A folder that holds nothing, or only ignored entries."""

    relative: str
    """Path below the folder of releases; empty for that folder itself."""


Surveyed = FoundFile | SkippedFile | PassedOver | EmptyFolder


def survey(raw: Path, root: Path | None = None, border: Path | None = None) -> Iterator[Surveyed]:
    """Walk `raw` in name order without opening files.

    A link is followed to a regular file inside `border` and refused otherwise; linked folders are not entered.
    The release of a file is the nearest folder below `root` with a `release.toml`, else the first one, else `root`: a
    `release.toml` of `root` itself describes all releases.

    Parameters
    ----------
    root : the folder of releases: `raw`, the default, or a folder above it.
    border : `raw`, the default, or a folder above it whose files someone gave to a run.

    Raises
    ------
    FileNotFoundError, NotADirectoryError, PermissionError : `raw` itself cannot be listed.
    """
    start = Path(os.path.realpath(raw))
    top = Path(os.path.realpath(root)) if root else start
    part = "" if start == top else start.relative_to(top).as_posix()
    described = [folder for folder in inner_folders(part)[:-1] if os.path.lexists(top / folder / DESCRIPTION)]
    release = release_of(part, described, top.name)
    inside = Path(os.path.realpath(border)) if border else start
    yield from _walk(inside, start, f"{part}/" if part else "", release, is_start=True)


def release_of(folder: str, described: Collection[str], root: str) -> str:
    """Return the name of the release to which files in a folder belong.

    Parameters
    ----------
    folder : path below the folder of releases; empty for that folder itself.
    described : such paths of folders with a `release.toml`; one at the top describes all releases, and makes none.
    root : name of the folder of releases.
    """
    inner = reversed(inner_folders(folder)[1:])
    named = next((one for one in inner if one in described), folder.partition("/")[0])
    return named.rpartition("/")[2] or root


def inner_folders(folder: str) -> list[str]:
    """Return the folders from that of the releases, which is empty, down to one below it, as paths."""
    parts = folder.split("/") if folder else []
    return ["/".join(parts[:count]) for count in range(len(parts) + 1)]


def _walk(border: Path, folder: Path, prefix: str, release: str, *, is_start: bool = False) -> Iterator[Surveyed]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        if is_start:
            raise
        yield SkippedFile(relative=storable(prefix.rstrip("/")), reason=machine_reason(error), is_refused=False)
        return
    if prefix and any(entry.name == DESCRIPTION for entry in entries):
        release = folder.name
    if all(PASSED_OVER.fullmatch(entry.name) for entry in entries):
        yield EmptyFolder(relative=storable(prefix.rstrip("/")))
    for entry in entries:
        relative = prefix + entry.name
        if PASSED_OVER.fullmatch(entry.name):
            yield PassedOver(relative=storable(relative))
            continue
        try:
            if entry.is_dir(follow_symlinks=False):
                inner = release if prefix else entry.name
                yield from _walk(border, Path(entry.path), relative + "/", inner)
            else:
                yield _file(border, entry, relative, release)
        except OSError as error:
            yield SkippedFile(relative=storable(relative), reason=machine_reason(error), is_refused=False)


def _file(border: Path, entry: os.DirEntry[str], relative: str, release: str) -> FoundFile | SkippedFile:
    def refused(reason: str) -> SkippedFile:
        return SkippedFile(relative=storable(relative), reason=reason, is_refused=True)

    if entry.is_symlink():
        target = Path(os.path.realpath(entry.path))
        if not target.is_relative_to(border):
            return refused("link points outside the release: replace it with a copy of the file")
        if not target.exists():
            return refused("broken link: remove it or replace it with the file")
        if target.is_dir():
            return refused("link to a folder: files are read only in their own folder")
    seen = entry.stat()
    if not stat.S_ISREG(seen.st_mode):
        return refused("not a regular file (a pipe, socket or device): remove it")
    return FoundFile(
        path=entry.path,
        relative=storable(relative),
        release=storable(release),
        size_bytes=seen.st_size,
        mtime_ns=seen.st_mtime_ns,
    )


def files_below(folder: Path) -> set[str]:
    """Return the paths of the files below a folder that can be read, as `FoundFile.relative`."""
    return {found.relative for found in survey(folder) if isinstance(found, FoundFile)}


def storable(name: str) -> str:
    """Return a file name as text that any table can hold: bytes that are not UTF-8 become `\\xNN`."""
    return name if name.isascii() else name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def in_words(error: Exception) -> str:
    """Return what ended some work, on one line; a fault of the machine is reported with its file, and what to do."""
    if isinstance(error, OSError) and error.strerror:
        where = f"{printable(str(error.filename))}: " if error.filename else ""
        return f"{where}{machine_reason(error)}"
    return str(error)


def printable(name: str) -> str:
    """Return a file name as one line for a terminal, control characters escaped so that no name can forge output."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in storable(name))
