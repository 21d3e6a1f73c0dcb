"""Small sources from which every processor makes something, the same on every machine.

Pictures and samples are whole numbers, pictures are stored raw, and H.264 is written without those of its decisions
that are taken in floating point. So a figure that differs was made otherwise.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image, TiffImagePlugin

from processors.contract import Medium
from tests.helpers.video_scenes import SIZE_PX

RATE_HZ = 48000
FRAMES_HZ = 25
SCENE_FRAMES = 36


@dataclass(frozen=True, kw_only=True)
class GoldenSource:
    """A made file and what is known of it without looking."""

    path: Path
    medium: Medium
    format: str
    has_sound: bool = False


def ripple(count: int, period: float, peak: float) -> np.ndarray:
    """A sine as whole numbers, int64, shape (count,)."""
    return np.rint(peak * np.sin(2 * np.pi / period * np.arange(count))).astype(np.int64)


def sound(seconds: float) -> np.ndarray:
    """16-bit samples, shape (samples, 2): noise, a tone of 1 kHz, gusts of 40 Hz, and three clicks; left is louder."""
    count = round(seconds * RATE_HZ)
    noise = np.random.default_rng(3).integers(-60, 61, count)
    time = np.arange(count) / RATE_HZ
    tone = np.where((time > 0.2 * seconds) & (time < 0.8 * seconds), ripple(count, RATE_HZ / 1000, 3000), 0)
    rumble = ripple(count, RATE_HZ / 40, 4000) * (time > 0.85 * seconds)
    left = noise + tone + rumble
    for place in (0.1, 0.15, 0.65):
        first = round(place * count)
        left[first : first + 24] += np.tile([24000, -20000, 9000, -4000], 6)
    return np.stack([left, left // 2 + np.roll(noise, 7)], axis=1).astype("<i2")


def chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def write_wave(path: Path, samples: np.ndarray) -> None:
    """WAV with two named cue points and a title."""
    places = (len(samples) // 10, len(samples) // 2)
    cues = b"".join(struct.pack("<II4sIII", n + 1, at, b"data", 0, 0, at) for n, at in enumerate(places))
    labels = b"".join(
        chunk(b"labl", struct.pack("<I", n + 1) + name) for n, name in enumerate((b"click\0", b"drive begins\0"))
    )
    form = struct.pack("<HHIIHH", 1, 2, RATE_HZ, 4 * RATE_HZ, 4, 16)
    body = (
        chunk(b"fmt ", form) + chunk(b"data", samples.tobytes()) + chunk(b"cue ", struct.pack("<I", len(places)) + cues)
        + chunk(b"LIST", b"adtl" + labels)
        + chunk(b"LIST", b"INFO" + chunk(b"INAM", b"Wind at the landing site\0") + chunk(b"ICRD", b"2021-05-22\0"))
    )  # fmt: skip
    path.write_bytes(chunk(b"RIFF", b"WAVE" + body))


def ground(seed: int, size_px: tuple[int, int]) -> np.ndarray:
    """Texture at three scales, uint8, shape (height, width)."""
    width, height = size_px
    total = np.zeros((height, width), np.int64)
    for part, (side, weight) in enumerate(((24, 3), (8, 2), (3, 1))):
        coarse = np.random.default_rng((seed, part)).integers(
            30, 226, (height // side + 2, width // side + 2), np.uint8
        )
        large = Image.fromarray(coarse).resize(
            (coarse.shape[1] * side, coarse.shape[0] * side), Image.Resampling.BICUBIC
        )
        total += weight * np.asarray(large, np.int64)[:height, :width]
    return (total // 6).astype(np.uint8)


def frames() -> list[np.ndarray]:
    """RGB, two scenes under a camera that shakes; the first slides, the second ends in a fade to black."""
    width, height = SIZE_PX
    made = []
    shake_x, shake_y = ripple(SCENE_FRAMES, 5.3, 4), ripple(SCENE_FRAMES, 7.1, 3)
    for shot, tint in enumerate(((256, 200, 150), (170, 210, 256))):
        plane = ground(shot, (width + 80, height + 40))
        for number in range(SCENE_FRAMES):
            x, y = 20 + number // 2 * (1 - shot) + shake_x[number], 20 + shake_y[number]
            gain = min(16, 2 * (SCENE_FRAMES - 1 - number)) if shot else 16
            grey = plane[y : y + height, x : x + width].astype(np.int64)
            made.append((grey[:, :, None] * np.array(tint) * gain // 4096).astype(np.uint8))
    return made


def write_video(path: Path) -> None:
    """H.264 with B-frames and 16-bit sound in QuickTime."""
    exact = "threads=1:aq-mode=0:mbtree=0:psy=0:trellis=0:weightp=0:keyint=25"
    pictures = frames()
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as container:
        container.metadata["title"] = "Two scenes"
        stream = container.add_stream("libx264", rate=FRAMES_HZ)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = *SIZE_PX, "yuv420p"
        stream.time_base = Fraction(1, FRAMES_HZ)
        stream.codec_context.options = {"qp": "14", "preset": "veryfast", "x264-params": exact}
        heard = container.add_stream("pcm_s16le", rate=RATE_HZ, layout="stereo")
        assert isinstance(heard, av.AudioStream)
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
        samples = sound(len(pictures) / FRAMES_HZ)
        block = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="stereo")
        block.sample_rate, block.pts = RATE_HZ, 0
        container.mux(heard.encode(block))
        container.mux(heard.encode(None))


def tracks() -> np.ndarray:
    """RGB, two bands of grousers 24 px apart, across the picture."""
    grey = ground(5, (960, 640)).astype(np.int64)
    rows, columns = np.mgrid[:640, :960]
    for middle in (220, 420):
        inside = np.abs(rows - middle) < 40
        grey += np.where(inside, np.where(columns % 24 < 8, 60, -20), 0)
    grey = np.clip(grey, 0, 255)
    return (grey[:, :, None] * np.array((256, 190, 140)) // 256).astype(np.uint8)


def write_photo(path: Path, picture: np.ndarray, orientation: int = 1) -> None:
    """Uncompressed TIFF with a camera, a moment and words."""
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, words in (
        (270, "Rear camera"), (271, "CNSA"), (272, "Zhurong"), (306, "2021:06:11 08:15:30"), (315, "Mission team"),
        (33432, "Free to use"),
    ):  # fmt: skip
        tags[tag] = words
    tags[274] = orientation
    Image.fromarray(picture).save(path, tiffinfo=tags)


def write_two_streams(path: Path) -> None:
    """Two lossless video streams in Matroska, the second of half the size and rate."""
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as container:
        for step in (1, 2):
            stream = container.add_stream("ffv1", rate=FRAMES_HZ // step)
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height, stream.pix_fmt = SIZE_PX[0] // step, SIZE_PX[1] // step, "yuv420p"
            stream.codec_context.options = {"threads": "1", "slices": "4"}
        streams = container.streams.video
        for number, picture in enumerate(frames()[:10]):
            for step, stream in zip((1, 2), streams, strict=True):
                if number % step == 0:
                    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture[::step, ::step]), format="rgb24")
                    frame.pts, frame.time_base = number // step, Fraction(step, FRAMES_HZ)
                    container.mux(stream.encode(frame))
        for stream in streams:
            container.mux(stream.encode(None))


def write_sources(folder: Path) -> dict[str, GoldenSource]:
    """By name: a clip, one with two streams, a sound, a photo, one of 16 bits, and one cut short."""
    write_video(folder / "clip.mov")
    write_two_streams(folder / "two.mkv")
    write_wave(folder / "sound.wav", sound(6))
    write_photo(folder / "photo.tif", tracks(), orientation=3)
    Image.fromarray(ground(6, (300, 200)).astype(np.uint16) * 200 + 1000).save(folder / "deep.tif")
    write_photo(folder / "whole.tif", tracks()[:200, :300])
    (folder / "cut.tif").write_bytes((folder / "whole.tif").read_bytes()[:110_000])
    return {
        "clip": GoldenSource(path=folder / "clip.mov", medium="video", format="mov,mp4", has_sound=True),
        "two streams": GoldenSource(path=folder / "two.mkv", medium="video", format="matroska,webm"),
        "sound": GoldenSource(path=folder / "sound.wav", medium="audio", format="wav", has_sound=True),
        "photo": GoldenSource(path=folder / "photo.tif", medium="photo", format="tiff"),
        "16 bits": GoldenSource(path=folder / "deep.tif", medium="photo", format="tiff"),
        "cut short": GoldenSource(path=folder / "cut.tif", medium="photo", format="tiff"),
    }
