"""Photos in common web and camera formats: header, pixels and damage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageFile

from processors.containers.photo.bmp_rows import rows_of_bmp
from processors.containers.photo.gif_file import read_gif_file
from processors.containers.photo.jpeg_file import JpegFile, read_jpeg_file
from processors.containers.photo.picture_end import behind_picture
from processors.containers.photo.png_file import png_exif, read_png_file
from processors.containers.photo.pnm_header import pnm_white
from processors.containers.photo.psd_file import rows_of_psd
from processors.decoding.open_media import decoder_errors
from processors.decoding.picture_header import open_header, plain_words, what_to_do
from processors.imaging.colour import CICP, SRGB, Colour
from processors.imaging.icc_profile import profile_name
from processors.photo.reading.by_format.avif import avif_damage
from processors.photo.reading.by_format.gif import gif_damage
from processors.photo.reading.by_format.heic import heic_damage
from processors.photo.reading.by_format.jpeg import decode_damaged_jpeg, decode_jpeg, fault_at_end, jpeg_damage
from processors.photo.reading.by_format.jpeg2000 import jpeg2000_damage
from processors.photo.reading.by_format.jpeg_blocks import impossible_blocks
from processors.photo.reading.by_format.png import alpha_of_16_bits, palette_damage, png_damage
from processors.photo.reading.by_format.pnm import pnm_damage
from processors.photo.reading.by_format.run_lengths import bmp_damage, psd_damage
from processors.photo.reading.colour_tags import ICC, tagged_colour
from processors.photo.reading.damage import Damage
from processors.photo.reading.photo_info import PhotoInfo
from processors.photo.reading.photo_memory import DecodedSize, pillow_size
from processors.photo.reading.pixels import Pixels, bounding_shrink
from processors.photo.reading.to_srgb import deep_of, profile_fault

MP_ENTRIES = 0xB002

DAMAGE_OF: Mapping[str, Callable[[BinaryIO, int, int], Damage | None]] = {
    "AVIF": lambda file, *_: avif_damage(file),
    "HEIF": heic_damage,
    "JPEG2000": jpeg2000_damage,
    "PPM": lambda file, *_: pnm_damage(file),
}
"""Finders of damage that Pillow conceals, by Pillow's name of the format: they get the file, width and height."""


class Ordinary:
    """A photo opened with Pillow.

    Raises
    ------
    DamagedMedia : no allowed reader accepts the bytes.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._image = open_header(file)
        with plain_words(file), decoder_errors("reading the picture's header"):
            self._colour = tagged_colour(self._image, file)
            self.info = _info(self._image, file, self._colour)

    @property
    def decoded_size(self) -> DecodedSize:
        """Return the size of the decoded picture."""
        width, height = self._image.size
        shrink = bounding_shrink(width, height) if self._is_jpeg else 1
        return pillow_size(
            width * height // (shrink * shrink),
            self._image.mode,
            self._image.format,
            is_converted=bool(self.info.has_alpha or self._image.info.get("icc_profile")),
        )

    @property
    def _is_jpeg(self) -> bool:
        return self._image.format in ("JPEG", "MPO")

    def pixels(self) -> Pixels:
        """Decode it completely."""
        kind = self._image.format
        if self._is_jpeg:
            return self._jpeg()
        damage = self._psd_damage() if kind == "PSD" else self._bmp_damage() if kind == "BMP" else None
        with plain_words(self._file), decoder_errors("decoding the picture", what_to_do(kind or "")):
            self._image.load()
        trailing, trailing_kind = behind_picture(self._file, kind or "")
        alpha = None
        if kind == "PNG":
            png = read_png_file(self._file)
            alpha = alpha_of_16_bits(self._file, png)
            damage, trailing = png_damage(self._file, png) or palette_damage(self._image), png.trailing_bytes
        elif kind == "GIF":
            gif = read_gif_file(self._file)
            damage, trailing = gif_damage(self._file, gif), gif.trailing_bytes
        elif find_damage := DAMAGE_OF.get(kind or ""):
            damage = find_damage(self._file, *self._image.size)
        samples, declared_white = deep_of(self._image), None
        if samples is not None and kind == "PPM" and samples.dtype == np.uint16 and (top := pnm_white(self._file)):
            samples, declared_white = np.rint(samples * (top / 65535)).astype(np.uint16), float(top)
        image = None
        if samples is None:
            image = self._image if alpha is None else _with_alpha(self._image, alpha)
        return Pixels(
            image=image,
            samples=samples,
            declared_white=declared_white,
            alpha=alpha,
            damage=damage,
            trailing_bytes=trailing,
            trailing_kind=trailing_kind,
            orientation=self.info.orientation,
            icc_profile=self._image.info.get("icc_profile"),
            colour=self._colour,
        )

    def _psd_damage(self) -> Damage | None:
        """Return the damage of a Photoshop file, whose picture is then read from its rows, each by itself.

        Pillow unpacks a channel without regard to rows: one wrong row would move all that follow.
        """
        rows = rows_of_psd(self._file)
        damage = rows and psd_damage(self._file, rows, len(self._image.getbands()))
        if rows and damage and not rows.is_cut:
            self._image = open_header(rows.without_run_lengths(self._file))
        return damage

    def _bmp_damage(self) -> Damage | None:
        """Return the damage of a run-length coded BMP, whose picture is then read from its rows."""
        rows = rows_of_bmp(self._file)
        if rows is None:
            return None
        self._image = open_header(rows.without_run_lengths(self._file))
        return bmp_damage(rows)

    def _jpeg(self) -> Pixels:
        width, height = self._image.size
        shrink = bounding_shrink(width, height)
        parts = read_jpeg_file(self._file)
        with plain_words(self._file), decoder_errors("decoding the picture", what_to_do("jpeg")):
            values, fault = decode_jpeg(self._file, min(shrink, 8))
            damage = None
            if fault is not None:
                values = decode_damaged_jpeg(self._file, parts, height, min(shrink, 8))
            else:
                fault = fault_at_end(self._file, parts)
            if fault is not None:
                damage = jpeg_damage(self._file, parts, fault, height)
            damage = damage or impossible_blocks(self._file, parts, width, height)
            if values is not None and values.shape[2] == len(self._image.getbands()):
                image = _like(self._image, values)
            else:  # a kind of JPEG that libvips cannot read
                self._image.load()
                image = self._image
        return Pixels(
            image=image,
            damage=damage or self._missing_end(parts),
            orientation=self.info.orientation,
            shrunk_by=shrink,
            colour=self._colour,
            trailing_bytes=0 if self._image.format == "MPO" else parts.trailing_bytes,
            trailing_kind=parts.trailing_kind,
        )

    def _missing_end(self, parts: JpegFile) -> Damage | None:
        """Return the damage of a JPEG without its end, or of a multi-picture file (MPO) without its last one.

        The latter says where its pictures are (CIPA DC-007, 5.2.3).
        """
        if parts.end_at is None:
            return _cut("the marker at the end of a JPEG is missing")
        entries = (getattr(self._image, "mpinfo", None) or {}).get(MP_ENTRIES, ())
        self._file.seek(0)
        places_from = self._file.read(parts.data_at or 0).find(b"MPF\0") + 4
        ends = [places_from + one["DataOffset"] + one["Size"] for one in entries if one["DataOffset"]]
        lost = sum(end > parts.size_bytes for end in ends)
        return _cut(f"{lost} of its {len(ends) + 1} pictures extend beyond the end of the file") if lost else None


def _like(image: Image.Image, values: np.ndarray) -> Image.Image:
    """Return decoded values, uint8, as an image with the mode and information of another."""
    height, width, _ = values.shape
    decoded = Image.frombuffer(image.mode, (width, height), values, "raw", image.mode, 0, 1)
    decoded.info = image.info
    return decoded


def _with_alpha(image: Image.Image, alpha: np.ndarray) -> Image.Image:
    """Return a picture with this alpha in place of its transparent colour."""
    made = image.copy()
    made.info.pop("transparency", None)
    made.putalpha(Image.fromarray(alpha))
    return made


def _cut(fault: str) -> Damage:
    """Return the damage of a file truncated after the shown pixels."""
    return Damage(condition="truncated", fault=fault, share=None)


def _info(image: ImageFile.ImageFile, file: BinaryIO, colour: Colour) -> PhotoInfo:
    exif = _exif(image, file)
    orientation = exif.get(ExifTags.Base.Orientation, 1)
    orientation = orientation if orientation in range(1, 9) else 1
    size = image.size if orientation < 5 else image.size[::-1]
    profile = image.info.get("icc_profile")
    is_overruled = profile and colour.source.startswith(CICP)
    fault = f"its {CICP} counts before it" if is_overruled else profile_fault(profile, image.mode)
    return PhotoInfo(
        format=(image.format or "unknown").lower(),
        width_px=size[0],
        height_px=size[1],
        mode=image.mode,
        orientation=orientation,
        icc_profile_name=profile_name(profile),
        icc_profile_fault=fault,
        frame_count=_frame_count(image, file),
        has_alpha=image.has_transparency_data,
        colour=None if colour.source == ICC or colour == SRGB else colour.name,
        colour_source=None if colour == SRGB or (fault and colour.source == ICC) else colour.source,
        jpeg_quality=_jpeg_quality(getattr(image, "quantization", None)),
        device=str(exif.get(ExifTags.Base.Model, "")).strip("\0 ") or None,
    )


def _frame_count(image: ImageFile.ImageFile, file: BinaryIO) -> int:
    """Count the pictures; for a GIF, which Pillow would read to its end, the complete ones, at least one."""
    if image.format != "GIF":
        return getattr(image, "n_frames", 1)
    place = file.tell()
    try:
        return max(1, read_gif_file(file).picture_count)
    finally:
        file.seek(place)


def _exif(image: ImageFile.ImageFile, file: BinaryIO) -> Image.Exif:
    if image.format != "PNG":
        return image.getexif()
    place = file.tell()  # Pillow decodes an entire PNG to find data after its pixels
    try:
        return png_exif(file)
    finally:
        file.seek(place)


_LUMINANCE_SUM = 3688
"""Sum of luminance table K.1 of the JPEG standard (ISO/IEC 10918-1), libjpeg's quality 50."""


def _jpeg_quality(tables: dict[int, list[int]] | None) -> int | None:
    if not tables or 0 not in tables:
        return None
    scale = 100 * sum(tables[0]) / _LUMINANCE_SUM  # per cent; libjpeg: 5000 / q below quality 50, 200 - 2 q above
    return max(1, min(100, round(5000 / scale if scale > 100 else (200 - scale) / 2)))
