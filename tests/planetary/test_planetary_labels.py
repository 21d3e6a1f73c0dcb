"""What PDS3 and VICAR labels say of an image is what is read: where it is, how it is stored, and how it is shown."""

from __future__ import annotations

import io
import itertools
import re
import time
from random import Random

import numpy as np
import pytest

from processors.errors import DamagedMedia, MediaError, RefusedMedia, UnsupportedMedia
from processors.identify import identify
from processors.metadata.photograph import read_photograph
from processors.photo.reading.photo_reader import PhotoReader
from processors.planetary import pds3 as pds3_label
from processors.planetary.open_image import attached_format, files_named, read_header
from processors.planetary.pvl import items_of, number_of, statements
from processors.planetary.samples import read_pixels, read_samples
from processors.planetary.vax import from_vax
from tests.helpers.made_pds3 import LINES, RECORD, SAMPLES, detached, pds3, picture, vicar

WHOLE = picture()


def pixels(file: bytes, name: str | None = None) -> list[object]:
    opened = io.BytesIO(file)
    return read_pixels(opened, read_header(opened, name)).tolist()


def error_of(file: bytes) -> MediaError:
    with pytest.raises(MediaError) as caught:
        read_header(io.BytesIO(file))
    return caught.value


@pytest.mark.parametrize(
    "pointer",
    [
        "^IMAGE = {record}",
        "^IMAGE = {byte} <BYTES>",
        "^IMAGE = ({record})",
        "^IMAGE = ({byte}<BYTES>)",
        "^IMAGE = {record} <RECORDS>",
        '^IMAGE = ("a.img", {record})',
        '^IMAGE = ("A.IMG", {byte} <BYTES>)',
        "^IMAGE = ('a.img',{record})",
        '^IMAGE = ("a.img;1", {record})',
        '^image = \r\n  ("a.img",\r\n   {record})',
        '^IMAGE = ("a.img", /* behind the label */ {record})',
    ],
)
def test_pointer_of_every_form_is_followed_into_its_own_file(pointer: str) -> None:
    file = pds3(WHOLE.tobytes(), pointer=pointer)
    assert identify(io.BytesIO(file), "a.img").format == "pds3"
    assert pixels(file, "a.img") == WHOLE.tolist()


def test_pointer_to_the_files_former_name_is_followed_where_the_image_is_in_it() -> None:
    file = pds3(WHOLE.tobytes(), pointer='^IMAGE = ("before.img", {record})')
    assert identify(io.BytesIO(file), "renamed.img").format == "pds3"
    assert pixels(file, "renamed.img") == WHOLE.tolist()
    label = detached('^IMAGE = ("before.img", 33)')
    assert identify(io.BytesIO(label), "label.lbl").format == "PDS3 label"


@pytest.mark.parametrize(
    "first",
    [
        "/* Mars */\r\nPDS_VERSION_ID = PDS3",
        "\r\n\r\n  PDS_VERSION_ID = PDS3",
        "\xef\xbb\xbfPDS_VERSION_ID = PDS3",
        "CCSD3ZF0000100000001NJPL3IF0PDS200000001 = SFDU_LABEL\r\nPDS_VERSION_ID = PDS3",
        "CCSD3ZF0000100000001NJPL3IF0PDS200000001 = SFDU_LABEL\r\n/* a\r\n = b */\r\nPDS_VERSION_ID = PDS3",
        "NJPL1I00PDS100000000 = SFDU_LABEL\r\nRECORD_TYPE = FIXED_LENGTH",
        "CCSD3ZF0000100000001NJPL3IF0PDSX00000001\r\nPDS_VERSION_ID = PDS3",
        "CCSD3ZF0000100000001NJPL3IF0PDSX00000001PDS_VERSION_ID = PDS3",
        "CCSD3ZF0000100000001\r\nNJPL3IF0PDSX00000001\r\n/* a = b */\r\nPDS_VERSION_ID = PDS3",
        "ODL_VERSION_ID = ODL3",
    ],
)
def test_label_behind_comments_and_sfdu_labels_is_found(first: str) -> None:
    file = pds3(WHOLE.tobytes(), first=first)
    assert identify(io.BytesIO(file), "a.img").format == "pds3"
    assert pixels(file) == WHOLE.tolist()
    assert PhotoReader(io.BytesIO(file)).info.width_px == SAMPLES


def test_label_of_more_than_4096_bytes_is_read_whole() -> None:
    notes = tuple(f'NOTE_{n} = "{"y" * 60}"' for n in range(400))
    file = pds3(WHOLE.tobytes(), top=notes, size=32768)
    assert identify(io.BytesIO(file), "a.img").format == "pds3"
    assert pixels(file) == WHOLE.tolist()


@pytest.mark.parametrize("around", ["FILE", "UNCOMPRESSED_FILE"])
def test_image_inside_a_file_object_is_read(around: str) -> None:
    file = pds3(WHOLE.tobytes(), wrapped_in=around)
    assert identify(io.BytesIO(file), "a.img").format == "pds3"
    assert pixels(file) == WHOLE.tolist()


def test_units_bare_ends_and_other_bases_are_understood() -> None:
    file = pds3(WHOLE.tobytes(), " BANDS = 16#1#", bits="8 <BITS>", lines=f"{LINES} <LINES>", end="END_OBJECT")
    assert pixels(file) == WHOLE.tolist()


def test_main_image_is_read_and_others_are_named() -> None:
    browse = "OBJECT = BROWSE_IMAGE\r\n LINES = 1\r\n LINE_SAMPLES = 2\r\nEND_OBJECT = BROWSE_IMAGE"
    file = pds3(WHOLE.tobytes(), top=("^BROWSE_IMAGE = 2", browse))
    image = read_header(io.BytesIO(file))
    assert (image.image_count, image.others) == (2, ("BROWSE_IMAGE",))
    assert pixels(file) == WHOLE.tolist()
    record = read_photograph(io.BytesIO(file), sha256="0" * 64, size_bytes=1, medium="photo")
    assert record.problems == ("the label describes 1 other image, not read: BROWSE_IMAGE",)


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


def shown(lines: str | None, samples: str | None) -> list[object]:
    words = [f" LINE_DISPLAY_DIRECTION = {lines}"] if lines else []
    words += [f" SAMPLE_DISPLAY_DIRECTION = {samples}"] if samples else []
    file = io.BytesIO(pds3(WHOLE.tobytes(), *words))
    reader = PhotoReader(file)
    image = np.asarray(reader.photo([]).image)
    assert image.shape == (reader.info.height_px, reader.info.width_px)
    return image.tolist()


@pytest.mark.parametrize(
    ("lines", "samples", "right"),
    [
        (None, None, WHOLE),
        ("DOWN", "RIGHT", WHOLE),
        ("UP", "RIGHT", WHOLE[::-1]),
        ("UP", None, WHOLE[::-1]),
        ('"UP"', "LEFT", WHOLE[::-1, ::-1]),
        ("DOWN", "left", WHOLE[:, ::-1]),
        ('"N/A"', '"UNK"', WHOLE),
        ("RIGHT", "DOWN", WHOLE.T),
        ("LEFT", "DOWN", np.rot90(WHOLE, -1)),
        ("RIGHT", "UP", np.rot90(WHOLE)),
        ("LEFT", "UP", WHOLE[::-1, ::-1].T),
    ],
)
def test_display_directions_turn_the_picture(lines: str | None, samples: str | None, right: np.ndarray) -> None:
    assert shown(lines, samples) == right.tolist()


@pytest.mark.parametrize(
    ("words", "kind", "message"),
    [
        (
            (" BAND_STORAGE_TYPE = CHECKERED",),
            UnsupportedMedia,
            "its label says BAND_STORAGE_TYPE = CHECKERED, which is not supported",
        ),
        (
            (" LINE_DISPLAY_DIRECTION = SIDEWAYS",),
            UnsupportedMedia,
            "its label shows lines in the direction 'SIDEWAYS'",
        ),
        (
            (" LINE_DISPLAY_DIRECTION = LEFT",),
            DamagedMedia,
            "its label shows samples RIGHT and lines LEFT, which cannot both be",
        ),
        ((" SCALING_FACTOR = (1, 2)",), DamagedMedia, "its label scales 2 bands of 3"),
        ((" SCALING_FACTOR = large",), DamagedMedia, "its label says SCALING_FACTOR = large, which is not a number"),
        (
            (" LINE_PREFIX_BYTES = 1.5",),
            DamagedMedia,
            "its label says LINE_PREFIX_BYTES = 1.5, which is not a whole number",
        ),
        ((" LINE_PREFIX_BYTES = -4",), DamagedMedia, "-4 bytes before and 0 after each row"),
        ((" ENCODING_TYPE = HUFFMAN",), UnsupportedMedia, "compressed as HUFFMAN: decompress it first"),
    ],
)
def test_what_cannot_be_read_is_refused_in_the_labels_own_terms(
    words: tuple[str, ...], kind: type[MediaError], message: str
) -> None:
    error = error_of(pds3(bytes(LINES * SAMPLES * 3), *words, bands=3))
    assert type(error) is kind
    assert message in str(error)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ((b" SAMPLE_BITS = 8\r\n", b""), "its label lacks IMAGE/SAMPLE_BITS: fix the label, or download it again"),
        ((b" LINES = 12", b" LINES = N/A"), "its label lacks IMAGE/LINES"),
        ((b"SAMPLE_BITS = 8", b"SAMPLE_BITS = x"), "its label says SAMPLE_BITS = x, which is not a number"),
        (
            (b"SAMPLE_BITS = 8", b"SAMPLE_BITS = 12"),
            "SAMPLE_TYPE = UNSIGNED_INTEGER with SAMPLE_BITS = 12, which is not supported",
        ),
        ((b"= UNSIGNED_INTEGER", b"= ZIGZAG"), "its label says SAMPLE_TYPE = ZIGZAG with SAMPLE_BITS = 8"),
        ((b"RECORD_BYTES = 32\r\n", b""), "its label lacks RECORD_BYTES, by which ^IMAGE = 33 counts"),
        ((b"^IMAGE = 33", b"^IMAGE = 0"), "its label says ^IMAGE = 0, but places count from 1"),
        ((b"^IMAGE = 33", b"^IMAGE = 3 <MILES>"), "its label counts ^IMAGE in <MILES>"),
        ((b"^IMAGE = 33", b"^OTHER = 33"), "its label lacks ^IMAGE, the pointer to the image"),
        ((b"LINES = 12", b"LINES = 99999999999"), "its label says 16 x 99999999999 pixels in 1 bands"),
        ((b"OBJECT = IMAGE", b"OBJECT = TABLE"), "its label lacks OBJECT = IMAGE"),
    ],
)
def test_what_a_label_lacks_is_named(changed: tuple[bytes, bytes], message: str) -> None:
    assert message in str(error_of(pds3(WHOLE.tobytes()).replace(*changed)))


def test_label_that_is_cut_off_says_so() -> None:
    file = pds3(WHOLE.tobytes())
    assert str(error_of(file[:70])) == "its label is cut off: it has no END: download it again"
    assert identify(io.BytesIO(file[:70]), "a.img").format == "pds3"


def test_file_of_other_data_says_which() -> None:
    table = (
        b"PDS_VERSION_ID = PDS3\r\nRECORD_BYTES = 8\r\n^TABLE = 99\r\nOBJECT = TABLE\r\nEND_OBJECT\r\nEND\r\n"
        + bytes(range(256))
    )
    found = identify(io.BytesIO(table), "a.tab")
    assert (found.kind, found.note) == ("unsupported", "not supported: its label describes TABLE, not an image")
    assert attached_format(io.BytesIO(table)) is None


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
    photo = PhotoReader(io.BytesIO(pds3(values.tobytes(), *words, kind="MSB_UNSIGNED_INTEGER", bits=16))).photo([])
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
    photo = PhotoReader(io.BytesIO(pds3(values.tobytes(), f" BAND_SEQUENCE = {words}", bands=count))).photo([])
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
        reader.photo([])
        assert reader.damage == damage
    reader = PhotoReader(
        io.BytesIO(pds3(b"x" + WHOLE.tobytes()[1:], ' MD5_CHECKSUM = "0123456789abcdef0123456789ABCDEF"'))
    )
    reader.photo([])
    assert (reader.damage or "").startswith(
        "the label's MD5_CHECKSUM is 0123456789abcdef0123456789abcdef, the pixels have "
    )


def test_vicar_bytes_are_read_whatever_the_host() -> None:
    for host in ("INTFMT='LOW'  REALFMT='VAX'  HOST='VAX-VMS'", "INTFMT='HIGH' REALFMT='IEEE'", ""):
        words = f"FORMAT='BYTE' ORG='BSQ' NL={LINES} NS={SAMPLES} NB=1 RECSIZE={SAMPLES} NLB=0 NBB=0 {host}"
        assert pixels(vicar(WHOLE.tobytes(), words)) == WHOLE.tolist()


@pytest.mark.parametrize(
    ("format_", "dtype", "host"),
    [
        ("HALF", "<i2", "INTFMT='LOW' REALFMT='VAX'"),
        ("HALF", ">i2", "INTFMT='HIGH' REALFMT='VAX'"),
        ("HALF", "<i2", ""),
        ("FULL", ">i4", "INTFMT='HIGH'"),
        ("WORD", "<i2", ""),
        ("LONG", "<i4", "REALFMT='VAX'"),
        ("REAL", ">f4", "INTFMT='LOW' REALFMT='IEEE'"),
        ("DOUB", "<f8", "REALFMT='RIEEE'"),
    ],
)
@pytest.mark.parametrize(("org", "axes"), [("BSQ", (0, 1, 2)), ("BIL", (1, 0, 2)), ("BIP", (1, 2, 0))])
def test_vicar_numbers_in_every_order(format_: str, dtype: str, host: str, org: str, axes: tuple[int, ...]) -> None:
    values = picture(bands=3).astype(dtype)
    words = f"FORMAT='{format_}' ORG='{org}' NL={LINES} NS={SAMPLES} NB=3 RECSIZE=99 NLB=0 NBB=0 {host}"
    file = vicar(values.transpose(axes).tobytes(), words)
    assert pixels(file) == values.transpose(1, 2, 0).tolist()


def test_vicar_label_goes_on_behind_the_pixels() -> None:
    words = f"FORMAT='BYTE' EOL=1 ORG='BSQ' NL={LINES} NS={SAMPLES} NB=1 RECSIZE={SAMPLES} NLB=1 NBB=0"
    end = b"LBLSIZE=96  TASK='STRETCH'  USER='IT''S ME'  DAT_TIM='Sat May 15'".ljust(96, b"\0")
    file = vicar(bytes(SAMPLES) + WHOLE.tobytes(), words, end=end)
    entries = dict(read_header(io.BytesIO(file)).entries)
    assert (entries["TASK"], entries["USER"], entries["LBLSIZE"]) == ("STRETCH", "IT'S ME", "256")
    assert pixels(file) == WHOLE.tolist()
    record = read_photograph(io.BytesIO(file[: -len(end)]), sha256="0" * 64, size_bytes=1, medium="photo")
    assert record.problems == ("its label says EOL = 1, but no label follows the pixels at byte 464",)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("NL=4 NS=6", "its VICAR label lacks FORMAT"),
        ("FORMAT='BYTE' NS=6", "its VICAR label lacks NL"),
        ("FORMAT='COMP' NL=4 NS=6", "its label says FORMAT = COMP, which is not supported"),
        ("FORMAT='BYTE' ORG='XYZ' NL=4 NS=6", "its label says ORG = XYZ, which is not supported"),
        ("FORMAT='HALF' INTFMT='PDP' NL=4 NS=6", "its label says INTFMT = PDP, which is not supported"),
        ("FORMAT='BYTE' NL=four NS=6", "its VICAR label says NL = four, which is not a whole number"),
        ("FORMAT='BYTE' NL=-4 NS=6", "its label says 6 x -4 pixels in 1 bands"),
        ("FORMAT='BYTE' COMPRESS='BASIC2' NL=4 NS=6", "compressed as BASIC2"),
        ("FORMAT='BYTE' ORG='BIP' NBB=4 NL=4 NS=6 NB=3", "its label says NBB = 4 with ORG = BIP"),
    ],
)
def test_vicar_label_that_does_not_fit_says_why(words: str, message: str) -> None:
    assert message in str(error_of(vicar(bytes(64), words)))


def test_statements_keep_their_values() -> None:
    text = (
        'A = "x /* no comment */ y"  /* comment */\r\nB = (1, "two, three",\r\n  \'4\')\r\nC = 5 <KM/S> /* unit */\r\n'
        "OBJECT = O\r\n D =\r\n   2021-05-15T07:18:00\r\nEND_OBJECT\r\nE =\r\nF = it's so\r\nnoise\r\n"
        'G = "over\r\n  lines"\r\n'
        "END\r\nH = 1\r\n"
    )
    assert list(statements(text)) == [
        ("A", "x /* no comment */ y"),
        ("B", "(1, \"two, three\", '4')"),
        ("C", "5 <KM/S>"),
        ("O/D", "2021-05-15T07:18:00"),
        ("E", ""),
        ("F", "it's so"),
        ("G", "over lines"),
    ]
    assert items_of("(1, \"two, three\", '4' <M>)") == ["1", "two, three", "'4' <M>"]
    assert [number_of(text) for text in ("8 <BITS>", "16#fF#", "-2#101#", "0x10", "1.5D3", "'7'")] == [
        8,
        255,
        -5,
        16,
        1500,
        7,
    ]


@pytest.mark.parametrize("text", ["/**/", "/*", "\0", " ", "CCSD=SFDU\n", "A="])
def test_beginning_of_any_file_is_looked_at_in_no_time(text: str) -> None:
    began = time.monotonic()
    pds3_label.begins_with_label(text.encode() * 1500 + b"\xff")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("text", ["A=( ", "A", "A='", "A = '' ", "A=('", "A ", "''", "A=(')"])
def test_hostile_vicar_labels_take_time_in_proportion_to_their_size(text: str) -> None:
    began = time.monotonic()
    error_of(f"LBLSIZE=300000  {text * (300_000 // len(text))}".encode())
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    "text",
    [
        "A='x' ",
        "(/*/*/*) ",
        'A=(1,"\'"',
        'A = "x\n',
        "A = (1, \n",
        "/* \n",
        "A = 'x\n",
        "OBJECT = A\n",
        "/**/",
        "\0 \n",
        "= \n",
        'A = {"(\n',
    ],
)
def test_hostile_labels_take_time_in_proportion_to_their_size(text: str) -> None:
    began = time.monotonic()
    try:
        for _ in itertools.islice(statements(text * (300_000 // len(text))), 1000):
            pass
        data = b"PDS_VERSION_ID = PDS3\n" + text.encode() * (300_000 // len(text))
        attached_format(io.BytesIO(data))
        error_of(data)
    except RefusedMedia:
        pass
    assert time.monotonic() - began < 20


def test_files_that_a_detached_label_names() -> None:
    label = detached('^IMAGE = ("A.IMG", 3)', top=('^TABLE = "B.TAB"', '^DESCRIPTION = "C.TXT"', "^OTHER = 7"))
    assert files_named(label) == ("B.TAB", "A.IMG")


@pytest.mark.parametrize(
    ("pointer", "offset"),
    [
        ('^IMAGE = "A.IMG"', 0),
        ('^IMAGE = ("A.IMG")', 0),
        ('^IMAGE = ("a.img", 3)', 2 * RECORD),
        ('^IMAGE = ("A.IMG", 5 <BYTES>)', 4),
        ('FILE_NAME = "A.IMG"\r\n^IMAGE = 2', RECORD),
    ],
)
def test_detached_label_describes_the_file_that_it_names(pointer: str, offset: int) -> None:
    data = bytes(offset) + WHOLE.tobytes()
    image = pds3_label.described_by(detached(pointer), "A.IMG", len(data))
    assert (image.format, image.offset_bytes) == ("PDS3 image", offset)
    assert read_pixels(io.BytesIO(data), image).tolist() == WHOLE.tolist()
    with pytest.raises(RefusedMedia, match=r"its label names A\.IMG, not B\.IMG"):
        pds3_label.described_by(detached(pointer.replace("a.img", "A.IMG")), "B.IMG", len(data))
    with pytest.raises(
        DamagedMedia, match=f"its label promises pixels up to byte {len(data)}, the file has {len(data) - 1} bytes"
    ):
        pds3_label.described_by(detached(pointer), "A.IMG", len(data) - 1)


VALUES = [
    "-1", "1e400", "16#FFFF#", "9" * 200, "NaN", "(1,2)", "{", '"', "'", "<", "/*", "=", "^", "1e-320", "3.4e38",
    "16#FF7FFFFB#", "40#12#", "2#1a#", "1 <BYTES>", "65535", "inf", "1D400", "99999999999999999999",
]  # fmt: skip
"""What may stand where a label's value belongs, or break it."""


@pytest.mark.parametrize("seed", range(8))
def test_labels_of_any_text_are_read_or_refused(seed: int) -> None:
    words = (
        " MISSING_CONSTANT = 8",
        " SCALING_FACTOR = 2",
        " OFFSET = 5",
        " CHECKSUM = 9.1e3",
        " VALID_MINIMUM = 3",
        " LINE_DISPLAY_DIRECTION = UP",
        " BAND_SEQUENCE = (RED,GREEN,BLUE)",
        " SAMPLE_BIT_MASK = 2#00001111#",
        " HIGH_REPR_SATURATION = 200",
        " LINE_PREFIX_BYTES = 0",
    )
    random, outcomes = Random(seed), {"read": 0, "refused": 0}
    for _ in range(150):
        kind, bits = random.choice([("MSB_INTEGER", 16), ("PC_REAL", 32), ("IEEE_REAL", 64), ("VAX_REAL", 32)])
        data = bytes(LINES * SAMPLES * 3 * bits // 8)
        file = pds3(data, *random.sample(words, 4), kind=kind, bits=bits, bands=3)
        value = random.choice(list(re.finditer(rb"(?<== )[^\r\n]+", file[:1024])))
        broken = file[: value.start()] + random.choice(VALUES).encode() + file[value.end() :]
        opened = io.BytesIO(broken)
        try:
            attached_format(opened, "a.img")
            found = read_samples(opened, read_header(opened, "a.img"))
        except MediaError:
            outcomes["refused"] += 1
        else:
            outcomes["read"] += 1
            assert found.values.shape[:2] != (0, 0)
    assert min(outcomes.values()) > 10
