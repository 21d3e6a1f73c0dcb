"""Reading the pixels of a photo from its file in raw."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from marsmedia.raw_file import file_in_raw
from processors.errors import MediaError, RequestError, SourceChanged

if TYPE_CHECKING:
    from PIL.Image import Image

    from processors.store.catalogue.source_row import SourceRow


def read_photo(row: SourceRow) -> Image:
    """Return the picture of a file of 8 bits, uncompressed; raises as `SourceView.photo`."""
    from processors.photo.reading.photo_reader import MAX_PIXELS, PhotoReader, refuse_larger
    from processors.planetary.open_image import described_image
    from processors.store.bucket.raw_bucket import label_at_hand

    if row.medium != "photo":
        raise RequestError(f"{row.name}: not a photo; `frame(seconds)` has the pictures of a video")
    file = file_in_raw(row)
    try:
        if row.label is not None:
            label_at_hand(row.path, row.label)
        with file.open() as opened:
            reader = PhotoReader(opened, described_image(row.source(), file))
            refuse_larger(reader.info, MAX_PIXELS)
            photo = reader.photo()
    except SourceChanged as error:
        raise RequestError(f"{row.path}: {error.strerror}") from error
    except MediaError as error:
        raise RequestError(f"{row.name}: {error}") from error
    if photo.deep is not None and photo.deep.dtype != np.uint8:
        raise RequestError(
            f"{row.name}: its samples are {photo.deep.dtype}, more than a picture of 8 bits holds; take "
            'photo("photo.deep"), or read them from `source.path`'
        )
    if photo.damage:
        warnings.warn(f"{row.name}: {photo.damage.sentence}", stacklevel=3)
    return photo.image
