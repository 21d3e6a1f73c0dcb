"""The page of measured figures says what was promised, what was missed and why, and what was not measured."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.figures import FIGURES_FILE, Ended, Figure, read_figures
from benchmarks.performance_page import performance_page

PROJECT = Path(__file__).resolve().parents[1]


def test_figures_are_read_as_reported(tmp_path: Path) -> None:
    file = tmp_path / "figures.jsonl"
    told = "tell('us / them', 1.5, '', 2.0); tell('speed', 1.0, ' s', 3, at_least=True, if_missed='the disk is slow')"
    run = subprocess.run(
        [sys.executable, "-c", f"from benchmarks.figures import tell; {told}"],
        env={FIGURES_FILE: str(file), "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.splitlines() == [
        "  us / them: 1.50 (promised: at most 2) reached",
        "  speed: 1.00 s (promised: at least 3 s) MISSED",
    ]
    first, second = read_figures(file)
    assert (first.what, first.figure, first.is_reached) == ("us / them", 1.5, True)
    assert (second.rule, second.is_reached, second.if_missed) == ("at least 3 s", False, "the disk is slow")
    assert read_figures(tmp_path / "none") == []


def test_the_page_names_missed_and_skipped_figures() -> None:
    figures = [
        Figure(benchmark="release", what="light / tools", figure=0.5, unit="", promise=0.6),
        Figure(benchmark="video", what="again", figure=0.2, unit=" s", promise=0.1, if_missed="the disk is slow"),
        Figure(benchmark="audio", what="picture", figure=2, unit="", promise=1),
    ]
    ends = [
        Ended(name="release", how="ended", seconds=61.2),
        Ended(name="video", how="cut off", seconds=5),
        Ended(name="packs", how="left out", seconds=0),
    ]
    lines = performance_page(figures, ends).splitlines()
    assert "| release | light / tools | 0.50 | at most 0.6 | reached |" in lines
    assert "| video | again | 0.20 s | at most 0.1 s | **missed** |" in lines
    missed = lines[lines.index("## What was missed") :]
    assert missed[2:4] == ["- again: the disk is slow.", "- picture: the reason is not known yet."]
    assert lines[-3:] == ["- release: 61 s", "- video: 5 s, cut off", "- packs: 0 s, left out"]
    assert any(line.startswith("- Python 3") and "numpy" in line for line in lines)
