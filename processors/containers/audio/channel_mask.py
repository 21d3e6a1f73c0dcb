"""Loudspeaker masks of WAVE files (Microsoft, WAVEFORMATEXTENSIBLE), and masks that do not match the channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from processors.containers.chunks import ChunkFile

EXTENSIBLE = 0xFFFE
MASK_AT = 20
LOUDSPEAKERS = (
    "FL",
    "FR",
    "FC",
    "LFE",
    "BL",
    "BR",
    "FLC",
    "FRC",
    "BC",
    "SL",
    "SR",
    "TC",
    "TFL",
    "TFC",
    "TFR",
    "TBL",
    "TBC",
    "TBR",
)
"""Loudspeaker by bit of the mask, from the lowest."""


@dataclass(frozen=True, kw_only=True)
class ChannelMask:
    """Mask of loudspeakers, and the number of channels to which it applies."""

    bits: int
    """Mask; 0: no channel is assigned to a loudspeaker."""
    channel_count: int

    @property
    def loudspeakers(self) -> tuple[str, ...]:
        """Return every loudspeaker that the mask names, in the order of the channels."""
        numbers = [number for number in range(32) if self.bits >> number & 1]
        return tuple(LOUDSPEAKERS[n] if n < len(LOUDSPEAKERS) else f"bit {n}" for n in numbers)

    @property
    def bits_in_use(self) -> int:
        """Return the mask of the channels that exist: "the extra (most significant) bits are ignored"."""
        bits = self.bits
        while bits.bit_count() > self.channel_count:
            bits ^= 1 << (bits.bit_length() - 1)
        return bits

    @property
    def misfit(self) -> str | None:
        """Describe the mismatch if the mask names more or fewer loudspeakers than channels exist; None if it matches.

        In any case channels keep the file's order, and none is left out.
        """
        named, count = self.bits.bit_count(), self.channel_count
        if not named or named == count:
            return None
        what = f"channel mask 0x{self.bits:X} names {named} loudspeaker{'s' * (named > 1)} for {count} "
        what += "channels" if count > 1 else "channel"
        if named > count:
            return f"{what}; only the first {count} count{'s' * (count == 1)}: {' '.join(self.loudspeakers[:count])}"
        rest = f"channel {count} is" if named == count - 1 else f"channels {named + 1} to {count} are"
        return f"{what}; {rest} for none"


def channel_mask(opened: BinaryIO) -> ChannelMask | None:
    """Read the mask of a WAVE or Wave64 file; None for other files and for a header without one."""
    walked = ChunkFile(opened)
    for chunk in walked.chunks() if walked.content == b"WAVE" else ():
        if chunk.name == b"fmt ":
            return mask_of(chunk.read(opened, 40), walked)
    return None


def mask_of(header: bytes, walked: ChunkFile) -> ChannelMask | None:
    """Return the mask in the content of a `fmt ` chunk."""
    if len(header) < MASK_AT + 4 or walked.number("H", header, 0) != EXTENSIBLE:
        return None
    return ChannelMask(bits=walked.number("I", header, MASK_AT), channel_count=walked.number("H", header, 2))
