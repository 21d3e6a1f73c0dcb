"""What a result says of its own numbers goes along with them: in `attrs`, and in the files that they are saved to."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pandas as pd
import xarray as xr

import marsmedia
from processors.audio.events.events import Events
from processors.audio.levels.levels import Levels
from processors.audio.spectrogram.spectra import Spectra
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.metadata.evidence import Evidence
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
    recipe = (Levels(), Spectrogram(), Spectra(), Events())
    ingest(tmp_path / "raw", tmp_path / "store", {"audio": recipe, "video": (), "photo": ()})
    sound = marsmedia.open(tmp_path / "store").source("tone.wav")
    damage = "the header declares 96000 samples, 86000 are present"
    tables = (sound.loudness, sound.spectra, sound.octave_bands, sound.events)  # the last three are made of results
    assert [table.attrs["damage"] for table in tables] == [damage] * 4
    level = sound.band_level_dbfs(1000, 2000)
    level.to_netcdf(tmp_path / "band.nc")
    with xr.open_dataarray(tmp_path / "band.nc") as saved:
        assert saved.attrs["damage"] == damage
        assert np.array_equal(saved, level, equal_nan=True)


def test_the_shots_of_a_damaged_video_say_what_is_lost(tmp_path: Path) -> None:
    june = tmp_path / "raw/june"
    june.mkdir(parents=True)
    made = MediaMaker(june).video("clip.mp4", list(range(100)), keyframe_every=10, options={"crf": "12", "bf": "0"})
    data = bytearray(made.path.read_bytes())
    start = data.index(b"mdat") + 4
    middle = start + (len(data) - start) // 2
    data[middle : middle + 1500] = bytes(1500)
    made.path.write_bytes(data)
    ingest(tmp_path / "raw", tmp_path / "store", {"audio": (), "video": (Measurements(), Shots()), "photo": ()})
    video = marsmedia.open(tmp_path / "store").source("clip.mp4")
    assert "are missing at" in video.measurements.attrs["damage"]
    assert video.shots.attrs["damage"] == video.measurements.attrs["damage"]


def test_a_mistake_in_the_release_is_no_damage_of_the_sound(tmp_path: Path) -> None:
    june = tmp_path / "raw/june"
    june.mkdir(parents=True)
    MediaMaker(june).tone("tone.wav", hz=1500, seconds=2.0)
    recipe = (Evidence(), Levels(), Spectrogram(), Spectra(), Events())
    for title in ('{en = "x"}', '"x"'):  # the failed result of the first run stays in the store
        (june / "release.toml").write_text(f'title = "J"\n[[file]]\npath = "tone.wav"\ntitle = {title}\n')
        report = ingest(tmp_path / "raw", tmp_path / "store", {"audio": recipe, "video": (), "photo": ()})
        assert any("title: not text" in one.reason for one in report.problems) == title.startswith("{")
        sound = marsmedia.open(tmp_path / "store").source("tone.wav")
        with sound.spectrogram() as spectrogram:
            told = (sound.loudness, sound.spectra, sound.octave_bands, sound.events, spectrogram)
            assert ["damage" in one.attrs for one in told] == [False] * 5


def test_a_broken_picture_is_no_damage_of_the_sound_of_a_video(tmp_path: Path) -> None:
    june = tmp_path / "raw/june"
    june.mkdir(parents=True)
    options = {"crf": "12", "bf": "0"}
    made = MediaMaker(june).video("clip.mp4", list(range(100)), keyframe_every=10, options=options, sound_hz=500)
    with av.open(str(made.path)) as container:
        packets = [(one.pos, one.size) for one in container.demux(video=0) if one.size and one.pos]
    data = bytearray(made.path.read_bytes())
    position, size = packets[len(packets) // 2 + 3]
    data[position + 8 : position + size] = bytes(size - 8)
    made.path.write_bytes(data)
    recipe = (Levels(), Spectrogram(), Spectra(), Events(), Integrity(), Measurements(), Shots())
    ingest(tmp_path / "raw", tmp_path / "store", {"audio": (), "video": recipe, "photo": ()})
    video = marsmedia.open(tmp_path / "store").source("clip.mp4")
    damage = video.measurements.attrs["damage"]
    assert damage.startswith("99 of 100 frames decoded")
    assert video.shots.attrs["damage"] == damage
    with video.spectrogram() as spectrogram:
        told = (video.loudness, video.spectra, video.octave_bands, video.events, spectrogram)
        assert ["damage" in one.attrs for one in told] == [False] * 5


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
