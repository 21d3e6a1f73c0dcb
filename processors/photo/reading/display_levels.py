"""Black and white levels of pictures with more than 8 bits, chosen from valid samples, and conversion to 8 bits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

OUTLIER_SHARE = 0.001
"""Maximum share of the valid samples at either end that are outliers."""
MIN_SAMPLES_WITH_OUTLIER = 64
"""Number of samples from which a single one may be an outlier whatever its share."""
MAX_SORTED_SAMPLES = 1 << 24
"""Limit on sorted samples; of more, evenly spaced ones represent all, except that extremes are always exact."""
BLOCK_SAMPLES = 1 << 20
"""Samples scaled at a time, so that a large picture needs no further copies in doubles."""
NARROW_SHARE_16_BIT = 1 / 8
NARROW_SHARE = 1 / 2
"""Positive samples that fill less than this share of the range from 0 to white are shown from the smallest upward."""
MIN_FILLED_SHARE = 1 / 4
"""Minimum filled share of a declared full scale; below it the picture would be nearly black."""


@dataclass(frozen=True, kw_only=True)
class DisplayLevels:
    """Sample values shown as black and as white."""

    black: float
    white: float
    """Sample value shown as white, above `black`."""
    rule: str
    """Rule by which they were chosen, in words."""


EIGHT_BIT = DisplayLevels(black=0.0, white=255.0, rule="8-bit samples as stored")


def levels_of(
    samples: np.ndarray, valid: np.ndarray | None = None, *, declared_white: float | None = None
) -> DisplayLevels:
    """Choose the black and white levels.

    8-bit unsigned samples are shown as stored. Of all others the range is that of the valid samples, without outliers:
    samples at either end that are at most 0.1 % of all and farther from the rest than the rest is wide. Integers
    from 0 to 65535 are shown from 0 to the full scale of the fewest bits, 8 to 16, that hold this range, because
    cameras of 10, 12 or 14 bits put their numbers into 16. Others are shown from 0, or from the smallest if that is
    negative or far above 0, to the largest.

    Parameters
    ----------
    samples : numbers of any shape; NaN and infinities are never valid.
    valid : bool, of the same shape or that of the picture without its bands; None: all finite samples are valid.
    declared_white : full scale by a label or tag; used if the samples fill at least a quarter of it.
    """
    if samples.dtype == np.uint8:
        return EIGHT_BIT
    found = _range(samples, valid)
    if found is None:
        return DisplayLevels(black=0.0, white=1.0, rule="no valid sample")
    low, high, has_outliers = found
    words = " without outliers" if has_outliers else ""
    if declared_white is not None and low >= 0 and MIN_FILLED_SHARE * declared_white <= high <= declared_white:
        return DisplayLevels(black=0.0, white=float(declared_white), rule="declared full scale")
    is_integer = samples.dtype.kind in "ui"
    if is_integer and low >= 0 and high <= 65535:
        bits = max(8, int(high).bit_length())
        white = float((1 << bits) - 1)
        if bits == 8 or high - low >= NARROW_SHARE_16_BIT * white or high == low:
            return DisplayLevels(
                black=0.0, white=white, rule=f"full scale of the {bits} bits that hold the samples{words}"
            )
    elif low >= 0 and high > 0 and (high - low >= NARROW_SHARE * high or high == low):
        return DisplayLevels(black=0.0, white=high, rule=f"0 to the largest sample{words}")
    if high == low:
        return DisplayLevels(black=low, white=low + max(1.0, abs(low)), rule="all samples are equal")
    return DisplayLevels(black=low, white=high, rule=f"smallest to largest sample{words}")


def to_8_bit(
    samples: np.ndarray, levels: DisplayLevels, valid: np.ndarray | None = None, *, is_inverted: bool = False
) -> np.ndarray:
    """Return samples as uint8, same shape: black 0, white 255, rounded; invalid or non-finite ones are 0.

    Parameters
    ----------
    is_inverted : 0 is white, as in a TIFF with PhotometricInterpretation 0.
    """
    if samples.dtype == np.uint8 and levels == EIGHT_BIT:
        shown = 255 - samples if is_inverted else samples
    elif samples.dtype == np.uint16:
        table = _scaled(np.arange(65536, dtype=np.uint16), levels, is_inverted)
        shown = np.round(table * np.float32(255)).astype(np.uint8)[samples]
    else:
        shown = np.empty(samples.shape, np.uint8)
        for rows in _blocks(samples):
            shown[rows] = np.round(_scaled(samples[rows], levels, is_inverted) * np.float32(255))
    return shown if valid is None else np.where(_spread(valid, samples), shown, np.uint8(0))


def scaled_to_levels(
    samples: np.ndarray, levels: DisplayLevels, valid: np.ndarray | None = None, *, is_inverted: bool = False
) -> np.ndarray:
    """Return samples as float32, same shape, black 0 and white 1, clipped; invalid or non-finite ones are 0."""
    shown = np.empty(samples.shape, np.float32)
    for rows in _blocks(samples):
        shown[rows] = _scaled(samples[rows], levels, is_inverted)
    return shown if valid is None else np.where(_spread(valid, samples), shown, np.float32(0))


def _blocks(samples: np.ndarray) -> Iterator[slice]:
    rows = max(1, BLOCK_SAMPLES // max(1, samples[0].size)) if len(samples) else 1
    return (slice(top, top + rows) for top in range(0, len(samples), rows))


def _scaled(samples: np.ndarray, levels: DisplayLevels, is_inverted: bool) -> np.ndarray:
    # halves, because the range of doubles may be wider than a double
    values = (samples.astype(np.float64) / 2 - levels.black / 2) / (levels.white / 2 - levels.black / 2)
    known = np.isfinite(values)
    values = np.clip(1 - values if is_inverted else values, 0, 1)
    return np.where(known, values, 0).astype(np.float32)


def _spread(valid: np.ndarray, samples: np.ndarray) -> np.ndarray:
    return np.broadcast_to(valid[..., None], samples.shape) if valid.ndim < samples.ndim else valid


def _known(samples: np.ndarray, valid: np.ndarray | None) -> np.ndarray:
    """Return the valid samples as a flat array."""
    if samples.dtype.kind == "f":
        finite = np.isfinite(samples)
        valid = finite if valid is None else finite & _spread(valid, samples)
    return samples.ravel() if valid is None else samples[_spread(valid, samples)]


def _range(samples: np.ndarray, valid: np.ndarray | None) -> tuple[float, float, bool] | None:
    """Return smallest and largest sample without outliers, and whether outliers exist; None without valid samples."""
    known = _known(samples, valid)
    if not known.size:
        return None
    smallest, low, high, largest = _ordered(known)
    wide = high / 2 - low / 2
    is_low, is_high = low / 2 - smallest / 2 > wide, largest / 2 - high / 2 > wide
    return low if is_low else smallest, high if is_high else largest, is_low or is_high


def _ordered(known: np.ndarray) -> tuple[float, float, float, float]:
    """Return the smallest sample, the two bounds of the share of outliers, and the largest."""
    if known.dtype == np.uint16:
        upto = np.cumsum(np.bincount(known, minlength=65536))
        at_most = _outliers(known.size)
        ranks = (0, at_most, known.size - 1 - at_most, known.size - 1)
        smallest, low, high, largest = np.searchsorted(upto, ranks, side="right").tolist()
        return float(smallest), float(low), float(high), float(largest)
    few = known if known.size <= MAX_SORTED_SAMPLES else known[:: -(-known.size // MAX_SORTED_SAMPLES)]
    at_most = _outliers(few.size)
    ordered = np.partition(few, (at_most, few.size - 1 - at_most))
    return float(known.min()), float(ordered[at_most]), float(ordered[-1 - at_most]), float(known.max())


def _outliers(count: int) -> int:
    return int(count * OUTLIER_SHARE) or int(count >= MIN_SAMPLES_WITH_OUTLIER)
