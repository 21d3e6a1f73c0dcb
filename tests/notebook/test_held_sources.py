"""Sources that a notebook holds, after runs that moved their files or made the store again."""

from __future__ import annotations

import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import marsmedia
from marsmedia import SourceView
from processors.audio.levels.levels import Levels
from processors.engine.wanted_results import Recipes
from processors.errors import RequestError
from processors.metadata.evidence import Evidence
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest

SOUNDS = ("a.wav", "b.wav", "c.wav", "d.wav")
RECIPES: Recipes = {"audio": (Evidence(), Levels())}


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Two releases with credits of their own; the store next to them is made."""
    raw = tmp_path / "raw"
    for release, credit in (("june", "CNSA"), ("july", "ESA")):
        (raw / release).mkdir(parents=True)
        (raw / release / "release.toml").write_text(f'credit = "{credit}"\n')
    for number, name in enumerate(SOUNDS):
        MediaMaker(raw / "june").tone(name, hz=1000 + 100 * number, peak=0.25)
    run(raw)
    return raw


def run(raw: Path) -> None:
    ingest(raw, raw.parent / "store", RECIPES)


def credit(source: SourceView) -> str | None:
    return source._live.now().provenance.credit


def refusal(source: SourceView) -> str:
    with pytest.raises(RequestError) as caught:
        _ = source.facts
    return str(caught.value)


def test_after_a_run_all_held_sources_of_a_store_share_one_reading(raw: Path) -> None:
    store = marsmedia.open(raw.parent / "store")
    held = [*store.sources(), store.source("a.wav")]
    before = held[0]._live.now().opened.read
    (raw / "june/release.toml").write_text('credit = "CNSA / CLEP"\n')
    run(raw)
    assert [credit(one) for one in held] == ["CNSA / CLEP"] * 5
    after = {id(one._live.now().opened.read) for one in held}
    assert len(after) == 1
    assert held[0]._live.now().opened.read is not before
    assert len({id(one._live.now().opened) for one in held[:4]}) == 1


def test_a_held_source_whose_file_is_elsewhere_says_where(raw: Path) -> None:
    shutil.copy(raw / "june/c.wav", raw / "july/copy.wav")
    run(raw)
    store = marsmedia.open(raw.parent / "store")
    moved, renamed, deleted_one, deleted = (store.source(f"june/{name}") for name in SOUNDS)
    (raw / "june/a.wav").rename(raw / "july/a.wav")
    (raw / "june/b.wav").rename(raw / "june/other.wav")
    (raw / "june/c.wav").unlink()
    (raw / "june/d.wav").unlink()
    run(raw)
    again = "take it again: `store.source"
    assert refusal(moved) == f'a.wav: june/a.wav is now july/a.wav; {again}("{moved.sha256[:8]}")`'
    assert refusal(renamed) == f'b.wav: june/b.wav is now june/other.wav; {again}("{renamed.sha256[:8]}")`'
    assert refusal(deleted_one) == (
        f'c.wav: june/c.wav is gone, and july/copy.wav has the same bytes; {again}("{deleted_one.sha256[:8]}")`'
    )
    assert (credit(deleted), deleted.facts["gone_utc"] is None) == ("CNSA", False)
    assert credit(store.source(moved.sha256[:8])) == "ESA"
    (raw / "july/a.wav").rename(raw / "june/a.wav")
    run(raw)
    assert credit(moved) == "CNSA"


def test_a_store_that_was_deleted_and_made_again_is_read_again(raw: Path) -> None:
    store = marsmedia.open(raw.parent / "store")
    held = store.source("a.wav")
    assert len(store.sources()) == 4
    shutil.rmtree(raw.parent / "store")
    (raw / "june/d.wav").unlink()
    (raw / "june/release.toml").write_text('credit = "CLEP"\n')
    run(raw)
    assert [credit(one) for one in store.sources()] == ["CLEP"] * 3
    assert credit(held) == "CLEP"


def test_a_source_that_was_used_goes_to_another_process_without_the_catalogue(raw: Path) -> None:
    store = marsmedia.open(raw.parent / "store")
    held = store.source("a.wav")
    assert [one.is_asked_for for one in held.results] == [True] * 3
    sent = pickle.dumps((store, held))
    assert len(sent) < 5000
    other_store, other = pickle.loads(sent)
    assert (other_store, other) == (store, held)
    assert [one.is_asked_for for one in other.results] == [True] * 3
    assert credit(other) == "CNSA"


def test_held_sources_have_their_own_results_in_threads(raw: Path) -> None:
    held = marsmedia.open(raw.parent / "store").sources()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda one: (one.name, [result.is_asked_for for result in one.results]), held * 25))
    assert found == [(name, [True] * 3) for name in SOUNDS] * 25
