"""A record of a source that is damaged or missing is named, and written again from the catalogue: nothing is lost."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from processors.errors import RequestError
from processors.store.catalogue.catalogue import Catalogue
from tests.helpers.pack_store import picture
from tests.helpers.releases import Releases

HEAD = 'credit = "CNSA"\nrights = "free"\nredistribute = true\n'
ENTRY = '[[file]]\npath = "b.jpg"\nredistribute = false\n'
OTHER = '{"digest": "ab", "seen": []}\n'
UNREADABLE = "not a readable record"
DAMAGE: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "empty": (lambda file: file.write_bytes(b""), "damaged", f"{UNREADABLE} (Expecting value: line 1 column 1"),
    "cut": (lambda file: file.write_bytes(file.read_bytes()[:200]), "damaged", UNREADABLE),
    "garbage": (lambda file: file.write_bytes(random.Random(1).randbytes(900)), "damaged", UNREADABLE),
    "of another": (lambda file: file.write_text(OTHER), "damaged", f"{UNREADABLE} (it is not of this source)"),
    "a list": (lambda file: file.write_text("[]\n"), "damaged", f"{UNREADABLE} (it is not of this source)"),
    "deleted": (lambda file: file.unlink(), "missing", "no record of the paths and the history of this source"),
}  # fmt: skip


@pytest.fixture
def releases(tmp_path: Path) -> Releases:
    """A photo that its entry forbade to redistribute, and that was at another path before."""
    made = Releases(tmp_path)
    made.add("june", HEAD + ENTRY)
    made.ingest()
    (made.raw / "june/release.toml").write_text(HEAD)
    (made.raw / "june/b.jpg").rename(made.raw / "june/c.jpg")
    made.ingest()
    return made


def run(releases: Releases, *words: str, code: int) -> list[str]:
    result = CliRunner().invoke(main, [*words, "--store", str(releases.store.root)])
    assert result.exit_code == code, result.output
    return result.output.splitlines()


def record_of(releases: Releases) -> Path:
    (digest,) = {row.digest for row in Catalogue(releases.store).sightings() if row.kind == "media"}
    return Path(releases.store.source_folder(digest)) / "source.json"


def rows(releases: Releases) -> list[str]:
    return sorted(map(str, Catalogue(releases.store).sightings()))


@pytest.mark.parametrize("how", DAMAGE)
def test_rebuild_writes_a_lost_record_again_and_keeps_what_it_forbade(releases: Releases, how: str) -> None:
    damage, kind, reason = DAMAGE[how]
    record, before = record_of(releases), rows(releases)
    whole, place = json.loads(record.read_bytes()), record.relative_to(releases.store.root)
    damage(record)
    lines = run(releases, "verify", "--store-only", "--quiet", code=1)
    assert lines[0].startswith(f"{kind}: {place}: {reason}")
    way = "record of june/c.jpg: run `marsmedia ingest`, which writes it again from the catalogue"
    assert lines[1].endswith(": 1 fault")
    assert lines[2:] == [way]
    told, done = run(releases, "rebuild", "--quiet", code=1)
    assert told.startswith(f"restored: {place}: {reason}")
    assert told.endswith("; written again from the catalogue")
    assert done.startswith("rebuilt the catalogue")
    assert json.loads(record.read_bytes()) == whole
    assert rows(releases) == before
    assert run(releases, "verify", "--quiet", code=0)[-1].endswith(": no faults")
    assert len(run(releases, "rebuild", "--quiet", code=0)) == 1
    assert rows(releases) == before
    with pytest.raises(RequestError, match="redistribute = false"):
        releases.pack("release=june")


@pytest.mark.parametrize("how", ["empty", "garbage", "deleted"])
def test_the_run_after_a_check_writes_a_lost_record_again(releases: Releases, how: str) -> None:
    record = record_of(releases)
    whole = record.read_bytes()
    DAMAGE[how][0](record)
    releases.ingest()  # nothing has told it
    run(releases, "verify", "--store-only", "--quiet", code=1)
    releases.ingest()
    assert json.loads(record.read_bytes()) == json.loads(whole)
    assert run(releases, "verify", "--quiet", code=0)[-1].endswith(": no faults")


@pytest.mark.parametrize("how", ["empty", "garbage", "deleted"])
def test_a_path_is_added_to_a_lost_record_with_all_earlier_ones(releases: Releases, how: str) -> None:
    record = record_of(releases)
    DAMAGE[how][0](record)
    (releases.raw / "june/c.jpg").rename(releases.raw / "june/d.jpg")
    releases.ingest()
    assert [Path(one["path"]).name for one in json.loads(record.read_bytes())["seen"]] == ["b.jpg", "c.jpg", "d.jpg"]
    shutil.rmtree(releases.store.catalogue_folder)
    assert len(run(releases, "rebuild", "--quiet", code=0)) == 1
    with pytest.raises(RequestError, match="redistribute = false"):
        releases.pack("release=june")


def test_a_record_that_lacks_paths_gets_them_again(releases: Releases) -> None:
    record, before = record_of(releases), rows(releases)
    whole = json.loads(record.read_bytes())
    record.write_text(json.dumps({**whole, "seen": whole["seen"][1:]}))
    told, _ = run(releases, "rebuild", "--quiet", code=1)
    assert told.endswith("source.json: it lacked paths that the catalogue has; written again from the catalogue")
    assert (json.loads(record.read_bytes()), rows(releases)) == (whole, before)


@pytest.mark.parametrize("how", ["empty", "garbage", "deleted"])
def test_a_lost_record_without_a_catalogue_is_left_out_and_said_so(releases: Releases, how: str) -> None:
    damage, kind, reason = DAMAGE[how]
    record = record_of(releases)
    place = record.relative_to(releases.store.root)
    damage(record)
    shutil.rmtree(releases.store.catalogue_folder)
    told, _ = run(releases, "rebuild", "--quiet", code=1)
    assert told.startswith(f"left out: {place}: {reason}")
    lines = run(releases, "verify", "--store-only", "--quiet", code=1)
    assert lines[0].startswith(f"{kind}: {place}: {reason}")
    digest = record.parent.name
    way = f"record of {digest[:12]}: restore it from a copy of the store, then run `marsmedia verify`"
    assert lines[2:] == [way]
    found = json.loads("\n".join(run(releases, "rebuild", "--quiet", "--json", code=1)))
    assert (len(found["unreadable"]), found["restored"]) == (1, [])


@pytest.mark.parametrize("has_folder", [True, False])
def test_the_lost_record_of_a_label_is_named_too_though_nothing_else_is_in_its_folder(
    releases: Releases, has_folder: bool
) -> None:
    """It is known by what is stated of the files that it describes, and named once for all of them."""
    label = '<Product_Observational xmlns="http://pds.nasa.gov/pds4/pds/v1"><File><file_name>{}</file_name></File>{}'
    june = releases.raw / "june"
    (june / "d.jpg").write_bytes(picture(48, 32, 7))
    both = label.format("c.jpg", "<File><file_name>d.jpg</file_name></File></Product_Observational>")
    (june / "both.xml").write_text(both)
    releases.ingest()
    assert run(releases, "rebuild", "--quiet", code=0)[0].startswith("rebuilt the catalogue")
    digest = hashlib.sha256(both.encode()).hexdigest()
    record = Path(releases.store.source_folder(digest)) / "source.json"
    whole, place = record.read_bytes(), record.relative_to(releases.store.root)
    record.unlink()
    if not has_folder:
        record.parent.rmdir()
    told = f"{place}: no record of the paths and the history of this source, both.xml"
    again = run(releases, "rebuild", "--quiet", code=1)[:-1]
    assert again == [f"restored: {told}; written again from the catalogue"]
    assert json.loads(record.read_bytes()) == json.loads(whole)
    shutil.rmtree(record.parent)
    shutil.rmtree(releases.store.catalogue_folder)
    assert run(releases, "rebuild", "--quiet", code=1)[:-1] == [f"left out: {told}"]
    releases.ingest()  # finds the label as a new file
    assert len(run(releases, "rebuild", "--quiet", code=0)) == 1
