"""On a Dask cluster the same results are made as on one machine, whatever happens to its workers."""

from __future__ import annotations

import contextlib
import json
import operator
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from distributed import Client
from distributed.security import Security

from flows.run.checking.check_store import check_up
from flows.run.dask.dask_checker import DaskChecker
from flows.run.dask.dask_cluster import DaskCluster, is_open
from flows.run.dask.dask_worker import Needs, unmet
from flows.run.dask.same_program import difference, program
from flows.run.options import Options
from processors.errors import RequestError
from processors.store.store import STORE_FILE, Store
from tests.conftest import quiet_environment
from tests.helpers.buckets import proxy_before
from tests.helpers.command import PROJECT, command_line
from tests.helpers.made_media import MediaMaker

SUMMARY = re.compile(r"completed.*: of \d+ results: \d+ made, 0 reused, \d+ refused, 0 failed")


class Cluster:
    """A scheduler and workers as processes on loopback."""

    def __init__(
        self, folder: Path, environment: dict[str, str], *, protocol: str = "tcp", security: Security | None = None
    ) -> None:
        self._file = folder / "scheduler.json"
        self.environment = environment
        self.log = folder / "cluster.txt"
        self._log = self.log.open("w")
        self._protocol, self._security = protocol, security
        self.workers: list[subprocess.Popen[bytes]] = []
        self._scheduler = self._start_scheduler("0")
        self.address: str = json.loads(self._file.read_text())["address"]

    def _start_scheduler(self, port: str) -> subprocess.Popen[bytes]:
        place = ("--protocol", self._protocol, "--host", "127.0.0.1", "--port", port)
        scheduler = self._start("dask_scheduler", *place, "--no-dashboard")
        for _ in range(600):
            if self._file.exists() and self._file.read_text().endswith("}"):
                break
            assert scheduler.poll() is None, self.log.read_text()
            time.sleep(0.1)
        return scheduler

    def lose_scheduler(self) -> None:
        """Kill the scheduler; its workers end."""
        self._scheduler.kill()
        self._scheduler.wait()
        self._file.unlink()

    def start_scheduler_again(self) -> None:
        """Start a scheduler at the address of the one that was lost."""
        self._scheduler = self._start_scheduler(str(urlsplit(self.address).port))

    def start_worker(self, *options: str, **variables: str) -> subprocess.Popen[bytes]:
        """Start a worker, with some variables of its own in its environment."""
        worker = self._start("dask_worker", "--nthreads", "1", "--no-dashboard", *options, **variables)
        self.workers.append(worker)
        return worker

    def wait_for_workers(self, count: int) -> None:
        with Client(self.address, security=self._security, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=60)

    def close(self) -> None:
        for process in (*self.workers, self._scheduler):
            process.kill()
            process.wait()
        self._log.close()

    def _start(self, module: str, *options: str, **variables: str) -> subprocess.Popen[bytes]:
        command = [
            sys.executable,
            "-P",
            "-m",
            f"distributed.cli.{module}",
            "--scheduler-file",
            str(self._file),
            *options,
        ]
        return subprocess.Popen(command, env=self.environment | variables, stdout=self._log, stderr=self._log)


@pytest.fixture
def environment(tmp_path: Path, python_path: str) -> dict[str, str]:
    """Environment of a driver and its workers: few recipes."""
    return {**quiet_environment(tmp_path / "home"), "PYTHONPATH": python_path}


@pytest.fixture
def cluster(tmp_path: Path, environment: dict[str, str]) -> Iterator[Cluster]:
    one = Cluster(tmp_path, environment)
    yield one
    one.close()


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    (folder / "june").mkdir(parents=True)
    make = MediaMaker(folder / "june")
    make.video("clip.mp4", list(range(40)), sound_hz=440.0)
    make.photo("photo.jpg")
    make.tone("sound.wav")
    return folder


def ingest(raw: Path, store: Path, *options: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = command_line("ingest", raw, "--store", store, *options)
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)


def start_on(
    address: str, raw: Path, store: Path, environment: dict[str, str], *, interruptible: bool = False
) -> subprocess.Popen[str]:
    """Start a run, and return when a worker is at work."""
    words = ("ingest", raw, "--store", store, "--runner", "dask", "--scheduler", address)
    return start(words, store, environment, interruptible=interruptible)


def start(
    words: Sequence[str | Path], store: Path, environment: dict[str, str], *, interruptible: bool = False
) -> subprocess.Popen[str]:
    """Start a command, and return when a worker is at work."""
    run = subprocess.Popen(
        command_line(*words),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=(lambda: signal.signal(signal.SIGINT, signal.default_int_handler)) if interruptible else None,
    )
    while not is_begun(store):
        assert run.poll() is None, run.communicate()
        time.sleep(0.02)
    return run


def is_begun(store: Path) -> bool:
    """Return True if a worker has begun a result."""
    scratch = store / "scratch"
    return scratch.exists() and any(scratch.iterdir())


def digests(store: Path) -> dict[str, list[tuple[str, str]]]:
    """SHA-256 of every item by its result."""
    return {
        "/".join(map(str, (m.ref.source, m.ref.processor, m.ref.key))): [(one.name, one.sha256) for one in m.items]
        for m in Store(store).manifests()
    }


@pytest.mark.slow
def test_a_killed_worker_changes_no_byte(cluster: Cluster, raw: Path, tmp_path: Path) -> None:
    alone = ingest(raw, tmp_path / "alone", environment=cluster.environment)
    assert alone.returncode == 0, alone.stderr
    cluster.start_worker("--no-nanny")
    cluster.start_worker("--no-nanny")
    cluster.wait_for_workers(2)
    run = start_on(cluster.address, raw, tmp_path / "shared", cluster.environment)
    cluster.workers[0].send_signal(signal.SIGKILL)
    told, problems = run.communicate(timeout=300)
    assert run.returncode == 0, problems
    assert told.splitlines()[0] == alone.stdout.splitlines()[0]
    assert SUMMARY.match(told), told
    assert digests(tmp_path / "shared") == digests(tmp_path / "alone")
    (report,) = (tmp_path / "shared/runs").glob("*.json")
    notes = json.loads(report.read_text())["notes"]
    assert f"working on 2 threads of Dask on 1 host, at {cluster.address}" in notes
    assert re.fullmatch(r"1 worker of Dask lost during the work: tcp://127\.0\.0\.1:\d+", notes[-1]), notes


def test_a_worker_loads_its_decoders_when_it_starts_if_asked(cluster: Cluster) -> None:
    plain, preloaded = (
        psutil.Process(cluster.start_worker("--no-nanny", *options).pid)
        for options in ((), ("--preload", "flows.run.dask.dask_worker"))
    )
    cluster.wait_for_workers(2)

    def forks_decoders(worker: psutil.Process) -> bool:
        return any("multiprocessing.forkserver" in word for child in worker.children() for word in child.cmdline())

    assert (forks_decoders(plain), forks_decoders(preloaded)) == (False, True)


@pytest.mark.slow
def test_the_work_of_a_stopped_worker_is_done_elsewhere(raw: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    alone = ingest(raw, tmp_path / "alone", environment=environment)
    cluster = Cluster(tmp_path, {**environment, "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "10s"})
    try:
        cluster.start_worker("--no-nanny")
        cluster.start_worker("--no-nanny")
        cluster.wait_for_workers(2)
        run = start_on(cluster.address, raw, tmp_path / "shared", cluster.environment)
        cluster.workers[0].send_signal(signal.SIGSTOP)
        told, problems = run.communicate(timeout=300)
    finally:
        cluster.close()
    assert run.returncode == 0, told + problems
    assert told.splitlines()[0] == alone.stdout.splitlines()[0]
    assert digests(tmp_path / "shared") == digests(tmp_path / "alone")


@pytest.mark.slow
def test_ctrl_c_ends_the_work_on_a_cluster_and_what_was_made_stays(cluster: Cluster, raw: Path, tmp_path: Path) -> None:
    cluster.start_worker("--no-nanny")
    cluster.wait_for_workers(1)
    store = tmp_path / "store"
    run = start_on(cluster.address, raw, store, cluster.environment, interruptible=True)
    run.send_signal(signal.SIGINT)
    told, problems = run.communicate(timeout=120)
    assert run.returncode == 130, told + problems
    assert "Traceback" not in problems
    made = len(digests(store))
    again = ingest(raw, store, environment=cluster.environment)
    assert again.returncode == 0, again.stderr
    assert f" {made} reused" in again.stdout.splitlines()[0]


class Link:
    """A relay to a scheduler that can be cut."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._target = (parts.hostname, parts.port)
        self._open: list[socket.socket] = []
        self._listen(0)
        self.address = f"tcp://127.0.0.1:{self._port}"

    def cut(self) -> None:
        """Break all connections, and accept no others."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self._listen(self._port)

    def _listen(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self._port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=[self._listener], daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(self._target)
                self._open += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=_relay, args=[source, sink], daemon=True).start()


def _relay(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)


@pytest.mark.slow
def test_a_cut_connection_is_waited_for(cluster: Cluster, raw: Path, tmp_path: Path) -> None:
    cluster.start_worker("--no-nanny")
    cluster.wait_for_workers(1)
    link = Link(cluster.address)
    run = start_on(link.address, raw, tmp_path / "store", cluster.environment)
    link.cut()
    time.sleep(2)
    link.mend()
    told, problems = run.communicate(timeout=300)
    assert run.returncode == 0, told + problems
    assert SUMMARY.match(told), told
    assert "Traceback" not in problems


@pytest.mark.slow
def test_a_file_that_kills_its_workers_is_due_again(tmp_path: Path, environment: dict[str, str]) -> None:
    cluster = Cluster(tmp_path, {**environment, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"})
    (tmp_path / "raw/june").mkdir(parents=True)
    MediaMaker(tmp_path / "raw/june").video("clip.mp4", list(range(40)))
    try:
        cluster.start_worker("--no-nanny")
        cluster.wait_for_workers(1)
        run = start_on(cluster.address, tmp_path / "raw", tmp_path / "store", cluster.environment)
        cluster.workers[0].send_signal(signal.SIGKILL)
        told, _ = run.communicate(timeout=300)
    finally:
        cluster.close()
    assert run.returncode == 1
    reason = "its worker was killed several times (out of memory?): run again, with more memory for each worker"
    assert f"  failed: june/clip.mp4: {reason} [metadata, video.frames, video.contact_sheet]\n" in told


@pytest.mark.slow
def test_a_cluster_is_started_for_a_run_that_names_none(raw: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    with socket.socket() as taken:
        with contextlib.suppress(OSError):  # somebody else has it
            taken.bind(("", 8787))  # the usual port of Dask's dashboard, where another cluster may be at work
            taken.listen()
        run = ingest(raw, tmp_path / "store", "--runner", "dask", "--workers", "1", environment=environment)
    assert (run.returncode, run.stderr) == (0, f"marsmedia: a new store was begun in {tmp_path}/store\n")
    assert SUMMARY.match(run.stdout), run.stdout


def test_unfit_clusters_are_refused_with_a_message(cluster: Cluster, raw: Path, tmp_path: Path) -> None:
    def refused(address: str) -> str:
        run = ingest(
            raw, tmp_path / "store", "--runner", "dask", "--scheduler", address, environment=cluster.environment
        )
        assert (run.returncode, run.stdout) == (2, "")
        assert not (tmp_path / "store").exists()
        program, _, reason = run.stderr.partition(": ")
        assert program == "marsmedia"
        return reason.removesuffix("\n")

    assert refused("tcp://127.0.0.1:9") == (
        "tcp://127.0.0.1:9: no Dask scheduler responds; start `dask scheduler`, or name another"
    )
    assert refused(cluster.address) == (
        f"{cluster.address}: the Dask scheduler has no workers; start `dask worker {cluster.address} --no-nanny`"
    )
    cluster.start_worker("--nanny")
    cluster.wait_for_workers(1)
    assert re.fullmatch(
        r"worker tcp://\S+ is a daemonic process, which may not start decoders: start it with "
        r"`dask worker --no-nanny`, or with DASK_DISTRIBUTED__WORKER__DAEMON=False in its environment",
        refused(cluster.address),
    )


def test_a_scheduler_without_its_runner_is_an_error(raw: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    run = ingest(raw, tmp_path / "store", "--scheduler", "tcp://127.0.0.1:9", environment=environment)
    assert (run.returncode, run.stderr) == (2, "marsmedia: --scheduler needs --runner dask\n")


@pytest.fixture
def needs(tmp_path: Path) -> Needs:
    store = Store(tmp_path / "store")
    source = tmp_path / "photo.jpg"
    source.write_bytes(b"x")
    return Needs(
        run="20210611T000000-1",
        store=store.root,
        store_identity=(store.root / STORE_FILE).read_bytes(),
        source=source,
        software=program(),
        slots={},
        memory_mb=None,
        time_limit_factor=1.0,
    )


def test_a_worker_must_have_the_same_versions_and_see_the_same_files(needs: Needs) -> None:
    assert unmet(needs) is None
    other = {**program(), "av": "17.0.0"}
    assert unmet(_with(needs, software=other)) == (
        f"has different versions: av {program()['av']} (here 17.0.0): install the same there, or results would differ"
    )
    assert isinstance(needs.store, Path)
    assert unmet(_with(needs, store=needs.store / "elsewhere")) == (
        f"cannot write to the store {needs.store}/elsewhere: mount it there under the same path"
    )
    assert needs.source is not None
    needs.source.unlink()
    assert unmet(needs) == f"cannot read {needs.source}: mount the releases there under the same path"


INSTALLED = {"marsmedia": "0.1.0", "av": "18.1.0", "files": "a1" * 32}


@pytest.mark.parametrize("commit", [{}, {"commit": "c0" * 20}, {"commit": "d1" * 20}])
def test_programs_of_the_same_files_are_the_same_whatever_their_commit(commit: dict[str, str]) -> None:
    assert difference(INSTALLED, {**INSTALLED, "commit": "c0" * 20}) is None
    assert difference({**INSTALLED, **commit}, INSTALLED) is None
    assert difference({**INSTALLED, **commit}, {**INSTALLED, "commit": "c0" * 20}) is None


@pytest.mark.parametrize(
    ("there", "here", "expected"),
    [
        (
            {"files": "b2" * 32},
            {},
            "marsmedia 0.1.0 with files b2b2b2b2b2b2 (here 0.1.0 with files a1a1a1a1a1a1): "
            "install the same files there and start the worker again",
        ),
        (
            {"files": "b2" * 32},
            {"commit": "c0" * 20},
            "marsmedia 0.1.0 with files b2b2b2b2b2b2 (here 0.1.0 of commit c0c0c0c0c0c0 with files a1a1a1a1a1a1): "
            "install the same files there and start the worker again",
        ),
        (
            {"files": "b2" * 32, "commit": "c0" * 20},
            {"commit": "c0" * 20},
            "marsmedia 0.1.0 of commit c0c0c0c0c0c0 with files b2b2b2b2b2b2 (here 0.1.0 of commit c0c0c0c0c0c0 with "
            "files a1a1a1a1a1a1): files have been changed since that commit; "
            "install the same files there and start the worker again",
        ),
        (
            {"files": "b2" * 32, "marsmedia": "0.2.0", "av": "19.0.0"},
            {},
            "marsmedia 0.2.0 with files b2b2b2b2b2b2 (here 0.1.0 with files a1a1a1a1a1a1), av 19.0.0 (here 18.1.0): "
            "install the same files there and start the worker again",
        ),
    ],
)
def test_programs_of_other_files_are_named_with_what_to_do(
    there: dict[str, str], here: dict[str, str], expected: str
) -> None:
    assert difference({**INSTALLED, **there}, {**INSTALLED, **here}) == (
        f"has different versions: {expected}, or results would differ"
    )


def copy_of_program(folder: Path) -> Path:
    """Copy the program without its repository, as an image has it."""
    for name in ("flows", "marsmedia", "processors"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", folder)
    return folder


def test_a_worker_with_a_copy_of_the_program_is_accepted_and_with_another_version_refused(
    cluster: Cluster, raw: Path, tmp_path: Path
) -> None:
    copy, other = copy_of_program(tmp_path / "copy"), copy_of_program(tmp_path / "other")
    (copy / "flows/recipes.py").write_text("# recipes of the worker's own, which the driver does not use\n")
    preview = other / "processors/photo/photo_preview.py"
    preview.write_text(re.sub(r"version: ClassVar\[int\] = \d+", "version: ClassVar[int] = 99", preview.read_text()))
    options = Options(runner="dask", scheduler=cluster.address)
    cluster.start_worker("--no-nanny", PYTHONPATH=str(copy))
    cluster.wait_for_workers(1)
    with DaskCluster("test", None, options, Store(tmp_path / "store")) as dask:
        assert dask.slot_count == 1
    cluster.start_worker("--no-nanny", PYTHONPATH=str(other))
    cluster.wait_for_workers(2)
    refused = re.escape(f"with files {program()['files'][:12]}): install the same files there and start the worker")
    with pytest.raises(RequestError, match=rf"has different versions: marsmedia 0.1.0 with files .* {refused}"):
        DaskCluster("test", None, options, Store(tmp_path / "store"))


def test_a_worker_whose_files_were_replaced_after_it_loaded_them_is_refused(cluster: Cluster, tmp_path: Path) -> None:
    """It still works with those that it has loaded."""
    copy = copy_of_program(tmp_path / "copy")
    preview = copy / "processors/photo/photo_preview.py"
    today = preview.read_text()
    preview.write_text(f"{today}\n# of yesterday\n")
    cluster.start_worker("--no-nanny", "--preload", "flows.run.dask.dask_worker", PYTHONPATH=str(copy))
    cluster.wait_for_workers(1)
    preview.write_text(today)
    options = Options(runner="dask", scheduler=cluster.address)
    with pytest.raises(RequestError, match="install the same files there and start the worker again"):
        DaskCluster("test", None, options, Store(tmp_path / "store"))


def _with(needs: Needs, **changes: object) -> Needs:
    return replace(needs, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("tcp://127.0.0.1:8786", False),
        ("tcp://localhost:8786", False),
        ("tcp://[::1]:8786", False),
        ("tls://10.0.0.5:8786", False),
        ("tcp://10.0.0.5:8786", True),
        ("tcp://scheduler:8786", True),
    ],
)
def test_plain_connections_beyond_this_machine_are_open(address: str, expected: bool) -> None:
    assert is_open(address) is expected


def check(
    command: str, *words: str | Path, environment: dict[str, str], folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    line = command_line(command, *words)
    return subprocess.run(line, env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.slow
def test_every_command_works_on_a_cluster_with_a_store_at_a_relative_path(
    cluster: Cluster, raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.start_worker("--no-nanny")
    cluster.wait_for_workers(1)
    there, environment = ("--runner", "dask", "--scheduler", cluster.address), cluster.environment

    def told(command: str, *words: str) -> list[str]:
        run = check(command, *words, *there, environment=environment, folder=raw.parent)
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout.splitlines()

    assert SUMMARY.match(told("ingest")[0])
    assert SUMMARY.match(told("reprocess", "photo.jpg", "--processor", "photo.preview", "--set", "quality=70")[0])
    alone = check("verify", environment=environment, folder=raw.parent)
    assert told("verify") == alone.stdout.splitlines()
    assert alone.stdout.endswith(", 3 raw files, 0.3 MB: no faults\n")
    sampled = check("verify", "--sample", "50", "--seed", "1", environment=environment, folder=raw.parent)
    assert told("verify", "--sample", "50", "--seed", "1") == sampled.stdout.splitlines()
    assert told("reproduce", "photo.jpg")[-1].endswith(" identical, 0 within tolerance, 0 different, 0 not rebuilt")
    monkeypatch.chdir(raw.parent)
    options = Options(runner="dask", scheduler=cluster.address)
    found = check_up(Store(Path("processed")), sample=2, seed=1, options=options)
    assert (found.faults, [one.verdict for one in found.sample]) == ((), ["identical", "identical"])


def test_an_error_on_a_worker_is_the_one_that_is_raised(cluster: Cluster, tmp_path: Path) -> None:
    cluster.start_worker("--no-nanny")
    cluster.wait_for_workers(1)
    options, store = Options(runner="dask", scheduler=cluster.address), Store(tmp_path / "store")
    reason = r"unsupported operand type\(s\) for /: 'Store' and 'int'"
    with DaskChecker(options, store) as checker, pytest.raises(TypeError, match=reason):
        list(checker.parallel_map(operator.truediv, [1]))


@pytest.mark.slow
def test_a_cluster_verifies_and_reproduces_a_store_in_a_bucket_and_its_traffic_is_counted(
    tmp_path: Path, python_path: str, raw: Path, bucket: str, bucket_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = f"s3://{bucket}/mars"
    with proxy_before(bucket_server) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        environment = {**os.environ, **quiet_environment(tmp_path / "home"), "PYTHONPATH": python_path}
        environment |= {name: os.environ[name] for name in os.environ if name.startswith("AWS_")}
        cluster = Cluster(tmp_path, {**environment, "XDG_CACHE_HOME": str(tmp_path / "worker")})
        try:
            cluster.start_worker("--no-nanny")
            cluster.wait_for_workers(1)
            there = ("--runner", "dask", "--scheduler", cluster.address)
            report = json.loads(
                check("ingest", raw, "--store", store, *there, "--json", environment=environment).stdout
            )
            assert report["traffic"]["requests"] == len(proxy.asked) - 1, "the report itself is put last"
            here = json.loads(check("verify", "--store", store, "--json", environment=environment).stdout)
            proxy.asked.clear()
            run = check("verify", "--store", store, *there, "--json", environment=environment)
            assert run.stderr == f"marsmedia: working on 1 threads of Dask on 1 host, at {cluster.address}\n"
            checked = json.loads(run.stdout)
            traffic = checked.pop("traffic")
            assert traffic["requests"] == len(proxy.asked)
            assert traffic["received_bytes"] > checked["size_bytes"], "also what the worker fetched to hash"
            here.pop("traffic")
            assert checked == here
            assert checked["faults"] == []
            made = check("reproduce", "*", "--store", store, *there, environment=environment)
        finally:
            cluster.close()
    alone = check("reproduce", "*", "--store", store, environment=environment | {"AWS_ENDPOINT_URL": bucket_server})
    assert alone.returncode == 0, alone.stderr
    assert made.stdout == alone.stdout
    assert made.stdout.endswith(" identical, 0 within tolerance, 0 different, 0 not rebuilt\n")


@pytest.mark.slow
def test_a_killed_worker_changes_nothing_in_what_a_check_finds(cluster: Cluster, raw: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    assert ingest(raw, store, environment=cluster.environment).returncode == 0
    damaged = next(store.glob("results/*/*/photo.preview/*/*.jpg"))
    damaged.write_bytes(damaged.read_bytes() + b"!")
    alone = check("reproduce", "*", "--store", store, environment=cluster.environment)
    cluster.start_worker("--no-nanny")
    cluster.start_worker("--no-nanny")
    cluster.wait_for_workers(2)
    words = ("--store", store, "--runner", "dask", "--scheduler", cluster.address)
    run = start(("reproduce", "*", *words), store, cluster.environment)
    cluster.workers[0].send_signal(signal.SIGKILL)
    told, problems = run.communicate(timeout=300)
    assert (told, run.returncode) == (alone.stdout, alone.returncode), problems
    hashed = check("verify", *words, environment=cluster.environment)
    assert hashed.returncode == 1
    assert hashed.stdout == check("verify", "--store", store, environment=cluster.environment).stdout
    assert hashed.stdout.startswith("damaged: results/")


def test_a_check_names_what_is_wrong_with_its_cluster(raw: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    store = tmp_path / "store"
    Store(store)
    for command in (("verify",), ("reproduce", "*")):
        run = check(*command, "--store", store, "--scheduler", "tcp://127.0.0.1:9", environment=environment)
        assert (run.returncode, run.stderr) == (2, "marsmedia: --scheduler needs --runner dask\n")
    run = check(
        "verify", "--store", store, "--runner", "dask", "--scheduler", "tcp://127.0.0.1:9", environment=environment
    )
    assert run.returncode == 2
    assert run.stderr.endswith(
        "tcp://127.0.0.1:9: no Dask scheduler responds; start `dask scheduler`, or name another\n"
    )
