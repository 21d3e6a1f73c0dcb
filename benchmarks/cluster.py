"""Two workers of one core against one, Dask against this machine's own pool, and the number of requests per source.

    python -m benchmarks.cluster [ROUNDS [COPIES]]

The scheduler and the workers run before the clock starts, as docs/cluster.md says; each worker has one thread. For one
against two, each is bound to a core of its own; against this machine's own pool, both use all cores, as the processes
of that pool do. The media are copies of the built-in sample's video, photos and sound, with bytes of their own. The
requests are counted by a store in a bucket of moto's server, as the difference between 20 photos and 10.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import boto3
import numpy as np
from distributed import Client
from moto.server import ThreadedMotoServer
from PIL import Image

from benchmarks.figures import tell
from processors.sample import write_release

COPIES = 4
"""Usual number of copies of the sample; with 1 the benchmark is quick, and its ratios mean little."""
PRELOADED = "flows.run.dask.dask_worker"
WITHOUT_PROFILE = {"DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False"}
KEYS = {"AWS_ACCESS_KEY_ID": "benchmark", "AWS_SECRET_ACCESS_KEY": "benchmark", "AWS_REGION": "us-east-1"}


def main() -> None:
    rounds, copies = (int(given) for given in [*sys.argv[1:], *("3", str(COPIES))[len(sys.argv) - 1 :]])
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        _requests(folder)
        if len(os.sched_getaffinity(0)) < 2:
            sys.exit("two workers need two cores")
        raw = _mixed_media(folder, copies)
        ratios: dict[str, list[float]] = {"scaling": [], "dask": []}
        for number in range(rounds):
            one, two, dask = (
                _on_cluster(raw, folder, f"{name}-{number}", workers=workers, bound=bound)
                for name, workers, bound in (("one", 1, True), ("two", 2, True), ("free", 2, False))
            )
            local = _ingest(raw, folder / "store", "--workers", "2")
            if len({made for _, made in (one, two, dask, local)}) > 1:
                sys.exit(f"not the same work: {one}, {two}, {dask} and {local} (seconds, results made)")
            print(
                f"  one worker {one[0]:.1f} s, two {two[0]:.1f} s, two that share the cores {dask[0]:.1f} s, "
                f"this machine's own pool of two {local[0]:.1f} s",
                flush=True,
            )
            ratios["scaling"].append(one[0] / two[0])
            ratios["dask"].append(dask[0] / local[0])
    why = "the driver, the scheduler and all workers share this machine's cores; what each takes was not measured apart"
    scaling, dask = (median(ratios[name]) for name in ("scaling", "dask"))
    tell("throughput of two workers of one core to one", scaling, "x", 1.7, at_least=True, if_missed=why)
    tell("time on Dask to that of this machine's own pool", dask, "x", 1.15, if_missed=why)


def _mixed_media(folder: Path, copies: int) -> Path:
    """Write the sample, and copies of its media that differ by bytes after their end."""
    raw = folder / "raw"
    write_release(raw / "sample")
    for number in range(1, copies):
        for path in sorted((raw / "sample").iterdir()):
            if path.suffix in (".mp4", ".jpg", ".wav"):
                copy = raw / f"copy-{number}" / path.name
                copy.parent.mkdir(exist_ok=True)
                copy.write_bytes(path.read_bytes() + bytes([number]))
    return raw


def _on_cluster(raw: Path, folder: Path, name: str, *, workers: int, bound: bool) -> tuple[float, int]:
    with _cluster(folder, name, workers=workers, bound=bound) as address:
        return _ingest(raw, folder / "store", "--runner", "dask", "--scheduler", address)


def _ingest(raw: Path, store: Path, *options: str) -> tuple[float, int]:
    """Ingest into a store that is new; return the seconds of the whole command, and the number of results made."""
    shutil.rmtree(store, ignore_errors=True)
    started = time.perf_counter()
    command = [sys.executable, "-m", "flows.cli", "ingest", str(raw), "--store", str(store), "--json", *options]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    try:
        return seconds, json.loads(run.stdout.splitlines()[-1])["results"]["made"]
    except (IndexError, ValueError):
        sys.exit(f"{' '.join(command)}: {run.stderr}")


@contextmanager
def _cluster(folder: Path, name: str, *, workers: int, bound: bool) -> Iterator[str]:
    """Start a scheduler and workers, each bound to a core of its own or free to use all; yield its address."""
    file = folder / f"{name}.json"
    started = [_start(["dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"], file)]
    try:
        while not file.exists():
            time.sleep(0.1)
        for core in sorted(os.sched_getaffinity(0))[:workers]:
            words = ["dask_worker", "--nthreads", "1", "--no-dashboard", "--no-nanny", "--preload", PRELOADED]
            started.append(_start(words, file, before=["taskset", "-c", str(core)] if bound else []))
        with Client(scheduler_file=str(file), set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=120)
            client.run(_until_loaded)
            address = client.scheduler_info()["address"]
        yield address
    finally:
        for process in started:
            process.terminate()
            process.wait()


def _until_loaded() -> None:
    """Wait until the server from which this worker forks its decoders has loaded their libraries."""
    from multiprocessing import get_context

    one = get_context("forkserver").Process(target=int)
    one.start()
    one.join()


def _start(words: Sequence[str], file: Path, before: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    command = [*before, sys.executable, "-m", f"distributed.cli.{words[0]}", "--scheduler-file", str(file), *words[1:]]
    environment = {**os.environ, **WITHOUT_PROFILE}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _requests(folder: Path) -> None:
    """Count the requests of runs over 10 and 20 photos, each into a store of its own."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        environment = {**KEYS, "AWS_ENDPOINT_URL": f"http://{host}:{port}", "XDG_CACHE_HOME": str(folder / "cache")}
        os.environ.update(environment)
        client = boto3.client("s3", endpoint_url=environment["AWS_ENDPOINT_URL"])
        client.create_bucket(Bucket="benchmark")
        counted = []
        for count in (10, 20):
            photos = folder / f"photos-{count}"
            photos.mkdir()
            for number in range(count):
                pixels = np.random.default_rng(number).integers(0, 255, (60, 80, 3), np.uint8)
                Image.fromarray(pixels).save(photos / f"{number}.jpg")
            command = [sys.executable, "-m", "flows.cli", "ingest", str(photos), "--json"]
            run = subprocess.run(
                [*command, "--store", f"s3://benchmark/{count}"], check=True, capture_output=True, text=True
            )
            counted.append(json.loads(run.stdout.splitlines()[-1])["traffic"]["requests"])
    finally:
        server.stop()
    tell("requests to a bucket for each source", (counted[1] - counted[0]) / 10, "", 6)


main()
