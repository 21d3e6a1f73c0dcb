"""Strips of a TIFF with the meaning of its numbers, refused without a valid one as the photo reader refuses them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from processors.containers.photo.tiff_file import Directory, read_tiff_file
from processors.errors import RefusedMedia
from processors.photo.reading.by_format.stored_scale import GREY_OR_RGB, scaling_of
from processors.photo.reading.by_format.tiff import LARGEST, options
from processors.photo.reading.display_levels import DisplayLevels
from processors.photo.reading.photo_reader import MAX_PIXELS, PhotoReader
from processors.photo.reading.vips import open_strips, vips_errors

FLOAT = 3
"""Sample format of floating-point numbers (TIFF 6.0, section 19)."""


UNSIGNED = {"uchar": "u1", "ushort": "u2", "uint": "u4"}
"""Unsigned number types by libvips' names."""


def refuse_strips_without_valid(file: BinaryIO, picture_format: str, max_pixels: int) -> None:
    """Raise if a TIFF with a no-data value, or of floats, has no valid sample; this reads all of it once.

    Raises
    ------
    RefusedMedia : no sample is valid, as in an empty part of a map.
    DamagedMedia : no sample is valid, and the file is damaged.
    """
    found = read_tiff_file(file) if picture_format == "tiff" else None
    if found is None or found.photo.photometric not in GREY_OR_RGB:
        return
    photo = found.photo
    if photo.no_data is None and photo.sample_format != FLOAT:
        return
    with vips_errors("looking for valid samples"):
        image = open_strips(file, "tiff", max_pixels, **options(photo))
        if valid_strips(image, photo).max():
            return
    if image.width * image.height <= MAX_PIXELS:
        PhotoReader(file).photo()
    raise RefusedMedia("no valid sample", "no action is needed if the file is intended to be empty")


def valid_strips(image: Any, photo: Directory) -> Any:
    """Return a picture that is not 0 where any sample of a pixel is valid."""
    samples, no_data = image.extract_band(0, n=image.bands - image.hasalpha()), photo.no_data
    if image.format in ("float", "double"):
        valid = (samples - samples) == 0
        if no_data is not None and no_data == no_data:
            valid = valid & ((samples - no_data).abs() > 1e-06 * abs(no_data))
    else:
        if no_data is not None and photo.photometric == 0 and image.format in UNSIGNED:  # libvips inverts these
            no_data = LARGEST[UNSIGNED[image.format]] - no_data
        valid = samples != no_data
    return valid.bandor() if valid.bands > 1 else valid


@dataclass(frozen=True, kw_only=True)
class TiffStrips:
    """The numbers of a TIFF in strips, as the photo reader shows them."""

    image: Any
    """Numbers in the file's own scale, an alpha band unchanged."""
    valid: Any | None
    """Picture that is not 0 where there are data; None: everywhere."""
    levels: DisplayLevels | None
    """Black and white if the file's own scale sets them."""
    is_inverted: bool
    """True if the smallest number is white."""


def in_own_scale(image: Any, photo: Directory) -> TiffStrips:
    """Return the strips of a grey or RGB picture as its tags about the numbers state; others unchanged."""
    if photo.photometric not in GREY_OR_RGB:
        return TiffStrips(image=image, valid=None, levels=None, is_inverted=False)
    has_none = photo.no_data is not None or image.format in ("float", "double")
    valid = valid_strips(image, photo) if has_none else None
    scaling = scaling_of(photo)
    if scaling is None and image.format == "uchar":
        return TiffStrips(image=image, valid=valid, levels=None, is_inverted=False)
    colours = image.bands - image.hasalpha()
    numbers = image.extract_band(0, n=colours)
    if photo.photometric == 0 and image.format in UNSIGNED:  # libvips has inverted them
        numbers = numbers.invert()
    if scaling:
        numbers = numbers.linear(scaling.factors, scaling.offsets)
    if image.bands > colours:
        numbers = numbers.bandjoin(image.extract_band(colours, n=image.bands - colours))
    is_inverted = photo.photometric == 0 and not (scaling and scaling.is_falling)
    levels = scaling.levels(np.dtype(np.uint8)) if scaling and image.format == "uchar" else None
    return TiffStrips(image=numbers, valid=valid, levels=levels, is_inverted=is_inverted)
