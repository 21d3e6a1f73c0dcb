"""A 16-bit rendition loses neither depth nor gamut, and is made only where 8-bit sRGB would."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import pyvips
from PIL import Image

from processors.contract import Item, OpenSource, Source
from processors.errors import RefusedMedia
from processors.photo.deep import DeepPhoto
from processors.photo.reading.photo_reader import PhotoReader
from processors.sources.source_file import SourceFile
from tests.helpers.made_pds3 import pds3, picture, vicar
from tests.photo.test_stored_values import jpeg2000


def made(path: Path, picture_format: str, scratch: Path, processor: DeepPhoto | None = None) -> Item:
    source = Source(digest="ab" * 32, size_bytes=1, name="p", medium="photo", format=picture_format, has_sound=False)
    (item,) = (processor or DeepPhoto()).items(OpenSource(source=source, file=SourceFile.at(path)), scratch)
    return item


def pixels(item: Item) -> np.ndarray:
    assert item.file is not None
    found = cv2.imdecode(np.frombuffer(item.file.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    assert found is not None
    return found


def test_sixteen_bits_stay_exactly(tmp_path: Path) -> None:
    values = np.random.default_rng(1).integers(0, 65536, (40, 50, 3), np.uint16)
    encoded = cv2.imencode(".png", values)[1]
    (tmp_path / "p.png").write_bytes(encoded.tobytes())
    item = made(tmp_path / "p.png", "png", tmp_path)
    assert item.facts.source_bits == 16
    assert (pixels(item) == values).all()


def test_a_wide_gamut_keeps_its_profile_and_its_values(tmp_path: Path, samples: Path) -> None:
    wide = None
    for path in sorted((samples / "formats/photo").rglob("*.jp*g")):
        with Image.open(path) as image:
            if image.mode == "RGB" and b"Adobe RGB" in image.info.get("icc_profile", b"")[:4000]:
                wide = image.info["icc_profile"]
                break
    if wide is None:
        pytest.skip("no sample with an Adobe RGB profile")
    picture = np.random.default_rng(2).integers(0, 256, (30, 20, 3), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(picture).save(tmp_path / "p.png", icc_profile=wide, exif=exif)
    item = made(tmp_path / "p.png", "png", tmp_path)
    assert (item.facts.icc_profile_name, item.facts.source_bits) == ("Adobe RGB (1998)", 8)
    assert (pixels(item)[..., ::-1] == np.rot90(picture, -1).astype(np.uint16) * 257).all()
    assert item.file is not None
    assert Image.open(item.file).info["icc_profile"] == wide


def test_plain_srgb_needs_none_and_too_large_is_refused(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.new("RGB", (40, 30)).save(file, "JPEG")
    (tmp_path / "p.jpg").write_bytes(file.getvalue())
    item = made(tmp_path / "p.jpg", "jpeg", tmp_path)
    assert (item.name, item.facts.reason) == ("deep.json", "8 bits of sRGB or grey hold all of it")
    with pytest.raises(RefusedMedia, match="40 x 30 pixels is over the limit of 100"):
        made(tmp_path / "p.jpg", "jpeg", tmp_path, DeepPhoto(max_pixels=100))


def deep_of(data: bytes, tmp_path: Path, name: str = "a.img") -> Item:
    (tmp_path / name).write_bytes(data)
    return made(tmp_path / name, "vicar" if data.startswith(b"LBLSIZE") else "pds3", tmp_path)


def test_planetary_numbers_of_16_bits_stay_exactly(tmp_path: Path) -> None:
    values = (picture("i4") * 16 + 5).astype(">i2")
    item = deep_of(pds3(values.tobytes(), " LINE_DISPLAY_DIRECTION = UP", kind="MSB_INTEGER", bits=16), tmp_path)
    assert pixels(item).tolist() == values[::-1].tolist()
    assert (item.facts.source_bits, item.facts.black_level, item.facts.white_level) == (16, 0.0, 65535.0)
    assert (item.facts.width_px, item.facts.height_px) == (16, 12)


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_grey_jpeg_2000_keeps_its_own_levels(tmp_path: Path, bits: int) -> None:
    values = np.random.default_rng(1).integers(0, 1 << bits, (40, 50), np.uint16)
    data = jpeg2000(values, f"gray{bits}le")
    (tmp_path / "a.j2k").write_bytes(data)
    item = made(tmp_path / "a.j2k", "jpeg2000", tmp_path)
    assert (pixels(item) == values).all()
    assert (item.facts.source_bits, item.facts.black_level, item.facts.white_level) == (bits, 0.0, 65535.0)
    at = data.index(bytes([bits - 1, 1, 1]))
    (tmp_path / "a.j2k").write_bytes(data[:at] + bytes([bits - 1 | 0x80]) + data[at + 1 :])
    item = made(tmp_path / "a.j2k", "jpeg2000", tmp_path)
    assert (pixels(item) + item.facts.black_level == values.astype(int) - (1 << bits - 1)).all()
    assert item.facts.white_level - item.facts.black_level == 65535


def test_planetary_colours_stay_exactly(tmp_path: Path) -> None:
    values = (picture("i4", bands=3) + 300).astype("<u2")
    words = "FORMAT='HALF' ORG='BSQ' NL=12 NS=16 NB=3 RECSIZE=32 NLB=0 NBB=0 INTFMT='LOW'"
    assert (
        pixels(deep_of(vicar(values.tobytes(), words), tmp_path))[..., ::-1].tolist()
        == values.transpose(1, 2, 0).tolist()
    )


def test_planetary_numbers_that_16_bits_do_not_hold_are_spread_and_constants_are_black(tmp_path: Path) -> None:
    values = (picture("f4") - 100) / 4
    values[3, 3] = -1e32
    data = pds3(values.astype(">f4").tobytes(), " MISSING_CONSTANT = -1.0E32", kind="IEEE_REAL", bits=32)
    item = deep_of(data, tmp_path)
    assert (item.facts.black_level, item.facts.white_level) == (-25.0, 34.5)
    right = np.round((values + 25) / 59.5 * 65535)
    right[3, 3] = 0
    assert np.abs(pixels(item).astype(int) - right).max() <= 1


def test_planetary_bytes_need_no_16_bits(tmp_path: Path) -> None:
    item = deep_of(pds3(picture().tobytes()), tmp_path)
    assert (item.facts.is_made, item.facts.reason) == (False, "8 bits hold all of it")
    with pytest.raises(RefusedMedia, match="16 x 12 pixels is over the limit of 10"):
        made(tmp_path / "a.img", "pds3", tmp_path, DeepPhoto(max_pixels=10))


def described(path: Path, values: np.ndarray, *chunks: tuple[bytes, bytes]) -> Path:
    """A PNG with these chunks behind its header."""
    data = cv2.imencode(".png", values[..., ::-1])[1].tobytes()
    more = b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )
    path.write_bytes(data[:33] + more + data[33:])
    return path


P3_PLACES = b"cHRM", struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
DESCRIBED = {
    "HLG": (np.uint16, [(b"cICP", bytes((9, 18, 0, 1)))], "BT.2020, HLG", "cICP"),
    "linear": (np.uint16, [(b"cICP", bytes((9, 8, 0, 1)))], "BT.2020, linear", "cICP"),
    "8 bits": (np.uint8, [(b"cICP", bytes((12, 13, 0, 1)))], "Display P3, sRGB", "cICP"),
    "narrow": (np.uint16, [(b"cICP", bytes((1, 13, 0, 0)))], "BT.709, sRGB, narrow range", "cICP"),
    "narrow in 8 bits": (np.uint8, [(b"cICP", bytes((1, 13, 0, 0)))], "BT.709, sRGB, narrow range", "cICP"),
    "P3": (np.uint16, [P3_PLACES], "own primaries, sRGB", "cHRM"),
    "gamma": (np.uint16, [(b"gAMA", struct.pack(">I", 100_000)), P3_PLACES], "own primaries, gamma 1", "gAMA and cHRM"),
}


@pytest.mark.parametrize("name", list(DESCRIBED))
def test_sixteen_bits_keep_the_colour_tags_of_a_png(name: str, tmp_path: Path) -> None:
    kind, chunks, words, source = DESCRIBED[name]
    values = (np.random.default_rng(3).integers(40, 200, (40, 50, 3)) * (257 if kind == np.uint16 else 1)).astype(kind)
    path = described(tmp_path / "p.png", values, *chunks)
    item = made(path, "png", tmp_path)
    assert (item.facts.is_made, item.facts.colour, item.facts.colour_source) == (True, words, source)
    assert item.file is not None
    with path.open("rb") as before, item.file.open("rb") as after:
        shown, kept = (np.asarray(PhotoReader(file).photo().image).astype(int) for file in (before, after))
    assert np.abs(shown - kept).max() == 0
    step = 1 if kind == np.uint16 else 256 if "narrow" in name else 257
    assert (pixels(item)[..., ::-1] == values.astype(np.uint16) * step).all()


def test_a_deep_pnm_is_kept_and_its_white_is_the_headers(tmp_path: Path) -> None:
    values = np.arange(960).reshape(24, 40) % 1001
    path = tmp_path / "p.pgm"
    path.write_bytes(b"P5\n# of a camera\n40 24\n1000\n" + values.astype(">u2").tobytes())
    item = made(path, "ppm", tmp_path)
    assert (item.facts.is_made, item.facts.white_level) == (True, 65535)
    assert (pixels(item) == values).all()
    with path.open("rb") as file:
        photo = PhotoReader(file).photo()
    assert (photo.white_level, photo.levels.rule) == (1000, "declared full scale")
    assert np.asarray(photo.image)[0, 30] == round(30 / 1000 * 255)
    (tmp_path / "p.ppm").write_bytes(b"P6 4 4 255\n" + bytes(48))
    assert made(tmp_path / "p.ppm", "ppm", tmp_path).facts.reason == "PNM is read in 8 bits"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("char", "signed 8-bit numbers are not kept in a PNG of 16 bits"),
        ("short", "signed 16-bit numbers are not kept in a PNG of 16 bits"),
        ("uint", "32-bit numbers are not kept in a PNG of 16 bits"),
        ("float", "floating-point numbers are not kept in a PNG of 16 bits"),
    ],
)
def test_the_reason_why_numbers_are_not_kept_is_in_plain_words(kind: str, reason: str, tmp_path: Path) -> None:
    pyvips.Image.black(20, 10).cast(kind).tiffsave(str(tmp_path / "p.tif"))  # type: ignore[attr-defined]
    assert made(tmp_path / "p.tif", "tiff", tmp_path).facts.reason == reason


def test_an_image_without_a_valid_sample_is_refused(tmp_path: Path) -> None:
    data = np.full((12, 16), -9999, ">i2").tobytes()
    with pytest.raises(RefusedMedia, match="no valid sample: every one is the no-data value -9999"):
        deep_of(pds3(data, " MISSING_CONSTANT = -9999", kind="MSB_INTEGER", bits=16), tmp_path)
