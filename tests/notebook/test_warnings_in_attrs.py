"""What a result says of its own numbers goes along with them: in `attrs`, and in the files that they are saved to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

import marsmedia
from processors.audio.levels.levels import Levels
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.video.audit.integrity import Integrity
from processors.video.audit.measurements import Measurements
from processors.video.motion.motion import Motion
from processors.video.shots.shots import Shots
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest
from tests.helpers.video_scenes import write


def test_a_table_and_a_band_of_a_damaged_sound_say_what_is_lost(tmp_path: Path) -> None:
    june = tmp_path / "raw/june"
    june.mkdir(parents=True)
    tone = MediaMaker(june).tone("tone.wav", hz=1500, peak=0.25)
    tone.write_bytes(tone.read_bytes()[:-30_000])
    ingest(tmp_path / "raw", tmp_path / "store", {"audio": (Levels(), Spectrogram()), "video": (), "photo": ()})
    sound = marsmedia.open(tmp_path / "store").source("tone.wav")
    damage = "the header declares 96000 samples, 86000 are present"
    assert sound.loudness.attrs["damage"] == damage
    level = sound.band_level_dbfs(1000, 2000)
    level.to_netcdf(tmp_path / "band.nc")
    with xr.open_dataarray(tmp_path / "band.nc") as saved:
        assert saved.attrs["damage"] == damage
        assert np.array_equal(saved, level, equal_nan=True)


def test_the_motion_of_a_shot_says_why_it_is_refused(tmp_path: Path) -> None:
    june = tmp_path / "raw/june"
    june.mkdir(parents=True)
    sign = np.random.default_rng(2).integers(0, 2, (16, 120), np.uint8) * 255  # on a ground without features
    pictures = [np.full((360, 640), 90, np.uint8) for _ in range(40)]
    for number, picture in enumerate(pictures):
        picture[170:186, 100 + 2 * number : 220 + 2 * number] = sign
    write(june / "caption.mp4", pictures)
    recipe = (Measurements(), Integrity(), Shots(), Motion())
    ingest(tmp_path / "raw", tmp_path / "store", {"audio": (), "video": recipe, "photo": ()})
    motion = marsmedia.open(tmp_path / "store").source("caption.mp4").motion
    assert motion.attrs["refused_because"] == "shot 1: no two frames could be registered"
    assert "damage" not in motion.attrs
    motion.to_parquet(tmp_path / "motion.parquet")
    saved = pd.read_parquet(tmp_path / "motion.parquet")
    assert saved.attrs["refused_because"] == "shot 1: no two frames could be registered"
