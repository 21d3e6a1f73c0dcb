"""State of the program's own files: after a change of the code, every earlier decision is made again."""

from __future__ import annotations

import os
from pathlib import Path

PROCESSORS = Path(__file__).resolve().parents[1]


def state_of_files(folder: Path) -> str:
    """Return names, sizes and dates of all files below a folder, one a line."""
    found = []
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(files):
            seen = os.stat(os.path.join(place, name))  # noqa: PTH116, PTH118
            found.append(f"{place}/{name} {seen.st_size} {seen.st_mtime_ns}")
    return "\n".join(found)
