"""Whoever has a pack is told of changes also after the raw folder of its sources was moved to another path."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from flows.run.build_pack import build_pack, recipe_of
from processors.engine.wanted_results import Recipes
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.photo.photo_preview import PhotoPreview
from processors.store.store import Store
from tests.helpers.command import in_this_process
from tests.helpers.runs import ingest

RECIPES: Recipes = {"photo": (Metadata(), Evidence(), PhotoPreview(longest_sides_px=(64,)))}
HEAD = 'title = "June"\ncredit = "CNSA"\nrights = "CC BY 4.0"\nredistribute = true\n'
CHANGED = f"""{HEAD}
[[file]]
path = "a.png"
title = "Tracks"
[[file]]
path = "b.png"
redistribute = false
"""
SAID = "3 sources changed since: june/b.png may no longer be passed on; june/c.png replaced; title of june/a.png"
PACKS = ("desk", "desk.zip")


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A release of five photos, and a pack of all as a folder and as a zip."""
    monkeypatch.chdir(tmp_path)
    release(Path("raw"))
    taken_in("raw")
    for pack in PACKS:
        packed(pack)
    return Path("raw")


def release(raw: Path) -> None:
    (raw / "june").mkdir(parents=True)
    for number, name in enumerate("abcde"):
        photo(raw / f"june/{name}.png", number)
    (raw / "june/release.toml").write_text(HEAD)


def photo(path: Path, number: int) -> None:
    Image.new("RGB", (96, 64), (40 * number, 80, 120)).save(path)


def packed(pack: str) -> None:
    build_pack(recipe_of(["*"], audience="press"), Path(pack), Store(Path("store")))


def change(raw: Path) -> None:
    """Withdraw a permission, correct a title and replace a file."""
    (raw / "june/release.toml").write_text(CHANGED)
    photo(raw / "june/c.png", 6)


def taken_in(raw: str | Path) -> tuple[str, ...]:
    """Ingest, and return what the run says of packs."""
    report = ingest(Path(raw), Path("store"), RECIPES)
    replaced = tuple(str(one).rpartition("; ")[2] for one in report.changes if one.kind == "replaced" and one.packs)
    return (*report.advice, *replaced)


def verified(pack: str) -> tuple[int, list[str]]:
    done = in_this_process("pack", "verify", pack, "--store", "store")
    return done.returncode, done.stdout.splitlines()[1:]


def listed() -> list[str]:
    """What `packs` says of changes, a line for each pack."""
    return [line for line in in_this_process("packs", "--store", "store").stdout.splitlines() if "since: " in line]


def rewrite_records(*without: str) -> None:
    """Leave these keys out of the records of packs, as earlier versions did."""
    for path in Path("store/packs").glob("*.json"):
        record = json.loads(path.read_text())
        record["sources"] = [
            {key: value for key, value in one.items() if key not in without} for one in record["sources"]
        ]
        path.write_text(json.dumps(record))


def expect_all_told() -> None:
    assert [verified(pack) for pack in PACKS] == [(1, [SAID]), (1, [SAID])]
    assert listed() == [f"desk: {SAID}", f"desk.zip: {SAID}"]


def test_changes_after_a_move_are_told_as_without_one(raw: Path) -> None:
    moved = raw.rename("raw2")
    assert taken_in(moved) == ()
    assert [verified(pack) for pack in PACKS] == [(0, ["no source has changed since it was built"])] * 2
    change(moved)
    assert taken_in(moved) == (
        "june/b.png may no longer be passed on; it is in the packs desk, desk.zip",
        "in the packs desk, desk.zip",
    )
    expect_all_told()


def test_changes_before_a_move_are_told_after_it_and_after_the_way_back(raw: Path) -> None:
    change(raw)
    taken_in(raw)
    expect_all_told()
    moved = raw.rename("raw2")
    assert taken_in(moved) == ()
    expect_all_told()
    taken_in(moved.rename(raw))
    expect_all_told()


def test_changes_found_with_a_move_are_told(raw: Path) -> None:
    moved = raw.rename("raw2")
    change(moved)
    assert taken_in(moved) == (
        "june/b.png may no longer be passed on; it is in the packs desk, desk.zip",
        "in the packs desk, desk.zip",
    )
    expect_all_told()


def test_a_record_without_the_path_below_the_folder_of_releases_is_compared_too(raw: Path) -> None:
    rewrite_records("relative")
    moved = raw.rename("raw2")
    change(moved)
    taken_in(moved)
    assert verified("desk") == (1, [SAID])


def test_another_file_at_the_old_path_is_not_taken_for_the_moved_one(raw: Path) -> None:
    moved = raw.rename("raw2")
    taken_in(moved)
    (raw / "june").mkdir(parents=True)
    photo(raw / "june/a.png", 7)
    (raw / "june/release.toml").write_text(HEAD.replace("June", "Another June"))
    taken_in(raw)
    assert verified("desk") == (0, ["no source has changed since it was built"])


def test_two_folders_with_the_same_paths_are_two_places(raw: Path) -> None:
    release(other := Path("other"))
    taken_in(other)
    change(other)
    taken_in(other)
    told = "1 source changed since: june/b.png may no longer be passed on"
    assert verified("desk") == (1, [told]), "what forbids one forbids both"
    (other / "june/release.toml").write_text(CHANGED.replace("false", "true"))
    taken_in(other)
    assert verified("desk") == (0, ["no source has changed since it was built"])
    change(raw)
    taken_in(raw)
    assert verified("desk") == (1, [SAID])


def test_a_permission_withdrawn_from_a_renamed_file_is_told(raw: Path) -> None:
    (raw / "june/b.png").rename(raw / "june/renamed.png")
    (raw / "june/release.toml").write_text(CHANGED.replace("b.png", "renamed.png"))
    taken_in(raw)
    told = "2 sources changed since: june/b.png may no longer be passed on; title of june/a.png"
    assert verified("desk") == (1, [told])


def test_changes_of_a_renamed_file_are_told_before_and_after_it_was_renamed(raw: Path) -> None:
    june = raw / "june"

    def described(name: str, key: str) -> None:
        (june / "release.toml").write_text(f'{HEAD}[[file]]\npath = "{name}"\n{key}\n')

    described("b.png", 'instructions = "Embargoed until 2027"')
    assert taken_in(raw) == ("instructions of june/b.png changed; it is in the packs desk, desk.zip",)
    (june / "photos").mkdir()
    (june / "b.png").rename(june / "photos/b.png")
    described("photos/b.png", 'instructions = "Embargoed until 2027"')
    taken_in(raw)
    assert verified("desk") == (0, ["1 source changed since: instructions of june/b.png"])
    described("photos/b.png", 'title = "Tracks"\ncredit = "CNSA/PEC"')
    assert taken_in(raw) == ("credit, title of june/b.png changed; it is in the packs desk, desk.zip",)
    june.rename(raw / "2021年7月")
    taken_in(raw)
    assert verified("desk") == (0, ["1 source changed since: credit, title of june/b.png"])
    photo(raw / "2021年7月/photos/b.png", 7)
    taken_in(raw)
    assert verified("desk") == (0, ["1 source changed since: june/b.png replaced"])


def test_a_file_that_was_lost_and_put_back_elsewhere_is_compared_there(raw: Path) -> None:
    whole = (raw / "june/b.png").read_bytes()
    (raw / "june/b.png").unlink()
    taken_in(raw)
    (raw / "june/back.png").write_bytes(whole)
    taken_in(raw)
    assert verified("desk") == (0, ["no source has changed since it was built"])
    (raw / "june/release.toml").write_text(f'{HEAD}[[file]]\npath = "back.png"\ntitle = "Tracks"\n')
    taken_in(raw)
    assert verified("desk") == (0, ["1 source changed since: title of june/b.png"])


def test_the_reason_of_a_withdrawal_is_told_before_and_after_a_move(raw: Path) -> None:
    (raw / "june/c.png").unlink()
    taken_in(raw)
    assert verified("desk") == (0, ["1 source changed since: june/c.png withdrawn"])
    words = ("release", "withdraw", "june/c.png", "--reason", "recalled, letter 17", "--store", "store")
    done = in_this_process(*words)
    assert done.returncode == 0, done.stderr
    told = "1 source changed since: june/c.png withdrawn (recalled, letter 17)"
    assert verified("desk") == (0, [told])
    taken_in(raw.rename("raw2"))
    assert verified("desk") == (0, [told])
