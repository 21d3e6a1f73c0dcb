"""One channel's spectrogram as pixels: mean power of each pixel's time and frequency."""

from __future__ import annotations

import numpy as np

from processors.audio.spectrogram.frequency_axis import FrequencyAxis

COLUMNS_AT_ONCE = 128
FLOOR = 1e-30


def rows_of(power: np.ndarray, band_hz: float, axis: FrequencyAxis, height_px: int) -> np.ndarray:
    """Return rows of a picture, the lowest frequency last.

    A row that is wider than a band is the mean of the bands that it covers; a narrower one is interpolated linearly, in
    dB, between the middles of two bands.

    Parameters
    ----------
    power : float32, shape (columns, bands).

    Returns
    -------
    float32, shape (columns, height_px)
    """
    edges = np.clip(axis.edges_hz(height_px) / band_hz + 0.5, 0, power.shape[1])
    is_wide = np.diff(edges) >= 1
    least = axis.first_hz / band_hz + 0.5 if axis.kind == "log" else 0.0  # bands below hold an offset
    middles = np.clip((edges[1:] + edges[:-1]) / 2 - 0.5, least, power.shape[1] - 1)
    low = np.minimum(middles.astype(int), power.shape[1] - 2)
    share = middles - low
    rows = np.empty((len(power), height_px), np.float32)
    for first in range(0, len(power), COLUMNS_AT_ONCE):
        part = power[first : first + COLUMNS_AT_ONCE].astype(np.float64)
        levels = np.log(np.maximum(part, FLOOR))
        between = np.exp(levels[:, low] * (1 - share) + levels[:, low + 1] * share)
        rows[first : first + COLUMNS_AT_ONCE] = np.where(is_wide, _means(part, edges), between)
    return rows[:, ::-1].copy()


def columns_of(rows: np.ndarray, first: float, end: float, width_px: int) -> np.ndarray:
    """Return the mean of the columns under each pixel: float32, shape (width_px, height).

    Parameters
    ----------
    rows : float32, shape (columns, height).
    first, end : range that the picture shows, in columns from 0; beyond the last column, that one continues.
    """
    return _means(rows.astype(np.float64).T, np.linspace(first, end, width_px + 1)).T.astype(np.float32)


def _means(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the means between edges of a step function, along the last axis; value n holds from n to n + 1.

    The last value holds for all later positions.
    """
    total = np.concatenate([np.zeros((*values.shape[:-1], 1)), np.cumsum(values, axis=-1)], axis=-1)
    whole = np.minimum(edges.astype(int), values.shape[-1] - 1)
    reached = total[..., whole] + values[..., whole] * (edges - whole)
    return np.diff(reached, axis=-1) / np.diff(edges)
