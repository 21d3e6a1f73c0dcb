"""Cache of items read from a bucket, on this machine, by SHA-256 and limited in size."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path, PurePosixPath

from processors.errors import RequestError, ResultCorrupt
from processors.store.manifest import StoredItem

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
        self._added_bytes = self._limit_bytes  # so that the first item added checks the whole folder
        self._counting = threading.Lock()

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
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=".", dir=path.parent)
        os.close(descriptor)
        try:
            digest = fetch(Path(temporary))
            if digest != item.sha256:
                raise ResultCorrupt(
                    f"{where}: SHA-256 is {digest[:16]}..., the manifest says {item.sha256[:16]}...; "
                    "run `marsmedia verify`"
                )
            os.replace(temporary, path)  # noqa: PTH105
        finally:
            with suppress(FileNotFoundError):
                os.unlink(temporary)  # noqa: PTH108
        self._added(item.size_bytes)
        return path

    def _added(self, size_bytes: int) -> None:
        """Remove the least recently used items each time a tenth of the cache is new."""
        with self._counting:
            self._added_bytes += size_bytes
            if self._added_bytes < self._limit_bytes / 10:
                return
            self._added_bytes = 0
        files = [(path.stat(), path) for path in self._folder.glob("*/*") if path.is_file()]
        too_many = sum(stat.st_size for stat, _ in files) - self._limit_bytes
        for stat, path in sorted(files, key=lambda one: one[0].st_mtime):
            if too_many <= 0 or time.time() - stat.st_mtime < IN_USE_SECONDS:
                return
            path.unlink(missing_ok=True)
            too_many -= stat.st_size


def cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "marsmedia"


def cache_limit_bytes() -> int:
    """Return the size limit of the cache; raises `RequestError` if the one in the environment is not a number."""
    text = os.environ.get(LIMIT, str(USUAL_MB))
    if not text.isascii() or not text.isdigit():
        raise RequestError(f"{LIMIT}={text}: must be a number of megabytes")
    return int(text) * 1_000_000
