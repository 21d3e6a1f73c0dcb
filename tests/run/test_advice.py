"""A run says what a person should know of a new result: a statement that could not be used, and what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from flows.cli.main import main
from flows.cli.printing.print_report import print_report
from flows.run.options import Options
from flows.run.run import in_threads, run_ingest
from processors.video.audit.integrity import Integrity
from processors.video.audit.measurements import Measurements
from processors.video.motion.motion import Motion
from processors.video.shots.shots import Shots
from tests.helpers.video_scenes import scene, write
from tests.video.test_motion import zoomed

RECIPES = {"video": (Measurements(), Integrity(), Shots(), Motion()), "audio": (), "photo": ()}
STATED = """
[[file]]
path = "pan.mp4"
altitude_metres = 300.0
field_of_view_degrees = 35.0
altitude_shot = 1
"""


def test_an_altitude_that_is_not_used_is_one_line_of_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "raw/june"
    folder.mkdir(parents=True)
    write(folder / "pan.mp4", [scene(8, frame, (320, 240)) for frame in range(40)])
    (folder / "release.toml").write_text(STATED)
    report = run_ingest(tmp_path / "raw", tmp_path / "store", RECIPES, Options(), in_threads, name="first")  # type: ignore[arg-type]
    line = (
        "june/pan.mp4: video.motion: the altitude of shot 1 is not used: the picture does not grow steadily around a "
        "point inside it, as seen along the motion"
    )
    assert (report.state, report.advice) == ("completed", (line,))
    print_report(report)
    assert line in capsys.readouterr().out.splitlines()
    print_report(replace(report, advice=(line,) * 50))
    assert "... and 10 more such lines; see the report" in capsys.readouterr().out


def test_a_refused_shot_is_one_line_of_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "raw/june"
    folder.mkdir(parents=True)
    write(folder / "flat.mp4", [np.full((180, 320), 90 + k % 2 * 60, np.uint8) for k in range(30)])
    report = run_ingest(tmp_path / "raw", tmp_path / "store", RECIPES, Options(), in_threads, name="first")  # type: ignore[arg-type]
    line = "june/flat.mp4: video.motion: shot 1 refused: no two frames could be registered"
    assert (report.state, report.results.refused, report.advice) == ("completed", 0, (line,))
    print_report(report)
    assert line in capsys.readouterr().out.splitlines()


def test_the_command_for_an_altitude_names_the_file_where_it_is_printed(tmp_path: Path) -> None:
    folder, store = tmp_path / "raw/june", tmp_path / "store"
    folder.mkdir(parents=True)
    write(folder / "pan B.mp4", [zoomed(frame, (320, 240)) for frame in range(60)])
    (folder / "release.toml").write_text(STATED.replace("pan.mp4", "pan B.mp4"))
    recipes = {**RECIPES, "video": (Measurements(), Integrity(), Shots(), Motion(span_seconds=(1, 2)))}
    report = run_ingest(tmp_path / "raw", store, recipes, Options(), in_threads, name="first")  # type: ignore[arg-type]
    command = "marsmedia reprocess 'june/pan B.mp4' --processor video.motion --set span_seconds=1,2"
    (line,) = report.advice
    assert line.startswith("june/pan B.mp4: video.motion: the altitude of shot 1 is not used: ")
    assert command in line
    shown = CliRunner().invoke(main, ["show", "pan B.mp4", "--store", str(store)]).output
    assert f"{command} " in shown
    assert "FILE" not in shown
