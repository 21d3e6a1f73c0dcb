"""Another credit or title in release.toml draws and records again; it measures nothing again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from flows.run.options import Options
from flows.run.planning.prepare import prepare
from flows.run.progress import RunProgress
from flows.run.recipe_changes.load_recipes import load_recipes
from processors.store.store import Store
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest

SAID = """title = "Sounds of Mars"
mission = "tianwen-1"
credit = "CNSA"
[[file]]
path = "descent.mp4"
title = "Descent"
[[file]]
path = "wind.wav"
date = "2021-06-16T02:40Z"
"""
DRAWN = {"evidence", "video.contact_sheet", "video.motion_plot", "audio.spectrogram_picture", "audio.waveform"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("words")
    june = folder / "raw/june"
    june.mkdir(parents=True)
    MediaMaker(june).video("descent.mp4", list(range(12)), sound_hz=440)
    MediaMaker(june).tone("wind.wav", hz=300.0, seconds=1.0)
    (june / "release.toml").write_text(SAID)
    ingest(folder / "raw", folder / "store", load_recipes())
    return folder


@pytest.mark.parametrize(
    ("before", "after", "made_again"),
    [
        ('credit = "CNSA"', 'credit = "CNSA/CLEP"', DRAWN),
        ('title = "Descent"', 'title = "Parachute descent"', DRAWN),
        ('mission = "tianwen-1"', 'mission = "perseverance"', DRAWN),
        ("02:40Z", "02:41Z", {"evidence", "audio.envelope", "audio.spectrogram"}),
    ],
)
def test_only_what_shows_a_changed_word_is_made_again(
    whole: Path, tmp_path: Path, before: str, after: str, made_again: set[str]
) -> None:
    shutil.copytree(whole / "store", tmp_path / "store")
    (whole / "raw/june/release.toml").write_text(SAID.replace(before, after))
    with RunProgress(quiet=True) as progress:
        prepared = prepare(
            whole / "raw", Store(tmp_path / "store"), load_recipes(), progress, Options(), remember=False
        )
    (whole / "raw/june/release.toml").write_text(SAID)
    due = {result.ref.processor for one in prepared.plan.all_due for result in one.results}
    assert due == made_again if made_again == DRAWN else made_again <= due
