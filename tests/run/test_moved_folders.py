"""A folder of releases that was moved: its releases are the same places, and their history, rights and packs go on."""

from __future__ import annotations

import importlib
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from flows.cli.main import main
from flows.run.options import Options
from flows.run.reporting.report import Report
from flows.run.run import in_threads, run_ingest
from processors.metadata.evidence import Evidence
from processors.photo.photo_preview import PhotoPreview
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.source_row import SourceRow
from processors.store.store import Store
from tests.helpers.pack_store import picture

etree: Any = importlib.import_module("lxml.etree")  # compiled, and without types
PREMIS = {"p": "http://www.loc.gov/premis/v3"}
RECIPES = {"photo": (PhotoPreview(longest_sides_px=(320,)), Evidence())}
DESCRIPTION = 'title = "June"\nrights = "All rights reserved."\nredistribute = {}\n'


class Place:
    """A folder with releases and a store, which may be moved."""

    def __init__(self, folder: Path) -> None:
        self.raw, self.store, self.packs = folder / "raw", folder / "store", 0
        for release in ("june", "july"):
            (self.raw / release / "sub").mkdir(parents=True)
            (self.raw / release / "a.jpg").write_bytes(picture(64, 48, 1))
            (self.raw / release / "sub/b.jpg").write_bytes(picture(64, 48, len(release)))
            (self.raw / release / "release.toml").write_text(DESCRIPTION.format("false"))

    def ingest(self) -> Report:
        return run_ingest(self.raw, self.store, RECIPES, Options(), in_threads, name="i")  # type: ignore[arg-type]

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(main, [*words, "--store", str(self.store)])

    def rows(self) -> list[SourceRow]:
        return Catalogue(Store(self.store)).sightings()

    def seen(self) -> dict[str, list[tuple[str, str | None]]]:
        """Every time in which a file was at its place, by its path below the folder of releases."""
        return {row.relative: row.times for row in self.rows()}

    def events(self) -> dict[str, str]:
        """Kind of each event of a new pack of June for archives, by its identifier."""
        self.packs += 1
        output = self.store.parent / f"pack{self.packs}"
        done = self.run("pack", "release=june", "-o", str(output), "--audience", "archive")
        assert done.exit_code == 0, done.output
        found = etree.parse(output / "data/premis.xml").iterfind("p:event", PREMIS)
        kinds = {
            one.findtext(".//p:eventIdentifierValue", None, PREMIS): one.findtext("p:eventType", None, PREMIS)
            for one in found
        }
        return {name: kind for name, kind in kinds.items() if kind in ("ingestion", "replacement", "deaccession")}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path / "disk1")
    assert place.ingest().state == "completed"
    return place


def moved(place: Place, to: Path) -> str:
    to.parent.mkdir(exist_ok=True)
    shutil.move(place.raw, to)
    line = f"moved: {place.raw} is now {to} (july, june: 6 files, whose history continues)"
    place.raw = to
    return line


def test_a_moved_raw_folder_has_the_same_places_with_their_history(place: Place, tmp_path: Path) -> None:
    before, told = place.seen(), place.events()
    line = moved(place, tmp_path / "disk2/raw")
    advice = "if it was moved, run `marsmedia ingest` on the new folder"
    assert advice in place.run("verify", "--raw-only").output
    report = place.ingest()
    assert report.message.startswith(f"{line}; completed: ")
    assert (report.state, report.results.made, report.changes) == ("completed", 0, ())
    assert place.seen() == before
    assert {row.path for row in place.rows()} == {str(place.raw / relative) for relative in before}
    assert place.run("verify", "--raw-only").exit_code == 0
    assert place.events() == told
    rows = place.rows()
    assert place.run("rebuild").exit_code == 0
    assert sorted(place.rows(), key=str) == sorted(rows, key=str)
    assert place.ingest().message.startswith("completed: ")


def test_raw_and_store_may_move_together(place: Place, tmp_path: Path) -> None:
    before = place.seen()
    shutil.move(tmp_path / "disk1", tmp_path / "disk2")
    place.raw, place.store = tmp_path / "disk2/raw", tmp_path / "disk2/store"
    assert place.ingest().message.startswith("moved: ")
    assert place.seen() == before
    assert place.run("verify").exit_code == 0


def test_rights_corrected_after_a_move_take_effect_and_the_archive_has_the_description(
    place: Place, tmp_path: Path
) -> None:
    told = place.events()
    moved(place, tmp_path / "disk2/raw")
    for release in ("june", "july"):
        (place.raw / release / "release.toml").write_text(DESCRIPTION.format("true"))
    time.sleep(1.0)  # times in PREMIS are whole seconds
    assert place.ingest().message.startswith("moved: ")
    public = place.run("pack", "release=june", "-o", str(tmp_path / "public"), "--audience", "public")
    assert public.exit_code == 0, public.output
    now = place.events()
    assert {name: now.get(name) for name in told} == told
    new = sorted(kind for name, kind in now.items() if name not in told)
    assert new == ["deaccession", "ingestion", "replacement"]  # release.toml alone
    pack = place.store.parent / f"pack{place.packs}/data/releases/june/release.toml"
    assert pack.read_text() == DESCRIPTION.format("true")


def test_two_raw_folders_that_exist_stay_two(place: Place, tmp_path: Path) -> None:
    before = place.seen()
    shutil.copytree(place.raw, tmp_path / "copy")
    first, place.raw = place.raw, tmp_path / "copy"
    assert place.ingest().message.startswith("completed: ")
    assert {row.folder for row in place.rows()} == {str(first), str(tmp_path / "copy")}
    assert len(place.rows()) == 2 * len(before)


def test_a_folder_that_was_copied_and_then_removed_has_moved(place: Place, tmp_path: Path) -> None:
    first = place.seen()
    shutil.copytree(place.raw, tmp_path / "copy")
    time.sleep(1.0)
    old, place.raw = place.raw, tmp_path / "copy"
    place.ingest()
    told = place.events()
    (place.raw / "june/release.toml").write_text(DESCRIPTION.format("true"))
    (place.raw / "july/release.toml").write_text(DESCRIPTION.format("true"))
    place.ingest()
    shutil.rmtree(old)
    report = place.ingest()
    assert report.message.startswith(f"moved: {old} is now {place.raw} (july, june: 6 files")
    assert {row.folder for row in place.rows()} == {str(place.raw)}
    copied, now = place.seen()["june/a.jpg"]
    assert copied == (first["june/a.jpg"][0][0], now[0])
    assert now[1] is None
    later = place.events()
    assert {name: later.get(name) for name in told} == told
    assert place.run("verify").exit_code == 0
    public = place.run("pack", "release=june", "-o", str(tmp_path / "public"), "--audience", "public")
    assert public.exit_code == 0, public.output


def test_a_folder_that_a_move_left_empty_is_named_with_a_remedy_that_works(place: Place, tmp_path: Path) -> None:
    before, old = place.seen(), place.raw
    shutil.copytree(old, tmp_path / "disk2/raw")
    place.raw = tmp_path / "disk2/raw"
    shutil.rmtree(old)
    old.mkdir()
    line = (
        f"{old} is empty, and {place.raw} has what was in it (july, june): if it was moved, remove {old} and run again"
    )
    assert place.ingest().message.startswith(f"{line}; completed: ")
    remedy = "if its files were moved, remove the empty folder and run `marsmedia ingest` on the new folder"
    missing = f"missing: {old}: its 6 files were not found, and it is empty: mount it; {remedy}"
    checked = place.run("verify", "--raw-only")
    assert (checked.exit_code, checked.output.splitlines()[0]) == (1, missing)
    named, _, to_do, *_ = place.run("failures").output.splitlines()
    assert (named, to_do) == (
        missing,
        "  to do: restore it from a copy, or mount its disk; if it was moved, remove its old folder where that is "
        "empty, and run `marsmedia ingest`; if it was removed on purpose, confirm it with `marsmedia release withdraw`",
    )
    old.rmdir()
    moved_now = f"moved: {old} is now {place.raw} (july, june: 6 files, whose history continues)"
    assert place.ingest().message.startswith(f"{moved_now}; completed: ")
    assert {row.path for row in place.rows()} == {str(place.raw / relative) for relative in before}
    assert place.run("verify", "--raw-only").exit_code == 0
    assert place.run("failures").output == "no files with problems\n"


def test_a_release_that_left_an_empty_folder_in_raw_is_clear_once_that_is_removed(place: Place) -> None:
    shutil.copytree(place.raw / "june", place.raw / "may")
    shutil.rmtree(place.raw / "june")
    (place.raw / "june").mkdir()
    meant = "if its files were moved or removed on purpose, remove the folder too"
    assert place.ingest().message.startswith(
        f"0 files in {place.raw}/june, where an earlier run found 3: is it mounted?; {meant}; failed: "
    )
    remedy = "if its files were moved or removed on purpose, remove the empty folder and run `marsmedia ingest`"
    assert f"and it is empty: mount it; {remedy}\n" in place.run("verify", "--raw-only").output
    (place.raw / "june").rmdir()
    assert place.ingest().exit_code == 0
    assert place.run("verify", "--raw-only").exit_code == 0


def test_a_file_that_the_move_damaged_is_told(place: Place, tmp_path: Path) -> None:
    moved(place, tmp_path / "disk2/raw")
    file = place.raw / "june/a.jpg"
    was, data = file.stat(), bytearray(file.read_bytes())
    data[-9] ^= 1
    file.write_bytes(data)
    os.utime(file, ns=(was.st_atime_ns, was.st_mtime_ns))
    report = place.ingest()
    assert [(one.file, one.kind) for one in report.changes] == [("june/a.jpg", "changed")]


def test_a_release_moved_without_the_others_leaves_them_where_they_were(place: Place, tmp_path: Path) -> None:
    shutil.move(place.raw, tmp_path / "away")
    (tmp_path / "disk2").mkdir()
    shutil.move(tmp_path / "away/june", tmp_path / "disk2/june")
    old, place.raw = place.raw, tmp_path / "disk2"
    assert place.ingest().message.startswith(f"moved: {old} is now {tmp_path / 'disk2'} (june: 3 files")
    assert {(row.release, row.folder) for row in place.rows()} == {("june", str(place.raw)), ("july", str(old))}
    place.raw = tmp_path / "away"
    assert place.ingest().message.startswith(f"moved: {old} is now {place.raw} (july: 3 files")
    assert {row.folder for row in place.rows()} == {str(tmp_path / "disk2"), str(tmp_path / "away")}
