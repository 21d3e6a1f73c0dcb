"""Audio codecs in Ogg: their header packets and the duration of each packet; nothing is decoded."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

OPUS_RATE_HZ = 48_000
OPUS_FRAME_SAMPLES = (*(480, 960, 1920, 2880) * 3, *(480, 960) * 2, *(120, 240, 480, 960) * 4)
"""Samples per frame by a packet's configuration number, at 48 kHz (RFC 6716, table 2)."""
MAX_OPUS_SAMPLES = 5760
FLAC_BLOCK_SAMPLES = {1: 192, **{n: 576 << (n - 2) for n in range(2, 6)}, **{n: 256 << (n - 8) for n in range(8, 16)}}
"""Block sizes by the code in a frame header (RFC 9639, table 14)."""
VORBIS_MODE_BITS = 41
"""Bits per mode in the setup header: a flag, twice 16 zero bits, and the mapping number."""


@dataclass(kw_only=True)
class OggCodec:
    """One audio stream. `headers` is filled while its first packets are read."""

    name: str
    """Name of FFmpeg's decoder."""
    rate_hz: int
    channel_count: int
    skip_samples: int = 0
    """Initial decoded samples to discard: Opus's pre-skip (RFC 7845, 4.2)."""
    headers: list[bytes] = field(default_factory=list)
    header_count: int = 2
    frame_samples: int = 0
    """Samples per channel: for Speex in each packet, for FLAC in the longest frame."""
    _long_blocks: tuple[bool, ...] = ()
    _previous: int = 0

    def takes_header(self, packet: bytes) -> bool:
        """Store a header packet and return True; return False for a packet that holds audio."""
        if self.name == "vorbis":
            is_header = bool(packet[:1]) and bool(packet[0] & 1)
        elif self.name == "flac":
            is_header = packet[:1] != b"\xff"
        elif self.name == "libopus":
            is_header = packet[:8] == b"OpusTags"
        else:
            is_header = len(self.headers) < self.header_count
        if is_header and len(self.headers) < max(3, self.header_count):
            self.headers.append(packet)
        if is_header and self.name == "vorbis" and packet[:7] == b"\x05vorbis":
            self._long_blocks = _vorbis_modes(packet)
        return is_header

    @property
    def can_be_decoded(self) -> bool:
        """Return whether all headers that a decoder needs are present."""
        return self.name != "vorbis" or (len(self.headers) == 3 and bool(self._long_blocks))

    @property
    def extradata(self) -> bytes:
        """Return the headers in the form that FFmpeg's decoder takes."""
        first = self.headers[0]
        if self.name == "libopus":  # the pre-skip is discarded here, not by the decoder
            return first[:10] + b"\0\0" + first[12:]
        if self.name == "flac":
            return first[17 : 17 + 34]
        if self.name == "vorbis":
            sizes = b"".join(b"\xff" * (len(one) // 255) + bytes([len(one) % 255]) for one in self.headers[:2])
            return b"\x02" + sizes + b"".join(self.headers[:3])
        return first

    @property
    def comments(self) -> bytes:
        """Return the header with the tags, from its list of comments on (Vorbis I, 5.2.1); empty without one."""
        second = self.headers[1] if len(self.headers) > 1 else b""
        skipped = {"vorbis": 7, "libopus": 8, "flac": 4}.get(self.name, 0)
        return second[skipped:]

    @property
    def public_name(self) -> str:
        """Return the codec's own name."""
        return self.name.removeprefix("lib")

    def begin_again(self) -> None:
        """Reset the state after a loss."""
        self._previous = 0

    def samples_of(self, packet: bytes) -> int:
        """Return how many samples per channel a packet adds; 0 if it violates its codec's rules."""
        if not packet:
            return 0
        if self.name == "libopus":
            return _opus_samples(packet)
        if self.name == "flac":
            return _flac_samples(packet)
        if self.name == "vorbis":
            return self._vorbis_samples(packet)
        return self.frame_samples

    def _vorbis_samples(self, packet: bytes) -> int:
        """Return a quarter of this block and the previous one; a stream's first gives none (Vorbis I, 4.3.8)."""
        if packet[0] & 1 or not self._long_blocks:
            return 0
        mode = packet[0] >> 1 & (1 << (len(self._long_blocks) - 1).bit_length()) - 1
        if mode >= len(self._long_blocks):
            return 0
        sizes = self.headers[0][28]
        size = 1 << (sizes >> 4 if self._long_blocks[mode] else sizes & 15)
        before, self._previous = self._previous, size
        return (before + size) // 4 if before else 0


def codec_in_header(packet: bytes) -> OggCodec | None:
    """Return the codec that a stream's first packet names; None if it is not audio or the codec is unknown."""
    codec = _described(packet)
    if codec is None or not codec.rate_hz or not codec.channel_count:
        return None
    return None if codec.name == "speex" and not codec.frame_samples else codec


def _described(packet: bytes) -> OggCodec | None:
    if packet[:8] == b"OpusHead" and len(packet) >= 19:
        return OggCodec(
            name="libopus",
            rate_hz=OPUS_RATE_HZ,
            channel_count=packet[9],
            headers=[packet],
            skip_samples=struct.unpack_from("<H", packet, 10)[0],
        )
    if packet[:7] == b"\x01vorbis" and len(packet) >= 30:
        return OggCodec(
            name="vorbis",
            rate_hz=struct.unpack_from("<I", packet, 12)[0],
            channel_count=packet[11],
            headers=[packet],
            header_count=3,
        )
    if packet[:5] == b"\x7fFLAC" and len(packet) >= 51:
        packed = int.from_bytes(packet[27:35], "big")
        return OggCodec(
            name="flac",
            rate_hz=packed >> 44,
            channel_count=(packed >> 41 & 7) + 1,
            headers=[packet],
            frame_samples=int.from_bytes(packet[19:21], "big"),
        )
    if packet[:8] == b"Speex   " and len(packet) >= 80:
        rate, channels, frame, frames_each, more = (
            struct.unpack_from("<I", packet, n)[0] for n in (36, 48, 56, 64, 68)
        )
        return OggCodec(
            name="speex",
            rate_hz=rate,
            channel_count=channels,
            headers=[packet],
            header_count=2 + min(more, 8),
            frame_samples=min(frame * max(1, frames_each), 1 << 16),
        )
    return None


def _opus_samples(packet: bytes) -> int:
    code = packet[0] & 3
    count = 1 if code == 0 else 2 if code < 3 else packet[1] & 63 if len(packet) > 1 else 0
    samples = OPUS_FRAME_SAMPLES[packet[0] >> 3] * count
    return samples if samples <= MAX_OPUS_SAMPLES else 0


def _flac_samples(packet: bytes) -> int:
    """Return the block size in a frame header (RFC 9639, 9.1)."""
    if len(packet) < 8 or packet[0] != 0xFF or packet[1] & 0xFE != 0xF8:
        return 0
    code = packet[2] >> 4
    if code not in (6, 7):
        return FLAC_BLOCK_SAMPLES.get(code, 0)
    number_bytes = max(1, 8 - (packet[4] ^ 0xFF).bit_length())  # a number coded like UTF-8 comes before it
    rest = packet[4 + number_bytes :]
    return rest[0] + 1 if code == 6 else int.from_bytes(rest[:2], "big") + 1


def _vorbis_modes(setup: bytes) -> tuple[bool, ...]:
    """Return whether each mode's blocks are long, read from the end of the setup header (Vorbis I, 4.2.4).

    Parsing all that precedes them is laborious; each mode shows 32 zero bits, and their number comes first.
    """
    bits = int.from_bytes(setup, "little")
    top = bits.bit_length() - 1  # the framing flag is the last set bit
    modes: list[bool] = []
    found: tuple[bool, ...] = ()
    while len(modes) < 64 and top - VORBIS_MODE_BITS * (len(modes) + 1) >= 6:
        mode = bits >> (top - VORBIS_MODE_BITS * (len(modes) + 1)) & (1 << VORBIS_MODE_BITS) - 1
        if mode >> 1 & 0xFFFFFFFF or mode >> 33 > 63:
            break
        modes.insert(0, bool(mode & 1))
        if bits >> (top - VORBIS_MODE_BITS * len(modes) - 6) & 63 == len(modes) - 1:
            found = tuple(modes)
    return found
