"""Cache of items read from a bucket, on this machine, by SHA-256 and limited in size."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Literal

from processors.errors import RequestError, ResultCorrupt
from processors.store.manifest import StoredItem
from processors.store.still_there import still_there

LIMIT = "MARSMEDIA_CACHE_MB"
"""Environment variable with the size of the cache in MB."""
USUAL_MB = 10_000
IN_USE_SECONDS = 3600.0
"""Time after its last use during which an item is not removed: a reader may still have its path."""


class ItemCache:
    """Files of items in one folder; several processes may use it at once."""

    def __init__(self, folder: Path) -> None:
        """Use a folder; raises `RequestError` if the size in the environment is not a number."""
        self._folder = folder
        self._limit_bytes = cache_limit_bytes()
        self._growth = Growth(self._limit_bytes)  # so that the first item added checks the whole folder

    def path(self, item: StoredItem, where: str, fetch: Callable[[Path], str]) -> Path:
        """Return a file with the item's bytes; it has the item's suffix and stays for at least an hour.

        Parameters
        ----------
        where : name of the item, for messages.
        fetch : writes the item to a path, and returns the SHA-256 of what it wrote.

        Raises
        ------
        ResultCorrupt : the fetched bytes are not those of the item.
        """
        path = self._folder / item.sha256[:2] / f"{item.sha256}{PurePosixPath(item.name).suffix}"
        with suppress(FileNotFoundError):
            if path.stat().st_size == item.size_bytes:
                os.utime(path)
                return path
        with replacing(path) as temporary:
            digest = fetch(temporary)
            if digest != item.sha256:
                raise ResultCorrupt(
                    f"{where}: SHA-256 is {digest[:16]}..., the manifest says {item.sha256[:16]}...; "
                    "run `marsmedia verify`"
                )
        self._growth.add(item.size_bytes, self._limit_bytes, self._folder.glob("*/*"), "st_mtime")
        return path


class Growth:
    """Bytes that were added to a cache since its least recently used files were last removed."""

    def __init__(self, added_bytes: int = 0) -> None:
        self._added_bytes = added_bytes
        self._counting = threading.Lock()

    def add(
        self, size_bytes: int, limit_bytes: int, files: Iterable[Path], used: Literal["st_mtime", "st_atime"]
    ) -> None:
        """Count a new file; each time a tenth of the cache is new, remove those used least recently above its limit.

        Parameters
        ----------
        files : all that is in the cache, looked at only then.
        used : which of their times is that of their last use.
        """
        with self._counting:
            self._added_bytes += size_bytes
            if self._added_bytes < limit_bytes / 10:
                return
            self._added_bytes = 0
        every = list(still_there(files))  # other processes remove some, too
        too_many = sum(stat.st_size for _, stat in every) - limit_bytes
        for path, stat in sorted(every, key=lambda one: getattr(one[1], used)):
            if too_many <= 0 or time.time() - getattr(stat, used) < IN_USE_SECONDS:
                return
            path.unlink(missing_ok=True)
            too_many -= stat.st_size


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield an empty file next to a path, which it replaces at the end; an error leaves the path as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=".", dir=path.parent)
    os.close(descriptor)
    try:
        yield Path(temporary)
        os.replace(temporary, path)  # noqa: PTH105
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)  # noqa: PTH108


def cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "marsmedia"


def cache_limit_bytes() -> int:
    """Return the size limit of the cache; raises `RequestError` if the one in the environment is not a number."""
    text = os.environ.get(LIMIT, str(USUAL_MB))
    if not text.isascii() or not text.isdigit():
        raise RequestError(f"{LIMIT}={text}: must be a number of megabytes")
    return int(text) * 1_000_000
