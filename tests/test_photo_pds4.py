"""A file of nothing but numbers is a photo where the PDS4 label beside it says what they are, and nothing otherwise."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest

from processors.contract import LabelRef, Source
from processors.errors import DamagedMedia, MediaError, RefusedMedia, SourceChanged, UnsupportedMedia
from processors.pds4_image import described, described_by
from processors.photo.reader import PhotoReader
from processors.planetary import read_pixels
from processors.source_file import SourceFile
from tests.made_pds4 import BAND, LINE, SAMPLE, SETTINGS, UP, label, numbers


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
