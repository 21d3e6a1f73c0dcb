"""A store in a bucket: the same results as in a folder, few requests, and nothing lost or half seen when a run dies."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest

from flows.run.options import Options
from flows.run.reporting.report import Report
from flows.run.run import in_threads, run_ingest
from flows.run.working.batches import Batch
from flows.run.working.shared_work import BatchOutcome
from processors.store.catalogue.catalogue import Catalogue
from processors.store.manifest import ResultRef
from processors.store.open_store import open_store
from processors.store.store import Store
from tests.conftest import quiet_environment
from tests.helpers.buckets import Proxy, client
from tests.helpers.first_recipes import RECIPES
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import counts, ingest
from tests.helpers.stopped_runs import start
from tests.run.test_dask import Cluster


@pytest.fixture
def release(raw: Path, maker: MediaMaker) -> Path:
    """A small release of each medium, with a photo that is cut off."""
    maker.video("descent.mp4", list(range(60)), sound_hz=440.0)
    maker.tone("wind.wav")
    maker.photo("rover.jpg")
    (raw / "june" / "cut.jpg").write_bytes((raw / "june" / "rover.jpg").read_bytes()[:700])
    return raw


def digests(store: Store) -> dict[tuple[ResultRef, str], str]:
    """The SHA-256 of each item, hashed from what the store gives."""
    return {
        (manifest.ref, item.name): hashlib.sha256(store.open_item(manifest.ref, item.name).read()).hexdigest()
        for manifest in store.manifests()
        for item in manifest.items
    }


def outcomes(store: Store) -> dict[ResultRef, tuple[str, str | None]]:
    return {manifest.ref: (manifest.verdict, manifest.reason) for manifest in store.manifests()}


def rows(store: Store, table: str, *columns: str) -> list[str]:
    return sorted(map(str, Catalogue(store).table(table, columns).to_pylist()))


def objects(bucket: str, server: str, below: str = "") -> list[str]:
    found = client(server).list_objects_v2(Bucket=bucket, Prefix=f"mars/{below}").get("Contents", [])
    return [one["Key"].removeprefix("mars/") for one in found]


def asked(proxy: Proxy, bucket: str) -> list[str]:
    """What was asked since the last time, without what differs from run to run."""
    words = [
        f"{method} {re.sub(f'^/{bucket}/?', '', path).split('&')[0]}{' of ' + found[1] if found else ''}"
        for method, path in proxy.asked
        for found in [re.search(r"prefix=mars%2F(\w+)", path)]
    ]
    proxy.asked.clear()
    return [re.sub(r"(?:[0-9]{8}T|test-)[^.]*", "RUN", one) for one in words]


def test_a_bucket_holds_the_same_results_as_a_folder(
    release: Path, bucket: str, tmp_path: Path, elsewhere: Callable[[str], None]
) -> None:
    here, there = ingest(release, tmp_path / "store"), ingest(release, f"s3://{bucket}/mars")
    assert counts(there) == counts(here)
    assert there.traffic is not None
    elsewhere("another machine")
    folder, in_bucket = open_store(tmp_path / "store"), open_store(f"s3://{bucket}/mars", writes=False)
    assert len(digests(folder)) > 10
    assert digests(in_bucket) == digests(folder)
    assert outcomes(in_bucket) == outcomes(folder)
    for table, *columns in (
        ("results", "source", "processor", "key", "verdict", "reason", "item_count", "size_bytes", "parameters"),
        ("items", "source", "processor", "key", "name", "sha256", "facts"),
        ("sources", "path", "digest", "release", "relative", "medium"),
    ):
        assert rows(in_bucket, table, *columns) == rows(folder, table, *columns)


def test_results_take_few_requests_and_nothing_due_takes_none(
    release: Path, bucket: str, proxy: Proxy, elsewhere: Callable[[str], None]
) -> None:
    report = ingest(release, f"s3://{bucket}/mars")
    assert report.traffic is not None
    assert report.traffic.requests == len(proxy.asked) - 1, "the report itself is put last"
    of_sources = Counter(found[1] for _, path in proxy.asked if (found := re.search(r"(?:/|%2F)([0-9a-f]{64})", path)))
    assert len(of_sources) == report.sources == 4
    assert set(of_sources.values()) == {5}, "a claim, a listing, a zip, a commit, and the end of the claim"
    asked(proxy, bucket)
    few = [
        "GET mars/store.json",
        "PUT mars/store.json",
        "GET ?list-type=2 of catalogue",
        "GET ?list-type=2 of commits",
        "PUT mars/runs/RUN.json",
    ]
    again = ingest(release, f"s3://{bucket}/mars")
    assert (again.results.made, again.results.reused) == (0, report.results.made + report.results.refused)
    assert asked(proxy, bucket) == few
    elsewhere("another machine")
    third = ingest(release, f"s3://{bucket}/mars")
    assert third.results == again.results
    there = asked(proxy, bucket)
    assert [one for one in there if "GET mars/catalogue/" not in one] == few


def test_a_run_that_is_killed_before_a_commit_leaves_nothing_to_be_seen(
    release: Path,
    bucket: str,
    bucket_server: str,
    proxy: Proxy,
    elsewhere: Callable[[str], None],
    python_path: str,
    tmp_path: Path,
) -> None:
    store = f"s3://{bucket}/mars"
    process = start(release, store, quiet_environment(tmp_path) | {"PYTHONPATH": python_path})
    killed: list[str] = []

    def kill(request: str) -> None:
        if request.startswith(f"PUT /{bucket}/mars/commits/"):
            killed.append(request)
            process.kill()
            process.wait()

    proxy.meet = kill
    proxy.will("cut before", only="/commits/")
    process.communicate(timeout=120)
    assert killed
    proxy.meet = lambda request: None
    proxy.will("")
    assert len(objects(bucket, bucket_server, "data")) >= 1
    assert objects(bucket, bucket_server, "commits") == []
    opened = open_store(store, writes=False)
    assert list(opened.manifests()) == []
    assert rows(opened, "results", "key") == []
    elsewhere("another machine")
    healed = ingest(release, store)
    assert (healed.results.reused, healed.results.made + healed.results.failed) == (0, healed.results.inputs)
    assert ingest(release, store).results.due == 0


@pytest.mark.slow
def test_on_a_cluster_a_killed_worker_changes_no_byte_in_the_bucket(
    release: Path, bucket: str, proxy: Proxy, tmp_path: Path, elsewhere: Callable[[str], None], python_path: str
) -> None:
    store = f"s3://{bucket}/mars"
    alone = ingest(release, tmp_path / "alone")
    cluster = Cluster(tmp_path, {**os.environ, "PYTHONPATH": python_path})
    try:
        for name in ("one machine", "another machine"):
            cluster.environment["XDG_CACHE_HOME"] = str(tmp_path / name)
            cluster.start_worker("--no-nanny")
        cluster.wait_for_workers(2)
        killed = threading.Event()

        def kill(request: str) -> None:
            if "/mars/data/" in request and not killed.is_set():
                killed.set()
                cluster.workers[0].kill()

        proxy.meet = kill
        shared = ingest(release, store, runner="dask", scheduler=cluster.address)
        proxy.meet = lambda request: None
    finally:
        cluster.close()
    assert killed.is_set()
    assert counts(shared) == counts(alone)
    elsewhere("a third machine")
    in_bucket, folder = open_store(store, writes=False), open_store(tmp_path / "alone")
    assert digests(in_bucket) == digests(folder)
    assert outcomes(in_bucket) == outcomes(folder)
    assert rows(in_bucket, "results", "source", "key") == rows(folder, "results", "source", "key")
    assert ingest(release, store).results.due == 0


@pytest.mark.slow
def test_a_worker_that_cannot_open_the_bucket_is_refused(
    release: Path, bucket: str, tmp_path: Path, python_path: str
) -> None:
    store = f"s3://{bucket}/mars"
    cluster = Cluster(tmp_path, {**os.environ, "PYTHONPATH": python_path})
    try:
        cluster.environment["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9"
        cluster.start_worker("--no-nanny")
        cluster.wait_for_workers(1)
        report = ingest(release, store, runner="dask", scheduler=cluster.address)
    finally:
        cluster.close()
    assert report.stop is not None
    assert re.sub(r"tcp://[0-9.:]+", "WORKER", report.stop.reason) == (
        f"worker WORKER cannot use the store: {store}: http://127.0.0.1:9 does not answer; "
        "check AWS_ENDPOINT_URL and the network"
    )
    assert report.results.made == 0


def test_two_machines_share_the_work_on_a_bucket(
    raw: Path, maker: MediaMaker, bucket: str, bucket_server: str, elsewhere: Callable[[str], None]
) -> None:
    for number in range(30):
        maker.photo(f"photo-{number}.jpg", size=(60 + number, 40))
    store, introduced, reports = f"s3://{bucket}/mars", threading.Event(), dict[str, Report]()

    def second(batches: Sequence[Batch]) -> Iterable[BatchOutcome]:
        introduced.set()
        return in_threads(batches)

    def first(batches: Sequence[Batch]) -> Iterable[BatchOutcome]:
        if not other.ident:  # it is asked once more for what the other one was working on
            elsewhere("another machine")
            other.start()
        assert introduced.wait(60)
        return in_threads(batches)

    def run_second() -> None:
        reports["second"] = run_ingest(raw, store, RECIPES, Options(), second, name="second")

    other = threading.Thread(target=run_second)
    reports["first"] = run_ingest(raw, store, RECIPES, Options(), first, name="first")
    other.join(120)
    assert [counts(report)[0] for report in reports.values()] == [60, 60]
    assert sum(report.results.made for report in reports.values()) == 60
    assert len(objects(bucket, bucket_server, "data")) == len(objects(bucket, bucket_server, "commits")) == 30
    assert objects(bucket, bucket_server, "claims") == []
    (note,) = reports["second"].notes
    assert note.startswith("another run is at work on this store: `")
    assert ingest(raw, store).results.due == 0


def test_a_claim_of_a_run_that_is_lost_holds_nothing_up(release: Path, bucket: str, bucket_server: str) -> None:
    store = f"s3://{bucket}/mars"
    first = ingest(release, store)
    assert objects(bucket, bucket_server, "claims") == []
    digests = {name.split("/")[2] for name in objects(bucket, bucket_server, "commits")}
    for name in objects(bucket, bucket_server, "commits"):
        client(bucket_server).delete_object(Bucket=bucket, Key=f"mars/{name}")
    for digest in digests:
        claim = f"mars/claims/sources/{digest}/0.json"
        client(bucket_server).put_object(Bucket=bucket, Key=claim, Body=b'{"holder": "lost", "claim": "x"}')
    again = ingest(release, store)
    assert again.results.made == first.results.made
    assert objects(bucket, bucket_server, "claims") == []


def test_a_versioned_bucket_gives_the_same(release: Path, bucket: str, bucket_server: str, tmp_path: Path) -> None:
    server, address = client(bucket_server), f"s3://{bucket}/mars"
    server.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    alone, shared = ingest(release, tmp_path / "folder"), ingest(release, address)
    assert counts(shared) == counts(alone)
    assert ingest(release, address).results.due == 0
    store = open_store(address)
    store.remove_all([next(store.manifests()).ref])
    assert ingest(release, address).results.made == 1
    assert {str(one.ref) for one in open_store(address).manifests()} == {
        str(one.ref) for one in Store(tmp_path / "folder").manifests()
    }
    assert server.list_object_versions(Bucket=bucket)["DeleteMarkers"], "what was removed stays as a version"
