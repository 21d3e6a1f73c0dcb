"""GIF files damaged in the middle are reported; whole ones are not."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from processors.containers.photo.gif_file import read_gif_file
from processors.photo.reading.by_format.gif import gif_damage
from processors.photo.reading.damage import Damage


def animation(path: Path, count: int = 8) -> bytes:
    chance = np.random.default_rng(3)
    pictures = [Image.fromarray(chance.integers(0, 256, (90, 120), np.uint8)) for _ in range(count)]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=40, loop=0)
    return path.read_bytes()


def damage_of(data: bytes) -> Damage | None:
    file = io.BytesIO(data)
    return gif_damage(file, read_gif_file(file))


def test_a_whole_gif_is_undamaged_even_with_a_block_ended_twice(tmp_path: Path) -> None:
    data = animation(tmp_path / "a.gif")
    assert damage_of(data) is None
    assert damage_of(data[:-1] + b"\0" + data[-1:]) is None
    assert damage_of(animation(tmp_path / "one.gif", 1)) is None


def test_a_block_removed_or_zeroed_in_a_gif_is_damage_of_later_pictures(tmp_path: Path) -> None:
    data = animation(tmp_path / "a.gif")
    middle = len(data) // 2
    zeroed = data[:middle] + bytes(3000) + data[middle + 3000 :]
    for wrong in (data[:middle] + data[middle + 1501 :], zeroed):
        found = damage_of(wrong)
        assert found is not None
        assert (found.condition, found.share) == ("damaged", None)
        assert found.sentence.startswith("the file is damaged behind its first picture: ")
        assert found.sentence.endswith(", so that later pictures are wrong or missing")


def test_a_cut_off_gif_is_truncated(tmp_path: Path) -> None:
    found = damage_of(animation(tmp_path / "a.gif")[:-1])
    assert found is not None
    assert found.fault == "the trailer of a GIF is missing"
