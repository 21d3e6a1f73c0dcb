"""Pairing of raw image files with the labels next to them, and their classification by label."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from processors.containers.text.sidecar import SIDECAR
from processors.contract import LabelRef
from processors.decoding.open_media import open_picture
from processors.errors import DamagedMedia, MediaError, note_of
from processors.formats import BY_NAME, MEDIA_SUFFIXES, may_have_sound
from processors.planetary.image_object import ImageObject
from processors.planetary.labels import IMAGE_LABELS, MAX_LABEL_BYTES, read_label
from processors.planetary.open_image import ATTACHED, DETACHED, described_by, files_named_in, media_named
from processors.sources.source_file import SourceFile
from processors.sources.unicode_forms import folded
from processors.store.bucket.raw_bucket import to_read
from processors.store.catalogue.source_row import SourceRow
from processors.store.findings.undelivered import missing_note, undelivered_note

NO_DATA = ("release description", "XML label", SIDECAR, *IMAGE_LABELS)
"""Formats of companions that no label describes."""


def with_named_files(
    rows: Iterable[SourceRow], local_path: Callable[[SourceRow], Path] = to_read
) -> Iterator[SourceRow]:
    """Yield the labels whose named files no run has kept, as in stores of earlier versions, with these names.

    One that cannot be read now is left to the next run.
    """
    for row in rows:
        if row.format in IMAGE_LABELS and row.named_files is None and row.digest:
            with suppress(OSError), local_path(row).open("rb") as file:
                yield row.naming(files_named_in(file))


def pair_with_labels(
    rows: Iterable[SourceRow],
    labels_of: Callable[[SourceRow], list[SourceRow]],
    local_path: Callable[[SourceRow], Path] = to_read,
    fresh: Collection[str] | None = None,
) -> Iterator[SourceRow]:
    """Yield the rows that change because a label has appeared, has changed or is gone.

    A label that describes an image in a file takes precedence over the file's first bytes: a first row of 255 looks
    like MP3, other rows like JPEG, H.264 or text, a header of records like PNG. A file that is media by its own header
    and can be opened keeps its type if the label adds nothing: the label of a WAV, a JPEG or a GeoTIFF describes no
    array, one that does not fill the file, or the same picture as the header.

    Parameters
    ----------
    fresh : paths registered in this run; a file that is media by its own header is classified again only if it or
        its label is among them. None: all are.
    """
    rows = list(rows)
    if not any(row.label_sha256 is not None or row.format in IMAGE_LABELS for row in rows):
        return
    pairing = _Pairing(rows, labels_of, local_path, fresh)
    for row in pairing.rows:
        new = pairing.weighed(row)
        if new != row:
            yield new


class _Pairing:
    """Rows of one run, with the labels in each folder."""

    def __init__(
        self,
        rows: list[SourceRow],
        labels_of: Callable[[SourceRow], list[SourceRow]],
        local_path: Callable[[SourceRow], Path],
        fresh: Collection[str] | None,
    ) -> None:
        self.rows = rows
        self._labels_of, self._local_path, self._fresh = labels_of, local_path, fresh
        self._in_folder: dict[str, list[SourceRow]] = {}
        self._files: dict[str, set[str]] = {}
        """Names, as `folded`, of the files in each folder that are not labels."""
        self._in_release: dict[tuple[str, str], set[str]] = {}
        """The same of each release."""
        for row in rows:
            names = self._files.setdefault(_folder(row), set())
            if row.format in IMAGE_LABELS:
                self._in_folder.setdefault(_folder(row), []).append(row)
            else:
                names.add(folded(row.name))
                self._in_release.setdefault((row.folder, row.release), set()).add(folded(row.name))

    def weighed(self, row: SourceRow) -> SourceRow:
        """Return the row of a file, classified with its present labels."""
        if row.format in IMAGE_LABELS and row.kind == "companion":
            return self._missing_partner(row)
        if row.format in NO_DATA or (row.format in ATTACHED and row.label is None):
            return row
        labels = self._labels(row)
        is_open = row.kind == "unsupported" or row.label is not None
        if not is_open and not any(self._is_fresh(one) for one in (row, *labels)):
            return row
        if len(labels) == 1:
            label = LabelRef(name=labels[0].name, sha256=labels[0].digest)
            return row if row.label == label else self._by_label(row, label, is_open=is_open)
        if labels:
            names = ", ".join(label.name for label in labels)
            note = f"{len(labels)} labels describe it ({names}): keep only one"
            return _unsupported(row, note, None) if is_open else row
        if row.label:
            return _unsupported(row, f"its label {row.label.name} is missing: restore it", None)
        return row

    def _is_fresh(self, row: SourceRow) -> bool:
        return self._fresh is None or row.path in self._fresh

    def _labels(self, row: SourceRow) -> list[SourceRow]:
        """Return the labels by which a file is classified, of one kind.

        Those with the file's name are preferred to others that name it, as labels of several files do, and of these
        CNSA's (the whole name plus an L) to PDS4's, and PDS4's to PDS3's.
        """
        labels = [one for one in self._labels_of(row) if one.format in IMAGE_LABELS and one.path != row.path]
        if not labels and row.label:
            return [one for one in self._in_folder.get(_folder(row), []) if one.name == row.label.name]
        stem = folded(row.name.rpartition(".")[0] or row.name)
        called = [one for one in labels if folded(one.name.rpartition(".")[0]) in (stem, folded(row.name))] or labels
        own = [one for one in called if folded(one.name) == folded(f"{row.name}L")]
        return own or [one for one in called if one.format == "PDS4 label"] or called

    def _missing_partner(self, label: SourceRow) -> SourceRow:
        """Add a note to a label of images or sounds that are missing from its folder, until they appear.

        Labels of tables, documents and browse pictures need no file, as nothing would be made of it: their note says
        only that none of their files is in the release, or that those there are in another folder.
        """
        names = self._files[_folder(label)]
        stem = folded(label.name.rpartition(".")[0])
        has_partner = any(name.rpartition(".")[0] == stem for name in names)
        if label.note is None and (has_partner or not self._is_fresh(label)):
            return label
        return dataclasses.replace(label, note=None if has_partner else self._note_on_missing(label, names))

    def _note_on_missing(self, label: SourceRow, names: Collection[str]) -> str | None:
        media = self._media_named(label)
        if missing := [name for name in media if folded(name) not in names]:
            return missing_note(missing)
        named = label.files_named
        there = self._in_release.get((label.folder, label.release), set())
        elsewhere = [name for name in named if folded(name) in there]
        if named and not elsewhere:
            return undelivered_note(named)
        media = [name for name in elsewhere if name.lower().endswith(MEDIA_SUFFIXES)]
        return missing_note(media) if media and not any(folded(name) in names for name in named) else None

    def _media_named(self, label: SourceRow) -> tuple[str, ...]:
        """Return the names of a label's images and sounds; none if it cannot be read, which the evidence reports."""
        try:
            with self._local_path(label).open("rb") as file:
                return media_named(file.read(MAX_LABEL_BYTES + 1), may_have_sound)
        except (OSError, MediaError):
            return ()

    def _by_label(self, row: SourceRow, label: LabelRef, *, is_open: bool) -> SourceRow:
        """Classify a file by its label; `is_open`: its type is otherwise unknown, so it takes the label's reasons."""
        is_guess = row.kind == "media" and row.medium != "photo" and row.codec is None
        try:
            file = SourceFile(path=self._local_path(row), size_bytes=row.size_bytes, mtime_ns=row.mtime_ns)
            image = described_by(read_label(file, label), row.name, row.size_bytes)
        except MediaError as error:
            if is_open or (is_guess and isinstance(error, DamagedMedia)):
                return _unsupported(row, note_of(error), label, is_guess=is_guess)
            return row
        except OSError:  # one of them has just changed: classified by the next run
            note = f"it, or its label {label.name}, cannot be read: run again"
            return _unsupported(row, note, None) if is_open else row
        fits = image.end_bytes <= row.size_bytes or is_guess
        if not is_open and row.kind == "media" and (not fits or _is_by_its_own_header(row, file, image)):
            return row
        return dataclasses.replace(
            row,
            kind="media",
            medium="photo",
            format=image.format,
            codec=None,
            has_sound=False,
            duration_seconds=None,
            frame_pixels=None,
            note=None,
            label_name=label.name,
            label_sha256=label.sha256,
        )


def _is_by_its_own_header(row: SourceRow, file: SourceFile, image: ImageObject) -> bool:
    """Return True if a file's own header, and not its label, determines its type."""
    if row.medium != "photo":
        known = BY_NAME.get(row.format)
        is_guess = row.codec is None or (known is not None and (known.is_bare or not known.is_certain))
        return image.offset_bytes > 0 and not is_guess
    fills_the_file = image.image_count > 1 or image.end_bytes == row.size_bytes
    if image.offset_bytes == 0 and fills_the_file:
        return False
    try:
        with file.open() as opened, open_picture(opened) as picture:
            size = picture.size
    except (MediaError, OSError):
        return False
    return image.offset_bytes == 0 or size == (image.width_px, image.height_px)


def _folder(row: SourceRow) -> str:
    return row.path.rpartition("/")[0]


def _unsupported(row: SourceRow, note: str, label: LabelRef | None, *, is_guess: bool = False) -> SourceRow:
    """Return a row marked unsupported; a file known to be something else, such as a PDF, keeps its own note."""
    is_unknown = is_guess or row.format in ("unknown", *DETACHED)
    return dataclasses.replace(
        row,
        kind="unsupported",
        medium=None,
        format="unknown" if is_unknown else row.format,
        note=note if is_unknown else row.note,
        label_name=label.name if label else None,
        label_sha256=label.sha256 if label else None,
    )
