"""Finding and reading the label of a planetary image, attached or detached."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, Literal

from processors.contract import Source
from processors.errors import MediaError
from processors.planetary import pds3, pds4, vicar
from processors.planetary.image_object import ImageObject
from processors.planetary.labels import MAX_LABEL_BYTES, is_xml, read_label
from processors.sources.read_at import read_at
from processors.sources.source_file import SourceFile

HEAD_BYTES = 4096
DETACHED = (pds3.DETACHED, pds4.FORMAT)
"""Formats that cannot be read without a detached label."""
ATTACHED = (pds3.ATTACHED, vicar.FORMAT)
FORMATS = (*ATTACHED, *DETACHED)


def attached_format(file: BinaryIO, name: str | None = None) -> Literal["pds3", "vicar"] | None:
    """Return the format of a file that begins with the label of its image, otherwise None. Reads from byte 0."""
    head = read_at(file, 0, HEAD_BYTES)
    if vicar.begins_with_label(head):
        return "vicar"
    if not pds3.begins_with_label(head):
        return None
    return "pds3" if pds3.holds_image(_label(file), name, file.seek(0, 2)) else None


def other_data(file: BinaryIO) -> str | None:
    """Return the objects described by an attached PDS3 label without an image; None for any other file."""
    if not pds3.begins_with_label(read_at(file, 0, HEAD_BYTES)):
        return None
    return pds3.other_data(_label(file))


def is_pds3_label(text: str) -> bool:
    """Return whether a text begins like a PDS3 label."""
    return pds3.begins_with_label(text[:HEAD_BYTES].encode("latin-1", "replace"))


def read_header(file: BinaryIO, name: str | None = None) -> ImageObject:
    """Return the image described by the label at the start of a file.

    Parameters
    ----------
    name : the file's own name, to which its label may refer; None if unknown.

    Raises
    ------
    UnsupportedMedia : the image is compressed, of an unsupported type, or not in this file.
    DamagedMedia : the label lacks a required entry, or has an impossible value.
    RefusedMedia : the label is over a limit.
    """
    if vicar.begins_with_label(read_at(file, 0, 64)):
        return vicar.image_inside(file)
    return pds3.image_inside(_label(file), name, file.seek(0, 2))


def described_image(source: Source, file: SourceFile) -> ImageObject | None:
    """Return the image described by a source's attached or detached label; None if it is not a planetary image.

    Raises
    ------
    MediaError : raised by the label's reader.
    SourceChanged : the label vanished or changed since planning.
    """
    if source.label is not None:
        return described_by(read_label(file, source.label), source.name, source.size_bytes)
    if source.format in ATTACHED:
        with file.open() as opened:
            return read_header(opened, source.name)
    return None


def described_by(label: bytes, name: str, size_bytes: int) -> ImageObject:
    """Return the image described by a detached PDS4 or PDS3 label; raises as their readers do."""
    reader = pds4 if is_xml(label) else pds3
    return reader.described_by(label, name, size_bytes)


def files_named(label: bytes) -> tuple[str, ...]:
    """Return the names of the files described by a detached label; raises as the labels' readers do."""
    return (pds4 if is_xml(label) else pds3).files_named(label)


def files_named_in(file: BinaryIO) -> tuple[str, ...]:
    """Return the names of the files described by an open label; none of one that cannot be read.

    Raises
    ------
    OSError : the file cannot be read.
    """
    file.seek(0)
    try:
        return files_named(file.read(MAX_LABEL_BYTES + 1))
    except MediaError:  # the evidence of its source reports it
        return ()


def media_named(label: bytes, is_sound: Callable[[str], bool]) -> tuple[str, ...]:
    """Return the names of the files in which a detached label describes an image or sound.

    Parameters
    ----------
    is_sound : whether a file of this name is a recording, which PDS3 labels do not state uniformly.

    Raises
    ------
    MediaError : raised by the label's reader.
    """
    return pds4.media_named(label) if is_xml(label) else pds3.media_named(label, is_sound)


def _label(file: BinaryIO) -> bytes:
    return read_at(file, 0, pds3.MAX_LABEL_BYTES)
