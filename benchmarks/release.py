"""A whole release with the default recipe against the separate tools that a user has: exiftool, ffmpeg, sox and others.

    python -m benchmarks.release

Needs `../shared/samples/release` and `../shared/bench/tools.sh` beside the checkout, and the tools that it calls.
"""

from __future__ import annotations

import sys
import tempfile
from itertools import count
from pathlib import Path

from benchmarks.measure import Used, in_turn, process, ratio, tell

ROUNDS = 3
SHARED = Path(__file__).resolve().parents[2] / "shared"


def main() -> None:
    """Wall-clock and processor time of both, in turn."""
    release, tools = SHARED / "samples" / "release", SHARED / "bench" / "tools.sh"
    if not (release.is_dir() and tools.is_file()):
        print("  skipped: no ../shared/samples/release and ../shared/bench/tools.sh beside the checkout")
        return
    runs: dict[str, list[Used]] = {"ours": [], "tools": []}
    with tempfile.TemporaryDirectory() as folder:
        number = count()

        def ours() -> float:
            store = Path(folder) / f"store{next(number)}"
            run = process([sys.executable, "-m", "flows.cli", "ingest", release, "--store", store, "--quiet"])
            assert run.exit_code == 0, run
            runs["ours"].append(run)
            return run.wall_seconds

        def theirs() -> float:
            runs["tools"].append(process(["bash", tools, release, Path(folder) / f"tools{next(number)}"]))
            return runs["tools"][-1].wall_seconds

        wall = in_turn(ROUNDS, ours, theirs)
    tell("default recipe / separate tools", ratio(*wall), "", 2.0)
    spent = ([run.cpu_seconds for run in runs[name]] for name in ("ours", "tools"))
    print(f"  the same in processor time: {ratio(*spent):.2f}")


if __name__ == "__main__":
    main()
