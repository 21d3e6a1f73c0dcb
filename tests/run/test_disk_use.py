"""Before a large run its space on the disk is estimated."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from flows.cli.ingest import space
from flows.cli.main import main
from flows.cli.print_table import size
from flows.run.disk_use import USUAL_RATIO, DiskUse, disk_use
from processors.contract import Medium, Processor, Source
from processors.engine.plan import Due
from processors.engine.wanted_results import WantedResult
from processors.metadata import Metadata
from processors.photo.photo_preview import PhotoPreview
from processors.photo.quality import Quality
from processors.sources.source_file import SourceFile
from processors.store.catalogue import Catalogue
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


def test_space_is_estimated_from_earlier_results_of_the_medium(tmp_path: Path) -> None:
    (tmp_path / "raw/june").mkdir(parents=True)
    Image.new("RGB", (64, 48)).save(tmp_path / "raw/june/a.png")
    ingest(tmp_path / "raw", tmp_path / "store", {"photo": (Metadata(),), "video": (), "audio": ()})
    store = Store(tmp_path / "store")
    made = sum(row["size_bytes"] for row in Catalogue(store).table("results", ["size_bytes"]).to_pylist())
    ratio = made / (tmp_path / "raw/june/a.png").stat().st_size
    use = disk_use([due("photo", 2_000_000_000, Metadata()), due("video", 1_000_000_000, Metadata())], store)
    assert use
    assert use.media_bytes == 3_000_000_000
    assert use.result_bytes == pytest.approx(2e9 * ratio + 1e9 * USUAL_RATIO)
    assert use.free_bytes > 0
    assert disk_use([due("photo", 999_999_999, Metadata())], store) is None


def test_only_what_is_due_of_a_medium_is_counted(tmp_path: Path) -> None:
    (tmp_path / "raw/june").mkdir(parents=True)
    Image.effect_noise((640, 480), 90).save(tmp_path / "raw/june/a.png")
    size_bytes = (tmp_path / "raw/june/a.png").stat().st_size
    ingest(tmp_path / "raw", tmp_path / "store", {"photo": (Metadata(), PhotoPreview()), "video": (), "audio": ()})
    store = Store(tmp_path / "store")
    made = {row["processor"]: row["size_bytes"] for row in Catalogue(store).table("results").to_pylist()}
    assert made["photo.preview"] > made["metadata"] > 0
    for processors in ((Metadata(),), (PhotoPreview(),), (Metadata(), PhotoPreview())):
        use = disk_use([due("photo", size_bytes, *processors)], store, least_bytes=1)
        assert use
        assert use.result_bytes == pytest.approx(sum(made[one.name] for one in processors), abs=1)
    use = disk_use([due("photo", size_bytes, Metadata(), PhotoPreview(), Quality())], store, least_bytes=1)
    assert use
    assert use.result_bytes == pytest.approx(USUAL_RATIO * size_bytes, abs=1)  # one of them has no figures yet


def test_a_dry_run_tells_the_space_of_a_small_release_too_on_the_disk_of_a_store_that_is_not_there_yet(
    tmp_path: Path,
) -> None:
    (tmp_path / "raw/june").mkdir(parents=True)
    Image.effect_noise((640, 480), 90).save(tmp_path / "raw/june/a.png")
    size_bytes = (tmp_path / "raw/june/a.png").stat().st_size
    use = disk_use(
        [due("photo", size_bytes, Metadata())], Store(tmp_path / "other"), least_bytes=1, at=tmp_path / "not/yet"
    )
    assert use
    assert (use.media_bytes, use.result_bytes) == (size_bytes, 16 * size_bytes)
    words = ["ingest", str(tmp_path / "raw"), "--store", str(tmp_path / "not/yet"), "--dry-run", "--quiet"]
    told = CliRunner().invoke(main, words).output.splitlines()
    assert told[-1].partition(";")[0] == f"about {size(16 * size_bytes)} of results for {size(size_bytes)} of media"
    assert not (tmp_path / "not").exists()


def test_too_little_space_is_reported_with_advice() -> None:
    use = DiskUse(media_bytes=2 * 10**9, result_bytes=32 * 10**9, free_bytes=50 * 10**9)
    assert space(use) == "about 32 GB of results for 2 GB of media; 50 GB free"
    assert space(dataclasses.replace(use, free_bytes=10**9)) == (
        "about 32 GB of results for 2 GB of media; 1 GB free: "
        "free some space, choose another disk with --store, or make less with --recipe light"
    )
