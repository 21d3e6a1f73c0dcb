"""Writing of files that outlast a power cut: flushed to the disk before they count."""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

FLUSHED_AT_ONCE = 8
"""Number of files that are flushed at the same time."""


def write_durably(path: Path, data: bytes) -> None:
    """Write a new file and flush it to the disk."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def replace_file(path: Path, data: bytes) -> None:
    """Write a file in one step: readers see the old bytes or the new ones, never a part, also after a power cut."""
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # a disk may keep the new name and lose the bytes
        os.chmod(temporary, 0o644)  # noqa: PTH101
        os.replace(temporary, path)  # noqa: PTH105
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108
        raise


def flush_all(folder: Path) -> None:
    """Flush a folder and all below it to the disk, several at a time, so that they share the waits for the disk."""
    with ThreadPoolExecutor(FLUSHED_AT_ONCE) as threads:
        for _ in threads.map(flush, [folder, *folder.rglob("*")]):
            pass


def flush(place: Path) -> None:
    """Flush a file, or a folder's list of names, to the disk."""
    descriptor = os.open(place, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
