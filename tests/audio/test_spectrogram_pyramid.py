"""A long recording is cut into levels of tiles that hold its whole time, each level half the one before."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from processors.audio.spectrogram.spectrogram_pyramid import SpectrogramPyramid
from tests.helpers.audio_sessions import Bench

SMALL = SpectrogramPyramid(least_seconds=10.0, seconds_per_column=0.0107, rows=64)
"""One column for each frame of 512 samples at 48 kHz."""


def test_levels_hold_the_whole_time_and_halve(tmp_path: Path) -> None:
    seconds = np.arange(30 * 48_000) / 48_000
    tone = np.where(seconds < 15, 0.5 * np.sin(2 * np.pi * 6000 * seconds), 0)
    result = Bench(tmp_path, tone).run(SMALL)
    with zipfile.ZipFile(result.path("pyramid.zip")) as archive:
        pyramid = json.loads(archive.read("pyramid.json"))
        names = archive.namelist()
        top = np.asarray(Image.open(io.BytesIO(archive.read("3/0.webp"))).convert("RGB")).astype(int)
        page = archive.read("index.html").decode()
    assert [(level["columns"], level["tiles"]) for level in pyramid["levels"]] == [
        (2813, 6),
        (1407, 3),
        (704, 2),
        (352, 1),
    ]
    assert [level["seconds_per_column"] for level in pyramid["levels"]] == [512 * 2**n / 48_000 for n in range(4)]
    assert sorted(names) == sorted(
        ["pyramid.json", "index.html", *(f"{n}/{t}.webp" for n, count in enumerate((6, 3, 2, 1)) for t in range(count))]
    )
    assert top.shape == (64, 352, 3)
    strongest = int(np.argmax(top[:, 100].sum(axis=1)))
    assert strongest == pytest.approx(64 * (1 - 6000 / 24_000), abs=1)
    heard = np.flatnonzero(top[strongest].sum(axis=1) > 220)  # silence is (68, 1, 84)
    assert heard[-1] / 352 == pytest.approx(0.5, abs=0.01)
    assert '"tile_columns": 512' in page


def test_a_short_recording_has_none_and_says_why(tmp_path: Path) -> None:
    result = Bench(tmp_path, np.ones(4800) / 10).run(SpectrogramPyramid())
    assert list(result.items) == ["pyramid.json"]
    facts = result.facts("pyramid.json")
    assert (facts["is_tiled"], facts["reason"], facts["levels"]) == (False, "shorter than 1800 s", [])


def test_the_same_sound_gives_the_same_archive(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, (2, 600_000))
    first, second = (Bench(tmp_path / str(n), noise, blocks=n).run(SMALL).path("pyramid.zip") for n in (1, 7))
    assert first.read_bytes() == second.read_bytes()
