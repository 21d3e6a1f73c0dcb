"""A store of part of the sample release, and of a tone with a known level."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from processors.audio.envelope import Envelope
from processors.audio.events.events import Events
from processors.audio.levels.levels import Levels
from processors.audio.spectrogram.spectra import Spectra
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.engine.wanted_results import Recipes
from processors.metadata.evidence import Evidence
from processors.photo.photo_preview import PhotoPreview
from processors.video.audit.integrity import Integrity
from processors.video.audit.measurements import Measurements
from processors.video.frames.frames import Frames
from processors.video.shots.shots import Shots
from processors.video.shots.timeline import Timeline
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest

SOUND = (Levels(), Envelope(), Spectrogram(), Spectra(), Events())
RECIPES: Recipes = {
    "video": (Evidence(), Frames(), Measurements(), Integrity(), Shots(), Timeline()),
    "audio": (Evidence(), *SOUND),
    "photo": (Evidence(), PhotoPreview()),
}
TAKEN = ("release.toml", "drive-off.mp4", "drive-off-sound.wav", "rear-camera-tracks.png")


@pytest.fixture(scope="module")
def folder(sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `raw` and `processed`."""
    folder = tmp_path_factory.mktemp("notebook")
    release = folder / "raw/sample-release"
    (folder / "raw/made").mkdir(parents=True)
    release.mkdir()
    for name in TAKEN:
        shutil.copy(sample_release / name, release)
    MediaMaker(folder / "raw/made").tone("a tone.wav", hz=1500, peak=0.25)
    ingest(folder / "raw", folder / "processed", RECIPES)
    return folder
