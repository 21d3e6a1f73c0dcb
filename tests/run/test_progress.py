"""The progress of a run fits into 80 columns, and is written as lines where there is no terminal."""

from __future__ import annotations

import io
import re

from rich.console import Console

from flows.run.progress import RunProgress


def shown(progress: RunProgress) -> None:
    with progress:
        progress.phase("Deriving", 120, 36_000.0)
        progress.begin("june/着陆过程-and-a-very-long-name-of-a-descent-video-01.mp4")
        progress.begin("june/b.mp4")
        progress.end("june/b.mp4", 1800.0)


def test_the_counts_and_the_file_are_whole_at_80_columns() -> None:
    stream = io.StringIO()
    shown(RunProgress(console=Console(file=stream, force_terminal=True, width=80, color_system=None)))
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "\n", stream.getvalue())
    (line, *_) = [line for line in text.splitlines() if "1/120" in line]
    assert "1800/36000 s" in line
    assert "video-01.mp4" in line
    assert "…" not in line


def test_without_a_terminal_it_is_written_as_lines() -> None:
    stream = io.StringIO()
    shown(RunProgress(console=Console(file=stream, width=80), log_seconds=0.0))
    assert stream.getvalue().splitlines()[-1] == (
        "Deriving: 1/120 files, 1800/36000 s of media; now june/着陆过程-and-a-very-long-name-of-a-descent-video-01.mp4"
    )


def test_on_request_nothing_is_written() -> None:
    stream = io.StringIO()
    shown(RunProgress(quiet=True, console=Console(file=stream, width=80), log_seconds=0.0))
    assert stream.getvalue() == ""
