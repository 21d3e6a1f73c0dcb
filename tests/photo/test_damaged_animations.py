"""Words for PNG and WebP animations that are damaged behind their first picture."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from processors.containers.photo.png_file import read_png_file
from processors.decoding.picture_header import open_header
from processors.errors import DamagedMedia
from processors.photo.reading.by_format.png import png_damage


def animation(path: Path) -> bytearray:
    chance = np.random.default_rng(3)
    pictures = [Image.fromarray(chance.integers(0, 256, (60, 80, 3), np.uint8)) for _ in range(6)]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=40)
    return bytearray(path.read_bytes())


def test_damaged_pixels_of_a_later_frame_are_called_so(tmp_path: Path) -> None:
    data = animation(tmp_path / "a.png")
    data[data.index(b"fdAT") + 100] ^= 0xFF
    file = io.BytesIO(data)
    found = png_damage(file, read_png_file(file))
    assert found is not None
    assert found.sentence == (
        "the file is damaged in the pixels of a later frame, its first picture is not:"
        " the checksum (CRC) of fdAT does not match"
    )


def test_an_animated_webp_damaged_in_the_middle_has_no_damaged_header(tmp_path: Path) -> None:
    data = animation(tmp_path / "a.webp")
    middle = data.index(b"ANMF", len(data) // 2)
    data[middle : middle + 3000] = bytes(3000)
    with pytest.raises(DamagedMedia) as failure:
        open_header(io.BytesIO(data))
    assert failure.value.what == "the pictures of this animated WebP are damaged"
