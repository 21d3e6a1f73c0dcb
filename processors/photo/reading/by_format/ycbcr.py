"""RGB of a TIFF in YCbCr whose samples libvips returns as they are stored."""

from __future__ import annotations

from typing import Any

import pyvips

from processors.containers.photo.tiff_file import Directory, YCbCr

CODECS_WITH_COLOURS = (6, 7, 33003, 33004, 33005, 34712, 50001, 50002, 52546)
"""Compressions that decode to RGB by themselves: JPEG, JPEG 2000, WebP and JPEG XL."""


def is_stored_as_ycbcr(photo: Directory) -> bool:
    """Return whether libvips returns luma and colour differences; it converts only pictures with subsampling."""
    is_whole = photo.ycbcr is not None and tuple(photo.ycbcr.subsampling) == (1, 1)
    return is_whole and photo.samples >= 3 and photo.compression not in CODECS_WITH_COLOURS


def rgb_of(image: Any, ycbcr: YCbCr) -> Any:
    """Return the picture in RGB, in the same type of number; more than three bands stay as they are.

    The formulas are those of TIFF 6.0, sections 20 and 21, as libtiff applies them.
    """
    top = 65535 if image.format == "ushort" else 255
    around = ycbcr.black_and_white
    ranges = [white - black for black, white in zip(around[::2], around[1::2], strict=True)]
    steps = [full / one for full, one in zip((top, top // 2, top // 2), ranges, strict=True)]
    starts = [-black * step for black, step in zip(around[::2], steps, strict=True)]
    red, green, blue = ycbcr.luma
    matrix = [
        [1, 0, 2 - 2 * red],
        [1, -blue * (2 - 2 * blue) / green, -red * (2 - 2 * red) / green],
        [1, 2 - 2 * blue, 0],
    ]
    shown = image.extract_band(0, n=3).linear(steps, starts).recomb(pyvips.Image.new_from_array(matrix))
    shown = shown.rint().cast(image.format)
    if image.bands > 3:
        shown = shown.bandjoin(image.extract_band(3, n=image.bands - 3))
    return shown.copy(interpretation=image.interpretation)
