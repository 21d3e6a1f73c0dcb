"""A start that a label copies from its bundle or collection dates no recording; a product made from it may say more."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from flows.cli.main import main
from flows.run.options import Options
from flows.run.release_suggestions import suggestions
from flows.run.run import in_threads, run_ingest
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.audio.spectrogram.spectrogram_picture import SpectrogramPicture
from processors.engine.wanted_results import Recipes
from processors.metadata.evidence import Evidence
from processors.metadata.metadata import Metadata
from processors.metadata.related_labels import names_as_source
from processors.metadata.tags.tag_records import text_tag
from tests.helpers.made_media import MediaMaker

START = "2021-02-18T20:44:28.107Z"
RECIPES: Recipes = {medium: (Metadata(), Evidence()) for medium in ("video", "audio", "photo")}
HEAD = '<?xml version="1.0"?><{root} xmlns="http://pds.nasa.gov/pds4/pds/v1"><Context_Area>'
TIMES = "<Time_Coordinates><start_date_time>{start}</start_date_time>{stop}</Time_Coordinates>"
INSTRUMENT = """<Investigation_Area><name>Mars 2020</name><type>Mission</type></Investigation_Area><Observing_System>
<Observing_System_Component><name>EDL suite</name><type>Instrument</type></Observing_System_Component>
</Observing_System>"""
LIST = """<Reference_List><Source_Product_Internal>
<lidvid_reference>urn:nasa:pds:m2020:data_audio:m0.wav::1.0</lidvid_reference>
<reference_type>data_to_raw_source_product</reference_type></Source_Product_Internal></Reference_List>"""
PLACE = "Context_Area/Time_Coordinates/start_date_time"
PROBLEM = (
    f"label m0.xml:{PLACE}: {START} is also the start of ../bundle.xml, so it is not used as that of this recording; "
    "state its own as date in release.toml"
)


def label(root: str, start: str, stop: str = "", more: str = "", end: str = "") -> str:
    times = TIMES.format(start=start, stop=f"<stop_date_time>{stop}</stop_date_time>" if stop else "")
    return f"{HEAD.format(root=root)}{times}{INSTRUMENT}{more}</Context_Area>{end}</{root}>"


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Three recordings below the label of their bundle: with its start, with one of its own, and with an end."""
    sounds = tmp_path / "raw/edl/data"
    sounds.mkdir(parents=True)
    make = MediaMaker(sounds)
    own = START.replace("28.107", "31.107")
    for number, (start, stop) in enumerate([(START, ""), (own, ""), (START, START.replace("28.107", "29.107"))]):
        make.tone(f"m{number}.wav", hz=400 + number)
        area = f"<File_Area_Observational><File><file_name>m{number}.wav</file_name></File></File_Area_Observational>"
        (sounds / f"m{number}.xml").write_text(label("Product_Observational", start, stop, end=area))
    (tmp_path / "raw/edl/bundle.xml").write_text(label("Product_Bundle", START))
    return tmp_path / "raw"


def add_product(raw: Path, start: str, told: str) -> None:
    text = label("Product_Ancillary", start, more=f"<Mission_Area>{told}</Mission_Area>", end=LIST)
    (raw / "edl/data/all.xml").write_text(text)


def evidence(raw: Path, *, release: str = "") -> dict[str, dict[str, Any]]:
    if release:
        (raw / "edl/release.toml").write_text(f'mission = "perseverance"\n{release}')
    run_ingest(raw, raw.parent / "store", RECIPES, Options(), in_threads, name="x")
    records = [
        json.loads(path.read_text()) for path in (raw.parent / "store/results").glob("*/*/evidence/*/evidence.json")
    ]
    return {record["name"]: record for record in records}


def test_a_start_copied_from_the_bundle_is_no_date_of_the_recording(raw: Path) -> None:
    found = evidence(raw)
    assert {name: one["taken"] and one["taken"]["utc"] for name, one in found.items()} == {
        "m0.wav": None,
        "m1.wav": "2021-02-18T20:44:31.107000Z",
        "m2.wav": "2021-02-18T20:44:28.107000Z",
    }
    assert found["m0.wav"]["problems"] == [PROBLEM]
    assert [(one["meaning"], one["written"]) for one in found["m0.wav"]["dates"]] == [("collection began", START)]
    assert found["m1.wav"]["problems"] == found["m2.wav"]["problems"] == []


def test_a_date_in_release_toml_is_used_and_leaves_no_problem(raw: Path) -> None:
    found = evidence(raw, release='[[file]]\npath = "data/m0.wav"\ndate = "2024-04-19T13:28:25Z"\n')["m0.wav"]
    assert (found["taken"]["utc"], found["problems"], found["disagreements"]) == ("2024-04-19T13:28:25Z", [], [])


def test_a_run_and_show_name_recordings_with_the_start_of_their_collection(
    raw: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = (
        f"1 recording of EDL suite has no start but that of the bundle or collection, {START}: edl/data/m0.wav; "
        "it is not used: state when each began as date in release.toml"
    )
    store = raw.parent / "store"
    assert run_ingest(raw, store, RECIPES, Options(), in_threads, name="x").advice == (line,)
    main(["show", "m0.wav", "--store", str(store)], standalone_mode=False)
    assert f"  start    {line}" in capsys.readouterr().out.splitlines()


def test_release_init_writes_no_date_and_no_event_from_it(raw: Path) -> None:
    known = suggestions(raw / "edl", mission="perseverance").known
    keys = {path: {one.key for one in said} & {"date", "event"} for path, said in known.items()}
    assert keys == {"data/m0.wav": set(), "data/m1.wav": {"date"}, "data/m2.wav": {"date"}}


def test_the_spectrogram_has_no_clock_from_it(raw: Path) -> None:
    recipes: Recipes = {"audio": (Spectrogram(), SpectrogramPicture())}
    run_ingest(raw, raw.parent / "store", recipes, Options(), in_threads, name="x")
    found = (raw.parent / "store/results").glob("*/*/audio.spectrogram_picture/*/manifest.json")
    manifests = [json.loads(path.read_text()) for path in found]
    assert sorted(str(one["parameters"]["start_source"]) for one in manifests) == ["", "m1.xml", "m2.xml"]


def test_the_sol_is_that_of_a_product_made_from_the_recording(raw: Path) -> None:
    told = "<start_local_mean_solar_time>Sol-01125M10:31:04.307</start_local_mean_solar_time>"
    add_product(raw, START, told)
    found = evidence(raw)
    place = "label all.xml:Context_Area/Mission_Area/start_local_mean_solar_time"
    assert (found["m0.wav"]["first_sol"], found["m0.wav"]["sol_source"]) == (1125, place)
    assert (found["m1.wav"]["first_sol"], found["m0.wav"]["disagreements"]) == (0, [])
    (raw / "edl/bundle.xml").unlink()  # nothing is known to be copied: the two contradict each other
    run_ingest(raw, raw.parent / "other", RECIPES, Options(), in_threads, name="x")
    records = [
        json.loads(path.read_text()) for path in (raw.parent / "other").glob("results/*/*/evidence/*/evidence.json")
    ]
    (m0,) = (record for record in records if record["name"] == "m0.wav")
    assert [one["about"] for one in m0["disagreements"]] == ["sol", "local mean solar time"]
    assert m0["disagreements"][0]["says"] == [["1125", place], ["0", f"profile perseverance from label m0.xml:{PLACE}"]]


@pytest.mark.parametrize(("minute", "count"), [("58", 0), ("29", 1)])
def test_a_date_far_from_the_start_of_a_product_made_from_it_is_a_contradiction(
    raw: Path, minute: str, count: int
) -> None:
    add_product(raw, f"2024-04-19T13:{minute}:00Z", "")
    entry = '[[file]]\npath = "data/m0.wav"\ndate = "2024-04-19T14:05:00Z"\n'
    apart = evidence(raw, release=entry)["m0.wav"]["disagreements"]
    assert [one["about"] for one in apart] == ["recorded"] * count
    for one in apart:
        said = ["2024-04-19T13:29:00Z", f"label all.xml:{PLACE}"]
        assert one["says"] == [["2024-04-19T14:05:00Z", "release.toml:date"], said]


def test_a_label_that_is_no_xml_is_named_in_the_problems(raw: Path) -> None:
    (raw / "edl/bundle.xml").write_text('<?xml version="1.0"?><a xmlns="http://pds.nasa.gov/pds4/pds/v1"><b></a>')
    (problem,) = evidence(raw)["m0.wav"]["problems"]
    assert problem.startswith("label ../bundle.xml: the label is not well-formed XML: mismatched tag")


def test_a_changed_bundle_makes_the_evidence_again(raw: Path) -> None:
    assert evidence(raw)["m0.wav"]["taken"] is None
    (raw / "edl/bundle.xml").write_text(label("Product_Bundle", "2021-02-18T20:00:00Z"))
    report = run_ingest(raw, raw.parent / "store", RECIPES, Options(), in_threads, name="y")
    assert (report.results.made, report.results.reused) == (3, 3)


@pytest.mark.parametrize("lid", ["urn:a:b:m0.wav::1.0", "urn:a:b:M0", "urn:a:b:m0::2.1"])
def test_a_source_is_named_by_the_last_part_of_its_identifier(lid: str) -> None:
    place = "Reference_List/Source_Product_Internal/lidvid_reference"
    tag = text_tag("pds4", place, lid)
    assert names_as_source([tag], "m0.wav")
    assert not names_as_source([tag], "m00.wav")
    assert not names_as_source([dataclasses.replace(tag, name="Internal_Reference/lid_reference")], "m0.wav")
