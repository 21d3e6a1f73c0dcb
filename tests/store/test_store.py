"""Results are committed whole or not at all; the catalogue can be thrown away; every damage is named."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from flows.cli.query import query
from processors.contract import Item
from processors.errors import ResultCorrupt, ResultMissing, StoreError
from processors.identify import Identity
from processors.sources.scan import FoundFile
from processors.store.by_name_view import ByNameEntry, rebuild_by_name, refresh_by_name, safe_name
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.rebuild_catalogue import rebuild_catalogue
from processors.store.catalogue.source_row import SourceRow
from processors.store.catalogue.sql import connect
from processors.store.fixity.result_check import verify_results
from processors.store.flush import replace_file
from processors.store.manifest import KnownOutcome, Manifest, ResultRef
from processors.store.store import LOOK_UPS_AT_ONCE, Store, put_item

SOURCE = "ab" * 32


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def commit(
    store: Store, *, digest: str = "ab" * 32, key: str = "cd" * 32, name: str = "clip.mp4", **more: object
) -> Manifest:
    with store.scratch() as scratch:
        folder = scratch / "x"
        folder.mkdir()
        items = (put_item(folder, Item(name="a/one.txt", media_type="text/plain", data=b"one")),)
        record = {
            "ref": ResultRef(source=digest, processor="video.frames", key=key),
            "version": 1,
            "parameters": {"n": 1},
            "verdict": "made",
            "reason": None,
            "items": items,
            "source_name": name,
            "release": "june",
            "source_facts": {"frame_count_decoded": 3},
            "software": {},
            "host": "x",
            "started_utc": "2021-06-27T00:00:00.000+00:00",
            "seconds": 0.5,
            **more,
        }
        manifest = Manifest(**record)  # type: ignore[arg-type]
        store.commit(folder, manifest)
    return manifest


def source_row(path: str, digest: str, seen_utc: str = "2021-06-27T00:00:00.000+00:00") -> SourceRow:
    file = FoundFile(path=path, relative=Path(path).name, release="june", size_bytes=3, mtime_ns=4)
    return SourceRow.of(file, digest, Identity(kind="media", medium="video", format="mp4"), seen_utc)


def test_a_committed_result_reads_back(store: Store) -> None:
    manifest = commit(store)
    assert store.has(manifest.ref)
    assert store.manifest(manifest.ref) == manifest
    assert store.open_item(manifest.ref, "a/one.txt").read() == b"one"
    assert manifest.items[0].sha256 == "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
    assert list((store.root / "scratch").iterdir()) == []


def test_of_more_results_than_are_looked_up_at_once_each_one_that_is_committed_is_found(store: Store) -> None:
    digests = [f"{number:03}".rjust(64, "0") for number in range(2 * LOOK_UPS_AT_ONCE + 1)]
    made = [commit(store, digest=digest).ref for digest in digests]
    gone = made[LOOK_UPS_AT_ONCE]
    (store.folder(gone) / "manifest.json").unlink()
    expected = set(made) - {gone}
    assert store.committed(made) == expected
    assert store.with_all({ref.source: f"{ref.processor}/{ref.key[:16]}" for ref in made}) == {
        ref.source for ref in expected
    }
    assert (store.committed([]), store.with_all({})) == (set(), set())


def test_readable_manifests_come_in_the_order_of_their_paths(store: Store) -> None:
    digests = [f"{number % 3:02}{number:062}" for number in range(12)]
    for digest in digests:
        for key in ("ef", "cd"):
            commit(store, digest=digest, key=key * 32)
    paths = list(store.manifest_paths())
    damaged = paths[5]
    damaged.write_bytes(b"{")
    unreadable: list[str] = []
    refs = [manifest.ref for manifest in store.readable(unreadable)]
    assert [store.folder(ref) / "manifest.json" for ref in refs] == [path for path in paths if path != damaged]
    (reason,) = unreadable
    assert reason.startswith(str(damaged.relative_to(store.root)))


@pytest.mark.skipif(sys.platform != "linux", reason="reads the path of an open file from /proc")
def test_all_of_a_result_is_on_the_disk_before_it_is_in_its_place(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: set[tuple[str, bool]] = set()
    fsync = os.fsync

    def flush(descriptor: int) -> None:
        fsync(descriptor)
        place = Path(f"/proc/self/fd/{descriptor}").readlink()
        flushed.add((place.name, "scratch" in place.parts))

    monkeypatch.setattr(os, "fsync", flush)
    commit(store)
    expected = {("x", True), ("a", True), ("one.txt", True), ("manifest.json", True), ("video.frames", False)}
    assert flushed == expected


@pytest.mark.skipif(sys.platform != "linux", reason="reads the path of an open file from /proc")
def test_a_record_is_on_the_disk_before_it_replaces_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, seen = tmp_path / "record.json", []
    place.write_bytes(b"old")
    fsync = os.fsync

    def flush(descriptor: int) -> None:
        fsync(descriptor)
        seen.append((Path(f"/proc/self/fd/{descriptor}").readlink().read_bytes(), place.read_bytes()))

    monkeypatch.setattr(os, "fsync", flush)
    replace_file(place, b"new")
    assert seen == [(b"new", b"old")]
    assert place.read_bytes() == b"new"


def test_a_session_that_dies_leaves_nothing_but_scratch(store: Store) -> None:
    def die() -> None:
        with store.scratch() as scratch:
            put_item(scratch, Item(name="half.txt", media_type="text/plain", data=b"half"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        die()
    assert list(store.manifest_paths()) == []
    assert list((store.root / "scratch").iterdir()) == []


def test_scratch_of_a_killed_run_is_swept_and_that_of_a_living_one_stays(store: Store) -> None:
    (store.root / "scratch" / "999999999-old").mkdir()
    (store.root / "scratch" / f"{os.getpid()}-mine").mkdir()
    with store.scratch() as own:
        machine = own.name.partition("-")[0]
        (store.root / "scratch" / f"{machine}-999999999-old").mkdir()
        assert store.sweep() == 2
        assert {folder.name for folder in (store.root / "scratch").iterdir()} == {own.name, f"{os.getpid()}-mine"}


def test_scratch_of_another_machine_is_never_swept(store: Store) -> None:
    theirs = store.root / "scratch" / "0f0f0f0f-999999999-theirs"
    theirs.mkdir()
    assert store.sweep() == 0
    assert theirs.exists()


def test_the_first_of_two_equal_results_stays(store: Store) -> None:
    first = commit(store)
    commit(store, seconds=9.0)
    assert store.manifest(first.ref).seconds == 0.5


def test_a_failure_gives_way_to_a_result(store: Store) -> None:
    failed = commit(store, verdict="failed", reason="it was bad")
    assert store.manifest(failed.ref).verdict == "failed"
    commit(store)
    assert store.manifest(failed.ref).verdict == "made"


def test_a_folder_without_its_manifest_is_no_result(store: Store) -> None:
    manifest = commit(store)
    (store.folder(manifest.ref) / "manifest.json").unlink()
    assert not store.has(manifest.ref)
    commit(store)
    assert store.has(manifest.ref)


def test_a_missing_or_broken_manifest_is_reported(store: Store) -> None:
    manifest = commit(store)
    path = store.folder(manifest.ref) / "manifest.json"
    path.write_text("{")
    with pytest.raises(ResultCorrupt, match="not a readable manifest"):
        store.manifest(manifest.ref)
    path.unlink()
    with pytest.raises(ResultMissing, match="missing; run `marsmedia ingest`"):
        store.manifest(manifest.ref)


def test_a_store_of_a_newer_version_is_left_alone(store: Store) -> None:
    (store.root / "store.json").write_text(json.dumps({"marsmedia_store_format": 99}))
    with pytest.raises(StoreError, match="made by a newer marsmedia"):
        Store(store.root)


@pytest.mark.parametrize(
    "mark", ["", "[]", "null", '{"marsmedia_store_format": "one"}', '{"marsmedia_store_format": 1e999}']
)
def test_a_mark_that_is_none_is_one_clear_line(store: Store, mark: str) -> None:
    (store.root / "store.json").write_text(mark)
    with pytest.raises(StoreError) as told:
        Store(store.root)
    assert str(told.value) == (f"{store.root}/store.json: not a valid store file; choose another folder with --store")


def test_a_manifest_in_the_place_of_another_result_is_reported(store: Store) -> None:
    first, second = commit(store), commit(store, key="12" * 32)
    shutil.copytree(store.folder(first.ref), store.folder(second.ref), dirs_exist_ok=True)
    with pytest.raises(ResultCorrupt) as told:
        store.manifest(second.ref)
    assert str(told.value) == (
        f"{store.folder(second.ref)}: its manifest names another result; "
        "run `marsmedia verify`, then `marsmedia ingest`"
    )
    assert store.manifest(first.ref) == first


def test_a_store_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="the store cannot be opened"):
        Store(tmp_path / "file" / "store")


@pytest.mark.parametrize("processes", [None, 2])
def test_rebuilding_the_catalogue_gives_the_same_tables(store: Store, processes: int | None) -> None:
    catalogue = Catalogue(store)
    manifests = [commit(store), commit(store, digest="ef" * 32, key="12" * 32)]
    catalogue.add_sources([source_row("/raw/a.mp4", "ab" * 32), source_row("/raw/b.mp4", "ef" * 32)])
    catalogue.add_results(manifests[:1])
    catalogue.add_results(manifests)
    order = {"sources": "path", "results": "source", "items": "source"}
    before = {name: catalogue.table(name).sort_by(column) for name, column in order.items()}
    shutil.rmtree(store.catalogue_folder)
    assert rebuild_catalogue(store, processes) == []
    assert {name: catalogue.table(name).sort_by(column) for name, column in order.items()} == before
    assert before["results"].num_rows == 2


def test_files_that_a_desktop_leaves_among_the_results_do_not_stop_a_rebuild(store: Store) -> None:
    manifest = commit(store)
    Catalogue(store).add_sources([source_row("/raw/a.mp4", "ab" * 32)])
    for folder in (store.results_folder, *(path for path in store.results_folder.rglob("*") if path.is_dir())):
        (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    assert rebuild_catalogue(store) == []
    assert Catalogue(store).verdicts({"ab" * 32}).keys() == {manifest.ref.key}
    assert Catalogue(store).sources().keys() == {"/raw/a.mp4"}


def test_writers_at_once_lose_nothing_of_the_record_of_one_source(store: Store) -> None:
    """Copies of the same bytes in two shards, a folder that moves, and `marsmedia links`, all at the same time."""
    paths = [[f"/raw/{shard}/{number}.mp4" for number in range(25)] for shard in range(4)]
    moved = [(SOURCE, f"/raw/old/{number}.mp4") for number in range(25)]
    links = {SOURCE: [{"kind": "same_sound", "other": "ef" * 32}]}
    store.saw([(digest, {"path": path}) for digest, path in moved])

    def see(shard: int) -> None:
        for path in paths[shard]:
            store.saw([(SOURCE, {"path": path})])

    def forget() -> None:
        for place in moved:
            store.forget([place])

    def link() -> None:
        for number in range(25):
            store.link({SOURCE: [{"kind": "same_sound", "other": f"{number:064x}"}]})
        store.link(links)

    with ThreadPoolExecutor(6) as threads:
        for done in [*(threads.submit(see, shard) for shard in range(4)), threads.submit(forget), threads.submit(link)]:
            done.result()
    record = store.source(SOURCE) or {}
    assert sorted(one["path"] for one in record["seen"]) == sorted(path for some in paths for path in some)
    assert record["links"] == links[SOURCE]


def test_a_path_seen_again_is_last_in_the_record_and_there_once(store: Store) -> None:
    store.saw([(SOURCE, {"path": "a", "n": 1}), (SOURCE, {"path": "b", "n": 2})])
    store.saw([(SOURCE, {"path": "a", "n": 3}), ("ef" * 32, {"path": "c", "n": 4}), (SOURCE, {"path": "a", "n": 5})])
    assert list(store.sources()) == [
        {"digest": SOURCE, "seen": [{"path": "b", "n": 2}, {"path": "a", "n": 5}]},
        {"digest": "ef" * 32, "seen": [{"path": "c", "n": 4}]},
    ]
    store.forget([(SOURCE, "b"), ("12" * 32, "c")])
    assert [one["seen"] for one in store.sources()] == [[{"path": "a", "n": 5}], [{"path": "c", "n": 4}]]


def test_a_path_is_known_by_what_it_held_last(store: Store) -> None:
    catalogue = Catalogue(store)
    catalogue.add_sources([source_row("/raw/a.mp4", "ab" * 32, "2021-06-01")])
    catalogue.add_sources([source_row("/raw/a.mp4", "ef" * 32, "2021-06-02")])
    assert catalogue.sources()["/raw/a.mp4"].digest == "ef" * 32
    catalogue.add_sources([source_row("/raw/a.mp4", "ab" * 32, "2021-06-03")])
    assert catalogue.sources()["/raw/a.mp4"].digest == "ab" * 32
    assert catalogue.table("sources").num_rows == 2


def test_a_row_is_appended_once_and_files_are_rewritten_only_for_changed_ones(store: Store) -> None:
    catalogue = Catalogue(store)
    first = commit(store, verdict="failed", reason="no memory", blame="marsmedia")
    second = commit(store, digest="ef" * 32, key="12" * 32)
    catalogue.add_results([first])
    (before,) = catalogue.files("results")[0]
    catalogue.add_results([second])
    catalogue.add_results([first, second])
    assert before in catalogue.files("results")[0]
    assert len(catalogue.files("results")[0]) == 2
    catalogue.add_results([commit(store)])
    assert sorted(row["verdict"] for row in catalogue.table("results").to_pylist()) == ["made", "made"]
    assert catalogue.verdicts({first.ref.source})[first.ref.key] == KnownOutcome("made", None)
    catalogue.remove_results([first.ref])
    assert catalogue.table("results").column("key").to_pylist() == [second.ref.key]
    assert catalogue.table("items").column("key").to_pylist() == [second.ref.key]


def test_several_writers_of_the_same_results_leave_one_row_each(store: Store) -> None:
    manifests = [commit(store, key=f"{i:02x}" * 32) for i in range(4)]
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(Catalogue(store).add_results, manifests) for _ in range(8)]:
            done.result()
    assert sorted(Catalogue(store).table("results").column("key").to_pylist()) == sorted(m.ref.key for m in manifests)
    assert Catalogue(store).table("items").num_rows == 4


def test_many_small_writes_become_few_files(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processors.store.catalogue.catalogue.FILES_AT_MOST", 3)
    catalogue = Catalogue(store)
    manifests = [commit(store, key=f"{i:02x}" * 32) for i in range(9)]
    for manifest in manifests:
        catalogue.add_results([manifest])
        assert len(catalogue.files("items")[0]) <= 3
    assert catalogue.table("results").num_rows == 9
    assert list((store.catalogue_folder / "results/_delta_log").glob("*.checkpoint.parquet"))


def test_a_store_whose_path_looks_like_a_pattern_is_queried(tmp_path: Path) -> None:
    store = Store(tmp_path / "50% of sol *?")
    Catalogue(store).add_results([commit(store)])
    with connect(Catalogue(store)) as connection:
        assert connection.execute("SELECT count(*) FROM results").fetchall() == [(1,)]
        assert connection.execute("SELECT count(*) FROM items").fetchall() != [(0,)]


def test_a_store_at_a_path_that_its_catalogue_cannot_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"sol \[1-3\]: a store cannot have \[ \] in its path; choose another with"):
        Store(tmp_path / "sol [1-3]")
    assert list(tmp_path.iterdir()) == []


def test_queries_read_the_files_of_the_tables_and_no_others(store: Store) -> None:
    catalogue = Catalogue(store)
    with connect(catalogue) as connection:
        assert connection.execute("SELECT count(*) FROM items").fetchall() == [(0,)]
    catalogue.add_results([commit(store)])
    with connect(catalogue) as connection:
        assert connection.execute("SELECT name, size_bytes FROM items").fetchall() == [("a/one.txt", 3)]
        with pytest.raises(duckdb.PermissionException, match="disabled by configuration"):
            connection.execute(f"SELECT * FROM read_text('{store.root}/store.json')")
    (file,) = catalogue.files("items")[0]
    asked = f"COPY (SELECT 1) TO '{file}' (FORMAT parquet, USE_TMP_FILE false)"
    told = CliRunner().invoke(query, [asked, "--store", str(store.root)])
    assert told.output == "Error: COPY is not a query; give one, such as SELECT\n"


def test_the_catalogue_is_written_and_asked_without_pandas(store: Store) -> None:
    commit(store)
    code = (
        "import sys; from pathlib import Path; from processors.store.store import Store;"
        "from processors.store.catalogue.catalogue import Catalogue;"
        "from processors.store.catalogue.sql import connect;"
        "store = Store(Path(sys.argv[1])); catalogue = Catalogue(store); catalogue.verdicts({'ab' * 32});"
        "catalogue.add_results(list(store.manifests())); catalogue.sources(); catalogue.verdicts({'ab' * 32});"
        "\nwith connect(catalogue) as connection: print(connection.execute('SELECT count(*) FROM items').fetchall())"
        "\nprint('pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, store.root], capture_output=True, text=True, check=True)
    assert done.stdout == "[(1,)]\nFalse\n"


def test_verify_names_each_damaged_missing_and_extra_file(store: Store) -> None:
    whole, damaged, missing, extra, broken = (commit(store, key=f"{i:02x}" * 32) for i in range(5))
    (store.folder(damaged.ref) / "a/one.txt").write_bytes(b"two")
    (store.folder(missing.ref) / "a/one.txt").unlink()
    (store.folder(extra.ref) / "more.txt").write_bytes(b"")
    (store.folder(broken.ref) / "manifest.json").write_bytes(b"no")
    faults = {
        (fault.kind, fault.path.rpartition("video.frames/")[2])
        for checked in verify_results(store)
        for fault in checked.faults
    }
    assert faults == {
        ("damaged", "0101010101010101/a/one.txt"),
        ("missing", "0202020202020202/a/one.txt"),
        ("extra", "0303030303030303/more.txt"),
        ("damaged", "0404040404040404/manifest.json"),
    }
    assert store.has(whole.ref)


def test_by_name_shows_every_file_under_its_release(store: Store) -> None:
    one, other = commit(store), commit(store, digest="ef" * 32)
    failed = commit(store, digest="12" * 32, verdict="failed")
    shown = [
        ByNameEntry(release="june", name="clip.mp4", refs=(one.ref,)),
        ByNameEntry(release="june", name="clip.mp4", refs=(other.ref,)),
        ByNameEntry(release="july", name="copy.mp4", refs=(one.ref,)),
        ByNameEntry(release="july", name="bad.mp4", refs=(failed.ref,)),
    ]
    refresh_by_name(store, shown)
    there = sorted(str(path.relative_to(store.by_name_folder)) for path in store.by_name_folder.rglob("video.frames"))
    assert there == ["july/copy.mp4/video.frames", "june/clip.mp4/video.frames", "june/clip.mp4~efefefef/video.frames"]
    assert (store.by_name_folder / "june/clip.mp4/video.frames/a/one.txt").read_bytes() == b"one"


def test_by_name_looks_only_at_files_whose_results_have_changed(store: Store) -> None:
    one, other = commit(store), commit(store, digest="ef" * 32, verdict="failed")
    shown = [ByNameEntry(release="june", name=f"{m.ref.source[:2]}.mp4", refs=(m.ref,)) for m in (one, other)]
    refresh_by_name(store, shown)
    (store.folder(one.ref) / "manifest.json").write_bytes(b"not read again")
    commit(store, digest="ef" * 32)  # the failure was retried
    third = commit(store, digest="12" * 32)
    refresh_by_name(store, [*shown, ByNameEntry(release="june", name="12.mp4", refs=(third.ref,))])
    there = sorted(path.parent.name for path in store.by_name_folder.rglob("video.frames"))
    assert there == ["12.mp4", "ab.mp4", "ef.mp4"]
    refresh_by_name(store, [ByNameEntry(release="june", name="ab.mp4", refs=(), is_gone=True)])
    assert not (store.by_name_folder / "june/ab.mp4").exists()
    (store.by_name_folder / ".shown").write_text("0" * 64)  # as earlier versions wrote it
    refresh_by_name(store, shown[1:])
    assert (store.by_name_folder / "june/ef.mp4/video.frames").is_symlink()


def test_a_file_that_comes_back_is_shown_again(store: Store) -> None:
    manifest = commit(store)
    for is_gone in (False, True, False):
        refs = () if is_gone else (manifest.ref,)
        refresh_by_name(store, [ByNameEntry(release="june", name="clip.mp4", refs=refs, is_gone=is_gone)])
        assert (store.by_name_folder / "june/clip.mp4/video.frames").exists() != is_gone


def test_by_name_follows_the_recipe_back_and_forth(store: Store) -> None:
    link = store.by_name_folder / "june/clip.mp4/video.frames"
    for manifest in (commit(store), commit(store, key="12" * 32), commit(store)):
        refresh_by_name(store, [ByNameEntry(release="june", name="clip.mp4", refs=(manifest.ref,))])
        assert link.resolve() == store.folder(manifest.ref).resolve()
    rebuild_by_name(store, [], {})
    assert not link.exists()


def test_a_rebuilt_view_keeps_what_is_right_and_removes_what_is_not(store: Store) -> None:
    one, other = commit(store), commit(store, digest="ef" * 32)
    failed = commit(store, digest="12" * 32, key="12" * 32, verdict="failed")
    shown = [
        ByNameEntry(release="june", name="clip.mp4", refs=(one.ref,)),
        ByNameEntry(release="june", folder="rear/left", name="other.mp4", refs=(other.ref,)),
        ByNameEntry(release="july", name="bad.mp4", refs=(failed.ref,)),
    ]
    rebuild_by_name(store, shown, {failed.ref.key: "failed"})
    june = store.by_name_folder / "june"
    kept = (june / "clip.mp4/video.frames").lstat().st_ino
    wrong = june / "rear/left/other.mp4/video.frames"
    wrong.unlink()
    wrong.symlink_to(store.folder(one.ref))
    (june / "clip.mp4/video.shots").symlink_to("nowhere")
    (june / "clip.mp4/notes").mkdir()
    (june / "rear/gone.mp4").mkdir()
    (june / "rear/gone.mp4/video.frames").symlink_to("nowhere")
    (june / "notes.txt").write_text("of nobody")
    (store.by_name_folder / "july").symlink_to(june)
    rebuild_by_name(store, shown, {failed.ref.key: "failed"})
    there = sorted(str(path.relative_to(store.by_name_folder)) for path in store.by_name_folder.rglob("*"))
    assert there == [
        ".shown", "june", "june/clip.mp4", "june/clip.mp4/video.frames", "june/rear", "june/rear/left",
        "june/rear/left/other.mp4", "june/rear/left/other.mp4/video.frames",
    ]  # fmt: skip
    assert (june / "clip.mp4/video.frames").lstat().st_ino == kept
    assert wrong.resolve() == store.folder(other.ref).resolve()


def test_one_bad_manifest_does_not_stop_a_rebuild(store: Store) -> None:
    bad, _ = commit(store), commit(store, digest="ef" * 32)
    Catalogue(store).add_sources([source_row("/raw/a.mp4", "ab" * 32), source_row("/raw/b.mp4", "ef" * 32)])
    (store.folder(bad.ref) / "manifest.json").write_text("{bad")
    (left_out,) = rebuild_catalogue(store)
    assert "not a readable manifest" in left_out.reason
    assert Catalogue(store).table("results").num_rows == 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("火星 降落.mp4", "火星 降落.mp4"), ("../../etc/passwd", "_.._etc_passwd"), ("a\nb", "a_b"), ("-rf", "_-rf"),
        ("con.mp4", "_con.mp4"), ("", "_"), (". .", "_"), ("x" * 300, "x" * 120), ('a"b<c', "a_b_c"),
    ],
)  # fmt: skip
def test_names_are_made_safe_for_every_file_system(name: str, expected: str) -> None:
    assert safe_name(name) == expected


@pytest.mark.parametrize("name", ["../../other", "/etc/passwd", "a/../../b"])
def test_a_manifest_whose_names_lead_out_of_its_folder_is_refused(name: str) -> None:
    whole = {
        "format": 1,
        "ref": {"source": "ab", "processor": "photo.preview", "key": "cd"},
        "items": [{"name": name, "media_type": "image/jpeg", "size_bytes": 1, "sha256": "ef", "facts": {}}],
    }
    with pytest.raises(ResultCorrupt, match="leads out of its folder"):
        Manifest.from_json(json.dumps(whole).encode(), "here")
