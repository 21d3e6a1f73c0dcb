"""The numbers of a photo's file, to measure: all bits and channels, signed and float, or a refusal."""

from __future__ import annotations

import io
from typing import Any, Literal

import av
import numpy as np
import pillow_heif
import pytest
import pyvips
from PIL import Image

from processors.containers.photo.sample_bits import sample_bits
from processors.errors import UnsupportedMedia
from processors.photo.reading.stored_values import stored_values
from tests.helpers.made_pds3 import pds3, picture, vicar
from tests.photo.test_tiff import scaled_by_gdal, tiff

RNG = np.random.default_rng(1)
DEEP = RNG.integers(0, 65536, (40, 60, 5), np.uint16)
"""Five channels of 16 bits."""
KINDS = {"uint8": "uchar", "uint16": "ushort", "int16": "short", "uint32": "uint", "float32": "float"}


def values_of(data: bytes) -> np.ndarray:
    return stored_values(io.BytesIO(data)).values


def vips_image(values: np.ndarray, interpretation: str) -> pyvips.Image:
    height, width, bands = values.shape if values.ndim == 3 else (*values.shape, 1)
    data = np.ascontiguousarray(values).tobytes()
    return pyvips.Image.new_from_memory(data, width, height, bands, KINDS[values.dtype.name]).copy(
        interpretation=interpretation
    )


def jpeg2000(values: np.ndarray, kind: str) -> bytes:
    """A lossless JPEG 2000 codestream."""
    out = io.BytesIO()
    with av.open(out, "w", format="image2pipe") as container:
        stream = container.add_stream("jpeg2000", rate=1, options={"pred": "dwt53", "format": "j2k"})
        stream.height, stream.width = values.shape[:2]
        stream.pix_fmt = kind
        frame = av.VideoFrame.from_ndarray(values, format=kind)
        frame.pts = 0
        container.mux([*stream.encode(frame), *stream.encode()])
    return out.getvalue()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_png_of_16_bits_has_all_bits_of_every_channel(channels: int) -> None:
    values = DEEP[..., :channels].squeeze()
    data = vips_image(values, "grey16" if channels < 3 else "rgb16").pngsave_buffer(bitdepth=16)
    found = values_of(data)
    assert found.dtype == np.uint16
    assert np.array_equal(found, values)


@pytest.mark.parametrize(
    ("values", "interpretation"),
    [
        (DEEP[..., 0], "grey16"),
        (DEEP[..., :2], "grey16"),
        (DEEP[..., :3], "rgb16"),
        (DEEP[..., :4], "rgb16"),
        (DEEP, "multiband"),
        ((DEEP >> 8).astype(np.uint8), "multiband"),
        (DEEP[..., 0].view(np.int16), "b-w"),
        (DEEP[..., 0].astype(np.uint32) * 65000, "b-w"),
        ((DEEP[..., :3] / 7 - 3000).astype(np.float32), "rgb"),
    ],
)
def test_a_tiff_has_its_numbers_in_every_channel(values: np.ndarray, interpretation: str) -> None:
    found = values_of(vips_image(values, interpretation).tiffsave_buffer())
    assert found.dtype == values.dtype
    assert np.array_equal(found, values)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_tiff_in_which_0_is_white_has_its_stored_numbers(kind: type) -> None:
    values = DEEP[..., 0].astype(kind)
    ordinary = vips_image(values, "grey16" if kind == np.uint16 else "b-w").tiffsave_buffer()
    tag = b"\x06\x01\x03\x00\x01\x00\x00\x00"  # PhotometricInterpretation, one SHORT
    assert np.array_equal(values_of(ordinary.replace(tag + b"\x01", tag + b"\x00")), values)


def test_every_band_of_a_tiff_has_its_own_scale_and_no_number_without_data() -> None:
    values = (DEEP[..., :4] % 1000 + 1).astype(np.int16)
    values[3, 4], values[5, 6, 2] = -9999, -9999
    grey = (262, 3, (1,)), (338, 3, (0, 0, 2)), (42113, 2, b"-9999\0")  # two bands of data, and an alpha channel
    scale = scaled_by_gdal((0.5, 0), (1, 0), (2, -3), (7, 7))
    found = values_of(tiff((values, [*grey, scale])))
    right = values * np.array([0.5, 1, 2, 1]) + np.array([0, 0, -3, 0])
    right[3, 4, :3], right[5, 6, 2] = np.nan, np.nan
    assert found.dtype == np.float64
    assert np.array_equal(found, right, equal_nan=True)


def test_a_band_behind_the_alpha_of_8_bits_is_kept() -> None:
    values = (DEEP[..., :3] >> 8).astype(np.uint8)
    grey = (262, 3, (1,)), (338, 3, (2, 0))  # grey, alpha, and a band of data
    assert np.array_equal(values_of(tiff((values, [*grey]))), values)


EXTRA_SAMPLES = 338
"""1: alpha by which the colours are multiplied; 2: alpha; 0: other data."""


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
@pytest.mark.parametrize(
    ("channels", "photometric", "extra"),
    [(4, 2, (1,)), (2, 1, (1,)), (2, 0, (1,)), (5, 2, (1, 0)), (5, 2, (0, 1)), (5, 1, (1, 0, 0, 0)), (3, 1, (0, 1))],
)
def test_a_tiff_whose_colours_are_multiplied_by_alpha_has_its_numbers(
    channels: int, photometric: int, extra: tuple[int, ...], kind: str, order: Literal["<", ">"]
) -> None:
    values = (DEEP[..., :channels] >> (8 if kind == "u1" else 0)).astype(kind)
    data = tiff((values, [(262, 3, (photometric,)), (EXTRA_SAMPLES, 3, extra)]), order=order)
    found = values_of(data)
    assert found.dtype == values.dtype
    assert np.array_equal(found, values)


@pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
def test_alpha_of_a_tiff_in_which_0_is_white_is_as_stored(kind: str) -> None:
    values = (DEEP[..., :2] >> (8 if kind == "u1" else 0)).astype(kind)
    assert np.array_equal(values_of(tiff((values, [(262, 3, (0,)), (EXTRA_SAMPLES, 3, (2,))]))), values)


@pytest.mark.parametrize("bits", [1, 2, 4])
@pytest.mark.parametrize("zero_is_white", [False, True])
def test_numbers_of_fewer_than_8_bits_are_spread_over_0_to_255(bits: int, zero_is_white: bool) -> None:
    top = (1 << bits) - 1
    spread = (np.arange(8 * 16).reshape(8, 16) % (top + 1) * (255 // top)).astype(np.uint8)
    data = vips_image(spread, "b-w").tiffsave_buffer(bitdepth=bits, miniswhite=zero_is_white)
    assert np.array_equal(values_of(data), 255 - spread if zero_is_white else spread)


def test_a_palette_gives_its_colours() -> None:
    colours = np.array([[200, 100, 50], [1, 2, 3], [0, 255, 9]], np.uint8)
    numbers = np.arange(24, dtype=np.uint8).reshape(4, 6) % 3
    image = Image.fromarray(numbers)
    image.putpalette(colours.tobytes())
    for picture_format in ("PNG", "GIF", "TIFF", "BMP"):
        out = io.BytesIO()
        image.save(out, picture_format)
        assert np.array_equal(values_of(out.getvalue()), colours[numbers]), picture_format


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize(
    "options",
    [
        {"compression": "lzw", "predictor": "horizontal", "tile": True},
        {"compression": "deflate", "bigtiff": True, "pyramid": True, "tile": True, "subifd": True},
        {"compression": "packbits"},
    ],
)
def test_a_compressed_tiff_whose_colours_are_multiplied_by_alpha_has_its_numbers(
    options: dict[str, Any], bits: int
) -> None:
    values = (DEEP[..., :4] >> (16 - bits)).astype(f"u{bits // 8}")
    straight = vips_image(values, "rgb16" if bits == 16 else "srgb").tiffsave_buffer(**options)
    tag = b"\x52\x01\x03\x00\x01" + bytes(7 if options.get("bigtiff") else 3)
    assert tag + b"\x02" in straight
    assert np.array_equal(values_of(straight), values)
    assert np.array_equal(values_of(straight.replace(tag + b"\x02", tag + b"\x01")), values)


def test_a_second_picture_of_a_tiff_may_be_multiplied_by_alpha() -> None:
    values = DEEP[..., :4]
    small = tiff((values[::2, ::2], [(254, 4, (1,)), (EXTRA_SAMPLES, 3, (1,))]), (values, [(EXTRA_SAMPLES, 3, (1,))]))
    assert np.array_equal(values_of(small), values)


def test_a_large_file_is_not_copied_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    data = tiff((DEEP[..., :4], [(EXTRA_SAMPLES, 3, (1,))]))
    monkeypatch.setattr("processors.photo.reading.stored_values.MAX_COPIED_BYTES", len(data))
    assert np.array_equal(values_of(data), DEEP[..., :4])
    with pytest.raises(UnsupportedMedia, match="multiplied by alpha, in more than 1 GiB"):
        values_of(data + b" ")


def test_scale_and_turn_of_a_tiff_multiplied_by_alpha_apply_to_its_numbers() -> None:
    values = (DEEP[..., :2] % 1000).astype(np.int16)
    more = (262, 3, (1,)), (EXTRA_SAMPLES, 3, (1,)), (274, 3, (6,)), scaled_by_gdal((0.5, 2), (7, 7))
    right = np.rot90(values * np.array([0.5, 1]) + np.array([2, 0]), -1)
    assert np.array_equal(values_of(tiff((values, [*more]))), right)


def test_numbers_that_a_decoder_has_divided_by_alpha_are_refused() -> None:
    avif = io.BytesIO()
    Image.fromarray((DEEP[..., :4] >> 8).astype(np.uint8)).save(avif, "AVIF", quality=100, alpha_premultiplied=True)
    with pytest.raises(UnsupportedMedia) as refused:
        values_of(avif.getvalue())
    assert str(refused.value) == (
        "its colours are stored multiplied by alpha, and its decoder does not give them so: convert it to an RGB TIFF"
    )


@pytest.mark.parametrize("extra", [0, 1, 2])
def test_inks_have_their_numbers_and_the_channel_behind_them(extra: int) -> None:
    inks = (DEEP >> 8).astype(np.uint8)
    assert np.array_equal(values_of(tiff((inks, [(262, 3, (5,)), (EXTRA_SAMPLES, 3, (extra,))]))), inks)


def test_a_heic_whose_colours_are_multiplied_by_alpha_has_its_numbers() -> None:
    values = np.zeros((64, 64, 4), np.uint8)
    values[:, :32], values[:, 32:] = (100, 50, 25, 100), (20, 40, 60, 200)
    out = io.BytesIO()
    heic = pillow_heif.from_bytes(mode="RGBa", size=(64, 64), data=values.tobytes())
    heic.save(out, quality=-1, chroma=444, matrix_coefficients=0)
    assert np.array_equal(values_of(out.getvalue()), values)


@pytest.mark.parametrize("white", [100, 255, 1000, 65535])
@pytest.mark.parametrize("kind", [b"P5", b"P6"])
def test_a_portable_anymap_has_its_own_levels(kind: bytes, white: int) -> None:
    values = (DEEP[..., 0] if kind == b"P5" else DEEP[..., :3]).astype(int) % (white + 1)
    data = b"%s 60 40 %d\n" % (kind, white) + values.astype(np.uint8 if white < 256 else ">u2").tobytes()
    assert np.array_equal(values_of(data), values)


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_a_grey_jpeg_2000_has_its_own_levels(bits: int) -> None:
    values = DEEP[..., 0] >> (16 - bits)
    data = jpeg2000(values, f"gray{bits}le")
    assert sample_bits(io.BytesIO(data)) == bits
    assert np.array_equal(values_of(data), values)
    at = data.index(bytes([bits - 1, 1, 1]))
    signed = data[:at] + bytes([bits - 1 | 0x80]) + data[at + 1 :]  # the same samples, less half of their range
    assert np.array_equal(values_of(signed), values.astype(int) - (1 << bits - 1))


@pytest.mark.parametrize(("kind", "bits"), [("gbrp10le", 10), ("gbrp12le", 12), ("rgb48le", 16), ("rgba64le", 16)])
def test_jpeg_2000_in_colour_has_its_own_levels(kind: str, bits: int) -> None:
    values = DEEP[..., : 4 if "a" in kind else 3] >> (16 - bits)
    data = jpeg2000(values, kind)
    assert np.array_equal(values_of(data), values)
    at = data.index(bytes([bits - 1, 1, 1]))
    signed = data[:at] + bytes([bits - 1 | 0x80]) + data[at + 1 :]
    with pytest.raises(UnsupportedMedia, match=f"its samples have {bits} bits, and its decoder gives 8"):
        values_of(signed)


def heic_of_10_bits() -> bytes:
    out = io.BytesIO()
    pillow_heif.from_bytes(mode="RGB;16", size=(60, 40), data=DEEP[..., :3].tobytes()).save(out, quality=90)
    return out.getvalue()


def test_bits_that_a_decoder_drops_are_not_given_for_whole_numbers() -> None:
    for data, bits in ((heic_of_10_bits(), 10), (vips_image(DEEP[..., :4], "cmyk").tiffsave_buffer(), 16)):
        with pytest.raises(UnsupportedMedia, match=f"its samples have {bits} bits, and its decoder gives 8"):
            values_of(data)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "1"])
def test_eight_bits_are_the_channels_of_the_file(mode: str) -> None:
    image = Image.fromarray((DEEP[..., :3] >> 8).astype(np.uint8)).convert(mode)
    out = io.BytesIO()
    image.save(out, "PNG")
    shown = image.convert({"P": "RGB", "1": "L"}.get(mode, mode))
    assert np.array_equal(values_of(out.getvalue()), np.asarray(shown))


def test_a_planetary_image_has_all_bands_in_the_order_of_the_file() -> None:
    values = (picture("i4", bands=5) - 100).astype("<i2")
    words = "FORMAT='HALF' ORG='BSQ' NL=12 NS=16 NB=5 RECSIZE=32 NLB=0 NBB=0 INTFMT='LOW'"
    found = values_of(vicar(values.tobytes(), words))
    assert found.dtype == np.int16
    assert np.array_equal(found, values.transpose(1, 2, 0))


def test_what_a_label_marks_as_missing_is_no_number() -> None:
    values = (picture("i4") * 16 + 5).astype(">i2")
    values[3, 4] = -32768
    data = pds3(values.tobytes(), " MISSING_CONSTANT = -32768", kind="MSB_INTEGER", bits=16)
    found = values_of(data)
    assert found.dtype == np.float32
    assert np.argwhere(np.isnan(found)).tolist() == [[3, 4]]
    assert np.array_equal(np.nan_to_num(found, nan=-32768), values.astype(np.float32))


def test_a_photo_that_is_only_read_reduced_is_refused() -> None:
    data = pyvips.Image.black(10_400, 10_000).jpegsave_buffer()
    with pytest.raises(UnsupportedMedia, match="10400 x 10000 pixels are only read at 1/2 of each side: crop it"):
        values_of(data)
