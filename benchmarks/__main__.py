"""Runs benchmarks by name, or all of them, each in its own process, and can write their figures as a page.

python -m benchmarks [names] [--minutes 20] [--write docs/performance.md]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figures import FIGURES_FILE, Ended, read_figures
from benchmarks.performance_page import performance_page

ALL: dict[str, tuple[str, ...]] = {
    "release": (),
    "small_photo": (),
    "video": (),
    "audio": (),
    "gallery": (),
    "photos": ("60",),
    "scale": ("--folder", "{folder}/scale"),
    "bucket_scale": ("--folder", "{folder}/bucket"),
    "cluster": ("1",),
    "reprocess": (),
    "packs": (),
    "main_job": (),
}
"""Benchmarks with their arguments, the most informative first: they are run as long as time remains.

`{folder}` is a folder that is removed in the end.
"""


def main() -> None:
    """Run the benchmarks given on the command line; exit with 1 if one of them ended with an error."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which to run, of: {', '.join(ALL)}; default: all")
    parser.add_argument("--minutes", type=float, help="leave out what does not end within this time")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="write the figures as Markdown")
    asked = parser.parse_args()
    for name in asked.names:
        if name not in ALL:
            parser.error(f"{name}: no such benchmark; there are: {', '.join(ALL)}")
    until = time.monotonic() + asked.minutes * 60 if asked.minutes else None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "figures.jsonl"
        ends = [_run(name, file, until) for name in asked.names or ALL]
        figures = read_figures(file)
    if asked.write:
        asked.write.write_text(performance_page(figures, ends), encoding="utf-8")
        print(f"written: {asked.write}")
    sys.exit(any(one.how == "failed" for one in ends))


def _run(name: str, file: Path, until: float | None) -> Ended:
    """Run one benchmark in a process of its own, which may take until a moment of the monotonic clock."""
    print(f"== {name}", flush=True)
    started = time.monotonic()
    left = None if until is None else until - started
    if left is not None and left <= 0:
        print("  left out: no time is left", flush=True)
        return Ended(name=name, how="left out", seconds=0.0)
    environment = {key: text for key, text in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment[FIGURES_FILE] = str(file)
    arguments = [word.format(folder=file.parent) for word in ALL[name]]
    command = [sys.executable, "-m", f"benchmarks.{name}", *arguments]
    child = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        how = "ended" if child.wait(left) == 0 else "failed"
    except subprocess.TimeoutExpired:
        how = "cut off"
        print("  cut off: the time is up", flush=True)
    finally:
        if child.poll() is None:
            os.killpg(child.pid, 15)
            child.wait()
    return Ended(name=name, how=how, seconds=time.monotonic() - started)


main()
