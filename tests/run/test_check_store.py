"""A check-up hashes everything, goes on where it was killed, and makes a sample again to compare."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from flows.run.checking.check_store import check_up, hash_all, hash_sample
from flows.run.checking.checker import checker_of
from flows.run.checking.reproduction import reproduce
from flows.run.options import Options
from flows.run.run import in_threads, run_ingest
from processors.store.store import Store
from tests.helpers.command import in_this_process
from tests.helpers.first_recipes import RECIPES
from tests.helpers.made_media import MediaMaker
from tests.helpers.steps_seen import StepsSeen


@pytest.fixture
def filled(tmp_path: Path) -> Store:
    raw = tmp_path / "raw" / "june"
    raw.mkdir(parents=True)
    MediaMaker(raw).photo("photo.jpg")
    MediaMaker(raw).video("clip.mp4", list(range(30)))
    run_ingest(raw.parent, tmp_path / "store", RECIPES, Options(), in_threads, name="first")
    return Store(tmp_path / "store")


def test_an_intact_store_is_reported_intact_and_its_sample_identical(filled: Store) -> None:
    (filled.root / "scratch/999999999-left").mkdir()
    found = check_up(filled, sample=3, seed=7, options=Options())
    assert (found.is_sound, found.results, found.masters, found.swept) == (True, 5, 2, 1)
    assert [one.verdict for one in found.sample] == ["identical"] * 3
    assert found.message.endswith(
        "no faults; of a sample of 3: 3 identical, 0 within tolerance, 0 different, 0 not rebuilt"
    )
    assert found.sample == check_up(filled, sample=3, seed=7, options=Options()).sample
    assert list((filled.root / "scratch").iterdir()) == []


def test_damage_and_a_different_result_are_reported(filled: Store) -> None:
    made = next(m for m in filled.manifests() if m.ref.processor == "photo.preview")
    path = filled.folder(made.ref) / "manifest.json"
    record = json.loads(path.read_bytes())
    item = filled.item_path(made.ref, "preview_320.jpg")
    item.write_bytes(item.read_bytes() + b"x")
    record["items"][0]["sha256"] = "0" * 64
    path.write_text(json.dumps(record))
    found = check_up(filled, sample=10, seed=1, options=Options())
    assert not found.is_sound
    assert "damaged" in {fault.kind for fault in found.faults}
    (different,) = [one for one in found.sample if one.verdict == "different"]
    assert different.reason == f"{record['items'][0]['name']}: other bytes (the same libraries)"


def test_a_source_that_is_gone_cannot_be_made_again(filled: Store, tmp_path: Path) -> None:
    (tmp_path / "raw/june/photo.jpg").unlink()
    found = check_up(filled, sample=10, seed=1, options=Options())
    assert [(fault.kind, fault.path) for fault in found.faults] == [("missing", "raw/june/photo.jpg")]
    gone = [one for one in found.sample if one.verdict == "not rebuilt"]
    assert len(gone) == 2
    assert {one.reason for one in gone} == {
        "no longer where it was ingested: run `marsmedia ingest` on the folder that holds it now"
    }


@pytest.mark.parametrize("what", ["withdrawn", "replaced"])
def test_the_sample_is_of_results_whose_sources_are_in_raw(filled: Store, tmp_path: Path, what: str) -> None:
    photo = tmp_path / "raw/june/photo.jpg"
    photo.unlink()
    if what == "replaced":
        MediaMaker(photo.parent).photo("photo.jpg", size=(81, 60))
    run_ingest(tmp_path / "raw", filled.root, RECIPES, Options(), in_threads, name="second")
    found = check_up(Store(filled.root), sample=10, seed=1, options=Options())
    assert (found.results, len(found.sample)) == {"withdrawn": (5, 3), "replaced": (7, 5)}[what]
    assert {one.verdict for one in found.sample} == {"identical"}
    assert found.is_sound is (what == "replaced")
    if what == "withdrawn":
        in_this_process("release", "withdraw", "june/photo.jpg", "--store", filled.root)
        confirmed = check_up(Store(filled.root), sample=10, seed=1, options=Options())
        assert (confirmed.is_sound, confirmed.sample) == (True, found.sample)


def left_unfinished(store: Store, state: dict[str, object], days: int = 0) -> Path:
    """Write the progress of a check that was interrupted this many days ago."""
    saved_utc = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    note = store.root / "checkups/unfinished.json"
    note.parent.mkdir(exist_ok=True)
    note.write_text(json.dumps({**state, "saved_utc": saved_utc, "of_store": str(store.root.resolve())}))
    return note


def test_a_killed_check_resumes_where_it_was(filled: Store) -> None:
    folders = [str(path.parent.relative_to(filled.root)) for path in filled.manifest_paths()]
    note = left_unfinished(filled, {"after": folders[2], "results": 3, "items": 9, "size_bytes": 100, "faults": []})
    rest = sum(len(m.items) for m in list(filled.manifests())[3:])
    found = check_up(filled, sample=0, seed=1, options=Options())
    assert (found.results, found.items) == (5, 9 + rest)
    assert not note.exists()


@pytest.mark.parametrize(
    "left",
    [
        b"",
        b"\0" * 20,
        b'{"after": "results/',
        b"[]",
        b'{"faults": [], "field_of_another_version": 1}',
        b'{"faults": [{"path": "x"}]}',
        b'{"faults": [], "failed": [{"place": "x", "sha256": "y", "reason": "z", "of_another_version": 1}]}',
    ],
    ids=["empty", "zeros", "cut off", "a list", "another field", "a missing field", "another field of a file"],
)
def test_a_check_begins_anew_where_its_progress_cannot_be_read(filled: Store, left: bytes) -> None:
    note = filled.root / "checkups/unfinished.json"
    note.parent.mkdir()
    note.write_bytes(left)
    told = in_this_process("verify", "--store", filled.root)
    first, second = told.stdout.splitlines()
    assert (told.returncode, told.stderr) == (0, "")
    assert first == "The progress of an interrupted check cannot be read; all was hashed again."
    assert second.startswith("5 results, ")
    assert not note.exists()


def test_hashing_reports_its_progress(filled: Store) -> None:
    steps = StepsSeen()
    hash_all(filled, steps=steps)
    assert steps.done == steps.totals == {"Hashing results": 5, "Hashing raw files": 2}
    hash_sample(filled, 50, seed=3, steps=steps)
    assert steps.done == steps.totals == {"Hashing results": 5, "Hashing raw files": 2}


def test_a_sample_is_hashed_and_the_same_seed_gives_the_same_one(filled: Store) -> None:
    half = hash_sample(filled, 50, seed=3)
    assert 0 < half.results < 5
    assert half == hash_sample(filled, 50, seed=3)
    assert hash_sample(filled, 100, seed=3).results == 5


def test_a_picture_that_is_nearly_the_same_is_within_tolerance(filled: Store) -> None:
    manifest = next(m for m in filled.manifests() if m.ref.processor == "photo.preview")
    name = "preview_320.jpg"
    path = filled.item_path(manifest.ref, name)
    with Image.open(path) as image:
        image.save(path, quality=98)
    folder = filled.folder(manifest.ref) / "manifest.json"
    record = json.loads(folder.read_bytes())
    entry = next(item for item in record["items"] if item["name"] == name)
    entry["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    folder.write_text(json.dumps(record))
    with checker_of(Options(), filled) as checker:
        (one,) = reproduce([filled.manifest(manifest.ref)], filled, checker)
    assert (one.verdict, one.reason) == ("within tolerance", f"{name}: other bytes (the same libraries)")


def test_resuming_forgets_repaired_faults_and_old_notes(filled: Store) -> None:
    paths = [path.parent for path in filled.manifest_paths()]
    folders = [str(path.relative_to(filled.root)) for path in paths]
    extra = paths[1] / "extra.txt"
    extra.write_text("x")
    faults = [
        {"path": f"{folders[0]}/gone.jpg", "kind": "missing", "reason": "No such file or directory"},
        {"path": f"{folders[1]}/extra.txt", "kind": "extra", "reason": "no manifest names it"},
    ]
    state = {"after": folders[2], "results": 3, "items": 9, "size_bytes": 100, "faults": faults}
    left_unfinished(filled, state)
    done = hash_all(filled)
    assert (done.results, done.results_before) == (5, 3)
    assert [fault.path for fault in done.faults] == [f"{folders[1]}/extra.txt"]
    left_unfinished(filled, state, days=8)
    assert hash_all(filled).results_before == 0


def test_a_copy_of_a_store_is_hashed_from_the_first_result(filled: Store, tmp_path: Path) -> None:
    """What an interrupted check has verified in the original is not verified in its copy."""
    folders = [str(path.parent.relative_to(filled.root)) for path in filled.manifest_paths()]
    left_unfinished(filled, {"after": folders[-1], "results": 5, "items": 9, "size_bytes": 100, "faults": []})
    copy = Store(Path(shutil.copytree(filled.root, tmp_path / "copy", symlinks=True)))
    first = next(copy.manifest_paths()).parent
    item = next(path for path in sorted(first.iterdir()) if path.name != "manifest.json")
    item.write_bytes(item.read_bytes()[:-1])
    done = hash_all(copy)
    assert (done.results, done.results_before) == (5, 0)
    assert [fault.path for fault in done.faults] == [str(item.relative_to(copy.root))]
    assert hash_all(filled).results_before == 5
