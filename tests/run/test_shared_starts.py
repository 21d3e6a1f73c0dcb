"""Recordings of one instrument whose labels repeat one start, as of a session, are named; none is given silently."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from flows.cli.main import main
from flows.run.options import Options
from flows.run.release_suggestions import suggestions
from flows.run.reporting.report import Report
from flows.run.run import in_threads, run_ingest
from processors.engine.wanted_results import Recipes
from processors.metadata.evidence import Evidence
from processors.metadata.metadata import Metadata
from tests.helpers.made_media import MediaMaker

START = "2021-05-22T02:40:28.107Z"
RECIPES: Recipes = {medium: (Metadata(), Evidence()) for medium in ("video", "audio", "photo")}
LABEL = """<?xml version="1.0"?><Product_Observational xmlns="http://pds.nasa.gov/pds4/pds/v1"><Observation_Area>
<Time_Coordinates><start_date_time>{start}</start_date_time></Time_Coordinates>
<Investigation_Area><name>Tianwen-1</name></Investigation_Area><Observing_System>
<Observing_System_Component><name>{instrument}</name><type>Instrument</type></Observing_System_Component>
</Observing_System></Observation_Area><File_Area_Observational><File><file_name>{name}</file_name></File>
</File_Area_Observational></Product_Observational>"""
LINE = (
    "3 recordings of EDL Microphone begin at the same instant by their labels, 2021-05-22T02:40:28.107Z: edl/m0.wav, "
    "edl/m1.wav, edl/m2.wav; if that is the start of the session, only the first has the right UTC: state when each "
    "began as date in release.toml"
)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Three recordings with one start, and each another with its own start or instrument."""
    folder = tmp_path / "raw/edl"
    folder.mkdir(parents=True)
    make = MediaMaker(folder)
    of = [("EDL Microphone", START)] * 3 + [("EDL Microphone", START.replace("28", "31")), ("Other Microphone", START)]
    for number, (instrument, start) in enumerate(of):
        make.tone(f"m{number}.wav", hz=400 + number)
        label = LABEL.format(start=start, instrument=instrument, name=f"m{number}.wav")
        (folder / f"m{number}.xml").write_text(label)
    return tmp_path / "raw"


def ingested(raw: Path, name: str) -> Report:
    return run_ingest(raw, raw.parent / "store", RECIPES, Options(), in_threads, name=name)


def test_a_run_names_recordings_of_one_instrument_with_one_start(raw: Path) -> None:
    assert ingested(raw, "first").advice == (LINE,)
    assert ingested(raw, "second").advice in ((), (LINE,))


def test_dates_in_release_toml_settle_it(raw: Path) -> None:
    entries = [f'[[file]]\npath = "m{n}.wav"\ndate = "2021-05-22T02:40:{28 + n}.107Z"\n' for n in range(3)]
    (raw / "edl/release.toml").write_text("\n".join(entries))
    assert ingested(raw, "first").advice == ()


def test_show_says_that_a_start_is_shared(raw: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ingested(raw, "first")
    store = str(raw.parent / "store")
    main(["show", "m1.wav", "--store", store], standalone_mode=False)
    assert f"  start    {LINE}" in capsys.readouterr().out.splitlines()
    main(["show", "m1.wav", "--store", store, "--json"], standalone_mode=False)
    (shared,) = json.loads(capsys.readouterr().out)["shared_starts"]
    assert shared["files"] == ["edl/m0.wav", "edl/m1.wav", "edl/m2.wav"]
    main(["show", "m3.wav", "--store", store], standalone_mode=False)
    assert "  start " not in capsys.readouterr().out


def test_release_init_gives_the_event_of_a_shared_start_to_the_first_alone(raw: Path) -> None:
    known = suggestions(raw / "edl", mission="tianwen-1").known
    events = {path: [one.value for one in said if one.key == "event"] for path, said in known.items()}
    assert events["m0.wav"] == events["m4.wav"] != []
    assert events["m1.wav"] == events["m2.wav"] == []


@pytest.mark.parametrize("before", [(), ("--mission", "perseverance")])
def test_what_release_init_writes_leaves_the_warning(raw: Path, before: tuple[str, ...]) -> None:
    if before:
        main(["release", "init", str(raw / "edl"), *before], standalone_mode=False)
    main(["release", "init", str(raw / "edl"), "--mission", "tianwen-1", "--force"], standalone_mode=False)
    text = (raw / "edl/release.toml").read_text()
    assert text.count("\nevent = ") == 3  # not of the two that only repeat the start
    # of those that share no start, alone
    assert re.findall(r'^date = "(.*?)"', text, re.M) == ["2021-05-22T02:40:31.107000Z", "2021-05-22T02:40:28.107000Z"]
    assert ingested(raw, "first").advice == (LINE,)
