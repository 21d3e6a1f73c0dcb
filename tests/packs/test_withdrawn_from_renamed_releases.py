"""Withdrawn files of a release that was renamed or sorted into others: named by every heir, and by no other release."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from processors.packs.contents.sightings import Sightings
from processors.store.catalogue.catalogue import Catalogue
from processors.store.store import Store
from tests.helpers.pack_store import picture
from tests.packs.test_premis_events import ingest, packed


def release(folder: Path, name: str, count: int, first: int = 1) -> None:
    """Write pictures p1.jpg, p2.jpg, ... into a release, each with bytes of its own."""
    (folder / "raw" / name).mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        (folder / "raw" / name / f"p{number}.jpg").write_bytes(picture(64, 48, number))


def move(folder: Path, old: str, new: str) -> None:
    """Move a file below the folder of releases, without the folder that it leaves empty."""
    source, target = folder / "raw" / old, folder / "raw" / new
    target.parent.mkdir(parents=True, exist_ok=True)
    source.rename(target)
    if not any(source.parent.iterdir()):
        source.parent.rmdir()


def remove(folder: Path, *names: str) -> None:
    for name in names:
        (folder / "raw" / name).unlink()


def confirm(folder: Path, name: str) -> None:
    run = CliRunner().invoke(main, ["release", "withdraw", name, "--store", str(folder / "store")])
    assert run.exit_code == 0, run.output


def withdrawn(folder: Path, *releases: str) -> list[str]:
    """Paths of the files that a pack of these releases names as withdrawn or missing."""
    return [row.relative for row in Sightings(Catalogue(Store(folder / "store")).sightings()).withdrawn(releases)]


def not_in_pack(folder: Path, name: str) -> list[str]:
    """Files of releases that the pack of one release says it does not hold."""
    marked = "marsmedia: not in the pack: "
    lines = [one.removeprefix(marked) for one in packed(folder, name).stderr.splitlines() if one.startswith(marked)]
    return [one for one in lines if not one.startswith("photo.quality of ")]


def test_a_sorted_release_leaves_what_was_withdrawn_to_every_heir_and_no_present_file(tmp_path: Path) -> None:
    release(tmp_path, "incoming", 7)
    ingest(tmp_path)
    remove(tmp_path, "incoming/p7.jpg")
    ingest(tmp_path)
    confirm(tmp_path, "incoming/p7.jpg")
    (gone,) = (row for row in Catalogue(Store(tmp_path / "store")).sightings() if row.gone_utc)
    for number in range(1, 7):
        move(tmp_path, f"incoming/p{number}.jpg", f"{'sol10' if number < 5 else 'sol20'}/p{number}.jpg")
    ingest(tmp_path)
    since, day = str(gone.gone_utc)[:10], str(gone.confirmed_utc)[:10]
    line = f"incoming/p7.jpg: withdrawn from its release since {since}, confirmed on {day}"
    for name in ("sol10", "sol20"):
        assert not_in_pack(tmp_path, name) == [line]
        readme = (tmp_path / name / "README.txt").read_text()
        assert f"\nincoming/p7.jpg ({day})\n" in readme
        assert "incoming/p5.jpg" not in readme
    remove(tmp_path, "sol20/p5.jpg")
    ingest(tmp_path)
    assert withdrawn(tmp_path, "sol10") == ["incoming/p7.jpg"], "p5.jpg was withdrawn from sol20 alone"
    assert withdrawn(tmp_path, "sol20") == ["incoming/p7.jpg", "sol20/p5.jpg"]
    assert withdrawn(tmp_path, "sol10", "sol20") == ["incoming/p7.jpg", "sol20/p5.jpg"]
    shutil.copy(tmp_path / "raw/sol10/p1.jpg", tmp_path / "raw/sol10/p7.jpg")
    ingest(tmp_path)
    assert withdrawn(tmp_path, "sol10") == [], "it was replaced"


@pytest.mark.parametrize("is_one_run", [True, False])
def test_a_recalled_release_has_no_heir_though_one_of_its_files_was_moved(tmp_path: Path, is_one_run: bool) -> None:
    release(tmp_path, "june", 5)
    release(tmp_path, "july", 1, first=9)
    ingest(tmp_path)
    remove(tmp_path, "june/p5.jpg")
    ingest(tmp_path)
    move(tmp_path, "june/p1.jpg", "july/p1.jpg")
    if not is_one_run:
        ingest(tmp_path)
    remove(tmp_path, *(f"june/p{number}.jpg" for number in (2, 3, 4)))
    ingest(tmp_path)
    assert withdrawn(tmp_path, "july") == []


def test_a_renamed_release_keeps_what_was_withdrawn_though_most_of_its_files_are_moved_on(tmp_path: Path) -> None:
    release(tmp_path, "june", 5)
    release(tmp_path, "other", 1, first=9)
    ingest(tmp_path)
    remove(tmp_path, "june/p5.jpg")
    ingest(tmp_path)
    (tmp_path / "raw/june").rename(tmp_path / "raw/sol")
    ingest(tmp_path)
    for number in (1, 2, 3):
        move(tmp_path, f"sol/p{number}.jpg", f"other/p{number}.jpg")
    ingest(tmp_path)
    assert withdrawn(tmp_path, "other") == []
    assert withdrawn(tmp_path, "sol") == ["june/p5.jpg", *(f"sol/p{number}.jpg" for number in (1, 2, 3))]
    move(tmp_path, "sol/p4.jpg", "last/p4.jpg")
    ingest(tmp_path)
    assert withdrawn(tmp_path, "last") == withdrawn(tmp_path, "other") == ["june/p5.jpg"]


def test_a_renamed_release_of_which_most_was_withdrawn_before_names_all_of_it(tmp_path: Path) -> None:
    release(tmp_path, "june", 5)
    ingest(tmp_path)
    gone = [f"june/p{number}.jpg" for number in (2, 3, 4, 5)]
    remove(tmp_path, *gone)
    ingest(tmp_path)
    (tmp_path / "raw/june").rename(tmp_path / "raw/sol")
    ingest(tmp_path)
    assert withdrawn(tmp_path, "sol") == gone
    (tmp_path / "raw/sol").rename(tmp_path / "raw/june")
    ingest(tmp_path)
    assert withdrawn(tmp_path, "june") == gone
    release(tmp_path, "june", 1, first=2)
    release(tmp_path, "july", 1, first=3)
    ingest(tmp_path)
    (tmp_path / "raw/june").rename(tmp_path / "raw/sol")
    ingest(tmp_path)
    assert withdrawn(tmp_path, "sol") == gone[2:], "p2.jpg came back, and p3.jpg is in july"


def test_files_edited_as_their_release_is_renamed_are_not_missing(tmp_path: Path) -> None:
    release(tmp_path, "june", 1)
    june = tmp_path / "raw/june"
    (june / "docs").mkdir()
    texts = ("release.toml", "docs/readme.txt", "p1.xml")
    for name in texts:
        (june / name).write_text('title = "Juni"\n' if name == "release.toml" else f"<!-- {name} -->\n")
    (june / "old.txt").write_text("superseded")
    ingest(tmp_path)
    (june / "old.txt").unlink()
    june.rename(tmp_path / "raw/tianwen")
    for name in texts:
        (tmp_path / "raw/tianwen" / name).write_text(
            'title = "June"\n' if name == "release.toml" else f"<!-- {name}, corrected -->\n"
        )
    ingest(tmp_path)
    assert withdrawn(tmp_path, "tianwen") == []
