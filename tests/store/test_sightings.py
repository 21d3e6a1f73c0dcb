"""The same bytes in several releases, or twice in one, have words of their own at each place, and are made once."""

from __future__ import annotations

import dataclasses
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

import marsmedia
from flows.cli.main import main
from flows.run.build_pack import build_pack, recipe_of
from flows.run.checker import checker_of
from flows.run.options import Options
from flows.run.reproduction import reproduce
from flows.run.run import in_threads, run
from flows.run.select import ReprocessRequest, prepare_chosen
from processors.engine.wanted_results import Recipes
from processors.errors import RequestError
from processors.languages.language import LANGUAGES
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.packs.contents.subject import SourceRecord, subjects
from processors.packs.recipe.audience import Audience
from processors.packs.recipe.pack_recipe import Override
from processors.photo.photo_preview import PhotoPreview
from processors.store.catalogue import Catalogue
from processors.store.rebuild_catalogue import rebuild_catalogue
from processors.store.selection import parse, select
from processors.store.sql import connect
from processors.store.store import Store
from processors.video.subtitles.subtitles import Subtitles
from tests.helpers.headings import headed
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import counts, ingest

RECIPES: Recipes = {"video": (), "audio": (), "photo": (Metadata(), PhotoPreview(), Evidence())}
FREE = "redistribute = true\nrights = 'CC0'\ncredit = 'Someone else'\n[[file]]\npath = 'b.jpg'\ntitle = 'Photo as A'\n"
RESTRICTED = "redistribute = false\nrights = 'unresolved'\ncredit = 'CNSA'\n[[file]]\npath = 'b.jpg'\ntitle = 'As B'\n"


class Releases:
    """Releases that hold the same photo."""

    def __init__(self, folder: Path) -> None:
        self.raw, self.store_folder, self.out = folder / "raw", folder / "store", folder / "out"
        self.raw.mkdir()
        photo = MediaMaker(folder).photo("photo.jpg", size=(80, 60))
        self.bytes = photo.read_bytes()

    def add(self, release: str, words: str | None, *names: str) -> None:
        for name in names or ("b.jpg",):
            path = self.raw / release / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.bytes)
        if words is not None:
            (self.raw / release / "release.toml").write_text(words)

    def ingest(self) -> tuple[int, int, int, int, int]:
        return counts(ingest(self.raw, self.store_folder, RECIPES))

    @property
    def store(self) -> Store:
        return Store(self.store_folder)

    def subject(self, *words: str) -> SourceRecord:
        catalogue = Catalogue(self.store)
        (found,) = subjects(select(parse(words), catalogue), self.store, catalogue)
        with connect(catalogue) as connection:  # a selection by rights finds what a pack takes as cleared
            asked = "SELECT redistribute FROM sightings WHERE path = ? AND source = ?"
            (may,) = connection.execute(asked, [found.path, found.digest]).fetchall()
        assert may == (found.redistribute,)
        return found

    def pack(self, *words: str, audience: Audience = "public", overrides: tuple[Override, ...] = ()) -> str:
        """Build a pack; gives its CREDITS.txt."""
        recipe = dataclasses.replace(recipe_of(words, audience=audience), overrides=overrides)
        build_pack(recipe, self.out, self.store, force=True)
        return next((self.out / "data").rglob("CREDITS.txt")).read_text()


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
    assert releases.subject("release=b").bound_by is None


def test_two_entries_of_one_release_for_the_same_bytes_have_two_records(releases: Releases) -> None:
    words = "mission = 'tianwen-1'\n[[file]]\npath = 'one.jpg'\ntitle = 'One'\ndate = '2021-05-22'\n"
    releases.add(
        "june", f"{words}[[file]]\npath = 'two.jpg'\ntitle = 'Two'\ndate = '2021-06-16'\n", "one.jpg", "two.jpg"
    )
    assert releases.ingest() == (4, 4, 0, 0, 0)
    assert [releases.subject(name).title.best() for name in ("one.jpg", "two.jpg")] == ["One", "Two"]
    assert [row.name for row in select(parse(["date=2021-06"]), Catalogue(releases.store))] == ["two.jpg"]
    assert [row.name for row in select(parse(["sql=title = 'One'"]), Catalogue(releases.store))] == ["one.jpg"]
    with connect(Catalogue(releases.store)) as connection:
        asked = "SELECT title, disagreement_count FROM sightings ORDER BY title"
        assert connection.execute(asked).fetchall() == [("One", 1), ("Two", 1)]
        assert connection.execute("SELECT name, title, disagreement_count FROM known").fetchall() == [
            ("one.jpg", "One", 1)
        ]


def test_places_with_equal_statements_share_one_record_with_the_key_of_a_single_one(releases: Releases) -> None:
    releases.add("a", FREE)
    assert releases.ingest() == (3, 3, 0, 0, 0)
    releases.add("b", FREE)
    assert releases.ingest() == (0, 0, 3, 0, 0)
    assert {row.evidence_key for row in Catalogue(releases.store).sources().values() if row.kind == "media"} == {
        releases.subject("release=a").evidence_key
    }
    assert releases.subject("release=b").voices == releases.subject("release=b").voices[:1]
    assert "Also said" not in releases.pack("release=b")


def test_subtitles_at_each_place_leave_the_place_its_own_words(tmp_path: Path) -> None:
    recipes: Recipes = {"video": (Evidence(), Subtitles()), "audio": (), "photo": ()}
    for release, words, cue in (("a", FREE, "Touchdown"), ("b", RESTRICTED, "着陆"), ("c", RESTRICTED, None)):
        folder = tmp_path / "raw" / release
        folder.mkdir(parents=True)
        MediaMaker(folder).video("clip.mp4", [0, 1, 2])
        if cue:
            (folder / "clip.srt").write_text(f"1\n00:00:00,000 --> 00:00:01,000\n{cue}\n", encoding="utf-8")
        (folder / "release.toml").write_text(words.replace("b.jpg", "clip.mp4"))
    assert counts(ingest(tmp_path / "raw", tmp_path / "store", recipes)) == (5, 5, 0, 0, 0)
    store = Store(tmp_path / "store")
    catalogue = Catalogue(store)
    keys = {row.release: row.evidence_key for row in catalogue.sources().values() if row.kind == "media"}
    kinds = {manifest.ref.key: manifest.ref.processor for manifest in store.manifests()}
    assert {release: kinds[key or ""] for release, key in keys.items()} == dict.fromkeys("abc", "evidence")
    for release, title, credit in (("a", "Photo as A", "Someone else"), ("b", "As B", "CNSA"), ("c", "As B", "CNSA")):
        (one,) = subjects(select(parse([f"release={release}"]), catalogue), store, catalogue)
        assert (one.title.best(), one.credit) == (title, credit)
    shown = tmp_path / "store/by-name"
    for release, cue in (("a", "Touchdown"), ("b", "着陆"), ("c", None)):
        found = [path.read_text(encoding="utf-8") for path in shown.glob(f"{release}/clip.mp4/video.subtitles/*.vtt")]
        assert [cue in text for text in found if cue] == ([True] if cue else [])
        assert bool(found) == bool(cue)
        (view,) = marsmedia.open(store.root).sources(f"release={release}")
        taken = [one for one in view.results if one.processor == "video.subtitles"]
        assert [(one.folder / "subtitles_file_1_und.vtt").read_text(encoding="utf-8") for one in taken] == found
        page = tmp_path / "page" / release
        words = ["browse", f"release={release}", "-o", str(page), "--no-open", "--quiet", "--store", str(store.root)]
        assert CliRunner().invoke(main, words).exit_code == 0
        written = "".join(one.read_text(encoding="utf-8") for one in (page / "data").iterdir())
        keys = {one.ref.key[:16] for one in store.manifests() if one.ref.processor == "video.subtitles"}
        assert {key for key in keys if f"/{key}/" in written} == {one.key[:16] for one in taken}


def test_three_releases_disagree_once_about_each_thing(releases: Releases) -> None:
    releases.add("a", FREE)
    releases.add("b", RESTRICTED)
    releases.add("c", RESTRICTED.replace("CNSA", "CLEP"))
    assert releases.ingest() == (5, 5, 0, 0, 0)
    told = releases.subject("release=c").disagreements
    assert [one.partition(":")[0] for one in told] == ["credit", "rights", "redistribute"]
    assert told[0] == "credit: Someone else (a/b.jpg); CNSA (b/b.jpg); CLEP (c/b.jpg)"


def test_every_result_proves_identical_where_bytes_have_several_places(releases: Releases) -> None:
    releases.add("a-free", FREE)
    releases.add("z-restricted", RESTRICTED, "b.jpg", "copy/other.jpg")
    assert releases.ingest() == (5, 5, 0, 0, 0)
    manifests = list(releases.store.manifests())
    with checker_of(Options(workers=1), releases.store) as checker:
        proofs = list(reproduce(manifests, releases.store, checker))
    assert [(one.processor, one.verdict, one.reason) for one in proofs] == [
        (manifest.ref.processor, "identical", None) for manifest in manifests
    ]


def test_items_and_show_speak_the_words_of_the_place_that_is_asked_for(releases: Releases) -> None:
    def command(*words: str) -> str:
        return CliRunner().invoke(main, [*words, "--store", str(releases.store_folder)]).output

    releases.add("a-free", FREE)
    releases.add("z-restricted", RESTRICTED)
    releases.ingest()
    for release, title in (("a-free", "Photo as A"), ("z-restricted", "As B")):
        told = command("items", f"release={release}", "processor=evidence", "--json")
        (item,) = [json.loads(line) for line in told.splitlines()]
        assert (item["release"], item["facts"]["title"]) == (release, title)
        told = command("show", f"{release}/b.jpg")
        assert f"  title: {title} (from release.toml:file.title)\n" in told
        assert "  paths disagree about credit: Someone else (a-free/b.jpg); CNSA (z-restricted/b.jpg)\n" in told
        assert ("Photo as A" in told, "As B" in told) == (release == "a-free", release != "a-free")


def test_show_tells_captions_and_alternative_texts_in_both_languages(releases: Releases) -> None:
    words = "caption = 'Two rows of tracks'\ncaption_zh = '两行车辙'\nalt_text = 'Sand with tracks'\n"
    releases.add("june", f"[[file]]\npath = 'b.jpg'\n{words}")
    releases.ingest()
    told = CliRunner().invoke(main, ["show", "b.jpg", "--store", str(releases.store_folder)]).output
    for line in (
        "caption: Two rows of tracks (from release.toml:file.caption)",
        "caption: 两行车辙 (from release.toml:file.caption_zh)",
        "alternative text: Sand with tracks (from release.toml:file.alt_text)",
    ):
        assert f"    {line}\n" in told


def test_words_that_change_and_change_back_are_those_of_today(releases: Releases) -> None:
    releases.add("june", FREE)
    releases.ingest()
    (releases.raw / "june/release.toml").write_text(FREE.replace("Photo as A", "Better"))
    assert releases.ingest() == (1, 1, 2, 0, 0)
    assert releases.subject("b.jpg").title.best() == "Better"
    (releases.raw / "june/release.toml").write_text(FREE)
    assert releases.ingest() == (0, 0, 3, 0, 0)
    assert releases.subject("b.jpg").title.best() == "Photo as A"


def _as_made_before(store: Store) -> None:
    """Take from a store's records what earlier versions did not write."""
    for record in list(store.sources()):
        seen = [{n: v for n, v in one.items() if n not in ("evidence_key", "gone_utc")} for one in record["seen"]]
        store.write_source(record["digest"], {**record, "seen": seen})
    rebuild_catalogue(store)


def test_a_store_made_before_is_read_and_nothing_of_it_is_due(releases: Releases) -> None:
    releases.add("june", FREE)
    releases.ingest()
    _as_made_before(releases.store)
    assert releases.subject("b.jpg").title.best() == "Photo as A"
    assert releases.ingest() == (0, 0, 3, 0, 0)
    assert releases.subject("b.jpg").title.best() == "Photo as A"


def test_in_a_store_made_before_the_words_of_one_release_are_not_those_of_another(releases: Releases) -> None:
    releases.add("a-free", FREE)
    releases.ingest()
    releases.add("z-restricted", RESTRICTED)
    releases.ingest()
    evidence = releases.subject("release=z-restricted").evidence_key
    ref = next(m.ref for m in releases.store.manifests() if m.ref.key == evidence)
    releases.store.remove(ref)
    Catalogue(releases.store).remove_results([ref])
    _as_made_before(releases.store)
    one = releases.subject("release=z-restricted")
    assert (one.title.best(), one.credit, one.redistribute) == (None, None, None)
    with pytest.raises(RequestError, match=r"z-restricted/b\.jpg .*: its rights are unknown: it has no"):
        releases.pack("release=a-free")
    assert releases.ingest() == (1, 1, 3, 0, 0)
    assert releases.subject("release=z-restricted").title.best() == "As B"


def test_reprocessing_makes_the_evidence_of_every_place_that_is_meant(releases: Releases) -> None:
    releases.add("a-free", FREE)
    releases.add("z-restricted", RESTRICTED)
    ingest(releases.raw, releases.store_folder, {"video": (), "audio": (), "photo": (PhotoPreview(),)})
    for words, places in (
        (("b.jpg",), ["a-free/b.jpg", "z-restricted/b.jpg"]),
        (("release=z-restricted",), ["z-restricted/b.jpg"]),
        ((), ["a-free/b.jpg", "z-restricted/b.jpg"]),
    ):
        choice = ReprocessRequest(words=words, processors=("evidence",), settings={})
        prepared = prepare_chosen(choice, releases.store, retry_failed=False, remember=False)
        assert [one.relative for one in prepared.plan.all_due] == places
        assert [one.processors[-1].name for one in prepared.plan.all_due] == ["evidence"] * len(places)
        assert (len(prepared.rows), len(prepared.duplicates)) == (len(places), len(places) - 1)
    report = run(
        lambda store, progress: prepare_chosen(choice, store, retry_failed=False), releases.store_folder, Options(),
        in_threads, name="test-reprocess", asked=str(choice),
    )  # fmt: skip
    assert counts(report) == (3, 3, 0, 0, 0)  # metadata once, evidence twice
    assert (report.sources, report.duplicates) == (1, 1)
    assert releases.subject("release=a-free").title.best() == "Photo as A"
    assert releases.subject("release=z-restricted").title.best() == "As B"


def test_a_prohibition_at_a_place_holds_until_it_is_lifted(releases: Releases) -> None:
    releases.add("july", FREE)
    releases.add("june", RESTRICTED)
    releases.ingest()
    words = releases.raw / "june/release.toml"
    words.unlink()
    releases.ingest()
    digest = releases.subject("release=july").digest[:8]
    unsaid = (
        "redistribute = false in its release.toml (rights: unresolved), "
        "which says so no longer; nobody has said otherwise there since"
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
    with pytest.raises(RequestError, match="nobody has said otherwise there since"):
        releases.pack("release=july")
    assert CliRunner().invoke(main, ["prune", "--yes", "--store", str(releases.store_folder)]).exit_code == 0
    with pytest.raises(RequestError, match="nobody has said otherwise there since"):
        releases.pack("release=july")
    words.write_text(RESTRICTED.replace("false", "true"))
    releases.ingest()
    assert f"  {headed('rights')}: unresolved" in releases.pack("release=july")
    words.unlink()
    releases.ingest()
    assert f"  {headed('rights')}: CC0" in releases.pack("release=july")


def test_a_file_that_comes_back_without_its_words_is_bound_by_those_it_had(releases: Releases) -> None:
    releases.add("july", FREE)
    releases.add("june", RESTRICTED)
    releases.ingest()
    shutil.rmtree(releases.raw / "june")
    releases.ingest()
    releases.add("june", None)
    releases.ingest()
    for release in ("july", "june"):
        with pytest.raises(RequestError, match="nobody has said otherwise there since"):
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
    releases.ingest()
    (releases.raw / "a-free/b.jpg").unlink()
    releases.ingest()
    built = build_pack(recipe_of(("a-free/b.jpg",), audience="public"), releases.out, releases.store, force=True)
    (words,) = built.withdrawn
    today = datetime.now(UTC).date().isoformat()
    assert words == f"a-free/b.jpg was withdrawn: it has been gone from its release since {today}"
    built = build_pack(recipe_of(("z-kept/other.jpg",), audience="public"), releases.out, releases.store, force=True)
    assert built.withdrawn == ()
