"""Refusal of pictures in strips without one valid sample, with the reason that the photo reader gives."""

from __future__ import annotations

from typing import Any, BinaryIO

from processors.containers.tiff_file import Directory, read_tiff_file
from processors.errors import RefusedMedia
from processors.photo.reading.photo_reader import MAX_PIXELS, PhotoReader
from processors.photo.reading.tiff import LARGEST, options
from processors.photo.reading.vips import open_strips, vips_errors

FLOAT = 3
"""Sample format of floating-point numbers (TIFF 6.0, section 19)."""


def refuse_strips_without_valid(file: BinaryIO, picture_format: str, max_pixels: int) -> None:
    """Raise if a TIFF with a no-data value, or of floats, has no valid sample; this reads all of it once.

    Raises
    ------
    RefusedMedia : no sample is valid, as in an empty part of a map.
    DamagedMedia : no sample is valid, and the file is damaged.
    """
    found = read_tiff_file(file) if picture_format == "tiff" else None
    if found is None or found.photo.photometric not in (0, 1, 2):
        return
    photo = found.photo
    if photo.no_data is None and photo.sample_format != FLOAT:
        return
    with vips_errors("looking for valid samples"):
        image = open_strips(file, "tiff", max_pixels, **options(photo))
        if _valid(image, photo).max():
            return
    if image.width * image.height <= MAX_PIXELS:
        PhotoReader(file).photo([])
    raise RefusedMedia("no valid sample", "nothing is to be done if the file is meant to be empty")


def _valid(image: Any, photo: Directory) -> Any:
    """Return a picture that is not 0 where a sample is valid."""
    samples, no_data = image.extract_band(0, n=image.bands - image.hasalpha()), photo.no_data
    if image.format in ("float", "double"):
        finite = (samples - samples) == 0
        if no_data is None or no_data != no_data:
            return finite
        return finite & ((samples - no_data).abs() > 1e-06 * abs(no_data))
    if no_data is not None and photo.photometric == 0:  # libvips inverts these
        no_data = LARGEST.get({"uchar": "u1", "ushort": "u2", "uint": "u4"}.get(image.format, ""), 0) - no_data
    return samples != no_data
