"""A name of a place that no longer has its bytes leads to where they are; what is replaced is said to be."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

import marsmedia
from flows.cli.main import main
from flows.run.build_pack import build_pack, recipe_of
from marsmedia.source_view import SourceView
from processors.errors import RequestError, SelectionError
from processors.packs.built import Built
from processors.packs.recipe.pack_recipe import Highlight, Override
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.selection import Selected, find_selected, parse
from processors.store.findings.withdrawn import confirm
from processors.store.store import Store
from tests.helpers.made_media import MediaMaker
from tests.helpers.releases import RECIPES
from tests.helpers.runs import ingest

TODAY = f"{datetime.now(UTC):%Y-%m-%d}"
WORDS = 'credit = "CNSA"\nredistribute = true\n[[file]]\npath = "{}"\ntitle = "Rover"\ncredit = "{}"\n'


class Raw:
    """Releases with photos that differ in their width."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.store, self.out = folder / "raw", Store(folder / "store"), folder / "out"

    def photo(self, relative: str, width_px: int = 80) -> str:
        path = self.folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        MediaMaker(path.parent).photo(path.name, size=(width_px, 60))
        return relative

    def move(self, before: str, now: str) -> None:
        (self.folder / now).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(self.folder / before, self.folder / now)

    def ingest(self) -> None:
        ingest(self.folder, self.store.root, RECIPES)

    def find(self, *words: str) -> Selected:
        return find_selected(parse(words), Catalogue(self.store))

    def places(self, *words: str) -> list[str]:
        return [row.relative for row in self.find(*words).rows]

    def digest(self, *words: str) -> str:
        (row,) = self.find(*words).rows
        return row.digest

    def pack(self, words: Sequence[str], *, take: tuple[str, ...] = ("originals", "stills")) -> Built:
        text = f'title = "P"\naudience = "press"\nselection = {json.dumps(words)}\ntake = {json.dumps(take)}\n'
        (path := self.folder.parent / "p.toml").write_text(text)
        return build_pack(recipe_of([str(path)]), self.out, self.store, force=True)


@pytest.fixture
def raw(tmp_path: Path) -> Raw:
    return Raw(tmp_path)


def test_a_pack_recipe_with_the_earlier_name_has_the_original_and_the_words_of_today(raw: Raw) -> None:
    raw.photo("june/a.jpg")
    raw.photo("june/b.jpg", 100)
    (raw.folder / "june/release.toml").write_text(WORDS.format("a.jpg", "CNSA"))
    raw.ingest()
    assert raw.pack(["b.jpg", "a.jpg"]).moved == ()
    raw.move("june/a.jpg", "june/c.jpg")
    raw.ingest()
    (raw.folder / "june/release.toml").write_text(WORDS.format("c.jpg", "CNSA/PEC corrected"))
    raw.ingest()
    built = raw.pack(["b.jpg", "a.jpg"])
    assert built.moved == ("june/a.jpg is now june/c.jpg; correct the name",)
    assert (built.withdrawn, built.replaced) == ((), ())
    assert [(one.relative, one.credit) for one in built.sources] == [
        ("june/b.jpg", "CNSA"),
        ("june/c.jpg", "CNSA/PEC corrected"),
    ]
    assert raw.find("b.jpg", "a.jpg").positions == {raw.digest("b.jpg"): 0, raw.digest("c.jpg"): 1}
    told = CliRunner().invoke(main, ["packs", "--store", str(raw.store.root)]).output
    assert "changed since" not in told


def test_a_name_that_another_file_has_by_now_means_that_file(raw: Raw) -> None:
    raw.photo("june/a.jpg")
    raw.ingest()
    raw.move("june/a.jpg", "june/old.jpg")
    raw.photo("june/a.jpg", 100)
    raw.ingest()
    for word in ("a.jpg", "june/a.jpg", str(raw.folder / "june/a.jpg"), "a*"):
        assert (raw.places(word), raw.find(word).remarks) == (["june/a.jpg"], ())


def test_a_bare_name_means_what_has_it_now_and_its_path_leads_to_what_had_it(raw: Raw) -> None:
    raw.photo("june/a.jpg")
    raw.ingest()
    raw.move("june/a.jpg", "june/old.jpg")
    raw.photo("july/a.jpg", 100)
    raw.ingest()
    assert (raw.places("a.jpg"), raw.find("a.jpg").remarks) == (["july/a.jpg"], ())
    for words in (["june/a.jpg"], ["a.jpg", "release=june"]):
        assert raw.places(*words) == ["june/old.jpg"]
        assert raw.find(*words).remarks == ("june/a.jpg is now june/old.jpg; correct the name",)


def test_a_name_of_several_gone_places_needs_more_of_the_path(raw: Raw) -> None:
    raw.photo("june/a.jpg")
    raw.photo("july/a.jpg", 100)
    raw.ingest()
    june, july = raw.digest("june/a.jpg")[:8], raw.digest("july/a.jpg")[:8]
    assert raw.places("a.jpg", "release=june") == ["june/a.jpg"]
    raw.move("june/a.jpg", "june/b.jpg")
    raw.move("july/a.jpg", "july/c.jpg")
    raw.ingest()
    with pytest.raises(SelectionError) as caught:
        raw.find("a.jpg")
    assert str(caught.value) == (
        f"a.jpg: several sources have this name: july/a.jpg ({july}), june/a.jpg ({june}); "
        "give more of the path, or the digest"
    )
    assert raw.places("june/a.jpg", "july/a.jpg") == ["july/c.jpg", "june/b.jpg"]


def test_a_name_follows_several_moves_and_a_move_found_by_a_later_run(raw: Raw) -> None:
    raw.photo("june/a.jpg")
    raw.photo("june/kept.jpg", 100)
    raw.ingest()
    raw.move("june/a.jpg", "june/b.jpg")
    raw.ingest()
    raw.move("june/b.jpg", "../aside.jpg")
    raw.ingest()
    assert raw.find("a.jpg").remarks == ("june/a.jpg was june/b.jpg last; correct the name",)
    raw.move("../aside.jpg", "july/c.jpg")
    raw.ingest()
    for name in ("a.jpg", "b.jpg"):
        assert raw.places(name) == ["july/c.jpg"]
        assert raw.find(name).remarks == (f"june/{name} is now july/c.jpg; correct the name",)
    assert raw.find(raw.digest("c.jpg")).remarks == ()


def test_a_copy_stands_for_a_file_that_is_gone(raw: Raw) -> None:
    raw.photo("june/a.jpg")
    raw.photo("july/copy.jpg")
    raw.photo("june/kept.jpg", 100)
    raw.ingest()
    (raw.folder / "june/a.jpg").unlink()
    raw.ingest()
    built = raw.pack(["june/a.jpg"])
    assert built.moved == ("june/a.jpg is gone, and july/copy.jpg has the same bytes; correct the name",)
    assert ([one.relative for one in built.sources], built.withdrawn) == (["july/copy.jpg"], ())


@pytest.mark.parametrize(
    ("words", "places"),
    [
        (["release=june"], ["2021-06/a.jpg", "2021-06/photos/b.jpg"]),
        (["release=june", "medium=photo", "sql=name = 'a.jpg'"], ["2021-06/a.jpg"]),
        (["june/*"], ["2021-06/a.jpg", "2021-06/photos/b.jpg"]),
        (["june/photos/*"], ["2021-06/photos/b.jpg"]),
    ],
)
def test_a_release_and_a_pattern_lead_to_the_renamed_folder(raw: Raw, words: list[str], places: list[str]) -> None:
    raw.photo("june/a.jpg")
    raw.photo("june/photos/b.jpg", 100)
    raw.photo("july/kept.jpg", 140)
    raw.ingest()
    raw.move("june", "2021-06")
    raw.ingest()
    found = raw.find(*words)
    assert [row.relative for row in found.rows] == places
    files, where = "its 2 files are", "2021-06, 2021-06/photos"
    if words == ["june/photos/*"]:
        files, where = "its file is", "2021-06/photos"
    assert found.remarks == (f"{words[0]}: {files} in {where} now; correct the name",)


def test_words_that_name_a_place_in_a_renamed_release_lead_there(raw: Raw) -> None:
    raw.photo("june/photos/a.jpg")
    raw.photo("july/kept.jpg", 140)
    raw.ingest()
    digest = raw.digest("a.jpg")
    place = str(raw.folder / "june/photos/a.jpg")
    raw.move("june", "2021-06")
    raw.ingest()
    told = ("june/photos/a.jpg is now 2021-06/photos/a.jpg; correct the name",)
    for words in (["june/photos/a.jpg"], [place], ["a.jpg", "release=june"], [digest[:16], "release=june"]):
        assert (raw.places(*words), raw.find(*words).remarks) == (["2021-06/photos/a.jpg"], told)
    for words in (["a.jpg"], ["photos/a.jpg"], [digest[:16]]):
        assert (raw.places(*words), raw.find(*words).remarks) == (["2021-06/photos/a.jpg"], ())


def test_a_release_of_which_a_file_is_missing_does_not_lead_to_the_rest(raw: Raw) -> None:
    raw.photo("june/a.jpg")
    raw.photo("june/b.jpg", 100)
    raw.photo("july/kept.jpg", 140)
    raw.ingest()
    a, b = raw.digest("a.jpg")[:8], raw.digest("b.jpg")[:8]
    (raw.folder / "june/b.jpg").unlink()
    raw.move("june", "2021-06")
    raw.ingest()
    message = f"no longer in raw: june/a.jpg ({a}, now 2021-06/a.jpg), june/b.jpg ({b}); select by digest"
    for word, prefix in (("release=june", ""), ("june/*", "june/*: ")):
        with pytest.raises(SelectionError) as caught:
            raw.find(word)
        assert str(caught.value) == prefix + message
    confirm(["june/b.jpg"], Catalogue(raw.store))
    assert raw.places("release=june") == ["2021-06/a.jpg"]
    told = "release=june: its file is in 2021-06 now, and 1 other was withdrawn; correct the name"
    assert raw.find("release=june").remarks == (told,)


@pytest.mark.parametrize("word", ["release=june", "june/*"])
def test_a_release_that_left_in_several_runs_for_one_means_all_its_files(raw: Raw, word: str) -> None:
    raw.photo("june/a.jpg")
    raw.photo("june/b.jpg", 100)
    raw.photo("june/c.jpg", 120)
    raw.photo("july/kept.jpg", 140)
    raw.ingest()
    raw.move("june/a.jpg", "july/a.jpg")
    raw.ingest()
    raw.move("june/b.jpg", "june/photos/b.jpg")
    raw.photo("june/c.jpg", 160)
    raw.ingest()
    raw.move("june/photos", "july/photos")
    raw.move("june/c.jpg", "july/c.jpg")
    (raw.folder / "june").rmdir()
    raw.ingest()
    assert raw.places(word) == ["july/a.jpg", "july/c.jpg", "july/photos/b.jpg"]
    assert raw.find(word).remarks == (f"{word}: its 3 files are in july, july/photos now; correct the name",)


@pytest.mark.parametrize("first", ["left for another release", "missing"])
def test_a_release_that_left_in_several_runs_is_refused_if_not_all_went_together(raw: Raw, first: str) -> None:
    raw.photo("june/a.jpg")
    raw.photo("june/b.jpg", 100)
    raw.photo("july/kept.jpg", 140)
    raw.ingest()
    a, b = raw.digest("a.jpg")[:8], raw.digest("b.jpg")[:8]
    raw.move("june/a.jpg", "../aside.jpg" if first == "missing" else "may/a.jpg")
    raw.ingest()
    raw.move("june", "july/photos")
    raw.ingest()
    where = "" if first == "missing" else ", now may/a.jpg"
    message = f"no longer in raw: june/a.jpg ({a}{where}), june/b.jpg ({b}, now july/photos/b.jpg); select by digest"
    for word, prefix in (("release=june", ""), ("june/*", "june/*: ")):
        with pytest.raises(SelectionError) as caught:
            raw.find(word)
        assert str(caught.value) == prefix + message


def test_a_release_whose_files_left_in_one_run_leads_to_several(raw: Raw) -> None:
    raw.photo("june/a.jpg")
    raw.photo("june/b.jpg", 100)
    raw.photo("july/kept.jpg", 140)
    raw.ingest()
    raw.move("june/a.jpg", "may/a.jpg")
    raw.move("june/b.jpg", "july/b.jpg")
    (raw.folder / "june").rmdir()
    raw.ingest()
    assert raw.places("release=june") == ["july/b.jpg", "may/a.jpg"]
    assert raw.find("release=june").remarks == ("release=june: its 2 files are in july, may now; correct the name",)


def test_a_withdrawn_release_does_not_mean_copies_that_others_have(raw: Raw) -> None:
    raw.photo("june/a.jpg")
    raw.photo("june/b.jpg", 100)
    raw.photo("best/pick.jpg", 100)
    raw.ingest()
    shutil.rmtree(raw.folder / "june")
    raw.ingest()
    a, b = raw.digest("june/a.jpg")[:8], raw.digest("pick.jpg")[:8]
    confirm(["june/*"], Catalogue(raw.store), reason="recalled")
    message = (
        f"no longer in raw: june/a.jpg ({a}, withdrawn on {TODAY}: recalled), june/b.jpg ({b}, now best/pick.jpg); "
        "select by digest"
    )
    for word, prefix in (("release=june", ""), ("june/*", "june/*: ")):
        with pytest.raises(SelectionError) as caught:
            raw.find(word)
        assert str(caught.value) == prefix + message


def test_a_release_of_copies_that_nobody_withdrew_leads_to_the_others(raw: Raw) -> None:
    raw.photo("june/a.jpg")
    raw.photo("best/pick.jpg")
    raw.photo("best/other.jpg", 100)
    raw.ingest()
    shutil.rmtree(raw.folder / "june")
    raw.ingest()
    assert raw.places("release=june") == ["best/pick.jpg"]
    assert raw.find("release=june").remarks == ("release=june: its file is in best now; correct the name",)


def test_a_file_withdrawn_after_it_left_its_release_is_counted_as_withdrawn(raw: Raw) -> None:
    raw.photo("june/a.jpg")
    raw.photo("june/b.jpg", 100)
    raw.photo("july/kept.jpg", 140)
    raw.ingest()
    raw.move("june/a.jpg", "july/a.jpg")
    raw.ingest()
    (raw.folder / "july/a.jpg").unlink()
    raw.move("june/b.jpg", "july/b.jpg")
    (raw.folder / "june").rmdir()
    raw.ingest()
    confirm(["july/a.jpg"], Catalogue(raw.store))
    assert raw.places("release=june") == ["july/b.jpg"]
    told = "release=june: its file is in july now, and 1 other was withdrawn; correct the name"
    assert raw.find("release=june").remarks == (told,)


def test_an_override_and_a_sound_with_an_earlier_name_are_told_the_new_one(raw: Raw) -> None:
    raw.photo("june/a.jpg")
    raw.ingest()
    raw.move("june/a.jpg", "june/b.jpg")
    raw.ingest()
    moved = "june/a.jpg is now june/b.jpg; correct the name"
    override, highlight = Override(source="a.jpg", who="Li", why="agreed"), Highlight(sound="a.jpg")
    for changes, message in (
        ({"overrides": (override,)}, f"override for 'a.jpg' matches no selected source; {moved}"),
        ({"highlight": highlight}, f"highlight: {moved}"),
    ):
        recipe = replace(recipe_of(["b.jpg"], audience="press"), **changes)
        with pytest.raises(RequestError) as caught:
            build_pack(recipe, raw.out, raw.store, force=True)
        assert str(caught.value) == message


def test_a_file_that_is_nowhere_stays_missing_until_it_is_confirmed(raw: Raw) -> None:
    raw.photo("june/a.jpg")
    raw.photo("june/b.jpg", 100)
    raw.ingest()
    (raw.folder / "june/a.jpg").unlink()
    raw.ingest()
    words = f"it has been gone from its release since {TODAY}"
    built = raw.pack(["a.jpg", "b.jpg"], take=("stills",))
    assert (built.moved, built.replaced) == ((), ())
    assert built.withdrawn == (f"june/a.jpg is missing, not confirmed: {words}",)
    confirm(["june/a.jpg"], Catalogue(raw.store))
    built = raw.pack(["a.jpg", "b.jpg"], take=("stills",))
    assert built.withdrawn == (f"june/a.jpg was withdrawn, confirmed on {TODAY}: {words}",)
    with pytest.raises(RequestError) as caught:
        raw.pack(["a.jpg", "b.jpg"])
    assert str(caught.value) == (
        f"missing originals:\n  june/a.jpg was withdrawn, confirmed on {TODAY}: take it out of the selection\n"
        "or take no originals"
    )


def test_bytes_that_were_replaced_are_said_to_be_by_every_command(raw: Raw) -> None:
    raw.photo("june/a.jpg")
    raw.photo("june/b.jpg", 140)
    raw.ingest()
    old = raw.digest("a.jpg")
    raw.photo("june/a.jpg", 100)
    raw.ingest()
    told = (
        f"june/a.jpg was replaced by {raw.digest('a.jpg')[:16]}... on {TODAY}; select that, unless the old one is meant"
    )
    built = raw.pack([old[:16]], take=("stills",))
    assert (built.replaced, built.withdrawn, built.moved) == ((told,), (), ())
    with pytest.raises(RequestError) as caught:
        raw.pack([old[:16]])
    assert str(caught.value) == f"missing originals:\n  {told}\nor take no originals"
    for command in (
        ["items", old],
        ["failures", old],
        ["fetch", old, "-o", str(raw.out.parent / "fetched")],
        ["keep", old],
        ["reproduce", old],
        ["browse", old, "--no-open", "-o", str(raw.out.parent / "page")],
        ["reprocess", old, "--dry-run"],
        ["pack", old, "-o", str(raw.out), "--force"],
    ):
        output = CliRunner().invoke(main, [*command, "--store", str(raw.store.root)]).stderr
        assert output.count(f"marsmedia: {told}\n") == 1, command


def test_a_withdrawn_file_is_said_to_be_though_another_has_its_name_since(raw: Raw) -> None:
    raw.photo("june/a.jpg")
    raw.photo("june/b.jpg", 140)
    raw.ingest()
    old = raw.digest("a.jpg")
    (raw.folder / "june/a.jpg").unlink()
    raw.ingest()
    confirm(["june/a.jpg"], Catalogue(raw.store))
    raw.photo("june/a.jpg", 100)
    raw.ingest()
    replaced = (
        f"june/a.jpg was replaced by {raw.digest('a.jpg')[:16]}... on {TODAY}; select that, unless the old one is meant"
    )
    built = raw.pack([old], take=("stills",))
    assert built.replaced == (replaced,)
    assert built.withdrawn == (
        f"june/a.jpg was withdrawn, confirmed on {TODAY}: it has been gone from its release since {TODAY}",
    )
    with pytest.raises(RequestError) as caught:
        raw.pack([old])
    assert str(caught.value) == (
        f"missing originals:\n  june/a.jpg was withdrawn, confirmed on {TODAY}: take it out of the selection\n"
        "or take no originals"
    )


@pytest.mark.parametrize("end", ["replaced", "missing"])
def test_an_earlier_withdrawal_of_what_is_gone_again_is_said(raw: Raw, end: str) -> None:
    raw.photo("june/a.jpg")
    raw.photo("june/b.jpg", 140)
    raw.ingest()
    old = raw.digest("a.jpg")
    (raw.folder / "june/a.jpg").unlink()
    raw.ingest()
    confirm(["june/a.jpg"], Catalogue(raw.store), reason="recalled")
    raw.photo("june/a.jpg")
    raw.ingest()
    (raw.folder / "june/a.jpg").unlink()
    if end == "replaced":
        raw.photo("june/a.jpg", 100)
    raw.ingest()
    built = raw.pack([old], take=("stills",))
    missing = f"june/a.jpg is missing, not confirmed: it has been gone from its release since {TODAY}"
    told = f"june/a.jpg: its bytes were withdrawn on {TODAY}: recalled"
    assert built.withdrawn == ((told,) if end == "replaced" else (missing, told))


def test_a_name_leads_to_the_place_where_its_file_was_replaced(raw: Raw) -> None:
    raw.photo("june/a.jpg")
    raw.ingest()
    old = raw.digest("a.jpg")
    raw.move("june/a.jpg", "june/b.jpg")
    raw.ingest()
    raw.photo("june/b.jpg", 100)
    raw.ingest()
    found = raw.find("a.jpg")
    assert [row.digest for row in found.rows] == [old]
    new = raw.digest("b.jpg")[:16]
    assert found.remarks == (
        "june/a.jpg was june/b.jpg last; correct the name",
        f"june/b.jpg was replaced by {new}... on {TODAY}; select that, unless the old one is meant",
    )


def test_every_command_says_where_a_moved_file_is(raw: Raw) -> None:
    raw.photo("june/a.jpg")
    raw.ingest()
    raw.move("june/a.jpg", "june/b.jpg")
    raw.ingest()
    told = "marsmedia: june/a.jpg is now june/b.jpg; correct the name\n"
    for command in (
        ["items", "a.jpg"],
        ["failures", "a.jpg"],
        ["fetch", "a.jpg", "-o", str(raw.out.parent / "fetched")],
        ["keep", "a.jpg"],
        ["reproduce", "a.jpg"],
        ["browse", "a.jpg", "--no-open", "-o", str(raw.out.parent / "page")],
        ["reprocess", "a.jpg", "--dry-run"],
        ["reprocess", "a.jpg", "--processor", "photo.preview", "--quiet"],
        ["pack", "a.jpg", "-o", str(raw.out), "--force"],
        ["show", "a.jpg"],
        ["why", "a.jpg"],
        ["diff", "a.jpg", "photo.preview"],
    ):
        output = CliRunner().invoke(main, [*command, "--store", str(raw.store.root)]).stderr
        assert output.count(told) == 1, command
    assert "no longer in raw" not in CliRunner().invoke(main, ["why", "a.jpg", "--store", str(raw.store.root)]).output


def test_a_notebook_is_warned_where_a_moved_file_is_and_by_what_one_was_replaced(raw: Raw) -> None:
    raw.photo("june/a.jpg")
    raw.photo("july/kept.jpg", 140)
    raw.ingest()
    old = raw.digest("kept.jpg")
    raw.photo("july/kept.jpg", 100)
    raw.move("june", "2021-06")
    raw.ingest()
    new, store = raw.digest("kept.jpg"), marsmedia.open(raw.store.root)
    of_release = "release=june: its file is in 2021-06 now; correct the name"
    asked: list[tuple[Callable[[], list[SourceView]], str, str]] = [
        (lambda: store.sources("release=june"), "a.jpg", of_release),
        (lambda: store.photos(release="june"), "a.jpg", of_release),
        (lambda: [store.source("june/a.jpg")], "a.jpg", "june/a.jpg is now 2021-06/a.jpg; correct the name"),
        (
            lambda: [store.source(old)],
            "kept.jpg",
            f"july/kept.jpg was replaced by {new[:16]}... on {TODAY}; select that, unless the old one is meant",
        ),
    ]
    for ask, name, told in asked:
        with pytest.warns(UserWarning, match=re.escape(told)) as warned:
            assert [one.name for one in ask()] == [name]
        assert [(str(one.message), one.filename) for one in warned] == [(told, __file__)]
    assert [one.name for one in store.sources("release=2021-06")] == ["a.jpg"]
