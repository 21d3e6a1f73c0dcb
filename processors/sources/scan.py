"""Every file below a folder of releases: how it looks from outside, and which cannot be taken."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from processors.errors import machine_reason

PASSED_OVER = re.compile(
    r"\..*|~\$.*|.*~|#.*#"  # hidden; what editors leave
    r"|.*\.(part|partial|crdownload|download|tmp|swp)"  # unfinished downloads and saves
    r"|thumbs\.db|ehthumbs\.db|desktop\.ini|__macosx|@eadir|lost\+found|\$recycle\.bin|system volume information",
    re.IGNORECASE | re.DOTALL,
)
"""Names of files and folders that no release means; they are counted and nothing else."""


@dataclass(frozen=True, kw_only=True)
class FoundFile:
    """A regular file."""

    path: str
    """Absolute."""
    relative: str
    """Below the surveyed folder, with `/`; bytes of the name that are not UTF-8 stand as `\\xNN`."""
    release: str
    """Name of the folder that holds the release."""
    size_bytes: int
    mtime_ns: int

    @property
    def name(self) -> str:
        return self.relative.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class SkippedFile:
    """Something that is there and is not read, and why."""

    relative: str
    reason: str
    is_refused: bool
    """True: refused for what it is. False: the machine would not give it."""


@dataclass(frozen=True, kw_only=True)
class PassedOver:
    """A hidden file or folder, an unfinished download, or something that an editor or a system leaves."""

    relative: str


@dataclass(frozen=True, kw_only=True)
class EmptyFolder:
    """A folder that holds nothing, or nothing but what is passed over."""

    relative: str
    """Empty for the surveyed folder itself."""


Surveyed = FoundFile | SkippedFile | PassedOver | EmptyFolder


def survey(raw: Path) -> Iterator[Surveyed]:
    """Walk `raw` in the order of names, opening nothing.

    A link is followed to a regular file inside `raw` and refused otherwise; linked folders are not entered.
    The release of a file is the nearest folder with a `release.toml`, else the first folder below `raw`, else `raw`.

    Raises
    ------
    FileNotFoundError, NotADirectoryError, PermissionError : `raw` itself cannot be listed.
    """
    root = Path(os.path.realpath(raw))
    yield from _walk(root, root, "", root.name)


def _walk(root: Path, folder: Path, prefix: str, release: str) -> Iterator[Surveyed]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        if folder == root:
            raise
        yield SkippedFile(relative=storable(prefix.rstrip("/")), reason=machine_reason(error), is_refused=False)
        return
    if prefix and any(entry.name == "release.toml" for entry in entries):
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
                yield from _walk(root, Path(entry.path), relative + "/", release if prefix else entry.name)
            else:
                yield _file(root, entry, relative, release)
        except OSError as error:
            yield SkippedFile(relative=storable(relative), reason=machine_reason(error), is_refused=False)


def _file(root: Path, entry: os.DirEntry[str], relative: str, release: str) -> FoundFile | SkippedFile:
    def refused(reason: str) -> SkippedFile:
        return SkippedFile(relative=storable(relative), reason=reason, is_refused=True)

    if entry.is_symlink():
        target = Path(os.path.realpath(entry.path))
        if not target.is_relative_to(root):
            return refused("a link that leads out of the release: put a copy of the file in its place")
        if not target.exists():
            return refused("a link to nothing: remove it or put the file in its place")
        if target.is_dir():
            return refused("a link to a folder: the files are read where they lie")
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


def storable(name: str) -> str:
    """A file name as text that any table can hold: bytes that are not UTF-8 become `\\xNN`."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def printable(name: str) -> str:
    """A file name as one line for a terminal: control characters become escapes, so no name can draw or lie."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in storable(name))
