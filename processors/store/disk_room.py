"""Free space on the store's disk, and system errors that deltalake reports only as text."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deltalake.exceptions import DeltaError

from processors.errors import StoreError, machine_reason

ROOM_BYTES = 64 << 10
"""Minimum free space to start a write: on a full disk deltalake fails with a Rust traceback."""
_IN_WORDS = re.compile(r"\(os error (\d+)\)")


@contextmanager
def room_to_write(root: Path) -> Iterator[None]:
    """Write tables below a folder; raise system errors, such as a full disk, as `StoreError`."""
    try:
        room = os.statvfs(root)
        if room.f_bavail * room.f_frsize < ROOM_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        yield
    except (DeltaError, OSError) as error:
        if (number := system_error(error)) is None:
            raise
        raise StoreError(f"{root}: {machine_reason(OSError(number, os.strerror(number)))}") from error


def system_error(error: Exception) -> int | None:
    """Return the number of a system error, which may be given only in its text: "No space left (os error 28)"."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    found = _IN_WORDS.search(str(error))
    return int(found[1]) if found else None
