"""The same bytes in several releases, or twice in one, have words of their own at each place, and are made once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import marsmedia
from flows.cli.main import main
from flows.run.checking.checker import checker_of
from flows.run.checking.reproduction import reproduce
from flows.run.options import Options
from flows.run.planning.select import ReprocessRequest, prepare_chosen
from flows.run.run import in_threads, run
from processors.engine.wanted_results import Recipes
from processors.errors import RequestError
from processors.metadata.evidence import Evidence
from processors.packs.contents.subject import subjects
from processors.photo.photo_preview import PhotoPreview
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.rebuild_catalogue import rebuild_catalogue
from processors.store.catalogue.selection import parse, select
from processors.store.catalogue.sql import connect
from processors.store.store import Store
from processors.video.subtitles.subtitles import Subtitles
from tests.helpers.made_media import MediaMaker
from tests.helpers.releases import FREE, RESTRICTED, Releases
from tests.helpers.runs import counts, ingest


@pytest.fixture
def releases(tmp_path: Path) -> Releases:
    return Releases(tmp_path)


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
    assert "Also stated" not in releases.pack("release=b")


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
        store.saw([(record["digest"], one) for one in seen])
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
