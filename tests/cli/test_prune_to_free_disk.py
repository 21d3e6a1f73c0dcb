"""`prune` frees the disk of files confirmed as withdrawn, and of what another recipe made, when it is asked to."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from flows.recipes import LIGHT
from processors.store.catalogue.catalogue import Catalogue
from processors.store.store import Store
from tests.helpers.command import in_this_process
from tests.helpers.made_media import MediaMaker

LIGHT_RESULTS = ["evidence", "metadata", "photo.preview"]


class Place:
    """A release with two photos, ingested with the light recipe."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.raw, self.store = folder / "raw", folder / "store"
        (self.raw / "june").mkdir(parents=True)
        for number, name in enumerate(("gone.jpg", "here.jpg")):
            MediaMaker(self.raw / "june").photo(name, size=(90 + number, 60))
        self.run("ingest", self.raw, *words)

    def run(self, *words: str | Path) -> list[str]:
        """The lines that a command prints; it must not fail."""
        done = in_this_process(*words, "--store", self.store)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.splitlines()

    def withdraw(self, *, is_confirmed: bool = True) -> None:
        (self.raw / "june/gone.jpg").unlink()
        self.run("ingest", self.raw, "--recipe", "light")
        if is_confirmed:
            self.run("release", "withdraw", "june/gone.jpg")

    def results(self) -> dict[str, list[str]]:
        """Processors of the results of each file, in the store."""
        found: dict[str, list[str]] = {}
        for one in Store(self.store).manifests():
            found.setdefault(Path(one.source_name).name, []).append(one.ref.processor)
        return {name: sorted(ours) for name, ours in found.items()}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, "--recipe", "light")


def test_results_of_a_confirmed_withdrawal_are_removed_and_what_is_said_of_the_file_stays(place: Place) -> None:
    place.withdraw()
    assert place.run("prune", "--dry-run", "--recipe", "light") == [
        "0 results, 0.0 MB, that no recipe requests and no pack holds",
        "1 result, 0.0 MB, of withdrawn files stay; --withdrawn removes them too",
        "recipe that counted: light",
    ]
    shown, *rest = place.run("prune", "--withdrawn", "--yes", "--recipe", "light")
    assert re.fullmatch(r"gone\.jpg  photo\.preview  /.*", shown)
    assert rest == [
        "1 result, 0.0 MB, that no recipe requests or that are of withdrawn files and no pack holds",
        "recipe that counted: light",
        "removed 1 result",
    ]
    assert place.results() == {"gone.jpg": ["evidence", "metadata"], "here.jpg": LIGHT_RESULTS}
    assert place.run("prune", "--withdrawn", "--yes", "--recipe", "light") == [
        "0 results, 0.0 MB, that no recipe requests or that are of withdrawn files and no pack holds",
        "recipe that counted: light",
    ]
    for words in (["ingest", place.raw, "--recipe", "light"], ["verify"], ["failures"], ["status"], ["rebuild"]):
        place.run(*words)
    (line,) = [line for line in place.run("show", "june/gone.jpg") if line.startswith("  gone ")]
    assert line.startswith("  gone     withdrawn, confirmed on ")
    assert not (place.store / "by-name/june/gone.jpg/photo.preview").exists()


def test_a_withdrawal_that_nobody_has_confirmed_keeps_its_results(place: Place) -> None:
    place.withdraw(is_confirmed=False)
    place.run("prune", "--withdrawn", "--yes")
    assert place.results() == {"gone.jpg": LIGHT_RESULTS, "here.jpg": LIGHT_RESULTS}
    told = place.run("prune", "--dry-run")
    assert told[-1] == "recipe that counted: full; --recipe NAME for another"


def test_results_of_a_withdrawn_file_that_a_pack_holds_or_someone_keeps_stay(place: Place, tmp_path: Path) -> None:
    place.run("pack", "june/gone.jpg", "-o", tmp_path / "pack", "--audience", "archive")
    place.withdraw()
    told = place.run("prune", "--withdrawn", "--yes")
    what = "that no recipe requests or that are of withdrawn files"
    assert f"1 more {what} stay because packs hold them; see `marsmedia pack forget`" in told
    place.run("pack", "forget", tmp_path / "pack")
    place.run("keep", "june/gone.jpg", "processor=photo.preview")
    told = place.run("prune", "--withdrawn", "--yes")
    assert "1 more stay because they are kept; see `marsmedia keep`" in told
    assert place.results() == {"gone.jpg": LIGHT_RESULTS, "here.jpg": LIGHT_RESULTS}


def test_a_copy_in_another_release_keeps_the_results_and_a_file_that_is_back_gets_them_again(place: Place) -> None:
    content = (place.raw / "june/gone.jpg").read_bytes()
    (place.raw / "july").mkdir()
    (place.raw / "july/copy.jpg").write_bytes(content)
    (place.raw / "june/gone.jpg").unlink()
    place.run("ingest", place.raw, "--recipe", "light")
    place.run("prune", "--withdrawn", "--yes")
    assert place.results()["gone.jpg"] == LIGHT_RESULTS
    shutil.rmtree(place.raw / "july")
    place.run("ingest", place.raw, "--recipe", "light")
    place.run("release", "withdraw", "*.jpg")
    place.run("prune", "--withdrawn", "--yes")
    assert place.results()["gone.jpg"] == ["evidence", "metadata"]
    (place.raw / "june/gone.jpg").write_bytes(content)
    place.run("ingest", place.raw, "--recipe", "light")
    assert place.results()["gone.jpg"] == LIGHT_RESULTS


def test_a_pack_says_the_same_of_a_withdrawn_file_after_its_results_are_gone(place: Place, tmp_path: Path) -> None:
    place.withdraw()
    told: list[tuple[str, list[str]]] = []
    for name in ("before", "after"):
        place.run("pack", "release=june", "-o", tmp_path / name, "--audience", "archive")
        premis = (tmp_path / name / "data/premis.xml").read_text()
        readme = (tmp_path / name / "README.txt").read_text()
        told.append((readme, re.findall(r"<[^>]*eventDetail>[^<]*gone\.jpg[^<]*<", premis)))
        place.run("prune", "--withdrawn", "--yes")
    before, after = told
    assert before == after
    assert any("Withdrawn, confirmed by a user" in one for one in before[1])


def test_results_that_only_the_full_recipe_requests_are_removed_with_the_light_one(tmp_path: Path) -> None:
    place = Place(tmp_path)
    everything = place.results()["here.jpg"]
    assert set(LIGHT_RESULTS) < set(everything)
    place.run("ingest", place.raw, "--recipe", "light")
    assert place.run("prune", "--dry-run") == [
        "0 results, 0.0 MB, that no recipe requests and no pack holds",
        "recipe that counted: full; --recipe NAME for another",
    ]
    more = Counter(everything) - Counter(LIGHT_RESULTS)
    told = json.loads("\n".join(place.run("prune", "--recipe", "light", "--dry-run", "--json")))
    assert Counter(one["processor"] for one in told["results"]) == more + more
    *_, last = place.run("prune", "--recipe", "light", "--yes")
    assert last == f"removed {2 * more.total()} results"
    assert {one.name for one in LIGHT} > set(place.results()["here.jpg"]) - {"evidence"}
    assert place.results() == {"gone.jpg": LIGHT_RESULTS, "here.jpg": LIGHT_RESULTS}


def test_the_changes_of_a_recipe_file_hold_with_the_recipe_that_is_named(place: Place, tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('also = ["photo.quality"]\n')
    place.run("ingest", place.raw, "--recipe", "light", "--recipes", mine)
    assert place.run("prune", "--dry-run", "--recipe", "light")[-2:] == [
        "0 results, 0.0 MB, that no recipe requests and no pack holds",
        f"recipes that counted: light; light with {mine}",
    ]
    assert place.run("prune", "--dry-run", "--recipes", mine)[-1] == (
        f"recipe that counted: {mine}; --recipe NAME for another"
    )
    done = in_this_process("prune", "--recipe", "lite", "--store", place.store)
    assert (done.returncode, done.stderr) == (2, "marsmedia: lite: no such recipe; did you mean light?\n")
    assert len(Catalogue(Store(place.store)).sightings()) == 2
