"""Pairing of recordings with labels around them that have no file: of bundle, collection or derived product."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from processors.sources.unicode_forms import folded
from processors.store.catalogue.source_row import SourceRow

MAX_LABELS = 100
"""Maximum number of such labels in a folder; of more, only those named as bundles and collections are read."""
GROUP_NAMES = ("bundle", "collection")
"""Every name of a label of a bundle or collection has the word (PDS4 Standards Reference, 6C)."""


class RelatedLabelPairing:
    """PDS4 labels without a file of their name, by folder.

    Parameters
    ----------
    rows : every file of the survey or the catalogue.
    """

    def __init__(self, rows: Iterable[SourceRow]) -> None:
        rows = list(rows)
        labels = [row for row in rows if row.kind == "companion" and row.format == "PDS4 label"]
        folders = {_folder(label.path) for label in labels}
        taken = {
            (_folder(row.path), name)
            for row in (rows if labels else ())
            if row.kind != "companion" and _folder(row.path) in folders
            for name in (folded(row.name), _stem(row.name))
        }
        self._of_folder: dict[str, list[SourceRow]] = {}
        for label in sorted(labels, key=lambda row: row.name):
            if (_folder(label.path), _stem(label.name)) not in taken:
                self._of_folder.setdefault(_folder(label.path), []).append(label)
        for folder, some in self._of_folder.items():
            if len(some) > MAX_LABELS:
                groups = [row for row in some if any(word in row.name.casefold() for word in GROUP_NAMES)]
                self._of_folder[folder] = groups[:MAX_LABELS]

    def of(self, row: SourceRow) -> list[tuple[str, SourceRow]]:
        """Return the labels in a recording's folder and those above it, with their names from there."""
        if not self._of_folder or row.medium not in ("audio", "video"):
            return []
        own = (row.label_name or "").casefold()
        return [
            (f"{up}{label.name}", label)
            for up, folder in _folders_above(row.path)
            for label in self._of_folder.get(folder, ())
            if up or label.name.casefold() != own
        ]


def _folders_above(path: str) -> Iterator[tuple[str, str]]:
    """Yield the folders above a file, the nearest first, each with the way there."""
    up = ""
    while path := _folder(path):
        yield up, path
        up += "../"


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _stem(name: str) -> str:
    return folded(name.rpartition(".")[0] or name)
