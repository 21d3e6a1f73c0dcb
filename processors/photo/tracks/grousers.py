"""Detection of the prints of a wheel's grousers: a straight band of bars at one pitch, anywhere in a picture.

A row of bars is a peak in the power spectrum. Its direction is that of the track, the area where its wave is strong
gives the bands, and the autocorrelation along each band gives the pitch. The ground must be seen straight from above,
or nearly so: in perspective the pitch changes along the track and no peak stands out.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from processors.runs_of_true import runs_of_true

MAX_SIDE_PX = 1600
"""Maximum side in the search; larger pictures are shrunk, but results are in pixels of the full picture."""
SPECTRUM_PX = 2048
MIN_SIDE_PX = 40
"""Minimum of the shorter side of a searched picture: eight bars at the minimum pitch."""
SHRINKS = (1.0, 0.6, 0.36)
"""Scales at which bars are searched for: bars about 10 px apart stand out most."""
MIN_PITCH_PX, MAX_PITCH_PX = 5.0, 90.0
"""Limits of the pitch in the searched picture."""
MIN_BARS = 8
"""Minimum bars for a pitch: 4 of 5 false detections in 122 unrelated photos had 2 to 5; the sample's tracks have 21."""
BAND_OF_PEAK = 0.45
"""Share of the wave's maximum strength above which pixels belong to a band."""


@dataclass(frozen=True, kw_only=True)
class GrouserBand:
    """Band of one track; offsets along (-sin, cos) of the direction, from the picture's centre."""

    offset_px: float
    width_px: float
    pitch_px: float | None
    """Pitch; None if the bars of this band do not repeat clearly enough."""
    correlation: float
    """Autocorrelation at one pitch, -1 to 1."""
    bar_count: int
    """Length of the band inside the picture in whole pitches."""


@dataclass(frozen=True, kw_only=True)
class Grousers:
    """Detected tracks, in px of the searched picture."""

    direction_degrees: float
    """Direction of the track, from +x (right) towards +y (down), 0 to 180."""
    spectral_contrast: float
    """Power of the peak over the median power at its wavelength."""
    bands: tuple[GrouserBand, ...]


Step = Literal["size", "contrast", "width", "correlation", "bars", "tracks"]
STEPS: tuple[Step, ...] = ("size", "contrast", "width", "correlation", "bars", "tracks")
"""Conditions that a search must meet, in order; a search ends at the first that is not met."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """Progress of a search and the figures that decided it; None for steps that it did not reach."""

    ended_at: Step
    """`size`: the picture is too small; `contrast`: no row of bars stands out; `width`: the bars form no band;
    `correlation`: they do not repeat evenly; `bars`: too few of them; `tracks`: they are tracks."""
    contrast: float | None = None
    """Power of the highest peak over the median power at its wavelength."""
    correlation: float | None = None
    """Autocorrelation of the best band at one pitch, -1 to 1."""
    bar_count: int | None = None
    """Bars of the best band; None if no pitch was found."""


@dataclass(frozen=True, kw_only=True)
class GrouserSearch:
    """Outcome of a search: the tracks, if any, and the attempt that came furthest."""

    tracks: Grousers | None
    attempt: Attempt


def find_grousers(grey: np.ndarray, *, least_contrast: float, least_correlation: float) -> GrouserSearch:
    """Detect grouser tracks at three scales.

    Parameters
    ----------
    grey : float32, shape (height, width), any scale; not larger than `SPECTRUM_PX` on a side.
    """
    searches = [GrouserSearch(tracks=None, attempt=Attempt(ended_at="size"))]
    for small, times in at_scales(grey, MIN_SIDE_PX):
        one = _find(flattened(small), least_contrast, least_correlation)
        searches.append(replace(one, tracks=scaled_detection(one.tracks, times) if one.tracks else None))
    return max(searches, key=lambda one: (STEPS.index(one.attempt.ended_at), one.attempt.contrast or 0.0))


def at_scales(grey: np.ndarray, min_side_px: int) -> Iterator[tuple[np.ndarray, float]]:
    """Yield the picture at each scale that leaves such a shorter side, and how many times larger it was."""
    import cv2

    for shrink in SHRINKS:
        size = (round(grey.shape[1] * shrink), round(grey.shape[0] * shrink))
        if min(size) >= min_side_px:
            small = grey if shrink == 1 else cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
            yield small, grey.shape[1] / size[0]


def scaled_detection(found: Grousers, scale: float) -> Grousers:
    """Return the detection scaled to a picture this many times as large."""
    bands = tuple(
        replace(
            band,
            offset_px=band.offset_px * scale,
            width_px=band.width_px * scale,
            pitch_px=band.pitch_px * scale if band.pitch_px else None,
        )
        for band in found.bands
    )
    return replace(found, bands=bands)


def _find(flat: np.ndarray, least_contrast: float, least_correlation: float) -> GrouserSearch:
    wave_x, wave_y, contrast = _peak(flat)
    attempt = Attempt(ended_at="contrast", contrast=round(contrast, 1))
    if contrast < least_contrast:
        return GrouserSearch(tracks=None, attempt=attempt)
    direction = np.degrees(np.arctan2(wave_y, wave_x)) % 180
    turned, inside = _turned(flat, direction)
    measured = [
        band
        for left, right in _bands(turned, inside, np.hypot(wave_x, wave_y))
        if (band := _band(turned, inside, left, right, least_correlation))
    ]
    if not measured:
        return GrouserSearch(tracks=None, attempt=replace(attempt, ended_at="width"))
    bands = tuple(band for band in measured if band.pitch_px and band.bar_count >= MIN_BARS)
    best = max(bands or measured, key=lambda band: (band.pitch_px is not None, band.correlation))
    attempt = replace(
        attempt,
        ended_at="tracks" if bands else "bars" if best.pitch_px else "correlation",
        correlation=best.correlation,
        bar_count=best.bar_count or None,
    )
    if not bands:
        return GrouserSearch(tracks=None, attempt=attempt)
    tracks = Grousers(direction_degrees=float(direction), spectral_contrast=contrast, bands=bands)
    return GrouserSearch(tracks=tracks, attempt=attempt)


def flattened(grey: np.ndarray) -> np.ndarray:
    """Return the picture without slow changes of light, with uniform contrast and clipped outliers."""
    fine = grey.astype(np.float32) - blurred(grey.astype(np.float32), 12)
    spread = np.sqrt(blurred(fine * fine, 24))
    return np.clip(fine / (spread + 1e-3 * float(spread.max()) + 1e-9), -3, 3)


def blurred(values: np.ndarray, sigma_px: float) -> np.ndarray:
    """Return the values smoothed by a Gaussian of 8 px or more, computed at a quarter of the size."""
    import cv2

    height, width = values.shape
    quarter = cv2.resize(values, (-(-width // 4), -(-height // 4)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(cv2.GaussianBlur(quarter, (0, 0), sigma_px / 4), (width, height)))


@dataclass(frozen=True)
class _Rings:
    """Searched part of a spectrum, divided into rings of similar wavelength; the same for every picture."""

    searched: np.ndarray
    """bool, shape (2 * `REACH` + 1, `REACH` + 1)."""
    ring: np.ndarray
    """Ring of each searched frequency, row by row."""
    order: np.ndarray
    """Searched frequencies ordered by ring."""
    edges: np.ndarray
    """Where each ring begins in that order, and the end."""


REACH = int(SPECTRUM_PX / MIN_PITCH_PX) + 8
"""Frequencies kept on either side of 0; the rest have shorter wavelengths than `MIN_PITCH_PX`."""


@functools.cache
def _rings() -> _Rings:
    y = np.fft.fftfreq(2 * REACH + 1, 1 / (2 * REACH + 1)).astype(np.float32)[:, None] / SPECTRUM_PX
    x = np.arange(REACH + 1, dtype=np.float32)[None] / SPECTRUM_PX
    radius = np.hypot(x, y)
    searched = (radius >= 1 / MAX_PITCH_PX) & (radius <= 1 / MIN_PITCH_PX)
    ring = (radius[searched] * SPECTRUM_PX / 16).astype(int)
    order = np.argsort(ring, kind="stable")
    edges = np.searchsorted(ring[order], np.arange(ring.max() + 2))
    return _Rings(searched, ring, order, edges)


def _power(flat: np.ndarray) -> np.ndarray:
    """Return the power at the searched frequencies, rows in the order 0, 1 ... `REACH`, -`REACH` ... -1."""
    import scipy.fft

    window = np.outer(np.hanning(flat.shape[0]), np.hanning(flat.shape[1])).astype(np.float32)
    along = np.asarray(scipy.fft.rfft(flat * window, SPECTRUM_PX, axis=1))[:, : REACH + 1]
    both = np.asarray(scipy.fft.fft(along, SPECTRUM_PX, axis=0))
    return np.abs(np.concatenate([both[: REACH + 1], both[-REACH:]])) ** 2


def _peak(flat: np.ndarray) -> tuple[float, float, float]:
    """Return the wave that stands out most (cycles per px along x and y) and its contrast."""
    rings, power = _rings(), _power(flat)
    values = power[rings.searched]
    ordered = values[rings.order]
    medians = np.ones(len(rings.edges) - 1, np.float32)
    for number, (start, end) in enumerate(zip(rings.edges[:-1], rings.edges[1:], strict=True)):
        if end > start:
            medians[number] = np.median(ordered[start:end])
    contrast = np.zeros_like(power)
    contrast[rings.searched] = values / (medians[rings.ring] + 1e-12)
    row, column = divmod(int(contrast.argmax()), contrast.shape[1])
    highest = float(contrast[row, column])
    wave_y, wave_x = _centroid(contrast, row, column)
    for part in (3, 2):  # the bars' own pitch, if the peak is its overtone
        r, c = round(wave_y * SPECTRUM_PX / part), round(wave_x * SPECTRUM_PX / part)
        near = contrast[np.ix_(np.arange(r - 4, r + 5) % len(contrast), np.arange(max(0, c - 4), c + 5))]
        if near.max(initial=0) > highest / 20:
            return wave_x / part, wave_y / part, highest
    return wave_x, wave_y, highest


def _centroid(contrast: np.ndarray, row: int, column: int) -> tuple[float, float]:
    """Return the frequencies (y, x) of the centre of a peak; 0 where there is none."""
    rows, columns = np.arange(row - 3, row + 4), np.arange(max(0, column - 3), min(contrast.shape[1], column + 4))
    weights = contrast[np.ix_(rows % len(contrast), columns)].astype(np.float64) ** 2
    total = weights.sum() or 1.0
    y = float((weights.sum(axis=1) * rows).sum() / total)
    x = float((weights.sum(axis=0) * columns).sum() / total)
    return (y - len(contrast) if y > len(contrast) / 2 else y) / SPECTRUM_PX, x / SPECTRUM_PX


def _turned(flat: np.ndarray, direction_degrees: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the picture rotated about its centre so that tracks are vertical, and a mask of its area, both square."""
    import cv2

    height, width = flat.shape
    side = int(np.ceil(np.hypot(height, width)))
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), direction_degrees - 90, 1)
    matrix[:, 2] += (side - width) / 2, (side - height) / 2
    turned = cv2.warpAffine(flat, matrix, (side, side), flags=cv2.INTER_CUBIC)
    inside = cv2.warpAffine(np.ones_like(flat), matrix, (side, side), flags=cv2.INTER_NEAREST)
    return turned, inside > 0.5


def _bands(turned: np.ndarray, inside: np.ndarray, cycles_per_px: float) -> list[tuple[int, int]]:
    """Return half-open ranges of columns in which the wave is vertical."""
    import cv2

    pitch = 1 / cycles_per_px
    rows = np.arange(turned.shape[0], dtype=np.float32)[:, None]
    strength = np.zeros(turned.shape[1])
    count = inside.sum(axis=0)
    for overtone in (1, 2):
        wave = np.exp(-2j * np.pi * cycles_per_px * overtone * rows)
        parts = np.add.reduceat(turned * wave, np.arange(0, len(rows), max(1, round(6 * pitch))), axis=0)
        strength += np.abs(parts).sum(axis=0)
    strength = np.where(count > 4 * pitch, strength / np.maximum(count, 1), 0)
    smooth = cv2.GaussianBlur(strength[None], (0, 0), max(2.0, pitch / 4))[0]
    floor = float(np.median(smooth[count > 4 * pitch])) if (count > 4 * pitch).any() else 0.0
    over = smooth > floor + BAND_OF_PEAK * (smooth.max() - floor)
    return [(a, b) for a, b in runs_of_true(over) if b - a >= pitch / 2]


def _band(
    turned: np.ndarray, inside: np.ndarray, left: int, right: int, least_correlation: float
) -> GrouserBand | None:
    """Return the pitch of one band by autocorrelation of its mean along the track."""
    import cv2

    whole = inside[:, left:right]
    rows = np.flatnonzero(whole.mean(axis=1) > 0.7)
    if len(rows) < 6 * MIN_PITCH_PX:
        return None
    line = turned[rows[0] : rows[-1] + 1, left:right].sum(axis=1) / np.maximum(
        1, whole[rows[0] : rows[-1] + 1].sum(axis=1)
    )
    line = line - cv2.GaussianBlur(line[None], (0, 0), MAX_PITCH_PX)[0]
    spectrum = np.abs(np.fft.rfft(line, 2 * len(line))) ** 2
    kept = np.fft.irfft(spectrum)[: len(line)]
    correlation = kept / (kept[0] + 1e-12) * len(line) / (len(line) - np.arange(len(line)))
    pitch, height = _repeat(correlation[: len(line) // 2])
    return GrouserBand(
        offset_px=(turned.shape[1] - left - right) / 2,
        width_px=float(right - left),
        pitch_px=pitch if height >= least_correlation else None,
        correlation=round(height, 4),
        bar_count=int(len(line) / pitch) if pitch else 0,
    )


def _repeat(correlation: np.ndarray) -> tuple[float | None, float]:
    """Return the lag of the first strong peak, refined with its multiples, and the correlation there."""
    middle = correlation[1:-1]
    peaks = 1 + np.flatnonzero((middle > correlation[:-2]) & (middle >= correlation[2:]))
    peaks = peaks[(peaks >= MIN_PITCH_PX) & (peaks <= MAX_PITCH_PX)]
    if not len(peaks) or correlation[peaks].max() <= 0:
        return None, 0.0
    strong = peaks[correlation[peaks] >= 0.8 * correlation[peaks].max()]
    lag, height = float(strong[0]), float(correlation[strong[0]])
    multiple = 1
    while (multiple + 1) * lag < len(correlation) - 2 and multiple < 12:
        centre = round((multiple + 1) * lag)
        around = np.arange(max(1, centre - 2), min(len(correlation) - 1, centre + 3))
        top = int(around[correlation[around].argmax()])
        before, at, after = correlation[top - 1 : top + 2]
        if at < 0.5 * height or at < max(before, after):
            break
        curve = before - 2 * at + after
        lag = (top + (0.5 * (before - after) / curve if curve < 0 else 0.0)) / (multiple + 1)
        multiple += 1
    return float(lag), height
