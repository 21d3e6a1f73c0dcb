"""Loudness after EBU R128 (ITU-R BS.1770-5, EBU Tech 3341 and 3342), measured by FFmpeg's `ebur128`."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass

import numpy as np

from processors.audio.av_frames import audio_frame
from processors.audio.reading.audio_info import AudioInfo
from processors.audio.reading.loudspeakers import layout_of
from processors.audio.renditions.filter_chain import graph_of, pulled
from processors.decoding.open_media import decoder_errors

LOWEST_LUFS = -70.0
"""Absolute gate of the standard; nothing below it counts."""
FILTER_RATE_HZ = 48_000
"""Rate for which the standard gives its filter."""
MIN_FILTER_RATE_HZ = 44_100
"""Minimum rate without resampling to `FILTER_RATE_HZ`: FFmpeg's filter is 0.1 dB off at 22 kHz, 0.5 dB at 8 kHz, and
unstable if its shelf at 1682 Hz is above half the rate."""
MIN_RATE_HZ = 200
"""Minimum rate: below it nothing above 100 Hz is recorded, and loudness is not defined."""
MIN_SECONDS = 0.4
"""Minimum duration, in s: the standard's block; shorter audio has no loudness."""
SHORT_TERM_SECONDS = 3.0
HIGHEST_OF_HISTOGRAM_LUFS = 10.0
HELD_DB = 140.0
"""Dynamic range of FFmpeg's running sums, in dB: a value further below an earlier maximum is rounding noise."""
RELATIVE_GATE_LU = 10.0
"""Gate, in LU below the mean of all blocks that pass the absolute gate (ITU-R BS.1770-5, Annex 1)."""
RANGE_GATE_LU = 20.0
"""Gate of the range, in LU below the mean of all short-term loudness that passes the absolute gate."""


@dataclass(frozen=True, kw_only=True)
class Loudness:
    """Loudness of a whole recording. None: see `reason`."""

    integrated_lufs: float | None
    range_lu: float | None
    """Range; None under 3 s, in which no window fits; the standard advises against it under a minute."""
    highest_momentary_lufs: float | None
    """Maximum over windows 100 ms apart: for a lone sound of 400 ms it may be up to 0.6 LU too low."""
    highest_short_term_lufs: float | None
    reason: str | None
    """Reason why there is no value."""
    loudspeakers: tuple[str, ...] = ()
    """Loudspeaker for which each channel was weighted, in FFmpeg's order: the low-frequency one (LFE) does not count,
    those at the sides and behind count 1.5 dB more. Empty: there is no value."""
    are_loudspeakers_assumed: bool = False
    """True if the file does not state them, so that they are those usual for the number of channels."""


class LoudnessMeter:
    """Meter fed with runs of equal length; memory holds one pair of numbers for each 100 ms."""

    def __init__(self, info: AudioInfo) -> None:
        self._rate_hz, self._samples = info.rate_hz, 0
        self._layout = layout_of(info) if info.rate_hz >= MIN_RATE_HZ else None
        self._metadata: dict[str, str] = {}
        self._overflows = False
        self._highest_lufs = LOWEST_LUFS
        self.momentary_lufs = array("f")
        """Loudness of the 400 ms before each 100 ms, counted from the first sample; NaN if undefined."""
        self.short_term_lufs = array("f")
        """Loudness of the 3 s before each 100 ms."""
        if self._layout:
            resampled = (f"aresample={FILTER_RATE_HZ}",) if info.rate_hz < MIN_FILTER_RATE_HZ else ()
            filters, name = (*resampled, "ebur128=metadata=1"), self._layout.name
            self._graph = graph_of(filters, rate_hz=info.rate_hz, layout=name)

    def add(self, samples: np.ndarray) -> None:
        """Add samples: float32, shape (channels, samples), finite."""
        if not self._layout:
            return
        name, arranged = self._layout.name, self._layout.arranged(samples)
        frame = audio_frame(arranged, rate_hz=self._rate_hz, layout=name, first_sample=self._samples)
        self._samples += samples.shape[1]
        with decoder_errors("measuring loudness"):
            self._graph.push(frame)
            self._moments_ready()

    def finish(self) -> Loudness:
        if self._rate_hz < MIN_RATE_HZ:
            return _none(
                f"loudness is not defined for a recording at {self._rate_hz} Hz: it needs {MIN_RATE_HZ} Hz or more"
            )
        if not self._layout:
            return _none("the standard knows no weights for more than 8 channels")
        with decoder_errors("measuring loudness"):
            self._graph.push(None)
            self._moments_ready()
        if self._samples < MIN_SECONDS * self._rate_hz:
            return _none("shorter than 0.4 s")
        if self._overflows:
            return _none("the samples reach so far beyond full scale that the filter's numbers overflow")
        integrated = self._integrated()
        if integrated is None or integrated <= LOWEST_LUFS:
            return _none("nothing rises above −70 LUFS")
        return Loudness(
            integrated_lufs=integrated,
            range_lu=loudness_range(np.asarray(self.short_term_lufs)),
            highest_momentary_lufs=_highest(self.momentary_lufs),
            highest_short_term_lufs=_highest(self.short_term_lufs),
            reason="shorter than 3 s: no short-term loudness, so no range"
            if _highest(self.short_term_lufs) is None
            else None,
            loudspeakers=self._layout.loudspeakers,
            are_loudspeakers_assumed=self._layout.is_assumed,
        )

    def _integrated(self) -> float | None:
        """Return FFmpeg's integrated loudness, or compute it if a block exceeds FFmpeg's histogram (+10 LUFS)."""
        momentary = np.asarray(self.momentary_lufs, np.float64)
        if not (momentary > HIGHEST_OF_HISTOGRAM_LUFS).any():
            return self._value("I")
        heard = momentary[momentary > LOWEST_LUFS]
        gate_lufs = 10 * np.log10(np.mean(10 ** (heard / 10))) - RELATIVE_GATE_LU
        return round(float(10 * np.log10(np.mean(10 ** (heard[heard > gate_lufs] / 10)))), 3)

    def _moments_ready(self) -> None:
        for frame in pulled(self._graph):
            metadata = dict(frame.metadata)
            if "lavfi.r128.M" not in metadata:
                continue
            self._metadata = metadata
            self._overflows |= metadata["lavfi.r128.M"].strip() == "inf"
            end_seconds = 0.1 * (len(self.momentary_lufs) + 1)
            for values, name, window_seconds in (
                (self.momentary_lufs, "M", MIN_SECONDS),
                (self.short_term_lufs, "S", SHORT_TERM_SECONDS),
            ):
                value = self._value(name) if end_seconds > window_seconds - 0.05 else None
                self._highest_lufs = max(self._highest_lufs, value or LOWEST_LUFS)
                if value is not None and value < self._highest_lufs - HELD_DB:
                    value = None
                values.append(math.nan if value is None else value)

    def _value(self, name: str) -> float | None:
        """Return a measured value; None below −120, which means silence."""
        value = float(self._metadata.get(f"lavfi.r128.{name}", "nan"))
        return value if np.isfinite(value) and value > -120 else None


def loudness_range(short_term_lufs: np.ndarray) -> float | None:
    """Return the LU between the 10th and 95th percentile of values that pass both gates (EBU Tech 3342:2023, 3.2).

    FFmpeg's own figure is 20 for any sound of 3 s.

    Parameters
    ----------
    short_term_lufs : NaN if undefined.
    """
    short_term_lufs = np.asarray(short_term_lufs, np.float64)
    heard = short_term_lufs[short_term_lufs > LOWEST_LUFS]
    if not heard.size:
        return None
    gate_lufs = 10 * np.log10(np.mean(10 ** (heard / 10))) - RANGE_GATE_LU
    low, high = np.percentile(heard[heard > gate_lufs], (10, 95), method="nearest")
    return round(float(high - low), 3)


def _highest(values: array[float]) -> float | None:
    return max((round(value, 3) for value in values if not math.isnan(value)), default=None)


def _none(reason: str) -> Loudness:
    return Loudness(
        integrated_lufs=None, range_lu=None, highest_momentary_lufs=None, highest_short_term_lufs=None, reason=reason
    )
