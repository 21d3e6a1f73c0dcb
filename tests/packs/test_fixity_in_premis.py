"""PREMIS has the fixity checks of each original: the last that found it whole, and every one that did not."""

from __future__ import annotations

import importlib
import json
import os
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from flows.run.build_pack import build_pack, recipe_of
from flows.run.checking.check_store import hash_all, hash_sample
from flows.run.reporting.file_change import Change
from processors.engine.wanted_results import Recipes
from processors.errors import StoreError
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.store.fixity.fixity_history import KIND, FailedFile, raw_checks
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

    def damage(self, name: str) -> bytes:
        """Change a byte and nothing that a look at the folder shows; return the whole file."""
        place = self.raw / "june" / name
        whole, self.seen = place.read_bytes(), place.stat()
        self.damaged = whole[:-10] + bytes([whole[-10] ^ 1]) + whole[-9:]
        place.write_bytes(self.damaged)
        os.utime(place, ns=(self.seen.st_atime_ns, self.seen.st_mtime_ns))
        return whole

    def restore(self, name: str, whole: bytes) -> None:
        """Put a file back with its old date, over a second later, as identifiers of events have seconds."""
        time.sleep(1.1)
        (self.raw / "june" / name).write_bytes(whole)
        os.utime(self.raw / "june" / name, ns=(self.seen.st_atime_ns, self.seen.st_mtime_ns))

    def records(self) -> list[Path]:
        return list((self.store.root / KIND).glob("*.json"))


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
    assert museum.checks("a.jpg") == [("failure", "missing:"), ("success", "restored:")]
    hash_all(museum.store)
    assert museum.checks("a.jpg") == [("failure", "missing:"), ("success", "restored:"), ("success", "")]


def test_a_run_that_finds_a_file_damaged_or_whole_again_leaves_both_checks(museum: Museum) -> None:
    whole = museum.damage("a.jpg")
    for options in ({"hash_all": True}, {"hash_all": True}, {}):  # as a run finds it, and as later ones find it still
        report = ingest(museum.raw, museum.store.root, RECIPES, **options)
        assert report.state == "failed"
    museum.restore("a.jpg", whole)
    report = ingest(museum.raw, museum.store.root, RECIPES)
    assert [str(one) for one in report.changes] == ["restored: june/a.jpg: its bytes are here again"]
    (found, again) = sorted(raw_checks(museum.store), key=lambda check: check.ended_utc)
    (digest, now) = sha256(whole).hexdigest(), sha256(museum.damaged).hexdigest()
    reason = f"changed: was {digest[:16]}... is {now[:16]}...; its size and date are unchanged: restore it from a copy"
    assert found.failed == (FailedFile(place="june/a.jpg", sha256=digest, reason=reason),)
    assert (found.sample, again.sample, again.failed) == (("june/a.jpg",), ("june/a.jpg",), ())
    assert museum.checks("a.jpg") == [("failure", "changed:"), ("success", "restored:")]
    assert museum.checks("b.jpg") == []
    shown = CliRunner().invoke(main, ["show", "june/a.jpg", "--store", str(museum.store.root)]).output.splitlines()
    assert [line for line in shown if line.startswith("  checked  ")] == [
        f"  checked  {found.ended_utc[:19]}Z: {reason}",
        f"  checked  {again.ended_utc[:19]}Z: restored: whole",
    ]
    assert (ingest(museum.raw, museum.store.root, RECIPES, hash_all=True).changes, len(museum.records())) == ((), 2)


def test_the_check_of_a_file_that_was_gone_meanwhile_says_that_it_is_restored(museum: Museum) -> None:
    place = museum.raw / "june/a.jpg"
    whole = place.read_bytes()
    time.sleep(1.1)  # identifiers of events have seconds: the return is not the first ingestion
    place.unlink()
    hash_all(museum.store, which="raw")
    ingest(museum.raw, museum.store.root, RECIPES)
    place.write_bytes(whole)
    ingest(museum.raw, museum.store.root, RECIPES)
    assert museum.checks("a.jpg") == [("failure", "missing:")]
    time.sleep(1.1)  # identifiers of events have seconds
    for more in ([], [("success", "")]):
        hash_all(museum.store, which="raw")
        told = [("failure", "missing:"), ("success", "restored:"), *more]
        assert museum.checks("a.jpg") == told
        time.sleep(1.1)


def test_damage_that_verify_found_ends_with_the_run_that_finds_it_restored(museum: Museum) -> None:
    whole = museum.damage("b.jpg")
    hash_all(museum.store, which="raw")
    museum.restore("b.jpg", whole)
    ingest(museum.raw, museum.store.root, RECIPES)
    assert museum.checks("b.jpg") == [("failure", "changed:"), ("success", "restored:")]


def test_a_dry_run_names_what_is_restored_and_records_no_check(museum: Museum) -> None:
    whole = museum.damage("a.jpg")
    ingest(museum.raw, museum.store.root, RECIPES, hash_all=True)
    museum.restore("a.jpg", whole)
    words = ["ingest", str(museum.raw), "--store", str(museum.store.root), "--dry-run", "--quiet"]
    assert "restored: june/a.jpg: its bytes are here again" in CliRunner().invoke(main, words).output.splitlines()
    assert len(museum.records()) == 1


def test_a_run_says_of_each_file_that_was_gone_that_it_is_back(museum: Museum) -> None:
    place = museum.raw / "june/a.jpg"
    whole = place.read_bytes()
    place.unlink()
    ingest(museum.raw, museum.store.root, RECIPES)
    place.write_bytes(whole)
    report = ingest(museum.raw, museum.store.root, RECIPES)
    digest = sha256(whole).hexdigest()
    told = Change(file="june/a.jpg", path=str(place), kind="restored", was=digest, now=digest)
    assert (report.state, report.changes) == ("completed", (told,))
    for here, there in (("a", "c"), ("c", "a")):  # moved back, which the move says
        (museum.raw / f"june/{here}.jpg").rename(museum.raw / f"june/{there}.jpg")
        report = ingest(museum.raw, museum.store.root, RECIPES)
        assert [str(one) for one in report.changes] == [f"moved: june/{here}.jpg is now june/{there}.jpg"]


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


def test_the_checks_of_one_file_are_those_of_everything_and_the_samples_with_it(museum: Museum) -> None:
    odd = museum.raw / 'june/火星 "1"\\2.jpg'
    odd.write_bytes(picture(64, 48, 9))
    museum.ingest()
    hash_all(museum.store, which="raw")
    hash_sample(museum.store, 0.0, seed=1)
    hash_sample(museum.store, 100.0, seed=1)
    every = raw_checks(museum.store)
    assert [check.sample and len(check.sample) for check in every] == [None, (), 3]
    for place in ("june/a.jpg", f"june/{odd.name}"):
        assert raw_checks(museum.store, [place]) == [every[0], every[2]]
    assert raw_checks(museum.store, ["june/none.jpg"]) == [every[0]]


def test_a_record_that_cannot_be_read_is_named(museum: Museum) -> None:
    hash_all(museum.store)
    (record,) = (museum.store.root / KIND).glob("*.json")
    record.write_text(json.dumps({"started_utc": 1}))
    with pytest.raises(StoreError, match=f"{KIND}/{record.name}: not the record of a check"):
        museum.checks("a.jpg")
