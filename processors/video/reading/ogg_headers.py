"""Header packets of a further recording within the video stream of an Ogg file, which are no pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import av

Part = Literal["settings", "comments"]
"""Content of a header packet: settings that the decoder needs, or tags."""
THEORA: Mapping[bytes, Part] = {b"\x80theora": "settings", b"\x81theora": "comments", b"\x82theora": "settings"}
"""Beginnings of Theora's three headers (Theora specification, 6.1)."""
VP8 = b"OVP80"
"""Beginning of both headers of VP8 in Ogg; its pictures carry their own settings."""


def part_of_header(packet: av.Packet) -> Part | None:
    """Return which part of a header a packet is; None for a picture."""
    if packet.stream.container.format.name != "ogg":
        return None
    data = bytes(memoryview(packet)[:7])
    if data.startswith(VP8):
        return "comments"
    return THEORA.get(data)
