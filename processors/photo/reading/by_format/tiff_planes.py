"""TIFFs in separate planes: libvips misreads or refuses many, and reads each plane well as a picture of its own."""

from __future__ import annotations

import os
from typing import Any, BinaryIO, Literal

import pyvips

from processors.containers.photo.planes_as_pictures import file_of_planes
from processors.containers.photo.tiff_file import Directory
from processors.photo.reading.by_format.ycbcr import is_stored_as_ycbcr

GREY = (0, 1)
RGB, PALETTE, CMYK, YCBCR, CIELAB, LOGLUV = 2, 3, 5, 6, 8, 32845
ASSOCIATED = 1
"""Extra sample that is alpha by which the colours are multiplied."""
FLOAT = 3
"""Sample format of floating-point numbers."""


def is_read_by_planes(photo: Directory) -> bool:
    """Return whether each plane is to be read as a picture of its own."""
    if not photo.is_planar or (photo.samples == 1 and not photo.tile_px):
        return False
    if photo.photometric in (RGB, CMYK):
        return photo.tile_px is not None or _is_half_float(photo)
    return photo.photometric in GREY or is_stored_as_ycbcr(photo)


def is_misread(photo: Directory) -> bool:
    """Return whether decoders would return numbers other than the stored ones, without an error.

    In separate planes libvips takes the length of one channel's row for that of all channels wherever it converts
    numbers, so only the first row of each strip is right; it refuses tiles. Pillow takes a* and b* of CIELAB for
    unsigned numbers.
    """
    if not photo.is_planar or photo.samples == 1 or is_read_by_planes(photo):
        return False
    bits = max(photo.bits)
    if photo.photometric == CIELAB and bits == 8:
        return True
    if photo.tile_px or photo.rows_at_once == 1:
        return False
    is_converted = photo.photometric in (PALETTE, YCBCR, LOGLUV) or (photo.photometric == CIELAB and bits == 16)
    return is_converted or _is_half_float(photo)


def open_planes(
    file: BinaryIO,
    photo: Directory,
    *,
    access: Literal["sequential", "random"],
    fail_on: Literal["none", "truncated", "error", "warning"],
) -> pyvips.Image:
    """Open a picture as libvips would if its channels were not in planes; raises `pyvips.Error`.

    Raises
    ------
    DamagedMedia : a plane lacks strips or tiles.
    RefusedMedia : there are too many planes.
    """
    with file_of_planes(file, photo) as copy:
        planes = [
            pyvips.Image.tiffload_source(_source(copy.name), page=number, access=access, fail_on=fail_on)
            for number in range(photo.samples)
        ]
    first: Any = planes[0]
    joined = first.bandjoin(planes[1:]).copy(interpretation=_interpretation(photo, first.format))
    if ASSOCIATED not in photo.extra_samples:
        return joined
    alpha = photo.samples - len(photo.extra_samples) + photo.extra_samples.index(ASSOCIATED)
    return joined.unpremultiply(alpha_band=alpha).cast(joined.format)


def _source(path: str) -> pyvips.Source:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return pyvips.Source.new_from_descriptor(descriptor)
    finally:
        os.close(descriptor)


def _interpretation(photo: Directory, band_format: str) -> str:
    """Return what libvips makes of the same channels where they are not in planes."""
    if photo.photometric in GREY:
        return "grey16" if max(photo.bits) == 16 else "b-w"
    if photo.samples < (4 if photo.photometric == CMYK else 3):
        return "multiband"
    if photo.photometric == CMYK:
        return "cmyk"
    return {"ushort": "rgb16", "float": "scrgb", "double": "scrgb"}.get(band_format, "srgb")


def _is_half_float(photo: Directory) -> bool:
    return photo.sample_format == FLOAT and max(photo.bits) == 16
