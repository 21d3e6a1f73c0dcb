"""Numbers of a photo as its file has them, to measure: every channel, in full depth, nothing spread or converted."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from PIL import Image

from processors.containers.photo.heif_file import has_premultiplied_alpha
from processors.containers.photo.pnm_header import pnm_samples
from processors.containers.photo.sample_bits import has_signed_components, jpeg2000_bits, sample_bits
from processors.containers.photo.tiff_alpha import ASSOCIATED, without_meaning_of_alpha
from processors.containers.photo.tiff_file import is_tiff, read_tiff_file
from processors.errors import UnsupportedMedia
from processors.photo.reading.by_format.tiff import scaled_others
from processors.photo.reading.damage import damage_of
from processors.photo.reading.photo_info import MAX_PIXELS, refuse_size
from processors.photo.reading.photo_reader import PhotoReader, refuse_larger
from processors.photo.reading.pixels import Pixels, turned_array
from processors.photo.reading.vips import open_strips, vips_errors
from processors.planetary.image_object import ImageObject
from processors.planetary.open_image import attached_format, read_header
from processors.planetary.samples import read_samples
from processors.sources.read_at import read_at

PNG = b"\x89PNG\r\n\x1a\n"
MULTIPLIED = ("La", "RGBa")
"""Pillow modes whose colours are multiplied by alpha."""
PLAIN = ("L", "LA", "RGB", "RGBA", "CMYK", *MULTIPLIED)
"""Pillow modes whose bytes are the channels."""
MAX_COPIED_BYTES = 1 << 30
"""Largest TIFF of which a copy is made in memory to read it without division by alpha."""
AS_RGB_TIFF = "convert it to an RGB TIFF"


@dataclass(frozen=True, kw_only=True)
class StoredValues:
    """Numbers of an upright photo."""

    values: np.ndarray
    """Shape (height, width), or (height, width, channels); of the file's number type, in native byte order; float32 or
    float64, with NaN, where the file marks samples as missing or saturated."""
    damage: str | None
    """Damage in one sentence; None if none was found."""


def stored_values(file: BinaryIO, described: ImageObject | None = None) -> StoredValues:
    """Read the numbers of a photo, after the scale that a planetary label or a TIFF's GDAL metadata states.

    Raises
    ------
    DamagedMedia : the picture cannot be read.
    RefusedMedia : it has too many pixels.
    UnsupportedMedia : its decoder does not give the numbers.
    """
    image = described or (read_header(file) if attached_format(file) else None)
    if image is not None:
        return _of_label(file, image)
    tiff = read_tiff_file(file) if is_tiff(read_at(file, 0, 4)) else None
    is_multiplied = tiff is not None and ASSOCIATED in tiff.photo.extra_samples
    reader = PhotoReader(file)
    refuse_larger(reader.info, MAX_PIXELS)
    if tiff and is_multiplied:  # decoders divide its colours by alpha, unless it is not said to be one
        if file.seek(0, io.SEEK_END) > MAX_COPIED_BYTES:
            raise UnsupportedMedia("its colours are stored multiplied by alpha, in more than 1 GiB", AS_RGB_TIFF)
        reader = PhotoReader(without_meaning_of_alpha(file, tiff.photo))
    pixels = reader.pixels()
    if (is_multiplied and pixels.others is None) or (reader.info.format == "avif" and has_premultiplied_alpha(file)):
        raise UnsupportedMedia(
            "its colours are stored multiplied by alpha, and its decoder does not give them so", AS_RGB_TIFF
        )
    values, bits = _values(file, pixels), sample_bits(file) or 8
    if pixels.shrunk_by > 1:
        size = f"{reader.info.width_px} x {reader.info.height_px}"
        raise UnsupportedMedia(f"{size} pixels are only read at 1/{pixels.shrunk_by} of each side", "crop it")
    if bits > values.dtype.itemsize * 8:
        raise UnsupportedMedia(f"its samples have {bits} bits, and its decoder gives 8", AS_RGB_TIFF)
    return StoredValues(values=np.ascontiguousarray(values), damage=reader.damage)


def _of_label(file: BinaryIO, image: ImageObject) -> StoredValues:
    """Return all bands of an image that a label describes, in the order of the file."""
    refuse_size(*image.shown_size_px, MAX_PIXELS)
    samples = read_samples(file, image)
    damage = damage_of(samples, is_as_stored=image.orientation == 1)
    values = _with_nan(samples.values, samples.valid)
    return StoredValues(values=np.ascontiguousarray(values), damage=damage.sentence if damage else None)


def _values(file: BinaryIO, pixels: Pixels) -> np.ndarray:
    """Return the numbers, upright, shape (height, width) or (height, width, channels)."""
    if read_at(file, 0, 8) == PNG and sample_bits(file) == 16:
        with vips_errors("decoding the picture"):
            return _without_single_channel(open_strips(file, "png", MAX_PIXELS, fail_on="none").numpy())
    if (values := pnm_samples(file)) is not None:
        return values
    values = _of_image(pixels.image) if pixels.image is not None else pixels.samples
    assert values is not None
    if pixels.image is not None and _is_zero_white(file):
        values = np.array(values)
        grey = values if values.ndim == 2 else values[..., 0]
        np.subtract(255, grey, out=grey)
    if bits := jpeg2000_bits(file):
        values = _of_jpeg2000(file, values, bits)
    if pixels.samples is not None:
        values = _with_nan(values, pixels.valid)
    if pixels.others is not None and pixels.others.shape[2] and (tiff := read_tiff_file(file)):
        others = scaled_others(tiff.photo, pixels.others)
        values = np.concatenate([values.reshape(*values.shape[:2], -1), others], axis=2)
    return turned_array(values, pixels.orientation)


def _of_image(image: Image.Image) -> np.ndarray:
    """Return the channels of an image of 8 bits or less: colours of a palette as they are, two levels as 0 and 255."""
    if image.has_transparency_data and image.mode not in MULTIPLIED:
        image = image.convert("LA" if image.mode in ("L", "LA", "La") else "RGBA")
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode in ("P", "PA", "RGBX"):
        image = image.convert("RGB")
    if image.mode not in PLAIN:
        raise UnsupportedMedia(f"pixels in {image.mode} are only read as sRGB", "convert it to RGB")
    return np.asarray(image)


def _of_jpeg2000(file: BinaryIO, values: np.ndarray, bits: int) -> np.ndarray:
    """Return the numbers of a JPEG 2000 picture as stored; of more than 8 bits in colour as `values` only if unread."""
    depth = values.dtype.itemsize * 8
    if bits > depth:
        colours = _deep_colours(file)
        return values if colours is None or colours.shape != values.shape else colours
    values = values >> (depth - bits)  # Pillow spreads them over 8 or 16 bits, and makes them positive
    return values.astype(np.int32) - (1 << (bits - 1)) if has_signed_components(file) else values


def _deep_colours(file: BinaryIO) -> np.ndarray | None:
    """Return the colours of a JPEG 2000 picture of 9 to 16 bits, uint16; None if OpenCV does not read them."""
    import cv2  # Pillow, with the same decoder, OpenJPEG, gives the upper 8 bits

    file.seek(0)
    stored = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    if stored is None or stored.dtype != np.uint16 or stored.ndim != 3:
        return None
    return cv2.cvtColor(stored, cv2.COLOR_BGRA2RGBA if stored.shape[2] == 4 else cv2.COLOR_BGR2RGB)


def _is_zero_white(file: BinaryIO) -> bool:
    """Return whether a TIFF says that 0 is white: its decoders invert its bytes."""
    found = read_tiff_file(file) if is_tiff(read_at(file, 0, 4)) else None
    return found is not None and found.photo.photometric == 0


def _with_nan(values: np.ndarray, valid: np.ndarray | None) -> np.ndarray:
    """Return the values with NaN where they are not valid; as they are if all are."""
    if valid is None or valid.all():
        return values
    known = valid[..., None] if valid.ndim < values.ndim else valid
    is_short = values.dtype.itemsize <= 2 or values.dtype == np.float32
    return np.where(known, values, np.nan).astype(np.float32 if is_short else np.float64)


def _without_single_channel(values: np.ndarray) -> np.ndarray:
    return values[..., 0] if values.ndim == 3 and values.shape[2] == 1 else values
