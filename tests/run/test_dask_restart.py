"""A scheduler that is lost while a run is at work: the run goes on with its successor, or ends in one sentence."""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from flows.run.dask import dask_cluster
from flows.run.dask.dask_cluster import DaskCluster
from flows.run.dask.dask_worker import hash_on_worker
from flows.run.options import Options
from processors.errors import RequestError
from processors.store.store import Store
from tests.helpers.runs import ingest as ingest_here
from tests.run.test_dask import SUMMARY, Cluster, digests, environment, ingest, is_begun, raw, start, start_on

__all__ = ["environment", "raw"]


@pytest.fixture
def cluster(tmp_path: Path, environment: dict[str, str]) -> Iterator[Cluster]:
    """A cluster of one worker."""
    one = Cluster(tmp_path, environment)
    one.start_worker("--no-nanny")
    one.wait_for_workers(1)
    yield one
    one.close()


@pytest.mark.slow
def test_a_run_goes_on_with_a_scheduler_that_is_started_again(cluster: Cluster, raw: Path, tmp_path: Path) -> None:
    alone = ingest(raw, tmp_path / "alone", environment=cluster.environment)
    run = start_on(cluster.address, raw, tmp_path / "store", cluster.environment)
    cluster.lose_scheduler()
    cluster.start_scheduler_again()
    cluster.start_worker("--no-nanny")
    told, problems = run.communicate(timeout=300)
    assert run.returncode == 0, told + problems
    assert "Traceback" not in told + problems
    assert SUMMARY.match(told), told
    assert told.splitlines()[0] == alone.stdout.splitlines()[0]
    assert digests(tmp_path / "store") == digests(tmp_path / "alone")
    (report,) = (tmp_path / "store/runs").glob("*.json")
    lost = "the connection to the Dask scheduler was lost and made again 1 time"
    assert lost in json.loads(report.read_text())["notes"]
    again = ingest(raw, tmp_path / "store", environment=cluster.environment)
    assert f" {len(digests(tmp_path / 'alone'))} reused" in again.stdout.splitlines()[0]


@pytest.mark.slow
def test_a_run_whose_scheduler_stays_away_ends_in_a_sentence_and_the_next_makes_the_rest(
    cluster: Cluster, raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_cluster, "LOST_SECONDS", 5.0)
    alone, store = ingest_here(raw, tmp_path / "alone"), tmp_path / "store"
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(ingest_here, raw, store, runner="dask", scheduler=cluster.address)
        while not is_begun(store) and not running.done():
            time.sleep(0.02)
        cluster.lose_scheduler()
        lost = running.result(timeout=200)
    assert lost.stop is not None
    assert lost.stop.reason == (
        f"{cluster.address}: no Dask scheduler responds; start `dask scheduler`, or name another"
    )
    made = len(digests(store))
    assert lost.results.made == made
    healed = ingest_here(raw, store)
    assert healed.results.reused == made
    assert healed.results.made + made == alone.results.made
    assert digests(store) == digests(tmp_path / "alone")
    assert not [*Store(store).root.glob("scratch/*")]


CONNECTED = "Receive client connection"
"""Line of a scheduler's log."""


@pytest.fixture
def connecting(cluster: Cluster, tmp_path: Path) -> Iterator[Future[DaskCluster]]:
    """Work that has connected, and waits for the answer of a worker that is stopped."""
    seen = cluster.log.read_text().count(CONNECTED)
    cluster.workers[0].send_signal(signal.SIGSTOP)
    options = Options(runner="dask", scheduler=cluster.address)
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(DaskCluster, "test", None, options, Store(tmp_path / "store"))
        while cluster.log.read_text().count(CONNECTED) == seen:
            time.sleep(0.02)
        time.sleep(1)
        assert not future.done()
        yield future


@pytest.mark.slow
def test_a_scheduler_that_is_lost_while_work_connects_is_waited_for(
    cluster: Cluster, connecting: Future[DaskCluster]
) -> None:
    cluster.lose_scheduler()
    cluster.workers[0].kill()
    cluster.start_scheduler_again()
    cluster.start_worker("--no-nanny")
    with connecting.result(timeout=200) as dask:
        assert dask.ask(hash_on_worker, (name_of, ["june"])) == ["june in store"]
        assert dask.slot_count == 1


@pytest.mark.slow
def test_a_scheduler_that_is_lost_while_work_connects_and_stays_away_ends_it_in_a_sentence(
    cluster: Cluster, connecting: Future[DaskCluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_cluster, "LOST_SECONDS", 1.0)
    cluster.lose_scheduler()
    cluster.workers[0].kill()
    with pytest.raises(RequestError) as ended:
        connecting.result(timeout=200)
    assert str(ended.value) == (
        f"{cluster.address}: no Dask scheduler responds; start `dask scheduler`, or name another"
    )


@pytest.mark.slow
def test_a_worker_that_is_killed_while_work_connects_does_not_end_it(
    cluster: Cluster, connecting: Future[DaskCluster]
) -> None:
    cluster.start_worker("--no-nanny")
    cluster.wait_for_workers(2)
    cluster.workers[0].kill()
    with connecting.result(timeout=200) as dask:
        assert dask.ask(hash_on_worker, (name_of, ["june"])) == ["june in store"]


@pytest.mark.slow
def test_work_that_begins_while_another_thread_connects_again_is_done(cluster: Cluster, tmp_path: Path) -> None:
    """That thread has closed the lost connection, and the next one is not there yet."""
    options = Options(runner="dask", scheduler=cluster.address)
    with DaskCluster("test", None, options, Store(tmp_path / "store")) as dask:
        dask._client.close()
        assert dask.ask(hash_on_worker, (name_of, ["june"])) == ["june in store"]


@pytest.mark.slow
def test_a_run_that_is_stopped_while_the_connection_is_lost_ends(cluster: Cluster, tmp_path: Path) -> None:
    options = Options(runner="dask", scheduler=cluster.address)
    with DaskCluster("test", None, options, Store(tmp_path / "store")) as dask:
        dask._client.close()
        dask.stop()
        assert dask.ask(hash_on_worker, (name_of, ["june"])) is None


def name_of(store: Store, word: str) -> str:
    return f"{word} in {store.root.name}"


@pytest.mark.slow
def test_a_check_goes_on_with_a_scheduler_that_is_started_again(cluster: Cluster, raw: Path, tmp_path: Path) -> None:
    ingest(raw, tmp_path / "store", environment=cluster.environment)
    words = ("--store", tmp_path / "store", "--runner", "dask", "--scheduler", cluster.address)
    run = start(("reproduce", "*", *words), tmp_path / "store", cluster.environment)
    cluster.lose_scheduler()
    cluster.start_scheduler_again()
    cluster.start_worker("--no-nanny")
    told, problems = run.communicate(timeout=300)
    assert run.returncode == 0, told + problems
    assert "Traceback" not in told + problems
    assert re.search(r" identical, 0 within tolerance, 0 different, 0 not rebuilt\n\Z", told), told
