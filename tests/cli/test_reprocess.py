"""Chosen results are made again with other parameters, told and estimated before; what is there stays."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from deltalake import write_deltalake

from flows.recipes import RECIPES
from flows.run.options import Options
from flows.run.planning.select import ReprocessRequest, prepare_chosen
from flows.run.recipe_changes.load_recipes import named
from flows.run.reporting.report import Report
from flows.run.reporting.run_record import name_of_run
from flows.run.run import in_threads, run, run_ingest
from processors.contract import parameters
from processors.engine.estimate import Estimate, estimate
from processors.engine.parameters import changed, from_parameters, parse_settings
from processors.engine.wanted_results import WantedResult
from processors.errors import RequestError
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.cost_curve import KNEE
from processors.store.catalogue.history import History
from processors.store.manifest import Cost
from processors.store.store import Store
from processors.video.audit.measurements import Measurements
from processors.video.frames.contact_sheet import ContactSheet
from processors.video.frames.frames import Frames
from processors.video.shots.shots import Shots
from tests.conftest import Run
from tests.helpers import first_recipes
from tests.helpers.command import in_this_process
from tests.helpers.made_media import MediaMaker


@pytest.fixture
def filled(tmp_path: Path) -> Store:
    folder = tmp_path / "raw" / "june"
    folder.mkdir(parents=True)
    maker = MediaMaker(folder)
    maker.video("clip.mp4", list(range(60)))
    maker.tone("tone.wav")
    maker.photo("photo.jpg")
    run_ingest(tmp_path / "raw", tmp_path / "store", first_recipes.RECIPES, Options(), in_threads, name="first")
    return Store(tmp_path / "store")


def choose(*words: str, processor: str = "video.frames", **settings: str) -> ReprocessRequest:
    return ReprocessRequest(words=words, processors=(processor,), settings=settings)


def carry_out(choice: ReprocessRequest, store: Store) -> Report:
    def look(store: Store, progress: object) -> object:
        return prepare_chosen(choice, store, retry_failed=False)

    name = name_of_run("again")
    return run(look, store.root, Options(), in_threads, name=name, asked=str(choice))  # type: ignore[arg-type]


def test_other_parameters_are_made_and_both_sets_stay(filled: Store) -> None:
    view = {path: path.readlink() for path in filled.by_name_folder.rglob("*") if path.is_symlink()}
    report = carry_out(choose("medium=video", every_seconds="0.5"), filled)
    assert (report.state, report.results.made, report.raw) == (
        "completed",
        1,
        "medium=video --processor video.frames --set every_seconds=0.5",
    )
    made = [m for m in filled.manifests() if m.ref.processor == "video.frames"]
    assert {(m.parameters["every_seconds"], len(m.items)) for m in made} == {(1, 4), (0.5, 6)}
    assert carry_out(choose("clip.mp4", every_seconds="0.5"), filled).results.reused == 1
    now = {path: path.readlink() for path in filled.by_name_folder.rglob("*") if path.is_symlink()}
    (link,) = now.keys() - view.keys()
    assert str(link.relative_to(filled.by_name_folder)) == "june/clip.mp4/video.frames~every_seconds=0.5"
    assert len(list(link.glob("*.jpg"))) == 5
    assert view.items() <= now.items()  # under its own name, each processor shows what the recipes ask for


def test_a_result_remembers_what_reading_and_its_own_work_took(filled: Store) -> None:
    manifests = {m.ref.processor: m for m in filled.manifests() if m.source_name == "clip.mp4"}
    frames, sheet = manifests["video.frames"].cost, manifests["video.contact_sheet"].cost
    assert frames
    assert sheet
    assert frames.reading_seconds == sheet.reading_seconds > 0
    assert 0 < frames.own_seconds + sheet.own_seconds < manifests["video.frames"].seconds
    columns = ["processor", "reading_seconds", "own_seconds"]
    rows = {row["processor"]: row for row in Catalogue(filled).table("results", columns).to_pylist()}
    assert rows["video.frames"]["reading_seconds"] == frames.reading_seconds


def test_an_estimate_reads_a_source_once_and_shares_the_sources_among_the_workers(filled: Store) -> None:
    frames, sheet = (
        next(m for m in filled.manifests() if m.ref.processor == name)
        for name in ("video.frames", "video.contact_sheet")
    )
    catalogue = Catalogue(filled)
    catalogue.remove_results([frames.ref, sheet.ref])
    catalogue.add_results(
        [
            replace(frames, cost=Cost(reading_seconds=8.0, own_seconds=1.0)),
            replace(sheet, cost=Cost(reading_seconds=6.0, own_seconds=0.5)),
        ]
    )
    history = History(catalogue, {"video.frames": "video", "video.contact_sheet": "video", "video.shots": "video"})
    (first,) = prepare_chosen(choose("clip.mp4", every_seconds="0.5"), filled, retry_failed=False).plan.due
    both = replace(first, results=(*first.results, WantedResult.of(ContactSheet(), first.source.digests)))
    made_bytes = sum(item.size_bytes for one in (frames, sheet) for item in one.items)
    assert estimate([both], history, workers=2) == Estimate(
        seconds=9.5,
        least_seconds=9.5,
        most_seconds=9.5,
        made_bytes=made_bytes,
        least_bytes=made_bytes,
        most_bytes=made_bytes,
        workers=2,
        unknown=(),
    )
    seconds = both.duration_seconds or 0.0
    twice = replace(both, source=replace(both.source, digest="f" * 64), duration_seconds=2 * seconds)
    size = seconds * (both.frame_pixels or 0) / 1e6
    longer = 9.5 * (2 * size + KNEE["video"]) / (size + KNEE["video"])
    assert estimate([both, twice], history, workers=1).seconds == pytest.approx(9.5 + longer)
    assert estimate([both, twice], history, workers=2).seconds == pytest.approx(longer)  # the longest one
    other = (WantedResult.of(Shots(), first.source.digests),)
    assert estimate([replace(first, results=other)], history, workers=1).unknown == ("video.shots",)


def _path(store: Store, name: str) -> str:
    return next(path for path in Catalogue(store).sources() if path.endswith(name))


def test_a_catalogue_of_before_costs_were_kept_is_read_and_added_to(filled: Store) -> None:
    rows = Catalogue(filled).table("results")
    old = [name for name in rows.column_names if not name.endswith(("reading_seconds", "own_seconds"))]
    shutil.rmtree(filled.catalogue_folder / "results")
    write_deltalake(str(filled.catalogue_folder / "results"), rows.select(old).slice(0, 3))
    assert Catalogue(filled).table("results", ["own_seconds"]).to_pylist() == [{"own_seconds": None}] * 3
    Catalogue(filled).add_results(list(filled.manifests()))
    assert Catalogue(filled).table("results").num_rows == rows.num_rows
    assert None not in Catalogue(filled).table("results", ["own_seconds"])["own_seconds"].to_pylist()


def test_a_source_that_moved_or_changed_is_reported_and_fails_the_run(filled: Store) -> None:
    os.utime(_path(filled, "clip.mp4"))
    report = carry_out(choose("clip.mp4", every_seconds="0.5"), filled)
    assert (report.state, report.problems[0].reason) == (
        "failed",
        "changed since it was ingested: run `marsmedia ingest` first",
    )
    Path(_path(filled, "clip.mp4")).unlink()
    assert carry_out(choose("clip.mp4", every_seconds="0.5"), filled).problems[0].reason == (
        "no longer where it was ingested: run `marsmedia ingest` on the folder that holds it now"
    )


def test_a_raised_version_makes_only_that_processor_and_its_users_due(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipes = {"video": (Measurements(), Shots(), *first_recipes.RECIPES["video"]), "audio": (), "photo": ()}
    raw = Path(_path(filled, "clip.mp4")).parents[1]
    run_ingest(raw, filled.root, recipes, Options(), in_threads, name="all")  # type: ignore[arg-type]
    monkeypatch.setattr(Shots, "version", Shots.version + 1)
    from flows.run.planning.prepare import prepare
    from flows.run.progress import RunProgress

    plan = prepare(raw, filled, recipes, RunProgress(quiet=True), Options(), remember=False).plan  # type: ignore[arg-type]
    assert [[p.name for p in due.processors] for due in plan.due] == [["video.shots"]]
    monkeypatch.setattr(Measurements, "version", Measurements.version + 1)
    plan = prepare(raw, filled, recipes, RunProgress(quiet=True), Options(), remember=False).plan  # type: ignore[arg-type]
    assert [[p.name for p in due.processors] for due in plan.due] == [
        ["video.measurements", "video.integrity", "video.shots"]
    ]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"every_seconds": "2"}, Frames(every_seconds=2.0)),
        ({"choice": "times", "times_seconds": "1.5, 2"}, Frames(choice="times", times_seconds=(1.5, 2.0))),
        ({"times_seconds": "1.5,2"}, Frames(choice="times", times_seconds=(1.5, 2.0))),
        ({"longest_side_px": "640"}, Frames(longest_side_px=640)),
        ({"longest_side_px": "none", "deinterlace": "true"}, Frames(deinterlace=True)),
    ],
)
def test_values_are_read_as_the_parameter_says(settings: dict[str, str], expected: Frames) -> None:
    made = changed(Frames(), settings)
    assert made == expected
    assert from_parameters(Frames, parameters(made)) == expected


def test_a_setting_reaches_what_a_processor_is_made_of() -> None:
    made = changed(Shots(), {"integrity.measurements.longest_side_px": "200"})
    integrity = replace(Shots().integrity, measurements=Measurements(longest_side_px=200))
    assert made == replace(Shots(), integrity=integrity)
    assert from_parameters(Shots, parameters(made)) == made


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"x": "1"}, "video.frames: x: no such parameter; use one of choice, every_seconds, every_nth, "),
        ({"every_seconds": "0"}, "video.frames: every_seconds is 0.0: must be above 0"),
        ({"every_seconds": "abc"}, "video.frames: every_seconds is 'abc': must be a number"),
        ({"every_seconds": "nan"}, "video.frames: every_seconds is 'nan': must be a number"),
        (
            {"choice": "interval", "times_seconds": "1"},
            "video.frames: choice is 'interval': the other parameters make it 'times'; leave one of them out",
        ),
        (
            {"choice": "nth", "times_seconds": "1"},
            "times_seconds is (1.0,): must name times for the choice 'times', and",
        ),
        ({"every_nth": "1.5"}, "video.frames: every_nth is '1.5': must be a whole number"),
        ({"deinterlace": "yes"}, "video.frames: deinterlace is 'yes': must be true or false"),
        ({"picture_format": "bmp"}, "picture_format is 'bmp': must be one of jpeg, png, webp, avif"),
        ({"every_seconds.x": "1"}, "every_seconds has no parameters of its own; set every_seconds itself"),
    ],
)
def test_a_wrong_setting_names_the_parameter_the_value_and_the_choices(settings: dict[str, str], message: str) -> None:
    with pytest.raises(RequestError) as told:
        changed(Frames(), settings)
    assert message in str(told.value)


def test_a_part_with_parameters_of_its_own_is_not_set_whole() -> None:
    with pytest.raises(
        RequestError, match=r"video\.shots: integrity has parameters of its own; set one of them: integrity\.held_lev"
    ):
        changed(Shots(), {"integrity": "1"})


@pytest.mark.parametrize(
    ("words", "message"), [(("a",), "--set a: has no value; write it as key=value"), (("a=1", "a=2"), "twice")]
)
def test_a_setting_is_a_key_and_a_value_once(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        parse_settings(words)


def test_a_processor_that_is_not_in_the_recipes_comes_with_its_defaults() -> None:
    assert named("video.shots", RECIPES)["video"] == (Shots(),)
    with pytest.raises(RequestError, match=r"nope: no such processor; use one of audio\.envelope, .*video\.stills"):
        named("nope", RECIPES)


def test_a_processor_that_suits_no_selected_source_is_reported(filled: Store) -> None:
    with pytest.raises(RequestError, match=r"video\.frames: does not apply to any selected source"):
        prepare_chosen(choose("medium=photo"), filled, retry_failed=False)


def test_a_recipe_that_is_named_decides_what_is_made(tmp_path: Path) -> None:
    (tmp_path / "raw/june").mkdir(parents=True)
    MediaMaker(tmp_path / "raw/june").photo("photo.jpg")
    store = ("--store", tmp_path / "store")
    assert in_this_process("ingest", tmp_path / "raw", *store, "--recipe", "light").returncode == 0

    def due(*words: str) -> set[str]:
        told = in_this_process("reprocess", "june/photo.jpg", *words, *store, "--dry-run", "--json").stdout
        return {one["processor"] for one in json.loads(told)["plan"]}

    assert due("--recipe", "light") == set()
    assert due() == due("--recipe", "full") > {"photo.quality"}
    assert due("--recipe", "light", "--processor", "photo.quality") == {"photo.quality"}
    refused = in_this_process("reprocess", "june/photo.jpg", "--recipe", "lite", *store)
    assert (refused.returncode, refused.stderr) == (2, "marsmedia: lite: no such recipe; did you mean light?\n")
    run = in_this_process("reprocess", "june/photo.jpg", "--recipe", "full", *store)
    assert run.returncode == 0
    assert due() == set()
    report = max((tmp_path / "store/runs").glob("*.json"), key=lambda path: path.stat().st_mtime)
    assert json.loads(report.read_text())["raw"] == "june/photo.jpg --recipe full"


@pytest.mark.prefect
def test_reprocess_as_a_person_does_it(marsmedia: Run, filled: Store) -> None:
    words = ["reprocess", "medium=video", "--processor", "video.frames", "--set", "every_seconds=0.5"]
    dry = marsmedia(*words, "--dry-run", "--store", filled.root)
    assert dry.stderr == ""
    told = dry.stdout.splitlines()
    assert told[0].startswith("june/clip.mp4  video.frames  due: since the result of 20")
    assert told[0].endswith(": every_seconds 1 -> 0.5")
    assert told[1] == "1 result due, 0 reused, 0 refused or failed before"
    assert told[2].startswith("estimated: 0.")
    plan = json.loads(marsmedia(*words, "--dry-run", "--json", "--store", filled.root).stdout)
    assert (plan["results"], plan["estimate"]["unknown"]) == ({"due": 1, "reused": 0, "earlier": 0}, [])
    report = json.loads(marsmedia(*words, "--json", "--store", filled.root).stdout)
    assert (report["state"], report["results"]["made"]) == ("completed", 1)
    for wrong, message in [
        (["nope.mp4"], "marsmedia: nope.mp4: no such source in the store"),
        (["sol=9"], "marsmedia: no source matches the selection"),
        (["--processor", "nope"], "marsmedia: nope: no such processor"),
        (["--processor", "video.frames", "--set", "every=1"], "marsmedia: video.frames: every: no such parameter"),
    ]:
        refused = marsmedia("reprocess", *wrong, "--store", filled.root)
        assert (refused.returncode, refused.stderr.startswith(message)) == (2, True), refused.stderr
    (filled.root / "store.json").write_text('{"marsmedia_store_format": 99}')
    newer = marsmedia(*words, "--store", filled.root)
    assert (newer.returncode, newer.stderr) == (
        2,
        f"marsmedia: {filled.root}: made by a newer marsmedia (store format 99); use that version\n",
    )
