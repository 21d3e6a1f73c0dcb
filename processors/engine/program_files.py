"""State of the program's own files, after a change of which every decision is made again, and their digest."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

PROCESSORS = Path(__file__).resolve().parents[1]
PROGRAM_SUFFIXES = (".py", ".toml")


def state_of_files(folder: Path) -> str:
    """Return names, sizes and dates of all files below a folder, one a line."""
    found = []
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(files):
            seen = os.stat(os.path.join(place, name))  # noqa: PTH116, PTH118
            found.append(f"{place}/{name} {seen.st_size} {seen.st_mtime_ns}")
    return "\n".join(found)


def digest_of_program(folders: Iterable[Path], without: Iterable[Path] = ()) -> str:
    """Return the SHA-256 of all code and its data in some packages, the same in a checkout and where it is installed.

    Parameters
    ----------
    folders : packages; their files count by name and content, not by place and date.
    without : files that do not count.
    """
    left_out = set(without)
    found = []
    for folder in folders:
        for place, inner, names in os.walk(folder):
            inner[:] = [name for name in inner if not name.startswith((".", "__pycache__"))]
            for name in names:
                path = Path(place, name)
                if name.endswith(PROGRAM_SUFFIXES) and not name.startswith(".") and path not in left_out:
                    content = hashlib.sha256(path.read_bytes()).hexdigest()
                    found.append(f"{path.relative_to(folder.parent).as_posix()}\0{content}")
    return hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()
