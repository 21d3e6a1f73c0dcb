"""A colour profile that is not applied is named as such, with the reason."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from flows.cli.printing.fact_words import fact_lines
from processors.json_records import as_json
from processors.photo.reading.photo_info import PhotoReport
from processors.photo.reading.photo_reader import PhotoReader

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
BROKEN = b"not a profile at all" * 10
FOR_RGB = "it is for RGB, and the picture is grey"


def report(image: Image.Image, picture_format: str, **options: Any) -> PhotoReport:
    out = io.BytesIO()
    image.save(out, picture_format, **options)
    reader = PhotoReader(io.BytesIO(out.getvalue()))
    reader.photo()
    return reader.report()


CASES = (
    ("RGB", SRGB, None),
    ("RGB", BROKEN, "it is unreadable"),
    ("RGB", LAB, "it is for Lab, and the picture is RGB"),
    ("L", SRGB, FOR_RGB),
    ("CMYK", SRGB, "it is for RGB, and the picture is CMYK"),
    ("RGB", None, None),
)
MODES = {"JPEG": ("RGB", "L", "CMYK"), "PNG": ("RGB", "L"), "TIFF": ("RGB", "L", "CMYK"), "WEBP": ("RGB",)}


@pytest.mark.parametrize(
    ("picture_format", "mode", "profile", "fault"),
    [(name, *case) for name, modes in MODES.items() for case in CASES if case[0] in modes],
)
def test_the_reason_is_in_the_facts(picture_format: str, mode: str, profile: bytes | None, fault: str | None) -> None:
    found = report(Image.new(mode, (32, 24), 99), picture_format, icc_profile=profile)
    assert found.icc_profile_fault == fault
    assert found.colour_source == ("ICC profile" if profile == SRGB and mode == "RGB" else None)
    assert (found.icc_profile_name is None) == (profile is None)


@pytest.mark.parametrize("mode", ["P", "1", "LA", "RGBA"])
def test_a_profile_counts_for_the_colours_behind_palette_and_transparency(mode: str) -> None:
    colours = Image.new("RGBA", (32, 24), (9, 99, 199, 99))
    found = report(
        colours.convert("RGB").quantize(4) if mode == "P" else colours.convert(mode), "PNG", icc_profile=SRGB
    )
    assert found.icc_profile_fault == (FOR_RGB if mode in ("1", "LA") else None)


@pytest.mark.parametrize("picture_format", ["PNG", "TIFF"])
def test_deep_grey_is_shown_by_its_own_levels(picture_format: str) -> None:
    deep = Image.fromarray(np.full((24, 32), 999, np.uint16))
    found = report(deep, picture_format, icc_profile=SRGB)
    assert found.icc_profile_fault == "grey of more than 8 bits is shown by its own levels"


@pytest.mark.parametrize(
    ("mode", "profile", "words"),
    [
        ("RGB", SRGB, "by its ICC profile, sRGB built-in"),
        ("RGB", BROKEN, "not tagged; taken as sRGB; its ICC profile is not applied: it is unreadable"),
        ("L", SRGB, f"not tagged; taken as sRGB; its ICC profile, sRGB built-in, is not applied: {FOR_RGB}"),
    ],
)
def test_show_says_that_it_is_not_applied(mode: str, profile: bytes, words: str) -> None:
    facts = as_json(report(Image.new(mode, (32, 24), 99), "JPEG", icc_profile=profile))
    assert isinstance(facts, dict)
    lines = fact_lines(facts)
    assert lines["colour"] == words
    assert "icc_profile_fault" not in lines
