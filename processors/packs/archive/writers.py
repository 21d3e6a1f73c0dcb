"""Where a pack's bytes go: a folder, or a zip; both the same whatever the clock, the locale and the umask."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from processors.containers.zip_members import zip_member


class Sink(Protocol):
    """Takes files one after the other, each once."""

    def write(self, path: str, blocks: Iterable[bytes]) -> None:
        """Write one file; `path` is relative, with `/`."""
        ...

    def close(self) -> None:
        """Finish; nothing is written after it."""
        ...

    def abandon(self) -> None:
        """Let go of what is open; does nothing after `close`."""
        ...


class FolderSink:
    """Writes below a folder that is not there yet."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folders: set[str] = set()
        root.mkdir()
        root.chmod(0o755)

    def write(self, path: str, blocks: Iterable[bytes]) -> None:
        self._make_folder(path.rpartition("/")[0])
        place = f"{self._root}/{path}"
        with open(place, "xb") as file:  # noqa: PTH123 - 10,000 times: no `Path` is built
            for block in blocks:
                file.write(block)
            os.fchmod(file.fileno(), 0o644)

    def _make_folder(self, folder: str) -> None:
        if folder and folder not in self._folders:
            self._make_folder(folder.rpartition("/")[0])
            place = self._root / folder
            place.mkdir()
            place.chmod(0o755)
            self._folders.add(folder)

    def close(self) -> None:
        os.sync()  # once for all files, before the pack gets its name

    def abandon(self) -> None:
        return


class ZipSink:
    """Writes a zip below one folder in it. Stored, not deflated: media are compressed, and deflate's bytes differ
    between versions of zlib."""

    def __init__(self, place: Path, base: str, dated_utc: str) -> None:
        self._file = place.open("xb")
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_STORED, allowZip64=True)
        self._base = base
        self._dated_utc = dated_utc

    def write(self, path: str, blocks: Iterable[bytes]) -> None:
        member = zip_member(f"{self._base}/{path}", dated_utc=self._dated_utc, mode=0o100644)
        with self._zip.open(member, "w", force_zip64=True) as file:
            for block in blocks:
                file.write(block)

    def close(self) -> None:
        self._zip.close()
        os.fchmod(self._file.fileno(), 0o644)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def abandon(self) -> None:
        self._file.close()
        self._zip.fp = None  # else its own close, at garbage collection, writes to a closed file
