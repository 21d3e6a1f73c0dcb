"""How a stream is coded, in its container's words, and the refusal of what no decoder here can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from processors.errors import UnsupportedMedia

UNLOCK = "get it without encryption, or decrypt it with its owner's program"


@dataclass(frozen=True, kw_only=True)
class Coding:
    """Coding of one stream as its container names it."""

    name: str | None
    """`avc1`, `V_MPEG4/ISO/AVC`, `WAVE format 0x0055`; None if not stated."""
    encryption: str | None = None
    """Kind of encryption, `Common Encryption, cenc`; None if it is not encrypted."""


def refuse_encrypted(what: Literal["video", "sound", "file"], coding: Coding | None) -> None:
    """Raise `UnsupportedMedia` for an encrypted stream: decoders take it for damaged data."""
    if coding and coding.encryption:
        raise UnsupportedMedia(f"the {what} is encrypted ({coding.encryption}), which is not supported", UNLOCK)


def without_decoder(what: Literal["video", "sound"], coding: Coding | None) -> UnsupportedMedia:
    """Return the refusal of a stream for which FFmpeg has no decoder."""
    words = f"FFmpeg has no decoder for the {what}"
    if coding and coding.name:
        words = f"the {what} is compressed with {coding.name}, for which FFmpeg has no decoder"
    return UnsupportedMedia(words, "convert it with a tool that has one")
