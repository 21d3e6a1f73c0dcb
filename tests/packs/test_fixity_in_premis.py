"""PREMIS has the fixity checks of each original: the last that found it whole, and every one that did not."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from flows.run.build_pack import build_pack, recipe_of
from flows.run.checking.check_store import hash_all, hash_sample
from processors.engine.wanted_results import Recipes
from processors.errors import StoreError
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.store.fixity.fixity_history import KIND, raw_checks
from processors.store.store import Store
from tests.helpers.pack_store import picture
from tests.helpers.runs import ingest

etree: Any = importlib.import_module("lxml.etree")  # compiled, and without types
PREMIS = {"p": "http://www.loc.gov/premis/v3"}
RECIPES: Recipes = {"photo": (Metadata(), Evidence()), "video": (), "audio": ()}


class Museum:
    def __init__(self, folder: Path) -> None:
        self.folder, self.raw, self.store = folder, folder / "raw", Store(folder / "store")
        (self.raw / "june").mkdir(parents=True)
        for number, name in enumerate(("a.jpg", "b.jpg")):
            (self.raw / "june" / name).write_bytes(picture(64, 48, number))
        self.ingest()

    def ingest(self) -> None:
        ingest(self.raw, self.store.root, RECIPES)

    def checks(self, name: str) -> list[tuple[str, str]]:
        """Outcome and note of each fixity check in a new pack, of one file, in the order of their times."""
        place = self.folder / f"pack{len(list(self.folder.glob('pack*')))}"
        build_pack(recipe_of(["release=june"], audience="archive"), place, self.store)
        found = []
        for event in etree.parse(place / "data/premis.xml").iterfind("p:event", PREMIS):
            detail = event.findtext("p:eventDetailInformation/p:eventDetail", None, PREMIS)
            if event.findtext("p:eventType", None, PREMIS) == "fixity check" and detail.endswith(f" at: june/{name}"):
                when = event.findtext("p:eventDateTime", None, PREMIS)
                note = event.findtext(".//p:eventOutcomeDetailNote", "", PREMIS)
                found.append((when, event.findtext(".//p:eventOutcome", None, PREMIS), note.partition(" ")[0]))
        return [(outcome, note) for _, outcome, note in sorted(found, key=lambda one: one[0])]


@pytest.fixture
def museum(tmp_path: Path) -> Museum:
    return Museum(tmp_path)


def test_the_last_check_that_passed_and_each_that_failed_are_events(museum: Museum) -> None:
    assert museum.checks("a.jpg") == []
    hash_all(museum.store)
    hash_all(museum.store, which="raw")
    assert museum.checks("a.jpg") == museum.checks("b.jpg") == [("success", "")]
    whole = (museum.raw / "june/a.jpg").read_bytes()
    (museum.raw / "june/a.jpg").unlink()
    hash_all(museum.store, which="raw")
    (museum.raw / "june/a.jpg").write_bytes(whole)
    assert museum.checks("a.jpg") == [("success", ""), ("failure", "missing:")]
    assert museum.checks("b.jpg") == [("success", "")]
    hash_all(museum.store)
    assert museum.checks("a.jpg") == [("failure", "missing:"), ("success", "")]


def test_a_check_says_nothing_of_what_it_did_not_hash(museum: Museum) -> None:
    hash_all(museum.store, which="store")
    hash_sample(museum.store, 0.0, seed=1)
    museum.raw.rename(museum.folder / "unmounted")
    hash_all(museum.store, which="raw")
    (museum.folder / "unmounted").rename(museum.raw)
    assert museum.checks("a.jpg") == []
    assert [(check.sample, len(check.missing_folders)) for check in raw_checks(museum.store)] == [((), 0), (None, 1)]
    hash_sample(museum.store, 100.0, seed=1)
    assert museum.checks("a.jpg") == [("success", "")]
    (museum.raw / "june/c.jpg").write_bytes(picture(64, 48, 7))
    museum.ingest()
    assert museum.checks("c.jpg") == [], "it came after the check"


def test_a_record_that_cannot_be_read_is_named(museum: Museum) -> None:
    hash_all(museum.store)
    (record,) = (museum.store.root / KIND).glob("*.json")
    record.write_text(json.dumps({"started_utc": 1}))
    with pytest.raises(StoreError, match=f"{KIND}/{record.name}: not the record of a check"):
        museum.checks("a.jpg")
