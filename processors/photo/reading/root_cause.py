"""Root cause of a broken photo, with the same message from every processor, whatever its decoder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from processors.errors import DamagedMedia
from processors.photo.reading.photo_info import MAX_PIXELS
from processors.photo.reading.photo_reader import PhotoReader
from processors.sources.source_file import SourceFile


@contextmanager
def root_cause_reported(file: SourceFile) -> Iterator[None]:
    """Report `PhotoReader`'s error if another decoder finds a photo damaged, otherwise that decoder's own."""
    try:
        yield
    except DamagedMedia as error:
        with file.open() as opened:
            reader = PhotoReader(opened)
            if reader.info.width_px * reader.info.height_px <= MAX_PIXELS:
                reader.photo([])
            if damage := reader.damage:
                raise DamagedMedia(damage, error.todo) from error
        raise
