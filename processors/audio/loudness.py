"""Loudness after EBU R128 (ITU-R BS.1770-5, EBU Tech 3341 and 3342), measured by FFmpeg's `ebur128`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import av
import av.error
import av.filter
import numpy as np

from processors.decoding import decoder_errors

LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
"""Which loudspeakers are meant where only the number of channels is known; more have no weights in the standard."""
LOWEST_LUFS = -70.0
"""The standard's absolute gate; nothing below it counts."""
LEAST_SECONDS = 0.4
"""The standard's block: what is shorter has no loudness."""


@dataclass(frozen=True, kw_only=True)
class Loudness:
    """Of a whole recording. None where everything is shorter than 0.4 s or below the gate of −70 LUFS."""

    integrated_lufs: float | None
    range_lu: float | None
    highest_momentary_lufs: float | None
    """Of windows 100 ms apart: of a lone sound of 400 ms it may miss up to 0.6 LU."""
    highest_short_term_lufs: float | None
    reason: str | None
    """Why there is no value."""


@dataclass(frozen=True, kw_only=True)
class Moment:
    """Every 100 ms."""

    end_seconds: float
    """From the first sample to the end of the windows."""
    momentary_lufs: float | None
    """The last 400 ms."""
    short_term_lufs: float | None
    """The last 3 s."""


class LoudnessMeter:
    """Feed it runs of equal length; memory holds one number pair for each 100 ms."""

    def __init__(self, rate_hz: int, channel_count: int) -> None:
        self._rate_hz, self._samples = rate_hz, 0
        self._layout = LAYOUTS.get(channel_count)
        self._metadata: dict[str, str] = {}
        self.moments: list[Moment] = []
        if self._layout:
            self._graph = av.filter.Graph()
            source = self._graph.add(
                "abuffer", sample_rate=str(rate_hz), sample_fmt="fltp", channel_layout=self._layout,
                time_base=f"1/{rate_hz}",
            )  # fmt: skip
            meter, sink = self._graph.add("ebur128", "metadata=1"), self._graph.add("abuffersink")
            source.link_to(meter)
            meter.link_to(sink)
            self._graph.configure()

    def add(self, samples: np.ndarray) -> None:
        """Take float32, shape (channels, samples), finite."""
        if not self._layout:
            return
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=self._layout)
        frame.sample_rate, frame.pts = self._rate_hz, self._samples
        self._samples += samples.shape[1]
        with decoder_errors("measuring loudness"):
            self._graph.push(frame)
            self._moments_ready()

    def finish(self) -> Loudness:
        if not self._layout:
            return _none("the standard knows no weights for more than 8 channels")
        with decoder_errors("measuring loudness"):
            self._graph.push(None)
            self._moments_ready()
        if self._samples < LEAST_SECONDS * self._rate_hz:
            return _none("shorter than 0.4 s")
        integrated = self._value("I")
        if integrated is None or integrated <= LOWEST_LUFS:
            return _none("nothing rises above −70 LUFS")
        return Loudness(
            integrated_lufs=integrated,
            range_lu=self._value("LRA"),
            highest_momentary_lufs=max((m.momentary_lufs for m in self.moments if m.momentary_lufs), default=None),
            highest_short_term_lufs=max((m.short_term_lufs for m in self.moments if m.short_term_lufs), default=None),
            reason=None,
        )

    def _moments_ready(self) -> None:
        for metadata in self._measured():
            self._metadata = metadata
            end = 0.1 * (len(self.moments) + 1)
            momentary, short_term = self._value("M"), self._value("S")
            self.moments.append(
                Moment(
                    end_seconds=round(end, 1),
                    momentary_lufs=momentary if momentary and end > LEAST_SECONDS - 0.05 else None,
                    short_term_lufs=short_term if short_term and end > 2.95 else None,
                )
            )

    def _measured(self) -> Iterator[dict[str, str]]:
        while True:
            try:
                frame = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            metadata = dict(frame.metadata)
            if "lavfi.r128.M" in metadata:
                yield metadata

    def _value(self, name: str) -> float | None:
        """A measured value; None below −120, which stands for silence."""
        value = float(self._metadata.get(f"lavfi.r128.{name}", "nan"))
        return value if np.isfinite(value) and value > -120 else None


def _none(reason: str) -> Loudness:
    return Loudness(
        integrated_lufs=None, range_lu=None, highest_momentary_lufs=None, highest_short_term_lufs=None, reason=reason
    )
