"""Refusal of photos without one valid sample: a picture of them shows nothing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from processors.errors import DamagedMedia, RefusedMedia
from processors.photo.reading.damage import Damage

NAMED_AT_MOST = 3
"""Maximum number of no-data values that are listed; more, as outside a valid range, are not."""


def refuse_without_valid(samples: np.ndarray, valid: np.ndarray | None, damage: Damage | None) -> None:
    """Raise if no sample is valid, with what they are instead.

    Parameters
    ----------
    samples : numbers of any shape; NaN and infinities are never valid.
    valid : bool, of the same shape or that of the picture without its bands; None: all finite samples are valid.

    Raises
    ------
    RefusedMedia : no sample is valid, as in an empty part of a map.
    DamagedMedia : no sample is valid, and the file is damaged.
    """
    known = samples if valid is None else samples[valid]
    if known.size and (known.dtype.kind != "f" or np.isfinite(known).any()):
        return
    what = f"no valid sample: every one is {' or '.join(_kinds(samples))}" if samples.size else "no sample"
    if damage:
        raise DamagedMedia(f"{what}; {damage.sentence}", "download it again")
    raise RefusedMedia(what, "no action is needed if the file is intended to be empty")


def _kinds(samples: np.ndarray) -> Iterator[str]:
    """Yield what the samples are: NaN, infinite, no-data values."""
    numbers = samples.reshape(-1)
    if samples.dtype.kind == "f":
        if np.isnan(samples).any():
            yield "NaN"
        if np.isinf(samples).any():
            yield "infinite"
        numbers = samples[np.isfinite(samples)]
    if numbers.size and (numbers == numbers[0]).all():
        yield f"the no-data value {numbers[0]:g}"
    elif numbers.size:
        few = np.unique(numbers)
        told = f" ({', '.join(f'{one:g}' for one in few)})" if few.size <= NAMED_AT_MOST else ""
        yield f"a no-data value{told}"
