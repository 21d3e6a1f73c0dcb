"""Sources of one store are measured in several processes, or a process that cannot read the store says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import multiprocessing, sys
import marsmedia

def level(digest):
    return float(marsmedia.open("processed").source(digest).band_level_dbfs(1000, 2000).max())

def known(digest):
    return float(store.source(digest).band_level_dbfs(1000, 2000).max())

if __name__ == "__main__":
    store = marsmedia.open("processed")
    digests = [sound.sha256 for sound in store.sounds()]
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        print(pool.map(level if sys.argv[2] == "opened" else known, digests))
"""


@pytest.mark.parametrize("store", ["opened", "kept"])
def test_a_forked_process_says_how_to_start_it(folder: Path, store: str) -> None:
    ended = _run(folder, "fork", store)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == (
        "processors.errors.StoreError: this process was forked from one that has read a store, and the libraries that "
        'read do not work in it; start processes with multiprocessing.get_context("spawn"), or use threads'
    )


def test_a_spawned_process_measures(folder: Path) -> None:
    ended = _run(folder, "spawn", "opened")
    assert ended.returncode == 0, ended.stderr
    assert len(ended.stdout.split(",")) == 2


def _run(folder: Path, start: str, store: str) -> subprocess.CompletedProcess[str]:
    (folder / "levels.py").write_text(SCRIPT)
    command = [sys.executable, "levels.py", start, store]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
