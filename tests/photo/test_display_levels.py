"""Black and white of deep pictures come from their valid samples, and one odd pixel does not set them."""

from __future__ import annotations

import numpy as np
import pytest

from processors.photo.reading.display_levels import EIGHT_BIT, DisplayLevels, levels_of, scaled_to_levels, to_8_bit


def ramp(first: float, last: float, dtype: str) -> np.ndarray:
    """64 rows of 256 columns that brighten from left to right."""
    return np.tile((np.linspace(first / 2, last / 2, 256) * 2).astype(dtype), (64, 1))


@pytest.mark.parametrize(
    ("samples", "black", "white"),
    [
        (ramp(0, 65535, "u2"), 0, 65535),
        (ramp(0, 4029, "u2"), 0, 4095),
        (ramp(0, 4029, ">i2"), 0, 4095),
        (ramp(0, 12, "u2"), 0, 255),
        (ramp(40000, 60000, "u2"), 0, 65535),
        (ramp(29000, 31000, "u2"), 29000, 31000),
        (ramp(0, 4e9, "u4"), 0, 4e9),
        (ramp(0, 4000, "u4"), 0, 4095),
        (ramp(-1000, 1000, "i2"), -1000, 1000),
        (ramp(-120, 100, "i1"), -120, 100),
        (ramp(-2e9, 2e9, "i4"), -2e9, 2e9),
        (ramp(-40, -20, "f4"), -40, -20),
        (ramp(0, 1, "f4"), 0, 1),
        (ramp(1000, 1200, "f8"), 1000, 1200),
        (ramp(-1.5e308, 1.5e308, "f8"), -1.5e308, 1.5e308),
    ],
)
def test_range_of_every_number_type_is_shown_from_black_to_white(
    samples: np.ndarray, black: float, white: float
) -> None:
    levels = levels_of(samples)
    assert (levels.black, levels.white) == (pytest.approx(black), pytest.approx(white))
    shown = to_8_bit(samples, levels)[32].astype(int)
    assert (np.diff(shown) >= 0).all()
    expected = (samples[32].astype(float) / 2 - black / 2) / (white / 2 - black / 2) * 255
    assert np.abs(shown - expected).max() <= 0.51


def test_eight_bits_stay_as_stored() -> None:
    samples = ramp(20, 30, "u1")
    assert levels_of(samples) == EIGHT_BIT
    assert to_8_bit(samples, EIGHT_BIT) is samples


@pytest.mark.parametrize("odd", [65535, 20000])
@pytest.mark.parametrize("count", [1, 16])
def test_few_bright_pixels_do_not_set_white(odd: int, count: int) -> None:
    samples = ramp(0, 4000, "u2")
    samples[5, :count] = odd
    levels = levels_of(samples)
    assert (levels.white, levels.rule) == (4095, "full scale of the 12 bits that hold the samples without outliers")


@pytest.mark.parametrize("odd", [1e32, -1e32, np.inf, -np.inf, np.nan])
def test_odd_float_does_not_set_levels(odd: float) -> None:
    samples = ramp(0, 1, "f4")
    samples[5, 5] = odd
    levels = levels_of(samples)
    assert (levels.black, levels.white) == (0, 1)
    assert to_8_bit(samples, levels)[5, 5] == (255 if odd == 1e32 else 0)


def test_highlights_that_continue_the_range_are_kept() -> None:
    samples = ramp(0, 900, "u2")
    samples[5, 5] = 1500
    assert levels_of(samples).white == 2047


def test_invalid_samples_neither_set_levels_nor_shine() -> None:
    samples = ramp(0, 4095, "u2")
    samples[:20] = 65535
    valid = samples != 65535
    levels = levels_of(samples, valid)
    assert levels.white == 4095
    shown = to_8_bit(samples, levels, valid)
    assert shown[0].max() == 0
    assert shown[32, 255] == 255
    in_colour = np.stack([samples] * 3, axis=2)
    assert (to_8_bit(in_colour, levels_of(in_colour, valid), valid)[..., 1] == shown).all()


def test_nothing_valid_is_black() -> None:
    samples = np.full((4, 5), np.nan, np.float32)
    assert levels_of(samples) == DisplayLevels(black=0, white=1, rule="no valid sample")
    assert to_8_bit(samples, levels_of(samples)).max() == 0


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "u4", "i4", "f4", "f8"])
def test_zero_is_white_where_the_file_declares_it(dtype: str) -> None:
    samples = ramp(0, 255, dtype)
    shown = to_8_bit(samples, levels_of(samples), is_inverted=True)
    assert (shown[32] == 255 - np.arange(256)).all()


@pytest.mark.parametrize(("largest", "white"), [(4000, 4095), (1100, 4095), (900, 1023), (9000, 16383)])
def test_declared_full_scale_counts_where_it_is_filled(largest: int, white: int) -> None:
    assert levels_of(ramp(0, largest, "u2"), declared_white=4095).white == white


def test_scaled_samples_agree_with_eight_bits() -> None:
    samples = ramp(-7, 13, "f4")
    levels = levels_of(samples)
    assert (np.round(scaled_to_levels(samples, levels) * 255) == to_8_bit(samples, levels)).all()
