"""Raw file that can be opened repeatedly and is verified to be unchanged each time."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from processors.errors import SourceChanged


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """Path of a source, and its size and date when its bytes were hashed."""

    path: Path
    size_bytes: int
    mtime_ns: int
    sha256: str | None = None
    """Digest that an earlier run found; None if the bytes have just been hashed."""

    @classmethod
    def at(cls, path: Path) -> SourceFile:
        """Return the file as it is now."""
        seen = path.stat()
        return cls(path=path, size_bytes=seen.st_size, mtime_ns=seen.st_mtime_ns)

    def open(self) -> BinaryIO:
        """Open for reading, from its first byte.

        Raises
        ------
        SourceChanged : gone, replaced, no longer a regular file, or of another size or date.
        OSError : the file cannot be read.
        """
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise SourceChanged(
                error.errno, "vanished during the run: restore it and run again", str(self.path)
            ) from error
        seen = os.fstat(descriptor)
        if not stat.S_ISREG(seen.st_mode) or (seen.st_size, seen.st_mtime_ns) != (self.size_bytes, self.mtime_ns):
            os.close(descriptor)
            raise SourceChanged(None, "changed during the run: run again when it no longer changes", str(self.path))
        return os.fdopen(descriptor, "rb")

    def check_unchanged(self) -> None:
        """Raise `SourceChanged` as `open` would."""
        self.open().close()

    def check_bytes(self) -> None:
        """Raise `SourceChanged` as `open` would, or if the bytes are no longer those that an earlier run hashed.

        A failing disk, or a program that restores the old date, changes only the bytes.
        """
        if self.sha256 is None:
            return
        with self.open() as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()  # type: ignore[arg-type]
        if digest != self.sha256:
            raise SourceChanged(None, changed_reason(self.sha256, digest), str(self.path))


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, read in blocks; raises `OSError`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_ALTERED = "its bytes have changed"


def says_changed(reason: str | None) -> bool:
    """Return whether a reason is that of a file that changed unnoticed."""
    return reason is not None and reason.startswith(_ALTERED)


def changed_reason(was: str, now: str) -> str:
    """Return what is wrong with a file that changed unnoticed, and how to fix it."""
    return (
        f"{_ALTERED} (was {was[:16]}..., is {now[:16]}...), its size and date have not: "
        "restore it from a copy, or touch it so that it is ingested as a new file"
    )
