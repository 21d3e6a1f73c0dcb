"""Events: impulses, tones with their harmonics, and gusts, detected in spectrogram and envelope."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, overload

import numpy as np

from processors.audio.envelope import ENVELOPE, Envelope, EnvelopeFacts
from processors.audio.events.event_files import (
    EVENTS,
    DetectedEvent,
    as_audacity_labels,
    as_csv,
    confidence,
    events_as_webvtt,
)
from processors.audio.events.gusts import STEP_SECONDS, gusts, wind_bands
from processors.audio.events.impulses import Impulse, impulses, why_no_impulses
from processors.audio.events.tones import (
    LOWEST_BANDS,
    MIN_FRAMES,
    SEGMENT_SECONDS,
    Tracker,
    beside_louder,
    harmonic_series,
    typical_spectrum,
)
from processors.audio.reading.missing_samples import missing_share
from processors.audio.spectrogram.netcdf import power_frames
from processors.audio.spectrogram.spectral_lines import LineFinder
from processors.audio.spectrogram.spectrogram import ARRAY, Spectrogram, SpectrogramFacts
from processors.contract import Inputs, Item, Processor, Reads, require
from processors.tables import Table

IMPULSE_BAND_SHARE = 0.05
"""Share of an impulse's power below its band, and the same share above."""
REFERENCE = (
    "full scale 1.0: the peak of an impulse, the rms of a tone and of a gust; a sine of full scale is −3.01 dBFS rms"
)
SLACK_OF_TONES = 1.5
"""Factor on the requested duration that a tone may need to be listed, since seconds are whole frames."""
MAX_EVENTS = 200
"""Maximum number of events in the facts; the files hold all."""


@dataclass(frozen=True, kw_only=True)
class EventsFacts:
    impulse_count: int
    tone_count: int
    gust_count: int
    reference: str
    """Reference of `level_dbfs`."""
    not_found_because: tuple[str, ...] = ()
    """Reasons why events that the recording may hold are not listed."""
    events: tuple[DetectedEvent, ...]
    """First events, at most 200; all are in events.csv."""


@dataclass(frozen=True, kw_only=True)
class Events:
    """Events with start and end in source time, band, level and confidence."""

    name: ClassVar[str] = "audio.events"
    version: ClassVar[int] = 15
    reads: ClassVar[Reads] = "results"
    tables: ClassVar[tuple[Table, ...]] = (EVENTS,)

    impulse_db: float = 15.0
    """Minimum rise of an impulse above the running median, in dB."""
    tone_db: float = 10.0
    """Minimum rise of a tone above the neighbouring bands, in dB."""
    tone_seconds: float = 3.0
    """Minimum duration of a listed tone, in s."""
    tone_range_db: float = 60.0
    """Maximum dB below a louder tone of its time for a listed tone without harmonics: codecs add such lines."""
    gust_db: float = 6.0
    """Minimum rise of a gust above the recording's median below 100 Hz, in dB."""
    quietest_dbfs: float = -80.0
    """Minimum level of a listed event: lower ones are a single step of 16 bit, or a decoder's residue."""
    spectrogram: Spectrogram = field(default_factory=Spectrogram)
    envelope: Envelope = field(default_factory=Envelope)

    def __post_init__(self) -> None:
        for name in ("impulse_db", "tone_db", "gust_db"):
            value = getattr(self, name)
            require(3 <= value <= 60, name, value, "must be from 3 to 60")
        require(10 <= self.tone_range_db <= 200, "tone_range_db", self.tone_range_db, "must be from 10 to 200")
        require(self.tone_seconds >= SEGMENT_SECONDS, "tone_seconds", self.tone_seconds, "must be at least 1")
        low = -200 <= self.quietest_dbfs < 0
        require(low, "quietest_dbfs", self.quietest_dbfs, "must be from -200 to below 0")
        usable = self.spectrogram.keep == "array" and self.spectrogram.scaling != "density"
        require(usable, "spectrogram", self.spectrogram, "must keep the array, as mean_square or power")

    def inputs(self) -> tuple[Processor, ...]:
        return (self.spectrogram, self.envelope)

    def items(self, inputs: Inputs[None], scratch: Path) -> Iterator[Item]:
        return _Detector(self, inputs).items()


class _Detector:
    """Single pass over the spectrogram, second by second."""

    def __init__(self, processor: Events, inputs: Inputs[None]) -> None:
        self._processor = processor
        spectrogram, envelope = inputs.results[processor.spectrogram.name], inputs.results[processor.envelope.name]
        self._array = spectrogram.path(ARRAY)
        self._envelope = envelope.path(ENVELOPE)
        self._facts = spectrogram.facts(ARRAY, SpectrogramFacts)
        self._envelope_facts = envelope.facts(ENVELOPE, EnvelopeFacts)

    def items(self) -> Iterator[Item]:
        facts, processor = self._facts, self._processor
        no_impulses = why_no_impulses(self._envelope_facts)
        hits = [] if no_impulses else list(impulses(self._envelope, self._envelope_facts, processor.impulse_db))
        tracker, wind = Tracker(facts.band_width_hz), list[tuple[float, bool]]()
        finder = LineFinder(processor.spectrogram.window, facts.window_samples, facts.band_width_hz)
        bands: dict[int, tuple[float, float]] = {}
        for first_frame, power in self._segments():
            is_short = 2 * len(power) < self._segment_frames
            lines = finder.find(typical_spectrum(power), processor.tone_db)
            tracker.add((line for line in lines if line.hz >= self._lowest_tone_hz), is_short=is_short)
            wind += self._wind(first_frame, power)
            bands |= self._bands_of(hits, first_frame, power)
        events = [self._impulse(number, hit, bands) for number, hit in enumerate(hits)]
        events += [*self._tones(tracker), *self._gusts(wind)]
        events = [event for event in events if event.level_dbfs >= processor.quietest_dbfs]
        events.sort(key=lambda event: (event.start_seconds, event.kind, event.lowest_hz))
        kinds = [event.kind for event in events]
        made = EventsFacts(
            impulse_count=kinds.count("impulse"),
            tone_count=kinds.count("tone"),
            gust_count=kinds.count("gust"),
            reference=REFERENCE,
            not_found_because=tuple(
                why for why in (no_impulses, self._why_no_short_tones(), self._why_no_low_tones()) if why
            ),
            events=tuple(events[:MAX_EVENTS]),
        )
        yield Item(name=EVENTS.item, media_type="text/csv", data=as_csv(events), facts=made)
        yield Item(name="events.labels.txt", media_type="text/plain", data=as_audacity_labels(events))
        yield Item(name="events.vtt", media_type="text/vtt", data=events_as_webvtt(events))

    def _why_no_short_tones(self) -> str | None:
        """Return a message if tones are missed because the sound is too short, or the window too long; else None."""
        facts, asked = self._facts, self._processor.tone_seconds
        count = round(asked / SEGMENT_SECONDS)
        shortest = count * self._segment_frames * facts.hop_seconds
        seconds = facts.sample_count / facts.rate_hz
        if shortest <= asked * SLACK_OF_TONES:
            least = shortest - self._segment_frames * facts.hop_seconds / 2
            return None if seconds >= least else f"no tone is listed in {seconds:.3g} s: it must last {asked:.3g} s"
        window = f"a window of {facts.window_samples} samples is {facts.window_samples / facts.rate_hz:.3g} s"
        found = (
            f"only tones of {shortest:.3g} s or more are found"
            if seconds >= shortest
            else (f"no tone is found in {seconds:.3g} s: it takes {shortest:.3g} s")
        )
        return f"{window} at {facts.rate_hz} Hz: {found}"

    @property
    def _lowest_tone_hz(self) -> float:
        """Return the frequency below which no tone is looked for; 0 unless windows are long, and bands narrow."""
        is_long = MIN_FRAMES * self._facts.hop_seconds > SEGMENT_SECONDS
        return LOWEST_BANDS * self._facts.band_width_hz if is_long else 0.0

    def _why_no_low_tones(self) -> str | None:
        if not (lowest_hz := self._lowest_tone_hz):
            return None
        seconds = self._facts.window_samples / self._facts.rate_hz
        return f"no tone is looked for below {lowest_hz:.3g} Hz: with a window of {seconds:.3g} s wind looks like one"

    @property
    def _step_frames(self) -> int:
        """Return the number of frames in a step of the wind's power."""
        return max(1, round(STEP_SECONDS / self._facts.hop_seconds))

    @property
    def _segment_frames(self) -> int:
        """Return the number of frames in a segment: whole steps, one second, or longer where windows are long."""
        steps = max(round(SEGMENT_SECONDS / STEP_SECONDS), math.ceil(MIN_FRAMES / self._step_frames))
        return steps * self._step_frames

    def _segments(self) -> Iterator[tuple[int, np.ndarray]]:
        """Yield first frame and power of each segment, re a sine of full scale, (frames, bands), mean of channels."""
        count, first = self._segment_frames, 0
        per_sine = np.ones(self._facts.band_count, np.float32)
        per_sine[1:-1] = 2 if self._facts.scaling == "mean_square" else 1
        waiting = np.zeros((0, self._facts.band_count), np.float32)
        for run in power_frames(self._array):
            power = run.power[0] if len(run.power) == 1 else run.power.mean(axis=0)
            waiting = np.concatenate([waiting, power * per_sine])
            while len(waiting) >= count:
                yield first, waiting[:count]
                first, waiting = first + count, waiting[count:]
        if len(waiting):
            yield first, waiting

    def _wind(self, first_frame: int, power: np.ndarray) -> Iterator[tuple[float, bool]]:
        """Yield the wind's power in each step: the median of complete frames, since the edge of a tone, or of missing
        samples, is in all bands for a window's length; NaN without such frames, and whether samples are missing."""
        facts = self._facts
        half, hop = facts.window_samples // 2, facts.hop_samples
        whole = range(-(-half // hop), (facts.sample_count - half) // hop + 1)
        numbers = np.arange(first_frame, first_frame + len(power))
        window_seconds = facts.window_samples / facts.rate_hz
        starts = self._seconds(numbers) - window_seconds / 2
        is_missing = missing_share(facts.missing_seconds, starts, window_seconds) > 0
        is_whole = ~is_missing & (numbers >= whole.start) & (numbers < whole.stop)
        low = power[:, wind_bands(facts.band_width_hz)].sum(axis=1, dtype=np.float64)
        step = self._step_frames
        for start in range(0, len(low), step):
            frames, inside = low[start : start + step], is_whole[start : start + step]
            if 2 * len(frames) < step:
                continue
            if inside.any():
                yield float(np.median(frames[inside])), False
            else:
                yield np.nan, bool(is_missing[start : start + step].any())

    @overload
    def _seconds(self, frame: float) -> float: ...
    @overload
    def _seconds(self, frame: np.ndarray) -> np.ndarray: ...
    def _seconds(self, frame: float | np.ndarray) -> float | np.ndarray:
        return self._facts.first_frame_seconds + frame * self._facts.hop_seconds

    @property
    def _end_seconds(self) -> float:
        return self._facts.first_frame_seconds + self._facts.sample_count / self._facts.rate_hz

    def _bands_of(self, hits: list[Impulse], first_frame: int, power: np.ndarray) -> dict[int, tuple[float, float]]:
        """Return the band of every impulse that begins in this segment: that of most of its additional power."""
        found = {}
        start, end = self._seconds(first_frame), self._seconds(first_frame + len(power))
        usual = None
        for number, hit in enumerate(hits):
            if not start <= hit.start_seconds < end:
                continue
            usual = np.median(power, axis=0) if usual is None else usual
            frame = int((hit.start_seconds - start) / self._facts.hop_seconds)
            added = np.maximum(power[frame : frame + 4].max(axis=0) - 2 * usual, 0)
            share = np.cumsum(added, dtype=np.float64)
            if share[-1] > 0:
                low, high = np.searchsorted(share, share[-1] * np.array([IMPULSE_BAND_SHARE, 1 - IMPULSE_BAND_SHARE]))
                width = self._facts.band_width_hz
                found[number] = (max(0.0, (low - 0.5) * width), min((high + 0.5) * width, self._facts.rate_hz / 2))
        return found

    def _impulse(self, number: int, hit: Impulse, bands: dict[int, tuple[float, float]]) -> DetectedEvent:
        low, high = bands.get(number, (0.0, self._facts.rate_hz / 2))
        return DetectedEvent(
            kind="impulse",
            start_seconds=hit.start_seconds,
            end_seconds=hit.end_seconds,
            lowest_hz=low,
            highest_hz=high,
            level_dbfs=20 * float(np.log10(max(hit.peak, 1e-10))),
            confidence=confidence(hit.excess_db, self._processor.impulse_db),
            excess_db=hit.excess_db,
        )

    def _tones(self, tracker: Tracker) -> Iterator[DetectedEvent]:
        band_hz, count = self._facts.band_width_hz, self._segment_frames
        every = tracker.tracks(round(self._processor.tone_seconds / SEGMENT_SECONDS))
        for fundamental_hz, members in harmonic_series(every, band_hz):
            tracks = list(members.values())
            if len(tracks) == 1 and beside_louder(tracks[0], every, self._processor.tone_range_db):
                continue
            strongest = max(tracks, key=lambda track: track.power)
            last = max(track.last_segment for track in tracks) + 1
            yield DetectedEvent(
                kind="tone",
                start_seconds=self._seconds(min(track.first_segment for track in tracks) * count),
                end_seconds=min(self._seconds(last * count), self._end_seconds),
                lowest_hz=min(track.hz for track in tracks) - band_hz / 2,
                highest_hz=max(track.hz for track in tracks) + band_hz / 2,
                level_dbfs=10 * float(np.log10(strongest.power / 2)),
                confidence=confidence(strongest.excess_db, self._processor.tone_db),
                excess_db=strongest.excess_db,
                fundamental_hz=fundamental_hz,
                harmonic_numbers=tuple(sorted(members)),
            )

    def _gusts(self, wind: list[tuple[float, bool]]) -> Iterator[DetectedEvent]:
        band_hz = self._facts.band_width_hz
        bands, step = wind_bands(band_hz), self._step_frames
        noise_bands = self._facts.noise_bandwidth_hz / band_hz
        power, is_missing = np.array([one for one, _ in wind]), np.array([lost for _, lost in wind], bool)
        for gust in gusts(power, is_missing, self._processor.gust_db):
            yield DetectedEvent(
                kind="gust",
                start_seconds=self._seconds(gust.first_step * step),
                end_seconds=min(self._seconds(gust.end_step * step), self._end_seconds),
                lowest_hz=band_hz / 2,
                highest_hz=min((bands.stop - 0.5) * band_hz, self._facts.rate_hz / 2),
                level_dbfs=10 * float(np.log10(gust.power / 2 / noise_bands)),
                confidence=confidence(gust.excess_db, self._processor.gust_db),
                excess_db=gust.excess_db,
            )
