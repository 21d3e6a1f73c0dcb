"""Info frame at the start of an MP3 file, which holds no audio but states its length (Xing, Info, LAME)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from processors.containers.audio.id3 import behind_id3
from processors.containers.frame_sync import mpeg_audio_frame

LOOKED_AT_BYTES = 1 << 16
MAX_FRAME_BYTES = 2881
DECODER_DELAY_SAMPLES = 528 + 1
"""Delay of every layer III decoder, before the encoder's own (LAME, technical FAQ)."""
WHO_SAYS_DELAYS = (b"LAME", b"Lavf", b"Lavc")


@dataclass(frozen=True, kw_only=True)
class InfoFrame:
    """Info frame that counts the others."""

    frame_count: int | None
    samples_each: int
    """Samples per channel in each frame."""
    delay_samples: int | None
    """Samples that the encoder put before the audio, without the decoder's delay; None if not stated."""
    padding_samples: int
    """Samples that the encoder put after the audio."""

    @property
    def first_sample(self) -> int:
        """Return how many decoded samples precede the audio."""
        return 0 if self.delay_samples is None else self.delay_samples + DECODER_DELAY_SAMPLES

    @property
    def sample_count(self) -> int | None:
        """Return the samples per channel of the audio; None if the frames are not counted."""
        if not self.frame_count:
            return None
        whole = self.frame_count * self.samples_each
        if self.delay_samples is None:
            return whole
        last = min(whole, whole - self.padding_samples + DECODER_DELAY_SAMPLES)
        return max(0, last - self.first_sample) or None


def first_frame(opened: BinaryIO) -> InfoFrame | None:
    """Return the info frame after ID3v2 tags and junk; None if the first frame holds audio."""
    opened.seek(behind_id3(opened))
    data = opened.read(LOOKED_AT_BYTES)
    for place in range(max(0, len(data) - 4)):
        if data[place] == 0xFF and _samples_each(data[place : place + 4]):
            if (info := info_frame(data[place : place + MAX_FRAME_BYTES])) is not None:
                return info
            frame = mpeg_audio_frame(data[place : place + 4], 0)
            if frame and _samples_each(data[place + frame[0] :][:4]):
                return None
    return None


def info_frame(frame: bytes) -> InfoFrame | None:
    """Read one frame; None if it holds audio."""
    samples_each = _samples_each(frame[:4])
    if not samples_each:
        return None
    is_mpeg1, is_mono = frame[1] >> 3 & 3 == 3, frame[3] >> 6 == 3
    has_checksum = not frame[1] & 1
    place = 4 + ((17 if is_mono else 32) if is_mpeg1 else (9 if is_mono else 17))
    at = next((at for at in (place, place + 2 * has_checksum) if frame[at : at + 4] in (b"Xing", b"Info")), None)
    return None if at is None else _info(frame[at:], samples_each)


def _info(data: bytes, samples_each: int) -> InfoFrame:
    flags, place, count = int.from_bytes(data[4:8], "big"), 8, None
    if flags & 1:
        count, place = int.from_bytes(data[8:12], "big"), 12
    place += 4 * bool(flags & 2) + 100 * bool(flags & 4) + 4 * bool(flags & 8)
    delays = data[place + 21 : place + 24]
    says = data[place : place + 4] in WHO_SAYS_DELAYS and len(delays) == 3
    both = int.from_bytes(delays, "big")
    return InfoFrame(
        frame_count=count or None,
        samples_each=samples_each,
        delay_samples=both >> 12 if says else None,
        padding_samples=both & 0xFFF if says else 0,
    )


def _samples_each(head: bytes) -> int:
    """Return the samples per channel of a layer III frame with this header; 0 if it is not one."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:  # sync word and layer
        return 0
    version, rate, bit_rate = head[1] >> 3 & 3, head[2] >> 2 & 3, head[2] >> 4
    return 0 if version == 1 or rate == 3 or bit_rate == 15 else 1152 if version == 3 else 576
