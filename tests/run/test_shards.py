"""Shards: parts of the files that are disjoint and together everything, each with the results of a whole run."""

from __future__ import annotations

import json
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from flows.run.planning.select import ReprocessRequest, prepare_chosen
from flows.run.planning.shard import EVERYTHING, Shard
from flows.run.reporting.report import Report
from processors.errors import RequestError
from processors.store.catalogue.catalogue import Catalogue
from processors.store.store import Store
from tests.conftest import quiet_environment
from tests.helpers.command import command_line
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest

COUNT = 3


@dataclass(frozen=True)
class Place:
    relative: str


@pytest.fixture
def release(raw: Path, maker: MediaMaker) -> Path:
    """Media with a description, a label of two of them, a copy under another name, and text."""
    for number in range(6):
        maker.photo(f"photo-{number}.jpg", size=(60 + 60 * number, 40))
    maker.tone("wind.wav")
    shutil.copy(raw / "june/photo-0.jpg", raw / "june/copy of a photo.jpg")
    (raw / "june/release.toml").write_text(
        'title = "June"\n[[file]]\npath = "photo-1.jpg"\ntitle = "One"\n[[file]]\npath = "lost.jpg"\ntitle = "Lost"\n'
    )
    named = "".join(f"<File><file_name>photo-{number}.jpg</file_name></File>" for number in (2, 3))
    schema = 'xmlns="http://pds.nasa.gov/pds4/pds/v1"'
    (raw / "june/both.xml").write_text(f'<?xml version="1.0"?><Product_Browse {schema}>{named}</Product_Browse>')
    (raw / "june/.hidden").write_text("")
    return raw


def shards(raw: Path, store: Path) -> list[Report]:
    return [ingest(raw, store, shard=f"{number}/{COUNT}") for number in range(1, COUNT + 1)]


def results(store: Path) -> dict[str, list[str]]:
    """The SHA-256 of the items of each result."""
    return {str(one.ref): [item.sha256 for item in one.items] for one in Store(store).manifests()}


def rows(store: Path) -> list[tuple[str, str, str | None]]:
    return sorted((row.relative, row.digest, row.evidence_key) for row in Catalogue(Store(store)).sightings())


def test_shards_are_disjoint_and_together_everything() -> None:
    places = [Place(f"june/фото {number}.jpg") for number in range(1000)]
    parts = [{one.relative for one in Shard(number=number, count=7).own(places)} for number in range(1, 8)]
    assert sum(map(len, parts)) == len(places) == len(set[str]().union(*parts))
    assert all(100 < len(part) < 190 for part in parts)
    assert EVERYTHING.own(places) == places


def test_a_file_is_in_the_same_shard_for_ever() -> None:
    names = ["june/descent.mp4", "june/rover.jpg", "july/火星.wav"]
    shards = [next(n for n in range(1, 6) if Shard(number=n, count=5).has(name)) for name in names]
    assert shards == [1, 5, 4]


@pytest.mark.parametrize("text", ["", "0/4", "5/4", "1", "1/0", "a/b", "-1/4", "1/4 ", "1/10001"])
def test_other_words_are_no_shard(text: str) -> None:
    with pytest.raises(RequestError, match=r"not a part of a whole; write 1/4 to 4/4 for four shards"):
        Shard.parse(text)


def test_shards_make_what_a_whole_run_makes(release: Path, tmp_path: Path) -> None:
    whole = ingest(release, tmp_path / "whole")
    parts = shards(release, tmp_path / "parts")
    assert results(tmp_path / "parts") == results(tmp_path / "whole")
    assert rows(tmp_path / "parts") == rows(tmp_path / "whole")
    for count in ("files", "sources", "duplicates", "companions", "unsupported", "not_taken", "passed_over"):
        assert sum(getattr(one, count) for one in parts) == getattr(whole, count), count
    problems = sorted(str(problem) for one in parts for problem in one.problems)
    assert problems == sorted(map(str, whole.problems))
    assert any("lost.jpg" in one for one in problems)
    assert all(one.results.made > 0 for one in parts)
    assert ingest(release, tmp_path / "parts").results.due == 0
    assert [one.results.due for one in shards(release, tmp_path / "parts")] == [0] * COUNT


@pytest.mark.slow
def test_shards_at_the_same_time_lose_nothing(release: Path, tmp_path: Path, python_path: str) -> None:
    environment = {**quiet_environment(tmp_path / "home"), "PYTHONPATH": python_path}

    def command(*options: str) -> subprocess.CompletedProcess[str]:
        words = command_line("ingest", release, "--store", tmp_path / "parts", *options)
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=120)

    ingest(release, tmp_path / "whole")
    with ThreadPoolExecutor(COUNT) as pool:
        asked = [f"{number}/{COUNT}" for number in range(1, COUNT + 1)]
        done = list(pool.map(lambda shard: command("--shard", shard), asked))
    assert [one.returncode for one in done] == [0] * COUNT, [one.stderr for one in done]
    assert results(tmp_path / "parts").keys() >= results(tmp_path / "whole").keys()
    assert json.loads(command("--json").stdout)["results"]["due"] == 0


def test_a_shard_reads_no_media_of_others(release: Path, tmp_path: Path) -> None:
    from flows.run.options import Options
    from flows.run.planning.prepare import prepare
    from flows.run.progress import RunProgress
    from tests.helpers.first_recipes import RECIPES

    with RunProgress(quiet=True) as progress:
        options = Options(shard=f"1/{COUNT}")
        prepared = prepare(release, Store(tmp_path / "store"), RECIPES, progress, options)
    assert len(prepared.rows) < prepared.hashed < 9


def test_a_file_that_is_gone_is_told_by_its_own_shard(release: Path, tmp_path: Path) -> None:
    shards(release, tmp_path / "store")
    (release / "june/wind.wav").unlink()
    told = [change.file for one in shards(release, tmp_path / "store") for change in one.changes]
    assert told == ["june/wind.wav"]


def test_shards_of_a_reprocessing_are_disjoint_and_together_everything(release: Path, tmp_path: Path) -> None:
    ingest(release, tmp_path / "store")
    store = Store(tmp_path / "store")
    request = ReprocessRequest(words=("medium=photo",), processors=("photo.preview",), settings={"quality": "71"})

    def due(shard: Shard) -> list[str]:
        prepared = prepare_chosen(request, store, retry_failed=False, remember=False, shard=shard)
        return [one.relative for one in prepared.plan.all_due]

    parts = [due(Shard(number=number, count=COUNT)) for number in range(1, COUNT + 1)]
    assert sorted(one for part in parts for one in part if "copy" not in one and "photo-0" not in one) == sorted(
        one for one in due(EVERYTHING) if "copy" not in one and "photo-0" not in one
    )
