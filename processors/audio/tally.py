"""Counts the samples that a reader lets through and the places where some are missing."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av.packet
import numpy as np

from processors.audio.block import AudioBlock
from processors.audio.info import AudioInfo, AudioReport, Damaged
from processors.errors import DamagedMedia

MOST_DAMAGED = 1000
GAP_BLOCK_SAMPLES = 1 << 16
SAME_PLACE_SECONDS = 0.05
PADDING_SECONDS = 0.25
"""A container's length may hold an encoder's delay and padding; what is missing beyond this is told."""


class Tally:
    """Counts what a reader lets through."""

    def __init__(self, info: AudioInfo, *, zero: Fraction = Fraction(0)) -> None:
        self._info, self._zero = info, zero
        self.samples = self.non_finite = self.errors = 0
        self.reached_samples = 0
        """Where the packets end that were read, decoded or not, counted from the first sample."""
        self.has_its_end = True
        self.has_times = True
        """Says each packet when it is? Else what is behind damage is early by what is missing there."""
        self.cut_off_because: str | None = None
        self.unread_because: str | None = None
        self.first_error: str | None = None
        self.second_count: int | None = None
        self.damaged: list[Damaged] = []
        self.length_is_estimated = False
        self.end_padding = 0
        self.missing = 0
        """Samples per channel in whose place NaN was given."""

    def block(self, samples: np.ndarray) -> AudioBlock:
        block = AudioBlock(samples=np.ascontiguousarray(samples, dtype=np.float32), first_sample=self.samples)
        self.samples += samples.shape[1]
        self.non_finite += block.non_finite_count
        return block

    def gap(self, sample_count: int) -> Iterator[AudioBlock]:
        """NaN in place of samples that are not there, so that what follows keeps its time."""
        start = self._info.start + Fraction(self.samples, self._info.rate_hz)
        end = start + Fraction(sample_count, self._info.rate_hz)
        # the packets that did not decode are inside
        while self.damaged and self.damaged[-1].start_seconds >= start - SAME_PLACE_SECONDS:
            self.damaged.pop()
        if len(self.damaged) < MOST_DAMAGED:
            self.damaged.append(Damaged(start_seconds=float(start), end_seconds=float(end)))
        self.missing += sample_count
        while sample_count:
            count = min(sample_count, GAP_BLOCK_SAMPLES)
            missing = np.full((self._info.channel_count, count), np.nan, np.float32)
            yield AudioBlock(samples=missing, first_sample=self.samples)
            self.samples, sample_count = self.samples + count, sample_count - count

    def error(self, error: DamagedMedia, packet: av.packet.Packet | None = None) -> None:
        self.errors += 1
        if packet is not None and packet.pts is not None and len(self.damaged) < MOST_DAMAGED:
            base = packet.time_base or Fraction(1, self._info.rate_hz)
            start = packet.pts * base - self._zero
            end = float(start + packet.duration * base) if packet.duration else None
            self.damaged.append(Damaged(start_seconds=float(start), end_seconds=end))
            if packet.duration:
                reached = (packet.pts + packet.duration) * base - self._zero - self._info.start
                self.reached_samples = max(self.reached_samples, round(reached * self._info.rate_hz))
        self.first_error = self.first_error or error.what

    def report(self) -> AudioReport:
        if self.samples == self.missing:
            raise DamagedMedia(f"not one sample decodes ({self.first_error or 'the file holds none'})")
        return AudioReport(
            sample_count_from_header=self._info.sample_count_from_header,
            sample_count_decoded=self.samples - self.missing,
            missing_sample_count=self.missing,
            end_padding_sample_count=self.end_padding,
            non_finite_sample_count=self.non_finite,
            decoder_errors=self.errors,
            first_error=self.first_error,
            sample_count_from_second_reader=self.second_count,
            damaged=self._all_damaged(),
            truncated_because=self._truncated_because(),
            unread_because=self.unread_because,
        )

    def _all_damaged(self) -> tuple[Damaged, ...]:
        end = self._missing_end()
        if end and self.damaged and not self.has_times:  # it is not the end that is missing
            return (Damaged(start_seconds=self.damaged[0].start_seconds, end_seconds=None),)
        return (*self.damaged, *end)

    def _missing_end(self) -> list[Damaged]:
        """The end that the header promises, or that is not marked as one, and that the file does not hold."""
        declared, info = self._info.sample_count_from_header, self._info
        reached = max(self.samples, self.reached_samples)
        start = float(info.start) + reached / info.rate_hz
        if not self.has_its_end:
            return [Damaged(start_seconds=start, end_seconds=None)]
        if self.errors and not self.damaged and (declared is None or declared <= reached):
            return [Damaged(start_seconds=start, end_seconds=None)]  # whatever did not decode, its place is not known
        is_exact = info.decoder == "libsndfile" or (self.damaged and not self.has_times)
        slack = 0 if is_exact else round(PADDING_SECONDS * info.rate_hz)
        if declared is None or self.length_is_estimated or declared <= reached + slack:
            return [Damaged(start_seconds=start, end_seconds=None)] if self.cut_off_because else []
        return [Damaged(start_seconds=start, end_seconds=float(info.start) + declared / info.rate_hz)]

    def _truncated_because(self) -> str | None:
        if not self.has_its_end or self.cut_off_because:
            return self.cut_off_because or "no page is marked as the last"
        if not self._missing_end() or (self._info.decoder == "libsndfile" and self.errors):
            return None  # behind damage libsndfile reads no further, whatever is there
        if self.damaged and not self.has_times:
            missing = (self._info.sample_count_from_header or 0) - self.samples
            return (
                f"{missing} samples are missing at {self.damaged[0].start_seconds:.3f} s or behind it; packets of this"
                " format do not say when they are, so that what follows is early by as much"
            )
        declared, there = self._info.sample_count_from_header, self.samples - self.missing
        return f"the header declares {declared} samples, {there} are there"
