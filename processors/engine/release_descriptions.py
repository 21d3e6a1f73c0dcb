"""Contents of the `release.toml` of every release, each read when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from processors.metadata.release.release_file import MAX_BYTES, Release, read_release
from processors.sources.unicode_forms import composed
from processors.store.catalogue.source_row import SourceRow


class ReleaseDescriptions(Mapping[str, tuple[SourceRow, Release | None]]):
    """Every `release.toml` with its content, None if it cannot be read, by its folder; raises as `local_path`.

    Entries whose paths differ in Unicode form only from those of files, present or earlier, are those files'.

    Parameters
    ----------
    rows : every `release.toml`.
    paths : every file that is present.
    gone : paths that files have left.
    entry_paths : paths in entries that name earlier places of files, in the order of the files.
    """

    def __init__(
        self,
        rows: Collection[SourceRow],
        local_path: Callable[[SourceRow], Path],
        paths: Collection[str],
        gone: Collection[str],
        entry_paths: Collection[str],
    ) -> None:
        self._rows = {row.path.rpartition("/")[0]: row for row in rows}
        self._local_path = local_path
        self._paths, self._gone, self._entry_paths = paths, gone, entry_paths
        self._read: dict[str, Release | None] = {}

    def __getitem__(self, folder: str) -> tuple[SourceRow, Release | None]:
        row = self._rows[folder]
        if folder not in self._read:
            release = _content(self._local_path(row))
            self._read[folder] = self._spelt(folder, release) if release else None
        return row, self._read[folder]

    def __contains__(self, folder: object) -> bool:
        return folder in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def _spelt(self, folder: str, release: Release) -> Release:
        """Return a description with each entry under the path of its file."""
        if all(path.isascii() or f"{folder}/{path}" in self._paths for path in release.lines):
            return release
        inside = f"{folder}/"
        there = {path.removeprefix(inside) for path in self._paths if path.startswith(inside)}
        forms = set(map(composed, there))
        earlier = [path.removeprefix(inside) for path in self._gone if path.startswith(inside)]
        for path in sorted([*earlier, *self._entry_paths], key=lambda path: path not in release.lines):
            if (form := composed(path)) not in forms:
                there.add(path)
                forms.add(form)
        return release.spelt_as(there)


def _content(path: Path) -> Release | None:
    try:
        with path.open("rb") as file:
            return read_release(file.read(MAX_BYTES + 1))
    except OSError:
        return None
