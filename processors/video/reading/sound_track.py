"""Audio for clips of video: samples of a span of presentation time, placed by the audio's own timestamps."""

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
"""Lead-in of decoding before the span: audio codecs depend on earlier packets (Opus on 80 ms)."""


@dataclass(frozen=True, kw_only=True)
class Sound:
    """Audio of one span."""

    samples: np.ndarray
    """float32, shape (samples, channels), full scale −1 to 1; silence where the source has no audio."""
    rate_hz: int
    silent_samples: int
    """Samples per channel that are missing from the source or cannot be decoded."""


class SoundTrack:
    """An audio stream with its own decoder, in a file whose pictures are being read.

    Parameters
    ----------
    container : the file; `between` moves its reading position, so call it after reading the pictures.
    twin : the same stream in a second opening of the file, for its decoder.
    """

    def __init__(self, container: av.container.InputContainer, twin: av.audio.stream.AudioStream) -> None:
        self._container = container
        self._stream = container.streams[twin.index]
        self._codec = twin.codec_context

    def between(self, start: Fraction, end: Fraction) -> Sound | None:
        """Return the audio from `start` until just before `end` (s); None if nothing can be decoded."""
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
        """Yield decoded blocks with the time of their first sample: float32, shape (channels, samples)."""
        base = self._stream.time_base or Fraction(1, av.time_base)
        self._codec.flush_buffers()
        for packet in self._packets(int((start - LEAD_SECONDS) / base)):
            try:
                with decoder_errors("decoding sound"):
                    frames = list(self._codec.decode(packet))
            except DamagedMedia:
                continue  # reported by the count of silent samples
            for frame in frames:
                if frame.pts is None or frame.sample_rate != self._codec.sample_rate:
                    continue
                time = frame.pts * base
                if time >= end:
                    return
                yield time, samples_of(frame)

    def _packets(self, from_pts: int) -> Iterator[av.Packet]:
        """Yield packets from the last one before a time, or from the beginning if seeking fails."""
        try:
            with decoder_errors("seeking"):
                self._container.seek(from_pts, stream=self._stream)
        except DamagedMedia:
            with decoder_errors("seeking"):
                self._container.seek(0)
        yield from packets_of(self._container, [self._stream])
