"""What is known of a photo: from its header, and after it was decoded."""

from __future__ import annotations

from dataclasses import dataclass, fields

from processors.errors import RefusedMedia
from processors.photo.reading.damage import Condition, Damage

MAX_PIXELS = 300_000_000
"""Where nobody says otherwise, a larger picture is refused before it is decoded: it would take 0.9 GB as RGB."""


@dataclass(frozen=True, kw_only=True)
class PhotoInfo:
    """What the header says of the picture."""

    format: str
    width_px: int
    """Upright."""
    height_px: int
    mode: str
    """Pillow's: `RGB`, `L`, `I;16`, `CMYK` ...; NumPy's for a planetary image: `>i2`; both for a TIFF that Pillow does
    not know: `RGB;float32`."""
    orientation: int
    """EXIF orientation, 1 to 8; 1 where the file says none or nonsense."""
    icc_profile_name: str | None
    frame_count: int
    """Pictures in the file; the first is used, of a TIFF the first that is no reduced version of another."""
    has_alpha: bool
    jpeg_quality: int | None = None
    """As libjpeg counts it, 1 to 100, nearest to the quantisation table; None where the file is no JPEG."""
    colour: str | None = None
    """What its numbers mean where no ICC profile says so: `Display P3, sRGB`; None where sRGB is assumed."""
    colour_source: str | None = None
    """Who says so: `cICP`, `nclx`, `gAMA and cHRM`, `Exif`, `ICC profile`."""
    device: str | None = None
    """The camera as the file names it: EXIF's model, or the instrument of a planetary label."""


@dataclass(frozen=True, kw_only=True)
class PhotoReport(PhotoInfo):
    """What decoding the picture showed besides."""

    condition: Condition
    """`truncated`: the file ends too early, and what is missing does not keep the picture from being shown."""
    damaged_share: float | None
    """Part of the picture that may be wrong, above 0 to 1, an upper bound; None where no pixel is concerned."""
    fault: str | None
    """What the decoder or a checksum says of the damage."""
    damage_sentence: str | None
    trailing_bytes: int
    """Bytes behind the end of the picture, which nothing here reads."""
    trailing_kind: str | None
    """What they begin like."""
    shrunk_by: int
    """1: decoded at its full size. N: of a very large picture 1/N of its rows and columns."""

    @property
    def damage(self) -> str | None:
        """One sentence on what is damaged or cut off; None where the photo is whole as far as its format can know."""
        return self.damage_sentence


def report_of(
    info: PhotoInfo, damage: Damage | None, *, trailing_bytes: int, trailing_kind: str | None, shrunk_by: int
) -> PhotoReport:
    """Put together what the header and the decoder said."""
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
    if info.width_px * info.height_px > max_pixels:
        raise RefusedMedia(
            f"{info.width_px} x {info.height_px} pixels is over the limit of {max_pixels}",
            "raise max_pixels in the recipe, and --memory-mb with it",
        )
