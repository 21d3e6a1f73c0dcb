"""`reproduce` says of a result that was made with an earlier label or subtitle file what became of that file."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from flows.run.build_pack import build_pack, recipe_of
from processors.engine.wanted_results import Recipes
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.photo.photo_preview import PhotoPreview
from processors.store.catalogue.catalogue import Catalogue
from processors.store.store import Store
from tests.helpers.command import in_this_process
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest

RECIPES: Recipes = {"photo": (Metadata(), Evidence(), PhotoPreview(longest_sides_px=(64,)))}
SIDECAR = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:Credit="CNSA/{name}"/>
</rdf:RDF></x:xmpmeta>"""
LABEL = """<?xml version="1.0"?><Product_Observational xmlns="http://pds.nasa.gov/pds4/pds/v1"><Identification_Area>
<title>Crater</title></Identification_Area><File_Area_Observational><File><file_name>a.jpg</file_name></File>
</File_Area_Observational></Product_Observational>"""


def test_a_label_that_was_replaced_is_named_with_the_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "raw/june").mkdir(parents=True)
    Image.new("RGB", (96, 64), (40, 80, 120)).save("raw/june/a.png")
    sidecar = Path("raw/june/a.xmp")

    def credited(name: str) -> None:
        sidecar.write_text(SIDECAR.format(name=name))
        ingest(Path("raw"), Path("store"), RECIPES)

    credited("PEC")
    build_pack(recipe_of(["*"], audience="archive"), Path("desk"), Store(Path("store")))
    credited("CLEP")
    gone_utc = next(one.gone_utc for one in Catalogue(Store(Path("store"))).sightings() if one.name == "a.xmp")
    until = f"until {str(gone_utc)[:10]}"
    told = f"made with a.xmp as it was {until}: put that one back in its place and run `marsmedia ingest`"
    done = in_this_process("reproduce", "desk", "--store", "store")
    assert [line for line in done.stdout.splitlines() if line.startswith("not rebuilt")] == [
        f"not rebuilt: a.png evidence: {told}"
    ]
    credited("PEC")
    done = in_this_process("reproduce", "desk", "--store", "store")
    assert done.returncode == 0, done.stdout


def not_rebuilt(*words: str) -> list[str]:
    lines = in_this_process("reproduce", *words, "--store", "store").stdout.splitlines()
    return [line for line in lines if line.startswith("not rebuilt: ")]


def light() -> None:
    done = in_this_process("ingest", "raw", "--store", "store", "--recipe", "light", "--quiet")
    assert done.returncode == 0, done.stdout + done.stderr


def cue(text: str) -> str:
    return f"1\n00:00:00,000 --> 00:00:01,000\n{text}\n"


def last_day(relative: str) -> str:
    """Day until which a file was at a place."""
    rows = Catalogue(Store(Path("store"))).sightings()
    return max(str(one.gone_utc) for one in rows if one.relative == relative and one.gone_utc)[:10]


def test_a_subtitle_file_that_was_corrected_or_renamed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    june = Path("raw/june")
    june.mkdir(parents=True)
    MediaMaker(june).video("a.mp4", [0, 1, 2])
    (june / "a.en.srt").write_text(cue("Wrong"))
    light()
    build_pack(recipe_of(["*"], audience="archive"), Path("desk"), Store(Path("store")))
    assert not_rebuilt("desk") == []
    (june / "a.en.srt").write_text(cue("Right"))
    light()
    back = "put that one back in its place and run `marsmedia ingest`"
    told = f"not rebuilt: a.mp4 video.subtitles: made with a.en.srt as it was until {last_day('june/a.en.srt')}: {back}"
    assert told in not_rebuilt("desk")
    (june / "a.en.srt").write_text(cue("Wrong"))
    light()
    assert not_rebuilt("desk") == []
    (june / "press").mkdir()
    (june / "a.en.srt").rename(june / "press/a.en.srt")
    light()
    told = f"not rebuilt: a.mp4 video.subtitles: made with a.en.srt as it was until {last_day('june/a.en.srt')}: {back}"
    assert told in not_rebuilt("desk")


def test_subtitles_of_a_copy_are_rebuilt_with_its_own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    june = Path("raw/june")
    (june / "press").mkdir(parents=True)
    MediaMaker(june).video("a.mp4", [0, 1, 2])
    (june / "press/a.mp4").write_bytes((june / "a.mp4").read_bytes())
    (june / "a.en.srt").write_text(cue("Touchdown"))
    (june / "press/a.en.srt").write_text(cue("Landing"))
    light()
    build_pack(recipe_of(["*"], audience="archive"), Path("desk"), Store(Path("store")))
    done = in_this_process("reproduce", "desk", "--store", "store")
    assert (done.returncode, not_rebuilt("desk")) == (0, []), done.stdout
    assert len([*Path("desk").rglob("*.vtt")]) == 2


@pytest.mark.parametrize("now", ["a.lblx", "labels/a.xml"])
def test_a_label_that_was_renamed_or_moved_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: str) -> None:
    monkeypatch.chdir(tmp_path)
    june = Path("raw/june")
    (june / "labels").mkdir(parents=True)
    (june / "labels/README.txt").write_text("Labels of earlier deliveries")
    Image.new("RGB", (96, 64), (40, 80, 120)).save(june / "a.jpg")
    (june / "a.xml").write_text(LABEL)
    light()
    build_pack(recipe_of(["*"], audience="archive"), Path("desk"), Store(Path("store")))
    (june / "a.xml").rename(june / now)
    ingest(Path("raw"), Path("store"), RECIPES)
    until = f"until {last_day('june/a.xml')}: put that one back in its place and run `marsmedia ingest`"
    assert not_rebuilt("desk") == [f"not rebuilt: a.jpg evidence: made with a.xml as it was {until}"]
    (june / now).rename(june / "a.xml")
    light()
    assert not_rebuilt("desk") == []


def test_a_label_that_did_not_move_with_its_photo_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    june = Path("raw/june")
    (june / "photos").mkdir(parents=True)
    Image.new("RGB", (96, 64), (40, 80, 120)).save(june / "a.jpg")
    (june / "a.xml").write_text(LABEL)
    light()
    build_pack(recipe_of(["*"], audience="archive"), Path("desk"), Store(Path("store")))
    (june / "a.jpg").rename(june / "photos/a.jpg")
    ingest(Path("raw"), Path("store"), RECIPES)
    where = "which is not at june/photos/a.xml: put a copy there and run `marsmedia ingest`"
    assert not_rebuilt("desk") == [f"not rebuilt: a.jpg evidence: made with a.xml, {where}"]
    (june / "photos/a.xml").write_text(LABEL)
    ingest(Path("raw"), Path("store"), RECIPES)
    assert not_rebuilt("desk") == []
