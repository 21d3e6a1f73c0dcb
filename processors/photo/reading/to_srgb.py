"""Conversion of photographs of any mode and profile to 8-bit sRGB."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageCms

from processors.imaging.colour import CICP, SRGB, Colour, grey_to_srgb
from processors.imaging.colour import to_srgb as colour_to_srgb
from processors.imaging.icc_profile import profile_name
from processors.photo.reading.display_levels import levels_of, to_8_bit

_SPACES = {"GRAY": "grey", "RGB": "RGB", "CMYK": "CMYK", "Lab": "Lab", "LAB": "Lab"}
"""Colour spaces in words, by their signatures (ICC.1, table 19) and Pillow's names."""
DEEP_MODES = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")


def profile_fault(icc_profile: bytes | None, mode: str) -> str | None:
    """Return in words why a profile does not apply to a picture of this Pillow mode; None if it does, or is missing."""
    if not icc_profile:
        return None
    name = profile_name(icc_profile)
    if name == "unreadable":
        return "it is unreadable"
    is_colour = "RGB" in mode or mode in ("P", "PA", "YCbCr")
    base = "CMYK" if mode.startswith("CMYK") else "LAB" if mode.startswith("LAB") else "RGB" if is_colour else "L"
    if base == "L" and (mode in DEEP_MODES or ";" in mode):
        return "grey of more than 8 bits is shown by its own levels"
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(icc_profile))
        ImageCms.buildTransform(own, ImageCms.createProfile("sRGB"), base, "RGB")
    except (ImageCms.PyCMSError, OSError):
        space = icc_profile[16:20].decode("ascii", "backslashreplace").strip()
        return f"it is for {_SPACES.get(space, space)}, and the picture is {_SPACES['GRAY' if base == 'L' else base]}"
    return None


def is_profile_of(icc_profile: bytes | None, colours: int) -> bool:
    """Return whether the profile is readable and for pictures with this number of colours."""
    if not icc_profile or profile_name(icc_profile) == "unreadable":
        return False
    return {b"GRAY": 1, b"RGB ": 3, b"CMYK": 4}.get(icc_profile[16:20]) == colours  # ICC.1, table 19


def photo_to_srgb(image: Image.Image, colour: Colour = SRGB) -> Image.Image:
    """Return the picture in mode RGB, L or RGBA.

    An embedded profile is applied (perceptual intent) unless `colour` comes from cICP, which takes precedence.
    """
    if image.mode in DEEP_MODES:
        return in_8_bit(image)
    profile = image.info.get("icc_profile") if not colour.source.startswith(CICP) else None
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    if image.mode in ("P", "PA", "1", "La", "RGBa", "RGBX"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    colours = image.convert("RGB") if image.mode == "RGBA" else image.convert("L") if image.mode == "LA" else image
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(colours, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            colours = converted or colours
        except (ImageCms.PyCMSError, OSError):
            pass  # the profile's name in the facts says `unreadable`, or it is for other colours than these
    if colours.mode not in ("RGB", "L"):
        colours = colours.convert("RGB")
    if not profile and not colour.is_srgb:
        convert = colour_to_srgb if colours.mode == "RGB" else grey_to_srgb
        colours = Image.fromarray(convert(np.asarray(colours), colour))
    if alpha is not None:
        colours = colours.convert("RGB")
        colours.putalpha(alpha)
    return colours


def in_8_bit(image: Image.Image) -> Image.Image:
    """Return a grey picture of more than 8 bits with its range scaled, not cut off; any other as it is."""
    values = deep_of(image)
    return image if values is None else Image.fromarray(to_8_bit(values, levels_of(values)))


def deep_of(image: Image.Image) -> np.ndarray | None:
    """Return the levels of a grey picture of more than 8 bits, as uint16 for 16 bits; None for any other picture."""
    if image.mode not in DEEP_MODES:
        return None
    values = np.asarray(image)
    if image.mode == "I" and values.size and values.min() >= 0 and values.max() <= 65535:
        return values.astype(np.uint16)
    return values.astype(values.dtype.newbyteorder("="))
