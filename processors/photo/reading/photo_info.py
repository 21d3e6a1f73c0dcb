"""Information on a photo from its header, and the decoding report."""

from __future__ import annotations

from dataclasses import dataclass, fields

from processors.errors import MORE_PIXELS, RefusedMedia
from processors.photo.reading.damage import Condition, Damage

MAX_PIXELS = 300_000_000
"""Default limit; a larger picture is refused before decoding: it would take 0.9 GB as RGB."""


@dataclass(frozen=True, kw_only=True)
class PhotoInfo:
    """Information from the picture's header."""

    format: str
    width_px: int
    """Width of the upright picture."""
    height_px: int
    mode: str
    """Pillow mode: `RGB`, `L`, `I;16`, `CMYK` ...; NumPy type for a planetary image: `>i2`; both for a TIFF that Pillow
    does not support: `RGB;float32`."""
    orientation: int
    """EXIF orientation, 1 to 8; 1 if missing or invalid."""
    icc_profile_name: str | None
    frame_count: int
    """Pictures in the file; the first is used, in a TIFF the first that is not a reduced version of another."""
    has_alpha: bool
    jpeg_quality: int | None = None
    """Quality on libjpeg's scale, 1 to 100, nearest to the quantisation table; None if the file is not a JPEG."""
    colour: str | None = None
    """Colour encoding if no ICC profile defines it: `Display P3, sRGB`; None if sRGB is assumed."""
    colour_source: str | None = None
    """Origin of the colour encoding: `cICP`, `nclx`, `gAMA and cHRM`, `Exif`, `ICC profile`."""
    icc_profile_fault: str | None = None
    """Why the ICC profile is not applied: `it is for RGB, and the picture is grey`; None if it is, or there is none."""
    device: str | None = None
    """Camera named in the file: EXIF model, or the instrument of a planetary label."""


@dataclass(frozen=True, kw_only=True)
class PhotoReport(PhotoInfo):
    """Decoding report of the picture."""

    condition: Condition
    """Condition; `truncated`: the file ends too early, but the picture can still be shown."""
    damaged_share: float | None
    """Fraction of the picture that may be wrong, above 0 to 1, an upper bound; None if no pixel is affected."""
    fault: str | None
    """Message of the decoder or checksum about the damage."""
    damage_sentence: str | None
    trailing_bytes: int
    """Bytes after the end of the picture, which are not read."""
    trailing_kind: str | None
    """Apparent kind of the trailing bytes."""
    shrunk_by: int
    """Reduction: 1, decoded at full size; N, for a very large picture, 1/N of its rows and columns."""

    @property
    def damage(self) -> str | None:
        """Return one sentence on damage or truncation; None if the format shows none."""
        return self.damage_sentence


def report_of(
    info: PhotoInfo, damage: Damage | None, *, trailing_bytes: int, trailing_kind: str | None, shrunk_by: int
) -> PhotoReport:
    """Combine the information of header and decoder."""
    return PhotoReport(
        **{field.name: getattr(info, field.name) for field in fields(info)},
        condition=damage.condition if damage else "complete",
        damaged_share=round(damage.share, 6) if damage and damage.share is not None else None,
        fault=damage.fault if damage else None,
        damage_sentence=damage.sentence if damage else None,
        trailing_bytes=trailing_bytes,
        trailing_kind=trailing_kind,
        shrunk_by=shrunk_by,
    )


def refuse_larger(info: PhotoInfo, max_pixels: int) -> None:
    """Raise `RefusedMedia`, from the header alone, for a photo of more pixels."""
    refuse_size(info.width_px, info.height_px, max_pixels)


def refuse_size(width_px: int, height_px: int, max_pixels: int) -> None:
    """Raise `RefusedMedia` for more pixels than that; width and height of the upright picture."""
    if width_px * height_px > max_pixels:
        raise RefusedMedia(f"{width_px} x {height_px} pixels is over the limit of {max_pixels}", MORE_PIXELS)
