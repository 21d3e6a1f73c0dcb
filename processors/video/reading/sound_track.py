"""The sound beside the pictures, for a clip of both: a span of presentation time, placed by the sound's own times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import av.audio.codeccontext
import av.audio.frame
import av.audio.stream
import av.container
import numpy as np

from processors.av_frames import samples_of
from processors.decoding import decoder_errors, packets_of
from processors.errors import DamagedMedia

LEAD_SECONDS = 1
"""Decoding starts this much before the span: sound codecs lean on the packets before (Opus on 80 ms)."""


@dataclass(frozen=True, kw_only=True)
class Sound:
    """The sound of one span."""

    samples: np.ndarray
    """float32, shape (samples, channels), full scale −1 to 1; silence where the source has no sound."""
    rate_hz: int
    silent_samples: int
    """How many of them, per channel, the source does not have, or that do not decode."""


class SoundTrack:
    """One sound stream of a file whose pictures are being read, and a decoder of its own.

    Parameters
    ----------
    container : the file; `between` moves its reading position, so ask once the pictures were read.
    twin : the stream in a second opening of the file, for its decoder.
    """

    def __init__(self, container: av.container.InputContainer, twin: av.audio.stream.AudioStream) -> None:
        self._container = container
        self._stream = container.streams[twin.index]
        self._codec = twin.codec_context

    def between(self, start: Fraction, end: Fraction) -> Sound | None:
        """Sound presented from `start` until just before `end` (s); None where nothing of it can be decoded."""
        rate_hz = self._codec.sample_rate
        if not rate_hz:
            return None
        count = round((end - start) * rate_hz)
        filled = np.zeros(count, bool)
        samples: np.ndarray | None = None
        for time, block in self._blocks(start, end):
            if samples is None:
                samples = np.zeros((count, block.shape[0]), np.float32)
            first = round((time - start) * rate_hz)
            from_, until = max(0, first), min(count, first + block.shape[1])
            if until > from_ and block.shape[0] == samples.shape[1]:
                samples[from_:until] = block[:, from_ - first : until - first].T
                filled[from_:until] = True
        if samples is None or not filled.any():
            return None
        return Sound(samples=samples, rate_hz=rate_hz, silent_samples=int(count - filled.sum()))

    def _blocks(self, start: Fraction, end: Fraction) -> Iterator[tuple[Fraction, np.ndarray]]:
        """Decoded blocks with the time of their first sample: float32, shape (channels, samples)."""
        base = self._stream.time_base or Fraction(1, av.time_base)
        self._codec.flush_buffers()
        for packet in self._packets(int((start - LEAD_SECONDS) / base)):
            try:
                with decoder_errors("decoding sound"):
                    frames = list(self._codec.decode(packet))
            except DamagedMedia:
                continue  # told by the count of silent samples
            for frame in frames:
                if frame.pts is None or frame.sample_rate != self._codec.sample_rate:
                    continue
                time = frame.pts * base
                if time >= end:
                    return
                yield time, samples_of(frame)

    def _packets(self, from_pts: int) -> Iterator[av.Packet]:
        """From the last packet before a time on, or from the file's beginning where that cannot be sought."""
        try:
            with decoder_errors("seeking"):
                self._container.seek(from_pts, stream=self._stream)
        except DamagedMedia:
            with decoder_errors("seeking"):
                self._container.seek(0)
        yield from packets_of(self._container, [self._stream])
