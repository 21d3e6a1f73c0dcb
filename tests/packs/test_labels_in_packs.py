"""Labels and sidecars come along with the originals that they describe; what one describes elsewhere is reported."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import bagit
import pytest
from click.testing import CliRunner

from flows.cli.main import main
from flows.run.options import Options
from flows.run.run import in_threads, run_ingest
from processors.metadata.evidence import Evidence
from processors.photo.photo_preview import PhotoPreview
from tests.helpers.made_pds3 import detached, picture
from tests.helpers.made_pds4 import label, numbers
from tests.helpers.pack_store import picture as jpeg
from tests.packs.test_records import check_all

etree: Any = importlib.import_module("lxml.etree")  # compiled, and without types
PREMIS = {"p": "http://www.loc.gov/premis/v3"}
TABLE = "<File_Area_Observational><File><file_name>b.csv</file_name></File></File_Area_Observational>"
SECOND = label(name="n.raw").partition(b"<File_Area_Observational>")[2].rpartition(b"</File_Area_Observational>")[0]
SIDECAR = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:Credit="CNSA"/>
</rdf:RDF></x:xmpmeta>"""
DATA = (numbers() + 30000).astype(">u2").tobytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a store of a release that has every kind of label, and its archive pack."""
    folder = tmp_path_factory.mktemp("labels")
    june = folder / "raw" / "june"
    june.mkdir(parents=True)
    two = label(name="m.raw").replace(
        b"</File_Area_Observational></Product",
        b"</File_Area_Observational><File_Area_Observational>" + SECOND + b"</File_Area_Observational></Product",
    )
    files = {
        "a.raw": DATA,
        "a.xml": label().replace(b"</File_Area_Observational>", b"</File_Area_Observational>" + TABLE.encode()),
        "d.img": picture().tobytes(),
        "d.lbl": detached('^IMAGE = "d.img"'),
        "m.raw": DATA[::-1],
        "n.raw": bytes(2) + DATA[2:],
        "two.xml": two,
        "p.jpg": jpeg(64, 48, 1),
        "p.jpg.xmp": SIDECAR.encode(),
    }
    for name, data in files.items():
        (june / name).write_bytes(data)
    recipes = {"photo": (PhotoPreview(longest_sides_px=(320,)), Evidence())}
    report = run_ingest(folder / "raw", folder / "store", recipes, Options(), in_threads, name="i")  # type: ignore[arg-type]
    assert report.sources == 5, report.message
    return folder


@pytest.fixture(scope="module")
def told(folder: Path) -> str:
    words = ["pack", "*", "-o", str(folder / "pack"), "--audience", "archive", "--store", str(folder / "store")]
    run = CliRunner().invoke(main, words)
    assert run.exit_code == 0, run.output
    return run.stderr


def beside(folder: Path, name: str) -> list[str]:
    return sorted(path.name for path in (folder / "pack/data/media" / name / "original").iterdir())


@pytest.mark.usefixtures("told")
def test_a_label_is_copied_byte_for_byte_next_to_its_data(folder: Path) -> None:
    assert beside(folder, "a.raw") == ["a.raw", "a.xml"]
    assert beside(folder, "d.img") == ["d.img", "d.lbl"]
    assert beside(folder, "m.raw") == ["m.raw", "two.xml"]
    assert beside(folder, "n.raw") == ["n.raw", "two.xml"]
    assert beside(folder, "p.jpg") == ["p.jpg", "p.jpg.xmp", "pds4-original.xml"], "ours is for what has none"
    for name, label_name in (("a.raw", "a.xml"), ("d.img", "d.lbl"), ("p.jpg", "p.jpg.xmp")):
        packed = folder / "pack/data/media" / name / "original" / label_name
        assert packed.read_bytes() == (folder / "raw/june" / label_name).read_bytes()
    assert bagit.Bag(str(folder / "pack")).validate()
    check_all(folder / "pack")


def test_files_that_a_label_describes_elsewhere_are_named(told: str) -> None:
    lines = [line for line in told.splitlines() if " describes " in line]
    assert lines == [
        "marsmedia: june/a.xml describes 2 files: b.csv is not in the pack",
        "marsmedia: june/two.xml describes 2 files: n.raw is data/media/n.raw/original/n.raw",
        "marsmedia: june/two.xml describes 2 files: m.raw is data/media/m.raw/original/m.raw",
    ]


@pytest.mark.usefixtures("told")
def test_premis_relates_label_and_data(folder: Path) -> None:
    document = etree.parse(folder / "pack/data/premis.xml")
    named = {
        one.findtext("p:objectIdentifier[2]/p:objectIdentifierValue", None, PREMIS): one
        for one in document.iterfind("p:object", PREMIS)
    }

    def relations(path: str) -> list[tuple[str, str]]:
        return [
            (
                one.findtext("p:relationshipSubType", None, PREMIS),
                one.findtext("p:relatedObjectIdentifier/p:relatedObjectIdentifierValue", None, PREMIS),
            )
            for one in named[f"data/media/{path}"].iterfind("p:relationship", PREMIS)
        ]

    def urn(path: str) -> str:
        return named[f"data/media/{path}"].findtext("p:objectIdentifier/p:objectIdentifierValue", None, PREMIS)

    assert relations("a.raw/original/a.raw") == [("requires", urn("a.raw/original/a.xml"))]
    assert relations("a.raw/original/a.xml") == [("documents", urn("a.raw/original/a.raw"))]
    assert relations("d.img/original/d.img") == [("requires", urn("d.img/original/d.lbl"))]
    assert relations("p.jpg/original/p.jpg") == [("is documented in", urn("p.jpg/original/p.jpg.xmp"))]
    registry = "p:objectCharacteristics/p:format/p:formatRegistry/p:formatRegistryKey"
    assert named["data/media/a.raw/original/a.xml"].findtext(registry, None, PREMIS) == "fmt/101"
    events = {one.findtext(".//p:eventDetail", None, PREMIS): one for one in document.iterfind("p:event", PREMIS)}
    (packing,) = (one for detail, one in events.items() if detail.startswith("Put into the BagIt bag"))
    note = packing.findtext(".//p:eventOutcomeDetailNote", None, PREMIS)
    assert "To be noted: june/a.xml describes 2 files: b.csv is not in the pack" in note


@pytest.mark.usefixtures("told")
def test_the_crate_relates_a_label_to_its_file(folder: Path) -> None:
    graph = json.loads((folder / "pack/data/ro-crate-metadata.json").read_text())["@graph"]
    (entry,) = (one for one in graph if one["@id"] == "media/d.img/original/d.lbl")
    assert (entry["name"], entry["about"]) == ("PDS3 label of d.img", {"@id": "media/d.img/original/d.img"})


def test_a_label_changed_since_stops_the_pack(folder: Path, tmp_path: Path) -> None:
    place = folder / "raw/june/d.lbl"
    whole = place.read_bytes()
    place.write_bytes(whole + b" ")
    words = ["pack", "d.img", "-o", str(tmp_path / "p"), "--audience", "archive", "--store", str(folder / "store")]
    run = CliRunner().invoke(main, words)
    place.write_bytes(whole)
    assert run.exit_code == 2
    assert "\n  june/d.lbl has changed since the last ingest\n" in run.stderr
    assert not (tmp_path / "p").exists()
