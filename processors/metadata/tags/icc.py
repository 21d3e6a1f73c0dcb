"""Header and texts of ICC colour profiles."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any

from PIL import ImageCms

from processors.metadata.tags.tag_records import Tag, text_tag

CLASSES = {
    b"scnr": "input device", b"mntr": "display device", b"prtr": "output device", b"link": "device link",
    b"spac": "colour space", b"abst": "abstract", b"nmcl": "named colours",
}  # fmt: skip
INTENTS = ("perceptual", "relative colorimetric", "saturation", "absolute colorimetric")
"""Names of header values (ICC.1:2022, 7.2.5 and 7.2.15)."""


def icc_tags(profile: bytes) -> Iterator[Tag]:
    """Yield header fields in profile order, then the texts.

    Raises
    ------
    ValueError : too short, or without the profile's signature.
    ImageCms.PyCMSError : littleCMS does not accept it; the header's fields come first.
    """
    if len(profile) < 128 or profile[36:40] != b"acsp":
        raise ValueError("it has no profile signature")
    size, cmm, version, kind, colours, connection = struct.unpack(">I4sI4s4s4s", profile[:24])
    year, month, day, hour, minute, second = struct.unpack(">6H", profile[24:36])
    intent = struct.unpack(">I", profile[64:68])[0]
    yield Tag(namespace="icc", name="ProfileSize", value=size)
    yield text_tag("icc", "ProfileVersion", f"{version >> 24}.{version >> 20 & 15}.{version >> 16 & 15}")
    yield text_tag("icc", "ProfileClass", CLASSES.get(kind, _four(kind)))
    yield text_tag("icc", "ColorSpaceData", _four(colours))
    yield text_tag("icc", "ProfileConnectionSpace", _four(connection))
    yield text_tag("icc", "ProfileDateTime", f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    yield text_tag("icc", "RenderingIntent", INTENTS[intent] if intent < len(INTENTS) else f"unknown ({intent})")
    for name, four in (
        ("CMMType", cmm),
        ("PrimaryPlatform", profile[40:44]),
        ("DeviceManufacturer", profile[48:52]),
        ("DeviceModel", profile[52:56]),
        ("ProfileCreator", profile[80:84]),
    ):
        if four.strip(b"\0 "):
            yield text_tag("icc", name, _four(four))
    read: Any = ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile
    for name, text in (
        ("ProfileDescription", read.profile_description),
        ("ProfileCopyright", read.copyright),
        ("DeviceMfgDesc", read.manufacturer),
        ("DeviceModelDesc", read.model),
    ):
        if text and text.strip():
            yield text_tag("icc", name, text.strip())


def _four(code: bytes) -> str:
    return code.decode("latin-1").strip("\0 ")
