"""A damaged table of the catalogue is one clear sentence in every command, and `rebuild` makes it again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from processors.engine.wanted_results import Recipes
from processors.metadata import Metadata
from processors.photo.photo_preview import PhotoPreview
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.table_columns import COLUMNS
from processors.store.store import Store
from tests.helpers.command import in_this_process
from tests.helpers.runs import ingest

RECIPES: Recipes = {"photo": (Metadata(), PhotoPreview(longest_sides_px=(64,)))}
COMMANDS = (("show", "a.png"), ("why", "a.png"), ("verify",), ("failures",), ("query", "SELECT 1"), ("ingest", "raw"))


def log(table: Path) -> Path:
    """The newest entry of a table's log."""
    return max((table / "_delta_log").glob("*.json"))


def data(table: Path) -> Path:
    return max(table.glob("*.parquet"))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty log": lambda table: [one.write_bytes(b"") for one in (table / "_delta_log").glob("*.json")],
    "empty entry": lambda table: log(table).write_bytes(b""),
    "noise in the log": lambda table: log(table).write_bytes(bytes(range(1, 200))),
    "cut log": lambda table: os.truncate(log(table), 200),
    "cut data": lambda table: os.truncate(data(table), 100),
    "empty data": lambda table: data(table).write_bytes(b""),
    "no data": lambda table: data(table).unlink(),
}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "raw/june").mkdir(parents=True)
    Image.new("RGB", (96, 64), (40, 80, 120)).save(tmp_path / "raw/june/a.png")
    ingest(Path("raw"), Path("store"), RECIPES)
    return Store(Path("store"))


@pytest.mark.parametrize("damage", DAMAGES)
def test_commands_advise_to_rebuild_a_damaged_table_and_rebuild_makes_it_again(store: Store, damage: str) -> None:
    before = {name: sorted(map(str, Catalogue(store).rows(name, [*columns]))) for name, columns in COLUMNS.items()}
    DAMAGES[damage](store.catalogue_folder / "sources")
    for words in COMMANDS:
        done = in_this_process(*words, "--store", "store")
        (said,) = [line for line in done.stderr.splitlines() if line.startswith("marsmedia: ")]
        assert said.startswith("marsmedia: the catalogue table 'sources' is damaged ("), words
        assert said.endswith("); run `marsmedia rebuild`")
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
    done = in_this_process("rebuild", "--store", "store")
    assert (done.returncode, done.stdout) == (0, "rebuilt the catalogue and the by-name view of store\n")
    after = {name: sorted(map(str, Catalogue(store).rows(name, [*columns]))) for name, columns in COLUMNS.items()}
    assert after == before
    assert in_this_process("verify", "--store", "store").returncode == 0
