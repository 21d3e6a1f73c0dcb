"""A number stored for something else than a measurement is taken for what the label says of it, and nothing else."""

from __future__ import annotations

import io

import numpy as np
import pytest

from processors.errors import RefusedMedia
from processors.photo.reading.photo_reader import PhotoReader
from processors.planetary.image_object import ImageObject
from processors.planetary.open_image import read_header
from processors.planetary.samples import Samples, read_samples
from tests.helpers.made_pds3 import LINES, SAMPLES, WHOLE, pds3, vicar

NULL, LRS, LIS, HIS, HRS = (np.array(0xFF7FFFFB + n, "<u4").view("<f4") for n in range(5))
DECIMALS = {
    "NULL": "-3.4028226550889e+38",
    "LOW_REPR_SATURATION": "-3.4028228579131e+38",
    "LOW_INSTR_SATURATION": "-3.4028230607371e+38",
    "HIGH_INSTR_SATURATION": "-3.4028232635612e+38",
    "HIGH_REPR_SATURATION": "-3.4028234663853e+38",
}
"""Constants of ISIS for 32-bit reals, as it writes them into labels."""


def read(file: bytes) -> Samples:
    opened = io.BytesIO(file)
    return read_samples(opened, read_header(opened))


def isis(*places: np.ndarray, dtype: str = "<f4") -> np.ndarray:
    values = np.linspace(1, 9, LINES * SAMPLES).reshape(LINES, SAMPLES).astype(dtype)
    values[0, : len(places)] = places
    return values


@pytest.mark.parametrize("decimals", [DECIMALS, {key: f"16#{0xFF7FFFFB + n:X}#" for n, key in enumerate(DECIMALS)}])
def test_each_constant_of_isis_is_the_one_that_is_stored(decimals: dict[str, str]) -> None:
    values = isis(NULL, LRS, LIS, HIS, HRS)
    found = read(pds3(values.tobytes(), *(f" {k} = {v}" for k, v in decimals.items()), kind="PC_REAL", bits=32))
    assert found.valid is not None
    assert found.saturated is not None
    assert np.argwhere(~found.valid).tolist() == [[0, n] for n in range(5)]
    assert np.argwhere(found.saturated).tolist() == [[0, 3], [0, 4]]


def test_null_is_not_saturated_where_only_two_constants_are_in_the_label() -> None:
    lines = (" MISSING_CONSTANT = 16#FF7FFFFB#", f" HIGH_INSTR_SATURATION = {DECIMALS['HIGH_INSTR_SATURATION']}")
    found = read(pds3(isis(NULL, NULL).tobytes(), *lines, kind="PC_REAL", bits=32))
    assert found.saturated is None
    assert found.valid is not None
    assert np.argwhere(~found.valid).tolist() == [[0, 0], [0, 1]]


def test_an_image_of_null_alone_is_refused() -> None:
    lines = (f" NULL = {DECIMALS['NULL']}", f" HIGH_REPR_SATURATION = {DECIMALS['HIGH_REPR_SATURATION']}")
    file = pds3(np.full((LINES, SAMPLES), NULL).tobytes(), *lines, kind="PC_REAL", bits=32)
    with pytest.raises(RefusedMedia, match=r"^no valid sample: every one is"):
        PhotoReader(io.BytesIO(file)).photo()


def test_neighbours_of_64_bits_are_told_apart_as_well() -> None:
    null, high = (np.array(0xFFEFFFFFFFFFFFFB + n, "<u8").view("<f8") for n in (0, 3))
    lines = (f" NULL = {null.item()!r}", f" HIGH_INSTR_SATURATION = {high.item()!r}")
    found = read(pds3(isis(null, high, dtype="<f8").tobytes(), *lines, kind="PC_REAL", bits=64))
    assert found.valid is not None
    assert found.saturated is not None
    assert np.argwhere(~found.valid).tolist() == [[0, 0], [0, 1]]
    assert np.argwhere(found.saturated).tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("kind", "bits", "constant"),
    [
        ("VAX_REAL", 32, "16#FFFFFFFF#"),
        ("VAX_REAL", 32, "16#FFFEFFFF#"),
        ("VAX_DOUBLE", 64, "16#FFFFFFFFFFFFFFFF#"),
        ("VAXG_REAL", 64, "16#FFFFFFFFFFFFFFFF#"),
    ],
)
def test_bits_of_a_vax_number_are_read_as_it_stores_them(kind: str, bits: int, constant: str) -> None:
    stored = np.full((LINES, SAMPLES), 0x4080, f"<u{bits // 8}")  # 1.0 of F and D
    stored[0, :3] = int(constant[3:-1], 16)
    found = read(pds3(stored.tobytes(), f" MISSING_CONSTANT = {constant}", kind=kind, bits=bits))
    assert found.valid is not None
    assert np.argwhere(~found.valid).tolist() == [[0, 0], [0, 1], [0, 2]]


def vicar_image(values: np.ndarray, form: str, *properties: str) -> ImageObject:
    words = (
        f"FORMAT='{form}' ORG='BSQ' NL={LINES} NS={SAMPLES} NB=1 RECSIZE=99 NLB=0 NBB=0 INTFMT='LOW' REALFMT='RIEEE' "
    )
    return read_header(io.BytesIO(vicar(values.tobytes(), words + " ".join(properties), size=512)))


def test_a_vicar_label_says_what_is_no_measurement() -> None:
    values = isis(np.array(0), np.array(-1))
    said = "MISSING_CONSTANT=(0.0,0.0,0.0) INVALID_CONSTANT=-1.0 VALID_MAXIMUM=8.5"
    words = f"FORMAT='REAL' ORG='BSQ' NL={LINES} NS={SAMPLES} NB=1 RECSIZE=99 NLB=0 NBB=0 INTFMT='LOW' REALFMT='RIEEE' "
    found = read(vicar(values.tobytes(), f"{words} PROPERTY='IMAGE_DATA' {said}", size=512))
    assert found.valid is not None
    assert found.valid.tolist() == ((values > 0) & (values <= np.float32(8.5))).tolist()


def test_only_the_property_of_the_pixels_says_so() -> None:
    elsewhere = ("PROPERTY='DERIVED' MISSING_CONSTANT=1", "TASK='MARSMAP' USER='X' INVALID_CONSTANT=2")
    assert vicar_image(isis(), "REAL", *elsewhere).specials == ()
    image = vicar_image(WHOLE.astype("<i2"), "HALF", "PROPERTY='IMAGE_DATA' SAMPLE_BIT_MASK='2#0000111111111111#'")
    assert image.white_level == 4095


def test_a_label_behind_the_pixels_says_so_too() -> None:
    words = f"FORMAT='BYTE' EOL=1 ORG='BSQ' NL={LINES} NS={SAMPLES} NB=1 RECSIZE={SAMPLES} NLB=0 NBB=0"
    end = b"LBLSIZE=96  PROPERTY='IMAGE_DATA' MISSING_CONSTANT=0 TASK='STRETCH'".ljust(96, b"\0")
    image = read_header(io.BytesIO(vicar(WHOLE.tobytes(), words, end=end)))
    assert [(special.name, special.text) for special in image.specials] == [("MISSING_CONSTANT", "0")]
