"""Packs of real releases: ingested, packed for all three audiences, and accepted by all four readers."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import av
import pytest

from flows.run.options import Options
from flows.run.run import in_threads, run_ingest
from processors.audio.renditions.renditions import Renditions
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.audio.spectrogram.spectrogram_picture import SpectrogramPicture
from processors.engine.wanted_results import Recipes
from processors.errors import RequestError
from processors.languages.text import Text
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.packs.archive.verify_pack import verify_pack
from processors.packs.build import build
from processors.packs.built import Built
from processors.packs.recipe.audience import AUDIENCES
from processors.packs.recipe.pack_recipe import Highlight, PackRecipe, Pictures
from processors.photo.photo_preview import PhotoPreview
from processors.store.store import Store
from processors.video.frames.contact_sheet import ContactSheet
from processors.video.frames.frames import Frames
from processors.video.frames.video_preview import VideoPreview as VideoPreview
from tests.helpers.pack_store import tree
from tests.packs.test_records import check_all

pytestmark = pytest.mark.slow
SOUND = (Spectrogram(), SpectrogramPicture(), Renditions())
RECIPES: Recipes = {
    "video": (Metadata(), Evidence(), Frames(every_seconds=5.0), ContactSheet(), VideoPreview(), *SOUND),
    "audio": (Metadata(), Evidence(), *SOUND),
    "photo": (Metadata(), Evidence(), PhotoPreview()),
}
TAKE = ("originals", "stills", "frames", "contact sheets", "spectrograms", "clips", "sound", "metadata")


def ingested(raw: Path, store: Path) -> Store:
    report = run_ingest(raw, store, RECIPES, Options(), in_threads, name="packs")
    assert report.results.failed == 0, report.message
    return Store(store)


@pytest.fixture(scope="module")
def sample_store(sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    return ingested(sample_release.parent, tmp_path_factory.mktemp("store") / "store")


def packed(store: Store, output: Path, recipe: PackRecipe) -> Built:
    return build(recipe, output, store, asked=lambda row: frozenset())


def test_the_sample_release_for_every_audience(sample_store: Store, tmp_path: Path) -> None:
    for audience in AUDIENCES:
        recipe = PackRecipe(title=Text(en="Sample", zh="样例"), selection=("*",), take=TAKE, audience=audience)
        packed(sample_store, tmp_path / audience, recipe)
        assert verify_pack(tmp_path / audience).faults == ()
        check_all(tmp_path / audience)


def test_a_pack_with_sizes_and_a_highlight_is_the_same_twice(sample_store: Store, tmp_path: Path) -> None:
    recipe = PackRecipe(
        title=Text(en="Sample"),
        selection=("*",),
        take=("stills", "contact sheets"),
        audience="public",
        pictures=Pictures(longest_side_px=(320, 640), picture_format="png"),
        highlight=Highlight(seconds_each=1.0, longest_side_px=320),
    )
    for number in range(2):
        packed(sample_store, tmp_path / f"{number}", recipe)
    assert tree(tmp_path / "0") == tree(tmp_path / "1")
    check_all(tmp_path / "0")
    with av.open(str(tmp_path / "0/data/videos/highlight.mp4")) as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        assert (video.width, video.height, video.codec_context.name) == (320, 180, "h264")
        shown = sum(1 for _ in container.decode(video))
        assert shown == 25 * (3 + 4 + 3)  # title, three clips and the photo, credits
        assert sound.codec_context.name == "aac"


def test_a_highlight_without_pictures_is_reported(sample_store: Store, tmp_path: Path) -> None:
    recipe = PackRecipe(title=Text(en="Sound"), selection=("*.wav",), take=("sound",), highlight=Highlight())
    with pytest.raises(
        RequestError, match=r"highlight: the selection has sound alone; add a photo or a video, or remove \[highlight\]"
    ):
        packed(sample_store, tmp_path / "pack", recipe)
    assert list(tmp_path.iterdir()) == []


def test_a_release_without_rights_is_packed_for_the_house_and_refused_for_the_public(
    samples: Path, tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    wanted = ("zhurong.jpg", "opportunity-tracks-16bit.png", "SCAM_MIC_SOL001_RUN001.ogg", "apollo11-flag.mp4")
    for name in wanted:
        shutil.copy(samples / "release" / name, raw / name)
    store = ingested(raw, tmp_path / "store")
    recipe = PackRecipe(title=Text(en="Real"), selection=("*",), take=TAKE)
    packed(store, tmp_path / "house", recipe)
    check_all(tmp_path / "house")
    public = dataclasses.replace(recipe, audience="public")
    with pytest.raises(RequestError) as caught:
        packed(store, tmp_path / "public", public)
    assert [line.split()[0] for line in str(caught.value).split("\n")[1:-1]] == sorted(wanted)
