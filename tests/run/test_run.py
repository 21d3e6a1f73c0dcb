"""A run accounts for every file, and makes each thing once."""

from __future__ import annotations

import gc
import os
import shutil
from pathlib import Path

from flows.run.options import Options
from flows.run.planning.prepare import Prepared, prepare
from flows.run.progress import RunProgress
from flows.run.reporting.run_record import recorded
from flows.run.run import in_threads, run
from processors.engine.plan import explain_availability
from processors.engine.wanted_results import Recipes, WantedResult
from processors.metadata import Metadata
from processors.photo.photo_preview import PhotoPreview
from processors.store.catalogue.catalogue import Catalogue
from processors.store.store import Store
from tests.helpers.first_recipes import RECIPES
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import counts, ingest


def test_every_medium_end_to_end_and_nothing_twice(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.video("clip.mp4", list(range(60)), sound_hz=440)
    maker.tone("tone.wav")
    maker.photo("photo.jpg")
    (raw / "june/README.txt").write_text("the release of June")
    (raw / "june/thing.bin").write_bytes(b"\x93\x00\x01" * 9)
    report = ingest(raw, tmp_path / "store")
    assert (report.state, report.files, report.sources, report.companions, report.unsupported) == (
        "completed with warnings",  # of the file that nothing can read
        5,
        3,
        1,
        1,
    )
    assert counts(report) == (8, 8, 0, 0, 0)
    again = ingest(raw, tmp_path / "store")
    assert counts(again) == (0, 0, 8, 0, 0)
    store = Store(tmp_path / "store")
    names = {item["name"] for item in Catalogue(store).table("items").to_pylist()}
    assert names >= {
        "frame_000002.jpg",
        "frames.csv",
        "contact_sheet.jpg",
        "spectrogram.nc",
        "preview_320.jpg",
        "metadata.json",
    }
    assert list((store.root / "scratch").iterdir()) == []


def test_the_plan_made_before_a_run_is_carried_out_and_not_made_again(
    raw: Path, maker: MediaMaker, tmp_path: Path
) -> None:
    maker.photo("photo.jpg")
    store = Store(tmp_path / "store")

    def plan_again(store: Store, progress: RunProgress) -> Prepared:
        raise AssertionError("planned a second time")

    with recorded(store, "command", str(raw)) as record:
        record.prepared = prepare(raw, store, RECIPES, RunProgress(quiet=True), Options())
        report = run(plan_again, store.root, Options(), in_threads, name="flow", asked=str(raw))
    assert counts(report) == (2, 2, 0, 0, 0)


def test_the_process_collects_its_cycles_as_before_after_a_run(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    """Else videos decoded later in this process keep their decoders' pictures, gigabytes of them."""
    maker.photo("photo.jpg")
    before = gc.get_threshold()
    ingest(raw, tmp_path / "store")
    assert gc.get_threshold() == before


def test_same_bytes_at_two_places_are_worked_on_once(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    shutil.copy(maker.photo("a.jpg"), raw / "june/b.jpg")
    report = ingest(raw, tmp_path / "store")
    assert (report.sources, report.duplicates, report.results.made) == (1, 1, 2)


def test_a_bad_file_fails_alone_once_and_for_all(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.photo("good.jpg")
    bad = raw / "june/bad.jpg"
    bad.write_bytes(maker.photo("whole.jpg").read_bytes()[:-3000])
    report = ingest(raw, tmp_path / "store")
    assert (report.state, report.exit_code) == ("failed", 1)
    assert counts(report) == (4, 3, 0, 0, 1)
    (problem,) = report.problems
    assert (problem.file, problem.processor, problem.is_new) == ("june/bad.jpg", "photo.preview", True)
    assert "truncated" in problem.reason
    again = ingest(raw, tmp_path / "store")
    assert (again.state, again.exit_code, counts(again)) == ("completed with warnings", 0, (0, 0, 3, 0, 1))
    assert not again.problems[0].is_new
    assert ingest(raw, tmp_path / "store", strict=True).exit_code == 1
    assert counts(ingest(raw, tmp_path / "store", retry_failed=True)) == (1, 0, 3, 0, 1)
    bad.write_bytes((raw / "june/good.jpg").read_bytes())
    mended = ingest(raw, tmp_path / "store")
    assert (mended.state, mended.results.failed) == ("completed", 0)


def test_a_changed_recipe_makes_only_what_changed_and_says_why(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.photo("photo.jpg")
    ingest(raw, tmp_path / "store", {"photo": (Metadata(), PhotoPreview())})
    smaller: Recipes = {"photo": (Metadata(), PhotoPreview(longest_sides_px=(100,)))}
    store = Store(tmp_path / "store")
    source = next(iter(Catalogue(store).sources().values())).source()
    wanted = WantedResult.of(smaller["photo"][1], source.digests)
    reason = explain_availability(source, wanted, store)
    assert reason.startswith("due: since the result of 20")
    assert reason.endswith(": longest_sides_px [320, 1024, 2048] -> [100]")
    assert counts(ingest(raw, tmp_path / "store", smaller)) == (1, 1, 1, 0, 0)
    assert explain_availability(source, wanted, store).startswith("not due: made on ")


def test_results_that_the_catalogue_missed_are_found_again(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.photo("photo.jpg")
    ingest(raw, tmp_path / "store")
    shutil.rmtree(tmp_path / "store/catalogue")
    assert counts(ingest(raw, tmp_path / "store")) == (0, 0, 2, 0, 0)
    assert Catalogue(Store(tmp_path / "store")).table("results").num_rows == 2


def test_only_a_changed_file_is_hashed_again(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.photo("a.jpg")
    b = maker.photo("b.jpg", size=(100, 100))
    ingest(raw, tmp_path / "store")
    seen = b.stat()
    b.write_bytes(b.read_bytes()[::-1])
    os.utime(b, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert counts(ingest(raw, tmp_path / "store"))[2] == 4  # size and date are unchanged: believed
    found = ingest(raw, tmp_path / "store", hash_all=True)  # and found out on request
    assert (found.sources, found.unsupported, found.state, found.exit_code) == (2, 0, "failed", 1)
    (problem,) = found.problems
    assert (problem.file, problem.verdict) == ("june/b.jpg", "changed")
    assert "restore it from a copy, or touch it so that it is ingested as a new file" in problem.reason
    again = ingest(raw, tmp_path / "store")  # remembered until it is restored
    assert (counts(again)[2], [problem.verdict for problem in again.problems]) == (2, ["changed"])


def test_hashing_everything_again_changes_no_record(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.photo("a.jpg")
    ingest(raw, tmp_path / "store")
    before = {path: path.read_bytes() for path in (tmp_path / "store/results").rglob("*") if path.is_file()}
    ingest(raw, tmp_path / "store", hash_all=True)
    assert {path: path.read_bytes() for path in (tmp_path / "store/results").rglob("*") if path.is_file()} == before
