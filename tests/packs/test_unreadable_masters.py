"""What a release says of a file needs no decoding: records of packs have it, and nothing is permitted unread."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from flows.run.build_pack import build_pack, recipe_of
from processors.audio.levels.levels import Levels
from processors.contract import Source
from processors.engine.failure import Failure
from processors.engine.plan import explain_availability
from processors.engine.result_records import record_failure
from processors.engine.wanted_results import Recipes, WantedResult
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


@pytest.fixture
def crashed(tmp_path: Path) -> Path:
    """A release with a photo that has words of its own, and whose metadata ended the worker before."""
    june, words = tmp_path / "raw/june", PngInfo()
    june.mkdir(parents=True)
    words.add_text("Title", "Own title")
    words.add_text("Copyright", "Xinhua, all rights reserved")
    Image.new("RGB", (64, 48), "red").save(june / "a.png", pnginfo=words)
    (june / "release.toml").write_text(HEAD + '[[file]]\npath = "a.png"\nredistribute = true\n')
    digest = hashlib.sha256((june / "a.png").read_bytes()).hexdigest()
    source = Source(digest=digest, size_bytes=1, name="a.png", medium="photo", format="png", has_sound=False)
    fault = Failure(verdict="failed", reason="its worker crashed", blame="file")
    record_failure(source, "june", (Metadata(),), Store(tmp_path / "store"), fault)
    return tmp_path


def said_of_photo(folder: Path) -> tuple[str | None, str | None]:
    catalogue = Catalogue(Store(folder / "store"))
    (found,) = subjects(select(parse(["a.png"]), catalogue), Store(folder / "store"), catalogue)
    return found.title.best(), found.rights


PHOTO: Recipes = {"video": (), "audio": (), "photo": (Metadata(), Evidence())}
METADATA: Recipes = {**PHOTO, "photo": (Metadata(),)}
OWN = ("Own title", "Xinhua, all rights reserved")


def test_evidence_is_made_again_with_the_metadata_that_it_was_made_without(crashed: Path) -> None:
    raw, store = crashed / "raw", crashed / "store"
    assert counts(ingest(raw, store, PHOTO)) == (1, 1, 0, 0, 1)
    assert said_of_photo(crashed) == (None, "free")
    assert counts(ingest(raw, store, PHOTO)) == (0, 0, 1, 0, 1)
    assert counts(ingest(raw, store, PHOTO, retry_failed=True)) == (2, 2, 0, 0, 0)
    assert said_of_photo(crashed) == OWN
    assert counts(ingest(raw, store, PHOTO, retry_failed=True)) == (0, 0, 2, 0, 0)


def test_evidence_is_due_also_in_a_run_after_that_which_made_the_metadata(crashed: Path) -> None:
    raw, store = crashed / "raw", crashed / "store"
    ingest(raw, store, PHOTO)
    assert counts(ingest(raw, store, METADATA, retry_failed=True)) == (1, 1, 0, 0, 0)
    assert said_of_photo(crashed) == (None, None)
    (made,) = (one for one in Store(store).manifests() if one.ref.processor == Evidence.name)
    (row,) = (one for one in Catalogue(Store(store)).sources().values() if one.kind == "media")
    wanted = WantedResult(processor=Evidence(), ref=made.ref)
    assert explain_availability(row.source(), wanted, Store(store)) == (
        f"due: the result of {made.started_utc} was made without metadata, which is there now"
    )
    assert counts(ingest(raw, store, PHOTO)) == (1, 1, 1, 0, 0)
    assert said_of_photo(crashed) == OWN
