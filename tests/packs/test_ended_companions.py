"""Companions that were replaced, renamed or withdrawn: nothing that was made of them goes on, and packs are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import marsmedia
from processors.contract import LabelRef
from processors.engine.plan import label_change
from processors.errors import RequestError
from processors.packs.registry import built_packs
from processors.sources.source_file import sha256_of
from processors.store.store import Store
from tests.helpers.command import in_this_process
from tests.helpers.made_media import MediaMaker
from tests.helpers.made_pds3 import detached, picture
from tests.helpers.made_pds4 import label as pds4_label
from tests.helpers.made_pds4 import numbers

HEAD = 'title = "June"\ncredit = "CNSA"\nrights = "CC BY 4.0"\nredistribute = true\n'
CUE = "1\n00:00:00,000 --> 00:00:01,000\n{}\n"


class Place:
    """A folder with a release of one video and its subtitles, ingested."""

    def __init__(self, folder: Path) -> None:
        self.june = folder / "raw/june"
        self.june.mkdir(parents=True)
        MediaMaker(self.june).video("a.mp4", [0, 1, 2])
        (self.june / "release.toml").write_text(HEAD)
        (self.june / "a.en.srt").write_text(CUE.format("Wrong"))
        self.ingest()

    def run(self, *words: str) -> str:
        done = in_this_process(*words, "--store", "store")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ingest(self) -> str:
        return self.run("ingest", "raw", "--recipe", "light", "--quiet")

    def subtitles(self, audience: str = "public", selection: str = "*.mp4") -> str:
        """Subtitles in a new pack."""
        self.run("pack", selection, "-o", audience, "--audience", audience, "--force")
        return "".join(path.read_text() for path in sorted(Path(audience).rglob("*.vtt")))

    def shown(self) -> bool:
        """Whether the page, the view by names and `show` show the wrong subtitles as those of the video."""
        self.run("browse", "--no-open", "--quiet", "-o", "page")
        on_page = any("_en.vtt" in path.read_text() for path in Path("page/data").iterdir())
        by_name = any(Path("store/by-name").glob("june/a.mp4/video.subtitles/*_en.vtt"))
        in_show = "a.en.srt was replaced, moved or withdrawn" not in self.run("show", "a.mp4")
        assert on_page == by_name == in_show
        return on_page

    def results(self) -> list[str]:
        return [one.ref.key for one in Store(Path("store")).manifests() if one.ref.processor == "video.subtitles"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.chdir(tmp_path)
    return Place(tmp_path)


def test_withdrawn_subtitles_are_in_no_pack_and_on_no_page(place: Place) -> None:
    assert "Wrong" in place.subtitles()
    (place.june / "a.en.srt").unlink()
    place.ingest()
    assert "Wrong" in place.subtitles()  # perhaps missing alone: nobody has confirmed it
    assert place.shown()
    place.run("release", "withdraw", "june/a.en.srt")
    assert not place.shown()
    assert place.subtitles() == place.subtitles("archive") == ""
    (view,) = marsmedia.open("store").sources("a.mp4")
    with pytest.raises(RequestError) as caught:
        view.result("video.subtitles")
    assert str(caught.value) == (
        "a.mp4: no result of video.subtitles counts now: a.en.srt was replaced, moved or withdrawn"
    )
    place.run("fetch", "a.mp4", "-o", "copies")
    assert [path.name for path in Path("copies").rglob("*.vtt")] == []
    done = in_this_process("reproduce", "a.mp4", "processor=video.subtitles", "--store", "store")
    assert "1 result left out: a label or subtitle file has changed since" in done.stderr
    place.ingest()
    assert place.subtitles() == ""
    (place.june / "a.en.srt").write_text(CUE.format("Wrong"))
    place.ingest()
    assert "Wrong" in place.subtitles()
    assert place.shown()


@pytest.mark.parametrize("other", ["notes.en.srt", "old/a.en.srt"])
def test_subtitles_renamed_or_moved_away_are_none_of_the_video(place: Place, other: str) -> None:
    (place.june / "old").mkdir()
    (place.june / "a.en.srt").rename(place.june / other)
    place.ingest()
    assert place.subtitles() == ""
    assert not place.shown()


def test_a_video_moved_with_its_subtitles_keeps_them(place: Place) -> None:
    place.june.rename(place.june.with_name("july"))
    place.ingest()
    assert "Wrong" in place.subtitles()
    (place.june.with_name("july") / "a.mp4").rename(place.june.with_name("july") / "b.mp4")
    place.ingest()
    assert place.subtitles() == ""


def test_of_a_copy_without_subtitles_it_is_said_whose_those_of_the_same_bytes_are(place: Place) -> None:
    may = place.june.with_name("may")
    may.mkdir()
    (may / "a.mp4").write_bytes((place.june / "a.mp4").read_bytes())
    place.ingest()
    assert "does not count: a.en.srt is that of june/a.mp4\n" in place.run("show", "may/a.mp4")
    assert "does not count" not in place.run("show", "june/a.mp4")
    (place.june / "a.zh.srt").write_text(CUE.format("Falsch"))
    place.ingest()
    assert "does not count: a.en.srt, a.zh.srt are those of june/a.mp4\n" in place.run("show", "may/a.mp4")
    (place.june / "a.zh.srt").rename(place.june / "notes.srt")
    place.ingest()
    assert "does not count: a.zh.srt was replaced, moved or withdrawn\n" in place.run("show", "june/a.mp4")


def test_a_withdrawn_video_keeps_the_subtitles_that_went_with_it(place: Place) -> None:
    digest = sha256_of(place.june / "a.mp4")
    for name in ("a.mp4", "a.en.srt"):
        (place.june / name).unlink()
    place.run("release", "withdraw", "june/a.mp4", "june/a.en.srt")
    assert "Wrong" in place.subtitles(selection=digest)
    place.run("pack", "forget", "public")
    place.run("prune", "--yes", "--recipe", "light")
    assert len(place.results()) == 1


def test_subtitles_that_cannot_be_read_bring_no_earlier_ones_back(place: Place) -> None:
    (place.june / "a.en.srt").write_text("no subtitle\n")
    in_this_process("ingest", "raw", "--recipe", "light", "--quiet", "--store", "store")
    assert place.subtitles() == ""
    (place.june / "a.en.srt").unlink()
    place.run("release", "withdraw", "june/a.en.srt")
    place.ingest()
    done = in_this_process("pack", "*.mp4", "-o", "public", "--force", "--store", "store")
    assert "has no subtitle" not in done.stdout + done.stderr
    assert "has no subtitle" not in place.run("show", "a.mp4").partition("results in")[0]
    assert place.run("failures") == "no files with problems\n"


def test_prune_keeps_what_is_requested_and_what_may_be_back(place: Place) -> None:
    (wrong,) = place.results()
    (place.june / "a.en.srt").write_text(CUE.format("Right"))
    place.ingest()
    (right,) = set(place.results()) - {wrong}
    place.run("prune", "--yes", "--recipe", "light")
    assert place.results() == [right]
    (place.june / "a.en.srt").unlink()
    place.ingest()
    place.run("prune", "--yes", "--recipe", "light")
    assert place.results() == [right]
    place.run("release", "withdraw", "june/a.en.srt")
    place.run("prune", "--yes", "--recipe", "light")
    assert place.results() == []


def test_whoever_has_a_pack_is_told_of_corrected_subtitles(place: Place) -> None:
    place.subtitles()
    no_change = "no source has changed since it was built"
    assert no_change in place.run("pack", "verify", "public")
    (place.june / "a.en.srt").write_text(CUE.format("Right"))
    assert "; in the pack public" in next(line for line in place.ingest().splitlines() if "replaced" in line)
    said = "1 source changed since: subtitles of june/a.mp4"
    assert f"public: {said}\n" in place.run("packs")
    assert said in place.run("pack", "verify", "public")
    assert "Right" in place.subtitles()
    assert no_change in place.run("pack", "verify", "public")
    (place.june / "a.en.srt").unlink()
    assert "; in the pack public" in next(line for line in place.ingest().splitlines() if "withdrawn" in line)
    assert said in place.run("pack", "verify", "public")
    place.run("release", "withdraw", "june/a.en.srt")
    assert said in place.run("pack", "verify", "public")


def test_the_record_of_an_earlier_version_says_by_its_results_what_a_pack_was_made_of(place: Place) -> None:
    place.subtitles()
    (record,) = Path("store/packs").glob("*.json")
    known = json.loads(record.read_text())
    assert [[beside["name"] for beside in one.pop("companions")] for one in known["sources"]] == [["a.en.srt"]]
    record.write_text(json.dumps(known))
    assert [one.changed for one in built_packs(Store(Path("store")), lambda row: ())] == [()]
    (place.june / "a.en.srt").write_text(CUE.format("Right"))
    place.ingest()
    assert "subtitles of june/a.mp4" in place.run("packs")


def test_a_picture_read_with_an_earlier_label_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    june = tmp_path / "raw/june"
    june.mkdir(parents=True)
    (june / "release.toml").write_text(HEAD)
    (june / "d.img").write_bytes(picture().tobytes())
    label = detached('^IMAGE = "d.img"')

    def run(*words: str) -> str:
        done = in_this_process(*words, "--store", "store")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ingest(label: bytes) -> str:
        (june / "d.lbl").write_bytes(label)
        return run("ingest", "raw", "--recipe", "light", "--quiet")

    ingest(label)
    run("reprocess", "d.img", "--processor", "photo.tiles")
    run("pack", "d.img", "-o", "public", "--audience", "public")
    assert "replaced: june/d.lbl: was" in (told := ingest(label.replace(b" = PDS3", b" = PDS3\r\nNOTE = 1")))
    assert "; in the pack public" in told
    assert "public: 1 source changed since: label of june/d.img\n" in run("packs")
    assert "photo.tiles (" in (shown := run("show", "d.img"))
    assert shown.count("does not count: d.lbl was replaced, moved or withdrawn") == 3
    (view,) = marsmedia.open("store").sources("d.img")
    with pytest.raises(RequestError, match=r"^d\.img: has no result of photo\.tiles; make it with `marsmedia reproc"):
        view.result("photo.tiles")
    ingest(label.replace(b"LINES ", b"LINE_S "))  # the picture cannot be read any more
    assert "public: 1 source changed since: label of june/d.img\n" in run("packs")
    ingest(label)
    (view,) = marsmedia.open("store").sources("d.img")
    assert view.result("photo.tiles").is_asked_for
    assert "changed since" not in run("packs")


@pytest.mark.parametrize("name", ["a.raw.xml", "a.XML"])
def test_a_picture_whose_label_was_renamed_counts_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    june, july = tmp_path / "raw/june", tmp_path / "raw/july"
    june.mkdir(parents=True)
    (june / "release.toml").write_text(HEAD)
    (june / "a.raw").write_bytes((numbers() + 30000).astype(">u2").tobytes())
    (june / "a.xml").write_bytes(pds4_label())

    def run(*words: str) -> str:
        done = in_this_process(*words, "--store", "store")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    ingest = ("ingest", "raw", "--recipe", "light", "--quiet")
    run(*ingest)
    run("pack", "a.raw", "-o", "before", "--audience", "archive")
    (june / "a.xml").rename(june / name)
    run(*ingest)
    assert "0 made, 3 reused, 0 refused, 0 failed" in run(*ingest)
    assert "does not count" not in run("show", "a.raw")
    assert "changed since" not in run("packs")
    run("pack", "a.raw", "-o", "press", "--audience", "press")
    assert len(list(Path("press").rglob("*a_*.jpg"))) == 1
    run("browse", "--no-open", "--quiet", "-o", "page")
    assert "/photo.preview/" in Path("page/data/subjects-0000.js").read_text()
    shown = {path.name for path in Path("store/by-name/june/a.raw").iterdir()}
    assert shown == {"evidence", "metadata", "photo.preview"}

    july.mkdir()  # a copy, made before the label was renamed
    for before, copy in (("release.toml", "release.toml"), ("a.raw", "a.raw"), (name, "a.xml")):
        (july / copy).write_bytes((june / before).read_bytes())
    run(*ingest)
    assert "does not count" not in run("show", "july/a.raw")
    (july / "a.xml").unlink()
    (june / name).unlink()
    run(*ingest)
    assert "does not count" not in run("show", "june/a.raw")  # perhaps missing alone
    run("release", "withdraw", f"june/{name}", "july/a.xml")
    assert run("show", "june/a.raw").count("does not count: a.xml was replaced, moved or withdrawn") == 2


def test_a_label_that_was_only_renamed_is_no_reason_for_a_result_to_be_due() -> None:
    before, renamed = LabelRef(name="a.xml", sha256="1" * 64), LabelRef(name="a.raw.xml", sha256="1" * 64)
    assert label_change(before, renamed) is None
    assert label_change(before, LabelRef(name="a.xml", sha256="2" * 64)) == "its label a.xml has changed"
