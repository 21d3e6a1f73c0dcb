"""Rights of bytes that several releases hold: the strictest of all places bind, until one there lifts them."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from flows.run.build_pack import build_pack, recipe_of
from processors.errors import RequestError
from processors.languages.language import LANGUAGES
from processors.packs.recipe.pack_recipe import Override
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.selection import parse, select
from processors.store.catalogue.sql import connect
from tests.helpers.headings import headed
from tests.helpers.made_media import MediaMaker
from tests.helpers.releases import FREE, RESTRICTED, Releases

TODAY = datetime.now(UTC).date().isoformat()


@pytest.fixture
def releases(tmp_path: Path) -> Releases:
    return Releases(tmp_path)


@pytest.mark.parametrize(("free", "restricted"), [("a-free", "z-restricted"), ("z-free", "a-restricted")])
def test_each_release_speaks_its_own_words_and_the_strictest_rights_win(
    releases: Releases, free: str, restricted: str
) -> None:
    releases.add(free, FREE)
    releases.add(restricted, RESTRICTED)
    assert releases.ingest() == (4, 4, 0, 0, 0)  # metadata and preview once, evidence twice
    assert releases.ingest() == (0, 0, 4, 0, 0)
    for release, title, credit in ((free, "Photo as A", "Someone else"), (restricted, "As B", "CNSA")):
        one = releases.subject(f"release={release}")
        assert (one.release, one.title.best(), one.credit) == (release, title, credit)
        assert (one.redistribute, one.rights) == (False, "unresolved")
        assert "redistribute: " in "\n".join(one.disagreements)
    with pytest.raises(RequestError) as caught:
        releases.pack(f"release={restricted}")
    digest = releases.subject("b.jpg").digest[:8]
    assert str(caught.value).split("\n")[1] == (
        f"  {restricted}/b.jpg ({digest}): its release states redistribute = false (rights: unresolved)"
    )
    with pytest.raises(RequestError) as caught:
        releases.pack(f"release={free}")
    assert str(caught.value).split("\n")[1] == (
        f"  {restricted}/b.jpg ({digest}): redistribute = false in its release.toml (rights: unresolved); "
        f"selected is {free}/b.jpg, the same bytes"
    )


def test_a_pack_by_selection_is_titled_as_its_releases(releases: Releases) -> None:
    releases.add("june", 'title = "Sounds of June"\ntitle_zh = "六月之声"\nredistribute = true\n')
    releases.bytes += b"\0"  # another photo
    releases.add("july", "redistribute = true\n")
    releases.ingest()
    lines = releases.pack("release=june", "redistribute=true").split("\n")
    assert (lines[0], "六月之声" in lines[: len(LANGUAGES)]) == ("Sounds of June", True)
    assert releases.pack("*").split("\n")[0] == "july, Sounds of June"


def test_a_refused_public_pack_prints_the_selection_that_passes(releases: Releases) -> None:
    releases.add("june", FREE, "a.jpg", "b.jpg")
    releases.bytes += b"\0"  # another photo
    releases.add("june", "redistribute = true\n[[file]]\npath = 'c.jpg'\nredistribute = false\n", "c.jpg")
    releases.bytes += b"\0"
    releases.add("silent", None, "d.jpg")
    releases.ingest()
    with pytest.raises(RequestError) as caught:
        releases.pack("medium=photo")
    assert str(caught.value).split("\n")[-1] == (
        'this selection passes: selection = ["medium=photo", "redistribute=true"]; '
        "or state in the recipe who allows it and why: [[override]]"
    )
    assert "c.jpg" not in releases.pack("medium=photo", "redistribute=true")
    catalogue = Catalogue(releases.store)
    assert [row.name for row in select(parse(["redistribute=false"]), catalogue)] == ["c.jpg", "d.jpg"]
    with connect(catalogue) as connection:
        asked = "SELECT name, rights, redistribute FROM known ORDER BY name"
        assert connection.execute(asked).fetchall() == [
            ("a.jpg", None, True),
            ("c.jpg", None, False),
            ("d.jpg", None, None),
        ]
    with pytest.raises(RequestError) as caught:
        releases.pack("c.jpg")
    assert str(caught.value).split("\n")[-1] == (
        "none of the selected sources may be redistributed; select others, or state in the recipe who allows it and "
        "why: [[override]]"
    )
    allowed = (Override(source="d.jpg", who="Li Hua", why="letter"),)
    with pytest.raises(RequestError, match=r'this selection passes: selection = \["june/a.jpg", "silent/d.jpg"\]'):
        releases.pack("medium=photo", overrides=allowed)


def test_a_release_that_states_rights_but_no_permission_binds_a_selection_by_rights_too(releases: Releases) -> None:
    releases.add("a", FREE)
    releases.add("z", "rights = 'all rights reserved'\n")
    releases.ingest()
    assert releases.subject("release=a").redistribute is None
    with pytest.raises(RequestError, match="no source matches"):
        select(parse(["redistribute=true"]), Catalogue(releases.store))


def test_credits_name_the_release_whose_rights_bind(releases: Releases) -> None:
    releases.add("a-free", FREE)
    releases.add("z-restricted", RESTRICTED)
    releases.ingest()
    credit = releases.pack("release=a-free", audience="press").split("\n")
    assert "  Photo as A" in credit
    assert f"  {headed('credit')}: Someone else" in credit
    assert f"  {headed('rights')}: unresolved" in credit
    assert (
        f"  {headed('rights_said_by')}: z-restricted/b.jpg: "
        "redistribute = false in its release.toml (rights: unresolved)"
    ) in credit
    assert f"  {headed('also_said')}: a-free/b.jpg: Credit: Someone else; Rights: CC0; redistribute: true" in credit
    assert (
        f"  {headed('also_said')}: z-restricted/b.jpg: Credit: CNSA; Rights: unresolved; redistribute: false" in credit
    )
    iiif = next((releases.out / "data").rglob("iiif-manifest.json")).read_text()
    assert ("Photo as A" in iiif, "As B" in iiif, "publicdomain/zero" in iiif) == (True, False, False)


def test_a_written_override_lifts_the_rights_of_the_other_release_and_is_reported_once(releases: Releases) -> None:
    releases.add("a-free", FREE)
    releases.add("z-restricted", RESTRICTED)
    releases.ingest()
    for source in ("a-free/b.jpg", "z-restricted/b.jpg", "b.jpg"):
        one = Override(source=source, who="Li Hua", why="letter of 1 May")
        credit = releases.pack("release=a-free", overrides=(one,))
        assert credit.count("Li Hua") == 1
        assert f"  {headed('override')}: Li Hua: letter of 1 May" in credit.split("\n")


def test_a_release_silent_on_rights_binds_no_other_and_is_not_redistributed(releases: Releases) -> None:
    releases.add("copies", None)
    releases.add("free", FREE)
    assert releases.ingest() == (4, 4, 0, 0, 0)
    assert f"{headed('rights')}: CC0" in releases.pack("release=free")
    with pytest.raises(RequestError, match=r"copies/b\.jpg .*: no permission to redistribute it is stated"):
        releases.pack("release=copies")


def test_a_release_whose_words_cannot_be_read_binds(releases: Releases) -> None:
    releases.add("free", FREE)
    releases.add("broken", "redistribute = false\n[[file]]\npath = 'b.jpg'\ndate = '2021-02-30'\n")
    assert releases.ingest() == (4, 3, 0, 0, 1)
    with pytest.raises(RequestError, match=r"broken/b\.jpg .*: its rights are unknown: release\.toml, line 4: "):
        releases.pack("release=free")


def test_of_rights_that_all_allow_it_the_stricter_licence_is_passed_on(releases: Releases) -> None:
    releases.add("a", FREE)
    releases.add("b", FREE.replace("CC0", "CC BY-NC 4.0"))
    releases.add("c", FREE.replace("CC0", "CC BY 4.0"))
    assert releases.ingest() == (5, 5, 0, 0, 0)
    credit = releases.pack("release=c")
    assert f"  {headed('rights')}: CC BY-NC 4.0" in credit.split("\n")
    told = "the strictest of the rights stated (CC BY-NC 4.0); it may be redistributed"
    assert f"  {headed('rights_said_by')}: b/b.jpg: {told}" in credit.split("\n")
    assert "no permission" not in credit
    assert releases.subject("release=b").bound_by is None


@pytest.mark.parametrize(
    ("key", "own", "others", "tag", "embedded"),
    [
        ("instructions", None, "Embargoed until 1 July", b"\x1c\x02\x28\x00\x16", "Embargoed until 1 July"),
        ("instructions", "none", "Embargoed until 1 July", b"\x1c\x02\x28\x00\x16", "Embargoed until 1 July"),
        ("instructions", "Crop it", "No crops", b"\x1c\x02\x28\x00\x11", "Crop it; No crops"),
        ("usage_terms", None, "Print only", b">", "Print only"),
        ("usage_terms", "CC0", "Print only", b">", "Print only"),
    ],
)
def test_terms_at_another_place_of_the_bytes_are_in_the_packed_file(
    releases: Releases, key: str, own: str | None, others: str, tag: bytes, embedded: str
) -> None:
    entries = f"{FREE}{key} = '{own}'\n" if own else FREE
    entries += f"[[file]]\npath = 'print.jpg'\n{key} = '{others}'\n"
    releases.add("june", entries, "b.jpg", "print.jpg")
    releases.ingest()
    heading = headed("usage_terms" if key == "usage_terms" else "instructions")
    assert f"  {heading}: {embedded}" in releases.pack("june/b.jpg").split("\n")
    (packed,) = (releases.out / "data").rglob("*_80.jpg")
    assert tag + embedded.encode() in packed.read_bytes()


def test_a_prohibition_at_a_place_holds_until_it_is_lifted(releases: Releases) -> None:
    releases.add("july", FREE)
    releases.add("june", RESTRICTED)
    releases.ingest()
    words = releases.raw / "june/release.toml"
    words.unlink()
    releases.ingest()
    digest = releases.subject("release=july").digest[:8]
    unsaid = (
        f"redistribute = false in its release.toml (rights: unresolved), stated on {TODAY}, "
        "and since then neither true nor false: state redistribute in its [[file]]"
    )
    for release, told in (
        ("july", f"june/b.jpg ({digest}): {unsaid}; selected is july/b.jpg, the same bytes"),
        ("june", f"june/b.jpg ({digest}): {unsaid}"),
    ):
        with pytest.raises(RequestError) as caught:
            releases.pack(f"release={release}")
        assert str(caught.value).split("\n")[1] == f"  {told}"
    words.write_text("title = 'June'\n")  # a word, but none of rights
    releases.ingest()
    with pytest.raises(RequestError, match="and since then neither true nor false"):
        releases.pack("release=july")
    assert CliRunner().invoke(main, ["prune", "--yes", "--store", str(releases.store_folder)]).exit_code == 0
    with pytest.raises(RequestError, match="and since then neither true nor false"):
        releases.pack("release=july")
    words.write_text(RESTRICTED.replace("false", "true"))
    releases.ingest()
    assert f"  {headed('rights')}: unresolved" in releases.pack("release=july")
    words.unlink()
    releases.ingest()
    assert f"  {headed('rights')}: CC0" in releases.pack("release=july")


@pytest.mark.parametrize("is_renamed", [False, True])
def test_an_earlier_prohibition_forbids_and_the_rights_stated_now_are_printed(
    releases: Releases, is_renamed: bool
) -> None:
    releases.add("june", "rights = '© Xinhua'\nredistribute = false\n[[file]]\npath = 'b.jpg'\n")
    releases.ingest()
    name = "c.jpg" if is_renamed else "b.jpg"
    (releases.raw / "june/b.jpg").rename(releases.raw / f"june/{name}")
    entry = f"[[file]]\npath = '{name}'\ncredit = 'NASA'\nrights = 'Public domain'\ninstructions = 'Crop it'\n"
    (releases.raw / "june/release.toml").write_text(entry)
    releases.ingest()
    one = releases.subject("release=june")
    assert (one.credit, one.rights, one.redistribute) == ("NASA", "Public domain", False)
    (photo,) = (one for one in one.voices if not one.is_gone)
    assert (photo.rights, photo.terms) == ("Public domain", ("Crop it",))
    lines = releases.pack("release=june", audience="press").split("\n")
    assert f"  {headed('rights')}: Public domain" in lines
    forbidden = (
        f"(rights: © Xinhua), where it was until {TODAY}"
        if is_renamed
        else f"(rights: Public domain), stated on {TODAY}, and since then neither true nor false: "
        "state redistribute in its [[file]]"
    )
    told = f"redistribute = false in its release.toml {forbidden}"
    assert f"  {headed('forbidden_by')}: june/b.jpg: {told}" in lines
    (packed,) = (releases.out / "data").rglob("*_80.jpg")
    copyright_notice = b"\x1c\x02\x74\x00\x0dPublic domain"  # IPTC 2:116
    assert copyright_notice in packed.read_bytes()
    with pytest.raises(RequestError) as caught:
        releases.pack("release=june")
    assert told in str(caught.value)


def test_a_prohibition_that_is_no_longer_stated_keeps_its_rights_where_none_are_stated_now(releases: Releases) -> None:
    releases.add("june", "rights = '© Xinhua'\nredistribute = false\n")
    releases.ingest()
    (releases.raw / "june/release.toml").write_text("credit = 'CNSA'\n")
    releases.ingest()
    one = releases.subject("release=june")
    assert (one.credit, one.rights, one.redistribute) == ("CNSA", "© Xinhua", False)


def test_a_file_that_comes_back_without_its_words_is_bound_by_those_it_had(releases: Releases) -> None:
    releases.add("july", FREE)
    releases.add("june", RESTRICTED)
    releases.ingest()
    shutil.rmtree(releases.raw / "june")
    releases.ingest()
    releases.add("june", None)
    releases.ingest()
    for release in ("july", "june"):
        with pytest.raises(RequestError, match="and since then neither true nor false"):
            releases.pack(f"release={release}")
    releases.add("june", RESTRICTED.replace("false", "true"))
    releases.ingest()
    assert f"  {headed('rights')}: unresolved" in releases.pack("release=july")


def test_a_release_that_was_taken_away_still_binds_and_is_named(releases: Releases) -> None:
    releases.add("july", FREE)
    releases.add("june", RESTRICTED)
    releases.ingest()
    shutil.rmtree(releases.raw / "june")
    releases.ingest()
    subject = releases.subject("release=july")
    gone = next(row.gone_utc for row in Catalogue(releases.store).sightings() if row.relative == "june/b.jpg")
    told = f"redistribute = false in its release.toml (rights: unresolved), where it was until {str(gone)[:10]}"
    with pytest.raises(RequestError) as caught:
        releases.pack("release=july")
    assert str(caught.value).split("\n")[1] == (
        f"  june/b.jpg ({subject.digest[:8]}): {told}; selected is july/b.jpg, the same bytes"
    )
    assert f"june/b.jpg: {told}" in releases.pack("release=july", audience="press")
    allowed = Override(source="june/b.jpg", who="Li Hua", why="june was a mistake")
    assert "Li Hua: june was a mistake" in releases.pack("release=july", overrides=(allowed,))


def test_a_moved_file_with_a_new_description_is_not_bound_by_its_old_place(releases: Releases) -> None:
    releases.add("june", RESTRICTED)
    releases.ingest()
    (releases.raw / "june").rename(releases.raw / "july")
    (releases.raw / "july/release.toml").write_text(FREE)
    releases.ingest()
    assert f"  {headed('rights')}: CC0" in releases.pack("release=july")


def test_a_pack_of_a_withdrawn_file_says_so(releases: Releases) -> None:
    releases.add("a-free", FREE)
    releases.add("z-kept", FREE, "other.jpg")
    MediaMaker(releases.raw / "z-kept").photo("other.jpg", size=(60, 40))
    releases.ingest()
    (releases.raw / "a-free/b.jpg").unlink()
    releases.ingest()
    built = build_pack(recipe_of(("a-free/b.jpg",), audience="public"), releases.out, releases.store, force=True)
    (words,) = built.withdrawn
    assert words == f"a-free/b.jpg is missing, not confirmed: it has been gone from its release since {TODAY}"
    built = build_pack(recipe_of(("z-kept/other.jpg",), audience="public"), releases.out, releases.store, force=True)
    assert built.withdrawn == ()
