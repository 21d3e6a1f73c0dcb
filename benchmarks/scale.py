"""Growth of a store: the same commands among 1,000, 10,000 and 100,000 sources, eight results each.

    python -m benchmarks.scale [--folder FOLDER] [--json FILE] [SOURCES ...]

Stores are made below the folder (`synthetic_store.py`: about 30 files a source, 2.5 million for 100,000 sources), and
used again by the next call. Each figure is written to the JSON file when it is known; a call that finds figures of the
same commit there measures only what is missing, so that an interrupted one can be resumed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.figures import tell
from benchmarks.measure import Used, process, python

SIZES = (1_000, 10_000)
"""Sources of the stores that are measured by default."""
WRITE = "import sys; from pathlib import Path; from benchmarks.synthetic_store import write_synthetic_store as write; "
SOL = "SELECT name, event FROM known WHERE 1 BETWEEN first_sol AND last_sol"
PROMISED: dict[tuple[str, int], tuple[float, float]] = {
    ("nothing due", 10_000): (1.0, 200),
    ("nothing due", 100_000): (5.0, 500),
    ("one new source", 100_000): (8.0, 1_000),
    ("items of one source", 100_000): (0.5, 300),
    ("query by sol", 100_000): (0.5, 300),
    ("rebuild", 100_000): (120.0, 1_000),
}
"""Seconds and megabytes at most, by command and number of sources."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measurement."""

    what: str
    sources: int
    wall_seconds: float
    cpu_seconds: float
    """Of the process and all that it started."""
    peak_mb: float
    load: float
    """Processes that wanted a core, a mean over the minute before the end."""


class Figures:
    """Figures of one commit, in a JSON file if one is given."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._about = {"commit": _commit(), "machine": f"{os.cpu_count()} cores, {platform.platform()}"}
        self._found: dict[tuple[str, int], Figure] = {}
        if path and path.exists():
            written = json.loads(path.read_bytes())
            if written["commit"] == self._about["commit"]:
                listed = (Figure(**one) for one in written["figures"])
                self._found = {(one.what, one.sources): one for one in listed}

    def has(self, what: str, sources: int) -> bool:
        return (what, sources) in self._found

    def add(self, what: str, sources: int, used: Used) -> None:
        """Print a figure next to its promise, and write it."""
        assert used.exit_code == 0, f"{what} among {sources} sources: exit code {used.exit_code}"
        found = Figure(
            what=what,
            sources=sources,
            wall_seconds=round(used.wall_seconds, 2),
            cpu_seconds=round(used.cpu_seconds, 2),
            peak_mb=round(used.peak_mb),
            load=round(os.getloadavg()[0], 1),
        )
        self._found[what, sources] = found
        if promise := PROMISED.get((what, sources)):
            tell(f"{what} among {sources:,} sources", found.wall_seconds, " s", promise[0])
            tell("its peak memory", found.peak_mb, " MB", promise[1])
        print(f"  {what}, {sources:,} sources: {found.wall_seconds} s, {found.cpu_seconds} s CPU, {found.peak_mb} MB")
        if self._path:
            figures = [asdict(one) for one in self._found.values()]
            day = datetime.now(UTC).date().isoformat()
            self._path.write_text(json.dumps({**self._about, "date": day, "figures": figures}, indent=1) + "\n")


def main() -> None:
    """Print the figures of the sizes that need no patience."""
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), SIZES, Figures(None))


def measure(folder: Path, sizes: tuple[int, ...], figures: Figures) -> None:
    """Measure every command among each number of sources."""
    for sources in sizes:
        store = made_store(folder / str(sources), sources)
        for what, arguments in _commands(store):
            if not figures.has(what, sources):
                figures.add(what, sources, process([sys.executable, "-m", "flows.cli", *arguments]))


def made_store(folder: Path, sources: int) -> Path:
    """Return the folder of a store and its raw files, made if it is missing or incomplete."""
    if not (folder / "whole").exists():
        assert not folder.exists(), f"{folder}: an interrupted call left it: remove it"
        python(f"{WRITE}write(Path(sys.argv[1]), int(sys.argv[2]))", folder, str(sources))
        (folder / "whole").touch()
    return folder


def _commands(folder: Path) -> Iterator[tuple[str, list[str | Path]]]:
    """Yield each command with its name, in an order in which each finds what it needs."""
    raw, store = folder / "raw", folder / "store"
    ingest = ["ingest", raw, "--store", store, "--json"]
    yield "rebuild", ["rebuild", "--store", store]
    yield "first run", ingest
    yield "nothing due", ingest
    write_photo(raw / "sol-0001")
    yield "one new source", ingest
    yield "items of one source", ["items", "photo-000042.png", "--store", store]
    yield "query by sol", ["query", SOL, "--store", store]
    yield "status", ["status", "--store", store]
    yield "links", ["links", "--store", store]
    yield "prune --dry-run", ["prune", "--dry-run", "--store", store]


def write_photo(folder: Path) -> None:
    """Write a photo that no call has written before."""
    noise = np.random.default_rng(time.time_ns()).integers(0, 255, (60, 80, 3), np.uint8)
    Image.fromarray(noise).save(folder / f"new-{time.time_ns()}.png")


def _commit() -> str:
    said = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return said.stdout.strip()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, metavar="SOURCES", help=f"default: {SIZES}")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "marsmedia-scale")
    parser.add_argument("--json", type=Path, help="file with the figures")
    given = parser.parse_args()
    measure(given.folder, tuple(given.sizes) or SIZES, Figures(given.json))
