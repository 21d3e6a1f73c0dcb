"""Flushing of files to the disk, so that they outlast a power cut."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FLUSHED_AT_ONCE = 8
"""Number of files that are flushed at the same time."""


def write_durably(path: Path, data: bytes) -> None:
    """Write a new file and flush it to the disk."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


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
