"""Media made on the spot with known answers: every frame of a video carries its number in its brightness."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile
from PIL import Image

BLOCKS = 8
"""A frame's number stands as 8 black or white blocks in its top row, the lowest bit first."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """A made video and what is known of it."""

    path: Path
    times: list[Fraction]
    """Presentation time of each frame, seconds."""


def numbered(number: int, width_px: int = 128, height_px: int = 96) -> np.ndarray:
    """A picture that carries `number`, and is red in its left half so that turning it is seen."""
    picture = np.full((height_px, width_px, 3), 90, np.uint8)
    picture[:, : width_px // 2] = (200, 60, 40)
    side = width_px // BLOCKS
    for bit in range(BLOCKS):
        picture[:16, bit * side : (bit + 1) * side] = 255 if number >> bit & 1 else 0
    return picture


def number_of(picture: np.ndarray) -> int:
    """Read the number back, from a frame that may be scaled or compressed."""
    height, width = picture.shape[:2]
    row = picture[height // 12, :, :].mean(axis=1)
    side = width // BLOCKS
    return sum(
        1 << bit for bit in range(BLOCKS) if row[bit * side + side // 4 : (bit + 1) * side - side // 4].mean() > 128
    )


class MediaMaker:
    """Writes media into one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def video(
        self,
        name: str,
        ticks: list[int],
        *,
        time_base: Fraction = Fraction(1, 25),
        codec: str = "libx264",
        keyframe_every: int = 12,
        options: dict[str, str] | None = None,
        sound_hz: float | None = None,
    ) -> Made:
        """A video whose frame `i` shows the number `i % 256` at `ticks[i]`."""
        path = self.folder / name
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=round(1 / time_base))
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
            stream.time_base = time_base
            context = stream.codec_context
            context.time_base, context.gop_size = time_base, keyframe_every
            context.options = options or {"crf": "12"}
            sound = container.add_stream("aac", rate=48000, layout="mono") if sound_hz else None
            for number, tick in enumerate(ticks):
                frame = av.VideoFrame.from_ndarray(numbered(number % 256), format="rgb24")
                frame.pts, frame.time_base = tick, time_base
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
            if sound is not None:
                seconds = float((ticks[-1] + 1) * time_base)
                wave = np.sin(2 * np.pi * (sound_hz or 0) * np.arange(round(seconds * 48000)) / 48000) / 2
                block = av.AudioFrame.from_ndarray(wave.astype(np.float32)[None], format="fltp", layout="mono")
                block.sample_rate, block.pts = 48000, 0
                container.mux(sound.encode(block))  # type: ignore[attr-defined]
                container.mux(sound.encode(None))  # type: ignore[attr-defined]
        return Made(path=path, times=[tick * time_base for tick in ticks])

    def with_matrix(self, made: Made, name: str, matrix: tuple[int, int, int, int]) -> Made:
        """The same MP4 with a display matrix (a, b, c, d) in its track header: x' = a x + c y, y' = b x + d y."""
        data = bytearray(made.path.read_bytes())
        place = data.index(b"tkhd") + 4 + 40
        a, b, c, d = (value << 16 for value in matrix)
        data[place : place + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
        path = self.folder / name
        path.write_bytes(data)
        return Made(path=path, times=made.times)

    def tone(
        self, name: str, *, rate_hz: int = 48000, hz: float = 1000.0, peak: float = 0.5, seconds: float = 2.0
    ) -> Path:
        """A sine of a known peak; the suffix chooses the format."""
        path = self.folder / name
        wave = peak * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)
        soundfile.write(path, wave, rate_hz, subtype="PCM_24")
        return path

    def photo(self, name: str, *, size: tuple[int, int] = (640, 480), orientation: int | None = None) -> Path:
        """A JPEG or PNG with a red top left quarter as it is stored."""
        picture = np.full((size[1], size[0], 3), 200, np.uint8)
        picture[: size[1] // 2, : size[0] // 2] = (220, 20, 20)
        image = Image.fromarray(picture)
        exif = image.getexif()
        if orientation:
            exif[0x0112] = orientation
        image.save(self.folder / name, exif=exif, quality=95)
        return self.folder / name
