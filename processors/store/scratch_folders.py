"""Scratch folders of processes: removed at the end, or swept on the machine whose process was killed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from processors.store.this_machine import is_alive_here, this_machine


@contextmanager
def scratch_folder(parent: Path, start: str = "") -> Iterator[Path]:
    """Yield a new folder, which is always removed at the end.

    Parameters
    ----------
    start : beginning of its name, by which `sweep_scratch_folders` knows it.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"{start}{this_machine()}-{os.getpid()}-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep_scratch_folders(parent: Path, start: str = "") -> int:
    """Remove the folders of this machine's killed processes and return their number; all others stay."""
    removed = 0
    for left in parent.iterdir():
        if not left.name.startswith(start):
            continue
        machine, _, process = left.name.removeprefix(start).rpartition("-")[0].rpartition("-")
        is_own = machine in ("", this_machine())  # "": made by an older version
        if is_own and process.isdigit() and not is_alive_here(process):
            shutil.rmtree(left, ignore_errors=True)
            removed += 1
    return removed
