"""Problems are told once a file, by their root cause, with whose fault it is."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from pathlib import Path

from click.testing import CliRunner
from PIL import ExifTags, Image

from flows.cli.failures import things_to_do
from flows.cli.main import main
from flows.run.reporting.problems import FileProblem, by_file
from flows.run.reporting.report import message_with_problems
from flows.run.reporting.report_as_markdown import cell, markdown
from processors.audio.levels.levels import Levels
from processors.engine.wanted_results import Recipes
from processors.packs.contents.subject import subjects
from processors.photo.deep import DeepPhoto
from processors.photo.photo_preview import PhotoPreview
from processors.photo.tiles import Tiles
from processors.store.catalogue.catalogue import Catalogue
from processors.store.store import Store
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest
from tests.photo.test_tiff import ramp, tiff
from tests.run.test_inputs import Decided
from tests.run.test_worker_deaths import Misbehaving


def problem(processor: str | None, reason: str, **fields: object) -> FileProblem:
    return FileProblem(
        **{
            "file": "june/cut.mp4",
            "processor": processor,
            "verdict": "failed",
            "reason": reason,
            "is_new": True,
            **fields,
        }
    )  # type: ignore[arg-type]


def invoke(*words: object) -> str:
    return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False).output


def test_results_that_fail_with_another_are_reported_with_it() -> None:
    root = "moov atom not found: download it again"
    as_was_said = f"it needs video.shots, which failed (needs metadata, which failed: {root}): mend that first"
    (one,) = by_file(
        [
            problem("metadata", root),
            problem("evidence", f"needs metadata, which failed: {root}"),
            problem("video.stills", as_was_said),
            problem("video.motion", "cut short: none", verdict="refused"),
        ]
    )
    assert [(cause.reason, cause.processors) for cause in one.causes] == [
        (root, ("metadata", "evidence", "video.stills")),
        ("cut short: none", ("video.motion",)),
    ]
    assert str(one) == f"failed: june/cut.mp4: {root} [metadata, evidence, video.stills] (and 1 other problem)"


def test_many_results_are_counted_and_only_the_first_named() -> None:
    (one,) = by_file([problem(f"p{number}", "bad") for number in range(11)])
    assert str(one) == "failed: june/cut.mp4: bad [11 results: p0, p1, p2, p3 ...]"


def test_failures_name_root_cause_results_fault_and_what_to_do(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    (raw / "june/bad.wav").write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00")
    maker.tone("buggy.flac", seconds=0.2)
    (raw / "june/empty.mp4").write_bytes(b"")
    recipes: Recipes = {"audio": (Misbehaving(deed="bug"), Decided(above=1)), "photo": (), "video": ()}
    ingest(raw, tmp_path / "store", recipes)
    lines = invoke("failures", "--store", tmp_path / "store").splitlines()
    assert lines[0].startswith("failed: june/bad.wav: ")
    assert lines[1] == "  results: misbehaving"
    assert lines[2].startswith("  also failed: ")
    assert lines[2].endswith(" [measured, decided]")
    assert lines[
        lines.index("failed: june/buggy.flac: a fault in marsmedia: KeyError: 'no such': please report it") + 2
    ] == ("  fault: in marsmedia")
    assert lines[-4:] == [
        "unsupported: june/empty.mp4: empty file: it contains no bytes: download it again",
        "  fault: of the file",
        "  to do: download it again, or take it out of the release",
        "3 files with problems",
    ]
    (only,) = json.loads(invoke("failures", "buggy.flac", "--store", tmp_path / "store", "--json"))["files"]
    assert (only["file"], only["causes"][0]["blame"]) == ("june/buggy.flac", "marsmedia")
    assert invoke("failures", "*.mp4", "--store", tmp_path / "store").endswith("\n1 file with problems\n")


def test_faults_of_the_machine_are_listed_until_they_are_gone(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.tone("tone.wav", seconds=0.2)
    report = ingest(raw, tmp_path / "store", {"audio": (Misbehaving(deed="killed from outside"),)})
    assert [one.blame for one in report.problems] == ["machine"]
    told = invoke("failures", "--store", tmp_path / "store")
    assert "  fault: of the machine\n  to do: follow the reason; the next run tries again\n" in told
    ingest(raw, tmp_path / "store", {"audio": (Levels(),)})
    assert invoke("failures", "--store", tmp_path / "store") == "no files with problems\n"


def test_what_is_made_of_a_damaged_file_warns_every_time(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.tone("tone.wav", seconds=0.2)
    assert ingest(raw, tmp_path / "store").state == "completed"
    store = Store(tmp_path / "store")
    damage = "30 of 45 blocks decoded; 15 are missing at 0.1 s"
    told = [dataclasses.replace(one, reason=damage) for one in store.manifests() if one.ref.processor != "metadata"]
    for manifest in told:
        (store.folder(manifest.ref) / "manifest.json").write_bytes(manifest.to_json())
    Catalogue(store).add_results(told)
    report = ingest(raw, tmp_path / "store")
    assert (report.state, report.exit_code, report.results.due) == ("completed with warnings", 0, 0)
    (one,) = report.problems
    assert (one.file, one.processor, one.verdict, one.reason) == ("june/tone.wav", None, "damaged", damage)
    line = f"damaged: june/tone.wav: {damage}: download the complete file, or use the results made from the rest"
    assert [str(of_file) for of_file in by_file(report.problems)] == [line]
    told_already = dataclasses.replace(one, reason="cut off after 0.1 s: download it again")
    assert str(by_file([told_already])[0]) == "damaged: june/tone.wav: cut off after 0.1 s: download it again"
    assert ingest(raw, tmp_path / "store", strict=True).exit_code == 1
    assert f"  verdict  damaged: {damage}\n" in invoke("show", "tone.wav", "--store", store.root)
    assert invoke("failures", "--store", store.root).splitlines()[0] == f"damaged: june/tone.wav: {damage}"
    assert f"| june/tone.wav | damaged | {damage} | of the file |  |" in markdown(report)


def test_one_file_has_one_line_and_further_reasons_below_it(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.tone("tone.wav", seconds=0.2)
    ingest(raw, tmp_path / "store")
    store = Store(tmp_path / "store")
    metadata, *others = sorted(store.manifests(), key=lambda one: one.ref.processor)
    told = [
        dataclasses.replace(metadata, verdict="failed", reason="the header is cut", items=(), blame="file"),
        *(dataclasses.replace(one, reason="15 blocks are missing") for one in others),
    ]
    for manifest in told:
        (store.folder(manifest.ref) / "manifest.json").write_bytes(manifest.to_json())
    Catalogue(store).add_results(told)
    assert invoke("failures", "--store", store.root).splitlines() == [
        "failed: june/tone.wav: the header is cut",
        f"  results: {metadata.ref.processor}",
        "  also damaged: 15 blocks are missing",
        "  fault: of the file",
        "  to do: fix or replace the file; the same bytes are tried again only with `marsmedia ingest --retry-failed`",
        "1 file with problems",
    ]
    assert f"files with problems: 1 failed; for details: marsmedia failures --store {store.root}\n" in invoke(
        "status", "--store", store.root
    )


def test_only_files_that_the_last_run_was_the_first_to_find_are_listed_on_request(
    raw: Path, maker: MediaMaker, tmp_path: Path
) -> None:
    whole = maker.photo("photo.jpg").read_bytes()
    words = ("failures", "--new", "--store", tmp_path / "store")
    for name, told in (("a.jpg", "june/a.jpg"), ("b.jpg", "june/b.jpg"), (None, None)):
        if name:
            (raw / "june" / name).write_bytes(whole[: len(whole) // (2 if name == "a.jpg" else 3)])
        report = ingest(raw, tmp_path / "store")
        said = invoke(*words).splitlines()
        if told is None:
            assert said == ["no new files with problems; 2 known before: `marsmedia failures` lists all"]
            assert message_with_problems(report) == report.message
            strict = ingest(raw, tmp_path / "store", strict=True)
            known = message_with_problems(strict).splitlines()
            assert (known[0], known[-1]) == (strict.message, f"report: {strict.report}")
            assert [one.split(": ")[:3] for one in known[1:-1]] == [
                ["known", "failed", "june/a.jpg"],
                ["known", "failed", "june/b.jpg"],
            ]
            continue
        assert said[0].split(": ")[1] == told
        assert said[-1].partition("; ")[0] == "1 new file with problems"
        counted, problem, path = message_with_problems(report).splitlines()
        assert (counted, problem.split(": ")[1]) == (report.message, told)
        assert path == f"report: {report.report}"
    assert invoke("failures", "--store", tmp_path / "store").splitlines()[-1] == "2 files with problems"


def test_a_run_that_fails_over_an_empty_folder_names_its_report_and_no_known_file(
    raw: Path, maker: MediaMaker, tmp_path: Path
) -> None:
    maker.photo("photo.jpg")
    (raw / "june/empty.mp4").write_bytes(b"")
    ingest(raw, tmp_path / "store")
    shutil.rmtree(raw / "june")
    (raw / "june").mkdir()
    report = ingest(raw, tmp_path / "store")
    assert message_with_problems(report).splitlines() == [report.message, f"report: {report.report}"]


def test_files_are_listed_by_what_is_to_be_done_first() -> None:
    verdicts = ("refused", "unmatched", "unsupported", "damaged", "failed", "changed")
    said = [
        FileProblem(file=f"june/{number}", processor=None, verdict=verdict, reason="so", is_new=True)
        for number, verdict in enumerate(verdicts)
    ]
    limit = dataclasses.replace(said[0], file="june/9", reason="too large; raise --memory-mb")
    found = by_file([*said, limit])
    assert [(one.file, one.causes[0].verdict) for one in found] == [
        ("june/5", "changed"),
        ("june/4", "failed"),
        ("june/3", "damaged"),
        ("june/2", "unsupported"),
        ("june/1", "unmatched"),
        ("june/9", "refused"),
        ("june/0", "refused"),
    ]


def test_a_damaged_file_with_refused_results_says_one_thing_to_do() -> None:
    said = [
        problem(None, "2 frames are damaged", verdict="damaged"),
        problem("video.motion", "motion may not be measured: choose other parameters", verdict="refused"),
    ]
    (one,) = by_file(said)
    assert list(things_to_do(one)) == ["download the complete file, or use the results made from the rest"]
    limit = problem("photo.deep", "24 x 16 pixels is over the limit of 100: raise max_pixels", verdict="refused")
    (one,) = by_file([*said, limit])
    assert list(things_to_do(one)) == [
        "download the complete file, or use the results made from the rest",
        "raise the limit that the reason names",
    ]
    (one,) = by_file(said[1:])
    assert list(things_to_do(one)) == ["nothing, unless the reason names a limit or a setting that you can change"]


def test_what_this_version_does_not_support_is_no_fault_of_the_file(raw: Path, tmp_path: Path) -> None:
    (raw / "june/drawing.jxl").write_bytes(b"\x00\x00\x00\x0cJXL \r\n\x87\n" + bytes(64))
    (raw / "june/waves.tif").write_bytes(tiff((ramp(0, 1, "c8"), [])))
    store = tmp_path / "store"
    report = ingest(raw, store)
    assert [(one.verdict, one.blame) for one in report.problems] == [("unsupported", "version")] * 2
    lines = invoke("failures", "--store", store).splitlines()
    assert lines == [
        "unsupported: june/drawing.jxl: JPEG XL image: not supported: convert it to TIFF, PNG or JPEG",
        "  fault: none: this version does not support it",
        "  to do: convert it to a supported format, or take it out of the release",
        "unsupported: june/waves.tif: a TIFF of complex numbers is not supported: convert it",
        "  results: photo.preview",
        "  fault: none: this version does not support it",
        "  to do: convert it to a supported format, or take it out of the release",
        "2 files with problems",
    ]
    assert "files with problems: 2 unsupported; for details" in invoke("status", "--store", store), (
        "as many as failures lists"
    )
    assert "| unsupported | a TIFF of complex numbers is not supported: convert it | none: this version" in markdown(
        report
    )
    told = invoke("show", "drawing.jxl", "--store", store)
    assert "  fault    none: this version does not support it\n" in told
    told = invoke("show", "waves.tif", "--store", store)
    assert "  photo.preview" in told
    assert "unsupported: a TIFF of complex numbers is not supported: convert it\n" in told
    catalogue = Catalogue(Store(store))
    (waves,) = subjects([row for row in catalogue.sightings() if row.name == "waves.tif"], Store(store), catalogue)
    assert {one.verdict for one in waves.failures} == {"unsupported"}


def test_a_limit_that_was_too_low_is_not_the_files_fault(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    size = maker.tone("tone.wav", seconds=0.2).stat().st_size
    ingest(raw, tmp_path / "store", {"audio": (Misbehaving(deed="memory"),)}, memory_mb=1500)
    limit = f"the file of {size} bytes needs more than the 1500 MB of memory that it may use"
    assert invoke("failures", "--store", tmp_path / "store").splitlines() == [
        f"failed: june/tone.wav: {limit}: raise --memory-mb and run again with --retry-failed",
        "  results: misbehaving",
        "  fault: of a limit",
        "  to do: raise the limit that the reason names",
        "1 file with problems",
    ]


def test_failures_refused_result_is_a_finding_and_no_problem_of_the_file(
    raw: Path, maker: MediaMaker, tmp_path: Path
) -> None:
    maker.tone("tone.wav", seconds=0.2)
    ingest(raw, tmp_path / "store")
    store = Store(tmp_path / "store")
    first, *_ = sorted(store.manifests(), key=lambda one: one.ref.processor)

    def refused_for(reason: str) -> list[str]:
        told = dataclasses.replace(first, verdict="refused", reason=reason, items=(), blame="file")
        (store.folder(told.ref) / "manifest.json").write_bytes(told.to_json())
        Catalogue(store).add_results([told])
        return invoke("failures", "--store", store.root).splitlines()

    finding = refused_for("motion may not be measured: it is one picture throughout: choose other parameters")
    assert finding[2] == "  fault: none: the file does not suit these results"
    assert finding[-1] == "no files with problems, and 1 file with refused results only"
    limit = refused_for("24 x 16 pixels is over the limit of 100: raise max_pixels in the recipe")
    assert limit[2:] == [
        "  fault: of a limit",
        "  to do: raise the limit that the reason names",
        "1 file with problems",
    ]


def test_a_statement_on_a_missing_file_is_not_counted_as_a_file(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    photo = maker.photo("a.png")
    (raw / "june/release.toml").write_text("title = 'June'\n[[file]]\npath = 'a.png'\ntitle = 'A'\n")
    assert ingest(raw, tmp_path / "store").state == "completed"
    photo.rename(raw / "june/a2.png")
    report = ingest(raw, tmp_path / "store")
    assert (report.files, report.sources, report.companions, report.not_taken) == (2, 1, 1, 0)
    ((file, verdict, reason),) = [(one.file, one.verdict, one.reason) for one in report.problems]
    assert (file, verdict) == ("june/release.toml", "unmatched")
    assert reason.startswith("line 3 names 'a.png', which was there until 20")
    assert reason.endswith("; june/a2.png has the same bytes: correct it; until then it counts for 'a2.png'")
    assert invoke("failures", "--store", tmp_path / "store").splitlines() == [
        f"unmatched: june/release.toml: {reason}",
        "  fault: of the file",
        "  to do: correct it, or put the file that it names into the release",
        "1 file with problems",
    ]


def test_show_reports_no_damage_for_whole_files(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.photo("photo.jpg")
    ingest(raw, tmp_path / "store")
    assert "  verdict  no damage found\n" in invoke("show", "photo.jpg", "--store", tmp_path / "store")


def test_nothing_in_a_files_name_becomes_a_link_on_prefects_page() -> None:
    assert cell("http://a.b www.c.de me@f.gh FTP://x WWW.y") == (r"http\://a.b www\.c.de me\@f.gh FTP\://x WWW\.y")


def test_the_table_of_status_is_aligned(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.tone("tone.wav", seconds=0.2)
    (raw / "june/bad.wav").write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00")
    ingest(raw, tmp_path / "store")
    table = [line for line in invoke("status", "--store", tmp_path / "store").splitlines() if line.startswith("  ")]
    verdicts = [re.sub(r" +[\d.]+ k?B$", "", line) for line in table]
    assert verdicts == ["  audio.spectrogram  1 made  1 failed", "  metadata           1 made  1 failed"]
    assert len({len(line) for line in table}) == 1


def test_hidden_and_unfinished_files_are_passed_over_and_counted(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.photo("photo.jpg")
    for name in (
        ".DS_Store",
        "._photo.jpg",
        "Thumbs.db",
        "x.mp4.part",
        "y.crdownload",
        "z.TMP",
        "notes.txt~",
        "w.mp4.filepart",
        "release.toml.bak",
        "release.toml.bak2",
    ):
        (raw / "june" / name).write_bytes(b"\x00\x01")
    (raw / "june/.git").mkdir()
    (raw / "june/.git/config").write_text("x")
    report = ingest(raw, tmp_path / "store")
    assert (report.state, report.problems, report.sources, report.passed_over, report.files) == (
        "completed",
        (),
        1,
        11,
        12,
    )
    assert set(report.passed_over_files) >= {"june/x.mp4.part", "june/.DS_Store"}


def test_a_photo_over_the_size_limit_is_one_line_with_one_advice(raw: Path, tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[ExifTags.Base.Orientation] = 6
    Image.new("L", (40, 30)).save(raw / "june/turned.jpg", exif=turned)
    limited = (PhotoPreview(max_pixels=100), DeepPhoto(max_pixels=100), Tiles(max_pixels=100))
    ingest(raw, tmp_path / "store", {"photo": limited})
    assert invoke("failures", "--store", tmp_path / "store").splitlines() == [
        "refused: june/turned.jpg: 30 x 40 pixels is over the limit of 100: raise max_pixels in the recipe,"
        " and --memory-mb with it",
        "  results: photo.preview, photo.deep, photo.tiles",
        "  fault: of a limit",
        "  to do: raise the limit that the reason names",
        "1 file with problems",
    ]


def test_an_entry_of_a_file_that_is_in_another_release_is_to_be_removed(
    raw: Path, maker: MediaMaker, tmp_path: Path
) -> None:
    """A release.toml cannot name a path outside its release, so there is nothing to correct."""
    maker.photo("a.png")
    maker.photo("b.png", size=(64, 48))
    (raw / "june/release.toml").write_text('title = "June"\n[[file]]\npath = "b.png"\n')
    ingest(raw, tmp_path / "store")
    (raw / "july").mkdir()
    (raw / "june/b.png").rename(raw / "july/b.png")
    (problem,) = ingest(raw, tmp_path / "store").problems
    assert problem.reason.startswith("line 3 names 'b.png', which was there until 20")
    todo = "describe it in the release.toml of july, and remove it here"
    assert problem.reason.endswith(f"; july/b.png has the same bytes: {todo}")
