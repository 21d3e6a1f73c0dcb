"""Room on the store's disk, and errors of the system that deltalake gives in words only."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

ROOM_BYTES = 64 << 10
"""Free space below which nothing is begun: deltalake fails on a full disk with a traceback of Rust's."""
_IN_WORDS = re.compile(r"\(os error (\d+)\)")


def require_room(folder: Path) -> None:
    """Raise `OSError` as a write would, if the disk of a folder is all but full."""
    room = os.statvfs(folder)
    if room.f_bavail * room.f_frsize < ROOM_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def system_error(error: Exception) -> OSError | None:
    """Return the error of the system that another is or names: "No space left on device (os error 28)"."""
    number = error.errno if isinstance(error, OSError) else None
    if number is None and (found := _IN_WORDS.search(str(error))):
        number = int(found[1])
    return None if number is None else OSError(number, os.strerror(number))
