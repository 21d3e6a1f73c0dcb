"""Writers of audio files, run by run: FLAC and WAV with libsndfile, AAC and Opus with FFmpeg."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Protocol

import av
import numpy as np
import soundfile

from processors.audio.av_frames import audio_frame
from processors.audio.reading.loudspeakers import Layout

Web = Literal["aac", "opus"]
WEB_RATE_HZ = 48_000
WEB_BITS_PER_SECOND = {"aac": 96_000, "opus": 64_000}
"""Bit rate per channel, in bit/s."""
WEB_FORMATS: dict[Web, tuple[str, str, str, str]] = {
    "aac": ("m4a", "mp4", "aac", "audio/mp4"),
    "opus": ("opus", "ogg", "libopus", "audio/ogg"),
}
"""Suffix, muxer, encoder, media type."""
WEB_OPTIONS: dict[Web, dict[str, str]] = {"aac": {"aac_coder": "fast"}, "opus": {}}
"""FFmpeg's manual (Encoders, aac): `fast` is worse below 64 kb/s, better and much faster above; it halves the time."""

MAX_WEB_SAMPLES = 1 << 20
"""Maximum number of samples written at a time: at a low rate few samples become many."""
MAX_WEB_AMPLITUDE = 1000.0
"""Maximum amplitude for encoders: full scale is 1, players clip above it, encoders reject far larger values."""


class SoundWriter(Protocol):
    """Writer of runs of float32, shape (channels, samples), full scale 1."""

    def write(self, samples: np.ndarray) -> None: ...

    def close(self) -> None: ...


class ExactWriter:
    """FLAC of 8, 16 or 24 bits, or WAV of float32 (RF64 if it grows large); values beyond full scale are clipped."""

    def __init__(self, path: Path, *, rate_hz: int, channel_count: int, bits: int | None, comment: str) -> None:
        kind = ("FLAC", "PCM_S8" if bits == 8 else f"PCM_{bits}") if bits else ("RF64", "FLOAT")
        self._bits = bits
        self.clipped = 0
        self._file = soundfile.SoundFile(path, "w", rate_hz, channel_count, kind[1], format=kind[0])
        self._file.comment = comment

    def write(self, samples: np.ndarray) -> None:
        if self._bits is None:
            self._file.write(samples.T)
            return
        # exact in float32: a power of two times a number of 24 bits
        full_scale = np.float32(1 << (self._bits - 1))
        with np.errstate(over="ignore"):  # infinities are clipped as well
            scaled = np.rint(samples.T * full_scale)
        if scaled.max() >= full_scale or scaled.min() < -full_scale:
            self.clipped += int(np.count_nonzero((scaled >= full_scale) | (scaled < -full_scale)))
            scaled = np.clip(scaled, -full_scale, full_scale - 1)
        self._file.write(np.ascontiguousarray(scaled.astype(np.int32) << (32 - self._bits)))

    def close(self) -> None:
        self._file.close()


class WebWriter:
    """AAC in MP4 or Opus in Ogg, at 48 kHz; the same samples give the same bytes."""

    def __init__(self, path: Path, web: Web, *, rate_hz: int, layout: Layout, comment: str) -> None:
        _, muxer, encoder, _ = WEB_FORMATS[web]
        self._container = av.open(str(path), "w", format=muxer, options={"fflags": "+bitexact"})
        self._container.metadata["comment"] = comment
        stream = self._container.add_stream(encoder, rate=WEB_RATE_HZ, layout=layout.encoded, options=WEB_OPTIONS[web])
        assert isinstance(stream, av.AudioStream)
        stream.codec_context.bit_rate = WEB_BITS_PER_SECOND[web] * stream.codec_context.channels
        self._stream = stream
        form = stream.codec_context.format
        self._resampler = av.AudioResampler(format=form, layout=layout.encoded, rate=WEB_RATE_HZ)
        self._rate_hz, self._layout, self._written = rate_hz, layout, 0

    def write(self, samples: np.ndarray) -> None:
        samples = np.clip(samples, -MAX_WEB_AMPLITUDE, MAX_WEB_AMPLITUDE)
        step = max(1, MAX_WEB_SAMPLES * self._rate_hz // WEB_RATE_HZ)
        for first in range(0, samples.shape[1], step):
            part = self._layout.arranged(samples[:, first : first + step])
            frame = audio_frame(part, rate_hz=self._rate_hz, layout=self._layout.name, first_sample=self._written)
            self._written += part.shape[1]
            self._encode(frame)

    def _encode(self, frame: av.AudioFrame | None) -> None:
        for part in self._resampler.resample(frame):
            self._container.mux(self._stream.encode(part))

    def close(self) -> None:
        self._encode(None)
        self._container.mux(self._stream.encode(None))
        self._container.close()
