"""Damage of AVIF files, found by a stricter decoder: the one used for pixels silently ignores most damage."""

from __future__ import annotations

import re
from typing import BinaryIO

import pyvips

from processors.photo.reading.damage import Damage
from processors.photo.reading.vips import listening, vips_source

_CORRUPT = re.compile(r"[Cc]orrupt [^\n(]*[^\n( ]")


def avif_damage(file: BinaryIO) -> Damage | None:
    """Decode again with libvips (libheif and libaom), whose messages report damage or its own limits."""
    with listening():
        try:
            pyvips.Image.heifload_source(vips_source(file), access="sequential", fail_on="warning").avg()
        except pyvips.Error as error:
            found = _CORRUPT.search(str(error))
            if found is not None:
                return Damage(condition="damaged", fault=found[0].lower(), share=1.0)
    return None
