"""The recipes as they are shipped, over the built-in release: what is known to be there comes out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT, quiet_environment

pytestmark = pytest.mark.slow


def test_the_sample_release_is_made_but_for_motion_that_the_audit_forbids(sample_release: Path, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "flows.cli", "ingest", sample_release.parent, "--store", tmp_path / "store", "--json"],
        env=quiet_environment(tmp_path / "home") | {"PYTHONPATH": os.fspath(PROJECT)},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    assert report["results"]["failed"] == 0
    refused = [(problem["processor"], Path(problem["file"]).name) for problem in report["problems"]]
    assert refused == [("video.motion", "drive-off.mp4"), ("video.motion_plot", "drive-off.mp4")]
