"""Root cause of a broken photo, with the same message from every processor, whatever its decoder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from processors.errors import DamagedMedia, UnsupportedMedia
from processors.photo.reading.photo_info import MAX_PIXELS
from processors.photo.reading.photo_reader import PhotoReader
from processors.photo.reading.vips import READING_HEADER
from processors.sources.source_file import SourceFile


@contextmanager
def root_cause_reported(file: SourceFile) -> Iterator[None]:
    """Report `PhotoReader`'s error if another decoder finds a photo damaged, otherwise that decoder's own.

    A header that only the other decoder refuses, as of a TIFF of 12 bits packed, is one that it does not support.
    """
    try:
        yield
    except DamagedMedia as error:
        with file.open() as opened:
            reader = PhotoReader(opened)
            if reader.info.width_px * reader.info.height_px <= MAX_PIXELS:
                reader.photo()
            if damage := reader.damage:
                raise DamagedMedia(damage, error.todo) from error
        if READING_HEADER in error.what:
            raise UnsupportedMedia(
                f"it is not read in strips: {error.what}", "convert it to TIFF, PNG or JPEG"
            ) from error
        raise
