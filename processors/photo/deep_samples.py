"""Values of a planetary image in 16 bits: unchanged if they fit, else spread between black and white."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from processors.photo.reading.display_levels import levels_of, scaled_to_levels
from processors.photo.reading.valid_samples import refuse_without_valid
from processors.photo.reading.vips import pyvips, vips_errors
from processors.planetary.image_object import ImageObject
from processors.planetary.samples import Samples


@dataclass(frozen=True, kw_only=True)
class DeepSamples:
    """Content of a 16-bit picture."""

    values: np.ndarray
    """Values, uint16, shape (height, width) or (height, width, 3)."""
    black_level: float
    """Value of the image that is 0 here."""
    white_level: float
    """Value of the image that is 65535 here."""


def deep_samples(samples: Samples, image: ImageObject) -> DeepSamples | None:
    """Return the displayed bands in 16 bits; None if 8 bits hold them without loss.

    Whole numbers from 0 to 65535 stay unchanged, so that nothing is lost. Others, negative ones and floats, are
    spread linearly between the black and the white of a preview; invalid samples become 0.

    Raises
    ------
    RefusedMedia : no sample is valid.
    """
    shown = samples.of_bands(image.shown_bands)
    values, valid, saturated = shown.values, shown.valid, shown.saturated
    if values.dtype == np.uint8:
        return None
    if saturated is None or not saturated.any():
        refuse_without_valid(values, valid, None)
    known = values if valid is None else values[valid]
    black, white = 0.0, 65535.0
    if values.dtype.kind in "iu" and (not known.size or (known.min() >= 0 and known.max() <= 65535)):
        whole = (values if valid is None else np.where(valid, values, 0)).astype(np.uint16)
    else:
        levels = levels_of(values, valid, declared_white=samples.declared_white)
        whole = np.round(scaled_to_levels(values, levels, valid) * np.float32(65535)).astype(np.uint16)
        black, white = levels.black, levels.white
    if saturated is not None:
        whole = np.where(saturated, np.uint16(65535), whole)
    return DeepSamples(values=whole, black_level=black, white_level=white)


def write_png(values: np.ndarray, path: Path) -> None:
    """Write uint16, shape (height, width) or (height, width, 3), as a PNG of 16 bits."""
    height, width = values.shape[:2]
    bands = 1 if values.ndim == 2 else values.shape[2]
    with vips_errors("writing 16 bits"):
        picture: Any = pyvips.Image.new_from_memory(
            np.ascontiguousarray(values).tobytes(), width, height, bands, "ushort"
        )
        kind = "grey16" if bands == 1 else "rgb16"
        picture.copy(interpretation=kind).pngsave(str(path), bitdepth=16, compression=6)
