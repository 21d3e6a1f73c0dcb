"""`show` says what a video's colours were taken for."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from flows.cli import show
from processors.audio.envelope import Envelope
from processors.metadata import Metadata
from processors.video.audit.measurements import Measurements
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest


def test_show_names_the_colours_that_were_assumed(tmp_path: Path) -> None:
    (tmp_path / "raw" / "r").mkdir(parents=True)
    made = MediaMaker(tmp_path).video("clip.mp4", ticks=[0, 1, 2, 3])
    made.path.rename(tmp_path / "raw" / "r" / "clip.mp4")
    ingest(tmp_path / "raw", tmp_path / "store", {"video": (Metadata(), Measurements()), "audio": (), "photo": ()})
    answer = CliRunner().invoke(show.show, ["clip.mp4", "--store", str(tmp_path / "store")])
    (line,) = [line for line in answer.output.splitlines() if line.startswith("  colour: ")]
    assert line == (
        "  colour: range limited; not tagged, so assumed: matrix SMPTE 170M, primaries as sRGB, transfer as sRGB"
    )


def test_colours_that_are_tagged_are_named_alone() -> None:
    colour = {"primaries": "BT.2020", "transfer": "PQ", "matrix": "BT.2020", "range": "limited", "assumed": []}
    assert show.fact_in_words("colour", colour) == "primaries BT.2020, transfer PQ, matrix BT.2020, range limited"


def test_the_reports_on_picture_and_sound_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "raw" / "r").mkdir(parents=True)
    made = MediaMaker(tmp_path).video("clip.mp4", ticks=list(range(25)), sound_hz=440.0)
    made.path.rename(tmp_path / "raw" / "r" / "clip.mp4")
    ingest(tmp_path / "raw", tmp_path / "store", {"video": (Measurements(), Envelope()), "audio": (), "photo": ()})
    answer = CliRunner().invoke(show.show, ["clip.mp4", "--store", str(tmp_path / "store")])
    assert sorted(line for line in answer.output.splitlines() if line.startswith("Decoding report")) == [
        "Decoding report of the picture (all of it: --json):",
        "Decoding report of the sound (all of it: --json):",
    ]


def test_of_shots_only_the_refused_are_told() -> None:
    assert show._known({"shots": [1, 2]}) == []
    refused = [{"shot": 1, "refused_because": None}, {"shot": 2, "refused_because": "it turns"}]
    assert show._known({"shots": refused}) == ["shot 2 refused: it turns"]
