"""A 16-bit rendition for those who work on with a photo: its own depth, its own colour space, upright."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from processors.contract import Item, OpenSource, Reads, as_json, require
from processors.errors import RefusedMedia
from processors.photo.reading.root_cause import root_cause_told
from processors.photo.reading.tiff import photo_options
from processors.photo.reading.to_srgb import profile_name
from processors.photo.reading.vips import LOADERS, open_strips, vips_errors
from processors.photo.sixteen_bit_planetary import deep_samples, write_png
from processors.planetary.open_image import FORMATS as PLANETARY
from processors.planetary.open_image import described
from processors.planetary.samples import read_samples


@dataclass(frozen=True, kw_only=True)
class DeepFacts:
    """The rendition, or why there is none."""

    is_made: bool
    reason: str | None
    width_px: int | None
    height_px: int | None
    source_bits: int | None
    """Of one channel in the source; its values are multiplied to fill 16 bits, so nothing is lost."""
    icc_profile_name: str | None
    """Embedded as it is in the source; the colours are not converted."""
    black_level: float | None = None
    """Of a planetary image: the number, after the label's scale, that is 0 here; None for any other photo."""
    white_level: float | None = None
    """The number that is 65535 here."""


@dataclass(frozen=True, kw_only=True)
class SixteenBit:
    """`deep.png` of a photo that 8-bit sRGB would narrow: more than 8 bits, or an RGB profile other than sRGB."""

    name: ClassVar[str] = "photo.deep"
    version: ClassVar[int] = 2
    reads: ClassVar[Reads] = "file"

    max_pixels: int = 300_000_000
    """Larger photos are refused."""

    def __post_init__(self) -> None:
        require(self.max_pixels >= 1, "max_pixels", self.max_pixels, "must be 1 or more")

    def items(self, opened: OpenSource, scratch: Path) -> Iterator[Item]:
        """The rendition, or why there is none."""
        source = opened.source
        if source.format in PLANETARY:
            yield self._planetary(opened, scratch)
            return
        if source.format not in LOADERS:
            yield _told(f"{source.format} is not read here")
            return
        with root_cause_told(opened.file), opened.file.open() as file:
            options = photo_options(file) if source.format == "tiff" else {}
            image = open_strips(file, source.format, self.max_pixels, **options)
            profile: Any = image.get("icc-profile-data") if image.get_typeof("icc-profile-data") else None
            name = profile_name(profile)
            if reason := _not_needed(image, name):
                yield _told(reason)
                return
            bits = 16 if image.format == "ushort" else 8
            path = scratch / "deep.png"
            with vips_errors("writing 16 bits"):
                deep: Any = image if bits == 16 else (image * 257).cast("ushort")
                kind = "grey16" if image.bands < 3 else "rgb16"
                deep.copy(interpretation=kind).pngsave(str(path), bitdepth=16, compression=6, keep="icc")
        facts = DeepFacts(
            is_made=True,
            reason=None,
            width_px=image.width,
            height_px=image.height,
            source_bits=bits,
            icc_profile_name=name,
        )
        yield Item(name="deep.png", media_type="image/png", file=path, facts=facts)

    def _planetary(self, opened: OpenSource, scratch: Path) -> Item:
        """Of an image that a label describes."""
        image = described(opened.source, opened.file)
        assert image is not None
        width, height = image.shown_size_px
        if width * height > self.max_pixels:
            raise RefusedMedia(f"{width} x {height} pixels is over the limit of {self.max_pixels}", "raise max_pixels")
        with opened.file.open() as file:
            samples = read_samples(file, image)
        deep = deep_samples(samples, image)
        if deep is None:
            return _told("8 bits hold all of it", samples.damage)
        path = scratch / "deep.png"
        write_png(deep.values, path)
        facts = DeepFacts(
            is_made=True,
            reason=None,
            width_px=width,
            height_px=height,
            source_bits=image.bits,
            icc_profile_name=None,
            black_level=deep.black_level,
            white_level=deep.white_level,
        )
        return Item(name="deep.png", media_type="image/png", file=path, facts=facts, damage=samples.damage)


def _not_needed(image: Any, profile: str | None) -> str | None:
    if image.format not in ("uchar", "ushort") or image.interpretation not in ("srgb", "rgb16", "b-w", "grey16", "rgb"):
        return f"{image.interpretation} of {image.format} is not kept in 16 bits"
    if image.format == "uchar" and (profile is None or "srgb" in profile.casefold() or image.bands < 3):
        return "8 bits of sRGB or grey hold all of it"
    return None


def _told(reason: str, damage: str | None = None) -> Item:
    facts = DeepFacts(
        is_made=False, reason=reason, width_px=None, height_px=None, source_bits=None, icc_profile_name=None
    )
    text = json.dumps(as_json(facts), indent=1)
    return Item(name="deep.json", media_type="application/json", data=text.encode(), facts=facts, damage=damage)
