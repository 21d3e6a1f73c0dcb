"""`release init` writes into the entry of each copy of the same bytes only what is said at its own path."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image

from flows.cli.main import main
from flows.run.options import Options
from flows.run.release_suggestions import suggestions
from flows.run.run import in_threads, run_ingest
from processors.engine.wanted_results import Recipes
from processors.metadata.evidence import Evidence
from processors.metadata.metadata import Metadata
from tests.helpers.made_media import MediaMaker

RECIPES: Recipes = {medium: (Metadata(), Evidence()) for medium in ("video", "audio", "photo")}
XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 xmlns:tiff="http://ns.adobe.com/tiff/1.0/" photoshop:Credit="Credit {0}" tiff:Model="Camera {0}"
 exif:DateTimeOriginal="2021-06-1{1}T10:00:00+08:00">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Title {0}</rdf:li></rdf:Alt></dc:title>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">Caption {0}</rdf:li></rdf:Alt></dc:description>
<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">Rights {0}</rdf:li></rdf:Alt></dc:rights>
</rdf:Description></rdf:RDF></x:xmpmeta>"""
LABEL = """<?xml version="1.0"?><Product_Observational xmlns="http://pds.nasa.gov/pds4/pds/v1"><Identification_Area>
<title>{title}</title></Identification_Area><Observation_Area><Time_Coordinates><start_date_time>{start}
</start_date_time></Time_Coordinates><Investigation_Area><name>{mission}</name><type>Mission</type>
</Investigation_Area><Observing_System><Observing_System_Component><name>{instrument}</name><type>Instrument</type>
</Observing_System_Component></Observing_System></Observation_Area><File_Area_Observational><File>
<file_name>{name}</file_name></File></File_Area_Observational></Product_Observational>"""


def photo(path: Path, **saved: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (64, 48), (150, 90, 60)).save(path, **saved)


def labelled(path: Path, title: str, start: str, mission: str, instrument: str) -> None:
    text = LABEL.format(title=title, start=start, mission=mission, instrument=instrument, name=path.name)
    path.with_suffix(".xml").write_text(text)


def initialised(folder: Path, *options: str) -> dict[str, dict[str, Any]]:
    """Entries that `release init` writes, by their paths."""
    answer = CliRunner().invoke(main, ["release", "init", str(folder), *options])
    assert answer.exit_code == 0, answer.output
    entries = tomllib.loads((folder / "release.toml").read_text())["file"]
    return {one.pop("path"): one for one in entries}


def of_sidecar(name: str, day: int) -> dict[str, Any]:
    return {
        "title": f"Title {name}",
        "caption": f"Caption {name}",
        "credit": f"Credit {name}",
        "rights": f"Rights {name}",
        "redistribute": False,
        "recorded_by": f"Camera {name}",
        "date": f"2021-06-{day}T02:00:00Z",
    }


@pytest.fixture
def june(tmp_path: Path) -> Path:
    """One photo in three folders, two of them with XMP sidecars of their own."""
    folder = tmp_path / "raw/june"
    for name in "abc":
        photo(folder / name / "p.jpg")
    (folder / "a/p.xmp").write_text(XMP.format("A", 4))
    (folder / "b/p.jpg.xmp").write_text(XMP.format("B", 5))
    return folder


def test_each_copy_has_the_statements_of_its_own_sidecar(june: Path) -> None:
    assert initialised(june) == {"a/p.jpg": of_sidecar("A", 14), "b/p.jpg": of_sidecar("B", 15), "c/p.jpg": {}}
    sources = {one.source for one in suggestions(june).known["b/p.jpg"] if one.source.startswith("XMP")}
    assert all(source.startswith("XMP sidecar p.jpg.xmp:") for source in sources)


def test_a_copy_that_is_added_later_has_its_own_statements(june: Path) -> None:
    (june / "release.toml").write_text('[[file]]\npath = "b/p.jpg"\ntitle = "As we call it"\n')
    entries = initialised(june)
    assert entries == {"b/p.jpg": {"title": "As we call it"}, "a/p.jpg": of_sidecar("A", 14), "c/p.jpg": {}}
    renewed = initialised(june, "--force")
    assert renewed["b/p.jpg"] == {**of_sidecar("B", 15), "title": "As we call it"}
    assert renewed["c/p.jpg"] == {}


def test_each_copy_has_the_statements_of_its_own_label(tmp_path: Path) -> None:
    folder = tmp_path / "raw/june"
    for name in ("lab/p.jpg", "new/p.jpg", "other/q.jpg", "plain/p.jpg"):
        photo(folder / name)
    labelled(folder / "lab/p.jpg", "First", "2006-12-06T02:08:22.5Z", "MRO", "SHARAD")
    labelled(folder / "new/p.jpg", "Corrected", "2007-01-01T00:00:00.5Z", "MRO", "CTX")
    labelled(folder / "other/q.jpg", "Zhurong", "2021-06-01T00:00:00Z", "Tianwen-1", "NaTeCam")
    first = {"title": "First", "recorded_by": "SHARAD", "date": "2006-12-06T02:08:22.500000Z"}
    corrected = {"title": "Corrected", "recorded_by": "CTX", "date": "2007-01-01T00:00:00.500000Z"}
    entries = initialised(folder, "--mission", "tianwen-1")
    assert entries["lab/p.jpg"] == {"mission": "", **first}
    assert entries["new/p.jpg"] == {"mission": "", **corrected}
    assert entries["plain/p.jpg"] == {}
    assert (entries["other/q.jpg"]["title"], entries["other/q.jpg"]["date"]) == ("Zhurong", "2021-06-01T00:00:00Z")
    assert "mission" not in entries["other/q.jpg"]
    store = tmp_path / "store"
    run_ingest(tmp_path / "raw", store, RECIPES, Options(workers=1), in_threads, name="test")
    shown = CliRunner().invoke(main, ["show", "june/lab/p.jpg", "--store", str(store)]).output
    assert "when: 2006-12-06T02:08:22.500000Z (to a fraction of a second, UTC; from release.toml:date)" in shown
    assert "title: First (from release.toml:file.title)" in shown
    assert "Corrected" not in shown


def test_what_the_file_itself_says_is_in_the_entry_of_every_copy(june: Path) -> None:
    exif = Image.Exif()
    exif[0x010E], exif[0x8298] = "Own caption", "Own rights"
    for name in "abc":
        photo(june / name / "p.jpg", exif=exif)
    own = {"caption": "Own caption", "rights": "Own rights", "redistribute": False}
    assert initialised(june) == {"a/p.jpg": of_sidecar("A", 14), "b/p.jpg": of_sidecar("B", 15), "c/p.jpg": own}


def test_copies_of_one_recording_share_no_start(tmp_path: Path) -> None:
    """They are no parts of a session: its date and its event are those of every copy whose label gives them."""
    folder = tmp_path / "raw/edl"
    for name in ("a/m.wav", "b/m.wav", "c/m.wav"):
        (folder / name).parent.mkdir(parents=True)
        MediaMaker((folder / name).parent).tone("m.wav", hz=400)
    for name in "ab":
        labelled(folder / name / "m.wav", "Landing", "2021-05-22T02:40:28.107Z", "Tianwen-1", "EDL Microphone")
    entries = initialised(folder, "--mission", "tianwen-1")
    said = {"title": "Landing", "recorded_by": "EDL Microphone", "date": "2021-05-22T02:40:28.107000Z"}
    assert entries["a/m.wav"] == entries["b/m.wav"] == {**said, "event": entries["a/m.wav"]["event"]}
    assert entries["c/m.wav"] == {}


def test_the_first_recording_of_a_shared_start_keeps_its_event_in_every_copy(tmp_path: Path) -> None:
    folder = tmp_path / "raw/edl"
    for name, hz in (("a/m.wav", 400), ("b/n.wav", 401), ("c/m.wav", 400)):
        (folder / name).parent.mkdir(parents=True)
        MediaMaker((folder / name).parent).tone(Path(name).name, hz=hz)
        labelled(folder / name, "Landing", "2021-05-22T02:40:28.107Z", "Tianwen-1", "EDL Microphone")
    entries = initialised(folder, "--mission", "tianwen-1")
    assert {path: ("date" in one, "event" in one) for path, one in entries.items()} == {
        "a/m.wav": (False, True),
        "b/n.wav": (False, False),
        "c/m.wav": (False, True),
    }
