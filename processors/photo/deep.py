"""16-bit rendition for further processing: the photo's own depth and colour space, upright."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import numpy as np

from processors.containers.photo.sample_bits import has_signed_components, jpeg2000_bits
from processors.containers.photo.tiff_file import read_tiff_file
from processors.contract import Item, OpenSource, Reads, require
from processors.decoding.picture_header import open_header
from processors.formats import title_of
from processors.imaging.colour import SRGB, Colour
from processors.imaging.icc_profile import profile_name
from processors.imaging.png_colour import describe_colour
from processors.photo.deep_samples import DeepSamples, deep_samples, write_png
from processors.photo.reading.by_format.stored_scale import scaling_of
from processors.photo.reading.by_format.strips_without_data import refuse_strips_without_valid
from processors.photo.reading.by_format.tiff import photo_options
from processors.photo.reading.colour_tags import ICC, tagged_colour
from processors.photo.reading.damage import damage_of
from processors.photo.reading.display_levels import scaled_to_levels
from processors.photo.reading.photo_info import refuse_size
from processors.photo.reading.photo_reader import PhotoReader, refuse_larger
from processors.photo.reading.root_cause import root_cause_reported
from processors.photo.reading.to_srgb import DEEP_MODES
from processors.photo.reading.vips import LOADERS, open_strips, vips_errors
from processors.planetary.open_image import FORMATS as PLANETARY
from processors.planetary.open_image import described_image
from processors.planetary.samples import read_samples

TAGGED = ("png", "jpeg")
"""Formats whose colours may be described without a profile, and that are read in strips."""
NUMBERS = {
    "char": "signed 8-bit", "short": "signed 16-bit", "int": "signed 32-bit", "uint": "32-bit",
    "float": "floating-point", "double": "floating-point", "complex": "complex", "dpcomplex": "complex",
}  # fmt: skip
"""Number types by libvips' names."""


@dataclass(frozen=True, kw_only=True)
class DeepFacts:
    """Facts of the rendition, or the reason why there is none."""

    is_made: bool = True
    reason: str | None = None
    width_px: int | None = None
    height_px: int | None = None
    source_bits: int | None = None
    """Bits per channel in the source; values of 8 bits are multiplied to fill 16, so nothing is lost."""
    icc_profile_name: str | None = None
    """Name of the profile, embedded as in the source; the colours are not converted."""
    black_level: float | None = None
    """Value that is 0 here, after the scale of a planetary label or of a TIFF's GDAL metadata; None without one."""
    white_level: float | None = None
    """Value that is 65535 here."""
    colour: str | None = None
    """Meaning of the numbers without an ICC profile: `BT.2020, HLG`; in the PNG's own cICP, cHRM and gAMA chunks.
    None for sRGB, or if the profile defines it."""
    colour_source: str | None = None
    """Source of `colour`: `cICP`, `nclx`, `gAMA and cHRM`, `Exif`."""


@dataclass(frozen=True, kw_only=True)
class DeepPhoto:
    """`deep.png` of a photo that 8-bit sRGB would narrow: more than 8 bits, or an RGB profile other than sRGB."""

    name: ClassVar[str] = "photo.deep"
    version: ClassVar[int] = 8
    reads: ClassVar[Reads] = "file"

    max_pixels: int = 300_000_000
    """Maximum size; larger photos are refused."""

    def __post_init__(self) -> None:
        require(self.max_pixels >= 1, "max_pixels", self.max_pixels, "must be 1 or more")

    def items(self, opened: OpenSource, scratch: Path) -> Iterator[Item]:
        """Yield the rendition, or the reason why there is none."""
        source = opened.source
        if source.format in PLANETARY:
            yield self._planetary(opened, scratch)
            return
        if source.format not in LOADERS:
            yield self._decoded(opened, scratch)
            return
        with root_cause_reported(opened.file), opened.file.open() as file:
            options = photo_options(file) if source.format == "tiff" else {}
            image = open_strips(file, source.format, self.max_pixels, **options)
            profile: Any = image.get("icc-profile-data") if image.get_typeof("icc-profile-data") else None
            name = profile_name(profile)
            colour = tagged_colour(open_header(file), file) if source.format in TAGGED else SRGB
            if reason := _not_needed(image, name, colour):
                yield _item(reason)
                return
            refuse_strips_without_valid(file, source.format, self.max_pixels)
            bits = 16 if image.format == "ushort" else 8
            ends = _scaled_ends(file, bits) if source.format == "tiff" else (None, None)
            path = scratch / "deep.png"
            with vips_errors("writing 16 bits"):
                step = 256 if colour.is_narrow else 257
                deep: Any = image if bits == 16 else (image * step).cast("ushort")
                kind = "grey16" if image.bands < 3 else "rgb16"
                deep.copy(interpretation=kind).pngsave(str(path), bitdepth=16, compression=6, keep="icc")
        is_said = colour != SRGB and colour.source != ICC
        facts = DeepFacts(
            width_px=image.width,
            height_px=image.height,
            source_bits=bits,
            icc_profile_name=name,
            black_level=ends[0],
            white_level=ends[1],
            colour=colour.name if is_said else None,
            colour_source=colour.source if is_said else None,
        )
        describe_colour(path, colour)
        yield Item(name="deep.png", media_type="image/png", file=path, facts=facts)

    def _decoded(self, opened: OpenSource, scratch: Path) -> Item:
        """Return the rendition of a format that is not read in strips, from the values of the photo reader."""
        with root_cause_reported(opened.file), opened.file.open() as file:
            reader = PhotoReader(file)
            refuse_larger(reader.info, self.max_pixels)
            if reader.info.mode not in DEEP_MODES:
                return _item(f"{title_of(opened.source.format)} is read in 8 bits")
            photo = reader.photo()
            coded_bits, is_signed = jpeg2000_bits(file), has_signed_components(file)
        if photo.deep is None:
            return _item("8 bits hold all of it", reader.damage)
        levels, bits = photo.levels, photo.deep.dtype.itemsize * 8
        if photo.deep.dtype == np.uint16 and coded_bits:  # Pillow spreads them over 16 bits, and makes them positive
            bits, lowest = coded_bits, float(-(1 << (coded_bits - 1)) if is_signed else 0)
            values = photo.deep >> (16 - bits)
            deep = DeepSamples(values=values, black_level=lowest, white_level=lowest + 65535)
        elif photo.deep.dtype == np.uint16:
            deep = DeepSamples(values=photo.deep, black_level=0.0, white_level=65535.0)
        else:
            share = scaled_to_levels(photo.deep, levels, photo.valid, is_inverted=photo.is_inverted)
            values = np.rint(share * np.float32(65535)).astype(np.uint16)
            deep = DeepSamples(values=values, black_level=levels.black, white_level=levels.white)
        return _written(deep, bits, scratch, reader.damage)

    def _planetary(self, opened: OpenSource, scratch: Path) -> Item:
        """Return the rendition of an image that a label describes."""
        image = described_image(opened.source, opened.file)
        assert image is not None
        refuse_size(*image.shown_size_px, self.max_pixels)
        with opened.file.open() as file:
            samples = read_samples(file, image)
        found = damage_of(samples.of_bands(image.shown_bands), is_as_stored=image.orientation == 1)
        damage = found.sentence if found else None
        deep = deep_samples(samples, image)
        return _written(deep, image.bits, scratch, damage) if deep else _item("8 bits hold all of it", damage)


def _scaled_ends(file: BinaryIO, bits: int) -> tuple[float, float] | tuple[None, None]:
    """Return what 0 and 65535 mean if a TIFF's own scale, the same for all colours, states it."""
    found = read_tiff_file(file)
    scaling = scaling_of(found.photo) if found else None
    if found is None or scaling is None or len(set(scaling.bands)) > 1:
        return None, None
    black, white = scaling.ends((1 << bits) - 1)
    return (white, black) if found.photo.photometric == 0 else (black, white)


def _not_needed(image: Any, profile: str | None, colour: Colour) -> str | None:
    if image.format not in ("uchar", "ushort"):
        return f"{NUMBERS.get(image.format, image.format)} numbers are not kept in a PNG of 16 bits"
    if image.interpretation not in ("srgb", "rgb16", "b-w", "grey16", "rgb"):
        return f"a PNG holds grey and RGB, not {str(image.interpretation).upper()}"
    is_narrow = profile is None or "srgb" in profile.casefold()
    if image.format == "uchar" and ((is_narrow and colour.is_srgb) or image.bands < 3):
        return "8 bits of sRGB or grey hold all of it"
    return None


def _written(deep: DeepSamples, source_bits: int, scratch: Path, damage: str | None) -> Item:
    height, width = deep.values.shape[:2]
    facts = DeepFacts(
        width_px=width,
        height_px=height,
        source_bits=source_bits,
        black_level=deep.black_level,
        white_level=deep.white_level,
    )
    path = scratch / "deep.png"
    write_png(deep.values, path)
    return Item(name="deep.png", media_type="image/png", file=path, facts=facts, damage=damage)


def _item(reason: str, damage: str | None = None) -> Item:
    facts = DeepFacts(is_made=False, reason=reason)
    return Item.of_json("deep.json", facts, facts=facts, damage=damage)
