"""A run that finds everything as the last run left it gives the same answer without a plan, and sees every change."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest

from flows.run.checking.check_store import Which, hash_all
from flows.run.options import Options
from flows.run.reporting.report import Report
from flows.run.run import in_threads, run_ingest
from flows.run.working.batches import Batch
from flows.run.working.shared_work import BatchOutcome
from processors.engine.wanted_results import Recipes
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.photo.photo_preview import PhotoPreview
from processors.sources.source_file import sha256_of
from processors.store.catalogue.complete_sources import FILE, forget_complete, read_complete
from processors.store.catalogue.rebuild_catalogue import rebuild_catalogue
from processors.store.store import Store
from tests.helpers.command import in_this_process
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import counts, ingest

RECIPES: Recipes = {"photo": (Metadata(), Evidence(), PhotoPreview()), "video": (), "audio": ()}


@pytest.fixture
def store(raw: Path, maker: MediaMaker, tmp_path: Path) -> Store:
    """A release of which one photo is complete and copied, another damaged, and other files are no media."""
    maker.photo("a.jpg")
    shutil.copy(raw / "june/a.jpg", raw / "june/again.jpg")
    whole = maker.photo("b.png").read_bytes()
    (raw / "june/b.png").write_bytes(whole[: len(whole) // 2])
    (raw / "june/read-me.txt").write_text("Photos of June\n")
    (raw / "june/tables.zip").write_bytes(b"PK\x03\x04" + bytes(100))
    (raw / "june/release.toml").write_text('title = "June"\n[[file]]\npath = "gone.jpg"\n')
    (raw / "june/link.jpg").symlink_to("/etc/hostname")
    ingest(raw, tmp_path / "store", RECIPES)
    return Store(tmp_path / "store")


def planned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list to which each following plan adds a word."""
    plans: list[str] = []
    from flows.run.planning import prepare

    make_plan = prepare.make_plan

    def counted(*arguments: object, **named: object) -> object:
        plans.append("planned")
        return make_plan(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(prepare, "make_plan", counted)
    return plans


def same(report: Report) -> dict[str, object]:
    """Return a report without its own name and times; the order of problems is that of their files."""
    report = dataclasses.replace(report, problems=tuple(sorted(report.problems, key=repr)))
    own = {"run", "started_utc", "ended_utc", "seconds", "report"}
    return {name: value for name, value in dataclasses.asdict(report).items() if name not in own}


def test_an_unchanged_run_reports_what_a_plan_would(raw: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    plans = planned(monkeypatch)
    without = ingest(raw, store.root, RECIPES)
    assert plans == []
    (note,) = store.catalogue_folder.glob("unchanged-*.json")
    note.unlink()
    assert same(ingest(raw, store.root, RECIPES)) == same(without)
    assert plans == ["planned"]
    assert (without.files, without.sources, without.duplicates, without.companions) == (7, 2, 1, 2)
    assert {problem.verdict for problem in without.problems} >= {"unsupported", "not taken", "unmatched"}
    assert not any(problem.is_new for problem in without.problems)
    assert ingest(raw, store.root, RECIPES, strict=True).state == "failed"
    assert plans == ["planned"]


def test_an_unchanged_run_opens_no_manifest_no_source_and_no_table(raw: Path, store: Store) -> None:
    code = (
        "import sys, pathlib; opened = []; "
        "sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == 'open' else None); "
        "from flows.cli.ingest import ingest_folder; from flows.run.options import Options; "
        "code = ingest_folder(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), Options()); "
        "print(code, [name for name in opened if name.startswith((sys.argv[1], sys.argv[2] + '/results')) "
        "or name.endswith('.parquet')], "
        "[name for name in ('numpy', 'av', 'pyarrow', 'deltalake', 'duckdb', 'flows.recipes') if name in sys.modules])"
    )
    for _ in range(2):  # the first has the recipes of the command
        subprocess.run([sys.executable, "-m", "flows.cli", "ingest", raw, "--store", store.root], check=False)
    said = subprocess.run([sys.executable, "-c", code, raw, store.root], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines()[-1] == "0 [] []", said.stdout + said.stderr


CHANGES: dict[str, Callable[[Path, Store], object]] = {
    "a new file": lambda raw, _: (raw / "june/new.txt").write_text("new"),
    "a file that is gone": lambda raw, _: (raw / "june/again.jpg").unlink(),
    "a file that was touched": lambda raw, _: os.utime(raw / "june/a.jpg"),
    "a release with another name": lambda raw, _: (raw / "june").rename(raw / "july"),
    "a missing manifest": lambda _, store: next(store.manifest_paths()).unlink(),
    "a catalogue with another commit": lambda _, store: rebuild_catalogue(store),
    "a deleted view": lambda _, store: shutil.rmtree(store.by_name_folder),
    "no list of complete sources": lambda _, store: (store.catalogue_folder / FILE).unlink(),
    "a complete source forgotten": lambda _, store: forget_complete(store, read_complete(store)),
    "another note": lambda _, store: next(store.catalogue_folder.glob("unchanged-*")).write_text('{"state": "x"}'),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_whatever_changed_a_plan_is_made(
    raw: Path, store: Store, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path, Store], object]
) -> None:
    plans = planned(monkeypatch)
    change(raw, store)
    ingest(raw, store.root, RECIPES)
    assert plans == ["planned"]
    ingest(raw, store.root, RECIPES)
    assert plans == ["planned"]


def test_options_and_recipes_that_change_what_is_due_make_a_plan(
    raw: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans = planned(monkeypatch)
    for options in ({"hash_all": True}, {"retry_failed": True}, {"releases": ("june",)}):
        ingest(raw, store.root, RECIPES, **options)
    assert len(plans) == 3
    changed = dataclasses.replace(PhotoPreview(), longest_sides_px=(100,))
    assert counts(ingest(raw, store.root, {**RECIPES, "photo": (Metadata(), Evidence(), changed)}))[0] > 0
    assert len(plans) == 4


def test_a_file_that_changed_unnoticed_is_read_by_every_run(
    raw: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = raw / "june/a.jpg"
    seen = file.stat()
    file.write_bytes(file.read_bytes()[:-1] + b"\x00")
    os.utime(file, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert "changed" in {one.verdict for one in ingest(raw, store.root, RECIPES, hash_all=True).problems}
    plans = planned(monkeypatch)
    for _ in range(2):
        assert "changed" in {one.verdict for one in ingest(raw, store.root, RECIPES).problems}
    assert len(plans) == 2


def change_unnoticed(path: Path) -> None:
    """Change a byte, and keep the date."""
    seen = path.stat()
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))


@pytest.mark.parametrize(("which", "kind", "verdict"), [("store", "damaged", "mended"), ("raw", "changed", "changed")])
def test_what_a_check_finds_during_a_run_counts_in_the_next_one(
    raw: Path, store: Store, maker: MediaMaker, which: Which, kind: str, verdict: str
) -> None:
    """The run has planned before the check finds what has changed, and ends after it."""
    maker.photo("c.jpg", size=(64, 48))

    def check_and_work(batches: Sequence[Batch]) -> Iterable[BatchOutcome]:
        photo = raw / "june/a.jpg"
        (preview,) = [one for one in store.manifests(sha256_of(photo)) if one.ref.processor == "photo.preview"]
        change_unnoticed(photo if which == "raw" else store.item_path(preview.ref, preview.items[0].name))
        assert [one.kind for one in hash_all(store, which=which).faults] == [kind]
        return in_threads(batches)

    first = run_ingest(raw, store.root, RECIPES, Options(), check_and_work, name="beside-a-check")
    assert verdict not in {one.verdict for one in first.problems}
    assert verdict in {one.verdict for one in ingest(raw, store.root, RECIPES).problems}


def test_a_withdrawal_that_is_confirmed_during_a_run_counts_in_the_next_one(
    raw: Path, store: Store, maker: MediaMaker
) -> None:
    maker.photo("gone.jpg", size=(48, 64))
    ingest(raw, store.root, RECIPES)
    (raw / "june/gone.jpg").unlink()
    assert "june/gone.jpg" in {one.file for one in ingest(raw, store.root, RECIPES).problems}
    maker.photo("c.jpg", size=(64, 48))

    def confirm_and_work(batches: Sequence[Batch]) -> Iterable[BatchOutcome]:
        assert in_this_process("release", "withdraw", "june/gone.jpg", "--store", store.root).returncode == 0
        return in_threads(batches)

    run_ingest(raw, store.root, RECIPES, Options(), confirm_and_work, name="beside-a-withdrawal")
    assert "june/gone.jpg" not in {one.file for one in ingest(raw, store.root, RECIPES).problems}
