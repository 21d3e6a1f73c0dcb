"""Planetary images come out with the numbers that their own labels promise."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from processors.errors import DamagedMedia, RefusedMedia, UnsupportedMedia
from processors.identify import identify
from processors.metadata.tags.photograph import read_photograph
from processors.photo.reading.photo_reader import PhotoReader
from processors.planetary.open_image import read_header
from tests.helpers.made_pds3 import stored_numbers

LABEL = """PDS_VERSION_ID = PDS3\r\nRECORD_BYTES = 200\r\n^IMAGE = {pointer}\r\nOBJECT = IMAGE\r\n LINES = 4\r\n
 LINE_SAMPLES = 6\r\n SAMPLE_TYPE = {kind}\r\n SAMPLE_BITS = {bits}
 BANDS = {bands}\r\n{more}END_OBJECT = IMAGE\r\nEND\r\n"""


def made(kind: str, bits: int, values: np.ndarray, *, bands: int = 1, more: str = "") -> io.BytesIO:
    text = LABEL.format(pointer=3, kind=kind, bits=bits, bands=bands, more=more).encode().ljust(400)
    return io.BytesIO(text + values.tobytes())


@pytest.mark.parametrize(
    ("kind", "bits", "dtype"),
    [("MSB_INTEGER", 16, ">i2"), ("LSB_UNSIGNED_INTEGER", 16, "<u2"), ("UNSIGNED_INTEGER", 8, "u1"),
     ("IEEE_REAL", 32, ">f4"), ("PC_REAL", 32, "<f4"), ("MSB_INTEGER", 32, ">i4")],
)  # fmt: skip
def test_every_number_type_is_read_exactly(kind: str, bits: int, dtype: str) -> None:
    values = (np.arange(24).reshape(4, 6) * 5).astype(dtype)
    file = made(kind, bits, values)
    assert (stored_numbers(file, read_header(file)) == values).all()


@pytest.mark.parametrize(
    ("storage", "axes"),
    [("BAND_SEQUENTIAL", (2, 0, 1)), ("LINE_INTERLEAVED", (0, 2, 1)), ("SAMPLE_INTERLEAVED", (0, 1, 2))],
)
def test_three_bands_in_every_order(storage: str, axes: tuple[int, int, int]) -> None:
    values = np.arange(72, dtype=np.uint8).reshape(4, 6, 3)
    file = made(
        "UNSIGNED_INTEGER",
        8,
        np.ascontiguousarray(values.transpose(axes)),
        bands=3,
        more=f" BAND_STORAGE_TYPE = {storage}\r\n",
    )
    assert (stored_numbers(file, read_header(file)) == values).all()
    file.seek(0)
    assert PhotoReader(file).photo().image.mode == "RGB"


@pytest.mark.parametrize(
    ("name", "lowest", "highest", "mean"),
    [("1N491020376ILFCNY9P0706L0M1.IMG", 517, 4029, 1421.71), ("1N491021154ILFCNY9P0706L0M1.IMG", None, None, None)],
)
def test_a_real_product_has_the_statistics_of_its_label(
    samples: Path, name: str, lowest: int | None, highest: int | None, mean: float | None
) -> None:
    with (samples / "release" / name).open("rb") as file:
        header = read_header(file)
        label = dict(header.entries)
        pixels = stored_numbers(file, header)
        file.seek(0)
        assert identify(file, name).format == "pds3"
        file.seek(0)
        photo = PhotoReader(file).photo()
        file.seek(0)
        record = read_photograph(file, sha256="0" * 64, size_bytes=1, medium="photo")
    assert pixels.shape == (1024, 1024)
    assert pixels.min() == float(label["IMAGE/MINIMUM"]) == (lowest or pixels.min())
    assert pixels.max() == float(label["IMAGE/MAXIMUM"]) == (highest or pixels.max())
    assert pixels.mean() == pytest.approx(mean or float(label["IMAGE/MEAN"]), abs=0.01)
    assert header.white_level == 4095
    assert np.asarray(photo.image)[0, 0] == round(float(pixels[0, 0]) / 4095 * 255)
    assert record.known.device is not None
    assert record.known.device.value == "NAVIGATION CAMERA LEFT"
    assert {"LOCAL_TRUE_SOLAR_TIME", "SOLAR_LONGITUDE"} <= {tag.name.rpartition("/")[2] for tag in record.tags}


def test_vicar_alone_is_read() -> None:
    values = np.arange(24, dtype="<i2").reshape(4, 6)
    label = b"LBLSIZE=200 FORMAT='HALF' ORG='BSQ' NL=4 NS=6 NB=1 RECSIZE=12 NLB=1 NBB=0 INTFMT='LOW' REALFMT='RIEEE'"
    file = io.BytesIO(label.ljust(200, b"\0") + bytes(12) + values.tobytes())
    assert identify(file, "x.img").format == "vicar"
    assert (stored_numbers(file, read_header(file)) == values).all()


def test_a_truncated_product_reports_how_much_exists() -> None:
    file = made("MSB_INTEGER", 16, np.arange(20, dtype=">i2"))
    assert stored_numbers(file, read_header(file)).reshape(-1).tolist() == [*range(20), 0, 0, 0, 0]
    file = made("MSB_INTEGER", 16, np.zeros(5, ">i2"))
    with pytest.raises(DamagedMedia, match="its label declares 48 bytes of pixels, but the file has 10"):
        stored_numbers(file, read_header(file))


def test_a_label_that_points_elsewhere_or_is_compressed_is_not_followed() -> None:
    text = LABEL.format(pointer='"../../etc/passwd"', kind="MSB_INTEGER", bits=16, bands=1, more="")
    with pytest.raises(RefusedMedia, match="its pixels are in another file"):
        read_header(io.BytesIO(text.encode()))
    with pytest.raises(UnsupportedMedia, match="compressed as HUFFMAN"):
        read_header(made("MSB_INTEGER", 16, np.zeros(24, ">i2"), more=" ENCODING_TYPE = HUFFMAN\r\n"))


def test_a_label_with_a_wrong_size_is_refused() -> None:
    with pytest.raises(DamagedMedia, match="its label lacks OBJECT = IMAGE: fix the label"):
        read_header(io.BytesIO(b"PDS_VERSION_ID = PDS3\r\n^IMAGE = 2\r\nEND\r\n"))
    with pytest.raises(DamagedMedia, match="-4 bands"):
        read_header(made("MSB_INTEGER", 16, np.zeros(24, ">i2"), bands=-4))
