"""What a release says of a file needs no decoding: records of packs have it, and nothing is permitted unread."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.run.build_pack import build_pack, recipe_of
from processors.audio.levels.levels import Levels
from processors.engine.wanted_results import Recipes
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.packs.contents.subject import SourceRecord, subjects
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.selection import parse, select
from processors.store.store import Store
from tests.helpers.headings import headed
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import counts, ingest

RECIPES: Recipes = {"video": (Metadata(), Evidence()), "audio": (Metadata(), Evidence(), Levels())}
HEAD = 'credit = "CNSA"\nrights = "free"\nredistribute = true\n'
ENTRY = (
    '[[file]]\npath = "descent.mp4"\ntitle = "Descent"\ntitle_zh = "着陆"\ncaption = "The last minute"\n'
    'credit = "CNSA/GRAS"\nrights = "all rights reserved"\ninstructions = "Embargoed until 2027"\n'
)
UNREAD = "moov atom not found (while opening the container): download it again"


@pytest.fixture
def june(tmp_path: Path) -> Path:
    """A release with the first half of a video, whose index is at its end."""
    folder = tmp_path / "raw/june"
    folder.mkdir(parents=True)
    whole = MediaMaker(tmp_path).video("whole.mp4", list(range(25))).path.read_bytes()
    (folder / "descent.mp4").write_bytes(whole[: whole.rindex(b"moov") - 8])
    return folder


def ingested(june: Path, words: str) -> SourceRecord:
    (june / "release.toml").write_text(words)
    store = june.parent.parent / "store"
    ingest(june.parent, store, RECIPES)
    catalogue = Catalogue(Store(store))
    (found,) = subjects(select(parse(["descent.mp4"]), catalogue), Store(store), catalogue)
    return found


def test_an_archive_pack_has_what_a_release_says_of_a_file_that_cannot_be_opened(june: Path) -> None:
    one = ingested(june, HEAD + ENTRY + "redistribute = false\n")
    assert (one.title.best(), one.title["zh"], one.credit, one.rights, one.redistribute, one.instructions) == (
        *("Descent", "着陆", "CNSA/GRAS", "all rights reserved", False, "Embargoed until 2027"),
    )
    out = june.parent.parent / "pack"
    built = build_pack(recipe_of(["release=june"], audience="archive"), out, Store(june.parent.parent / "store"))
    assert [one.words for one in built.reservations if one.kind == "terms"] == ["Embargoed until 2027"]
    lines = (out / "data/CREDITS.txt").read_text().split("\n")
    assert f"  {headed('rights')}: all rights reserved" in lines
    assert f"  {headed('instructions')}: Embargoed until 2027" in lines
    premis = (out / "data/premis.xml").read_text()
    assert "<otherRightsBasis>all rights reserved</otherRightsBasis>" in premis
    assert "<otherRightsNote>may not be passed on</otherRightsNote>" in premis


def test_only_its_own_entry_permits_a_file_whose_own_terms_cannot_be_read(june: Path) -> None:
    one = ingested(june, HEAD)
    assert (one.credit, one.rights, one.redistribute) == ("CNSA", "free", None)
    assert one.voices[0].why_not == (
        f"its own terms cannot be read ({UNREAD}), although release.toml says redistribute = true: settle it in its "
        "[[file]] of release.toml"
    )
    assert ingested(june, HEAD + ENTRY + "redistribute = true\n").redistribute is True


def test_only_what_is_read_of_the_file_itself_has_failed(june: Path) -> None:
    (june / "release.toml").write_text(HEAD + ENTRY)
    report = ingest(june.parent, june.parent.parent / "store", RECIPES)
    assert counts(report) == (2, 1, 0, 0, 1)
    assert [problem.reason for problem in report.problems] == [UNREAD]
