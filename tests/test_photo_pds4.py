"""A file of nothing but numbers is a photo where the PDS4 label beside it says what they are, and nothing otherwise."""

from __future__ import annotations

import dataclasses
import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from deltalake import write_deltalake
from PIL import Image

from flows.checkup import check_up
from flows.commands import look
from flows.options import Options
from flows.report import Report
from flows.run import in_threads, run_ingest
from processors.contract import LabelRef, Source
from processors.errors import DamagedMedia, MediaError, RefusedMedia, SourceChanged, UnsupportedMedia
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.pds4_image import described, described_by
from processors.photo.preview import Preview
from processors.photo.reader import PhotoReader
from processors.planetary import read_pixels
from processors.source_file import SourceFile
from processors.store.catalogue import Catalogue
from processors.store.results import Store
from processors.store.schemas import SCHEMAS
from tests.conftest import Run

LINE, SAMPLE, BAND = ("Line", 4), ("Sample", 6), ("Band", 3)
UP = """<Display_2D_Image><line_display_direction>Up</line_display_direction>
<sample_display_direction>Right</sample_display_direction></Display_2D_Image>"""
SETTINGS = """<d:Display_Settings xmlns:d="http://pds.nasa.gov/pds4/disp/v1"><Local_Internal_Reference>
<local_identifier_reference>it</local_identifier_reference></Local_Internal_Reference><d:Display_Direction>
<d:horizontal_display_axis>{axis}</d:horizontal_display_axis>
<d:horizontal_display_direction>{across}</d:horizontal_display_direction>
<d:vertical_display_direction>{down}</d:vertical_display_direction></d:Display_Direction></d:Display_Settings>"""


def label(kind: str = "UnsignedMSB2", axes: tuple[tuple[str, object], ...] = (LINE, SAMPLE), *, name: str = "a.raw",
          offset: object = 0, more: str = "", settings: str = "", order: str = "Last Index Fastest",
          start: str = "2021-06-25T03:05:42Z") -> bytes:  # fmt: skip
    arrays = "".join(
        f"<Axis_Array><axis_name>{axis}</axis_name><elements>{count}</elements>"
        f"<sequence_number>{number}</sequence_number></Axis_Array>"
        for number, (axis, count) in reversed(list(enumerate(axes, 1)))
    )
    tag = f"Array_{len(axes)}D_Image"
    return f"""<?xml version="1.0"?><Product_Observational xmlns="http://pds.nasa.gov/pds4/pds/v1"><Observation_Area>
<Time_Coordinates><start_date_time>{start}</start_date_time></Time_Coordinates><Observing_System>
<Observing_System_Component><name>Rover</name><type>Host</type></Observing_System_Component>
<Observing_System_Component><name>NaTeCam</name><type>Instrument</type></Observing_System_Component></Observing_System>
<Discipline_Area>{settings}</Discipline_Area></Observation_Area><File_Area_Observational><File>
<file_name>{name}</file_name></File><{tag}><local_identifier>it</local_identifier><offset unit="byte">{offset}</offset>
<axes>{len(axes)}</axes><axis_index_order>{order}</axis_index_order><Element_Array><data_type>{kind}</data_type>
</Element_Array>{arrays}{more}</{tag}></File_Area_Observational></Product_Observational>""".encode()


def numbers(dtype: str = ">u2", shape: tuple[int, ...] = (4, 6)) -> np.ndarray:
    return (np.arange(np.prod(shape)).reshape(shape) * 5 - (20 if np.dtype(dtype).kind != "u" else 0)).astype(dtype)


def pixels(data: bytes, text: bytes) -> np.ndarray:
    return read_pixels(io.BytesIO(data), described_by(text, "a.raw", len(data)))


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [("UnsignedByte", "u1"), ("SignedByte", "i1"), ("UnsignedMSB2", ">u2"), ("UnsignedLSB2", "<u2"),
     ("SignedMSB2", ">i2"), ("SignedLSB2", "<i2"), ("UnsignedMSB4", ">u4"), ("UnsignedLSB4", "<u4"),
     ("SignedMSB4", ">i4"), ("SignedLSB4", "<i4"), ("IEEE754MSBSingle", ">f4"), ("IEEE754LSBSingle", "<f4"),
     ("IEEE754MSBDouble", ">f8"), ("IEEE754LSBDouble", "<f8")],
)  # fmt: skip
def test_every_number_type_is_read_exactly_after_an_offset(kind: str, dtype: str) -> None:
    found = pixels(bytes(7) + numbers(dtype).tobytes(), label(kind, offset=7))
    assert found.dtype == np.dtype(dtype).newbyteorder("=")
    assert found.tolist() == numbers(dtype).tolist()


@pytest.mark.parametrize(
    ("axes", "stored"),
    [((BAND, LINE, SAMPLE), (2, 0, 1)), ((LINE, BAND, SAMPLE), (0, 2, 1)), ((LINE, SAMPLE, BAND), (0, 1, 2))],
)
def test_three_bands_in_every_order_are_red_green_and_blue(
    axes: tuple[tuple[str, int], ...], stored: tuple[int, ...]
) -> None:
    values = numbers("u1", (4, 6, 3)) // 2 * 2
    data = np.ascontiguousarray(values.transpose(stored)).tobytes()
    text = label("UnsignedByte", axes)
    assert pixels(data, text).tolist() == values.tolist()
    photo = PhotoReader(io.BytesIO(data), described_by(text, "a.raw", len(data))).photo([])
    assert (photo.image.mode, photo.image.size, photo.info.device) == ("RGB", (6, 4), "NaTeCam")


@pytest.mark.parametrize(
    ("more", "settings", "flipped", "orientation"),
    [(UP, "", (0,), 4),
     ("", SETTINGS.format(axis="Sample", across="Left to Right", down="Top to Bottom"), (), 1),
     ("", SETTINGS.format(axis="Sample", across="Right to Left", down="Top to Bottom"), (1,), 2),
     ("", SETTINGS.format(axis="Sample", across="Right to Left", down="Bottom to Top"), (0, 1), 3),
     (UP, SETTINGS.format(axis="Sample", across="Left to Right", down="Top to Bottom"), (), 1)],
)  # fmt: skip
def test_a_picture_comes_out_the_way_its_label_shows_it(
    more: str, settings: str, flipped: tuple[int, ...], orientation: int
) -> None:
    text = label(more=more, settings=settings)
    assert pixels(numbers().tobytes(), text).tolist() == np.flip(numbers(), flipped).tolist()
    assert described_by(text, "a.raw", 48).orientation == orientation


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [(label(name="b.raw"), UnsupportedMedia, "its label names b.raw, not a.raw"),
     (label(name="../a.raw"), UnsupportedMedia, r"its label names \.\./a\.raw, not a\.raw"),
     (b"<a/>", UnsupportedMedia, "its label names no file of an observation, not a.raw"),
     (label().replace(b"Array_2D_Image", b"Array_2D_Map"), UnsupportedMedia, "its label says that it holds no image"),
     (label("ComplexMSB8"), UnsupportedMedia, "numbers of type ComplexMSB8, which are not read here"),
     (label(axes=(SAMPLE, LINE)), UnsupportedMedia, "axes sample, line, Last Index Fastest: not read here"),
     (label(axes=(LINE, LINE)), UnsupportedMedia, "axes line, line, "),
     (label(axes=(LINE, SAMPLE, BAND, BAND)).replace(b"4D", b"3D"), UnsupportedMedia, "axes line, sample, band, band"),
     (label(order="First Index Fastest"), UnsupportedMedia, "First Index Fastest: not read here"),
     (label(settings=SETTINGS.format(axis="Line", across="x", down="y")), UnsupportedMedia, "lines from side to side"),
     (label(offset=1), DamagedMedia, "its label promises pixels up to byte 49, 48 are there"),
     (label("IEEE754LSBDouble"), DamagedMedia, "its label promises pixels up to byte 192, 48 are there"),
     (label(axes=(("Line", 10**30), SAMPLE)), DamagedMedia, f"up to byte {12 * 10**30}, 48 are there"),
     (label(axes=(("Line", -4), SAMPLE)), DamagedMedia, "its label says -4 x 6 from byte 0"),
     (label(axes=(("Line", 0), SAMPLE)), DamagedMedia, "its label says 0 x 6 from byte 0"),
     (label(offset=-2), DamagedMedia, "its label says 4 x 6 from byte -2"),
     (label(offset="zwei"), DamagedMedia, "offset 'zwei', which is no whole number"),
     (label(offset="9" * 5000), DamagedMedia, "offset '9999"),
     (label().replace(b"data_type>", b"x>"), DamagedMedia, "its label has no data_type where an image needs one"),
     (label().replace(b"Axis_Array", b"Axis"), UnsupportedMedia, "axes , Last"),
     (b"<a><b></a>", DamagedMedia, "the label is not well-formed XML"),
     (b'<?xml version="1.0" encoding="klingon"?><a/>', DamagedMedia, "the label is not well-formed XML"),
     (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', RefusedMedia, "document type or entities"),
     (label() + b" " * (4 << 20), RefusedMedia, "a label of more than 4194304 bytes is over the limit"),
     (label(more="<a>" * 200 + "</a>" * 200), RefusedMedia, "nested deeper than 100")],
)  # fmt: skip
def test_a_label_that_does_not_fit_says_why(text: bytes, kind: type[MediaError], message: str) -> None:
    with pytest.raises(kind, match=message):
        described_by(text, "a.raw", 48)


def test_names_are_read_in_any_case_as_in_labels_of_cnsa() -> None:
    text = label(axes=(("line", 4), ("SAMPLE", 6))).replace(b"file_name", b"FILE_NAME").replace(b"Element", b"ELEMENT")
    assert described_by(text, "a.raw", 48).width_px == 6


def test_real_labels_are_understood(samples: Path) -> None:
    folder = samples / "formats/photo"
    pathfinder = described_by((folder / "pds4-transform/i943630r.xml").read_bytes(), "i943630r.raw", 126976)
    assert (pathfinder.width_px, pathfinder.height_px, pathfinder.dtype, pathfinder.orientation) == (256, 248, ">u2", 4)
    assert pathfinder.instrument == "TT"
    name = "3778ML1037770010808163I01_DXXX.IMG"
    mastcam = described_by((folder / "pds4-validate/3778ml1037770010808163i01_dxxx.xml").read_bytes(), name, 26096)
    assert (mastcam.band_count, mastcam.interleave, mastcam.offset_bytes, mastcam.orientation) == (3, "BSQ", 25328, 1)
    text = (folder / "pds4-transform/b0090_p243401_01_01v02.xml").read_bytes()
    with pytest.raises(DamagedMedia, match="its label promises pixels up to byte 12593152, 9 are there"):
        described_by(text, "b0090_p243401_01_01v02.qub", 9)
    cube = described_by(text, "b0090_p243401_01_01v02.qub", 1 << 28)
    assert (cube.image_count, cube.width_px, cube.dtype) == (19, 1024, ">i2")


def test_a_label_that_changed_since_the_plan_gives_no_pixels(tmp_path: Path) -> None:
    raw, file = tmp_path / "a.raw", tmp_path / "a.xml"
    raw.write_bytes(numbers().tobytes())
    file.write_bytes(label())
    source = Source(digest="0" * 64, size_bytes=48, name="a.raw", medium="photo", format="PDS4 image", has_sound=False,
                    label=LabelRef(name="a.xml", sha256="1" * 64))  # fmt: skip
    with pytest.raises(SourceChanged, match=r"its label a\.xml has changed"):
        described(source, SourceFile.at(raw))
    file.unlink()
    with pytest.raises(SourceChanged, match=r"its label a\.xml vanished"):
        described(source, SourceFile.at(raw))
    assert described(dataclasses.replace(source, label=None), SourceFile.at(raw)) is None


RECIPES = {"video": (), "audio": (), "photo": (Preview(longest_sides_px=(320,)), Metadata(), Evidence())}


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
    assert counts(ingest(raw.parent, store)) == (0, 0, 0)
    assert note_of(store)[::2] == (
        "unsupported", "its label promises pixels up to byte 49, 48 are there: fetch both again",
    )  # fmt: skip
    (raw / "a.xml").unlink()
    assert counts(ingest(raw.parent, store)) == (0, 0, 0)
    assert note_of(store) == ("unsupported", "unknown", "its label a.xml is gone: put it back")
    (raw / "a.xml").write_bytes(text)
    assert counts(ingest(raw.parent, store)) == (0, 3, 0)


def test_what_is_made_says_what_file_and_label_say(raw: Path, tmp_path: Path) -> None:
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


def test_why_names_the_label(raw: Path, tmp_path: Path, capsys: Any) -> None:
    store = tmp_path / "store"
    ingest(raw.parent, store)
    for manifest in list(Store(store).manifests()):  # as if the run with the new label had been stopped
        before = dataclasses.replace(manifest, label=LabelRef(name="a.xml", sha256="2" * 64))
        Store(store).remove(manifest.ref)
        with Store(store).scratch() as scratch:
            (scratch / "x").mkdir()
            ref = dataclasses.replace(manifest.ref, key="3" * 64)
            Store(store).commit(scratch / "x", dataclasses.replace(before, ref=ref))
    look.why("a.raw", None, store, as_json=True)
    assert all(told["why"].endswith(": its label a.xml has changed") for told in json.loads(capsys.readouterr().out))


def test_two_labels_for_one_file_are_one_too_many_but_for_cnsa(raw: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    shutil.copy(raw / "a.xml", raw / "a.lblx")
    assert counts(ingest(raw.parent, store)) == (0, 0, 0)
    assert note_of(store)[2] == "2 labels bear its name (a.lblx, a.xml): keep one beside it"
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
    assert note_of(tmp_path / "store", "a.pdf") == ("unsupported", "PDF document", "no reader here handles it")


def test_a_store_of_before_labels_were_kept_goes_on_working(raw: Path, tmp_path: Path) -> None:
    text = (raw / "a.xml").read_bytes()
    (raw / "a.xml").unlink()
    ingest(raw.parent, tmp_path / "store")
    store = Store(tmp_path / "store")
    rows = Catalogue(store).table("sources")
    old = pa.schema([field for field in SCHEMAS["sources"] if not field.name.startswith("label_")])
    shutil.rmtree(store.catalogue_folder / "sources")
    write_deltalake(str(store.catalogue_folder / "sources"), rows.select(old.names))
    (raw / "a.xml").write_bytes(text)
    assert counts(ingest(raw.parent, store.root)) == (3, 0, 0)
    before = Catalogue(store).table("sources").sort_by("path")
    assert sorted(before["label_name"].to_pylist(), key=str) == [None, "a.xml"]
    assert Catalogue(store).rebuild() == []
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
        1, "Error: a.raw: unknown: nothing is made of it: its label a.xml is gone: put it back\n",
    )  # fmt: skip
