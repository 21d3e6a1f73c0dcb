"""Spectrogram picture of the band with sound, with title, axes, and a colour bar with its unit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from processors.audio.canvas import (
    COLOURS,
    MISSING,
    SILENT,
    TICK_FONT_PX,
    WHITE,
    Canvas,
    colour_numbers,
    mark_row,
    write_across,
)
from processors.audio.levels.calibration import REFERENCE_PASCALS, Calibration
from processors.audio.reading.missing_samples import missing_share
from processors.audio.sound_title import HEIGHT_PX as TITLE_PX
from processors.audio.sound_title import draw_title
from processors.audio.spectrogram.codec_cutoff import Cutoff, find_cutoff
from processors.audio.spectrogram.frequency_axis import SILENT_POWER, AxisKind, FrequencyAxis, choose_axis, lowest_band
from processors.audio.spectrogram.level_range import level_range
from processors.audio.spectrogram.netcdf import mean_power_of, power_frames
from processors.audio.spectrogram.panel import FLOOR, columns_of, rows_of
from processors.audio.spectrogram.spectrogram import OVERVIEW, Spectrogram, SpectrogramFacts
from processors.audio.spectrogram.stft import Scale, Scaling, window_of
from processors.audio.time_axes import Clock, draw_time_axis, mars_clock, source_clock, start_moment, utc_clock
from processors.contract import Inputs, Item, Processor, Reads, ReleaseContext, ReleaseWords, require
from processors.metadata.first_presentation import first_presentation_seconds
from processors.metadata.metadata import Metadata

PICTURE = "spectrogram.png"
WIDTH_PX, LEFT_PX, RIGHT_PX = 1600, 120, 1416
PANEL_PX, MIN_PANEL_PX = 640, 320
"""Height of a single panel, and of each of many, in px."""
TOP_PX, BOTTOM_PX, CLOCK_PX, NAME_PX = 20, 104, 68, 36
"""Space above the first panel, below the last, for each further clock, and above a panel for its name, in px."""
BAR_LEFT_PX, BAR_RIGHT_PX = 1446, 1470
UNIT: dict[Scaling, str] = {
    "mean_square": "dBFS, noise bandwidth {:.3g} Hz",
    "power": "dBFS (sine: 0), noise bandwidth {:.3g} Hz",
    "density": "dBFS/Hz",
}
"""Unit at the colour bar, by scaling; noise has its density times the noise bandwidth of a band, not times the distance
of two bands."""
PRESSURE_UNIT: dict[Scaling, str] = {
    "mean_square": "dB re 20 µPa, noise bandwidth {:.3g} Hz",
    "power": "dB re 20 µPa, noise bandwidth {:.3g} Hz",
    "density": "dB re (20 µPa)²/Hz",
}
"""The same with a calibration."""
ZERO: dict[Scaling, str] = {
    "mean_square": "0 dBFS: mean square of full scale (a full-scale sine: −3)",
    "power": "0 dB: a full-scale sine",
    "density": "0 dBFS/Hz: mean square of full scale in 1 Hz",
}


@dataclass(frozen=True, kw_only=True)
class PictureFacts:
    width_px: int
    height_px: int
    plot_left_px: float
    """Position of the source's `start_seconds`; `plot_right_px` is that of `end_seconds`."""
    plot_right_px: float
    plot_top_px: float
    plot_bottom_px: float
    start_seconds: float
    end_seconds: float
    frequency_axis: AxisKind
    frequency_axis_reason: str
    """Reason for the kind of axis, and for its end."""
    lowest_hz: float
    highest_hz: float
    band_width_hz: float
    """Distance between the centres of two bands."""
    noise_bandwidth_hz: float
    """Equivalent noise bandwidth of a band: a level less 10 lg of this is that of the density, unless it is one."""
    bottom_db: float
    """Level of the darkest colour and below; `top_db`: of the brightest and above."""
    top_db: float
    unit: str
    calibration: Calibration | None
    """Calibration of the levels; None: they are re full scale."""
    channels_shown: str
    """Content of each panel: the mean of all channels, or one channel."""
    is_silent: bool
    """True if no band of any channel reaches −140 dBFS."""
    cutoff_hz: float | None
    """Codec's edge in the first channel; marked in the picture only where sound reaches it."""
    cutoff_marked: bool


@dataclass(frozen=True, kw_only=True)
class SpectrogramPicture:
    """Picture of the whole recording, made from the measured spectrogram without decoding.

    Light grey is silence, mid grey missing samples, white where the window reaches beyond the recording.
    """

    name: ClassVar[str] = "audio.spectrogram_picture"
    version: ClassVar[int] = 13
    reads: ClassVar[Reads] = "results"

    spectrogram: Spectrogram = field(default_factory=Spectrogram)
    range_db: float = 80.0
    """Maximum range of the colours, in dB; they end at the 5th and 99.9th percentile of what is shown."""
    frequency_axis: Literal["auto", "linear", "log"] = "auto"
    """`auto`: logarithmic if half of the energy would be in the lowest third of a linear axis."""
    whole_frequencies: bool = False
    """True for an axis up to half the sampling rate, whether or not there is sound."""
    title: bool = True
    """False leaves out the two lines with file, mission, time and credit."""
    words: ReleaseWords | None = None
    """Texts of the release for the title. None: those that the release states, if any."""
    file_name: str = ""
    """Name of the file, for the title. Empty: that of the file in raw."""
    start_utc: str | None = None
    """Moment at which the recording begins, ISO 8601 with an offset; adds an axis in UTC. None: the moment that the
    release or a label gives, or no such axis."""
    start_source: str = ""
    """Source of `start_utc`; written next to the axis."""
    longitude_degrees_east: float | None = None
    """Longitude of the recorder on Mars, planetocentric; with `start_utc`, adds an axis in local mean solar time."""

    def __post_init__(self) -> None:
        require(10 <= self.range_db <= 200, "range_db", self.range_db, "must be from 10 to 200")
        known = self.frequency_axis in ("auto", "linear", "log")
        require(known, "frequency_axis", self.frequency_axis, "must be auto, linear or log")
        if self.start_utc is not None:
            known = start_moment(self.start_utc) is not None
            require(known, "start_utc", self.start_utc, "must be to the minute or finer, with an offset from UTC")
        if self.longitude_degrees_east is not None:
            east = self.longitude_degrees_east
            require(-360 <= east <= 360, "longitude_degrees_east", east, "must be from -360 to 360")
            require(self.start_utc is not None, "longitude_degrees_east", east, "needs start_utc")

    def for_release(self, context: ReleaseContext) -> SpectrogramPicture:
        """Return this processor configured with the release's statements."""
        picture = self
        if self.title:
            words = context.words if context.words != ReleaseWords() else None
            picture = replace(self, words=self.words or words, file_name=self.file_name or context.file_name)
        if self.start_utc is not None or (start := context.recorded_start()) is None:
            return picture
        began, landed = start_moment(start.utc), context.landing_sol_begins
        is_there = began is None or landed is None or began >= landed
        east = context.longitude_degrees_east if is_there else None
        return replace(picture, start_utc=start.utc, start_source=start.named_by, longitude_degrees_east=east)

    def inputs(self) -> tuple[Processor, ...]:
        """Return the spectrogram, and for clocks the metadata: they state the presentation time at `start_utc`."""
        return (self.spectrogram,) if self.start_utc is None else (self.spectrogram, Metadata())

    def items(self, inputs: Inputs[None], scratch: Path) -> Iterator[Item]:
        maker = PictureMaker(self, inputs)
        yield Item(name=PICTURE, media_type="image/png", data=maker.draw().png(), facts=maker.facts())


class PictureMaker:
    def __init__(self, processor: SpectrogramPicture, inputs: Inputs[None]) -> None:
        self._processor = processor
        measured = inputs.results[processor.spectrogram.name]
        overview = measured.path(OVERVIEW)
        self._facts = facts = measured.facts(OVERVIEW, SpectrogramFacts)
        self._calibration = processor.spectrogram.calibration
        record = inputs.results[Metadata.name].path("metadata.json").read_bytes() if processor.start_utc else b"{}"
        self._began_seconds = first_presentation_seconds(json.loads(record))
        self._start = facts.first_frame_seconds
        self._end = self._start + max(facts.sample_count / facts.rate_hz, facts.hop_seconds / 2)
        window = window_of(processor.spectrogram.window, facts.window_samples)
        self._scale = Scale(window=window, rate_hz=facts.rate_hz)
        self._power = np.concatenate([run.power for run in power_frames(overview)], axis=1)
        self._mean = mean_power_of(overview)
        self._column_seconds = facts.hop_seconds * facts.frames_per_overview_column
        self._states = self._column_states()
        self._axis = self._frequency_axis(lowest_band(window))
        self._clocks = self._all_clocks()
        panel_count = len(self._power)
        self._panel_px = PANEL_PX if panel_count == 1 else max(MIN_PANEL_PX, PANEL_PX // panel_count)
        title = TITLE_PX if processor.title else 0
        self._top = TOP_PX + title + CLOCK_PX * (len(self._clocks) - 1) + (NAME_PX if panel_count > 1 else 0)
        self._bottom = self._top + panel_count * self._panel_px + (panel_count - 1) * NAME_PX
        self._height = self._bottom + BOTTOM_PX
        # rows above 0 Hz and its neighbours, which the removal of each window's mean reaches
        self._signal_rows = max(1, round(self._panel_px * (1 - max(0.0, self._axis.share(self._axis.first_hz)))))
        panels = [self._panel(power) for power in self._power]
        gain_db = self._pressure_gain_db()
        self._levels_db = [10 * np.log10(np.maximum(power, FLOOR)) + gain_db for power, _ in panels]
        self._panel_states = [states for _, states in panels]
        signal = slice(self._signal_rows)
        pairs = zip(self._levels_db, self._panel_states, strict=True)
        shown = [db[signal][states[signal] == COLOURS] for db, states in pairs]
        self._bottom_db, self._top_db = level_range(np.concatenate(shown), processor.range_db)
        self._is_silent = not any(one.size for one in shown)
        self._cutoffs = self._all_cutoffs()

    def draw(self) -> Canvas:
        canvas, names = Canvas(WIDTH_PX, self._height), self._names()
        if self._processor.title:
            words = self._processor.words or ReleaseWords()
            told = (self._processor.file_name, words, self._processor.start_utc)
            draw_title(canvas, LEFT_PX, WIDTH_PX - 20, *told, names[0] if len(names) == 1 else "all channels")
        for number, name in enumerate(names):
            top = self._top + number * (self._panel_px + NAME_PX)
            canvas.picture(LEFT_PX, top, self._painted(number))
            if len(names) > 1:
                canvas.words(LEFT_PX, top - 6, name, "ls")
            self._draw_frequency_axis(canvas, top, top + self._panel_px)
        for number, clock in enumerate(self._clocks):
            above = self._top - (NAME_PX if len(names) > 1 else 0) - CLOCK_PX * (number - 1)
            y, span = self._bottom if number == 0 else above, (self._start, self._end)
            draw_time_axis(canvas, clock, span, (LEFT_PX, RIGHT_PX), y, is_below=number == 0)
        self._draw_colour_bar(canvas)
        canvas.words(RIGHT_PX, self._height - 6, "; ".join(self._notes()), "rd")
        return canvas

    def facts(self) -> PictureFacts:
        cutoff = self._cutoffs[0]
        return PictureFacts(
            plot_left_px=LEFT_PX,
            plot_right_px=RIGHT_PX,
            plot_top_px=self._top,
            plot_bottom_px=self._bottom,
            width_px=WIDTH_PX,
            height_px=self._height,
            start_seconds=self._start,
            end_seconds=self._end,
            frequency_axis=self._axis.kind,
            frequency_axis_reason=self._axis.reason,
            lowest_hz=self._axis.lowest_hz,
            highest_hz=self._axis.highest_hz,
            band_width_hz=self._facts.band_width_hz,
            noise_bandwidth_hz=self._facts.noise_bandwidth_hz,
            bottom_db=self._bottom_db,
            top_db=self._top_db,
            unit=self._unit(),
            calibration=self._calibration,
            channels_shown=", ".join(self._names()),
            is_silent=self._is_silent,
            cutoff_hz=cutoff.hz if cutoff else None,
            cutoff_marked=bool(cutoff and self._is_reached(cutoff)),
        )

    def _names(self) -> list[str]:
        if self._facts.channels_mixed > 1:
            return [f"mean power of {self._facts.channels_mixed} channels"]
        return ["mono"] if len(self._power) == 1 else [f"channel {n + 1}" for n in range(len(self._power))]

    def _unit(self) -> str:
        units = PRESSURE_UNIT if self._calibration else UNIT
        return units[self._facts.scaling].format(self._facts.noise_bandwidth_hz)

    def _pressure_gain_db(self) -> np.ndarray:
        """Return the dB that a calibration adds to the levels of each row; 0 without one; shape (height, 1)."""
        edges_hz = self._axis.edges_hz(self._panel_px)
        middles_hz = (edges_hz[1:] + edges_hz[:-1])[::-1] / 2
        if self._calibration is None:
            return np.zeros((self._panel_px, 1))
        per_mean_square = 2.0 if self._facts.scaling == "power" else 1.0
        square_pascals = self._calibration.square_pascals(np.full_like(middles_hz, 1 / per_mean_square), middles_hz)
        return 10 * np.log10(square_pascals / REFERENCE_PASCALS**2)[:, None]

    def _notes(self) -> Iterator[str]:
        states = np.concatenate([one.ravel() for one in self._panel_states])
        if (states == MISSING).any():
            yield "grey: missing samples"
        if (states == SILENT).any() and not self._is_silent:
            yield "light grey: silence"
        yield f"calibrated: {self._calibration.name}" if self._calibration else ZERO[self._facts.scaling]

    def _all_clocks(self) -> list[Clock]:
        processor, clocks = self._processor, [source_clock(self._end)]
        if processor.start_utc is not None:
            began = self._began_seconds
            clocks.append(utc_clock(processor.start_utc, processor.start_source, began))
            if processor.longitude_degrees_east is not None:
                clocks.append(mars_clock(processor.start_utc, processor.longitude_degrees_east, began))
        return clocks

    def _column_states(self) -> np.ndarray:
        """Return a palette number for each column: `MISSING` if half its samples or more are, `WHITE` if its window
        reaches beyond the recording, else `COLOURS`."""
        facts, count, step = self._facts, self._power.shape[1], self._column_seconds
        states = np.full(count, COLOURS, np.uint8)
        numbers = np.arange(count)
        half, hop = facts.window_samples // 2, facts.hop_samples
        is_whole = (numbers * hop >= half) & (numbers * hop <= facts.sample_count - half)
        if facts.frames_per_overview_column == 1 and is_whole.any():
            states[~is_whole] = WHITE
        starts = self._start - facts.hop_seconds / 2 + numbers * step
        states[missing_share(facts.missing_seconds, starts, step) >= 0.5] = MISSING
        return states

    def _frequency_axis(self, first_band: int) -> FrequencyAxis:
        facts, asked = self._facts, self._processor.frequency_axis
        heard = self._power[:, self._states == COLOURS]
        heard = heard if heard.shape[1] else self._power
        loud = np.percentile(heard, 99, axis=1).max(axis=0)
        kind: AxisKind | None = None if asked == "auto" else asked
        return choose_axis(
            loud,
            self._mean.mean(axis=0),
            facts.band_width_hz,
            first_band,
            kind,
            is_whole=self._processor.whole_frequencies,
        )

    def _all_cutoffs(self) -> list[Cutoff | None]:
        facts = self._facts
        frequency_hz = np.arange(facts.band_count) * facts.band_width_hz
        density = self._mean * self._scale.per_mean_square("density") / self._scale.per_mean_square(facts.scaling)
        found = [find_cutoff(frequency_hz, one) for one in density]
        return [None if isinstance(cutoff, str) else cutoff for cutoff in found]

    def _is_reached(self, cutoff: Cutoff) -> bool:
        """Return True if there is sound up to an edge, so that the edge ends the sound."""
        end_hz = self._axis.sound_ends_hz
        return end_hz is not None and 0.9 * cutoff.hz <= end_hz and cutoff.hz <= self._axis.highest_hz

    def _panel(self, power: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return power and palette states of each pixel, shape (height, width), the lowest frequency at the bottom."""
        first = self._start - self._facts.hop_seconds / 2
        left, right = ((seconds - first) / self._column_seconds for seconds in (self._start, self._end))
        width = RIGHT_PX - LEFT_PX
        rows = rows_of(power, self._facts.band_width_hz, self._axis, self._panel_px)
        rows[self._states != COLOURS] = 0  # so that they are in no pixel of their neighbours
        pixels = columns_of(rows, left, right, width).T
        middles = left + (np.arange(width) + 0.5) * (right - left) / width
        states = self._states[np.clip(middles.astype(int), 0, len(self._states) - 1)]
        is_silent = pixels[: self._signal_rows].max(axis=0) < SILENT_POWER
        states = np.where((states == COLOURS) & is_silent, SILENT, states)
        return pixels, np.broadcast_to(states, pixels.shape)

    def _painted(self, number: int) -> np.ndarray:
        """Return palette numbers of one panel."""
        states, cutoff = self._panel_states[number], self._cutoffs[number]
        colours = colour_numbers(self._levels_db[number], self._bottom_db, self._top_db)
        numbers = np.where(states == COLOURS, colours, states).astype(np.uint8)
        if self._is_silent:
            write_across(numbers, "silence: no frequency reaches −140 dBFS")
        if cutoff and self._is_reached(cutoff):
            words = f"cut off at {cutoff.hz / 1000:.1f} kHz (codec or filter, not the source)"
            mark_row(numbers, round(len(numbers) * (1 - self._axis.share(cutoff.hz))), words)
        return numbers

    def _draw_frequency_axis(self, canvas: Canvas, top: int, bottom: int) -> None:
        is_log = self._axis.kind == "log"
        is_kilohertz = not is_log and self._axis.highest_hz >= 2000
        label = "frequency (Hz, log)" if is_log else f"frequency ({'kHz' if is_kilohertz else 'Hz'})"
        canvas.words(24, (top + bottom) / 2, label, "mm", upwards=True)
        room = (bottom - top) / (1.6 * TICK_FONT_PX)
        for hz in self._axis.ticks(room):
            y = bottom - 1 - (bottom - top - 1) * self._axis.share(hz)
            shown = f"{hz / 1000:g}{'k' if is_log else ''}" if is_kilohertz or (is_log and hz >= 1000) else f"{hz:g}"
            if canvas.words(LEFT_PX - 13, y, shown, "rm"):
                canvas.tick(LEFT_PX - 1, y, -1, 0)

    def _draw_colour_bar(self, canvas: Canvas) -> None:
        top, bottom, low, high = self._top, self._bottom, self._bottom_db, self._top_db
        column = np.linspace(COLOURS - 1, 0, bottom - top).round().astype(np.uint8)
        canvas.picture(BAR_LEFT_PX, top, np.repeat(column[:, None], BAR_RIGHT_PX - BAR_LEFT_PX, axis=1))
        for level_db in range(int(np.ceil(low / 10)) * 10, int(high) + 1, 10):
            y = bottom - 1 - (bottom - top - 1) * (level_db - low) / (high - low)
            if canvas.words(BAR_RIGHT_PX + 13, y, f"{level_db}".replace("-", "−"), "lm"):
                canvas.tick(BAR_RIGHT_PX, y, 1, 0)
        canvas.words(1576, (top + bottom) / 2, self._unit(), "mm", upwards=True)
