"""VAX floating-point numbers (VAX Architecture Reference Manual, 1.2): F and D with 8-bit exponents, G with 11."""

from __future__ import annotations

import numpy as np


def from_vax(data: np.ndarray, kind: str) -> np.ndarray:
    """Return float32 of F numbers, float64 of D and G numbers; a reserved number (sign without exponent) is NaN.

    Parameters
    ----------
    data : uint8, whole numbers of 4 bytes (`vaxf4`) or 8 (`vaxd8`, `vaxg8`), in one dimension.
    """
    words = data.view("<u2").reshape(-1, 2 if kind == "vaxf4" else 4).astype(np.uint64)
    count = words.shape[1]
    bits = np.zeros(len(words), np.uint64)
    for number in range(count):  # most significant word first, each with its low byte first
        bits |= words[:, number] << np.uint64(16 * (count - 1 - number))
    exponent_bits, bias = (11, 1024) if kind == "vaxg8" else (8, 128)
    fraction_bits = 16 * count - 1 - exponent_bits
    fraction = (bits & np.uint64((1 << fraction_bits) - 1)) | np.uint64(1 << fraction_bits)
    exponent = ((bits >> np.uint64(fraction_bits)) & np.uint64((1 << exponent_bits) - 1)).astype(np.int64)
    is_negative = (bits >> np.uint64(16 * count - 1)).astype(bool)
    values = np.ldexp(fraction.astype(np.float64), exponent - bias - fraction_bits - 1)
    values = np.where(exponent == 0, np.where(is_negative, np.nan, 0.0), np.where(is_negative, -values, values))
    return values.astype(np.float32) if kind == "vaxf4" else values
