"""Short films of pictures with known answers, and what is compared of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
from PIL import Image

SIZE_PX = 320, 180


def write(
    path: Path, pictures: Sequence[np.ndarray], *, rate_hz: int = 25, options: dict[str, str] | None = None
) -> Path:
    """H.264 of grey pictures, uint8, shape (height, width)."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate_hz)
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = pictures[0].shape
        stream.pix_fmt, stream.codec_context.options = "yuv420p", options or {"crf": "16", "preset": "veryfast"}
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def distance_bits(one: int, other: int) -> int:
    """In how many of their bits two perceptual hashes differ."""
    return (one ^ other).bit_count()


def scene(seed: int, frame: int, size_px: tuple[int, int] = SIZE_PX) -> np.ndarray:
    """A textured plane that slides 3 px a frame."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 216, (size_px[1] // 12 + 2, 200), np.uint8)
    plane = np.asarray(Image.fromarray(coarse).resize((2400, coarse.shape[0] * 12), Image.Resampling.BICUBIC))
    return plane[: size_px[1], 3 * frame : 3 * frame + size_px[0]].copy()
