"""The numbers of a PDS3 image: their types, their order, constants that are no measurements, and scales."""

from __future__ import annotations

import io

import numpy as np
import pytest

from processors.photo.reading.photo_reader import PhotoReader
from processors.planetary.open_image import read_header
from processors.planetary.samples import read_samples
from processors.planetary.vax import from_vax
from tests.helpers.made_pds3 import LINES, SAMPLES, WHOLE, pds3, picture, pixels, vicar


@pytest.mark.parametrize(
    ("kind", "bits", "dtype"),
    [
        ("VAX_INTEGER", 16, "<i2"),
        ("VAX_UNSIGNED_INTEGER", 32, "<u4"),
        ("IBM_INTEGER", 16, ">i2"),
        ("REAL", 32, ">f4"),
        ("'Sun Real'", 64, ">f8"),
        ('"PC REAL"', 64, "<f8"),
        ("mac_unsigned_integer", 16, ">u2"),
        ("PC_INTEGER", 64, "<i8"),
    ],
)
def test_sample_types_are_read_however_they_are_written(kind: str, bits: int, dtype: str) -> None:
    values = picture(dtype) - (100 if dtype[1] != "u" else 0)
    assert pixels(pds3(values.astype(dtype).tobytes(), kind=kind, bits=bits)) == values.tolist()


@pytest.mark.parametrize(
    ("kind", "stored", "value"),
    [
        ("vaxf4", "80400000", 1.0),
        ("vaxf4", "80c00000", -1.0),
        ("vaxf4", "60410000", 3.5),
        ("vaxf4", "60c10000", -3.5),
        ("vaxf4", "00000000", 0.0),
        ("vaxf4", "ff7fffff", 1.7014117e38),
        ("vaxf4", "00800000", float("nan")),
        ("vaxd8", "6041000000000000", 3.5),
        ("vaxd8", "80c0000000000000", -1.0),
        ("vaxg8", "1040000000000000", 1.0),
        ("vaxg8", "2cc0000000000000", -3.5),
    ],
)
def test_vax_floats_are_decoded(kind: str, stored: str, value: float) -> None:
    """Values of F, D and G numbers as the VAX Architecture Reference Manual defines them, in bytes as stored."""
    found = from_vax(np.frombuffer(bytes.fromhex(stored), np.uint8), kind)
    assert found.tolist() == pytest.approx([value], nan_ok=True)


def test_vax_real_images_are_read() -> None:
    values = picture("f4") / 2 + 1
    ieee = (values * 4).astype(np.float32).view(np.uint32)  # the same bits, two binary places higher
    stored = np.stack([ieee >> 16, ieee & 0xFFFF], -1).astype("<u2")
    assert pixels(pds3(stored.tobytes(), kind="VAX_REAL", bits=32)) == values.tolist()
    words = f"FORMAT='REAL' ORG='BSQ' NL={LINES} NS={SAMPLES} NB=1 RECSIZE={SAMPLES * 4} NLB=0 NBB=0 REALFMT='VAX'"
    assert pixels(vicar(stored.tobytes(), words)) == values.tolist()
    assert PhotoReader(io.BytesIO(vicar(stored.tobytes(), words))).info.mode == "vaxf4"


@pytest.mark.parametrize(
    ("words", "axes"),
    [
        ("BAND_SEQUENTIAL", (0, 1, 2)),
        ('"BAND SEQUENTIAL"', (0, 1, 2)),
        ("bsq", (0, 1, 2)),
        ("LINE_INTERLEAVED", (1, 0, 2)),
        ('"Line Interleaved"', (1, 0, 2)),
        ("'LINE-INTERLEAVED'", (1, 0, 2)),
        ("SAMPLE_INTERLEAVED", (1, 2, 0)),
        ('"SAMPLE INTERLEAVED"', (1, 2, 0)),
        ("PIXEL_INTERLEAVED", (1, 2, 0)),
        ("BIP", (1, 2, 0)),
        ('"N/A"', (0, 1, 2)),
    ],
)
def test_band_storage_is_understood_in_every_spelling(words: str, axes: tuple[int, ...]) -> None:
    values = picture(bands=3)
    file = pds3(values.transpose(axes).tobytes(), f" BAND_STORAGE_TYPE = {words}", bands=3)
    assert pixels(file) == values.transpose(1, 2, 0).tolist()


def samples_of(file: bytes) -> tuple[list[object], list[object] | None]:
    opened = io.BytesIO(file)
    found = read_samples(opened, read_header(opened))
    return found.values.tolist(), None if found.valid is None else found.valid.tolist()


@pytest.mark.parametrize(
    ("kind", "bits", "stored", "constant"),
    [
        ("MSB_UNSIGNED_INTEGER", 16, np.array(65535, ">u2"), "65535"),
        ("MSB_UNSIGNED_INTEGER", 16, np.array(65535, ">u2"), "16#FFFF#"),
        ("MSB_UNSIGNED_INTEGER", 16, np.array(65535, ">u2"), '"65535.0"'),
        ("MSB_INTEGER", 16, np.array(-32768, ">i2"), "-32768"),
        ("MSB_INTEGER", 16, np.array(-32768, ">i2"), "16#8000#"),
        ("LSB_INTEGER", 32, np.array(-1, "<i4"), "16#FFFFFFFF#"),
        ("UNSIGNED_INTEGER", 8, np.array(255, "u1"), "2#11111111#"),
        ("UNSIGNED_INTEGER", 8, np.array(0, "u1"), "0"),
        ("IEEE_REAL", 32, np.array(-1e32, ">f4"), "-1.0E32"),
        ("IEEE_REAL", 32, np.array(0xFF7FFFFB, ">u4"), "16#FF7FFFFB#"),
        ("PC_REAL", 32, np.array(-3.4028226550889045e38, "<f4"), "-3.40282E+38"),
        ("PC_REAL", 64, np.array(1e30, "<f8"), "1.0D30"),
        ("IEEE_REAL", 32, np.array(np.nan, ">f4"), '"NaN"'),
        ("UNSIGNED_INTEGER", 8, np.array(7, "u1"), "(3, 7 <DN>, 9)"),
    ],
)
@pytest.mark.parametrize(
    "name", ["MISSING_CONSTANT", "NULL", "HIGH_INSTR_SATURATION", "CORE_LOW_REPR_SATURATION", "INVALID_CONSTANT"]
)
def test_special_constants_are_no_measurements(
    kind: str, bits: int, stored: np.ndarray, constant: str, name: str
) -> None:
    dtype = stored.dtype if stored.dtype.kind != "u" or kind.endswith("INTEGER") else np.dtype(">f4")
    values = (picture() * 0 + 100).astype(dtype)
    values.reshape(-1)[5:6].view(stored.dtype)[:] = stored
    _, valid = samples_of(pds3(values.tobytes(), f" {name} = {constant}", kind=kind, bits=bits))
    assert np.flatnonzero(~np.array(valid)).tolist() == [5]


@pytest.mark.parametrize("constant", ['"N/A"', "NULL", "UNK", "70000", "-1", "100.5", "NaN"])
def test_constants_that_no_stored_number_can_be_mask_nothing(constant: str) -> None:
    assert samples_of(pds3(WHOLE.tobytes(), f" MISSING_CONSTANT = {constant}"))[1] is None


def test_bit_mask_takes_away_the_bits_that_are_no_measurement() -> None:
    values = (picture("i4") * 16).astype(">u2")
    flagged = (values | 0xA000).astype(">u2")
    flagged[0, :3] = 65535, 0xF000, 7
    mask = " SAMPLE_BIT_MASK = 2#0000111111111111#"
    file = pds3(flagged.tobytes(), mask, " MISSING_CONSTANT = 65535", " NULL = 0", kind="MSB_UNSIGNED_INTEGER", bits=16)
    found, valid = samples_of(file)
    right = values.copy()
    right[0, :3] = 4095, 0, 7
    assert found == right.tolist()
    assert np.flatnonzero(~np.array(valid)).tolist() == [0, 1, *np.flatnonzero(right == 0).tolist()[1:]]
    signed = np.full(values.shape, -5, "<i2")
    signed[0, 0] = 0x7003
    words = " SAMPLE_BIT_MASK = 16#0FFF#"
    found, _ = samples_of(pds3(signed.tobytes(), words, kind="LSB_INTEGER", bits=16))
    assert found[0][:2] == [3, -5]  # type: ignore[index]


def test_missing_samples_do_not_darken_the_picture_and_saturated_ones_are_white() -> None:
    values = (picture("i4") * 16).astype(">u2")
    values[-1, -3:] = 65535
    values[0, 0] = 65534
    words = (" MISSING_CONSTANT = 65535", " HIGH_REPR_SATURATION = 65534")
    photo = PhotoReader(io.BytesIO(pds3(values.tobytes(), *words, kind="MSB_UNSIGNED_INTEGER", bits=16))).photo()
    image = np.asarray(photo.image)
    assert photo.white_level == 4095
    assert image[0, 1] == round(32 / 4095 * 255)
    assert image[3, 10] == round(int(values[3, 10]) / 4095 * 255)
    assert image[-1, -3:].tolist() == [0, 0, 0]
    assert image[0, 0] == 255


def test_limits_of_validity_are_kept() -> None:
    _, valid = samples_of(pds3(WHOLE.tobytes(), " VALID_MINIMUM = 10", " VALID_MAXIMUM = 200"))
    assert valid == ((WHOLE >= 10) & (WHOLE <= 200)).tolist()


@pytest.mark.parametrize(
    ("words", "right", "dtype"),
    [
        ((" OFFSET = 32768",), 32768 + picture("i8") - 100, "uint16"),
        ((" OFFSET = -5.0",), picture("i8") - 105, "int32"),
        ((" SCALING_FACTOR = 0.5",), (picture("f8") - 100) / 2, "float32"),
        ((" SCALING_FACTOR = -2", " OFFSET = 1"), 1 - 2 * (picture("f8") - 100), "float32"),
        ((' SCALING_FACTOR = "N/A"', " OFFSET = 0"), picture("i8") - 100, "int16"),
    ],
)
def test_scale_and_offset_are_applied(words: tuple[str, ...], right: np.ndarray, dtype: str) -> None:
    file = io.BytesIO(pds3((picture("i8") - 100).astype(">i2").tobytes(), *words, kind="MSB_INTEGER", bits=16))
    found = read_samples(file, read_header(file)).values
    assert (found.tolist(), found.dtype.name) == (right.tolist(), dtype)


def test_scale_of_each_band_is_applied_after_constants_are_found() -> None:
    values = picture(bands=3).astype(">i2")
    words = (" SCALING_FACTOR = (1, 2, 3)", " OFFSET = (0, 0, 10)", " MISSING_CONSTANT = 8", " BAND_STORAGE_TYPE = BSQ")
    found, valid = samples_of(pds3(values.tobytes(), *words, kind="MSB_INTEGER", bits=16, bands=3))
    last = values.transpose(1, 2, 0)
    assert found == (last * np.array([1.0, 2.0, 3.0]) + np.array([0, 0, 10])).tolist()
    assert valid == (last != 8).tolist()


@pytest.mark.parametrize(
    ("words", "bands"),
    [
        ("(RED, GREEN, BLUE)", (0, 1, 2)),
        ('("BLUE", "GREEN", "RED")', (2, 1, 0)),
        ('"(GREEN, BLUE, RED)"', (2, 0, 1)),
        ("(NIR, RED, GREEN, BLUE)", (1, 2, 3)),
        ("(B, G, R, IR, UV)", (2, 1, 0)),
        ("(IR, VISIBLE)", (0,)),
        ("(NEAR-INFRARED, A, B, C)", (0,)),
        ("UNK", (0, 1, 2)),
    ],
)
def test_band_sequence_names_the_colours(words: str, bands: tuple[int, ...]) -> None:
    count = 3 if words == "UNK" else words.count(",") + 1
    values = picture(bands=count)
    photo = PhotoReader(io.BytesIO(pds3(values.tobytes(), f" BAND_SEQUENCE = {words}", bands=count))).photo()
    right = values[list(bands)].transpose(1, 2, 0) if len(bands) == 3 else values[0]
    assert np.asarray(photo.image).tolist() == right.tolist()
    told = (f"shown as the grey of band 1 of {count}: the label names no colours",) if len(bands) == 1 else ()
    file = pds3(values.tobytes(), f" BAND_SEQUENCE = {words}", bands=count)
    assert read_header(io.BytesIO(file)).problems == told


def test_checksum_of_a_label_is_compared_with_the_pixels() -> None:
    total = int(WHOLE.sum())
    for written, damage in (
        (str(total), None),
        (f"{total / 1e3:.2f}e3", None),
        ('"N/A"', None),
        (str(total + 1), f"the label's CHECKSUM is {total + 1}, the pixels add up to {total}"),
    ):
        reader = PhotoReader(io.BytesIO(pds3(WHOLE.tobytes(), f" CHECKSUM = {written}")))
        reader.photo()
        assert reader.damage == damage
    reader = PhotoReader(
        io.BytesIO(pds3(b"x" + WHOLE.tobytes()[1:], ' MD5_CHECKSUM = "0123456789abcdef0123456789ABCDEF"'))
    )
    reader.photo()
    assert (reader.damage or "").startswith(
        "the label's MD5_CHECKSUM is 0123456789abcdef0123456789abcdef, the pixels have "
    )


@pytest.mark.parametrize(
    ("storage", "axes", "share", "first_row"),
    [
        ("BAND_SEQUENTIAL", (0, 1, 2), 0.5, 6),  # of the last band, half of the lines
        ("LINE_INTERLEAVED", (1, 0, 2), 1 / 6, 10),
        ("SAMPLE_INTERLEAVED", (1, 2, 0), 1 / 6, 10),
    ],
)
def test_what_is_there_of_a_cut_colour_image_is_shown(
    storage: str, axes: tuple[int, int, int], share: float, first_row: int
) -> None:
    values = picture(bands=3)
    file = pds3(values.transpose(axes).tobytes(), f" BAND_STORAGE_TYPE = {storage}", bands=3)
    reader = PhotoReader(io.BytesIO(file[: 1024 + values.size * 5 // 6]))
    shown = np.asarray(reader.photo().image)
    assert (reader.report().condition, reader.report().damaged_share) == ("truncated", round(share, 6))
    assert f", from row {first_row} of {LINES} on (its label declares 576 bytes of" in (reader.damage or "")
    whole = values.transpose(1, 2, 0)
    assert shown[:first_row].tolist() == whole[:first_row].tolist()
    assert shown[first_row:, :, 2].max() == 0
    assert shown[first_row:, :, :2].tolist() == (whole[first_row:, :, :2] * (axes[0] == 0)).tolist()


def test_bands_that_are_not_shown_may_be_cut_off() -> None:
    values = picture(bands=5)
    reader = PhotoReader(io.BytesIO(pds3(values.tobytes(), bands=5)[: 1024 + 200]))
    assert np.asarray(reader.photo().image).tolist() == values[0].tolist()
    words = "its label declares 960 bytes of pixels, but the file has 200"
    assert reader.damage == f"the file is truncated, its pixels are not: {words}"


def test_a_cut_image_with_prefixes_is_turned_with_what_it_lacks() -> None:
    rows = np.hstack([np.full((LINES, 4), 255, np.uint8), picture(), np.full((LINES, 2), 255, np.uint8)])
    more = (" LINE_PREFIX_BYTES = 4", " LINE_SUFFIX_BYTES = 2", " LINE_DISPLAY_DIRECTION = UP")
    reader = PhotoReader(io.BytesIO(pds3(rows.tobytes(), *more)[: 1024 + 3 * 22 + 4 + 5]))
    photo = reader.photo()
    there = np.zeros((LINES, SAMPLES), bool)
    there[-3:], there[-4, :5] = True, True
    assert photo.valid is not None
    assert photo.valid.tolist() == there.tolist()
    assert np.asarray(photo.image).tolist() == np.where(there, picture()[::-1], 0).tolist()
    assert (reader.damage or "").startswith(
        "the picture is truncated: up to 72.4 % of the picture may be wrong (its label"
    )
