"""A run with nothing due, and one with one new source, over a large store in a bucket.

    python -m benchmarks.bucket_scale [--folder FOLDER] [SOURCES]

The store is a copy of the one that `scale.py` makes in the same folder: its commits and the places of its sources, not
the zips with the items, of which these runs read none. It is in a bucket of the server that AWS_ENDPOINT_URL names, or
else of moto's, which is too slow for more than 10,000 sources. The releases stay in a folder.
"""

from __future__ import annotations

import argparse
import json
import logging
import multiprocessing
import os
import shutil
import sys
import tempfile
import uuid
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import boto3
from moto.server import ThreadedMotoServer

from benchmarks.figures import tell
from benchmarks.measure import process
from benchmarks.scale import made_store, write_photo
from processors.store.bucket.bucket_store import BucketStore
from processors.store.bucket.stored_pass import RESULTS_AT_MOST, below, commit_bytes, commit_name
from processors.store.open_store import open_store
from processors.store.store import Store

SOURCES = 1_000
"""Sources by default."""
PUT_AT_ONCE = 16
PLACES_AT_ONCE = 10_000
"""Places of sources in one object."""
PROMISED_AMONG = 100_000
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing-secret", "AWS_REGION": "us-east-1"}


def main() -> None:
    """Print the figures of a small store."""
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), SOURCES)


def measure(folder: Path, sources: int) -> None:
    """Measure among a number of sources; the store in `folder` is made if it is missing, the bucket is new."""
    on_disk = made_store(folder / str(sources), sources)
    cache = folder / f"cache-{uuid.uuid4().hex[:8]}"
    with _server() as endpoint:
        os.environ.update({"AWS_ENDPOINT_URL": endpoint, "XDG_CACHE_HOME": str(cache)})
        bucket = f"scale-{uuid.uuid4().hex[:8]}"
        boto3.client("s3", endpoint_url=endpoint).create_bucket(Bucket=bucket)
        address = f"s3://{bucket}/store"
        try:
            # in a process of its own: a program's peak memory begins with that of the process that starts it
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
                pool.submit(_copy, on_disk / "store", address).result()
            _measure(on_disk / "raw", address, sources, cache)
        finally:
            shutil.rmtree(cache, ignore_errors=True)


def _measure(raw: Path, address: str, sources: int, cache: Path) -> None:
    ingest = ["ingest", str(raw), "--store", address]
    _command("rebuild, no copies", ["rebuild", "--store", address], sources)
    _command("first run", ingest, sources)
    seconds, peak_mb = _command("nothing due", ingest, sources)
    print(f"    {_requests(cache)} requests")
    write_photo(raw / "sol-0001")
    _command("one new source", ingest, sources)
    print(f"    {_requests(cache)} requests")
    if sources == PROMISED_AMONG:
        tell(f"nothing due among {sources:,} sources in a bucket", seconds, " s", 10)
        tell("its peak memory", peak_mb, " MB", 500)


def _command(what: str, words: list[str], sources: int) -> tuple[float, float]:
    """Run a command; return its seconds and its peak memory in megabytes."""
    used = process([sys.executable, "-m", "flows.cli", *words])
    assert used.exit_code == 0, f"{what}: exit code {used.exit_code}"
    taken = f"{used.wall_seconds:.1f} s, {used.cpu_seconds:.1f} s CPU, {used.peak_mb:.0f} MB"
    print(f"  {what}, {sources:,} sources: {taken}", flush=True)
    return used.wall_seconds, used.peak_mb


def _requests(cache: Path) -> int:
    """Return the requests of the last run to the store, from its report."""
    reports = sorted(cache.glob("marsmedia/*/runs/*.json"), key=lambda path: path.stat().st_mtime_ns)
    return json.loads(reports[-1].read_bytes())["traffic"]["requests"]


def _copy(root: Path, address: str) -> None:
    """Copy the records of a store in a folder to a new one in a bucket."""
    store, copy = Store(root), open_store(address)
    assert isinstance(copy, BucketStore)
    places: list[tuple[str, dict[str, object]]] = []
    with ThreadPoolExecutor(PUT_AT_ONCE) as threads:
        records = list(store.sources())
        for _ in threads.map(lambda record: _copy_results(store, record["digest"], copy), records):
            pass
    for record in records:
        places += [(record["digest"], seen) for seen in record["seen"]]
        if len(places) >= PLACES_AT_ONCE:
            copy.saw(places)
            places = []
    copy.saw(places)


def _copy_results(store: Store, digest: str, copy: BucketStore) -> None:
    """Write the commits of one source."""
    manifests = sorted(store.manifests(digest), key=lambda one: one.ref)
    for at in range(0, len(manifests), RESULTS_AT_MOST):
        some = manifests[at : at + RESULTS_AT_MOST]
        starts = [{item.name: 0 for item in one.items} for one in some]
        data = f"data/{below(digest)}/{uuid.uuid4().hex}.zip"
        copy.bucket.put(commit_name([one.ref for one in some], 0), commit_bytes(data, some, starts))


@contextmanager
def _server() -> Iterator[str]:
    """Give the address of the server; credentials are in the environment."""
    for name, value in KEYS.items():
        os.environ.setdefault(name, value)
    if endpoint := os.environ.get("AWS_ENDPOINT_URL"):
        yield endpoint
        return
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bucket_scale", description=__doc__)
    parser.add_argument("sources", nargs="?", type=int, default=SOURCES, help=f"default: {SOURCES:,}")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "marsmedia-scale")
    given = parser.parse_args()
    measure(given.folder, given.sources)
