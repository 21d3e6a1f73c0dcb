"""Page of measured figures: the machine, the versions, each figure next to its promise, and the missed promises."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.figures import Ended, Figure

HERE = Path(__file__).resolve().parents[1]
LIBRARIES = ("av", "numpy", "scipy", "opencv-python", "pillow", "pyarrow", "deltalake", "duckdb", "prefect")
TOOLS = {"ffmpeg": "-version", "sox": "--version", "exiftool": "-ver", "convert": "-version"}


def performance_page(figures: Sequence[Figure], ends: Sequence[Ended]) -> str:
    """Return the page as Markdown."""
    lines = [
        "# Performance",
        "",
        "Written by `make bench`, which measures all of it in one go; `make bench-quick` compares two commits.",
        "Ratios are of one run, in which the compared programs take turns. Edit the benchmarks, not this page.",
        "",
        f"- Date: {datetime.now(UTC):%Y-%m-%d}; commit {_said('git', '-C', str(HERE), 'rev-parse', '--short', 'HEAD')}",
        f"- Machine: {_machine()}",
        f"- Python {platform.python_version()}; {', '.join(_libraries())}",
        f"- Tools: {'; '.join(_tools())}",
        "",
        "| benchmark | what | figure | promised | |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.benchmark} | {one.what} | {one.figure:.2f}{one.unit} | {one.rule} "
        f"| {'reached' if one.is_reached else '**missed**'} |"
        for one in figures
    ]
    if missed := [one for one in figures if not one.is_reached]:
        lines += ["", "## What was missed", ""]
        lines += [f"- {one.what}: {one.if_missed or 'the reason is not known yet'}." for one in missed]
    lines += ["", "## How long it took", ""]
    lines += [f"- {one.name}: {one.seconds:.0f} s{'' if one.how == 'ended' else f', {one.how}'}" for one in ends]
    return "\n".join(lines) + "\n"


def _machine() -> str:
    cpu, memory = platform.processor() or platform.machine(), ""
    if (told := Path("/proc/cpuinfo")).exists() and (model := re.search(r"model name\s*: (.+)", told.read_text())):
        cpu = model[1]
    if hasattr(os, "sysconf"):
        memory = f", {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB of memory"
    load = f", load {os.getloadavg()[0]:.1f} at the end" if hasattr(os, "getloadavg") else ""
    return f"{os.cpu_count()} cores ({cpu}){memory}, {platform.system()} {platform.release()}{load}"


def _libraries() -> list[str]:
    return [f"{name} {version(name)}" for name in LIBRARIES]


def _tools() -> list[str]:
    """Return each tool's own first line, or a note that it is missing."""
    return [f"{name}: {_said(name, flag)}" for name, flag in TOOLS.items()]


def _said(*command: str) -> str:
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return "not there"
    return said.strip().partition("\n")[0].partition(" Copyright")[0].partition(" http")[0]
