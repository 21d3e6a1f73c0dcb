"""`reprocess --dry-run` over many sources: what would be made of each, why, and how long it should take."""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.main_job import SOURCES, many_sources
from benchmarks.measure import process, tell


def main() -> None:
    """One promise."""
    with tempfile.TemporaryDirectory() as folder:
        _, store = many_sources(Path(folder))
        words = ["reprocess", "medium=photo", "--processor", "photo.preview", "--set", "quality=80", "--dry-run"]
        runs = [process([sys.executable, "-m", "flows.cli", *words, "--store", store, "--json"]) for _ in range(5)]
        assert all(run.exit_code == 0 for run in runs)
        print(f"  peak memory: {max(run.peak_mb for run in runs):.0f} MB")
        times = [run.wall_seconds for run in runs]
        print(f"  fastest {min(times):.2f} s, slowest {max(times):.2f} s")
        tell(f"reprocess --dry-run over {SOURCES} sources", statistics.median(times), " s", 3.0)
