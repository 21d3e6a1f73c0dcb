"""Before a large run its space on the disk is estimated."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from flows.cli.ingest import space
from flows.cli.main import main
from flows.cli.printing.print_table import size
from flows.run.planning.disk_use import DiskUse, disk_use
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.contract import Medium, Processor, Source
from processors.engine.plan import Due
from processors.engine.wanted_results import WantedResult
from processors.metadata import Metadata
from processors.photo.enhanced import Enhanced
from processors.photo.photo_preview import PhotoPreview
from processors.photo.quality import Quality
from processors.photo.tiles import Tiles
from processors.sources.source_file import SourceFile
from processors.store.catalogue.catalogue import Catalogue
from processors.store.store import Store
from tests.helpers.runs import ingest


def due(medium: Medium, size_bytes: int, *processors: Processor) -> Due:
    source = Source(
        digest=f"{size_bytes:064x}", size_bytes=size_bytes, name="a", medium=medium, format="x", has_sound=False
    )
    file = SourceFile(path=Path("a"), size_bytes=size_bytes, mtime_ns=0)
    return Due(
        source=source,
        file=file,
        release="june",
        relative="june/a",
        duration_seconds=None,
        results=tuple(WantedResult.of(one, source.digests) for one in processors),
    )


def test_the_space_of_large_results_is_told_however_small_their_media_are(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    long = dataclasses.replace(due("audio", 10_000_000, Spectrogram()), duration_seconds=36_000.0)
    use = disk_use([long], store)
    assert use
    assert (use.media_bytes, use.is_rough) == (10_000_000, True)
    assert use.least_bytes < 36_000 * 70_000 < use.most_bytes
    assert disk_use([dataclasses.replace(long, duration_seconds=60.0)], store) is None
    assert disk_use([], store) is None


def test_only_what_is_due_of_a_medium_is_counted(tmp_path: Path) -> None:
    (tmp_path / "raw/june").mkdir(parents=True)
    Image.effect_noise((640, 480), 90).save(tmp_path / "raw/june/a.png")
    size_bytes = (tmp_path / "raw/june/a.png").stat().st_size
    ingest(tmp_path / "raw", tmp_path / "store", {"photo": (Metadata(), PhotoPreview()), "video": (), "audio": ()})
    store = Store(tmp_path / "store")
    made = {row["processor"]: row["size_bytes"] for row in Catalogue(store).table("results").to_pylist()}
    assert made["photo.preview"] > made["metadata"] > 0
    for processors in ((Metadata(),), (PhotoPreview(),), (Metadata(), PhotoPreview())):
        same = dataclasses.replace(due("photo", size_bytes, *processors), frame_pixels=640 * 480)
        use = disk_use([same], store, least_bytes=1)
        assert use
        assert use.result_bytes == pytest.approx(sum(made[one.name] for one in processors), abs=1)
        assert not use.is_rough
    one_without_figures = due("photo", size_bytes, Metadata(), PhotoPreview(), Quality())
    use = disk_use([one_without_figures], store, least_bytes=1)
    assert use
    assert use.result_bytes > sum(made.values())


def test_a_photo_over_a_limit_of_pixels_takes_no_space(tmp_path: Path) -> None:
    store, bomb = Store(tmp_path / "store"), 2_000_000_000
    processors = (Metadata(), PhotoPreview(), Quality(), Tiles(max_pixels=1_900_000_000), Enhanced())
    refused = dataclasses.replace(due("photo", 5_000_000, *processors), frame_pixels=bomb)
    assert [refused.decoded_size(one) for one in processors] == [0.0] * 5
    use = disk_use([refused], store, least_bytes=1)
    assert use
    assert use.most_bytes < 1_000_000
    allowed = dataclasses.replace(due("photo", 5_000_000, Metadata(), Tiles()), frame_pixels=bomb)
    assert [allowed.decoded_size(one) for one in (Metadata(), Tiles())] == [0.0, 2000.0]


def test_a_dry_run_tells_the_space_of_a_small_release_too_on_the_disk_of_a_store_that_is_not_there_yet(
    tmp_path: Path,
) -> None:
    (tmp_path / "raw/june").mkdir(parents=True)
    Image.effect_noise((640, 480), 90).save(tmp_path / "raw/june/a.png")
    size_bytes = (tmp_path / "raw/june/a.png").stat().st_size
    words = ["ingest", str(tmp_path / "raw"), "--store", str(tmp_path / "not/yet"), "--dry-run", "--quiet"]
    told = CliRunner().invoke(main, words).output.splitlines()
    assert re.fullmatch(rf"between .* and .* of results for {size(size_bytes)} of media; .* free", told[-1]), told
    assert not (tmp_path / "not").exists()


def test_too_little_space_is_reported_with_advice() -> None:
    use = DiskUse(
        media_bytes=2 * 10**9,
        result_bytes=32 * 10**9,
        least_bytes=8 * 10**9,
        most_bytes=128 * 10**9,
        is_rough=False,
        free_bytes=50 * 10**9,
    )
    assert space(use) == "about 32 GB of results for 2 GB of media; 50 GB free"
    assert space(dataclasses.replace(use, free_bytes=10**9)) == (
        "about 32 GB of results for 2 GB of media; 1 GB free: "
        "free some space, choose another disk with --store, or make less with --recipe light"
    )
    assert space(dataclasses.replace(use, free_bytes=10**9), "light").endswith(
        "1 GB free: free some space, or choose another disk with --store"
    )
    assert space(dataclasses.replace(use, is_rough=True)) == (
        "between 8 GB and 128 GB of results for 2 GB of media; 50 GB free"
    )
