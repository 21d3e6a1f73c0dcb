"""Files that mean nothing without the PDS4 label beside them: weighs the label, once, and says what they are then."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from processors.contract import LabelRef
from processors.errors import MediaError
from processors.planetary.label_file import read_label
from processors.planetary.pds4 import FORMAT, described_by
from processors.source_file import SourceFile
from processors.store.catalogue import SourceRow


def relabelled(
    rows: Iterable[SourceRow],
    labels_of: Callable[[SourceRow], list[SourceRow]],
    local_path: Callable[[SourceRow], Path] = lambda row: Path(row.path),
) -> Iterator[SourceRow]:
    """Those of the rows that are something else now, because a label has come, has changed or is gone.

    A label is read only for a file that no reader knows, and only when it was not weighed before.
    """
    for row in rows:
        if row.kind != "unsupported" and row.label is None:
            continue
        labels = _labels(row, labels_of)
        if len(labels) == 1:
            label = LabelRef(name=labels[0].name, sha256=labels[0].digest)
            new = row if row.label == label else _weighed(row, label, local_path(row))
        elif labels:
            names = ", ".join(label.name for label in labels)
            new = _unsupported(row, f"{len(labels)} labels bear its name ({names}): keep one beside it", None)
        elif row.label:
            new = _unsupported(row, f"its label {row.label.name} is gone: put it back", None)
        else:
            continue
        if new != row:
            yield new


def _labels(row: SourceRow, labels_of: Callable[[SourceRow], list[SourceRow]]) -> list[SourceRow]:
    """The PDS4 labels with a file's name; CNSA's, the whole name with an L after it, goes before others."""
    labels = sorted((one for one in labels_of(row) if one.format == "PDS4 label"), key=lambda one: one.name)
    own = [one for one in labels if one.name.casefold() == f"{row.name}L".casefold()]
    return own or labels


def _weighed(row: SourceRow, label: LabelRef, path: Path) -> SourceRow:
    file = SourceFile(path=path, size_bytes=row.size_bytes, mtime_ns=row.mtime_ns)
    try:
        described_by(read_label(file, label), row.name, row.size_bytes)
    except MediaError as error:
        return _unsupported(row, str(error), label)
    except OSError:  # the label is not what it was a moment ago: weighed by the next run
        return _unsupported(row, f"its label {label.name} cannot be read: run again", None)
    return dataclasses.replace(
        row, kind="media", medium="photo", format=FORMAT, note=None, label_name=label.name, label_sha256=label.sha256
    )


def _unsupported(row: SourceRow, note: str, label: LabelRef | None) -> SourceRow:
    """What is known to be something else, such as a PDF, stays that, with its own note."""
    is_unknown = row.format in ("unknown", FORMAT)
    return dataclasses.replace(
        row,
        kind="unsupported",
        medium=None,
        format="unknown" if is_unknown else row.format,
        note=note if is_unknown else row.note,
        label_name=label.name if label else None,
        label_sha256=label.sha256 if label else None,
    )
