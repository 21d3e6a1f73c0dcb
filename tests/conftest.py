"""What tests share: where real media lie, tools to compare with, and media made with known answers."""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from processors.video.audit.integrity import Integrity
from processors.video.shots.shots import Shots
from processors.video.shots.stills import Stills
from tests.helpers.buckets import Proxy, client, proxy_before, s3_server, use_server
from tests.helpers.chromium import Browser, executable, started
from tests.helpers.command import PROJECT, command_line, write_checkout
from tests.helpers.derived import Derived, derived
from tests.helpers.made_media import Made, MediaMaker

SAMPLES = Path(__file__).resolve().parents[2] / "shared" / "samples"


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real media beside the checkout."""
    if not SAMPLES.is_dir():
        pytest.skip("no ../shared/samples beside the checkout")
    return SAMPLES


@pytest.fixture(scope="session")
def ffprobe() -> str:
    """The ffprobe command."""
    return shutil.which("ffprobe") or pytest.skip("no ffprobe on this machine: install ffmpeg")


@pytest.fixture
def make(tmp_path: Path) -> MediaMaker:
    """Makes media with known answers in this test's folder."""
    return MediaMaker(tmp_path)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A raw folder with an empty release `june`."""
    folder = tmp_path / "raw"
    (folder / "june").mkdir(parents=True)
    return folder


@pytest.fixture
def maker(raw: Path) -> MediaMaker:
    """Makes media with known answers in the release `june`."""
    return MediaMaker(raw / "june")


@pytest.fixture(scope="session")
def bucket_server() -> Iterator[str]:
    """The address of an S3 server on loopback."""
    with s3_server() as endpoint:
        yield endpoint


_BUCKETS = itertools.count(1)


@pytest.fixture
def bucket(bucket_server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """An empty bucket, which the environment of this test lets programs find, and a cache of this test's own."""
    use_server(monkeypatch, bucket_server)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    name = f"mars-{next(_BUCKETS)}"
    client(bucket_server).create_bucket(Bucket=name)
    return name


@pytest.fixture
def proxy(bucket_server: str, bucket: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A proxy before the server of the bucket, which the environment names as the server."""
    with proxy_before(bucket_server) as found:
        monkeypatch.setenv("AWS_ENDPOINT_URL", found.endpoint)
        yield found


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Makes this test go on as on another machine, which has copies of its own."""
    return lambda name: monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / name))


@pytest.fixture(scope="session")
def sample_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built-in sample release, written once for all processes of a test run, to be read only."""
    from processors.sample import write_release

    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder = shared / "sample" / "sample-release"
    with (shared / "sample.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            write_release(shared / "sample.part")
            folder.parent.mkdir()
            (shared / "sample.part").rename(folder)
    return folder


@pytest.fixture(scope="session")
def sample_truth(sample_release: Path) -> dict[str, Any]:
    """What is known of each file of the sample release."""
    return json.loads((sample_release / "truth.json").read_text())["files"]


@pytest.fixture(scope="session")
def sample_results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store for results of the sample release: what one test has made of a clip, the next need not make again."""
    return tmp_path_factory.mktemp("sample-results")


@pytest.fixture(scope="session")
def audited_sample(sample_release: Path, sample_results: Path) -> dict[str, dict[str, Derived]]:
    """Audit, shots and stills of the sample's three clips."""
    return {
        name: dict(
            zip(
                ("audit", "shots", "stills"),
                derived(sample_release / name, sample_results, Integrity(), Shots(), Stills()),
                strict=True,
            )
        )
        for name in ("descent.mp4", "drive-off.mp4", "rover-turns.mp4")
    }


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    command = executable() or pytest.skip("no Chromium on this machine: install the package chromium")
    with started(command, tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Prefect server; gives its API address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}/api"
    environment = quiet_environment(tmp_path_factory.mktemp("prefect")) | {"PREFECT_UI_API_URL": address}
    server = subprocess.Popen(
        [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"{address}/health", timeout=2):
                    break
            except (urllib.error.URLError, OSError):
                assert server.poll() is None, "the Prefect server did not start"
                time.sleep(0.2)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


def quiet_environment(prefect_home: Path) -> dict[str, str]:
    """This environment with a Prefect home of its own and no server address; Python keeps what it compiles."""
    left_out = ("PREFECT_", "PYTHONDONTWRITEBYTECODE")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return {**environment, "PREFECT_HOME": str(prefect_home), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def python_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the command's modules are found: few recipes, everything else from the project."""
    return f"{write_checkout(tmp_path_factory.mktemp('checkout'))}{os.pathsep}{PROJECT}"


@pytest.fixture
def marsmedia(python_path: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run the command `marsmedia` as a user would; more of its environment is given by name."""
    environment = {**quiet_environment(tmp_path_factory.getbasetemp() / "home"), "PYTHONPATH": python_path}

    def run(*arguments: str | Path, cwd: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command_line(*arguments),
            env=environment | more,
            cwd=cwd or PROJECT,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


__all__ = ["Made", "MediaMaker", "Run", "quiet_environment"]
