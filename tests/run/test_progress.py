"""The progress of a run fits into 80 columns, and is written as lines where there is no terminal."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from flows.run.progress import RunProgress
from processors.audio.levels.levels import Levels
from processors.audio.reading.block import AudioBlock
from processors.contract import Source
from processors.engine.derive import derive
from processors.engine.pass_progress import PassProgress, Position, read_position
from processors.sources.source_file import SourceFile
from processors.store.store import Store
from tests.helpers.made_media import MediaMaker


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


def test_a_file_in_progress_moves_the_counts(tmp_path: Path) -> None:
    stream = io.StringIO()
    note = tmp_path / "note"
    progress = RunProgress(console=Console(file=stream, width=80), log_seconds=0.0)
    with progress:
        progress.phase("Deriving", 2, 200.0)
        note.write_text("50.0 ")
        progress.begin("june/a.mp4", note, 100.0)
        assert stream.getvalue().splitlines()[-1] == (
            "Deriving: 0/2 files, 50/200 s of media; now june/a.mp4 (50 of 100 s)"
        )
        note.write_text("100.0 video.preview")
        progress.begin("june/b.png")
        assert stream.getvalue().splitlines()[-1] == (
            "Deriving: 0/2 files, 100/200 s of media; now june/a.mp4 (finishing video.preview), june/b.png"
        )


def test_the_position_is_that_of_the_latest_unit(tmp_path: Path) -> None:
    progress = PassProgress(tmp_path / "note")
    progress.decoded(AudioBlock(samples=np.zeros((1, 4), np.float32), first_sample=96_000), 48_000)
    assert read_position(tmp_path / "note") == Position(seconds=2.0, processor=None)
    progress.finishing("audio.levels")
    assert read_position(tmp_path / "note") == Position(seconds=2.0, processor="audio.levels")
    PassProgress(None).finishing("audio.levels")


def test_a_pass_writes_how_far_it_is_and_which_processor_finishes(make: MediaMaker, tmp_path: Path) -> None:
    path = make.tone("tone.wav", seconds=0.5)
    size = path.stat().st_size
    source = Source(digest="0" * 64, size_bytes=size, name=path.name, medium="audio", format="wav", has_sound=True)
    outcomes = derive(
        source, SourceFile.at(path), "june", [Levels()], Store(tmp_path / "store"), progress_file=tmp_path / "note"
    )
    assert [outcome.verdict for outcome in outcomes] == ["made"]
    position = read_position(tmp_path / "note")
    assert position
    assert position.processor == "audio.levels"
    assert 0 <= position.seconds <= 0.5


def test_steps_of_other_work_are_counted_by_their_noun_and_name() -> None:
    stream = io.StringIO()
    progress = RunProgress(console=Console(file=stream, width=80), log_seconds=0.0)
    with progress:
        assert list(progress.each("Hashing raw files", ["a", "着陆"], 2, name=lambda one: f"june/{one}.mp4")) == [
            "a",
            "着陆",
        ]
        assert list(progress.each("Reading results", iter("xyz"), None, noun="result")) == ["x", "y", "z"]
    lines = stream.getvalue().splitlines()
    assert lines[0] == "Hashing raw files: 0/2 files; now june/a.mp4"
    assert "Hashing raw files: 2/2 files" in lines
    assert lines[-1] == "Reading results: 3 results"


def test_steps_fit_into_80_columns() -> None:
    stream = io.StringIO()
    progress = RunProgress(console=Console(file=stream, force_terminal=True, width=80, color_system=None))
    with progress:
        steps = progress.each("Hashing raw files", ["a"] * 1_234_567, 1_234_567, name=lambda one: "x" * 60)
        next(steps)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "\n", stream.getvalue())
    line = [line for line in text.splitlines() if "/1234567" in line][-1]
    assert line.startswith("Hashing raw files")
    assert "xxx...xxx" in line
    assert "…" not in line


def test_what_is_printed_meanwhile_reaches_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    progress = RunProgress(console=Console(file=stream, force_terminal=True, width=80))
    with progress:
        for one in progress.each("Hashing results", ["a"], 1):
            with progress.aside():
                print(f"damaged: {one}")
    assert capsys.readouterr().out == "damaged: a\n"
    assert "damaged" not in stream.getvalue()
