"""Stream information in the first metadata block of a FLAC file (RFC 9639, 8.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from processors.containers.id3 import behind_id3

MARK = b"fLaC"
STREAM_INFO_BYTES = 34


@dataclass(frozen=True, kw_only=True)
class StreamInfo:
    """Metadata block with which every FLAC stream begins."""

    place: int
    """File offset of the `fLaC` marker: 0, or after an ID3v2 tag."""
    rate_hz: int
    channel_count: int
    bits: int
    sample_count: int | None
    """Samples per channel; None if unknown to the encoder."""
    md5: bytes | None
    """MD5 of all samples, channels interleaved, little-endian in whole bytes; None if the encoder wrote none."""


def stream_info(opened: BinaryIO) -> StreamInfo | None:
    """Return the stream information; None if the file is not FLAC or does not begin with this block."""
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
