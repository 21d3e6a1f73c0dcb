"""A job that hangs, crashes or takes too much ends alone, in words, and the next job finds a worker."""

from __future__ import annotations

import errno
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from flows.run.working import worker_pool
from flows.run.working.limits import Limits, default_limits, limited
from flows.run.working.no_network import SECCOMP
from flows.run.working.worker_pool import Stopped
from flows.run.working.workers import Job, WorkerDeath, Workers
from tests.helpers.command import PROJECT
from tests.helpers.stopped_runs import wait_for_end

TOO_MUCH = "the file of 1 bytes needs more than the 1500 MB of memory that it may use"
NO_THREAD = "the machine has no thread or memory left: use fewer --workers, or close other programs, and run again"
LIMITS = Limits(memory_mb=1500, wall_seconds=6.0, wall_seconds_per_mb=0.0)


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(1, LIMITS) as pool:
        yield pool


def hang() -> None:
    time.sleep(60)


def die() -> None:
    os.abort()


def spin_for_one_second_of_processor_time() -> None:
    limited(1, spin)


def spin() -> None:
    while True:
        pass


def sockets() -> list[str]:
    """Return what comes of opening sockets in this process and in one that it starts."""
    said = []
    for name, family in (("IPv4", socket.AF_INET), ("IPv6", socket.AF_INET6), ("Unix", socket.AF_UNIX)):
        try:
            socket.socket(family).close()
            said.append(f"{name}: opened")
        except OSError as error:
            said.append(f"{name}: {error.strerror}")
    started = subprocess.run([sys.executable, "-c", "import socket; socket.socket()"], check=False, capture_output=True)
    return [*said, f"a process: {'EACCES' if b'PermissionError' in started.stderr else started.stderr.decode()}"]


def eat() -> int:
    """Fill 3.2 GB, in steps that let other threads run."""
    return len([np.ones(1_250_000) for _ in range(320)])


def ask_for_more_than_any_machine_has() -> int:
    return np.empty(1 << 50, np.uint8).size


def reserve_and_leave_empty() -> int:
    """Address space of 4 GB, as stacks of threads reserve it, and 50 threads."""
    end = threading.Event()
    threads = [threading.Thread(target=end.wait) for _ in range(50)]
    for thread in threads:
        thread.start()
    size = np.empty(4_000_000_000, np.uint8).nbytes
    time.sleep(0.3)
    end.set()
    return size


def fail_to_start_a_thread() -> None:
    raise RuntimeError("can't start new thread")


def with_less_processor_time_than_asked() -> tuple[int, int]:
    """Work where a scheduler's hard limit (`ulimit -H -t 90`) is below the limit for a file."""
    resource.setrlimit(resource.RLIMIT_CPU, (90, 90))
    return limited(100, resource.getrlimit, resource.RLIMIT_CPU)


def find_no_memory() -> None:
    raise OSError(errno.ENOMEM, "Cannot allocate memory")


def process_id() -> int:
    return os.getpid()


def hang_in_a_run_of_its_own() -> None:
    with Workers(1, LIMITS) as pool:
        pool.answer(pool.start(say_its_process_and_hang, [], size_bytes=1, patience=100))


def say_its_process_and_hang() -> None:
    print(os.getpid(), flush=True)
    hang()


def loaded() -> list[str]:
    return list(sys.modules)


@pytest.mark.parametrize(
    ("job", "patience", "reason"),
    [
        (
            hang,
            1,
            "timed out after 6 s, the limit for a file of its size and duration: "
            "raise --time-limit-factor and run again with --retry-failed",
        ),
        (die, 10, "its worker crashed while decoding (SIGABRT): convert the file with another tool"),
        (
            spin_for_one_second_of_processor_time,
            10,  # a busy machine takes long to give a second of processor time
            "exceeded the processor time limit for a file of its size and duration: "
            "raise --time-limit-factor and run again with --retry-failed",
        ),
    ],
)
def test_a_failed_job_gives_the_reason(
    workers: Workers, job: Callable[[], object], patience: float, reason: str
) -> None:
    with pytest.raises(WorkerDeath) as death:
        workers.answer(workers.start(job, [], size_bytes=1, patience=patience))
    assert str(death.value) == reason
    assert not death.value.from_outside
    assert workers.answer(workers.start(max, [1, 2], size_bytes=1)) == 2


@pytest.mark.parametrize("job", [eat, ask_for_more_than_any_machine_has])
def test_a_job_that_fills_too_much_memory_ends_its_worker_alone(workers: Workers, job: Callable[[], object]) -> None:
    with pytest.raises(WorkerDeath) as death:
        workers.answer(workers.start(job, [], size_bytes=1, patience=10))  # a busy machine fills memory slowly
    assert str(death.value) == f"{TOO_MUCH}: raise --memory-mb and run again with --retry-failed"
    assert not death.value.from_outside
    assert workers.answer(workers.start(max, [1, 2], size_bytes=1)) == 2


def test_no_worker_outlives_a_killed_run() -> None:
    code = "from tests.run.test_workers import hang_in_a_run_of_its_own as hang; hang()"
    run = subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT, stdout=subprocess.PIPE, start_new_session=True)
    assert run.stdout is not None
    worker = int(run.stdout.readline())
    assert os.getsid(worker) == run.pid
    run.kill()
    run.wait()
    run.stdout.close()
    wait_for_end(run.pid)


def test_address_space_that_is_only_reserved_is_not_counted(workers: Workers) -> None:
    assert workers.answer(workers.start(reserve_and_leave_empty, [], size_bytes=1)) == 4_000_000_000


@pytest.mark.parametrize("job", [fail_to_start_a_thread, find_no_memory])
def test_worker_without_threads_or_memory_blames_the_machine_and_is_replaced(
    workers: Workers, job: Callable[[], object]
) -> None:
    before = workers.answer(workers.start(process_id, [], size_bytes=1))
    with pytest.raises(WorkerDeath) as death:
        workers.answer(workers.start(job, [], size_bytes=1))
    assert (str(death.value), death.value.from_outside) == (NO_THREAD, True)
    assert workers.answer(workers.start(process_id, [], size_bytes=1)) != before


def test_a_hard_limit_on_processor_time_replaces_a_higher_limit_for_a_file() -> None:
    with Workers(1, LIMITS) as pool:
        for _ in range(2):
            assert pool.answer(pool.start(with_less_processor_time_than_asked, [], size_bytes=1)) == (90, 90)


def test_unused_worker_does_one_job(workers: Workers) -> None:
    ids = {workers.answer(workers.start(process_id, [], size_bytes=1, unused=True)) for _ in range(2)}
    assert len(ids) == 2


def test_a_stalled_pool_is_restarted(monkeypatch: pytest.MonkeyPatch) -> None:
    with Workers(1, LIMITS) as pool:
        os.kill(pool.answer(pool.start(process_id, [], size_bytes=1)), signal.SIGSTOP)
        monkeypatch.setattr(worker_pool, "LOOK_SECONDS", 0.1)
        monkeypatch.setattr(worker_pool, "STILL_SECONDS", 0.5)
        with pytest.raises(WorkerDeath) as death:
            pool.answer(pool.start(process_id, [], size_bytes=1))
        assert str(death.value) == "no worker started it: use fewer --workers, or close other programs, and run again"
        assert death.value.from_outside
        monkeypatch.undo()
        assert pool.answer(pool.start(max, [1, 2], size_bytes=1)) == 2


def test_workers_that_end_between_jobs_do_not_end_the_run() -> None:
    with Workers(1, LIMITS) as pool:
        for _ in range(2):
            os.kill(pool.answer(pool.start(process_id, [], size_bytes=1)), signal.SIGKILL)
            for _ in range(3):
                with suppress(WorkerDeath):
                    assert pool.answer(pool.start(max, [1, 2], size_bytes=1)) == 2
        assert pool.answer(pool.start(max, [1, 2], size_bytes=1)) == 2


@pytest.mark.skipif(not SECCOMP, reason="only Linux on x86_64 and arm64 takes the network from a process")
def test_workers_and_what_they_start_have_no_network(workers: Workers) -> None:
    said = workers.answer(workers.start(sockets, [], size_bytes=1))
    assert said == ["IPv4: Permission denied", "IPv6: Permission denied", "Unix: opened", "a process: EACCES"]
    with socket.socket():
        pass  # this process has its network


def test_workers_load_no_prefect(workers: Workers) -> None:
    assert "prefect" not in workers.answer(workers.start(loaded, [], size_bytes=1))


def test_larger_files_have_more_time() -> None:
    assert Limits(memory_mb=1).wall_seconds_for(1_000_000_000) == 120 + 20 * 1000
    assert Limits(memory_mb=1, time_factor=3).wall_seconds_for(1_000_000, 60) == 3 * (120 + 20 + 60)


def test_workers_share_the_memory_of_the_machine() -> None:
    assert default_limits(10_000).memory_mb < 1000
    assert default_limits(10_000, 1717, 2.0) == Limits(memory_mb=1717, time_factor=2.0)


def test_stopping_frees_everyone_who_waits() -> None:
    with Workers(1, LIMITS) as pool:
        jobs = [pool.start(hang, [], size_bytes=1) for _ in range(3)]
        pool.stop()
        for job in jobs:
            with pytest.raises(Stopped):
                pool.answer(job)
        with pytest.raises(Stopped):
            pool.start(hang, [], size_bytes=1)


def test_a_job_that_is_started_while_the_pool_stops_is_answered() -> None:
    def start_until_stopped(pool: Workers) -> int:
        jobs = []
        with suppress(Stopped):
            while True:
                jobs.append(pool.start(max, [1, 2], size_bytes=1))
        return sum(_is_stopped(pool, job) for job in jobs)

    with Workers(1, LIMITS) as pool, ThreadPoolExecutor(4) as threads:
        counts = [threads.submit(start_until_stopped, pool) for _ in range(4)]
        time.sleep(0.5)
        pool.stop()
        assert sum(count.result(timeout=30) for count in counts) > 0


def _is_stopped(pool: Workers, job: Job) -> bool:
    try:
        return pool.answer(job) != 2
    except Stopped:
        return True


def test_an_interrupt_at_the_terminal_leaves_workers_to_the_run(workers: Workers) -> None:
    assert signal.SIGINT in workers.answer(workers.start(blocked, [], size_bytes=1))
    assert signal.SIGINT not in blocked()


def blocked() -> set[int]:
    return set(signal.pthread_sigmask(signal.SIG_BLOCK, []))


def test_a_pool_that_ends_while_workers_are_starting_ends_without_a_word() -> None:
    code = (
        "from flows.run.working.workers import Workers, default_limits\n"
        "with Workers(12, default_limits(2)) as pool: print(pool.answer(pool.start(abs, [-7], size_bytes=1)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("7\n", "")


def test_a_run_finds_its_credentials_while_workers_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads of a run ask the bucket of its releases meanwhile; each pool of workers is started when it is needed."""
    code = (
        "from flows.run.working.workers import Workers, default_limits\n"
        "import multiprocessing.forkserver, os\n"
        "seen, start = [], multiprocessing.forkserver.ensure_running\n"
        "def look():\n"
        "    seen.append(os.environ.get('AWS_ENDPOINT_URL'))\n"
        "    start()\n"
        "multiprocessing.forkserver.ensure_running = look\n"
        "with Workers(1, default_limits(1)) as workers:\n"
        "    for unused in (False, True):\n"
        "        workers.answer(workers.start(abs, [-7], size_bytes=1, unused=unused))\n"
        "print(seen, os.popen('echo $AWS_ENDPOINT_URL').read().strip())\n"
    )
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT)
    assert done.stdout.splitlines() == ["['http://127.0.0.1:9'] http://127.0.0.1:9"]


@pytest.mark.parametrize(
    ("files", "is_first", "expected"),
    [
        (["june/a.jpg", "june/b.wav"], True, "True True True"),
        (["june/a.jpg"], True, "True True False"),
        (["june/a.wav"], False, "False False False"),
        ([], True, "False False False"),
    ],
    ids=["sound", "photos", "not the first run", "no files"],
)
def test_libraries_load_before_planning_when_workers_are_certain(
    tmp_path: Path, files: list[str], is_first: bool, expected: str
) -> None:
    raw, store = tmp_path / "raw", tmp_path / "store"
    for folder in (raw / "june", store):
        folder.mkdir(parents=True)
    for name in files:
        (raw / name).write_bytes(b"")
    if not is_first:
        (store / "store.json").write_text("{}")
    code = (
        "import sys; from multiprocessing.forkserver import _forkserver as server; from pathlib import Path;"
        "from flows.run.working.workers import warm_up_for_first_run;"
        "began = warm_up_for_first_run(Path(sys.argv[1]), Path(sys.argv[2]));"
        "assert not {'flows.run.planning.prepare', 'numpy', 'deltalake'} & sys.modules.keys();"
        "print(began, server._forkserver_pid is not None, 'h5netcdf' in server._preload_modules)"
    )
    run = subprocess.run([sys.executable, "-c", code, raw, store], capture_output=True, text=True, check=True)
    assert run.stdout.split() == expected.split()


def environment_of_worker() -> str:
    return f"{dict(os.environ)} {Path('/proc/self/environ').read_bytes()!r}"


def test_workers_know_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "from flows.run.working.workers import Workers, default_limits\n"
        "from tests.run.test_workers import environment_of_worker\n"
        "import os\n"
        "with Workers(1, default_limits(1)) as workers:\n"
        "    print(workers.answer(workers.start(environment_of_worker, [], size_bytes=1)))\n"
        "assert os.environ['AWS_SECRET_ACCESS_KEY'] == 'geheim'\n"
    )
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "geheim")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/geheim")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT)
    assert "PATH" in done.stdout
    assert "geheim" not in done.stdout
