"""Fragmented MP4: where times jump although every fragment is there, nothing is missing."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from processors.audio.reading.audio_info import AudioReport, Damaged
from processors.audio.reading.audio_reader import FileReader
from processors.containers.video.fragments import has_every_fragment
from processors.sources.source_file import SourceFile

MP4 = "mov,mp4,m4a,3gp,3g2,mj2"


@pytest.fixture
def fragmented(tmp_path: Path) -> Path:
    """Three seconds of picture and sound; the sound's times jump behind the first packet."""
    ffmpeg = shutil.which("ffmpeg") or pytest.skip("needs ffmpeg")
    path = tmp_path / "sound.mp4"
    inputs = "-f lavfi -i testsrc2=size=64x64:rate=10:d=3 -f lavfi -i sine=440:r=44100:d=3"
    command = f"{ffmpeg} -v error {inputs} -c:v libx264 -c:a aac -g 10 -movflags frag_keyframe+empty_moov {path}"
    subprocess.run(command.split(), check=True, timeout=60)
    return path


def read(path: Path) -> tuple[np.ndarray, AudioReport]:
    reader = FileReader(SourceFile.at(path), MP4)
    return np.concatenate([block.samples for block in reader.blocks()], axis=1), reader.report()


def test_a_gap_in_the_times_is_a_fact_and_no_damage(fragmented: Path) -> None:
    samples, report = read(fragmented)
    assert (report.missing_sample_count, report.damaged, report.damage) == (0, (), None)
    assert report.sample_count_decoded % 1024 == 0
    gap = samples.shape[1] - report.sample_count_decoded
    assert report.time_gaps == (Damaged(start_seconds=1024 / 44100, end_seconds=(1024 + gap) / 44100),)
    assert np.isnan(samples[0, 1024 : 1024 + gap]).all()
    assert np.isfinite(samples[0, 1024 + gap :]).all()


def test_a_file_from_elsewhere_has_all_its_samples(samples: Path) -> None:
    path = samples / "formats/video/exoplayer/sample_partially_fragmented.mp4"
    _, report = read(path)
    assert (report.sample_count_decoded, report.missing_sample_count, report.damage) == (46_080, 0, None)


def test_a_missing_fragment_is_a_loss(fragmented: Path) -> None:
    data = bytearray(fragmented.read_bytes())
    places = [place - 4 for place in range(len(data)) if data[place : place + 4] == b"moof"]
    data[places[1] + 4 : places[1] + 8] = b"free"
    fragmented.write_bytes(data)
    assert not has_every_fragment(SourceFile.at(fragmented))
    _, report = read(fragmented)
    assert report.missing_sample_count > 30_000
    assert "samples are missing, from " in str(report.damage)
