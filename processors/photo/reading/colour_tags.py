"""Colour information in a photo's file, in the order of precedence of its format."""

from __future__ import annotations

import itertools
from typing import BinaryIO

from PIL import Image, ImageFile

from processors.containers.photo.heif_file import nclx_of
from processors.containers.photo.png_file import chunk_heads
from processors.imaging.colour import ADOBE_RGB, CICP, SRGB_TRANSFER, UNSPECIFIED, Colour
from processors.sources.read_at import read_at

ICC = "ICC profile"
BT709_CHROMATICITIES = (0.640, 0.330, 0.300, 0.600, 0.150, 0.060, 0.3127, 0.3290)
SRGB_GAMMA, SAME_GAMMA, SAME_PLACE = 1 / 2.2, 0.002, 0.002
"""Gamma of sRGB, written as gAMA 45455 with or instead of an sRGB chunk, and tolerances."""
PNG_HEAD_CHUNKS = 200
EXIF, INTEROPERABILITY, INTEROPERABILITY_INDEX = 0x8769, 0xA005, 1


def tagged_colour(image: ImageFile.ImageFile, file: BinaryIO) -> Colour:
    """Return the colour stated in the file; `source` names the origin.

    PNG: cICP, iCCP, sRGB, then gAMA with cHRM (PNG, third edition, 4.3). HEIF and AVIF: an ICC profile, then nclx.
    Others: an ICC profile, then Exif's interoperability index, where R03 is Adobe RGB (DCF 2.0). sRGB is the default.
    """
    place = file.tell()
    try:
        if image.format == "PNG" and (cicp := _cicp(file)):
            return _of_cicp(*cicp)
        if image.info.get("icc_profile"):
            return Colour(source=ICC)
        if image.format == "PNG":
            return _of_png(image)
        if image.format in ("HEIF", "AVIF") and (nclx := nclx_of(file)):
            return Colour(primaries=nclx[0], transfer=nclx[1], source="nclx")
    finally:
        file.seek(place)
    if image.format in ("JPEG", "MPO", "TIFF") and _interoperability(image) == "R03":
        return ADOBE_RGB
    return Colour()


def _of_cicp(primaries: int, transfer: int, full_range: int) -> Colour:
    """Return the colour in a PNG's cICP chunk; what it leaves unspecified is assumed."""
    parts = (("primaries", primaries), ("transfer", transfer))
    assumed = " and ".join(name for name, code in parts if code == UNSPECIFIED)
    source = f"{CICP}, {assumed} unspecified: sRGB assumed" if assumed else CICP
    return Colour(primaries=primaries, transfer=transfer, is_narrow=not full_range, source=source)


def _cicp(file: BinaryIO) -> tuple[int, int, int] | None:
    """Return primaries, transfer and 1 for full range of a PNG's cICP chunk, which comes before its pixels."""
    for name, at, size in itertools.islice(chunk_heads(file), PNG_HEAD_CHUNKS):
        if name == b"cICP" and size == 4:
            data = read_at(file, at + 8, 4)
            return data[0], data[1], data[3]
        if name == b"IDAT":
            return None
    return None


def _of_png(image: Image.Image) -> Colour:
    if "srgb" in image.info:
        return Colour(transfer=SRGB_TRANSFER, source="sRGB chunk")
    gamma, places = image.info.get("gamma"), image.info.get("chromaticity")
    exponent = 1 / gamma if isinstance(gamma, float) and 0.05 < gamma < 20 else None
    if exponent is not None and abs(1 / exponent - SRGB_GAMMA) < SAME_GAMMA:
        exponent = None
    # Pillow returns white first, in the chunk's own order
    own = tuple(map(float, (*places[2:8], *places[0:2]))) if places and len(places) == 8 else None
    if own and (not _are_possible(own) or _are_srgbs(own)):
        own = None
    if exponent is None and own is None:
        return Colour(source="gAMA" if gamma else Colour().source)
    parts = [name for name, part in (("gAMA", exponent), ("cHRM", own)) if part]
    return Colour(gamma=exponent, chromaticities=own, source=" and ".join(parts))


def _are_srgbs(places: tuple[float, ...]) -> bool:
    return max(abs(a - b) for a, b in zip(places, BT709_CHROMATICITIES, strict=True)) < SAME_PLACE


def _are_possible(places: tuple[float, ...]) -> bool:
    """Return whether three colours span a triangle and white has non-zero luminance."""
    (rx, ry, gx, gy, bx, by, _, wy) = places
    area = (gx - rx) * (by - ry) - (gy - ry) * (bx - rx)
    return abs(area) > 1e-3 and min(ry, gy, by, wy) > 1e-4 and max(places) <= 1


def _interoperability(image: Image.Image) -> str:
    exif = image.getexif()
    if INTEROPERABILITY not in exif.get_ifd(EXIF):
        return ""
    return str(exif.get_ifd(INTEROPERABILITY).get(INTEROPERABILITY_INDEX, "")).strip("\0 ")
