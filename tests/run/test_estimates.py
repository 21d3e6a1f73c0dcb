"""What a dry run says of the space is within a factor of two of what is made, from small to large media and back."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from flows.recipes import RECIPES
from flows.run.options import Options
from flows.run.planning.prepare import prepare
from flows.run.progress import RunProgress
from processors.engine.estimate import Estimate, estimate, reads_of
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.history import History
from processors.store.store import Store
from tests.helpers.command import in_this_process
from tests.helpers.runs import ingest

pytestmark = pytest.mark.slow
SMALL = (
    "release/zhurong.jpg",
    "release/curiosity-navcam-raw.jpg",
    "formats/photo/pillow/flower.jpg",
    "release/SCAM_MIC_SOL001_RUN001.ogg",
    "release/edl-microphone/mic_00000170_000_000000.wav",
)
LARGE = (
    "release/curiosity-looking-back-tracks.jpg",
    "release/perseverance-three-forks.jpg",
    "release/opportunity-tracks-16bit.png",
    "formats/audio/audio-lena/lena.ogg",
    "formats/audio/opensoundscape/birds_10s.wav",
)


@pytest.fixture(scope="module")
def filled(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders with two raw folders and a store of each."""
    folder = tmp_path_factory.mktemp("estimates")
    for name, files in (("small", SMALL), ("large", LARGE)):
        (folder / name / "raw/june").mkdir(parents=True)
        for file in files:
            shutil.copy(samples / file, folder / name / "raw/june")
        ingest(folder / name / "raw", folder / name / "store", RECIPES)
    return {name: folder / name for name in ("small", "large")}


def expected(raw: Path, store: Path) -> Estimate:
    opened = Store(store)
    with RunProgress(quiet=True) as progress:
        due = prepare(raw, opened, RECIPES, progress, Options(), remember=False).plan.all_due
    return estimate(due, History(Catalogue(opened), reads_of(due)), 2)


def made_bytes(store: Path) -> int:
    return sum(row["size_bytes"] for row in Catalogue(Store(store)).table("results", ["size_bytes"]).to_pylist())


@pytest.mark.parametrize(("known", "new"), [("small", "large"), ("large", "small")])
def test_the_space_of_real_media_is_expected_within_a_factor_of_two(
    filled: dict[str, Path], known: str, new: str
) -> None:
    told, made = expected(filled[new] / "raw", filled[known] / "store"), made_bytes(filled[new] / "store")
    assert 0.5 < told.made_bytes / made < 2.0
    assert not told.is_rough
    assert told.unknown == ()


@pytest.mark.parametrize("new", ["small", "large"])
def test_without_any_results_bounds_are_told_that_hold(filled: dict[str, Path], new: str, tmp_path: Path) -> None:
    told, made = expected(filled[new] / "raw", tmp_path / "store"), made_bytes(filled[new] / "store")
    assert told.is_rough
    assert told.least_bytes < made < told.most_bytes
    lines = in_this_process(
        "ingest", filled[new] / "raw", "--store", tmp_path / "none", "--dry-run", "--quiet"
    ).stdout.splitlines()
    assert lines[-2].startswith("estimated: between "), lines
    assert ": no earlier results of " in lines[-2]
    assert lines[-1].startswith("between "), lines


def test_files_far_larger_than_all_known_ones_have_bounds(filled: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "raw/june").mkdir(parents=True)
    _tiny(tmp_path / "raw/june", range(3))
    ingest(tmp_path / "raw", tmp_path / "store", RECIPES)
    told, made = expected(filled["large"] / "raw", tmp_path / "store"), made_bytes(filled["large"] / "store")
    assert told.is_rough
    assert told.least_bytes < made < told.most_bytes


def _tiny(folder: Path, numbers: Sequence[int]) -> None:
    from tests.helpers.made_media import MediaMaker

    for number in numbers:
        MediaMaker(folder).photo(f"{number}.jpg", size=(64, 48 + number))
        MediaMaker(folder).tone(f"{number}.wav", seconds=0.2 + number / 100)
