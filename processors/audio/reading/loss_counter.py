"""Counting of decoded samples, and the report of missing ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np

from processors.audio.reading.audio_info import AudioInfo, AudioReport, Damaged, JoinedRecording
from processors.audio.reading.block import AudioBlock
from processors.errors import DamagedMedia

MAX_DAMAGED = 1000
GAP_BLOCK_SAMPLES = 1 << 16
SAME_PLACE_SECONDS = 0.05
PADDING_SECONDS = 0.25
"""Tolerance for encoder delay and padding in a container's length; larger losses are reported."""


@dataclass(frozen=True, kw_only=True)
class Promise:
    """Expectations about the end of audio before reading."""

    is_exact: bool = False
    """True if the declared length is that of the audio itself, without encoder delay and padding."""
    has_times: bool = True
    """True if packets have timestamps; otherwise audio after damage is early by the missing amount."""
    places_losses: bool = False
    """True if every loss has a known place; otherwise it is reported at the end."""
    reads_on: bool = True
    """True if the decoder continues after damage; otherwise later losses do not show truncation."""
    cut_off_because: str | None = None
    """Reason why the container itself shows that its end is missing."""
    unread_because: str | None = None
    doubted_because: str | None = None
    """Reason why the header shows that the sound may be wrong although it decodes."""
    second_count: int | None = None
    """Samples per channel that another library reads from the headers."""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """Missing part of the end."""

    damaged: tuple[Damaged, ...] = ()
    truncated_because: str | None = None
    replaces_all: bool = False
    """True if its single place represents all others, which cannot be distinguished."""


class LossCounter:
    """Counter of decoded and missing samples."""

    def __init__(
        self, info: AudioInfo, promise: Promise | None = None, *, zero: Fraction = Fraction(0), primed_samples: int = 0
    ) -> None:
        self._info, self._zero, self._promise = info, zero, promise or Promise()
        self._primed_samples = primed_samples
        """Samples of the declared length that the decoder drops before its first output."""
        self.samples = self.non_finite = self.errors = 0
        self.reached_samples = 0
        """End of the packets read, decoded or not, counted from the first sample."""
        self.cut_off_because = self._promise.cut_off_because
        self.unread_because = self._promise.unread_because
        self.second_count = self._promise.second_count
        self.doubted_because = self._promise.doubted_because
        self.first_error: str | None = None
        self.damaged: list[Damaged] = []
        self.end_padding = 0
        self.missing = 0
        """Samples per channel replaced by NaN."""
        self._missing_at_end: int | None = None
        self._time_gaps: list[Damaged] = []
        self._joined: list[JoinedRecording] = []
        self._samples_in_time_gaps = 0

    def block(self, samples: np.ndarray, *, is_rounded: bool = False) -> AudioBlock:
        ordered = np.ascontiguousarray(samples, dtype=np.float32)
        block = AudioBlock(samples=ordered, first_sample=self.samples, is_rounded=is_rounded)
        self.samples += samples.shape[1]
        self.non_finite += block.non_finite_count
        return block

    def gap(self, sample_count: int) -> Iterator[AudioBlock]:
        """Yield NaN in place of missing samples, so that later ones keep their time."""
        start = self._info.start + Fraction(self.samples, self._info.rate_hz)
        end = start + Fraction(sample_count, self._info.rate_hz)
        # it includes the packets that did not decode
        while self.damaged and self.damaged[-1].start_seconds >= start - SAME_PLACE_SECONDS:
            self.damaged.pop()
        if len(self.damaged) < MAX_DAMAGED:
            self.damaged.append(Damaged(start_seconds=float(start), end_seconds=float(end)))
        yield from self._nothing(sample_count)

    def _nothing(self, sample_count: int) -> Iterator[AudioBlock]:
        self.missing += sample_count
        while sample_count:
            count = min(sample_count, GAP_BLOCK_SAMPLES)
            missing = np.full((self._info.channel_count, count), np.nan, np.float32)
            yield AudioBlock(samples=missing, first_sample=self.samples)
            self.samples, sample_count = self.samples + count, sample_count - count

    def gap_in_times(self, sample_count: int) -> Iterator[AudioBlock]:
        """Yield NaN where the times jump although nothing is lost, so that later samples have the container's times."""
        start = self._info.start + Fraction(self.samples, self._info.rate_hz)
        end = start + Fraction(sample_count, self._info.rate_hz)
        if len(self._time_gaps) < MAX_DAMAGED:
            self._time_gaps.append(Damaged(start_seconds=float(start), end_seconds=float(end)))
        self._samples_in_time_gaps += sample_count
        yield from self._nothing(sample_count)

    def error(self, error: DamagedMedia, packet: av.Packet | None = None) -> None:
        self.errors += 1
        if packet is not None and packet.pts is not None and len(self.damaged) < MAX_DAMAGED:
            base = packet.time_base or Fraction(1, self._info.rate_hz)
            start = packet.pts * base - self._zero
            end = float(start + packet.duration * base) if packet.duration else None
            self.damaged.append(Damaged(start_seconds=float(start), end_seconds=end))
            if packet.duration:
                reached = (packet.pts + packet.duration) * base - self._zero - self._info.start
                self.reached_samples = max(self.reached_samples, round(reached * self._info.rate_hz))
        self.first_error = self.first_error or error.what

    def join(self, codec: str) -> None:
        """Record that another recording begins with the next sample."""
        if len(self._joined) < MAX_DAMAGED:
            start = self._info.start + Fraction(self.samples, self._info.rate_hz)
            self._joined.append(JoinedRecording(start_seconds=float(start), codec=codec))

    def cut_off(self, why: str, missing_samples: int | None = None) -> None:
        """Record that the end is missing, with its number of samples if known."""
        self.cut_off_because, self._missing_at_end = why, missing_samples

    def more_than_declared(self, padding_samples: int | None = None) -> str | None:
        """Return a sentence if the file holds more samples than an exact header declares, else None.

        `padding_samples`: how many more an encoder may add, if the header is not exact; None: it must be exact.
        """
        declared = self._info.sample_count_from_header
        is_known = self._promise.is_exact or padding_samples is not None
        if not is_known or not declared or self.samples <= declared + (padding_samples or 0):
            return None
        return f"the header declares {declared} samples, {self.samples} are present"

    def report(self) -> AudioReport:
        if self.samples == self.missing:
            raise without_a_sample(self.first_error)
        ending = self._ending()
        return AudioReport(
            stream_index=self._info.stream_index,
            other_streams=self._info.other_streams,
            sample_count_from_header=self._info.sample_count_from_header,
            sample_count_decoded=self.samples - self.missing,
            missing_sample_count=self.missing - self._samples_in_time_gaps + (self._missing_at_end or 0),
            time_gaps=tuple(self._time_gaps),
            joined=tuple(self._joined),
            end_padding_sample_count=self.end_padding,
            non_finite_sample_count=self.non_finite,
            decoder_errors=self.errors,
            first_error=self.first_error,
            sample_count_from_second_reader=self.second_count,
            damaged=ending.damaged if ending.replaces_all else (*self.damaged, *ending.damaged),
            truncated_because=ending.truncated_because,
            unread_because=self.unread_because,
            doubted_because=self.doubted_because,
        )

    def _ending(self) -> Ending:
        """Return the missing part of the end, from the header, the container, or the packets."""
        declared, promise = self._info.sample_count_from_header, self._promise
        reached = max(self.samples, self.reached_samples)
        lost_places = bool(self.damaged) and not promise.has_times
        is_exact = promise.is_exact or lost_places
        slack = 0 if is_exact else round(PADDING_SECONDS * self._info.rate_hz)
        falls_short = declared is not None and declared > reached + self._primed_samples + slack
        if self.cut_off_because:
            until = declared if falls_short else reached + self._missing_at_end if self._missing_at_end else None
            return Ending(damaged=(self._span(reached, until),), truncated_because=self.cut_off_because)
        if not falls_short:  # undecoded samples may still have an unknown place
            is_behind = bool(declared and self.samples >= declared and self.unread_because)  # an error in what follows
            unplaced = self.errors > 0 and not self.damaged and not promise.places_losses and not is_behind
            return Ending(damaged=(self._span(reached, None),)) if unplaced else Ending()
        assert declared is not None
        if lost_places:
            first = self.damaged[0].start_seconds
            return Ending(
                damaged=(Damaged(start_seconds=first, end_seconds=None),),
                replaces_all=True,
                truncated_because=f"{declared - self.samples} samples are missing at {first:.3f} s or behind it;"
                " packets of this format do not say when they are, so that what follows is early by as much",
            )
        words = f"the header declares {declared} samples, {self.samples - self.missing} are present"
        blind = self.errors > 0 and not promise.reads_on
        return Ending(damaged=(self._span(reached, declared),), truncated_because=None if blind else words)

    def _span(self, first_sample: int, end_sample: int | None) -> Damaged:
        start, rate_hz = float(self._info.start), self._info.rate_hz
        end = None if end_sample is None else start + end_sample / rate_hz
        return Damaged(start_seconds=start + first_sample / rate_hz, end_seconds=end)


EMPTY = "take it out of the release, unless another copy has sound"
"""What to do about a file without samples."""


def without_a_sample(first_error: str | None = None) -> DamagedMedia:
    """Return the error for a file without a decodable sample; an empty one may be complete, its copies no better."""
    if first_error is None:
        return DamagedMedia("not one sample decodes (the file holds none)", EMPTY)
    return DamagedMedia(f"not one sample decodes ({first_error})")
