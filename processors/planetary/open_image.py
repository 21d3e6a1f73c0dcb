"""Finds the label of a planetary image, inside its file or beside it, and reads what it says."""

from __future__ import annotations

from typing import BinaryIO, Literal

from processors.contract import Source
from processors.planetary import pds3, pds4, vicar
from processors.planetary.image_object import ImageObject
from processors.planetary.labels import is_xml, read_label
from processors.sources.source_file import SourceFile

HEAD_BYTES = 4096
DETACHED = (pds3.DETACHED, pds4.FORMAT)
"""Formats whose pixels mean nothing without a label beside them."""
ATTACHED = (pds3.ATTACHED, vicar.FORMAT)
FORMATS = (*ATTACHED, *DETACHED)


def attached_format(file: BinaryIO, name: str | None = None) -> Literal["pds3", "vicar"] | None:
    """The format of a file that begins with the label of an image in it; None for any other. Reads from byte 0."""
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if vicar.begins_with_label(head):
        return "vicar"
    if not pds3.begins_with_label(head):
        return None
    return "pds3" if pds3.holds_image(_label(file), name, file.seek(0, 2)) else None


def other_data(file: BinaryIO) -> str | None:
    """What a PDS3 label describes that data other than an image follow in its file; None for any other file."""
    file.seek(0)
    if not pds3.begins_with_label(file.read(HEAD_BYTES)):
        return None
    return pds3.other_data(_label(file))


def is_pds3_label(text: str) -> bool:
    """Does a text begin as a PDS3 label does?"""
    return pds3.begins_with_label(text[:HEAD_BYTES].encode("latin-1", "replace"))


def read_header(file: BinaryIO, name: str | None = None) -> ImageObject:
    """The image that the label at the start of a file describes.

    Parameters
    ----------
    name : the file's own, which its label may give; None where it is not known.

    Raises
    ------
    UnsupportedMedia : compressed, of a type that is not read here, or not in this file.
    DamagedMedia : the label lacks what an image needs, or says what cannot be.
    RefusedMedia : the label is over a limit.
    """
    file.seek(0)
    if vicar.begins_with_label(file.read(64)):
        return vicar.image_inside(file)
    return pds3.image_inside(_label(file), name, file.seek(0, 2))


def described(source: Source, file: SourceFile) -> ImageObject | None:
    """What a label says of a source, beside the file or inside it; None for a source that is no planetary image.

    Raises
    ------
    MediaError : as the label's reader says.
    SourceChanged : the label is gone, or is not the one that was planned with.
    """
    if source.label is not None:
        return described_by(read_label(file, source.label), source.name, source.size_bytes)
    if source.format in ATTACHED:
        with file.open() as opened:
            return read_header(opened, source.name)
    return None


def described_by(label: bytes, name: str, size_bytes: int) -> ImageObject:
    """What a label beside a file, PDS4 or PDS3, says of the image in it; raises as their readers do."""
    reader = pds4 if is_xml(label) else pds3
    return reader.described_by(label, name, size_bytes)


def files_named(label: bytes) -> tuple[str, ...]:
    """Names of the files that a label beside them describes; raises as the labels' readers do."""
    return (pds4 if is_xml(label) else pds3).files_named(label)


def _label(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read(pds3.MAX_LABEL_BYTES)
