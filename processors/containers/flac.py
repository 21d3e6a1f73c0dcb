"""What a FLAC file's first block says of the whole stream (RFC 9639, 8.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from processors.containers.id3 import behind_id3

MARK = b"fLaC"
STREAM_INFO_BYTES = 34


@dataclass(frozen=True, kw_only=True)
class StreamInfo:
    """The block that every FLAC stream begins with."""

    place: int
    """Of the mark in the file: 0, or behind an ID3v2 tag."""
    rate_hz: int
    channel_count: int
    bits: int
    sample_count: int | None
    """Per channel; None where the encoder did not know it."""
    md5: bytes | None
    """Of all samples, channels interleaved, little-endian in whole bytes; None where the encoder did not say."""


def stream_info(opened: BinaryIO) -> StreamInfo | None:
    """None where the file is no FLAC stream, or its first block is not the one that must be first."""
    place = behind_id3(opened)
    opened.seek(place)
    data = opened.read(4 + 4 + STREAM_INFO_BYTES)
    if data[:4] != MARK or len(data) < 42 or data[4] & 0x7F or int.from_bytes(data[5:8], "big") < STREAM_INFO_BYTES:
        return None
    packed = int.from_bytes(data[18:26], "big")  # 20 bits, 3, 5 and 36
    return StreamInfo(
        place=place,
        rate_hz=packed >> 44,
        channel_count=(packed >> 41 & 7) + 1,
        bits=(packed >> 36 & 31) + 1,
        sample_count=packed & (1 << 36) - 1 or None,
        md5=data[26:42] if any(data[26:42]) else None,
    )
