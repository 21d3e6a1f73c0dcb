"""One model of an image in a file: every label reader fills it, and `samples` reads the numbers that it describes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from processors.errors import DamagedMedia, UnsupportedMedia

Interleave = Literal["BSQ", "BIL", "BIP"]
FIX_LABEL = "fix the label"
MAX_SIDE_PX = 1 << 31

VAX_TYPES = {"vaxf4": 4, "vaxd8": 8, "vaxg8": 8}
"""Bytes of the floating-point numbers of a VAX, which NumPy has no name for: F, D and G."""


@dataclass(frozen=True, kw_only=True)
class Special:
    """A stored number that stands for something else than a measurement."""

    name: str
    """The label's name of it: `MISSING_CONSTANT`."""
    text: str
    """As the label writes it: `-32768`, `16#FF7FFFFB#`, `-1.0e32`."""
    is_saturated: bool = False
    """The sensor or its number range was too bright to measure: to be shown as white."""


@dataclass(frozen=True, kw_only=True)
class Checksum:
    """A sum that the label gives of the image's own bytes or numbers."""

    name: str
    text: str
    kind: Literal["sum", "md5"]


@dataclass(frozen=True, kw_only=True)
class ImageObject:
    """Where an image lies in its file, and what its numbers mean."""

    format: str
    """`pds3`, `vicar`, `PDS3 image` (its label is a file beside it) or `PDS4 image`."""
    entries: tuple[tuple[str, str], ...]
    """The whole label; the name of an entry inside an object starts with that one's: `IMAGE/LINES`."""
    width_px: int
    """Samples of a line, as stored."""
    height_px: int
    """Lines, as stored."""
    band_count: int
    dtype: str
    """NumPy's, with the byte order, or one of `VAX_TYPES`."""
    offset_bytes: int
    row_prefix_bytes: int = 0
    row_suffix_bytes: int = 0
    interleave: Interleave = "BSQ"
    white_level: float | None = None
    """Largest value that the label's bit mask allows; None where it has none."""
    specials: tuple[Special, ...] = ()
    valid_range: tuple[float | None, float | None] = (None, None)
    """Smallest and largest stored number that is a measurement; None where the label does not limit them."""
    scaling: tuple[tuple[float, float], ...] = ((1.0, 0.0),)
    """(factor, offset) of every band, or of all: what is meant is stored x factor + offset."""
    colours: tuple[int, int, int] | None = None
    """Bands shown as red, green and blue, from 0; None: the label does not say."""
    checksums: tuple[Checksum, ...] = ()
    instrument: str | None = None
    """Where the label has it elsewhere than under a PDS3 name."""
    image_count: int = 1
    """Images in the file; this is the one that is read."""
    others: tuple[str, ...] = ()
    """Names of the images that are not read."""
    orientation: int = 1
    """How to show what is stored, in EXIF's numbers, 1 to 8."""
    label_end_bytes: int = 0
    """Where the label in front of the image ends; 0 where it is a file of its own."""
    missing: tuple[str, ...] = ()
    """Parts that the label announces and the file lacks, each in a sentence."""

    @property
    def sample_bytes(self) -> int:
        """Bytes of one number."""
        return VAX_TYPES.get(self.dtype) or int(self.dtype[-1])

    @property
    def bits(self) -> int:
        """Bits of one number."""
        return self.sample_bytes * 8

    @property
    def row_samples(self) -> int:
        """Numbers between two prefixes."""
        return self.width_px * (self.band_count if self.interleave == "BIP" else 1)

    @property
    def row_count(self) -> int:
        """Rows of `row_samples`."""
        return self.height_px * (1 if self.interleave == "BIP" else self.band_count)

    @property
    def row_bytes(self) -> int:
        """Of a whole row, with prefix and suffix."""
        return self.row_prefix_bytes + self.row_samples * self.sample_bytes + self.row_suffix_bytes

    @property
    def end_bytes(self) -> int:
        """Where the image ends in the file; the suffix of its last row may be missing."""
        return self.offset_bytes + self.row_count * self.row_bytes - self.row_suffix_bytes

    @property
    def shown_size_px(self) -> tuple[int, int]:
        """Width and height, upright."""
        if self.orientation < 5:
            return self.width_px, self.height_px
        return self.height_px, self.width_px

    @property
    def problems(self) -> tuple[str, ...]:
        """What a person should know of the image besides its tags, each in a sentence."""
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
        """Bands of the picture that is shown: three for red, green and blue, or one."""
        return self.colours or ((0, 1, 2) if self.band_count == 3 else (0,))


def checked(image: ImageObject) -> ImageObject:
    """Return an image whose numbers can be.

    Raises
    ------
    DamagedMedia : sizes, positions, scale or colours that cannot be.
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


ACROSS = {"RIGHT": False, "LEFT": True}
DOWN = {"DOWN": False, "UP": True}


def orientation_of(samples: str, lines: str) -> int:
    """EXIF's number for the directions in which samples and lines are shown: RIGHT, LEFT, DOWN or UP.

    Raises
    ------
    UnsupportedMedia : an unknown word.
    DamagedMedia : both run along the same side of the picture.
    """
    for name, word in (("samples", samples), ("lines", lines)):
        if word not in ACROSS and word not in DOWN:
            raise UnsupportedMedia(f"its label shows {name} in the direction {word[:40]!r}", FIX_LABEL)
    if samples in ACROSS and lines in DOWN:
        return {(False, False): 1, (True, False): 2, (True, True): 3, (False, True): 4}[ACROSS[samples], DOWN[lines]]
    if samples in DOWN and lines in ACROSS:
        return {(False, False): 5, (True, False): 6, (True, True): 7, (False, True): 8}[ACROSS[lines], DOWN[samples]]
    raise DamagedMedia(f"its label shows samples {samples} and lines {lines}, which cannot both be", FIX_LABEL)
