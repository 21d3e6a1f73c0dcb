"""Tile pyramid of a panorama: a static IIIF Image API 3 level 0 service, in one archive."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyvips

from processors.containers.photo.tiff_file import TiffFile, read_tiff_file
from processors.containers.zip_members import zip_member
from processors.contract import Item, OpenSource, Reads, require
from processors.decoding.picture_header import open_header
from processors.imaging.colour import CICP, SRGB, Colour, tables
from processors.photo.reading.by_format.strips_without_data import TiffStrips, in_own_scale, refuse_strips_without_valid
from processors.photo.reading.by_format.tiff import photo_options
from processors.photo.reading.colour_tags import tagged_colour
from processors.photo.reading.display_levels import DisplayLevels, levels_of, scaled_to_levels
from processors.photo.reading.root_cause import root_cause_reported
from processors.photo.reading.to_srgb import is_profile_of
from processors.photo.reading.vips import LOADERS, open_strips, vips_errors

MAX_SAMPLED_PIXELS = 4_000_000
"""Maximum number of samples for finding black and white."""


@dataclass(frozen=True, kw_only=True)
class TilesFacts:
    """Facts of the pyramid, or the reason why there is none."""

    is_tiled: bool = True
    reason: str | None = None
    width_px: int | None
    height_px: int | None
    tile_px: int
    tile_count: int = 0
    black_level: float | None = None
    """Sample value shown as black, for a picture of more than 8 bits."""
    white_level: float | None = None
    levels_rule: str | None = None


@dataclass(frozen=True, kw_only=True)
class Tiles:
    """`tiles.zip` for a large photo, read in strips; for a small one only `tiles.json`, which gives the reason.

    Unpack the archive below `base_uri` and any IIIF viewer opens `base_uri`/`name`/info.json.
    """

    name: ClassVar[str] = "photo.tiles"
    version: ClassVar[int] = 8
    reads: ClassVar[Reads] = "file"

    least_pixels: int = 20_000_000
    """Minimum size; smaller photos need no tiles."""
    max_pixels: int = 4_000_000_000
    """Maximum size; larger photos are refused."""
    tile_px: int = 512
    quality: int = 85
    base_uri: str = "http://localhost:8000"
    """URL at which the tiles will be served; part of `info.json`."""

    def __post_init__(self) -> None:
        require(self.least_pixels >= 0, "least_pixels", self.least_pixels, "must be 0 or more")
        require(self.max_pixels >= 1, "max_pixels", self.max_pixels, "must be 1 or more")
        require(64 <= self.tile_px <= 4096, "tile_px", self.tile_px, "must be from 64 to 4096")
        require(1 <= self.quality <= 95, "quality", self.quality, "must be from 1 to 95")
        web = self.base_uri.startswith(("http://", "https://"))
        require(web, "base_uri", self.base_uri, "must begin with http:// or https://")

    def items(self, opened: OpenSource, scratch: Path) -> Iterator[Item]:
        """Yield the pyramid, or the reason why there is none."""
        source = opened.source
        if source.format not in LOADERS:
            yield self._json(f"{source.format} is not read in strips", None, None)
            return
        with root_cause_reported(opened.file), opened.file.open() as file:
            options = photo_options(file) if source.format == "tiff" else {}
            image = open_strips(file, source.format, self.max_pixels, **options)
            if image.width * image.height < self.least_pixels:
                reason = f"fewer than {self.least_pixels} pixels"
                yield self._json(reason, image.width, image.height)
                return
            colour = SRGB if source.format == "tiff" else tagged_colour(open_header(file), file)
            if colour.is_hdr:
                yield self._json(f"tiles of {colour.name} are not made", image.width, image.height)
                return
            refuse_strips_without_valid(file, source.format, self.max_pixels)
            described = read_tiff_file(file) if source.format == "tiff" else None
            folder = scratch / source.digest[:16]
            with vips_errors("cutting tiles"):
                strips = _strips(image, described)
                again = open_strips(file, source.format, self.max_pixels, **options)
                levels = _levels_of(_strips(again, described))
                _eight_bit_srgb(_levelled(strips, levels), colour).dzsave(
                    str(folder),
                    layout="iiif3",
                    id=self.base_uri.rstrip("/"),
                    tile_size=self.tile_px,
                    suffix=f".jpg[Q={self.quality},strip]",
                    overlap=0,
                )
        # record of libvips with the date of the run; not part of a IIIF service
        for place in (folder, scratch):
            (place / "vips-properties.xml").unlink(missing_ok=True)
        count = _pack(folder, scratch / "tiles.zip")
        facts = TilesFacts(
            width_px=image.width,
            height_px=image.height,
            tile_px=self.tile_px,
            tile_count=count,
            black_level=levels.black if levels else None,
            white_level=levels.white if levels else None,
            levels_rule=levels.rule if levels else None,
        )
        yield Item(name="tiles.zip", media_type="application/zip", file=scratch / "tiles.zip", facts=facts)

    def _json(self, reason: str, width_px: int | None, height_px: int | None) -> Item:
        facts = TilesFacts(is_tiled=False, reason=reason, width_px=width_px, height_px=height_px, tile_px=self.tile_px)
        return Item.of_json("tiles.json", facts, facts=facts)


def _strips(image: Any, described: TiffFile | None) -> TiffStrips:
    if described:
        return in_own_scale(image, described.photo)
    return TiffStrips(image=image, valid=None, levels=None, is_inverted=False)


def _levels_of(strips: TiffStrips) -> DisplayLevels | None:
    """Return black and white, of more than 8 bits from samples evenly spaced over the picture; None for 8 bits."""
    image = strips.image
    if strips.levels or image.format == "uchar" or image.interpretation == "cmyk":
        return strips.levels
    step = max(1, math.isqrt(image.width * image.height // MAX_SAMPLED_PIXELS))
    steps = (min(step, image.width), min(step, image.height))
    colours = image.bands - image.hasalpha()
    mask = [] if strips.valid is None else [strips.valid.cast(image.format)]
    samples = image.bandjoin(mask).subsample(*steps).numpy().reshape(-1, image.bands + len(mask))
    return levels_of(samples[:, :colours], samples[:, -1] != 0 if mask else None)


def _levelled(strips: TiffStrips, levels: DisplayLevels | None) -> Any:
    """Return 16 bits from black to white, black where there are no data; 8 bits and alpha are unchanged."""
    image = strips.image
    if levels is None and strips.valid is None:
        return image
    bands = image.bands - image.hasalpha()
    shown = image.extract_band(0, n=bands)
    is_full = image.format == "ushort" and levels is not None and (levels.black, levels.white) == (0, 65535)
    if levels is not None and not is_full:
        if image.format == "ushort":
            table = scaled_to_levels(np.arange(65536, dtype=np.uint16)[None], levels) * np.float32(65535) + np.float32(
                0.5
            )
            shown = shown.maplut(pyvips.Image.new_from_array(table).cast("ushort"))
        else:
            steps = 65535 / (levels.white - levels.black)
            shown = shown.linear(steps, 0.5 - levels.black * steps).cast("ushort")
    if strips.is_inverted:
        shown = 65535 - shown
    if strips.valid is not None:
        shown = strips.valid.ifthenelse(shown, 0)
    if bands < image.bands:
        shown = shown.bandjoin(image.extract_band(bands, n=image.bands - bands).cast(shown.format))
    return shown if levels is None else shown.copy(interpretation="grey16" if bands < 3 else "rgb16")


def _eight_bit_srgb(image: Any, colour: Colour) -> Any:
    profile: Any = image.get("icc-profile-data") if image.get_typeof("icc-profile-data") else None
    if is_profile_of(profile, image.bands - image.hasalpha()) and not colour.source.startswith(CICP):
        image = image.icc_transform("srgb", embedded=True, depth=8)
    elif image.interpretation not in ("srgb", "b-w"):
        image = image.colourspace("b-w" if image.interpretation == "grey16" else "srgb")
    if image.hasalpha():
        image = image.flatten(background=255)
    image = image.cast("uchar")
    return image if colour.is_srgb or image.bands < 3 else _converted(image, colour)


def _converted(image: Any, colour: Colour) -> Any:
    """Convert 8 bits, pixel by pixel, with the table of all codes and a matrix, in strips as libvips requests them."""
    linear, matrix, encoded = tables(colour)
    light = image.maplut(pyvips.Image.new_from_array(linear.reshape(1, -1)))
    light = light.recomb(pyvips.Image.new_from_array(matrix.tolist()))
    light = (light > 0).ifthenelse((light < 1).ifthenelse(light, 1), 0)
    steps = (light**0.5 * (len(encoded) - 1) + 0.5).cast("ushort")
    return steps.maplut(pyvips.Image.new_from_array(encoded.reshape(1, -1)).cast("uchar"))


def _pack(folder: Path, archive: Path) -> int:
    """Move the folder into an archive, in the order of names; return the number of tiles."""
    count = 0
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as packed:
        for path in sorted(folder.rglob("*"), key=lambda path: path.as_posix()):
            if path.is_file():
                entry = zip_member(path.relative_to(folder.parent).as_posix())
                packed.writestr(entry, path.read_bytes())
                path.unlink()
                count += path.suffix == ".jpg"
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir()
    folder.rmdir()
    return count
