"""Stream information in the first metadata block of a FLAC file (RFC 9639, 8.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from processors.containers.audio.id3 import behind_id3
from processors.sources.read_at import read_at

MARK = b"fLaC"
STREAM_INFO_BYTES = 34
MAX_BLOCKS = 1000
FRAME_RATES_HZ = {
    1: 88200, 2: 176400, 3: 192000, 4: 8000, 5: 16000, 6: 22050, 7: 24000, 8: 32000, 9: 44100, 10: 48000, 11: 96000,
}  # fmt: skip
"""Rates by their code in a frame's header (RFC 9639, 9.1.2)."""


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


def rate_disagreement(opened: BinaryIO) -> str | None:
    """Return how the rate of the header differs from that of the first frame, in words; None if it does not."""
    info = stream_info(opened)
    if info is None:
        return None
    place = info.place + 4
    for _ in range(MAX_BLOCKS):
        head = read_at(opened, place, 4)
        if len(head) < 4:
            return None
        place += 4 + int.from_bytes(head[1:], "big")
        if head[0] & 0x80:
            break
    frame = read_at(opened, place, 4)
    rate_hz = FRAME_RATES_HZ.get(frame[2] & 15) if len(frame) == 4 and frame[0] == 0xFF else None
    if rate_hz in (None, info.rate_hz):
        return None
    return f"the header says {info.rate_hz} Hz, and its first frame {rate_hz} Hz: what is heard may be too high or low"


def stream_info(opened: BinaryIO) -> StreamInfo | None:
    """Return the stream information; None if the file is not FLAC or does not begin with this block."""
    place = behind_id3(opened)
    data = read_at(opened, place, 4 + 4 + STREAM_INFO_BYTES)
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
