"""Model of an image in a file, filled by every label reader; `samples` reads its values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from processors.errors import DamagedMedia, UnsupportedMedia
from processors.planetary.pvl import number_of

Interleave = Literal["BSQ", "BIL", "BIP"]
FIX_LABEL = "fix the label"
MAX_CUT_BYTES = 1 << 40
"""Largest end of an image of which a file can hold a part; a larger one is a mistake of its label."""
MAX_SIDE_PX = 1 << 31

VAX_TYPES = {"vaxf4": 4, "vaxd8": 8, "vaxg8": 8}
"""Bytes per VAX floating-point number, F, D and G, for which NumPy has no name."""


@dataclass(frozen=True, kw_only=True)
class Special:
    """A stored number with a special meaning instead of a measurement."""

    name: str
    """Name in the label: `MISSING_CONSTANT`."""
    text: str
    """Value as written in the label: `-32768`, `16#FF7FFFFB#`, `-1.0e32`."""
    is_saturated: bool = False
    """True for values too bright for the sensor or its range, which are shown as white."""


@dataclass(frozen=True, kw_only=True)
class Checksum:
    """A checksum in the label over the image's bytes or numbers."""

    name: str
    text: str
    kind: Literal["sum", "md5"]


@dataclass(frozen=True, kw_only=True)
class ImageObject:
    """Location of an image in its file, and meaning of its numbers."""

    format: str
    """`pds3`, `vicar`, `PDS3 image` (with a detached label) or `PDS4 image`."""
    entries: tuple[tuple[str, str], ...]
    """Entries of the whole label; names include the enclosing objects: `IMAGE/LINES`."""
    width_px: int
    """Samples per line, as stored."""
    height_px: int
    """Number of lines, as stored."""
    band_count: int
    dtype: str
    """NumPy type with byte order, or one of `VAX_TYPES`."""
    offset_bytes: int
    row_prefix_bytes: int = 0
    row_suffix_bytes: int = 0
    interleave: Interleave = "BSQ"
    white_level: float | None = None
    """Largest value allowed by the label's bit mask; None without one."""
    specials: tuple[Special, ...] = ()
    valid_range: tuple[float | None, float | None] = (None, None)
    """Smallest and largest stored number that is a measurement; None if the label sets no limit."""
    scaling: tuple[tuple[float, float], ...] = ((1.0, 0.0),)
    """(factor, offset) of every band, or of all: value = stored x factor + offset."""
    colours: tuple[int, int, int] | None = None
    """Bands shown as red, green and blue, from 0; None if the label does not state them."""
    checksums: tuple[Checksum, ...] = ()
    instrument: str | None = None
    """Instrument, if the label has it elsewhere than under a PDS3 name."""
    image_count: int = 1
    """Number of images in the file, of which this one is read."""
    others: tuple[str, ...] = ()
    """Names of the images that are not read."""
    orientation: int = 1
    """EXIF orientation of the stored image, 1 to 8."""
    label_end_bytes: int = 0
    """End of the label before the image; 0 for a detached label."""
    missing: tuple[str, ...] = ()
    """Parts announced by the label but missing from the file, one sentence each."""

    @property
    def sample_bytes(self) -> int:
        return VAX_TYPES.get(self.dtype) or int(self.dtype[-1])

    @property
    def bits(self) -> int:
        return self.sample_bytes * 8

    @property
    def row_samples(self) -> int:
        """Return how many numbers are between two prefixes."""
        return self.width_px * (self.band_count if self.interleave == "BIP" else 1)

    @property
    def row_count(self) -> int:
        return self.height_px * (1 if self.interleave == "BIP" else self.band_count)

    @property
    def row_bytes(self) -> int:
        """Return the bytes of a whole row with prefix and suffix."""
        return self.row_prefix_bytes + self.row_samples * self.sample_bytes + self.row_suffix_bytes

    @property
    def end_bytes(self) -> int:
        """Return where the image ends in the file; the suffix of its last row may be missing."""
        return self.offset_bytes + self.row_count * self.row_bytes - self.row_suffix_bytes

    @property
    def shown_size_px(self) -> tuple[int, int]:
        """Return width and height of the upright image."""
        if self.orientation < 5:
            return self.width_px, self.height_px
        return self.height_px, self.width_px

    @property
    def problems(self) -> tuple[str, ...]:
        """Return notes on the image for the user besides its tags, one sentence each."""
        found = list(self.missing)
        if self.others:
            names = ", ".join(self.others[:20])
            more = f" and {len(self.others) - 20} more" if len(self.others) > 20 else ""
            count = "1 other image" if len(self.others) == 1 else f"{len(self.others)} other images"
            found.append(f"the label describes {count}, not read: {names}{more}")
        if self.band_count > 1 and len(self.shown_bands) == 1:
            found.append(f"shown as the grey of band 1 of {self.band_count}: the label names no colours")
        return tuple(found)

    @property
    def shown_bands(self) -> tuple[int, ...]:
        """Return the bands shown: three for red, green and blue, or one."""
        return self.colours or ((0, 1, 2) if self.band_count == 3 else (0,))


def within(image: ImageObject, size_bytes: int) -> ImageObject:
    """Return a detached image as a file of this size holds it; `missing` describes the part that is cut off.

    Raises
    ------
    DamagedMedia : the file does not hold one row of the image, so that the label is hardly its own.
    """
    if image.end_bytes <= size_bytes:
        return image
    words = f"its label declares pixels up to byte {image.end_bytes}, the file has {size_bytes} bytes"
    if size_bytes < image.offset_bytes + image.row_bytes or image.end_bytes > MAX_CUT_BYTES:
        raise DamagedMedia(words, "download both again")
    return replace(image, missing=(*image.missing, words))


def checked(image: ImageObject) -> ImageObject:
    """Return the image if its sizes, positions, scaling and colours are valid.

    Raises
    ------
    DamagedMedia : sizes, positions, scaling or colours are impossible.
    """
    sizes = (image.width_px, image.height_px, image.band_count)
    if not 1 <= min(sizes) <= max(sizes) < MAX_SIDE_PX:
        raise DamagedMedia(
            f"its label says {image.width_px} x {image.height_px} pixels in {image.band_count} bands", FIX_LABEL
        )
    if min(image.offset_bytes, image.row_prefix_bytes, image.row_suffix_bytes) < 0:
        raise DamagedMedia(
            f"its label says pixels from byte {image.offset_bytes}, {image.row_prefix_bytes} bytes before and "
            f"{image.row_suffix_bytes} after each row",
            FIX_LABEL,
        )
    if len(image.scaling) not in (1, image.band_count):
        raise DamagedMedia(f"its label scales {len(image.scaling)} bands of {image.band_count}", FIX_LABEL)
    if image.colours and not all(0 <= band < image.band_count for band in image.colours):
        told = ", ".join(str(band + 1) for band in image.colours)
        raise DamagedMedia(
            f"its label shows bands {told} as red, green and blue, but has {image.band_count}", FIX_LABEL
        )
    return image


def finite(text: str, key: str) -> float | int:
    """Return a number of a label, neither NaN nor infinite.

    Raises
    ------
    DamagedMedia : the text of this entry is not such a number.
    """
    try:
        number = number_of(text)
        int(number)
    except (ValueError, OverflowError) as error:
        raise not_a_number(key, text) from error
    return number


def not_a_number(key: str, text: str) -> DamagedMedia:
    return DamagedMedia(f"its label says {key} = {text[:80]}, which is not a number", FIX_LABEL)


ACROSS = {"RIGHT": False, "LEFT": True}
DOWN = {"DOWN": False, "UP": True}


def orientation_of(samples: str, lines: str) -> int:
    """Return the EXIF orientation for the display directions of samples and lines: RIGHT, LEFT, DOWN or UP.

    Raises
    ------
    UnsupportedMedia : a direction is unknown.
    DamagedMedia : both directions are along the same axis.
    """
    for name, word in (("samples", samples), ("lines", lines)):
        if word not in ACROSS and word not in DOWN:
            raise UnsupportedMedia(f"its label shows {name} in the direction {word[:40]!r}", FIX_LABEL)
    if samples in ACROSS and lines in DOWN:
        return {(False, False): 1, (True, False): 2, (True, True): 3, (False, True): 4}[ACROSS[samples], DOWN[lines]]
    if samples in DOWN and lines in ACROSS:
        return {(False, False): 5, (True, False): 6, (True, True): 7, (False, True): 8}[ACROSS[lines], DOWN[samples]]
    raise DamagedMedia(f"its label shows samples {samples} and lines {lines}, which cannot both be", FIX_LABEL)
