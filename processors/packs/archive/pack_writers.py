"""Sinks for a pack's bytes, a folder or a zip; independent of clock, locale and umask."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable
from pathlib import Path

from processors.containers.zip_members import zip_member


class FolderSink:
    """Sink that writes below a new folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folders: set[str] = set()
        root.mkdir()
        root.chmod(0o755)

    def write(self, path: str, blocks: Iterable[bytes]) -> None:
        """Write one file, each once; `path` is relative, with `/`."""
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
        """Finish; nothing may be written afterwards."""
        os.sync()  # once for all files, before the pack gets its name

    def abandon(self) -> None:
        """Release open files; does nothing after `close`."""


class ZipSink:
    """Sink that writes a zip with one top folder. Stored, not deflated: media are compressed, and the bytes of deflate
    differ between versions of zlib."""

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


Sink = FolderSink | ZipSink
