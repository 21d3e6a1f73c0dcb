"""What an entry about a file forbids stays forbidden until another permits it, whatever the top of a release says."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from flows.run.build_pack import build_pack, recipe_of
from flows.run.recipe_changes.load_recipes import wanted_today
from processors.errors import RequestError
from processors.packs.changed_sources import SourceChange
from processors.packs.registry import built_packs
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.sql import connect
from tests.helpers.releases import Releases

TODAY = datetime.now(UTC).date().isoformat()
HEAD = 'credit = "CNSA"\nrights = "free"\nredistribute = true\n'
ENTRY = '[[file]]\npath = "b.jpg"\ntitle = "Forks"\n'
KILL = 'redistribute = false\nrights = "withdrawn"\n'
PERMITS = '[[file]]\npath = "old.jpg"\nredistribute = true\n'
GONE = (
    f"redistribute = false in its release.toml (rights: withdrawn), where it was until {TODAY}, "
    "and no [[file]] has permitted it since"
)


@pytest.fixture
def releases(tmp_path: Path) -> Releases:
    made = Releases(tmp_path)
    made.add("june", HEAD + ENTRY + KILL)
    made.ingest()
    return made


def replaced(releases: Releases) -> None:
    """Put another file in place of june/b.jpg, and keep the old one as june/old.jpg."""
    (releases.raw / "june/b.jpg").rename(releases.raw / "june/old.jpg")
    releases.bytes += b"\0"
    releases.add("june", None)


def restated(releases: Releases, words: str) -> None:
    (releases.raw / "june/release.toml").write_text(words)
    releases.ingest()


def refusal(releases: Releases, *words: str) -> str:
    with pytest.raises(RequestError) as caught:
        releases.pack(*words)
    return str(caught.value).split("\n")[1]


@pytest.mark.parametrize("is_in_two_runs", [False, True])
def test_a_replaced_file_that_is_kept_under_another_name_stays_forbidden(
    releases: Releases, is_in_two_runs: bool
) -> None:
    old = releases.bytes
    if is_in_two_runs:
        (releases.raw / "june/b.jpg").rename(releases.raw / "june/old.jpg")
        releases.ingest()
        releases.bytes += b"\0"
        releases.add("june", None)
    else:
        replaced(releases)
    releases.ingest()
    assert releases.subject("june/old.jpg").redistribute is False
    restated(releases, HEAD + ENTRY + "redistribute = true\n")  # which is about the new file
    assert releases.subject("june/b.jpg").redistribute is True
    assert releases.subject("june/old.jpg").redistribute is False
    (releases.raw / "june/old.jpg").unlink()
    releases.ingest()
    (releases.raw / "june/v1.jpg").write_bytes(old)
    releases.ingest()
    assert releases.subject("june/v1.jpg").redistribute is False


def test_an_entry_about_the_kept_file_permits_it_also_when_it_is_deleted_later(releases: Releases) -> None:
    replaced(releases)
    releases.ingest()
    digest = releases.subject("june/old.jpg").digest[:8]
    assert refusal(releases, "june/old.jpg") == (
        f"  june/b.jpg ({digest}): {GONE}; selected is june/old.jpg, the same bytes"
    )
    for words in (HEAD + ENTRY + KILL + PERMITS, HEAD + ENTRY + KILL):
        restated(releases, words)
        assert releases.subject("june/old.jpg").redistribute is True


def test_a_deleted_entry_forbids_still_though_the_release_permits_all(releases: Releases) -> None:
    told = (
        f"redistribute = false in its release.toml (rights: free), stated on {TODAY}, and since then only of all "
        "files: state redistribute in its [[file]]"
    )
    digest = releases.subject("june/b.jpg").digest[:8]
    for words in (HEAD + ENTRY, HEAD, HEAD.replace("CNSA", "Xinhua")):
        restated(releases, words)
        assert refusal(releases, "june/b.jpg") == f"  june/b.jpg ({digest}): {told}"
    (releases.raw / "june/b.jpg").rename(releases.raw / "june/c.jpg")
    releases.ingest()
    assert GONE in refusal(releases, "june/c.jpg")


@pytest.mark.parametrize("mistake", ['date = "blah"\n', '[[file]]\npath = "b.jpg"\n'])
def test_a_prohibition_in_an_entry_with_a_mistake_binds_too(releases: Releases, mistake: str) -> None:
    releases.bytes += b"\0"
    releases.add("july", HEAD + ENTRY + "redistribute = false\n" + mistake)
    releases.ingest()
    assert "its rights are unknown: release.toml, line" in refusal(releases, "release=july")
    (releases.raw / "july/release.toml").write_text(HEAD)
    releases.ingest()
    told = (
        f"redistribute = false in its release.toml (rights: free), stated on {TODAY}, and since then only of all files"
    )
    assert told in refusal(releases, "release=july")
    (releases.raw / "july/b.jpg").rename(releases.raw / "july/c.jpg")
    releases.ingest()
    assert f"where it was until {TODAY}" in refusal(releases, "release=july")


def test_a_file_that_is_moved_to_a_release_that_permits_all_stays_forbidden(releases: Releases) -> None:
    releases.add("july", HEAD)
    (releases.raw / "june/b.jpg").unlink()
    releases.ingest()
    assert GONE in refusal(releases, "release=july")


def as_of_an_earlier_version(releases: Releases) -> None:
    """Take out of the store what versions without `entry_permission` did not keep."""
    catalogue = Catalogue(releases.store)
    rows = [one for one in catalogue.sightings() if one.entry_permission is not None]
    catalogue.add_sources([dataclasses.replace(one, entry_permission=None, entry_permission_utc=None) for one in rows])


@pytest.mark.parametrize("change", ["deleted", "replaced", "moved", "gone before"])
def test_what_an_entry_forbade_is_known_in_a_store_of_an_earlier_version(releases: Releases, change: str) -> None:
    if change == "gone before":
        (releases.raw / "june/b.jpg").rename(releases.raw.parent / "b.jpg")
        releases.ingest()
    as_of_an_earlier_version(releases)
    if change == "replaced":
        replaced(releases)
    elif change != "deleted":
        releases.add("july", HEAD)
        (releases.raw / "june/b.jpg").unlink(missing_ok=True)
    if change != "replaced":
        (releases.raw / "june/release.toml").write_text(HEAD)
    releases.ingest()
    names = {"deleted": "june/b.jpg", "replaced": "june/old.jpg"}
    one = releases.subject(names.get(change, "july/b.jpg"))
    assert one.redistribute is False
    with connect(Catalogue(releases.store)) as connection:
        asked = "SELECT DISTINCT redistribute FROM sightings WHERE source = ?"
        assert connection.execute(asked, [one.digest]).fetchall() == [(False,)]
        kept = "SELECT path LIKE '%june/b.jpg', entry_permission FROM sources WHERE digest = ? AND entry_permission"
        assert not connection.execute(kept, [one.digest]).fetchall()
        assert connection.execute(f"{kept} = false", [one.digest]).fetchall() == [(True, False)]


def test_a_pack_of_a_store_of_an_earlier_version_needs_no_run_to_know_what_an_entry_forbade(releases: Releases) -> None:
    releases.add("july", HEAD)
    (releases.raw / "june/b.jpg").unlink()
    releases.ingest()
    as_of_an_earlier_version(releases)
    assert GONE in refusal(releases, "release=july")


def test_the_top_of_a_release_ends_what_it_forbade_itself(releases: Releases) -> None:
    releases.bytes += b"\0"
    releases.add("july", HEAD.replace("true", "false"))
    releases.ingest()
    assert releases.subject("release=july").redistribute is False
    (releases.raw / "july/release.toml").write_text(HEAD)
    releases.ingest()
    assert releases.subject("release=july").redistribute is True


def test_a_copy_whose_entry_permitted_before_the_forbidden_one_went_stays_forbidden(releases: Releases) -> None:
    releases.add("july", HEAD + ENTRY + "redistribute = true\n")
    releases.ingest()
    (releases.raw / "june/b.jpg").unlink()
    releases.ingest()
    older = (
        f"where it was until {TODAY}, and the redistribute = true in the [[file]] of july/b.jpg is older: take it out, "
        "ingest, and state it again; selected is july/b.jpg"
    )
    description = releases.raw / "july/release.toml"
    for words in (HEAD + ENTRY + "redistribute = true\n", HEAD + ENTRY + 'redistribute = true\ncaption = "F"\n'):
        description.write_text(words)
        releases.ingest()
        assert older in refusal(releases, "release=july")
    description.write_text(HEAD + ENTRY)
    releases.ingest()
    assert releases.subject("release=july").redistribute is False
    description.write_text(HEAD + ENTRY + "redistribute = true\n")
    releases.ingest()
    assert releases.subject("release=july").redistribute is True


@pytest.mark.parametrize("words", [HEAD, HEAD + ENTRY + KILL])
def test_a_prohibition_that_another_entry_has_ended_returns_only_if_it_is_stated_there(
    releases: Releases, words: str
) -> None:
    june, july = releases.raw / "june", releases.raw / "july"
    (june / "b.jpg").rename(june / "old.jpg")
    releases.ingest()
    restated(releases, HEAD + PERMITS)
    july.mkdir()
    (july / "release.toml").write_text(HEAD)
    (june / "old.jpg").rename(july / "old.jpg")
    releases.ingest()
    assert releases.subject("release=july").redistribute is True
    (july / "old.jpg").rename(june / "b.jpg")
    restated(releases, words)
    assert releases.subject("june/b.jpg").redistribute is (words == HEAD)
    (june / "b.jpg").rename(june / "c.jpg")
    restated(releases, HEAD)
    assert releases.subject("june/c.jpg").redistribute is (words == HEAD)


@pytest.mark.parametrize("gone", ["replaced", "withdrawn"])
def test_a_recall_of_a_pack_stays_one_when_the_file_is_replaced_or_withdrawn(releases: Releases, gone: str) -> None:
    restated(releases, HEAD + ENTRY + "redistribute = true\n")
    build_pack(recipe_of(["release=june"], audience="public"), releases.out, releases.store)
    restated(releases, HEAD + ENTRY + KILL)
    about = ("rights", "permission")
    assert changes(releases) == (SourceChange(source="june/b.jpg", kind="forbidden", about=about),)
    (releases.raw / "june/b.jpg").unlink()
    if gone == "replaced":
        releases.bytes += b"\0"
        releases.add("june", None)
    releases.ingest()
    (change,) = changes(releases)
    assert (change.kind, change.gone) == ("forbidden", gone)
    assert str(change) == f"june/b.jpg may no longer be passed on (rights changed too), and was {gone}"
    restated(releases, HEAD + ENTRY)
    assert changes(releases) == (change,)


def test_a_replaced_file_that_nobody_forbade_is_no_recall(releases: Releases) -> None:
    restated(releases, HEAD + ENTRY + "redistribute = true\n")
    build_pack(recipe_of(["release=june"], audience="public"), releases.out, releases.store)
    replaced(releases)
    restated(releases, HEAD + ENTRY + KILL)  # which is about the new file
    assert changes(releases) == (SourceChange(source="june/b.jpg", kind="replaced"),)


def changes(releases: Releases) -> tuple[SourceChange, ...]:
    rows = Catalogue(releases.store).sources().values()
    (built,) = built_packs(releases.store, wanted_today(rows).of)
    return built.changed


def test_show_says_what_forbids_a_file_that_its_release_permits(releases: Releases) -> None:
    replaced(releases)
    releases.ingest()
    lines = CliRunner().invoke(main, ["show", "old.jpg", "--store", str(releases.store_folder)]).output.split("\n")
    assert f"  rights   may not be passed on: june/b.jpg: {GONE}" in lines
    restated(releases, HEAD + PERMITS)
    shown = CliRunner().invoke(main, ["show", "old.jpg", "--store", str(releases.store_folder)]).output
    assert "may not be passed on" not in shown
