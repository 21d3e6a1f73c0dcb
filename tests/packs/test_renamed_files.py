"""Files renamed in their release: the entry of the earlier path counts, above all what it forbids, until corrected."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from flows.run.build_pack import build_pack, recipe_of
from flows.run.planning.shard import Shard
from processors.errors import RequestError
from processors.packs.contents.reservations import warnings
from processors.store.catalogue.catalogue import Catalogue
from processors.store.findings.moves import Moves
from tests.helpers.headings import headed
from tests.helpers.made_pds4 import label, numbers
from tests.helpers.releases import RECIPES, Releases
from tests.helpers.runs import ingest

HEAD = 'credit = "CNSA"\nrights = "© CNSA 2021"\nredistribute = true\n'
ENTRY = (
    '[[file]]\npath = "selfie.jpg"\ntitle = "Selfie"\ncredit = "Xinhua"\nrights = "unresolved"\n'
    'redistribute = false\ninstructions = "Embargoed until 1 July 2021"\n'
)
FORBIDDEN = ("Selfie", "Xinhua", "unresolved", False, "Embargoed until 1 July 2021")
GENERAL = (None, "CNSA", "© CNSA 2021", True, None)


@pytest.fixture
def releases(tmp_path: Path) -> Releases:
    return Releases(tmp_path)


def stated(releases: Releases, *words: str) -> tuple[str | None, str | None, str | None, bool | None, str | None]:
    one = releases.subject(*words)
    return one.title.best(), one.credit, one.rights, one.redistribute, one.instructions


def renamed(releases: Releases, words: str = HEAD + ENTRY, to: str = "final.jpg") -> None:
    """Ingest june/selfie.jpg with this description, and again under another name."""
    releases.add("june", words, "selfie.jpg")
    releases.ingest()
    path = releases.raw / "june" / to
    path.parent.mkdir(exist_ok=True)
    (releases.raw / "june/selfie.jpg").rename(path)
    releases.ingest()


def restated(releases: Releases, words: str) -> None:
    (releases.raw / "june/release.toml").write_text(words)
    releases.ingest()


@pytest.mark.parametrize("to", ["final.jpg", "photos/selfie.jpg"])
def test_a_renamed_file_keeps_the_entry_of_its_earlier_path(releases: Releases, to: str) -> None:
    renamed(releases, to=to)
    assert stated(releases, "release=june") == FORBIDDEN
    with pytest.raises(RequestError) as caught:
        releases.pack("release=june")
    digest = releases.subject("release=june").digest[:8]
    assert str(caught.value).split("\n")[1] == (
        f"  june/{to} ({digest}): its release.toml under the earlier path 'selfie.jpg' states "
        "redistribute = false (rights: unresolved)"
    )


def test_a_pack_says_which_entry_counts_for_a_renamed_file(releases: Releases) -> None:
    renamed(releases)
    built = build_pack(recipe_of(("release=june",), audience="press"), releases.out, releases.store)
    assert list(warnings(built.reservations, 1))[-1] == (
        "release.toml names 1 of 1 source by an earlier path, and its entry counts: "
        "june/final.jpg (named 'selfie.jpg'): correct it"
    )
    lines = next((releases.out / "data").rglob("CREDITS.txt")).read_text().split("\n")
    assert f"  {headed('credit')}: Xinhua" in lines
    assert (
        f"  {headed('forbidden_by')}: june/final.jpg: redistribute = false in its release.toml under the earlier path "
        "'selfie.jpg' (rights: unresolved)"
    ) in lines


def notes_of(releases: Releases) -> tuple[tuple[str, ...], str, str]:
    """Build an archive's pack of june; gives what a store made from it would not know, README.txt and PREMIS."""
    recipe = recipe_of(("release=june",), audience="archive")
    built = build_pack(recipe, releases.out, releases.store, force=True)
    premis = (releases.out / "data/premis.xml").read_text()
    return built.lost_when_restored, (releases.out / "README.txt").read_text(), premis


def test_an_archives_pack_says_that_the_entry_of_a_renamed_file_is_lost_in_a_store_made_from_it(
    releases: Releases,
) -> None:
    renamed(releases)
    lost = (
        "june/final.jpg: all that its entry in release.toml states, which names it 'selfie.jpg': correct the path "
        "there, run `marsmedia ingest`, and build the pack again"
    )
    found, text, premis = notes_of(releases)
    assert found == (lost,)
    heading = (
        "Lost in a store that is made from this pack, as its files do not state it (CREDITS.txt and premis.xml do):"
    )
    assert f"\n{heading}\n{lost}\n" in text
    assert f"To be noted: lost in a store made from this bag: {lost}<" in premis
    words = ["pack", "release=june", "-o", str(releases.out), "--force", "--audience", "archive"]
    run = CliRunner().invoke(main, [*words, "--store", str(releases.store_folder)])
    assert f"marsmedia: lost in a store made from this pack: {lost}\n" in run.stderr
    restated(releases, HEAD + ENTRY.replace("selfie.jpg", "final.jpg"))
    found, text, premis = notes_of(releases)
    assert (found, heading in text, "lost in a store" in premis) == ((), False, False)


def test_an_archives_pack_names_a_prohibition_that_its_files_do_not_state(releases: Releases) -> None:
    renamed(releases)
    restated(releases, HEAD)
    releases.add("july", "redistribute = false\nrights = 'unresolved'\n", "other.jpg")
    releases.ingest()
    found, _, _ = notes_of(releases)
    assert [re.sub(r"20[0-9-]{8}", "DAY", one) for one in found] == [
        "june/final.jpg: redistribute = false in its release.toml (rights: © CNSA 2021), stated on DAY, and since then "
        "only of all files: state redistribute in its [[file]]",
        "july/other.jpg: redistribute = false in its release.toml (rights: unresolved)",
        "june/selfie.jpg: redistribute = false in its release.toml (rights: unresolved), where it was until DAY, and "
        "no [[file]] has permitted it since",
    ]


def test_a_run_and_show_name_the_entry_that_counts_for_a_renamed_file(releases: Releases) -> None:
    renamed(releases)
    report = ingest(releases.raw, releases.store_folder, RECIPES)
    (problem,) = report.problems
    assert problem.reason.startswith("line 5 names 'selfie.jpg', which was there until 20")
    assert problem.reason.endswith(
        "; june/final.jpg has the same bytes: correct it; until then it counts for 'final.jpg'"
    )
    shown = CliRunner().invoke(main, ["show", "final.jpg", "--store", str(releases.store_folder)]).output
    assert "\n  entry    release.toml still names it 'selfie.jpg': correct the path there\n" in shown


def test_a_corrected_path_ends_the_search_and_makes_nothing_again(releases: Releases) -> None:
    renamed(releases)
    (releases.raw / "june/release.toml").write_text(HEAD + ENTRY.replace("selfie.jpg", "final.jpg"))
    assert releases.ingest() == (0, 0, 3, 0, 0)
    (row,) = (row for row in Catalogue(releases.store).sources().values() if row.kind == "media")
    assert row.entry_path is None
    assert stated(releases, "release=june") == FORBIDDEN


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("", FORBIDDEN),
        ('title = "Mast"\n', ("Mast", *FORBIDDEN[1:])),
        ("redistribute = true\n", (*FORBIDDEN[:3], True, FORBIDDEN[4])),
    ],
)
def test_only_what_the_entry_of_the_new_path_states_replaces_that_of_the_earlier_one(
    releases: Releases, entry: str, expected: tuple[str | bool, ...]
) -> None:
    renamed(releases)
    restated(releases, f'{HEAD}{ENTRY}[[file]]\npath = "final.jpg"\n{entry}')
    assert stated(releases, "release=june") == expected


def test_of_a_removed_entry_only_the_prohibition_counts(releases: Releases) -> None:
    renamed(releases)
    restated(releases, HEAD)
    assert stated(releases, "release=june") == (*GENERAL[:3], False, GENERAL[4])


def test_a_copy_is_bound_by_the_entry_of_the_file_that_was_removed(releases: Releases) -> None:
    releases.add("june", HEAD + ENTRY, "copy.jpg", "selfie.jpg")
    releases.ingest()
    (releases.raw / "june/selfie.jpg").unlink()
    releases.ingest()
    assert stated(releases, "release=june") == FORBIDDEN
    releases.add("june", None, "selfie.jpg")
    releases.ingest()
    rows = [row for row in Catalogue(releases.store).sources().values() if row.kind == "media"]
    assert [row.entry_path for row in rows] == [None, None]


def test_of_several_earlier_paths_the_one_that_forbids_counts(releases: Releases) -> None:
    free = '[[file]]\npath = "z.jpg"\nredistribute = true\n'
    releases.add("june", HEAD + ENTRY + free, "selfie.jpg", "z.jpg")
    releases.ingest()
    (releases.raw / "june/selfie.jpg").rename(releases.raw / "june/final.jpg")
    (releases.raw / "june/z.jpg").unlink()
    releases.ingest()
    assert stated(releases, "release=june") == FORBIDDEN


def test_rights_are_unknown_while_the_entry_of_the_earlier_path_has_a_mistake(releases: Releases) -> None:
    renamed(releases)
    restated(releases, f"{HEAD}{ENTRY}date = '2021-02-30'\n")
    with pytest.raises(RequestError, match=r"its rights are unknown: release\.toml, line 11: date is "):
        releases.pack("release=june")


def test_an_entry_counts_for_no_other_bytes_and_for_no_other_release(releases: Releases) -> None:
    releases.add("july", HEAD, "selfie.jpg")
    renamed(releases)
    releases.bytes += b"\0"
    releases.add("june", None, "other.jpg")
    releases.ingest()
    assert stated(releases, "other.jpg") == GENERAL
    found = {row.relative: row.entry_path for row in Catalogue(releases.store).sources().values()}
    assert (found["july/selfie.jpg"], found["june/final.jpg"]) == (None, "selfie.jpg")


@pytest.mark.parametrize("is_ingested", [True, False])
def test_release_init_and_check_name_the_new_path_of_a_renamed_file(releases: Releases, is_ingested: bool) -> None:
    releases.add("june", HEAD + ENTRY, "selfie.jpg")
    releases.ingest()
    folder = releases.raw / "june"
    (folder / "selfie.jpg").rename(folder / "final.jpg")
    if is_ingested:
        releases.ingest()
    told = (
        "release.toml, line 5: 'selfie.jpg' is not in the release; 'final.jpg' has the same bytes: correct the path\n"
    )
    store = ["--store", str(releases.store_folder)]
    checked = CliRunner().invoke(main, ["release", "check", str(folder), *store])
    assert (checked.exit_code, checked.output) == (1, told)
    added = CliRunner().invoke(main, ["release", "init", str(folder), *store])
    assert (added.exit_code, added.output) == (0, told)
    assert (folder / "release.toml").read_text() == HEAD + ENTRY
    releases.bytes += b"\0"
    releases.add("june", None, "other.jpg")
    more = f"{folder / 'release.toml'}: 1 file added at its end; the rest is unchanged\n"
    assert CliRunner().invoke(main, ["release", "init", str(folder), *store]).output == told + more
    assert (folder / "release.toml").read_text() == f'{HEAD}{ENTRY}\n[[file]]\npath = "other.jpg"\n'


def test_the_entry_counts_still_when_the_folder_of_the_release_is_renamed_too(releases: Releases) -> None:
    renamed(releases)
    (releases.raw / "june").rename(releases.raw / "june-2021")
    releases.ingest()
    assert stated(releases, "release=june-2021") == FORBIDDEN
    (releases.raw / "june-2021").rename(releases.raw / "mars")
    (releases.raw / "mars/final.jpg").rename(releases.raw / "mars/very final.jpg")
    releases.ingest()
    assert stated(releases, "release=mars") == FORBIDDEN


@pytest.mark.parametrize("is_edited", [False, True])
def test_the_entry_counts_and_is_named_when_the_release_is_renamed_in_a_later_run(
    releases: Releases, is_edited: bool
) -> None:
    renamed(releases)
    words = HEAD + ENTRY
    for number, (old, new) in enumerate((("june", "mars"), ("mars", "mars-2021"))):
        (releases.raw / old).rename(releases.raw / new)
        named = (1, "release.toml, line 5: 'selfie.jpg' is not in the release; 'final.jpg' has the same bytes: ")
        assert checked(releases, new) == named
        releases.ingest()
        assert checked(releases, new) == named
        if is_edited:
            words = words.replace("\n", f" # {number}\n", 1)
            (releases.raw / new / "release.toml").write_text(words)
            releases.ingest()
            assert checked(releases, new) == named
        assert stated(releases, f"release={new}") == FORBIDDEN
    added = ["release", "init", str(releases.raw / "mars-2021"), "--store", str(releases.store_folder)]
    assert CliRunner().invoke(main, added).exit_code == 0
    assert (releases.raw / "mars-2021/release.toml").read_text() == words
    (releases.raw / "mars-2021/final.jpg").rename(releases.raw / "mars-2021/last.jpg")
    releases.ingest()
    assert stated(releases, "release=mars-2021") == FORBIDDEN
    ingest(releases.raw, releases.store.root, RECIPES, hash_all=True)
    assert stated(releases, "release=mars-2021") == FORBIDDEN
    words = words.replace("selfie.jpg", "last.jpg")
    (releases.raw / "mars-2021/release.toml").write_text(words)
    releases.ingest()
    (row,) = (row for row in Catalogue(releases.store).sources().values() if row.kind == "media")
    assert row.entry_path is None
    assert stated(releases, "release=mars-2021") == FORBIDDEN


def checked(releases: Releases, release: str) -> tuple[int, str]:
    """Exit code and output of `release check` but for its advice."""
    words = ["release", "check", str(releases.raw / release), "--store", str(releases.store_folder)]
    run = CliRunner().invoke(main, words)
    return run.exit_code, run.output.removesuffix("correct the path\n")


def test_a_raw_image_that_its_label_makes_media_keeps_its_entry(releases: Releases) -> None:
    head = 'rights = "CC0"\nredistribute = true\n[[file]]\npath = "a.raw"\nredistribute = false\n'
    june = releases.raw / "june"
    june.mkdir()
    (june / "release.toml").write_text(head)
    (june / "a.raw").write_bytes((numbers() + 30000).astype(">u2").tobytes())
    (june / "a.xml").write_bytes(label())
    releases.ingest()
    (june / "photos").mkdir()
    for name in ("a.raw", "a.xml"):
        (june / name).rename(june / "photos" / name)
    releases.ingest()
    assert releases.subject("a.raw").redistribute is False


def test_a_lost_record_of_a_prohibition_forbids_and_blocks_no_other_pack(releases: Releases) -> None:
    releases.add("june", 'rights = "X"\nredistribute = false\n', "a.jpg")
    releases.ingest()
    restated(releases, 'rights = "Y"\n')
    (row,) = (one for one in Catalogue(releases.store).sightings() if one.kind == "media")
    (lost,) = (releases.store.root / "results").glob(f"*/*/evidence/{(row.forbidden_key or '')[:16]}")
    shutil.rmtree(lost)
    assert (releases.subject("a.jpg").redistribute, releases.subject("a.jpg").rights) == (False, "Y")
    with pytest.raises(RequestError, match=r"redistribute = false in a lost record \(rights: Y\), state redistribute"):
        releases.pack("release=june")
    assert releases.pack("release=june", audience="press")


@pytest.mark.parametrize("own_first", [True, False])
def test_shards_that_see_the_old_and_the_new_name_apart_do_not_lift_a_prohibition(
    releases: Releases, own_first: bool
) -> None:
    releases.add("june", HEAD + ENTRY, "selfie.jpg")
    releases.ingest()
    old = 1 if Shard.parse("1/2").has("june/selfie.jpg") else 2
    name = next(one for one in map("final{}.jpg".format, range(20)) if Shard.parse(f"{3 - old}/2").has(f"june/{one}"))
    (releases.raw / "june/selfie.jpg").rename(releases.raw / "june" / name)
    for shard in (old, 3 - old) if own_first else (3 - old, old):
        ingest(releases.raw, releases.store.root, RECIPES, shard=f"{shard}/2")
    assert stated(releases, name) == FORBIDDEN


def test_a_third_labelled_copy_ends_no_run(releases: Releases) -> None:
    for place in ("june/x", "june/y", "july"):
        folder = releases.raw / place
        folder.mkdir(parents=True)
        (folder / "a.raw").write_bytes((numbers() + 30000).astype(">u2").tobytes())
        (folder / "a.xml").write_bytes(label())
        assert ingest(releases.raw, releases.store.root, RECIPES).problems == ()
    media = [one for one in Catalogue(releases.store).sightings() if one.kind == "media"]
    assert [(one.relative, one.described_at) for one in media] == [
        (place, None) for place in ("june/x/a.raw", "june/y/a.raw", "july/a.raw")
    ]


COPIES = (
    '[[file]]\npath = "web/a.jpg"\ntitle = "Web version"\n'
    '[[file]]\npath = "print/a.jpg"\ntitle = "Print version"\ncredit = "Wang"\n'
)


def copies(releases: Releases) -> dict[str, tuple[str | None, str | None]]:
    """The entry that counts for each present copy by an earlier path, and the title there."""
    rows = [row for row in Catalogue(releases.store).sources().values() if row.kind == "media"]
    return {row.relative: (row.entry_path, stated(releases, row.relative)[0]) for row in rows}


@pytest.mark.parametrize("to", ["july", "june/photos"])
def test_each_of_two_copies_is_moved_to_its_own_new_place(releases: Releases, to: str) -> None:
    releases.add("june", HEAD + COPIES, "web/a.jpg", "print/a.jpg")
    releases.ingest()
    (releases.raw / "june").rename(releases.raw / "before")
    (releases.raw / to).parent.mkdir(exist_ok=True)
    (releases.raw / "before").rename(releases.raw / to)
    if to != "july":
        (releases.raw / to / "release.toml").rename(releases.raw / "june/release.toml")
    report = ingest(releases.raw, releases.store_folder, RECIPES)
    moved = [f"moved: june/{name}/a.jpg is now {to}/{name}/a.jpg" for name in ("print", "web")]
    assert [str(one) for one in report.changes if one.file.endswith(".jpg")] == moved
    at = {one.relative: one for one in Catalogue(releases.store).sightings() if one.gone_utc}
    moves = Moves(Catalogue(releases.store).sightings())
    for name in ("print", "web"):
        row = at[f"june/{name}/a.jpg"]
        assert [one.relative for one in moves.of(row, row.gone_utc or "")] == [f"{to}/{name}/a.jpg"]
    by_earlier = to != "july"
    expected = {
        f"{to}/print/a.jpg": ("print/a.jpg" if by_earlier else None, "Print version"),
        f"{to}/web/a.jpg": ("web/a.jpg" if by_earlier else None, "Web version"),
    }
    assert copies(releases) == expected
    build_pack(recipe_of(("release=" + to.partition("/")[0],), audience="archive"), releases.out, releases.store)
    premis = next(releases.out.rglob("premis.xml")).read_text()
    for name in ("print", "web"):
        assert premis.count(f"Moved: june/{name}/a.jpg is now {to}/{name}/a.jpg") == 1
    assert premis.count("Moved: june/") == (3 if to == "july" else 2)


def test_a_corrected_entry_is_no_longer_joined_with_that_of_the_other_copy(releases: Releases) -> None:
    releases.add("june", HEAD + COPIES, "web/a.jpg", "print/a.jpg")
    releases.ingest()
    for name in ("web", "print"):
        (releases.raw / "june" / name).rename(releases.raw / "june" / f"{name} 2021")
    releases.ingest()
    restated(releases, HEAD + COPIES.replace("web/a.jpg", "web 2021/a.jpg"))
    assert copies(releases) == {
        "june/print 2021/a.jpg": ("print/a.jpg", "Print version"),
        "june/web 2021/a.jpg": (None, "Web version"),
    }
    assert stated(releases, "june/web 2021/a.jpg")[1] == "CNSA"


@pytest.mark.parametrize("left", [1, 2])
def test_no_entry_of_a_copy_that_forbids_is_lost_where_copies_become_fewer(releases: Releases, left: int) -> None:
    releases.add("june", HEAD + COPIES + "redistribute = false\n", "web/a.jpg", "print/a.jpg")
    releases.ingest()
    shutil.rmtree(releases.raw / "june/print")
    (releases.raw / "june/web").rename(releases.raw / "june/x")
    if left > 1:
        releases.add("june", None, "y/a.jpg")
    releases.ingest()
    assert "print/a.jpg" in {entry for entry, _ in copies(releases).values()}
    with pytest.raises(RequestError, match="redistribute = false"):
        releases.pack("release=june")


@pytest.mark.parametrize("new", [("x1", "x2"), ("x2", "x1")])
def test_each_of_two_copies_in_renamed_folders_keeps_its_own_entry(releases: Releases, new: tuple[str, str]) -> None:
    releases.add("june", HEAD + COPIES + "redistribute = false\n", "web/a.jpg", "print/a.jpg")
    for name in ("web/u.jpg", "print/v.jpg"):
        releases.bytes += b"\0"
        releases.add("june", None, name)
    releases.ingest()
    for name, to in zip(("web", "print"), new, strict=True):
        (releases.raw / "june" / name).rename(releases.raw / "june" / to)
    report = ingest(releases.raw, releases.store_folder, RECIPES)
    web, printed = (f"june/{to}/a.jpg" for to in new)
    assert {str(one) for one in report.changes} >= {
        f"moved: june/web/a.jpg is now {web}",
        f"moved: june/print/a.jpg is now {printed}",
    }
    for problem, name, to in zip(report.problems, ("web", "print"), new, strict=True):
        assert f" names '{name}/a.jpg', which was there until 20" in problem.reason
        assert problem.reason.endswith(
            f"; june/{to}/a.jpg has the same bytes: correct it; until then it counts for '{to}/a.jpg'"
        )
    found = copies(releases)
    assert found[web] == ("web/a.jpg", "Web version")
    assert found[printed] == ("print/a.jpg", "Print version")
    rows = {row.relative: row for row in Catalogue(releases.store).sources().values()}
    assert (rows[web].entry_permission, rows[printed].entry_permission) == (None, False)
    build_pack(recipe_of(("release=june",), audience="archive"), releases.out, releases.store)
    premis = next(releases.out.rglob("premis.xml")).read_text()
    for name, to in zip(("web", "print"), new, strict=True):
        assert premis.count(f"Moved: june/{name}/a.jpg is now june/{to}/a.jpg") == 1
        words = ["show", f"june/{name}/a.jpg", "--store", str(releases.store_folder)]
        told = CliRunner().invoke(main, words).stderr
        assert told == f"marsmedia: june/{name}/a.jpg is now june/{to}/a.jpg; correct the name\n"


def test_a_copy_that_never_moved_takes_no_entry_of_those_that_did(releases: Releases) -> None:
    entries = COPIES.replace("web/a.jpg", "p1.jpg").replace("print/a.jpg", "p2.jpg")
    releases.add("june", HEAD + entries, "p1.jpg", "p2.jpg", "archive/old.jpg")
    releases.ingest()
    for number in (1, 2):
        (releases.raw / f"june/p{number}.jpg").rename(releases.raw / f"june/q{number}.jpg")
    releases.ingest()
    expected = {
        "june/archive/old.jpg": (None, None),
        "june/q1.jpg": ("p1.jpg", "Web version"),
        "june/q2.jpg": ("p2.jpg", "Print version"),
    }
    assert copies(releases) == expected
    ingest(releases.raw, releases.store_folder, RECIPES, hash_all=True)
    assert copies(releases) == expected
    (releases.raw / "june/q1.jpg").rename(releases.raw / "june/r1.jpg")
    releases.add("june", None, "new.jpg")
    releases.ingest()
    (releases.raw / "june/q2.jpg").unlink()
    releases.ingest()
    assert {name: entry for name, (entry, _) in copies(releases).items()} == {
        "june/archive/old.jpg": "p2.jpg",
        "june/new.jpg": "p1.jpg",
        "june/r1.jpg": "p1.jpg",
    }


def test_a_file_moved_onto_another_is_moved_in_the_words_of_the_run(releases: Releases) -> None:
    releases.add("june", HEAD, "a.jpg")
    releases.bytes += b"\0"
    releases.add("june", None, "b.jpg")
    releases.ingest()
    (releases.raw / "june/a.jpg").rename(releases.raw / "june/b.jpg")
    report = ingest(releases.raw, releases.store_folder, RECIPES)
    assert [str(one) for one in report.changes if one.kind != "replaced"] == ["moved: june/a.jpg is now june/b.jpg"]
