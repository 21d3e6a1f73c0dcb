"""Pairing of labels with the files next to them: those that they name, and those whose name they have."""

from __future__ import annotations

from collections.abc import Iterable

from processors.planetary.labels import IMAGE_LABELS
from processors.sources.unicode_forms import folded
from processors.store.catalogue.source_row import SourceRow

LABELS = (*IMAGE_LABELS, "XML label")


class LabelsOfFiles:
    """Labels by the folder, the name, and the named files of each.

    A PDS label belongs to the files in its folder that it names, whatever its own name. Any label belongs to the files
    that have its name, but not to one that another label names if it names other files itself.

    Parameters
    ----------
    rows : every file of the survey or the catalogue.
    """

    def __init__(self, rows: Iterable[SourceRow]) -> None:
        rows = list(rows)
        self._of_name: dict[tuple[str, str], list[SourceRow]] = {}
        """Labels by folder and their own name, without its suffix."""
        self._naming: dict[tuple[str, str], list[tuple[str, SourceRow]]] = {}
        """Labels by folder and the name of a file that they describe, as `folded`, with that name as they write it."""
        self._there: dict[tuple[str, str], set[str]] = {}
        """Names of the files that are in a folder with such labels, by folder and name as `folded`."""
        for row in rows:
            if row.kind == "companion" and row.format in LABELS:
                folder = _folder(row.path)
                for stem in {_stem(row.name), folded(row.name.rpartition(".")[0])}:
                    self._of_name.setdefault((folder, stem), []).append(row)
                for name in row.files_named:
                    self._naming.setdefault((folder, folded(name)), []).append((name, row))
        folders = {folder for folder, _ in self._naming}
        for row in rows if folders else ():
            if (folder := _folder(row.path)) in folders:
                self._there.setdefault((folder, folded(row.name)), set()).add(row.name)

    def __bool__(self) -> bool:
        return bool(self._of_name)

    def of(self, row: SourceRow) -> list[SourceRow]:
        """Return the labels of a file: those that have its name, then the others that name it, each by name."""
        naming = {label.path: label for label in self.naming(row)}
        own = self._with_name_of(row)
        if naming:
            own = [one for one in own if one.path in naming or not self._names_others(one)]
        own = sorted({label.path: label for label in own}.values(), key=lambda one: one.name)
        paths = {label.path for label in own}
        return own + sorted((one for one in naming.values() if one.path not in paths), key=lambda one: one.name)

    def naming(self, row: SourceRow) -> list[SourceRow]:
        """Return the labels that name a file in their folder, in any case and Unicode form.

        A name that is exactly that of another file there means that one.
        """
        place = (_folder(row.path), folded(row.name))
        there = self._there.get(place, ())
        found = self._naming.get(place, ())
        return [label for name, label in found if label.path != row.path and (name == row.name or name not in there)]

    def called(self, name: str, folder: str) -> list[SourceRow]:
        """Return the labels in a folder that have a name, in any suffix."""
        return self._of_name.get((folder, _stem(name)), [])

    def _with_name_of(self, row: SourceRow) -> list[SourceRow]:
        folder = _folder(row.path)
        rows = [one for stem in {_stem(row.name), folded(row.name)} for one in self._of_name.get((folder, stem), ())]
        if row.name.isascii():
            return rows
        own = {row.name.casefold(), row.name.rpartition(".")[0].casefold()}  # not those of another Unicode form
        return [one for one in rows if one.name.rpartition(".")[0].casefold() in own] or rows

    def _names_others(self, label: SourceRow) -> bool:
        """Return True if a label names files that are in its folder."""
        folder = _folder(label.path)
        return any((folder, folded(name)) in self._there for name in label.files_named)


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _stem(name: str) -> str:
    return folded(name.rpartition(".")[0] or name)
