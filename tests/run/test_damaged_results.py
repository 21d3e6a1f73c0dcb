"""Damage that a check finds in the store is remembered, named by every run, and mended by the next that can."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from flows.cli.printing.print_report import print_report
from flows.run.reporting.report import Report
from processors.engine.wanted_results import Recipes
from processors.store.bucket.bucket_store import BucketStore
from processors.store.catalogue.catalogue import Catalogue
from processors.store.manifest import OF_ANOTHER, Manifest
from processors.store.open_store import open_store
from processors.store.store import Store
from tests.helpers.buckets import client
from tests.helpers.first_recipes import RECIPES
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest

ITEM = "preview_320.jpg"


@pytest.fixture
def release(raw: Path, maker: MediaMaker) -> Path:
    maker.photo("rover.jpg")
    return raw


def preview(store: Store) -> Manifest:
    return next(one for one in store.manifests() if one.ref.processor == "photo.preview")


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def command(store: Path | str, *words: str) -> tuple[int, Any]:
    run = CliRunner().invoke(main, [*words, "--store", str(store), "--json"])
    return run.exit_code, json.loads(run.stdout)


def problems(report: Report) -> list[tuple[str, str, str | None, str]]:
    return [(one.verdict, one.file, one.processor, one.reason) for one in report.problems]


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "an item is gone": (lambda folder: (folder / ITEM).unlink(), f"{ITEM} missing"),
    "an item is flipped": (lambda folder: flip(folder / ITEM), f"{ITEM} damaged"),
    "its manifest is cut": (lambda folder: (folder / "manifest.json").write_bytes(b"{"), "manifest.json damaged"),
    "its folder is gone": (shutil.rmtree, "all missing"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_verify_finds_damaged_is_remembered_and_made_again(
    release: Path, tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "store"
    assert ingest(release, place).state == "completed"
    store, inflict, what = Store(place), *DAMAGES[damage]
    folder = store.folder(preview(store).ref)
    whole = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "manifest.json"}
    inflict(folder)
    assert command(place, "verify", "--store-only")[0] == 1
    _, said = command(place, "failures")
    (cause,) = said["files"][0]["causes"]
    assert (cause["verdict"], cause["reason"]) == ("damaged result", f"in the store: {what}")
    assert (cause["processors"], cause["blame"]) == (["photo.preview"], "machine")
    assert command(place, "status")[1]["files_with_problems"] == {"damaged result": 1}
    assert command(place, "why", "rover.jpg", "photo.preview")[1]["why"] == f"due: a check of the store found {what}"

    report = ingest(release, place)
    assert (report.state, report.results.made) == ("completed with warnings", 1)
    mended = f"in the store: {what}; made again"
    assert problems(report) == [("mended", said["files"][0]["file"], "photo.preview", mended)]
    print_report(report)
    heading, line = capsys.readouterr().out.splitlines()[2:4]
    assert heading == "found damaged in the store by `marsmedia verify`:"
    assert line == f"  mended: june/rover.jpg: {mended} [photo.preview]"
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "manifest.json"} == whole
    assert command(place, "verify", "--store-only")[0] == 0
    assert (command(place, "failures")[1]["files"], command(place, "status")[1]["files_with_problems"]) == ([], {})
    assert (ingest(release, place).state, ingest(release, place).results.made) == ("completed", 0)


def test_the_same_bytes_made_again_keep_the_manifest_of_the_first(release: Path, tmp_path: Path) -> None:
    place = tmp_path / "store"
    ingest(release, place)
    store = Store(place)
    first = preview(store)
    flip(store.item_path(first.ref, ITEM))
    command(place, "verify", "--store-only")
    assert ingest(release, place).results.made == 1
    assert preview(store) == first
    (row,) = Catalogue(store).table("results", where="processor = 'photo.preview'").to_pylist()
    assert (row["started_utc"], row["seconds"], row["damage"]) == (first.started_utc, first.seconds, None)


def test_other_bytes_made_again_have_a_manifest_of_their_own(release: Path, tmp_path: Path) -> None:
    place = tmp_path / "store"
    ingest(release, place)
    store = Store(place)
    first = preview(store)
    path = store.folder(first.ref) / "manifest.json"
    path.write_text(path.read_text().replace(first.items[0].sha256, "0" * 64))  # as an older encoder wrote it
    command(place, "verify", "--store-only")
    assert ingest(release, place).results.made == 1
    now = preview(store)
    assert (now.items, now.started_utc > first.started_utc) == (first.items, True)


def test_damage_that_no_run_can_mend_is_named_until_it_is_restored(release: Path, tmp_path: Path) -> None:
    place = tmp_path / "store"
    ingest(release, place)
    store = Store(place)
    item = store.item_path(preview(store).ref, ITEM)
    whole = item.read_bytes()
    flip(item)
    assert command(place, "verify")[0] == 1
    recipes: Recipes = {**RECIPES, "photo": tuple(one for one in RECIPES["photo"] if one.name != "photo.preview")}
    assert CliRunner().invoke(main, ["rebuild", "--store", str(place)]).exit_code == 0
    for _ in range(2):
        report = ingest(release, place, recipes=recipes)
        assert (report.state, report.results.made) == ("completed with warnings", 0)
        assert [one[0] for one in problems(report)] == ["damaged result"]
    item.write_bytes(whole)
    assert command(place, "verify")[0] == 0
    assert ingest(release, place, recipes=recipes).state == "completed"


@pytest.mark.parametrize("is_checked", [True, False])
def test_a_result_whose_manifest_cannot_be_read_is_made_again_after_a_rebuild(
    release: Path, tmp_path: Path, is_checked: bool
) -> None:
    """`rebuild` leaves it out of the catalogue, so that a check cannot note there that it is damaged."""
    place = tmp_path / "store"
    ingest(release, place)
    store = Store(place)
    ref = preview(store).ref
    (store.folder(ref) / "manifest.json").write_bytes(b"{")
    assert command(place, "rebuild")[0] == 1
    if is_checked:
        assert command(place, "verify", "--store-only")[0] == 1
    why = command(place, "why", "rover.jpg", "photo.preview")[1]["why"]
    assert why == "due: in the store: manifest.json damaged"
    report = ingest(release, place)
    assert (report.state, report.results.made) == ("completed with warnings", 1)
    assert problems(report) == [
        ("mended", "june/rover.jpg", "photo.preview", "in the store: manifest.json damaged; made again")
    ]
    assert store.manifest(ref).verdict == "made"
    assert command(place, "verify", "--store-only")[0] == 0
    assert (ingest(release, place).state, ingest(release, place).results.made) == ("completed", 0)


def test_a_result_with_the_manifest_of_another_is_left_out_by_a_rebuild_and_made_again(
    release: Path, tmp_path: Path
) -> None:
    """As where a copy was restored to the wrong folder."""
    place = tmp_path / "store"
    ingest(release, place)
    store = Store(place)
    ref = preview(store).ref
    other = next(one.ref for one in store.manifests() if one.ref.processor != ref.processor)
    shutil.copy(store.folder(other) / "manifest.json", store.folder(ref) / "manifest.json")
    assert command(place, "rebuild")[1]["unreadable"] == [
        f"{store.folder(ref).relative_to(place)}/manifest.json: {OF_ANOTHER}"
    ]
    assert ingest(release, place).results.made == 1
    assert store.manifest(ref).verdict == "made"


def _with_an_unreadable_commit(release: Path, bucket: str, bucket_server: str) -> tuple[str, int]:
    """Damage the only commit of a store in a bucket; return the store's address and the number of results made."""
    address = f"s3://{bucket}/mars"
    made = ingest(release, address).results.made
    store = open_store(address)
    assert isinstance(store, BucketStore)
    (name,) = store.commit_names()
    client(bucket_server).put_object(Bucket=bucket, Key=f"mars/{name}", Body=b"{")
    return address, made


def test_a_commit_in_a_bucket_that_cannot_be_read_is_made_again_after_a_rebuild(
    release: Path, bucket: str, bucket_server: str, elsewhere: Callable[[str], None]
) -> None:
    address, made = _with_an_unreadable_commit(release, bucket, bucket_server)
    elsewhere("second")
    assert command(address, "rebuild")[0] == 1
    report = ingest(release, address)
    assert (report.state, report.results.made) == ("completed with warnings", made)
    assert {one[0] for one in problems(report)} == {"mended"}
    assert ingest(release, address).state == "completed"


def test_a_result_of_a_newer_version_is_neither_damaged_nor_made_again(release: Path, tmp_path: Path) -> None:
    place = tmp_path / "store"
    ingest(release, place)
    store = Store(place)
    manifest = store.folder(preview(store).ref) / "manifest.json"
    newer = json.dumps({**json.loads(manifest.read_bytes()), "format": 99}).encode()
    manifest.write_bytes(newer)
    code, found = command(place, "verify", "--store-only")
    (fault,) = found["faults"]
    assert (code, fault["kind"]) == (1, "newer")
    assert fault["reason"] == "written by a newer marsmedia; use that version or another store"
    assert Catalogue(store).damage() == {}
    assert ingest(release, place).results.made == 0
    assert manifest.read_bytes() == newer


def test_an_unreadable_commit_in_a_bucket_is_made_again(
    release: Path, bucket: str, bucket_server: str, elsewhere: Callable[[str], None]
) -> None:
    address, made = _with_an_unreadable_commit(release, bucket, bucket_server)
    elsewhere("second")
    assert command(address, "verify", "--store-only")[0] == 1
    assert set(Catalogue(open_store(address)).damage().values()) == {"all damaged"}
    report = ingest(release, address)
    assert (report.state, report.results.made) == ("completed with warnings", made)
    assert {one[0] for one in problems(report)} == {"mended"}
    assert ingest(release, address).state == "completed"


def test_a_dry_run_removes_nothing_of_what_is_damaged(release: Path, tmp_path: Path) -> None:
    place = tmp_path / "store"
    ingest(release, place)
    store = Store(place)
    item = store.item_path(preview(store).ref, ITEM)
    flip(item)
    command(place, "verify")
    run = CliRunner().invoke(main, ["ingest", str(release), "--store", str(place), "--dry-run"])
    assert run.exit_code == 0, run.output
    why = f"due: a check of the store found {ITEM} damaged"
    assert [line.partition("  photo.preview  ")[2] for line in run.output.splitlines() if "photo.preview" in line] == [
        why
    ]
    assert item.exists()


def test_a_damaged_pass_in_a_bucket_is_made_again_and_the_rest_of_it_stays(
    release: Path, bucket: str, bucket_server: str, elsewhere: Callable[[str], None]
) -> None:
    address = f"s3://{bucket}/mars"
    ingest(release, address)
    store = open_store(address)
    before = {one.ref: one.started_utc for one in store.manifests()}
    assert isinstance(store, BucketStore)
    ref, s3 = preview(store).ref, client(bucket_server)
    (one,) = [one for name in store.commit_names() for one in store.results_in(name) if one.manifest.ref == ref]
    data = bytearray(s3.get_object(Bucket=bucket, Key=f"mars/{one.data}")["Body"].read())
    data[one.starts[ITEM] + 50] ^= 0xFF
    s3.put_object(Bucket=bucket, Key=f"mars/{one.data}", Body=bytes(data))
    elsewhere("second")
    assert command(address, "verify", "--store-only")[0] == 1
    assert list(Catalogue(open_store(address)).damage().items()) == [(ref, f"{ITEM} damaged")]
    report = ingest(release, address)
    assert (report.state, report.results.made) == ("completed with warnings", 1)
    after = {one.ref: one.started_utc for one in open_store(address).manifests()}
    assert after == before, "the same bytes were made when they were made first"
    assert command(address, "verify", "--store-only")[0] == 0
