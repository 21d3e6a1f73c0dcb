"""One small whole file of each format, as its usual writer makes it."""

from __future__ import annotations

import io
from collections.abc import Callable
from fractions import Fraction

import av
import av.container
import numpy as np
import soundfile
from PIL import Image


def _texture(height: int, width: int, moved: int = 0) -> np.ndarray:
    """A picture with fine and coarse detail: no two rows, columns or frames of it are alike."""
    y, x = np.mgrid[0:height, 0:width] + moved
    waves = np.stack([np.sin(x / 5) + np.cos(y / 7), np.sin((x + y) / 11), np.cos((x - 2 * y) / 13)], 2)
    noise = np.random.default_rng(moved).normal(0, 12, (height, width, 3))
    return np.clip(128 + 50 * waves + noise, 0, 255).astype(np.uint8)


def _picture(form: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(_texture(150, 200)).save(file, form, **options)  # type: ignore[arg-type]
    return file.getvalue()


def _wave(seconds: float = 2.0, rate_hz: int = 48000) -> np.ndarray:
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    tone = np.sin(2 * np.pi * (300 + 200 * times) * times) / 3
    return tone + np.random.default_rng(5).normal(0, 0.02, times.size)


def _sound(form: str, subtype: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, _wave(), 48000, format=form, subtype=subtype)
    return file.getvalue()


def _encoded_sound(muxer: str, codec: str) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=muxer) as container:
        _encode_sound(container, _sound_stream(container, codec))
    return file.getvalue()


def _sound_stream(container: av.container.OutputContainer, codec: str) -> av.AudioStream:
    stream = container.add_stream(codec, rate=48000)
    assert isinstance(stream, av.AudioStream)
    stream.layout = "mono"
    return stream


def _encode_sound(container: av.container.OutputContainer, stream: av.AudioStream) -> None:
    resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=48000)
    block = av.AudioFrame.from_ndarray(_wave().astype(np.float32)[None], format="fltp", layout="mono")
    block.sample_rate, block.pts = 48000, 0
    for frame in resampler.resample(block):
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _video(muxer: str, codec: str, sound: str) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=muxer) as container:
        stream = container.add_stream(codec, rate=15)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 192, 144, "yuv420p"
        stream.codec_context.gop_size = 15
        stream.codec_context.thread_count = 1
        if codec == "libx264":
            stream.codec_context.options = {"threads": "1", "crf": "28"}
        heard = _sound_stream(container, sound)
        for number in range(45):
            frame = av.VideoFrame.from_ndarray(_texture(144, 192, 2 * number), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 15)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        _encode_sound(container, heard)
    return file.getvalue()


WHOLES: dict[str, Callable[[], bytes]] = {
    "jpg": lambda: _picture("JPEG", quality=85),
    "tif": lambda: _picture("TIFF", compression="tiff_deflate"),
    "tif-jpeg": lambda: _picture("TIFF", compression="jpeg", quality=85),
    "jpg-progressive": lambda: _picture("JPEG", quality=85, progressive=True),
    "png": lambda: _picture("PNG"),
    "webp": lambda: _picture("WEBP", quality=80),
    "avif": lambda: _picture("AVIF"),
    "ogg": lambda: _sound("OGG", "VORBIS"),
    "opus": lambda: _encoded_sound("ogg", "libopus"),
    "flac": lambda: _sound("FLAC", "PCM_16"),
    "wav": lambda: _sound("WAV", "PCM_16"),
    "mp3": lambda: _encoded_sound("mp3", "libmp3lame"),
    "mkv": lambda: _video("matroska", "libx264", "flac"),
    "webm": lambda: _video("webm", "libvpx", "libopus"),
    "mp4": lambda: _video("mp4", "libx264", "aac"),
    "mov": lambda: _video("mov", "libx264", "pcm_s16le"),
}
"""By the suffix, and a variety of it."""
