"""Growth of a store: one new file, a query and a rebuild among many sources."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from PIL import Image

from benchmarks.main_job import SOURCES, many_sources
from benchmarks.measure import process, tell

KNOWN = "SELECT name FROM known WHERE name = 'photo-00042.png'"
ITEMS = "SELECT count(*) FROM items WHERE processor = 'metadata'"


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        raw, store = many_sources(Path(folder))
        cli = [sys.executable, "-m", "flows.cli"]
        process([*cli, "ingest", raw, "--store", store, "--json"])  # what the made-up results lack
        Image.new("RGB", (64, 48), (9, 8, 7)).save(raw / "june" / "new.png")
        asked = {
            "one new file": ([*cli, "ingest", raw, "--store", store, "--json"], 8.0, 300),
            "query of one source": ([*cli, "query", KNOWN, "--store", store], 1.0, 250),
            "query of one processor": ([*cli, "query", ITEMS, "--store", store], 1.0, 250),
            "rebuild": ([*cli, "rebuild", "--store", store], 60.0, 400),
        }
        for name, (command, seconds, megabytes) in asked.items():
            run = process(command)
            assert run.exit_code == 0, name
            tell(f"{name} among {SOURCES} sources", run.wall_seconds, " s", seconds)
            tell("its peak memory", run.peak_mb, " MB", megabytes)
