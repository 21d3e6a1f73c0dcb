"""A file of nothing but numbers is a photo where the PDS4 label beside it says what they are, and nothing otherwise."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest

from processors.contract import LabelRef, Source
from processors.errors import DamagedMedia, MediaError, RefusedMedia, SourceChanged, UnsupportedMedia
from processors.photo.reading.photo_reader import PhotoReader
from processors.planetary.open_image import described_image
from processors.planetary.pds4 import described_by
from processors.planetary.samples import read_samples
from processors.sources.source_file import SourceFile
from tests.helpers.made_pds3 import stored_numbers
from tests.helpers.made_pds4 import BAND, COLOURS, LINE, OTHER, SAMPLE, SETTINGS, UP, label, numbers


def pixels(data: bytes, text: bytes) -> np.ndarray:
    return stored_numbers(io.BytesIO(data), described_by(text, "a.raw", len(data)))


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
    photo = PhotoReader(io.BytesIO(data), described_by(text, "a.raw", len(data))).photo()
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
    [(label(name="b.raw"), RefusedMedia, "its label names b.raw, not a.raw"),
     (label(name="../a.raw"), RefusedMedia, r"its label names \.\./a\.raw, not a\.raw"),
     (b"<a/>", RefusedMedia, "its label names no file of an observation, not a.raw"),
     (label().replace(b"Array_2D_Image", b"Array_2D_Map"), UnsupportedMedia, "its label says that it holds no image"),
     (label("ComplexMSB8"), UnsupportedMedia, "numbers of type ComplexMSB8, which are not supported"),
     (label(axes=(SAMPLE, LINE)), UnsupportedMedia, "axes sample, line, Last Index Fastest: not supported"),
     (label(axes=(LINE, LINE)), UnsupportedMedia, "axes line, line, "),
     (label(axes=(LINE, SAMPLE, BAND, BAND)).replace(b"4D", b"3D"), UnsupportedMedia, "axes line, sample, band, band"),
     (label(order="First Index Fastest"), UnsupportedMedia, "First Index Fastest: not supported"),
     (label(settings=SETTINGS.format(axis="Line", across="x", down="y")), UnsupportedMedia,
      "its label shows samples in the direction 'y'"),
     (label(offset=43), DamagedMedia, "its label declares pixels up to byte 91, the file has 48 bytes"),
     (label(axes=(("Line", 10**30), SAMPLE)), DamagedMedia, f"up to byte {12 * 10**30}, the file has 48 bytes"),
     (label(axes=(("Line", -4), SAMPLE)), DamagedMedia, "its label says -4 x 6 from byte 0"),
     (label(axes=(("Line", 0), SAMPLE)), DamagedMedia, "its label says 0 x 6 from byte 0"),
     (label(offset=-2), DamagedMedia, "its label says 4 x 6 from byte -2"),
     (label().replace(b"<axes>2<", b"<axes>3<"), DamagedMedia, "its label says 3 axes and describes 2"),
     (label().replace(b"<axes>2<", b"<axes>two<"), DamagedMedia, "axes 'two', which is not a whole number"),
     (label(offset="zwei"), DamagedMedia, "offset 'zwei', which is not a whole number"),
     (label(offset="9" * 5000), DamagedMedia, "offset '9999"),
     (label().replace(b"data_type>", b"x>"), DamagedMedia, "its label lacks the required element data_type"),
     (label().replace(b"Axis_Array", b"Axis"), UnsupportedMedia, "axes , Last"),
     (b"<a><b></a>", DamagedMedia, "the label is not well-formed XML"),
     (b'<?xml version="1.0" encoding="klingon"?><a/>', DamagedMedia, "the label is not well-formed XML"),
     (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', RefusedMedia, "document type or entities"),
     (label() + b" " * (4 << 20), RefusedMedia, "a label of more than 4194304 bytes is over the limit"),
     (label(more="<a>" * 200 + "</a>" * 200), RefusedMedia, "nested deeper than 100")],
)  # fmt: skip
def test_a_label_that_does_not_fit_is_refused_with_the_reason(
    text: bytes, kind: type[MediaError], message: str
) -> None:
    with pytest.raises(kind, match=message):
        described_by(text, "a.raw", 48)


@pytest.mark.parametrize(
    ("text", "end", "percent"),
    [(label(offset=1), 49, "4.2 % of the picture may be wrong, from row 3 of 4 on"),
     (label("IEEE754LSBDouble"), 192, "75 % of the picture may be wrong, from row 1 of 4 on")],
)  # fmt: skip
def test_the_rows_that_a_cut_file_holds_are_shown(text: bytes, end: int, percent: str) -> None:
    image = described_by(text, "a.raw", 48)
    assert image.problems == (f"its label declares pixels up to byte {end}, the file has 48 bytes",)
    whole = np.frombuffer(bytes(image.offset_bytes) + numbers().tobytes(), np.uint8)[:48].tobytes()
    reader = PhotoReader(io.BytesIO(whole), image)
    photo = reader.photo()
    there = (48 - image.offset_bytes) // image.sample_bytes
    assert photo.valid is not None
    assert photo.valid.reshape(-1).tolist() == [True] * there + [False] * (24 - there)
    assert photo.deep is not None
    stored = np.frombuffer(whole, image.dtype, there, image.offset_bytes)
    assert photo.deep.reshape(-1)[:there].tolist() == stored.tolist()
    words = f"its label declares {end - image.offset_bytes} bytes of pixels, but the file has {48 - image.offset_bytes}"
    assert reader.damage == f"the picture is truncated: up to {percent} ({words})"
    assert reader.report().condition == "truncated"


@pytest.mark.parametrize(("size", "there"), [(11, 11), (0, 0)])
def test_a_file_without_a_whole_row_is_truncated(size: int, there: int) -> None:
    reader = PhotoReader(io.BytesIO(bytes(size)), described_by(label(), "a.raw", 48))
    words = f"truncated: its label declares 48 bytes of pixels, but the file has {there}"
    with pytest.raises(DamagedMedia, match=words):
        reader.photo()
    assert (reader.report().condition, reader.damage) == ("truncated", words)


@pytest.mark.parametrize(
    ("across", "down", "right"),
    [("Top to Bottom", "Left to Right", numbers().T), ("Bottom to Top", "Left to Right", numbers().T[::-1]),
     ("Top to Bottom", "Right to Left", numbers().T[:, ::-1])],
)  # fmt: skip
def test_lines_from_side_to_side_turn_the_picture(across: str, down: str, right: np.ndarray) -> None:
    text = label(settings=SETTINGS.format(axis="Line", across=down, down=across))
    assert pixels(numbers().tobytes(), text).tolist() == right.tolist()
    info = PhotoReader(io.BytesIO(numbers().tobytes()), described_by(text, "a.raw", 48)).info
    assert (info.width_px, info.height_px) == (4, 6)


@pytest.mark.parametrize("references", ["<r>it</r><r>incidence</r>", "<r>incidence</r><r> it </r>", ""])
def test_display_settings_for_several_arrays_hold_for_each(references: str) -> None:
    settings = SETTINGS.format(axis="Sample", across="Left to Right", down="Bottom to Top")
    names = references.replace("r>", "local_identifier_reference>")
    settings = settings.replace("<local_identifier_reference>it</local_identifier_reference>", names)
    image = described_by(label(settings=settings, after=OTHER), "a.raw", 48)
    assert (image.orientation, image.image_count, image.others) == (4, 2, ("incidence",))
    assert image.problems == ("the label describes 1 other image, not read: incidence",)


def test_display_settings_of_another_array_are_not_used() -> None:
    settings = SETTINGS.format(axis="Sample", across="Left to Right", down="Bottom to Top").replace(">it<", ">other<")
    assert described_by(label(settings=settings), "a.raw", 48).orientation == 1


@pytest.mark.parametrize(("count", "red", "green", "blue"), [(3, 3, 2, 1), (4, 4, 2, 1), (7, 1, 5, 3)])
@pytest.mark.parametrize("axes", ["bls", "lbs", "lsb"])
def test_colour_settings_choose_the_bands(count: int, red: int, green: int, blue: int, axes: str) -> None:
    values = np.arange(count * 24, dtype=np.uint8).reshape(count, 4, 6)
    named = {"b": ("Band", count), "l": LINE, "s": SAMPLE}
    text = label(
        "UnsignedByte",
        tuple(named[axis] for axis in axes),
        settings=COLOURS.format(axis="Band", red=red, green=green, blue=blue),
    )
    data = values.transpose(["bls".index(axis) for axis in axes]).tobytes()
    photo = PhotoReader(io.BytesIO(data), described_by(text, "a.raw", len(data))).photo()
    assert np.asarray(photo.image).tolist() == values[[red - 1, green - 1, blue - 1]].transpose(1, 2, 0).tolist()


def test_colour_settings_that_cannot_be_are_refused() -> None:
    bands = (("Band", 3), LINE, SAMPLE)
    with pytest.raises(DamagedMedia, match="its label shows bands 1, 2, 4 as red, green and blue, but has 3"):
        described_by(
            label("UnsignedByte", bands, settings=COLOURS.format(axis="Band", red=1, green=2, blue=4)), "a.raw", 99
        )
    with pytest.raises(UnsupportedMedia, match="its label shows colours along its axis Line"):
        described_by(
            label("UnsignedByte", bands, settings=COLOURS.format(axis="Line", red=1, green=2, blue=3)), "a.raw", 99
        )


@pytest.mark.parametrize(
    ("kind", "dtype", "element", "right"),
    [("SignedMSB2", ">i2", "<value_offset>32768.0</value_offset>", numbers(">i2").astype(int) + 32768),
     ("SignedLSB4", "<i4", "<scaling_factor>0.25</scaling_factor>", numbers("<i4") / 4),
     ("IEEE754MSBSingle", ">f4", "<scaling_factor>-2</scaling_factor><value_offset>1</value_offset>",
      1 - 2 * numbers(">f4")),
     ("UnsignedByte", "u1", "<scaling_factor>1.0</scaling_factor><value_offset>0</value_offset>", numbers("u1"))],
)  # fmt: skip
def test_scaling_factor_and_value_offset_are_applied(kind: str, dtype: str, element: str, right: np.ndarray) -> None:
    data = numbers(dtype).tobytes()
    image = described_by(label(kind, element=element), "a.raw", len(data))
    assert read_samples(io.BytesIO(data), image).values.tolist() == right.tolist()
    assert stored_numbers(io.BytesIO(data), image).tolist() == numbers(dtype).tolist()


@pytest.mark.parametrize(
    ("kind", "stored", "name", "constant"),
    [("UnsignedMSB2", np.array(65535, ">u2"), "missing_constant", "65535"),
     ("UnsignedMSB2", np.array(65535, ">u2"), "saturated_constant", "16#FFFF#"),
     ("SignedLSB2", np.array(-32768, "<i2"), "invalid_constant", "-32768"),
     ("SignedLSB2", np.array(-32768, "<i2"), "not_applicable_constant", "0x8000"),
     ("IEEE754LSBSingle", np.array(-1e32, "<f4"), "error_constant", "-1.0e32"),
     ("IEEE754MSBSingle", np.array(0xFF7FFFFB, ">u4"), "missing_constant", "16#FF7FFFFB#"),
     ("IEEE754MSBDouble", np.array(-1.7976931348623157e308, ">f8"), "unknown_constant", "-1.7976931348623157e+308"),
     ("UnsignedByte", np.array(3, "u1"), "low_representation_saturation", "3"),
     ("UnsignedByte", np.array(3, "u1"), "valid_minimum", "4"),
     ("UnsignedByte", np.array(250, "u1"), "valid_maximum", "200")],
)  # fmt: skip
def test_special_constants_are_no_measurements(kind: str, stored: np.ndarray, name: str, constant: str) -> None:
    data = bytearray(
        np.full(24, 100, np.dtype(f"{stored.dtype.byteorder}f4") if "Single" in kind else stored.dtype).tobytes()
    )
    item = stored.dtype.itemsize
    data[5 * item : 6 * item] = stored.tobytes()
    more = f"<Special_Constants><{name}>{constant}</{name}></Special_Constants>"
    found = read_samples(io.BytesIO(data), described_by(label(kind, more=more), "a.raw", len(data)))
    assert found.valid is not None
    assert np.flatnonzero(~found.valid).tolist() == [5]
    assert (found.saturated is not None) == (name == "saturated_constant")


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
    with pytest.raises(DamagedMedia, match="its label declares pixels up to byte 12593152, the file has 9 bytes"):
        described_by(text, "b0090_p243401_01_01v02.qub", 9)
    cube = described_by(text, "b0090_p243401_01_01v02.qub", 1 << 28)
    assert (cube.image_count, cube.width_px, cube.dtype) == (19, 1024, ">i2")


def test_a_label_that_changed_since_the_plan_gives_no_pixels(tmp_path: Path) -> None:
    raw, file = tmp_path / "a.raw", tmp_path / "a.xml"
    raw.write_bytes(numbers().tobytes())
    file.write_bytes(label())
    source = Source(
        digest="0" * 64,
        size_bytes=48,
        name="a.raw",
        medium="photo",
        format="PDS4 image",
        has_sound=False,
        label=LabelRef(name="a.xml", sha256="1" * 64),
    )
    with pytest.raises(SourceChanged, match=r"label a\.xml changed"):
        described_image(source, SourceFile.at(raw))
    file.unlink()
    with pytest.raises(SourceChanged, match=r"label a\.xml vanished"):
        described_image(source, SourceFile.at(raw))
    assert described_image(dataclasses.replace(source, label=None), SourceFile.at(raw)) is None
