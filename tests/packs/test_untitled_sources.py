"""Packs of sources of which nothing is said: what is unknown is left out, and a title falls back to the file's name."""

from __future__ import annotations

import re
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

import marsmedia
from processors.audio.envelope import Envelope
from processors.audio.levels.levels import Levels
from processors.audio.spectrogram.spectra import Spectra
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.audio.spectrogram.spectrogram_picture import SpectrogramPicture
from processors.engine.wanted_results import Recipes
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.packs.recipe.audience import Audience
from processors.photo.deep import DeepPhoto
from processors.photo.photo_preview import PhotoPreview
from processors.photo.quality import Quality
from processors.photo.tracks.tracks import Tracks
from processors.video.frames.frames import Frames
from processors.video.shots.shots import Shots
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest

SOUND = (Levels(), Envelope(), Spectrogram(), Spectra(), SpectrogramPicture())
TEXTS = ("json", "jsonld", "xml", "csv", "txt", "html", "js", "md", "toml", "vtt")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> marsmedia.StoreView:
    import pyvips

    folder = tmp_path_factory.mktemp("untitled")
    (folder / "raw/june").mkdir(parents=True)
    made = MediaMaker(folder / "raw/june")
    made.tone("wind.wav", hz=1000, seconds=1.0)
    made.video("descent.mp4", list(range(50)))
    deep = np.arange(64 * 48, dtype=np.uint16).reshape(48, 64) * 21
    grey = pyvips.Image.new_from_array(deep).copy(interpretation="grey16")
    grey.write_to_file(str(folder / "raw/june/pan.png"), bitdepth=16)
    recipes: Recipes = {
        "video": (Evidence(), Metadata(), Frames(), Shots()),
        "audio": (Evidence(), Metadata(), *SOUND),
        "photo": (Evidence(), Metadata(), PhotoPreview(), DeepPhoto(), Quality(), Tracks()),
    }
    ingest(folder / "raw", folder / "store", recipes)
    return marsmedia.open(folder / "store")


def packed(store: marsmedia.StoreView, folder: Path, audience: Audience) -> list[Path]:
    store.pack("", folder, audience=audience)
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("audience", ["internal", "press", "research", "archive"])
def test_no_text_in_a_pack_says_none(store: marsmedia.StoreView, tmp_path: Path, audience: Audience) -> None:
    files = packed(store, tmp_path / "pack", audience)
    texts = [path for path in files if path.suffix[1:] in TEXTS and "openseadragon" not in str(path)]
    assert len(texts) > 10
    assert [str(one) for one in texts if re.search(r"\bNone\b", one.read_text(encoding="utf-8"))] == []
    for path in (one for one in files if one.suffix == ".nc"):
        with h5py.File(path) as file:
            assert [name for name, value in file.attrs.items() if "None" in str(value)] == []
            assert str(file.attrs["title"]).endswith(" of wind.wav")
    assert (audience == "research") == any(one.suffix == ".nc" for one in files)


def test_a_research_pack_has_the_values_and_the_pictures_of_photos(store: marsmedia.StoreView, tmp_path: Path) -> None:
    packed(store, tmp_path / "pack", "research")
    (photo,) = (tmp_path / "pack/data/media").glob("pan*")
    assert {path.parent.name for path in photo.glob("*/*") if path.suffix in (".png", ".jpg")} == {
        "photo.deep",
        "photo.preview",
    }
    values = np.asarray(Image.open(photo / "photo.deep/deep.png"))
    assert values.tolist() == (np.arange(64 * 48).reshape(48, 64) * 21).tolist()
