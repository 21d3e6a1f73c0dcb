"""Results in a bucket: committed once, whole, and replaced where they had failed; the catalogue loses no row."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import os
import pickle
import re
import threading
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from processors.errors import RequestError, ResultCorrupt, ResultMissing, StoreAway, StoreError
from processors.sources.scan import in_words
from processors.store.bucket.bucket import Bucket
from processors.store.bucket.bucket_claims import BucketClaims
from processors.store.bucket.bucket_source_records import BucketSourceRecords
from processors.store.bucket.bucket_store import BucketStore
from processors.store.bucket.item_cache import Growth, ItemCache
from processors.store.bucket.stored_pass import RESULTS_AT_MOST, commit_name
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.lost_records import lost_records
from processors.store.catalogue.rebuild_catalogue import UnreadableRecord, rebuild_catalogue
from processors.store.catalogue.stored_links import LinkEnd, SourceLink
from processors.store.fixity.result_check import verify_results
from processors.store.kept_results import keep_results, kept_results, release_results
from processors.store.manifest import Manifest, ResultRef, StoredItem
from processors.store.open_store import open_store
from tests.helpers.buckets import KEY, SECRET, client, proxy_before
from tests.store.test_store import commit, source_row

SOURCE = "ab" * 32

Machine = Callable[[str], BucketStore]


@pytest.fixture
def machine(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Open the store as on a machine of this name, which keeps copies of its own."""

    def opened(name: str) -> BucketStore:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / name))
        return BucketStore(f"s3://{bucket}/mars", writes=True)

    return opened


def published(store: BucketStore, *keys: str, **more: Any) -> list[Manifest]:
    """Commit results with these keys as one pass."""
    manifests = [commit(store.local, key=key * 32, **more) for key in keys]
    store.publish(manifest.ref for manifest in manifests)
    return manifests


def objects(store: BucketStore, server: str, bucket: str, below: str) -> list[str]:
    found = client(server).list_objects_v2(Bucket=bucket, Prefix=f"mars/{below}").get("Contents", [])
    return [one["Key"].removeprefix("mars/") for one in found]


def test_a_pass_is_one_zip_and_one_commit(machine: Machine, bucket: str, bucket_server: str) -> None:
    store = machine("a")
    first, second = published(store, "cd", "ef")
    assert list(store.local.manifests()) == [], "what is published is not kept twice"
    for reader in (store, machine("b")):
        assert (reader.has(first.ref), reader.manifest(second.ref)) == (True, second)
        assert list(reader.manifests()) == [first, second]
        assert reader.open_item(first.ref, "a/one.txt").read() == b"one"
        assert reader.has_all(SOURCE, (f"video.frames/{'cd' * 8}", f"video.frames/{'ef' * 8}"))
        assert not reader.has_all(SOURCE, (f"video.frames/{'cd' * 8}", f"video.frames/{'00' * 8}"))
        assert reader.committed([first.ref, dataclasses.replace(second.ref, key="00" * 32)]) == {first.ref}
        assert reader.with_all({SOURCE: f"video.frames/{'cd' * 8} video.frames/{'ef' * 8}"}) == {SOURCE}
    (data,) = objects(store, bucket_server, bucket, "data")
    assert objects(store, bucket_server, bucket, "commits") == [f"commits/ab/{SOURCE}/{'cd' * 8}{'ef' * 8}.json"]
    with zipfile.ZipFile(io.BytesIO(store.bucket.get(data))) as archive:
        assert archive.testzip() is None
        names = [f"video.frames/{key * 8}/{name}" for key in ("cd", "ef") for name in ("manifest.json", "a/one.txt")]
        assert archive.namelist() == names
        assert Manifest.from_json(archive.read(names[0]), "") == first


def test_a_pass_of_many_results_is_several_commits(machine: Machine) -> None:
    store = machine("a")
    manifests = published(store, *(f"{number:02x}" for number in range(RESULTS_AT_MOST + 1)))
    assert [one.ref for one in machine("b").manifests()] == sorted(one.ref for one in manifests)
    name = commit_name([one.ref for one in manifests[:RESULTS_AT_MOST]], 99)
    assert len(name) < 1024 - 250, "room for a prefix"


def test_of_two_that_make_the_same_the_first_counts(machine: Machine, bucket: str, bucket_server: str) -> None:
    first, second = machine("a"), machine("b")
    assert not second.has(ResultRef(source=SOURCE, processor="video.frames", key="cd" * 32))
    (mine,) = published(first, "cd", host="a")
    published(second, "cd", host="b")
    assert [store.manifest(mine.ref).host for store in (first, second, machine("c"))] == ["a", "a", "a"]
    assert len(objects(first, bucket_server, bucket, "data")) == 1
    assert list(second.local.manifests()) == []


def test_a_failure_is_replaced_and_a_result_is_not(machine: Machine) -> None:
    store, late = machine("a"), "2021-06-28T00:00:00.000+00:00"
    (failed,) = published(store, "cd", verdict="failed", reason="it timed out")
    assert store.manifest(failed.ref).verdict == "failed"
    published(store, "cd", verdict="failed", reason="it timed out again", started_utc=late)
    assert store.manifest(failed.ref).reason == "it timed out again"
    published(store, "cd", started_utc=late)
    published(store, "cd", verdict="failed", reason="too late", started_utc=late)
    for reader in (store, machine("b")):
        assert reader.manifest(failed.ref).verdict == "made"
        assert [one.verdict for one in reader.manifests()] == ["made"]


def test_removed_results_are_gone_and_those_of_their_pass_stay(
    machine: Machine, bucket: str, bucket_server: str
) -> None:
    store, other = machine("a"), machine("b")
    first, second, third = published(store, "01", "02", "03")
    assert len(list(other.manifests())) == 3
    store.remove_all([first.ref, third.ref])
    for reader in (store, machine("c")):
        assert list(reader.manifests()) == [second]
        assert reader.open_item(second.ref, "a/one.txt").read() == b"one"
    assert len(objects(store, bucket_server, bucket, "data")) == 1
    store.remove(second.ref)
    assert objects(store, bucket_server, bucket, "data") + objects(store, bucket_server, bucket, "commits") == []
    other.look_again(SOURCE)
    with pytest.raises(ResultMissing, match=r"has no video\.frames; run `marsmedia ingest` to make it again"):
        other.manifest(second.ref)


def test_what_a_pass_builds_on_is_there_meanwhile(machine: Machine) -> None:
    store = machine("a")
    (used,) = published(store, "cd")
    with store.bringing([used.ref, used.ref]):
        assert store.local.manifest(used.ref) == used
        assert store.local.open_item(used.ref, "a/one.txt").read() == b"one"
    assert not store.local.has(used.ref)


def test_other_bytes_in_the_bucket_are_found_when_they_are_read(machine: Machine) -> None:
    store = machine("a")
    (made,) = published(store, "cd")
    (data,) = {one.name for one in store.bucket.list("data")}
    whole = store.bucket.get(data)
    store.bucket.put(data, whole.replace(b"one", b"two"))
    with pytest.raises(
        ResultCorrupt, match=r"a/one\.txt: SHA-256 is 3fc4ccfe745870e2\.\.\., the manifest says 7692c3ad"
    ):
        store.item_path(made.ref, "a/one.txt")
    store.bucket.put(data, whole)
    assert store.item_path(made.ref, "a/one.txt").read_bytes() == b"one"
    with pytest.raises(ResultMissing, match="has no item 'two'"):
        store.item_path(made.ref, "two")


def test_the_cache_stays_below_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARSMEDIA_CACHE_MB", "1")
    monkeypatch.setattr("processors.store.bucket.item_cache.IN_USE_SECONDS", -1.0)
    cache, fetched = ItemCache(tmp_path), []

    def read(number: int) -> Path:
        data = bytes([number]) * 300_000
        digest = hashlib.sha256(data).hexdigest()
        item = StoredItem(name="x/y.bin", media_type="", size_bytes=len(data), sha256=digest, facts={})

        def fetch(to: Path) -> str:
            fetched.append(number)
            to.write_bytes(data)
            return digest

        path = cache.path(item, "x/y.bin", fetch)
        assert path.read_bytes() == data
        os.utime(path, (number, number))  # as if it was used then
        return path

    paths = [read(number) for number in range(8)]
    assert [path.exists() for path in paths] == [False] * 5 + [True] * 3
    assert {path.suffix for path in paths} == {".bin"}
    assert (read(7), fetched) == (paths[7], list(range(8)))
    monkeypatch.setenv("MARSMEDIA_CACHE_MB", "much")
    with pytest.raises(RequestError, match=r"^MARSMEDIA_CACHE_MB=much: must be a number of megabytes$"):
        ItemCache(tmp_path)


class _TakenMeanwhile(type(Path())):  # type: ignore[misc] - the class of paths of this system
    """A file that another process removes as soon as somebody has looked at it."""

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        try:
            return super().stat(follow_symlinks=follow_symlinks)
        finally:
            self.unlink(missing_ok=True)


def test_a_file_of_the_cache_that_another_process_removes_meanwhile_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processors.store.bucket.item_cache.IN_USE_SECONDS", -1.0)
    old, taken, link = tmp_path / "old", tmp_path / "taken", tmp_path / "link"
    for path in (old, taken):
        path.write_bytes(bytes(100))
    link.symlink_to("gone")
    Growth(10).add(1, 10, [_TakenMeanwhile(taken), link, old, tmp_path], "st_mtime")
    assert [path.exists() for path in (old, taken)] == [False, False]


def test_two_machines_that_write_the_catalogue_lose_and_double_no_row(machine: Machine) -> None:
    stores = [machine("a"), machine("b")]
    catalogues = [Catalogue(store) for store in stores]

    def add(number: int) -> None:
        rows = [source_row(f"/raw/june/{number}-{n}.mp4", f"{number:064x}") for n in range(2)]
        shared = source_row("/raw/june/shared.mp4", SOURCE)
        catalogues[number % 2].add_sources([*rows, shared])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(add, range(12)))
    found = Catalogue(machine("c"))
    assert found.table("sources").num_rows == 25
    assert len(found.sources()) == 25
    before = sorted(map(str, found.table("sources").to_pylist()))
    assert rebuild_catalogue(machine("d")) == []
    assert sorted(map(str, Catalogue(machine("e")).table("sources").to_pylist())) == before


def test_a_catalogue_of_many_writes_is_compacted_in_the_bucket_too(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, bucket: str, bucket_server: str
) -> None:
    monkeypatch.setattr("processors.store.catalogue.catalogue.FILES_AT_MOST", 3)
    monkeypatch.setattr("processors.store.catalogue.catalogue.READERS_HOURS", 0)
    store = machine("a")
    for number in range(6):
        Catalogue(store).add_sources([source_row(f"/raw/june/{number}.mp4", f"{number:064x}")])
    files = [name for name in objects(store, bucket_server, bucket, "catalogue/sources") if "_delta_log" not in name]
    assert len(files) <= 4
    assert any(name.endswith("_last_checkpoint") for name in objects(store, bucket_server, bucket, "catalogue"))
    assert len(Catalogue(machine("b")).sources()) == 6


def test_a_checkpoint_of_a_change_that_was_refused_takes_no_row_of_the_other_writer(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, bucket: str, bucket_server: str
) -> None:
    monkeypatch.setattr("processors.store.catalogue.catalogue.FILES_AT_MOST", 3)
    theirs, others = machine("b"), []

    def meet(asked: str) -> None:
        if not others and re.fullmatch(r"PUT .*/catalogue/sources/_delta_log/\d+\.json", asked):
            others.append(asked)
            monkeypatch.setattr("processors.store.catalogue.catalogue.FILES_AT_MOST", 50)
            Catalogue(theirs).add_sources([source_row("/raw/june/theirs.mp4", "cd" * 32)])

    with proxy_before(bucket_server) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        ours = machine("a")
        for number in range(3):
            Catalogue(ours).add_sources([source_row(f"/raw/june/{number}.mp4", f"{number:064x}")])
        proxy.meet = meet
        Catalogue(ours).add_sources([source_row("/raw/june/3.mp4", f"{3:064x}")])
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket_server)
    assert len(others) == 1
    expected = [*(f"/raw/june/{number}.mp4" for number in range(4)), "/raw/june/theirs.mp4"]
    for store in (machine("c"), theirs, ours):
        store.pull("sources")
        assert sorted(Catalogue(store).sources()) == expected
    assert [name for name in objects(theirs, bucket_server, bucket, "catalogue") if "checkpoint" in name] == []


def test_a_connection_that_breaks_in_a_change_leaves_the_catalogue_as_it_was(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, bucket: str, bucket_server: str
) -> None:
    monkeypatch.setattr("processors.store.catalogue.catalogue.FILES_AT_MOST", 3)
    with proxy_before(bucket_server) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        store = machine("a")
        for number in range(3):
            Catalogue(store).add_sources([source_row(f"/raw/june/{number}.mp4", f"{number:064x}")])
        before = objects(store, bucket_server, bucket, "catalogue")
        proxy.will("403", only="/catalogue/sources/part-")
        with pytest.raises(StoreError):
            Catalogue(store).add_sources([source_row("/raw/june/3.mp4", f"{3:064x}")])
        proxy.will("")
        monkeypatch.setenv("AWS_ENDPOINT_URL", bucket_server)
        assert objects(store, bucket_server, bucket, "catalogue") == before
        assert len(Catalogue(machine("b")).sources()) == 3
        Catalogue(store).add_sources([source_row("/raw/june/3.mp4", f"{3:064x}")])
    for reader in (store, machine("c")):
        assert len(Catalogue(reader).sources()) == 4


def test_commits_are_fetched_several_at_once_and_read_in_order(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, bucket_server: str
) -> None:
    """One after the other, those of 10,000 sources took eight minutes, nearly all of it waiting for answers."""
    sources = [f"{number:064x}" for number in range(4)]
    made = [one for source in sources for one in published(machine("a"), "cd", digest=source)]
    together = threading.Barrier(2)

    def meet(asked: str) -> None:
        if asked.startswith("GET ") and ".json" in asked and "/commits/" in asked:
            together.wait(timeout=60)  # a request alone fails here

    with proxy_before(bucket_server) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        proxy.meet = meet
        for name, read in {"b": lambda one: one.readable([]), "c": lambda one: one.manifests()}.items():
            assert list(read(machine(name))) == made
        names = list(machine("d").copied_commits())
        assert names == machine("d").commit_names()
    assert not together.broken


def test_a_commit_with_another_result_in_its_place_is_corrupt(machine: Machine) -> None:
    store = machine("a")
    (first,) = published(store, "cd")
    (second,) = published(store, "ef")
    name = commit_name([second.ref], 0)
    store.bucket.put(name, store.bucket.get(commit_name([first.ref], 0)))
    reader = machine("b")
    assert reader.manifest(first.ref) == first
    with pytest.raises(ResultCorrupt) as told:
        reader.manifest(second.ref)
    assert str(told.value) == (
        f"{store.address}/{name}: its manifest names another result; run `marsmedia verify`, then `marsmedia ingest`"
    )


def test_links_of_many_sources_are_read_once(machine: Machine) -> None:
    here, there = machine("a"), machine("b")
    digests = [f"{number:064x}" for number in range(5)]
    for kind in ("first", "second"):
        here.link({digest: [{"kind": kind, "other": digest}] for digest in digests})
        assert [(here.source(digest) or {})["links"][0]["kind"] for digest in digests] == [kind] * 5
    before = there.bucket.traffic.requests
    assert [(there.source(digest) or {})["links"][0]["kind"] for digest in digests] == ["second"] * 5
    assert there.bucket.traffic.requests - before == 2


def test_records_are_seen_from_other_machines(machine: Machine) -> None:
    ref = ResultRef(source=SOURCE, processor="video.frames", key="cd" * 32)
    keep_results([ref], machine("a"))
    other = machine("b")
    assert kept_results(other) == {ref}
    release_results([ref], other)
    assert kept_results(machine("a")) == set()


def test_records_are_in_the_order_of_their_names_whenever_they_were_uploaded(machine: Machine) -> None:
    """A bucket that was copied has other dates, and the last upload may be of the first run."""
    store, names = machine("a"), ("20260102T000000000000-1.json", "20260101T000000000000-2.json")
    for name in names:
        record = store.runs_folder / name
        record.write_text("{}")
        store.upload(record)
    for one in (store, machine("b")):
        assert [path.name for path in one.records("runs")] == list(names)


def test_reading_makes_no_store_and_a_mark_that_is_none_is_refused(bucket: str, machine: Machine) -> None:
    with pytest.raises(RequestError, match=f"^no store found at s3://{bucket}/none; run `marsmedia ingest` or pass"):
        open_store(f"s3://{bucket}/none", writes=False)
    with pytest.raises(StoreAway) as away:
        open_store(f"s3://{bucket}/none", new="never")
    always = "no store is there; `marsmedia ingest --new-store always` begins a new one"
    assert in_words(away.value) == f"s3://{bucket}/none: {always}"
    store = machine("a")
    assert (store.is_new, machine("b").is_new) == (True, False)
    for mark, told in (
        (b"{}", "not a valid store file; choose another address"),
        (
            b'{"marsmedia_store_format": 3, "identity": "x"}',
            r"made by a newer marsmedia \(store format 3\); use that version",
        ),
    ):
        store.bucket.put("store.json", mark)
        with pytest.raises(StoreError, match=told):
            machine("a")


def test_a_server_that_is_not_fit_is_refused_and_left_as_it_was(
    bucket: str, bucket_server: str, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy_before(bucket_server) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        proxy.will("no condition")
        with pytest.raises(StoreError, match="ignores If-None-Match"):
            machine("a")
        assert "Contents" not in client(bucket_server).list_objects_v2(Bucket=bucket)
        proxy.will("")
        machine("a")
        proxy.will("no condition")
        with pytest.raises(StoreError, match="ignores If-None-Match"):
            machine("a")
        proxy.will("")
        assert machine("b").identity == open_store(f"s3://{bucket}/mars", writes=False).identity


def test_a_versioned_bucket_in_which_the_server_ignores_the_condition_is_named_as_a_possible_cause(
    bucket: str, bucket_server: str, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    client(bucket_server).put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    with proxy_before(bucket_server) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        proxy.will("no condition")
        with pytest.raises(StoreError) as refused:
            machine("a")
    assert str(refused.value) == (
        f"s3://{bucket}/mars: the server overwrites an object that was to be created only once (it ignores "
        "If-None-Match), so that two runs could lose each other's results; the bucket is versioned, and some servers "
        "ignore it only there: use a bucket that never had versions, another server, or a newer version of it"
    )
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket_server)
    assert machine("a").is_new, "a server that heeds the condition there too is as good as any"


def test_a_name_that_a_deleted_version_keeps_ends_in_one_sentence(
    bucket: str, bucket_server: str, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ceph 16.2 refuses to create what was deleted, once versioning is suspended; a claim must not try for ever."""
    store = machine("a")
    with proxy_before(bucket_server) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        claims = BucketClaims(Bucket(store.address))
        claims.join(b"a machine")
        proxy.will("412", only=f"PUT /{bucket}/mars/claims/sources/")
        with pytest.raises(StoreError) as told:
            claims.claim(SOURCE)
        proxy.will("")
        claims.leave()
    assert str(told.value) == (
        f"s3://{bucket}/mars/claims/sources/{SOURCE}/0.json: the server says that the object exists, and that it is "
        "missing, as some do in a bucket whose versioning is or was switched on; use a bucket that never had versions"
    )


def test_a_pickle_holds_the_address_and_no_credentials(machine: Machine) -> None:
    store = machine("a")
    data = pickle.dumps(store)
    assert SECRET.encode() not in data
    assert KEY.encode() not in data
    assert pickle.loads(data).address == store.address


def test_verify_names_what_is_damaged_missing_and_left_over(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    store = machine("a")
    published(store, "01", "02")
    (lost,) = published(store, "03")
    stored = {one.manifest.ref.key[:2]: one for name in store.commit_names() for one in store.results_in(name)}
    sound, gone = stored["02"].data, stored["03"].data
    place = store.bucket
    assert [checked.faults for checked in verify_results(store)] == [(), (), ()]
    assert [
        checked.path for checked in verify_results(store, after=f"results/ab/{SOURCE}/video.frames/{'01' * 8}")
    ] == [f"results/ab/{SOURCE}/video.frames/{key * 8}" for key in ("02", "03")]
    whole = place.get(sound)
    at = stored["02"].starts["a/one.txt"]
    place.put(sound, whole[:at] + b"two" + whole[at + 3 :])
    place.delete([gone])
    place.put("data/ab/left.zip", b"of a killed run")
    monkeypatch.setattr("processors.store.bucket.bucket_store.MIN_UNNAMED_AGE", timedelta(days=-1))
    found = [(fault.kind, fault.path, fault.reason) for checked in verify_results(store) for fault in checked.faults]
    where = f"results/ab/{SOURCE}/video.frames"
    damage = "SHA-256 is 3fc4ccfe745870e2..., the manifest says 7692c3ad3540bb80..."
    assert found == [
        ("damaged", f"{where}/{'02' * 8}/a/one.txt", damage),
        ("missing", f"{where}/{'03' * 8}/a/one.txt", f"not in {gone}"),
        ("extra", "data/ab/left.zip", "no commit names it; `marsmedia prune` removes it"),
    ]
    store.remove_unnamed()
    assert [one.name for one in place.list("data")] == [sound]
    place.put(f"commits/ab/{SOURCE}/{'03' * 8}.json", b"no JSON")
    damaged = [fault.kind for checked in verify_results(machine("b")) for fault in checked.faults]
    assert damaged == ["damaged", "damaged"]
    assert lost.ref in {one.ref for one in store.manifests()}, "the copy of this machine is still whole"


def test_a_damaged_table_in_the_bucket_is_named_and_rebuilt(machine: Machine, bucket: str, bucket_server: str) -> None:
    store = machine("a")
    catalogue = Catalogue(store)
    catalogue.add_results(published(store, "cd", "ef"))
    rows = sorted(map(str, catalogue.rows("results", ["key", "verdict"])))
    entries = [name for name in objects(store, bucket_server, bucket, "catalogue/results") if name.endswith(".json")]
    for name in entries:
        client(bucket_server).put_object(Bucket=bucket, Key=f"mars/{name}", Body=b"")
    with pytest.raises(StoreError, match=r"^the catalogue table 'results' is damaged \(.*\); run `marsmedia rebuild`$"):
        list(Catalogue(machine("b")).rows("results", ["key"]))
    assert rebuild_catalogue(machine("b")) == []
    for name in ("b", "c"):
        assert sorted(map(str, Catalogue(machine(name)).rows("results", ["key", "verdict"]))) == rows


@pytest.mark.parametrize("what", ["seen", "links"])
@pytest.mark.parametrize("left", [b"", b"[1", b"\x93\n"])
def test_a_damaged_record_of_sources_is_named_and_written_again_from_the_catalogue(
    machine: Machine, bucket: str, bucket_server: str, what: str, left: bytes
) -> None:
    store = machine("a")
    catalogue = Catalogue(store)
    rows = [source_row("/raw/june/a.mp4", "ab" * 32), source_row("/raw/june/b.mp4", "cd" * 32)]
    catalogue.add_sources(rows)
    forbidden = dataclasses.replace(rows[0], entry_permission=False)
    catalogue.add_sources([forbidden])
    ends = LinkEnd(source="ab" * 32), LinkEnd(source="cd" * 32)
    catalogue.replace_links([SourceLink(kind="same sound", here=ends[0], there=ends[1], score=0.5)])
    whole = list(store.sources())
    *_, name = objects(store, bucket_server, bucket, what)
    client(bucket_server).put_object(Bucket=bucket, Key=f"mars/{name}", Body=left)
    (lost,) = lost_records(machine("b"))
    assert (lost.path, lost.kind, lost.source) == (name, "damaged", None)
    assert lost.reason.startswith("not a readable record (")
    assert rebuild_catalogue(machine("b")) == [UnreadableRecord(reason=f"{name}: {lost.reason}", is_restored=True)]
    for other in ("b", "c"):
        store = machine(other)
        assert list(store.sources()) == whole
        assert Catalogue(store).sources() == {rows[1].path: rows[1], forbidden.path: forbidden}
        assert len(list(Catalogue(store).rows("links", ["source"]))) == 2
    assert list(lost_records(machine("c"))) == []
    assert rebuild_catalogue(machine("c")) == []


def test_a_path_that_no_record_in_the_bucket_has_any_more_is_written_again(
    machine: Machine, bucket: str, bucket_server: str
) -> None:
    store = machine("a")
    row, moved = source_row("/raw/june/a.mp4", "ab" * 32), source_row("/raw/may/a.mp4", "ab" * 32)
    Catalogue(store).add_sources([row])
    Catalogue(store).move_sources([row], [moved])
    for name in objects(store, bucket_server, bucket, "seen"):
        client(bucket_server).delete_object(Bucket=bucket, Key=f"mars/{name}")
    (lost,) = lost_records(machine("b"))
    assert (lost.path, lost.kind, lost.reason) == ("seen", "missing", "paths of the catalogue that are in no record: 1")
    assert [one.is_restored for one in rebuild_catalogue(machine("b"))] == [True]
    assert Catalogue(machine("c")).sources() == {moved.path: moved}
    assert list(lost_records(machine("c"))) == []


def test_a_file_that_a_run_adds_during_a_check_of_the_records_is_not_lost(machine: Machine) -> None:
    row, new = source_row("/raw/june/a.mp4", "ab" * 32), source_row("/raw/july/b.mp4", "cd" * 32)
    Catalogue(machine("a")).add_sources([row])

    class ReadWhileARunAdds(BucketSourceRecords):
        def all(self, unreadable: list[str] | None = None, *, forgotten: bool = False) -> Iterator[dict[str, Any]]:
            yield from super().all(unreadable, forgotten=forgotten)
            Catalogue(machine("a")).add_sources([new])

    store = machine("b")
    store.source_records = ReadWhileARunAdds(store.bucket)
    assert list(lost_records(store)) == []
    assert set(Catalogue(machine("c")).sources()) == {row.path, new.path}


def test_a_place_that_was_moved_stays_away_where_the_record_of_it_is_damaged(
    machine: Machine, bucket: str, bucket_server: str
) -> None:
    store = machine("a")
    row, moved = source_row("/raw/june/a.mp4", "ab" * 32), source_row("/raw2/june/a.mp4", "ab" * 32)
    other = source_row("/raw/july/b.mp4", "cd" * 32)
    store.saw([(other.digest, {"path": other.path, "seen_utc": other.seen_utc})])  # a crash left it out of the table
    Catalogue(store).add_sources([row])
    Catalogue(store).move_sources([row], [moved])
    *_, name = objects(store, bucket_server, bucket, "seen")
    client(bucket_server).put_object(Bucket=bucket, Key=f"mars/{name}", Body=b"")
    assert [one.is_restored for one in rebuild_catalogue(machine("b"))] == [True]
    for other_machine in ("b", "c"):
        places = [(one["digest"], [path["path"] for path in one["seen"]]) for one in machine(other_machine).sources()]
        assert places == [(row.digest, [moved.path]), (other.digest, [other.path])]
        assert moved.path in Catalogue(machine(other_machine)).sources()
        assert row.path not in Catalogue(machine(other_machine)).sources()
    assert list(lost_records(machine("c"))) == []
