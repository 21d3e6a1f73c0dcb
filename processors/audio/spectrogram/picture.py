"""Spectrogram picture: time, frequency, a colour bar with its unit, and the codec's edge."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from PIL import Image

from processors.audio.reading.missing_samples import missing_share
from processors.audio.spectrogram.canvas import COLOURS, GREY, Canvas, colour_numbers, mark_row
from processors.audio.spectrogram.codec_cutoff import Cutoff, find_cutoff
from processors.audio.spectrogram.netcdf import frames_of, mean_power_of
from processors.audio.spectrogram.spectrogram import OVERVIEW, Spectrogram, SpectrogramFacts
from processors.audio.spectrogram.stft import Scale, window_of
from processors.audio.spectrogram.time_axes import Clock, mars_clock, moment_of, source_clock, utc_clock
from processors.contract import Inputs, Item, Reads, ReleaseContext, require

FLOOR = 1e-30
PICTURE = "spectrogram.png"
WIDTH_PX, LEFT_PX, RIGHT_PX = 1600, 90, 1460
TOP_PX, BOTTOM_PX, CLOCK_PX, TITLE_PX = 24, 64, 44, 26
"""Space above the first panel, below the last, for each further clock, and above each further panel, in px."""
BAR_LEFT_PX, BAR_RIGHT_PX = 1480, 1502
MAX_TIMES, MAX_FREQUENCIES = 12, 14


@dataclass(frozen=True, kw_only=True)
class PictureFacts:
    """Contents of the picture."""

    width_px: int
    height_px: int
    plot_left_px: float
    """Position of the source's `start_seconds`; `plot_right_px` is that of `end_seconds`."""
    plot_right_px: float
    plot_top_px: float
    plot_bottom_px: float
    start_seconds: float
    end_seconds: float
    lowest_hz: float
    highest_hz: float
    bottom_db: float
    top_db: float
    unit: str
    cutoff_hz: float | None


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Picture of the whole recording, made from the measured spectrogram without decoding."""

    name: ClassVar[str] = "audio.spectrogram_picture"
    version: ClassVar[int] = 7
    reads: ClassVar[Reads] = "results"

    spectrogram: Spectrogram = field(default_factory=Spectrogram)
    range_db: float = 90.0
    """Range from the loudest value down, in dB."""
    frequency_axis: Literal["linear", "log"] = "linear"
    start_utc: str | None = None
    """Moment of the source's time 0, ISO 8601 with an offset; adds an axis in UTC. None: the moment that the release or
    a label gives, or no such axis."""
    start_source: str = ""
    """Source of `start_utc`; written next to the axis."""
    longitude_degrees_east: float | None = None
    """Longitude of the recorder on Mars, planetocentric; with `start_utc`, adds an axis in local mean solar time."""

    def __post_init__(self) -> None:
        require(10 <= self.range_db <= 200, "range_db", self.range_db, "must be from 10 to 200")
        require(
            self.frequency_axis in ("linear", "log"), "frequency_axis", self.frequency_axis, "must be linear or log"
        )
        if self.start_utc is not None:
            known = moment_of(self.start_utc) is not None
            require(known, "start_utc", self.start_utc, "must be to the minute or finer, with an offset from UTC")
        if self.longitude_degrees_east is not None:
            east = self.longitude_degrees_east
            require(-360 <= east <= 360, "longitude_degrees_east", east, "must be from -360 to 360")
            require(self.start_utc is not None, "longitude_degrees_east", east, "needs start_utc")

    def for_release(self, context: ReleaseContext) -> Picture:
        """Return this processor configured with the release's statements."""
        if self.start_utc is not None or (start := context.recorded_start()) is None:
            return self
        east = context.longitude_degrees_east
        return replace(self, start_utc=start.utc, start_source=start.named_by, longitude_degrees_east=east)

    def inputs(self) -> tuple[Spectrogram, ...]:
        return (self.spectrogram,)

    def items(self, inputs: Inputs[None], scratch: Path) -> Iterator[Item]:
        """Yield the picture."""
        return _PictureMaker(self, inputs).items()


class _PictureMaker:
    def __init__(self, processor: Picture, inputs: Inputs[None]) -> None:
        self._processor = processor
        measured = inputs.results[processor.spectrogram.name]
        self._overview = measured.path(OVERVIEW)
        self._facts = facts = measured.facts(OVERVIEW, SpectrogramFacts)
        self._band_hz, self._highest_hz = facts.band_width_hz, facts.rate_hz / 2
        self._lowest_hz = self._band_hz if processor.frequency_axis == "log" else 0.0
        self._start = facts.first_frame_seconds
        self._end = self._start + max(facts.sample_count / facts.rate_hz, facts.hop_seconds / 2)

    def items(self) -> Iterator[Item]:
        facts, clocks = self._facts, self._clocks()
        power = np.concatenate([run.power for run in frames_of(self._overview)], axis=1)
        levels_db = 10 * np.log10(np.maximum(power, np.float32(FLOOR)))
        top_db = float(np.ceil(levels_db.max() / 5) * 5) if power.max() > 0 else 0.0
        bottom_db = top_db - self._processor.range_db
        unit = UNIT[facts.scaling].format(self._band_hz)
        cutoffs = self._cutoffs()
        height = 400 + 400 * len(levels_db)
        top, bottom = TOP_PX + CLOCK_PX * (len(clocks) - 1), height - BOTTOM_PX
        canvas = Canvas(WIDTH_PX, height)
        edges = np.linspace(top, bottom + TITLE_PX, len(levels_db) + 1).round().astype(int).tolist()
        for number, (first, following) in enumerate(itertools.pairwise(edges)):
            numbers = self._panel(self._coloured(levels_db[number], bottom_db, top_db), following - TITLE_PX - first)
            self._mark(numbers, cutoffs[number])
            canvas.picture(LEFT_PX, first, numbers)
            self._frequency_axis(canvas, first, following - TITLE_PX)
            if number:
                canvas.words(LEFT_PX, first - 5, f"channel {number}", "ls")
        for number, clock in enumerate(clocks):
            self._time_axis(canvas, clock, bottom if number == 0 else top - CLOCK_PX * (number - 1), number)
        notes = [f"mean power of {facts.channels_mixed} channels"] if facts.channels_mixed > 1 else []
        notes += ["grey: samples are missing"] if facts.missing_seconds else []
        if notes:
            canvas.words(RIGHT_PX, height - 4, "; ".join(notes), "rd")
        _colour_bar(canvas, top, bottom, bottom_db, top_db, unit)
        made = PictureFacts(
            plot_left_px=LEFT_PX,
            plot_right_px=RIGHT_PX,
            plot_top_px=top,
            plot_bottom_px=bottom,
            width_px=WIDTH_PX,
            height_px=height,
            start_seconds=self._start,
            end_seconds=self._end,
            lowest_hz=self._lowest_hz,
            highest_hz=self._highest_hz,
            bottom_db=bottom_db,
            top_db=top_db,
            unit=unit,
            cutoff_hz=cutoffs[0].hz if cutoffs[0] else None,
        )
        yield Item(name=PICTURE, media_type="image/png", data=canvas.png(), facts=made)

    def _clocks(self) -> list[Clock]:
        processor, clocks = self._processor, [source_clock(self._end)]
        if processor.start_utc is not None:
            clocks.append(utc_clock(processor.start_utc, processor.start_source))
            if processor.longitude_degrees_east is not None:
                clocks.append(mars_clock(processor.start_utc, processor.longitude_degrees_east))
        return clocks

    def _cutoffs(self) -> list[Cutoff | None]:
        facts = self._facts
        frequency_hz = np.arange(facts.band_count) * self._band_hz
        mean = mean_power_of(self._overview)
        if facts.scaling == "power":
            window = window_of(self._processor.spectrogram.window, facts.window_samples)
            mean = mean * Scale(window=window, rate_hz=facts.rate_hz).density_per_power()
        found = [find_cutoff(frequency_hz, density) for density in mean]
        return [None if isinstance(cutoff, str) else cutoff for cutoff in found]

    def _coloured(self, levels_db: np.ndarray, bottom_db: float, top_db: float) -> np.ndarray:
        """Return palette numbers of columns, shape (columns, bands); grey if half the samples or more are missing."""
        facts, numbers = self._facts, colour_numbers(levels_db, bottom_db, top_db)
        step = facts.hop_seconds * facts.frames_per_overview_column
        starts = self._start - facts.hop_seconds / 2 + np.arange(len(numbers)) * step
        numbers[missing_share(facts.missing_seconds, starts, step) >= 0.5] = GREY
        return numbers

    def _panel(self, numbers: np.ndarray, height_px: int) -> np.ndarray:
        """Return palette numbers, shape (columns, bands), as a picture with the lowest frequency at the bottom."""
        facts = self._facts
        step = facts.hop_seconds * facts.frames_per_overview_column
        first = self._start - facts.hop_seconds / 2
        left, right = ((seconds - first) / step for seconds in (self._start, self._end))
        rows = numbers.T
        low, high = 0.5, facts.band_count - 0.5
        if self._processor.frequency_axis == "log":
            places = np.geomspace(self._lowest_hz, self._highest_hz, height_px) / self._band_hz
            rows = rows[np.minimum(np.rint(places).astype(int), facts.band_count - 1)]
            low, high = 0.0, float(height_px)
        upright = Image.fromarray(np.ascontiguousarray(rows[::-1]))
        box = (left, upright.height - high, min(right, upright.width), upright.height - low)
        drawn = upright.resize((RIGHT_PX - LEFT_PX, height_px), Image.Resampling.BOX, box=box)
        return np.array(drawn)

    def _share(self, hz: float) -> float:
        """Return the position of a frequency on the axis: 0 to 1."""
        if self._processor.frequency_axis == "log":
            return float(np.log(hz / self._lowest_hz) / np.log(self._highest_hz / self._lowest_hz))
        return hz / self._highest_hz

    def _mark(self, numbers: np.ndarray, cutoff: Cutoff | None) -> None:
        if cutoff:
            words = f"cut off at {cutoff.hz / 1000:.1f} kHz (codec or filter, not the source)"
            mark_row(numbers, round(len(numbers) * (1 - self._share(cutoff.hz))), words)

    def _frequency_axis(self, canvas: Canvas, top: int, bottom: int) -> None:
        if self._processor.frequency_axis == "log":
            ticks = [d * 10.0**e for e in range(-3, 7) for d in (1, 2, 5)]
            label, scale = "frequency (Hz, log)", 1.0
        else:
            steps = (d * 10.0**e for e in range(-2, 7) for d in (1, 2, 5))
            step = next(step for step in steps if self._highest_hz / step <= MAX_FREQUENCIES)
            ticks = [number * step for number in range(int(self._highest_hz / step) + 1)]
            label, scale = "frequency (kHz)", 1000.0
        for hz in ticks:
            if self._lowest_hz <= hz <= self._highest_hz:
                y = bottom - 1 - (bottom - top - 1) * self._share(hz)
                canvas.tick(LEFT_PX - 1, y, -1, 0)
                canvas.words(LEFT_PX - 9, y, f"{hz / scale:g}", "rm")
        canvas.words(22, (top + bottom) / 2, label, "mm", upwards=True)

    def _time_axis(self, canvas: Canvas, clock: Clock, y: int, number: int) -> None:
        """Draw the source's clock below the panels, each further one above them."""
        down = 1 if number == 0 else -1
        edge = y if number == 0 else y - 1
        for seconds, reading in clock.ticks(self._start, self._end, MAX_TIMES):
            x = LEFT_PX + (RIGHT_PX - LEFT_PX - 1) * (seconds - self._start) / (self._end - self._start)
            canvas.tick(x, edge, 0, down)
            canvas.words(x, edge + down * 7, reading, "mt" if down > 0 else "mb")
        canvas.words((LEFT_PX + RIGHT_PX) / 2, edge + down * 26, clock.label, "mt" if down > 0 else "mb")


UNIT = {
    "power": "power in a band of {:.4g} Hz (dBFS; 0: full-scale sine)",
    "density": "power spectral density (dBFS/Hz; bands {:.4g} Hz apart)",
}


def _colour_bar(canvas: Canvas, top: int, bottom: int, bottom_db: float, top_db: float, unit: str) -> None:
    column = np.linspace(COLOURS - 1, 0, bottom - top).round().astype(np.uint8)
    canvas.picture(BAR_LEFT_PX, top, np.repeat(column[:, None], BAR_RIGHT_PX - BAR_LEFT_PX, axis=1))
    for level_db in range(int(np.ceil(bottom_db / 10)) * 10, int(top_db) + 1, 10):
        y = bottom - 1 - (bottom - top - 1) * (level_db - bottom_db) / (top_db - bottom_db)
        canvas.tick(BAR_RIGHT_PX, y, 1, 0)
        canvas.words(BAR_RIGHT_PX + 9, y, f"{level_db}".replace("-", "−"), "lm")
    canvas.words(1578, (top + bottom) / 2, unit, "mm", upwards=True)
