"""Picture of a waveform: time and amplitude axes, scaled to the sound, with the offset removed and stated."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from processors.audio.canvas import BLACK, GREYS, WHITE, Canvas
from processors.audio.sound_title import HEIGHT_PX as TITLE_PX
from processors.audio.sound_title import draw_title
from processors.audio.time_axes import draw_time_axis, source_clock
from processors.contract import ReleaseWords

WIDTH_PX, LEFT_PX, RIGHT_PX = 1600, 150, 1560
STRIP_PX, NAME_PX, TOP_PX, BOTTOM_PX = 240, 36, 20, 72
"""Height of a channel, of its name above it, and of the space above and below all, in px."""
WAVE, MIDDLE = 70, BLACK + GREYS // 2
"""Palette numbers of the wave, a dark blue of viridis, and of the middle line, grey."""
MIN_PEAK = 1e-6
"""Minimum range of the amplitude axis, re full scale: below is the rounding of 24 bits."""


@dataclass(frozen=True, kw_only=True)
class WaveformTitle:
    """Content of the title; see `draw_title`."""

    file_name: str
    words: ReleaseWords
    start_utc: str | None = None


def draw_waveform(
    lowest: np.ndarray,
    highest: np.ndarray,
    offsets: tuple[float, ...],
    span_seconds: tuple[float, float],
    title: WaveformTitle | None,
) -> Canvas:
    """Draw one strip for each channel, all on the same amplitude axis.

    Parameters
    ----------
    lowest, highest : extremes of each point, full scale is 1: float32, shape (channels, points).
    offsets : mean of each channel, drawn at the middle of its strip.
    span_seconds : start and end of the points, in s.
    title : None leaves it out.
    """
    middles = np.array(offsets)[:, None]
    lowest, highest = lowest - middles, highest - middles
    peak = max(float(np.abs(lowest).max()), float(np.abs(highest).max()))
    limit = peak * 1.05 if peak >= MIN_PEAK else 1.0
    top = TOP_PX + (TITLE_PX if title else 0)
    height = top + len(lowest) * (STRIP_PX + NAME_PX) + BOTTOM_PX
    canvas = Canvas(WIDTH_PX, height)
    if title:
        draw_title(canvas, LEFT_PX, WIDTH_PX - 20, title.file_name, title.words, title.start_utc)
    for number, (low, high, offset) in enumerate(zip(lowest, highest, offsets, strict=True)):
        strip_top = top + NAME_PX + number * (STRIP_PX + NAME_PX)
        canvas.picture(LEFT_PX, strip_top, _strip(low, high, limit))
        canvas.words(LEFT_PX, strip_top - 7, _channel_words(number, len(lowest), low, high, offset), "ls")
        _draw_amplitudes(canvas, strip_top, limit)
    bottom = top + len(lowest) * (STRIP_PX + NAME_PX)
    draw_time_axis(canvas, source_clock(span_seconds[1]), span_seconds, (LEFT_PX, RIGHT_PX), bottom, is_below=True)
    if title:
        shown = f"full scale is ±1; scaled to the peak, {peak:.3g}" if peak else "silence: all samples alike"
        canvas.words(RIGHT_PX, bottom + 39, shown, "rt")
    return canvas


def _strip(low: np.ndarray, high: np.ndarray, limit: float) -> np.ndarray:
    """Return palette numbers of one channel, uint8, shape (STRIP_PX, width)."""
    width, height = RIGHT_PX - LEFT_PX, STRIP_PX
    edges = np.arange(width) * len(low) / width
    starts = edges.astype(int)
    top = (height - 1) * (1 - np.maximum.reduceat(high, starts) / limit) / 2
    bottom = (height - 1) * (1 - np.minimum.reduceat(low, starts) / limit) / 2
    row = np.arange(height)[:, None]
    numbers = np.full((height, width), WHITE, np.uint8)
    numbers[height // 2] = MIDDLE
    numbers[(row >= np.floor(top)) & (row <= np.ceil(bottom))] = WAVE
    return numbers


def _channel_words(number: int, count: int, low: np.ndarray, high: np.ndarray, offset: float) -> str:
    peak = max(float(np.abs(low + offset).max()), float(np.abs(high + offset).max()))
    name = f"channel {number + 1}: " if count > 1 else ""
    level = f"peak {20 * math.log10(peak):.1f} dBFS".replace("-", "−") if peak > 0 else "silent"
    shown = f"{offset:+.2g}".replace("-", "−")
    return f"{name}{level}, DC offset {shown} (taken out here)" if abs(offset) > MIN_PEAK else f"{name}{level}"


def _draw_amplitudes(canvas: Canvas, top: int, limit: float) -> None:
    power = 10.0 ** math.floor(math.log10(limit / 3))
    step = next(digit * power for digit in (1, 2, 5, 10) if digit * power >= limit / 3)
    for number in range(math.ceil(-limit / step), math.floor(limit / step) + 1):
        y = top + (STRIP_PX - 1) * (1 - number * step / limit) / 2
        if canvas.words(LEFT_PX - 13, y, f"{number * step:g}".replace("-", "−"), "rm"):
            canvas.tick(LEFT_PX - 1, y, -1, 0)
    canvas.words(22, top + STRIP_PX / 2, "amplitude", "mm", upwards=True)
