"""TIFF photos: the first picture at full resolution, numbers of any depth, and damage reported by libtiff."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, BinaryIO, Literal

import numpy as np
import pyvips
from PIL import Image

from processors.containers.photo.tiff_blocks import DEFLATE, PACKBITS, rows_of_unsound_deflate, rows_of_unsound_packbits
from processors.containers.photo.tiff_file import Directory, pictures_of, read_tiff_file, single_picture_file
from processors.decoding.open_media import decoder_errors, open_picture
from processors.decoding.picture_header import what_to_do
from processors.errors import DamagedMedia, MediaError, RefusedMedia, UnsupportedMedia
from processors.imaging.icc_profile import profile_name
from processors.photo.reading.by_format.stored_scale import scaling_of
from processors.photo.reading.by_format.tiff_planes import is_misread, is_read_by_planes
from processors.photo.reading.by_format.ycbcr import is_stored_as_ycbcr, rgb_of
from processors.photo.reading.colour_tags import ICC
from processors.photo.reading.damage import Damage
from processors.photo.reading.photo_info import PhotoInfo
from processors.photo.reading.photo_memory import DecodedSize
from processors.photo.reading.pixels import Pixels, bounding_shrink
from processors.photo.reading.to_srgb import deep_of, profile_fault
from processors.photo.reading.vips import Heard, listening, open_with_vips, plain

LAB = (8, 9, 10)
ALPHA = (1, 2)
"""Extra samples that are an alpha channel (TIFF 6.0, ExtraSamples)."""
_ENDS = re.compile(r"bad seek|[Rr]ead error|Not enough data|beyond end of file|got \d+ bytes, expected")
_NOT_READ = re.compile(
    r"not configured|not supported|not a whole number of bytes|"
    r"[Uu]nsupported (?!marker)|not implemented|bad labq|out of range|[Uu]nknown"
)
"""Messages about unsupported features; an unknown JPEG marker within a picture is damage to any decoder."""
LIBJPEG = "Unsupported JPEG"
"""Beginning of libjpeg's message on one strip's JPEG, such as "Unsupported JPEG process"."""
MAX_TOLD = 3
"""Maximum of parts after the file's end that are reported by name."""
LARGEST = {"u1": 255, "u2": 65535, "u4": 4294967295}
"""Largest number of each unsigned type: where 0 is white, libvips subtracts from it."""


class Tiff:
    """A TIFF or BigTIFF.

    Raises
    ------
    DamagedMedia : its directories describe no picture.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        found = pictures_of(file)
        photo, self._missing = found.photo, found.missing
        if self._missing:
            self._file, photo = single_picture_file(file, photo)
        self._photo = photo
        width, height = photo.width_px, photo.height_px
        if photo.orientation >= 5:
            width, height = height, width
        mode = _mode(self._file, photo)
        fault = profile_fault(photo.icc_profile, mode)
        self.info = PhotoInfo(
            format="tiff",
            width_px=width,
            height_px=height,
            mode=mode,
            orientation=photo.orientation,
            icc_profile_name=profile_name(photo.icc_profile),
            icc_profile_fault=fault,
            frame_count=found.picture_count,
            has_alpha=bool(set(photo.extra_samples) & {1, 2}),
            colour_source=ICC if photo.icc_profile and not fault else None,
            device=photo.model,
        )

    @property
    def decoded_size(self) -> DecodedSize:
        """Return the size of the decoded numbers."""
        photo = self._photo
        shrink = bounding_shrink(photo.width_px, photo.height_px)
        pixels = photo.width_px * photo.height_px // (shrink * shrink)
        return DecodedSize(pixels=pixels, picture_bytes=pixels * photo.samples * ((max(photo.bits) + 7) // 8))

    def pixels(self) -> Pixels:
        """Decode; numbers of more than 8 bits are returned as stored."""
        pixels = self._decoded()
        if pixels.damage is None and self._missing:
            told = "; ".join(self._missing[:MAX_TOLD]) + (" and more" if len(self._missing) > MAX_TOLD else "")
            fault = f"the file ends before {told}"
            return replace(pixels, damage=Damage(condition="truncated", fault=fault, share=None))
        return pixels

    def _decoded(self) -> Pixels:
        photo = self._photo
        if photo.sample_format in (5, 6):
            raise UnsupportedMedia("a TIFF of complex numbers is not supported", "convert it")
        if is_misread(photo):
            raise _not_supported(photo)
        if photo.photometric in LAB and max(photo.bits) == 8:
            return replace(self._by_pillow(None), damage=self._unsound())
        shrink = bounding_shrink(photo.width_px, photo.height_px)
        with listening() as heard:
            try:
                values, interpretation = self._values("error", shrink, heard)
                damage = self._damage_by_warnings(heard)
            except pyvips.Error as error:
                words = plain(str(error))
                is_in_strips = LIBJPEG in words and self._reads_in_part(heard)
                if _NOT_READ.search(str(error)) and not is_in_strips:
                    return self._by_pillow(words)
                values, interpretation, damage = self._damaged(words, heard, shrink)
        return _pixels(photo, values, interpretation, self._unsound() or damage, shrink)

    def _unsound(self) -> Damage | None:
        """Return the damage that the compressed data themselves show, of which no decoder need warn."""
        photo = self._photo
        if photo.compression in DEFLATE and (bad := rows_of_unsound_deflate(self._file, photo)):
            return self._damage_in(bad, "the picture data do not unpack to their checksum")
        if photo.compression == PACKBITS and (bad := rows_of_unsound_packbits(self._file, photo)):
            return self._damage_in(bad, "the picture data do not unpack to their size")
        return None

    def _values(self, fail_on: Literal["none", "error"], shrink: int, heard: Heard) -> tuple[np.ndarray, str]:
        """Return the samples and libvips's interpretation; only warnings about pixels remain in `heard`."""
        image = open_with_vips(self._file, "tiff", **options(self._photo, fail_on))
        if self._photo.photometric in LAB:
            image = image.colourspace("srgb").cast("uchar")
        if self._photo.ycbcr and is_stored_as_ycbcr(self._photo):
            image = rgb_of(image, self._photo.ycbcr)
        if shrink > 1:
            image = image.subsample(shrink, shrink) if image.format != "uchar" else image.shrink(shrink, shrink)
        header = set(heard.words)
        heard.words.clear()
        heard.first_bad_row = None
        values = image.numpy()
        heard.words[:] = [words for words in heard.words if words not in header]
        return values, str(image.interpretation)

    def _damage_by_warnings(self, heard: Heard) -> Damage | None:
        """Return the damage reported by libtiff while decompressing, by strips or rows of tiles."""
        if not heard.words:
            return None
        words = _words(heard.words[0])
        return self._damage_in([top for top, is_sound in self._strips(heard) if not is_sound], words)

    def _strips(self, heard: Heard) -> Iterator[tuple[int, bool]]:
        """Yield the first row of each strip or row of tiles, and whether it decompresses without a warning."""
        photo = self._photo
        region = pyvips.Region.new(open_with_vips(self._file, "tiff", **options(photo, "none")))
        for top in range(0, photo.height_px, photo.rows_at_once):
            heard.words.clear()
            region.fetch(0, top, photo.width_px, min(photo.rows_at_once, photo.height_px - top))
            yield top, not heard.words

    def _reads_in_part(self, heard: Heard) -> bool:
        """Return whether libvips reads some strips, so that what it cannot read in others is damaged."""
        try:
            return any(is_sound for _, is_sound in self._strips(heard))
        except pyvips.Error:
            return False

    def _damage_in(self, bad: list[int], words: str) -> Damage:
        """Return the damage of the strips or rows of tiles that begin at these rows, or of all if unknown."""
        photo = self._photo
        rows = min(photo.height_px, len(bad) * photo.rows_at_once) or photo.height_px
        return Damage(
            condition="damaged",
            fault=words,
            share=rows / photo.height_px,
            first_row=bad[0] if bad else None,
            rows=photo.height_px,
        )

    def _damaged(self, words: str, heard: Heard, shrink: int) -> tuple[np.ndarray, str, Damage]:
        """Return the part of a picture decoded before its decoder gave up."""
        height = self._photo.height_px
        row = min(height - 1, (heard.first_bad_row or 0) * shrink)
        if self._is_cut() and (_ENDS.search(words) or _ENDS.search(" ".join(heard.words))):
            after = f", after about {row} of {height} rows" if row else ""
            raise DamagedMedia(f"truncated: the file ends before its picture does{after}", what_to_do("tiff"))
        try:
            values, interpretation = self._values("none", shrink, heard)
        except pyvips.Error as error:
            if self._missing:
                words = f"this TIFF is damaged or cut off: the file ends before {self._missing[0]}"
                raise DamagedMedia(words, what_to_do("tiff")) from error
            raise DamagedMedia(
                f"the picture data of this TIFF are corrupt: {plain(str(error))}", what_to_do("tiff")
            ) from error
        damage = Damage(
            condition="damaged", fault=_words(words), share=(height - row) / height, first_row=row or None, rows=height
        )
        return values, interpretation, damage

    def _is_cut(self) -> bool:
        """Return whether some of the picture's data would be beyond the file's end, or their places are unknown."""
        size_bytes = self._file.seek(0, 2)
        return not self._photo.blocks or any(at + size > size_bytes for at, size in self._photo.blocks)

    def _by_pillow(self, refused: str | None) -> Pixels:
        """Decode with Pillow, which reads some that libvips does not, and rotates them itself."""
        photo = self._photo
        try:
            self._file.seek(0)
            image = open_picture(self._file)
            with decoder_errors("decoding the picture"):
                if photo.sub is None and photo.page:
                    image.seek(photo.page)
                if image.width * image.height != photo.width_px * photo.height_px:
                    raise ValueError("another picture")
                image.load()
        except MediaError as error:
            if refused is None:
                raise
            if photo.blocks and self._is_cut():
                raise DamagedMedia("truncated: the file ends before its picture does", what_to_do("tiff")) from error
            raise _not_supported(photo) from error
        samples = deep_of(image)
        if samples is None:
            return Pixels(image=image)
        white = float((1 << max(photo.bits)) - 1) if photo.sample_format == 1 and max(photo.bits) < 16 else None
        return Pixels(samples=samples, declared_white=white)


def options(photo: Directory, fail_on: Literal["none", "error"] = "error") -> dict[str, Any]:
    """Return the options of `open_with_vips` that select a picture of the file, and the damage at which it stops.

    Of damaged tiles libvips only warns.
    """
    strictness = {"fail_on": "warning" if photo.tile_px and fail_on == "error" else fail_on}
    if is_read_by_planes(photo):
        return {"planes": photo, **strictness}
    return {"page": photo.page, **({} if photo.sub is None else {"subifd": photo.sub}), **strictness}


def photo_options(file: BinaryIO) -> dict[str, Any]:
    """Return `options` for the photo of a file; empty if its directories cannot be read.

    Raises
    ------
    RefusedMedia : libvips would misinterpret the numbers.
    """
    found = read_tiff_file(file)
    if found is None:
        return {}
    if found.photo.photometric in LAB and max(found.photo.bits) == 8:
        raise RefusedMedia("a TIFF in CIELAB of 8 bits is not read in strips", "convert it to RGB")
    if is_stored_as_ycbcr(found.photo):
        raise RefusedMedia("a TIFF in YCbCr without subsampling is not read in strips", "convert it to RGB")
    if is_misread(found.photo):
        raise RefusedMedia(f"a TIFF of {found.photo.kind} is not read in strips", "convert it")
    return options(found.photo)


def scaled_others(photo: Directory, others: np.ndarray) -> np.ndarray:
    """Return the channels behind the colours as `samples` has these: scaled, and NaN without data; alpha as stored.

    Parameters
    ----------
    others : as in `Pixels`.
    """
    found, first_extra = [], photo.samples - len(photo.extra_samples)
    for number, channel in enumerate(np.moveaxis(others, 2, 0), photo.samples - others.shape[2]):
        if number >= first_extra and photo.extra_samples[number - first_extra] in ALPHA:
            found.append(channel)
            continue
        scales = (photo.scaling or ())[number:]
        factor, offset = scales[0] if scales else (1.0, 0.0)
        valid = _valid(channel, photo.no_data)
        scaled = channel if (factor, offset) == (1.0, 0.0) else channel * factor + offset
        found.append(scaled if valid is None or valid.all() else np.where(valid, scaled, np.nan))
    return np.stack(found, axis=2)


def _not_supported(photo: Directory) -> UnsupportedMedia:
    return UnsupportedMedia(f"a TIFF of {photo.kind} is not supported", "convert it")


def _words(words: str) -> str:
    return words.split("\n")[0].replace("Corrupt JPEG", "corrupt JPEG").rstrip(".")


def _mode(file: BinaryIO, photo: Directory) -> str:
    """Return Pillow's mode, otherwise one of our own."""
    try:
        file.seek(0)
        image = open_picture(file)
        if photo.sub is None and (photo.page == 0 or photo.page < getattr(image, "n_frames", 1)):
            with decoder_errors("reading the picture's header"):
                image.seek(photo.page)
                return image.mode
    except MediaError:
        pass
    return photo.mode


def _pixels(photo: Directory, values: np.ndarray, interpretation: str, damage: Damage | None, shrink: int) -> Pixels:
    values = values.reshape(*values.shape[:2], -1)
    colours = (
        4 if interpretation == "cmyk" else 3 if values.shape[2] >= 3 and photo.photometric in (2, 3, 6, *LAB) else 1
    )
    if interpretation == "cmyk" and values.dtype == np.uint16:
        values = (values >> 8).astype(np.uint8)
    has_alpha = bool(photo.extra_samples) and photo.extra_samples[0] in ALPHA and values.shape[2] > colours
    has_no_data = photo.no_data is not None and colours < 4 and photo.photometric in (0, 1, 2)
    scaling = scaling_of(photo)
    if colours == 4 and values.dtype != np.uint8:
        raise _not_supported(photo)
    if values.dtype == np.uint8 and not has_no_data and scaling is None:
        image = _image(values, colours, has_alpha=has_alpha)
        if photo.icc_profile:
            image.info["icc_profile"] = photo.icc_profile
        others = values[..., colours if colours == 4 else colours + has_alpha :]
        return Pixels(image=image, others=others, orientation=photo.orientation, damage=damage, shrunk_by=shrink)
    alpha = None
    if has_alpha and values.dtype == np.uint16:
        alpha = (values[..., colours] >> 8).astype(np.uint8)
    elif has_alpha and values.dtype == np.uint8:
        alpha = values[..., colours]
    samples = values[..., 0] if colours == 1 else values[..., :3]
    is_inverted = photo.photometric == 0
    if is_inverted and values.dtype.kind == "u":  # libvips inverts these itself, but no others
        samples = np.array(LARGEST[values.dtype.str[1:]], values.dtype) - samples
    valid = _valid(samples, photo.no_data)
    levels = scaling.levels(samples.dtype) if scaling else None
    return Pixels(
        samples=scaling.applied(samples) if scaling else samples,
        valid=valid,
        alpha=alpha,
        others=values[..., colours:],
        levels=levels,
        is_inverted=is_inverted and not (scaling and scaling.is_falling),
        orientation=photo.orientation,
        icc_profile=photo.icc_profile,
        damage=damage,
        shrunk_by=shrink,
    )


def _image(values: np.ndarray, colours: int, *, has_alpha: bool) -> Image.Image:
    """Return the picture; libvips has divided colours by an associated alpha already."""
    height, width, _ = values.shape
    kept = np.ascontiguousarray(values[..., : colours + has_alpha] if colours < 4 else values[..., :4])
    if colours == 4:
        mode = "CMYK"
    elif has_alpha:
        mode = {1: "LA", 3: "RGBA"}[colours]
    else:
        mode = {1: "L", 3: "RGB"}[colours]
    return Image.frombytes(mode, (width, height), kept.tobytes())


def _valid(samples: np.ndarray, no_data: float | None) -> np.ndarray | None:
    """Return where data exist; in a colour picture, where any colour has data."""
    if no_data is None or no_data != no_data:  # NaN is never valid
        return None
    near = np.isclose(samples, no_data, rtol=1e-06, atol=0) if samples.dtype.kind == "f" else samples == no_data
    known = np.logical_not(near)
    return known if known.ndim == 2 else np.asarray(known.any(axis=2))
