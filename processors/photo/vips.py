"""The door to libvips: opens a picture from its open file, in strips, without holding the whole of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from processors.errors import DamagedMedia, RefusedMedia, UnsupportedMedia
from processors.formats import STRIP_LOADERS

os.environ.setdefault("VIPS_CONCURRENCY", "1")  # the workers are the parallel ones
import pyvips

pyvips.cache_set_max_mem(64 << 20)
pyvips.block_untrusted_set(True)

LOADERS = {name: getattr(pyvips.Image, f"{loader}_source") for name, loader in STRIP_LOADERS.items()}
"""By the format of the source; others are not opened with libvips."""


@contextmanager
def vips_errors(doing: str) -> Iterator[None]:
    """Turn what libvips raises for bad bytes into `DamagedMedia`."""
    try:
        yield
    except pyvips.Error as error:
        words = str(error).strip().split("\n")[-1].strip() or "libvips gives no reason"
        raise DamagedMedia(f"{words[:300]} (while {doing})") from error


def open_strips(file: BinaryIO, picture_format: str, max_pixels: int) -> pyvips.Image:
    """The first picture of a file, upright, read from top to bottom as it is asked for.

    Raises
    ------
    UnsupportedMedia : not a format that is read in strips.
    RefusedMedia : more than `max_pixels`, from the header alone.
    DamagedMedia : libvips refuses the bytes.
    """
    load = LOADERS.get(picture_format)
    if load is None:
        raise UnsupportedMedia(f"{picture_format} is not read in strips", "convert it to TIFF, PNG or JPEG")
    descriptor = os.dup(file.fileno())
    os.lseek(descriptor, 0, os.SEEK_SET)
    try:
        with vips_errors("reading the picture's header"):
            source = pyvips.Source.new_from_descriptor(descriptor)
            image = load(source, access="sequential", fail_on="error")
    finally:
        os.close(descriptor)
    if image.width * image.height > max_pixels:
        raise RefusedMedia(
            f"{image.width} x {image.height} pixels is over the limit of {max_pixels}", "raise max_pixels"
        )
    with vips_errors("turning the picture upright"):
        return image.autorot() if image.get_typeof("orientation") else image
