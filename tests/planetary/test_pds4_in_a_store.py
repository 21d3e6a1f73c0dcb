"""A store follows the PDS4 labels beside its sources: one that comes, changes or goes makes the results due or idle."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from deltalake import write_deltalake
from PIL import Image

from flows.cli.main import main
from flows.run.checking.check_store import check_up
from flows.run.options import Options
from flows.run.reporting.report import Report
from flows.run.run import in_threads, run_ingest
from processors.contract import LabelRef
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.photo.photo_preview import PhotoPreview
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.rebuild_catalogue import rebuild_catalogue
from processors.store.store import Store
from tests.conftest import Run
from tests.helpers.made_pds3 import detached, picture
from tests.helpers.made_pds4 import label, numbers

RECIPES = {"video": (), "audio": (), "photo": (PhotoPreview(longest_sides_px=(320,)), Metadata(), Evidence())}


def ingest(raw: Path, store: Path) -> Report:
    return run_ingest(raw, store, RECIPES, Options(workers=1), in_threads, name="test")  # type: ignore[arg-type]


def counts(report: Report) -> tuple[int, int, int]:
    return report.results.made, report.results.reused, report.results.failed


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw" / "june"
    folder.mkdir(parents=True)
    (folder / "a.raw").write_bytes((numbers() + 30000).astype(">u2").tobytes())
    (folder / "a.xml").write_bytes(label())
    return folder


def note_of(store: Path, name: str = "a.raw") -> tuple[str, str, str | None]:
    row = next(row for row in Catalogue(Store(store)).sources().values() if row.name == name)
    return row.kind, row.format, row.note


def test_a_label_that_came_changed_went_and_came_back(raw: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    text = (raw / "a.xml").read_bytes()
    (raw / "a.xml").unlink()
    assert counts(ingest(raw.parent, store)) == (0, 0, 0)
    assert note_of(store) == ("unsupported", "unknown", "no known format begins with the bytes 75 30 75 35 75 3a 75 3f")
    (raw / "a.xml").write_bytes(text)
    assert counts(ingest(raw.parent, store)) == (3, 0, 0)
    assert note_of(store) == ("media", "PDS4 image", None)
    assert counts(ingest(raw.parent, store)) == (0, 3, 0)
    (raw / "a.xml").write_bytes(label(start="2021-06-26T03:05:42Z"))
    assert counts(ingest(raw.parent, store)) == (3, 0, 0)
    (raw / "a.xml").write_bytes(label(offset=1))
    assert counts(ingest(raw.parent, store)) == (3, 0, 0)
    assert note_of(store) == ("media", "PDS4 image", None)
    (reason,) = [one.reason for one in Store(store).manifests() if one.reason]
    assert reason == (
        "the picture is truncated: up to 4.2 % of the picture may be wrong, from row 3 of 4 on (its label declares 48 "
        "bytes of pixels, but the file has 47)"
    )
    (raw / "a.xml").unlink()
    assert counts(ingest(raw.parent, store)) == (0, 0, 0)
    assert note_of(store) == ("unsupported", "unknown", "its label a.xml is missing: restore it")
    (raw / "a.xml").write_bytes(text)
    assert counts(ingest(raw.parent, store)) == (0, 3, 0)


def test_results_carry_the_statements_of_file_and_label(raw: Path, tmp_path: Path) -> None:
    assert counts(ingest(raw.parent, tmp_path / "store")) == (3, 0, 0)
    store = Store(tmp_path / "store")
    made = {manifest.ref.processor: manifest for manifest in store.manifests()}
    with store.open_item(made["photo.preview"].ref, "preview_320.jpg") as file:
        assert Image.open(file).size == (6, 4)
    assert made["photo.preview"].label is not None
    assert made["photo.preview"].label.name == "a.xml"
    metadata = json.loads(store.item_path(made["metadata"].ref, "metadata.json").read_text())
    assert (metadata["container"], metadata["picture"]["mode"]) == ("PDS4 image", ">u2")
    assert {tag["namespace"] for tag in metadata["tags"]} == {"pds4"}
    evidence = json.loads(store.item_path(made["evidence"].ref, "evidence.json").read_text())
    assert evidence["taken"]["source"] == "label a.xml:Observation_Area/Time_Coordinates/start_date_time"
    assert evidence["disagreements"] == []


def test_why_names_the_label(raw: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    ingest(raw.parent, store)
    for manifest in list(Store(store).manifests()):  # as if the run with the new label had been stopped
        before = dataclasses.replace(manifest, label=LabelRef(name="a.xml", sha256="2" * 64))
        Store(store).remove(manifest.ref)
        with Store(store).scratch() as scratch:
            (scratch / "x").mkdir()
            ref = dataclasses.replace(manifest.ref, key="3" * 64)
            Store(store).commit(scratch / "x", dataclasses.replace(before, ref=ref))
    rebuild_catalogue(Store(store))
    plan = CliRunner().invoke(main, ["ingest", str(raw.parent), "--store", str(store), "--dry-run", "--json"])
    whys = {one["processor"]: one["why"] for one in json.loads(plan.stdout)["plan"]}
    assert whys["metadata"].endswith(": its label a.xml has changed")
    assert whys["photo.preview"].endswith(": its label a.xml has changed")
    answer = CliRunner().invoke(main, ["why", "a.raw", "--store", str(store), "--json"])
    told = {one["processor"]: one["why"] for one in map(json.loads, answer.output.splitlines())}
    assert told["metadata"].endswith(": its label a.xml has changed")
    assert told["photo.preview"].endswith(": its label a.xml has changed")


def test_two_labels_for_one_file_are_one_too_many_but_for_cnsa(raw: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    shutil.copy(raw / "a.xml", raw / "a.lblx")
    assert counts(ingest(raw.parent, store)) == (0, 0, 0)
    assert note_of(store)[2] == "2 labels describe it (a.lblx, a.xml): keep only one"
    (raw / "a.lblx").unlink()
    assert counts(ingest(raw.parent, store)) == (3, 0, 0)
    for level in "BC":
        (raw / f"p.2{level}").write_bytes(numbers(shape=(4, 7)).tobytes() + level.encode())
        (raw / f"p.2{level}L").write_bytes(label(name=f"p.2{level}"))
    assert counts(ingest(raw.parent, store)) == (6, 3, 0)


def test_the_same_bytes_with_another_label_are_another_photo(raw: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    other = raw.parent / "july"
    other.mkdir()
    shutil.copy(raw / "a.raw", other / "a.raw")
    (other / "a.xml").write_bytes(label("UnsignedLSB2"))
    assert counts(ingest(raw.parent, store)) == (6, 0, 0)
    assert counts(ingest(raw.parent, store)) == (0, 6, 0)
    checked = check_up(Store(store), sample=6, seed=1, options=Options(workers=1))
    assert [one.verdict for one in checked.sample] == ["identical"] * 6


def test_a_file_that_is_known_by_its_bytes_stays_what_it_is(raw: Path, tmp_path: Path) -> None:
    (raw / "a.raw").unlink()
    (raw / "a.pdf").write_bytes(b"%PDF-1.7 " + bytes(48))
    (raw / "a.xml").write_bytes(label(name="x.pdf"))
    ingest(raw.parent, tmp_path / "store")
    assert note_of(tmp_path / "store", "a.pdf") == (
        "unsupported",
        "PDF document",
        "not supported: export its pictures as TIFF or PNG",
    )


def test_a_store_from_before_labels_were_kept_still_works(raw: Path, tmp_path: Path) -> None:
    text = (raw / "a.xml").read_bytes()
    (raw / "a.xml").unlink()
    ingest(raw.parent, tmp_path / "store")
    store = Store(tmp_path / "store")
    rows = Catalogue(store).table("sources")
    old = [name for name in rows.column_names if not name.startswith("label_")]
    shutil.rmtree(store.catalogue_folder / "sources")
    write_deltalake(str(store.catalogue_folder / "sources"), rows.select(old))
    (raw / "a.xml").write_bytes(text)
    assert counts(ingest(raw.parent, store.root)) == (3, 0, 0)
    before = Catalogue(store).table("sources").sort_by("path")
    assert sorted(before["label_name"].to_pylist(), key=str) == [None, "a.xml"]
    assert rebuild_catalogue(store) == []
    assert Catalogue(store).table("sources").sort_by("path").equals(before)
    assert counts(ingest(raw.parent, store.root)) == (0, 3, 0)


@pytest.mark.prefect
def test_ingest_and_reprocess_by_command(raw: Path, tmp_path: Path, marsmedia: Run) -> None:
    store = tmp_path / "store"
    ingested = marsmedia("ingest", raw.parent, "--store", store, "--json")
    assert ingested.returncode == 0, ingested.stderr
    assert json.loads(ingested.stdout)["results"]["made"] == 2
    again = marsmedia("reprocess", "a.raw", "--processor", "evidence", "--store", store)
    assert again.returncode == 0, again.stderr
    (raw / "a.xml").unlink()
    assert marsmedia("ingest", raw.parent, "--store", store).returncode == 0
    told = marsmedia("why", "a.raw", "--store", store)
    assert (told.returncode, told.stderr) == (
        1,
        "Error: a.raw: unknown: not a medium, so nothing is made of it: its label a.xml is missing: restore it\n",
    )


def test_results_of_a_label_that_was_corrected_are_not_reproduced(raw: Path, tmp_path: Path, marsmedia: Run) -> None:
    store = tmp_path / "store"
    assert marsmedia("ingest", raw.parent, "--store", store).returncode == 0
    (raw / "a.xml").write_bytes((raw / "a.xml").read_bytes() + b"<!-- corrected -->")
    assert marsmedia("ingest", raw.parent, "--store", store).returncode == 0
    again = marsmedia("reproduce", "*", "processor=metadata", "--store", store)
    assert (again.returncode, again.stdout) == (
        0,
        "identical: a.raw metadata\n1 identical, 0 within tolerance, 0 different, 0 not rebuilt\n",
    )
    assert (
        "1 result left out: a label or subtitle file has changed since; `marsmedia prune` removes them\n"
        in again.stderr
    )


LOOKS = {
    "MP3": b"\xff\xfb\x90\x00",
    "JPEG": b"\xff\xd8\xff\xe0",
    "H.264": b"\x00\x00\x00\x01\x67\x42",
    "text": b"P5 is what they call it here\n",
    "TIFF": b"II*\x00\x08\x00\x00\x00",
    "WAV": b"RIFF\x24\x00\x00\x00WAVEfmt ",
    "transport stream": b"\x47" + bytes(187),
}


@pytest.mark.parametrize("first", LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize("kind", ["PDS4", "PDS3"])
def test_label_goes_before_what_the_first_bytes_look_like(first: bytes, kind: str, tmp_path: Path) -> None:
    raw = tmp_path / "raw" / "june"
    raw.mkdir(parents=True)
    is_text = first.startswith(b"P5 is")
    data = (first * 500)[:6144] if is_text or first[:1] == b"G" else first + bytes(range(64)) * 99
    (raw / "a.dat").write_bytes(data[:6144])
    if kind == "PDS4":
        (raw / "a.xml").write_bytes(label("UnsignedByte", (("Line", 96), ("Sample", 64)), name="a.dat"))
    else:
        text = 'PDS_VERSION_ID = PDS3\n^IMAGE = "A.DAT"\nOBJECT = IMAGE\n LINES = 96\n LINE_SAMPLES = 64\n'
        (raw / "A.LBL").write_text(text + " SAMPLE_BITS = 8\n SAMPLE_TYPE = UNSIGNED_INTEGER\nEND_OBJECT\nEND\n")
    assert counts(ingest(raw.parent, tmp_path / "store")) == (3, 0, 0)
    assert note_of(tmp_path / "store", "a.dat") == ("media", f"{kind} image", None)
    assert counts(ingest(raw.parent, tmp_path / "store")) == (0, 3, 0)


HEADERS = {
    "PNG": b"\x89PNG\r\n\x1a\n",
    "Ogg": b"OggS\x00\x02",
    "JPEG": b"\xff\xd8\xff\xe0" * 4,
    "GIF": b"GIF89a",
    "TIFF": b"II*\x00\x08\x00\x00\x00",
    "WAV": b"RIFF\x24\x00\x00\x00WAVEfmt ",
    "BMP": b"BM" + bytes(12) + b"\x28",
    "WebP": b"RIFF\xff\x00\x00\x00WEBPVP8 ",
    "Matroska": b"\x1a\x45\xdf\xa3",
    "FLAC": b"fLaC",
    "ID3": b"ID3\x03",
    "MPEG audio": b"\xff\xfb\x90\x00" * 30,
    "MP4": b"\x00\x00\x00\x18ftypisom",
    "transport stream": (b"\x47" + bytes(187)) * 10,
    "text": b"P5 is what they call it here\n",
}


@pytest.mark.parametrize("first", HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize("kind", ["PDS4", "PDS3"])
def test_label_comes_first_where_the_pixels_begin_after_records(first: bytes, kind: str, tmp_path: Path) -> None:
    raw = tmp_path / "raw" / "june"
    raw.mkdir(parents=True)
    head = first + bytes(-len(first) % 64)
    (raw / "a.dat").write_bytes(head + bytes(range(64)) * 96)
    if kind == "PDS4":
        (raw / "a.xml").write_bytes(
            label("UnsignedByte", (("Line", 96), ("Sample", 64)), name="a.dat", offset=len(head))
        )
    else:
        text = f'PDS_VERSION_ID = PDS3\n^IMAGE = ("A.DAT", {len(head) + 1} <BYTES>)\nOBJECT = IMAGE\n LINES = 96\n'
        text += " LINE_SAMPLES = 64\n SAMPLE_BITS = 8\n SAMPLE_TYPE = UNSIGNED_INTEGER\nEND_OBJECT\nEND\n"
        (raw / "A.LBL").write_text(text)
    ingest(raw.parent, tmp_path / "store")
    assert note_of(tmp_path / "store", "a.dat") == ("media", f"{kind} image", None)


def test_file_with_a_header_of_its_own_stays_what_it_is(raw: Path, tmp_path: Path) -> None:
    """A label may describe the array behind the header of a TIFF, or a file that holds no array."""
    Image.fromarray(numbers("u1")).save(raw / "photo.tif")
    (raw / "photo.xml").write_bytes(label("UnsignedByte", name="photo.tif", offset=8))
    Image.fromarray(numbers("u1")).save(raw / "other.tif")
    (raw / "OTHER.LBL").write_bytes(detached('^IMAGE = "OTHER.TIF"').replace(b"12", b"4").replace(b"16", b"6"))
    (raw / "read.txt").write_text("hello")
    (raw / "read.xml").write_bytes(label(name="read.txt").replace(b"Array_2D_Image", b"Encoded_Text"))
    ingest(raw.parent, tmp_path / "store")
    assert note_of(tmp_path / "store", "photo.tif") == ("media", "tiff", None)
    assert note_of(tmp_path / "store", "other.tif") == ("media", "tiff", None)
    assert note_of(tmp_path / "store", "read.txt") == ("companion", "text", None)


def test_detached_pds3_label_comes_and_goes(tmp_path: Path) -> None:
    store, raw = tmp_path / "store", tmp_path / "raw" / "june"
    raw.mkdir(parents=True)
    (raw / "X.IMG").write_bytes((picture("u1") + 9).tobytes())
    text = detached('^IMAGE = ("X.IMG", 1)', top=("START_TIME = 2004-02-01T10:00:00", "INSTRUMENT_NAME = PANCAM"))
    (raw / "X.LBL").write_bytes(text)
    assert counts(ingest(raw.parent, store)) == (3, 0, 0)
    made = {manifest.ref.processor: manifest for manifest in Store(store).manifests()}
    assert (made["photo.preview"].label or LabelRef(name="", sha256="")).name == "X.LBL"
    with Store(store).open_item(made["photo.preview"].ref, "preview_320.jpg") as file:
        assert Image.open(file).size == (16, 12)
    evidence = json.loads(Store(store).item_path(made["evidence"].ref, "evidence.json").read_text())
    assert evidence["taken"]["source"] == "label X.LBL:START_TIME"
    assert {one["source"] for one in evidence["statements"] if "PANCAM" in str(one["value"])} == {
        "label X.LBL:INSTRUMENT_NAME",
        "file:pds3:INSTRUMENT_NAME",
    }
    (raw / "X.LBL").write_bytes(text.replace(b"LINES = 12", b"LINES = 13"))
    ingest(raw.parent, store)
    assert note_of(store, "X.IMG") == ("media", "PDS3 image", None)
    (reason,) = [one.reason for one in Store(store).manifests() if one.reason]
    assert reason == (
        "the picture is truncated: up to 7.7 % of the picture may be wrong, from row 12 of 13 on (its label declares "
        "208 bytes of pixels, but the file has 192)"
    )
    (raw / "X.LBL").unlink()
    ingest(raw.parent, store)
    assert note_of(store, "X.IMG") == ("unsupported", "unknown", "its label X.LBL is missing: restore it")
    (raw / "X.LBL").write_bytes(text)
    assert counts(ingest(raw.parent, store)) == (0, 3, 0)


def test_label_of_another_name_is_found_by_the_file_that_it_names(tmp_path: Path) -> None:
    store, raw = tmp_path / "store", tmp_path / "raw" / "june"
    raw.mkdir(parents=True)
    (raw / "I01.DAT").write_bytes((picture("u1") + 9).tobytes())
    assert counts(ingest(raw.parent, store)) == (0, 0, 0)
    (raw / "L01.LBL").write_bytes(detached('^IMAGE = "I01.DAT"'))
    assert counts(ingest(raw.parent, store)) == (3, 0, 0)
    assert counts(ingest(raw.parent, store)) == (0, 3, 0)
    made = {manifest.ref.processor: manifest for manifest in Store(store).manifests()}
    assert "L01.LBL" in json.loads(Store(store).item_path(made["evidence"].ref, "evidence.json").read_text())["labels"]
    (raw / "L01.LBL").unlink()
    ingest(raw.parent, store)
    assert note_of(store, "I01.DAT")[2] == "its label L01.LBL is missing: restore it"


def test_label_without_its_file_names_it(raw: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    (raw / "Y.LBL").write_bytes(detached('^IMAGE = ("Y.IMG", 1)'))
    (raw / "y.xml").write_bytes(label(name="Y.IMG"))
    ingest(raw.parent, store)
    assert note_of(store, "a.xml") == ("companion", "PDS4 label", None)
    assert note_of(store, "Y.LBL")[2] == "describes Y.IMG, missing from its folder: put both into one folder"
    (raw / "y.xml").unlink()
    (raw / "Y.IMG").write_bytes(picture("u1").tobytes())
    ingest(raw.parent, store)
    assert note_of(store, "Y.LBL") == ("companion", "PDS3 label", None)
    assert note_of(store, "Y.IMG") == ("media", "PDS3 image", None)
