"""What PDS3 labels say of an image is what is read: where it is, and how it is shown."""

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
from processors.metadata.tags.photograph import read_photograph
from processors.photo.reading.photo_reader import PhotoReader
from processors.planetary import pds3 as pds3_label
from processors.planetary.open_image import attached_format, files_named, read_header
from processors.planetary.pvl import items_of, number_of, statements
from processors.planetary.samples import read_samples
from tests.helpers.made_pds3 import LINES, RECORD, SAMPLES, WHOLE, detached, error_of, pds3, pixels, stored_numbers


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
def test_label_after_comments_and_sfdu_labels_is_found(first: str) -> None:
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


def shown(lines: str | None, samples: str | None) -> list[object]:
    words = [f" LINE_DISPLAY_DIRECTION = {lines}"] if lines else []
    words += [f" SAMPLE_DISPLAY_DIRECTION = {samples}"] if samples else []
    file = io.BytesIO(pds3(WHOLE.tobytes(), *words))
    reader = PhotoReader(file)
    image = np.asarray(reader.photo().image)
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


def test_truncated_label_is_reported() -> None:
    file = pds3(WHOLE.tobytes())
    assert str(error_of(file[:70])) == "its label is cut off: it has no END: download it again"
    assert identify(io.BytesIO(file[:70]), "a.img").format == "pds3"


def test_file_of_other_data_is_named() -> None:
    table = (
        b"PDS_VERSION_ID = PDS3\r\nRECORD_BYTES = 8\r\n^TABLE = 99\r\nOBJECT = TABLE\r\nEND_OBJECT\r\nEND\r\n"
        + bytes(range(256))
    )
    found = identify(io.BytesIO(table), "a.tab")
    assert (found.kind, found.note) == ("unsupported", "not supported: its label describes TABLE, not an image")
    assert attached_format(io.BytesIO(table)) is None


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
    assert stored_numbers(io.BytesIO(data), image).tolist() == WHOLE.tolist()
    with pytest.raises(RefusedMedia, match=r"its label names A\.IMG, not B\.IMG"):
        pds3_label.described_by(detached(pointer.replace("a.img", "A.IMG")), "B.IMG", len(data))
    words = f"its label declares pixels up to byte {len(data)}, the file has "
    cut = pds3_label.described_by(detached(pointer), "A.IMG", len(data) - 1)
    assert cut.problems == (f"{words}{len(data) - 1} bytes",)
    with pytest.raises(DamagedMedia, match=f"{words}{offset} bytes"):
        pds3_label.described_by(detached(pointer), "A.IMG", offset)


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
