"""Damage of PNM files: samples above the white level that their header gives."""

from __future__ import annotations

from typing import BinaryIO

from processors.containers.photo.pnm_header import pnm_white, samples_over_white
from processors.photo.reading.damage import Damage


def pnm_damage(file: BinaryIO) -> Damage | None:
    """Return as damage that samples are above the white level, so that a header or the samples are wrong."""
    found = samples_over_white(file)
    if found is None:
        return None
    over, count = found
    fault = f"{over} of {count} samples are above the white level in the header, {pnm_white(file)}, and shown as white"
    return Damage(condition="damaged", fault=fault, share=over / count)
