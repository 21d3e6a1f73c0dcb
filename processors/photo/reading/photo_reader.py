"""Reader of photographs: the upright picture in sRGB, and its original values."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import BinaryIO, Protocol

import numpy as np
from PIL import Image

from processors.containers.photo.tiff_file import is_tiff
from processors.contract import Need
from processors.decoding.open_media import decoder_errors
from processors.errors import MORE_MEMORY, DamagedMedia, RefusedMedia
from processors.photo.reading.by_format.tiff import Tiff
from processors.photo.reading.damage import Damage, damage_of
from processors.photo.reading.display_levels import EIGHT_BIT, DisplayLevels, levels_of, scaled_to_levels, to_8_bit
from processors.photo.reading.ordinary import Ordinary
from processors.photo.reading.photo_info import MAX_PIXELS, PhotoInfo, PhotoReport, refuse_larger, report_of
from processors.photo.reading.photo_memory import DecodedSize
from processors.photo.reading.pixels import Pixels, turned_array, turned_upright
from processors.photo.reading.to_srgb import photo_to_srgb
from processors.photo.reading.valid_samples import refuse_without_valid
from processors.planetary.image_object import ImageObject
from processors.planetary.open_image import attached_format, read_header
from processors.planetary.samples import read_samples

__all__ = ["MAX_PIXELS", "Photo", "PhotoInfo", "PhotoReader", "PhotoReport", "fitted", "refuse_larger"]
FULL_16_BIT = DisplayLevels(black=0.0, white=65535.0, rule="full scale")


class OpenedPhoto(Protocol):
    """A picture whose header has been read."""

    info: PhotoInfo

    @property
    def decoded_size(self) -> DecodedSize:
        """Return the size of the decoded picture, from the header."""
        ...

    def pixels(self) -> Pixels:
        """Decode it."""
        ...


class PhotoReader:
    """Reader of one photograph, decoded at most once; the caller limits the pixels (`refuse_larger`).

    Parameters
    ----------
    described : image described by a detached label; None if the file is self-contained.

    Raises
    ------
    DamagedMedia : no reader accepts the bytes.
    """

    def __init__(self, file: BinaryIO, described: ImageObject | None = None) -> None:
        self._opened: OpenedPhoto
        if described or attached_format(file):
            self._opened = _Planetary(file, described or read_header(file))
        else:
            file.seek(0)
            self._opened = Tiff(file) if is_tiff(file.read(4)) else Ordinary(file)
        self.info = self._opened.info
        self._pixels: Pixels | None = None

    def photo(self) -> Photo:
        """Decode all of it: a result must not depend on other results of the same pass.

        Raises
        ------
        DamagedMedia : the picture cannot be shown. A damaged one that can be shown has `damage` in the photo.
        RefusedMedia : no sample is valid: there is nothing to show.
        """
        pixels = self.pixels()
        with decoder_errors("converting its colours"):
            return _photo(self.info, pixels)

    def pixels(self) -> Pixels:
        """Decode all of it, without turning or converting anything; raises `DamagedMedia`."""
        try:
            self._pixels = self._opened.pixels()
        except DamagedMedia as error:
            condition = "truncated" if error.what.startswith("truncated") else "damaged"
            self._pixels = Pixels(damage=Damage(condition=condition, fault=error.what, share=1.0, in_words=error.what))
            raise
        return self._pixels

    def refuse_unless_it_fits(self, need: Need, memory_mb: int) -> None:
        """Raise `RefusedMedia`, from the header alone, for a picture that needs more memory than that."""
        needed = self._opened.decoded_size.needed_bytes(measures_all=need.longest_side_px is None)
        if needed > memory_mb * 1_000_000:
            info = self.info
            raise RefusedMedia(
                f"{info.width_px} x {info.height_px} pixels ({info.mode}) need at least {needed / 1e6:.0f} MB of"
                f" memory, and {memory_mb} MB may be used",
                MORE_MEMORY,
            )

    @property
    def damage(self) -> str | None:
        """Return the damage as in the report."""
        return self.report().damage

    def report(self) -> PhotoReport:
        """Return the decoding report after `photo`; before it, only the header's information."""
        pixels = self._pixels or Pixels()
        return report_of(
            self.info,
            pixels.damage,
            trailing_bytes=pixels.trailing_bytes,
            trailing_kind=pixels.trailing_kind,
            shrunk_by=pixels.shrunk_by,
        )


class _Planetary:
    """A planetary image; its rows are read upright."""

    def __init__(self, file: BinaryIO, described: ImageObject) -> None:
        self._file, self._described = file, described
        named = {name.rpartition("/")[2]: value for name, value in reversed(described.entries)}
        width, height = described.shown_size_px
        self.info = PhotoInfo(
            format=described.format,
            width_px=width,
            height_px=height,
            mode=described.dtype,
            orientation=described.orientation,
            icc_profile_name=None,
            frame_count=described.image_count,
            has_alpha=False,
            device=described.instrument or named.get("INSTRUMENT_ID") or named.get("INSTRUMENT_NAME"),
        )

    @property
    def decoded_size(self) -> DecodedSize:
        """Return the size of the stored numbers of all bands."""
        image = self._described
        stored_bytes = image.row_count * image.row_samples * image.sample_bytes
        return DecodedSize(pixels=self.info.width_px * self.info.height_px, picture_bytes=stored_bytes)

    def pixels(self) -> Pixels:
        """Decode the shown bands."""
        with decoder_errors("reading the pixels"):
            found = read_samples(self._file, self._described).of_bands(self._described.shown_bands)
        return Pixels(
            samples=found.values,
            valid=found.valid,
            saturated=found.saturated,
            declared_white=found.declared_white,
            damage=damage_of(found, is_as_stored=self._described.orientation == 1),
        )


def _photo(info: PhotoInfo, pixels: Pixels) -> Photo:
    if pixels.image is not None:
        image = photo_to_srgb(turned_upright(pixels.image, pixels.orientation), pixels.colour)
        return Photo(info=info, image=image, damage=pixels.damage, shrunk_by=pixels.shrunk_by)
    assert pixels.samples is not None
    samples = turned_array(pixels.samples, pixels.orientation)
    valid = None if pixels.valid is None else turned_array(pixels.valid, pixels.orientation)
    if pixels.shrunk_by == 1 and (pixels.saturated is None or not pixels.saturated.any()):
        refuse_without_valid(samples, valid, pixels.damage)
    levels = pixels.levels or levels_of(samples, valid, declared_white=pixels.declared_white)
    shown = to_8_bit(samples, levels, valid, is_inverted=pixels.is_inverted)
    if pixels.saturated is not None:
        shown = np.where(turned_array(pixels.saturated, pixels.orientation), np.uint8(255), shown)
    image = Image.fromarray(np.ascontiguousarray(shown if shown.ndim == 2 or shown.shape[2] == 3 else shown[..., 0]))
    if not pixels.icc_profile and not pixels.colour.is_srgb:
        image = photo_to_srgb(image, pixels.colour)
    if pixels.icc_profile and image.mode == "RGB":
        image.info["icc_profile"] = pixels.icc_profile
        image = photo_to_srgb(image)
    if pixels.alpha is not None:
        image = image.convert("RGB")
        image.putalpha(Image.fromarray(np.ascontiguousarray(turned_array(pixels.alpha, pixels.orientation))))
    return Photo(
        info=info,
        image=image,
        deep=samples,
        levels=levels,
        valid=valid,
        is_inverted=pixels.is_inverted,
        damage=pixels.damage,
        shrunk_by=pixels.shrunk_by,
    )


@dataclass(frozen=True, kw_only=True)
class Photo:
    """An upright picture in sRGB: mode RGB, L (grey) or RGBA, 8 bits."""

    info: PhotoInfo
    image: Image.Image
    deep: np.ndarray | None = None
    """Stored numbers of a picture of more than 8 bits, or of a planetary one, shape (height, width) or (height, width,
    bands)."""
    levels: DisplayLevels = EIGHT_BIT
    """Numbers shown as black and white in `image`."""
    valid: np.ndarray | None = None
    """Bool, True where `deep` has data; None: everywhere."""
    is_inverted: bool = False
    """True if 0 is white in `deep`, as shown in `image`."""
    damage: Damage | None = None
    shrunk_by: int = 1
    """Reduction: 1, all pixels of the file; N, for a very large picture, 1/N along each side."""

    @property
    def white_level(self) -> float | None:
        """Return the file's number shown as white in `image`; None for an 8-bit picture."""
        return None if self.deep is None else self.levels.white

    @property
    def black_level(self) -> float | None:
        """Return the file's number shown as black in `image`; None for an 8-bit picture."""
        return None if self.deep is None else self.levels.black

    @functools.cached_property
    def _small(self) -> dict[int, Image.Image]:
        return {}

    def resized(self, longest_side_px: int) -> Image.Image:
        """Return the picture reduced to that longer side (Lanczos), never enlarged; computed once."""
        size = fitted(self.image.size, longest_side_px)
        if size == self.image.size:
            return self.image
        if longest_side_px not in self._small:
            self._small[longest_side_px] = self.image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
        return self._small[longest_side_px]

    def grey_part(self, top_px: int, left_px: int, side_px: int) -> np.ndarray:
        """Return the brightness in a square, clipped to the picture, float32 in levels of 0 to 255."""
        if self._is_deep_grey:
            return self.grey[top_px : top_px + side_px, left_px : left_px + side_px] * 255
        box = (left_px, top_px, min(left_px + side_px, self.image.width), min(top_px + side_px, self.image.height))
        return np.asarray(self.image.crop(box).convert("L"), np.float32)

    @property
    def _is_deep_grey(self) -> bool:
        return self.deep is not None and self.deep.ndim == 2

    @functools.cached_property
    def grey(self) -> np.ndarray:
        """Return the brightness, float32, shape (height, width), 0 to 1, at the file's own depth.

        1 is 16-bit full scale if the file has unsigned 16 bits, and white for all other numbers.
        """
        if self.deep is not None and self._is_deep_grey:
            if self.deep.dtype == np.uint16:
                return scaled_to_levels(self.deep, FULL_16_BIT, self.valid, is_inverted=self.is_inverted)
            return scaled_to_levels(self.deep, self.levels, self.valid, is_inverted=self.is_inverted)
        return np.asarray(self.image.convert("L"), np.float32) / 255


def fitted(size: tuple[int, int], longest_side_px: int) -> tuple[int, int]:
    """Return width and height reduced to that longer side; never larger."""
    shrink = min(1.0, longest_side_px / max(size))
    return max(1, round(size[0] * shrink)), max(1, round(size[1] * shrink))
