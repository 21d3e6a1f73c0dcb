"""SMPTE time codes: the first picture's code in a file, and counting from it, drop-frame or non-drop-frame."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from fractions import Fraction

import av.container

DROP_RATES_HZ = {Fraction(30000, 1001): 30, Fraction(60000, 1001): 60, Fraction(120000, 1001): 120}
"""Rates at which two, four or eight frame numbers are dropped each minute except each tenth (SMPTE ST 12-1, 5.2.2)."""

USUAL_RATES_HZ = (
    Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30),
    Fraction(48000, 1001), Fraction(48), Fraction(50), Fraction(60000, 1001), Fraction(60),
    Fraction(100), Fraction(120000, 1001), Fraction(120),
)  # fmt: skip
RATE_TOLERANCE = Fraction(3, 10_000)
"""Relative tolerance, a third of the difference of 30 and 30000/1001; rounding to ms shifts the mean of 1 s by less."""

WRITTEN = re.compile(r"(\d{1,2}):([0-5]?\d):([0-5]?\d)([:;.,])(\d{1,3})")

GROUP = b"\0\0\1\xb8"
GROUP_DIGITS = 0xFFEFFF
"""Hours, minutes, seconds and pictures in the code of a group, without the flag and the marker between them."""


@dataclass(frozen=True, kw_only=True)
class TimeCode:
    """A frame count as hours, minutes, seconds and frames."""

    frame_number: int
    """Frames since 00:00:00:00."""
    rate_hz: Fraction
    is_drop: bool

    @property
    def per_second(self) -> int:
        """Return the frames per second of the code."""
        return max(1, round(self.rate_hz))

    def later(self, frames: int) -> TimeCode:
        """Return the code this many frames later."""
        return TimeCode(frame_number=self.frame_number + frames, rate_hz=self.rate_hz, is_drop=self.is_drop)

    def __str__(self) -> str:
        number, per_second = self.frame_number, self.per_second
        if self.is_drop:
            dropped = per_second // 15
            tens, rest = divmod(number, per_second * 600 - 9 * dropped)
            first_minute, minute = per_second * 60, per_second * 60 - dropped
            minutes = 0 if rest < first_minute else 1 + (rest - first_minute) // minute
            number += dropped * (9 * tens + minutes)
        seconds, frame = divmod(number, per_second)
        mark = ";" if self.is_drop else ":"
        return f"{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{mark}{frame:02d}"


def can_drop(rate_hz: Fraction) -> bool:
    """Return whether numbers may be dropped at this rate to keep the code in step with the clock."""
    return rate_hz in DROP_RATES_HZ


def usual_rate(rate_hz: Fraction, rounding: Fraction = RATE_TOLERANCE) -> Fraction:
    """Return the matching standard rate of television or cinema, or the rate itself.

    `rounding`: relative tolerance, because the rate is derived from rounded times.
    """
    near = min(USUAL_RATES_HZ, key=lambda usual: abs(usual - rate_hz))
    return near if abs(near - rate_hz) <= max(rounding, RATE_TOLERANCE) * near else rate_hz


def parsed(text: str, rate_hz: Fraction) -> TimeCode | None:
    """Read `01:00:00;00`; None if invalid or if the frame number does not exist at this rate."""
    found = WRITTEN.fullmatch(text.strip())
    if not found:
        return None
    hours, minutes, seconds, frame = (int(found[part]) for part in (1, 2, 3, 5))
    per_second = max(1, round(rate_hz))
    is_drop = found[4] != ":" and can_drop(rate_hz)
    if hours > 23 or frame >= per_second:
        return None
    number = (hours * 3600 + minutes * 60 + seconds) * per_second + frame
    if is_drop:
        whole_minutes = hours * 60 + minutes
        number -= per_second // 15 * (whole_minutes - whole_minutes // 10)
    return TimeCode(frame_number=number, rate_hz=rate_hz, is_drop=is_drop)


def written_in(container: av.container.InputContainer, stream: av.VideoStream) -> str | None:
    """Return the first picture's code from a track or tag of the container; the stream's own takes precedence."""
    others = [one.metadata for one in container.streams if one.index != stream.index and one.type == "data"]
    for metadata in (stream.metadata, container.metadata, *others):
        for name, text in metadata.items():
            if name.lower() == "timecode" and WRITTEN.fullmatch(text.strip()):
                return text.strip()
    return None


def written_on(frame: av.VideoFrame, rate_hz: Fraction | None) -> str | None:
    """Return the code in a coded picture (H.264 and HEVC: SEI; SMPTE ST 12-1, packed as in ST 12-2)."""
    entry = frame.side_data.get("S12M_TIMECODE")
    data = bytes(entry) if entry is not None else b""
    if len(data) < 8 or not struct.unpack("=I", data[:4])[0]:
        return None
    packed = struct.unpack("=I", data[4:8])[0]
    parts = [_decimal(packed >> shift & mask) for shift, mask in ((0, 0x3F), (8, 0x7F), (16, 0x7F), (24, 0x3F))]
    hours, minutes, seconds, number = parts
    if rate_hz and rate_hz > 30:
        number = 2 * number + (packed >> (7 if round(rate_hz) == 50 else 23) & 1)
    mark = ";" if packed >> 30 & 1 else ":"
    text = f"{hours:02d}:{minutes:02d}:{seconds:02d}{mark}{number:02d}"
    return text if WRITTEN.fullmatch(text) else None


def written_on_group(first: bytes) -> str | None:
    """Return the code of a group of pictures in MPEG-1 or MPEG-2 (ISO/IEC 13818-2, 6.3.8); None without one.

    None also for zeros, which encoders write by default.

    Parameters
    ----------
    first : the beginning of the first packet.
    """
    place = first.find(GROUP)
    if place < 0 or len(first) < place + 8:
        return None
    packed = int.from_bytes(first[place + 4 : place + 8]) >> 7
    if not packed & GROUP_DIGITS:
        return None
    hours, minutes, seconds, number = packed >> 19 & 31, packed >> 13 & 63, packed >> 6 & 63, packed & 63
    text = f"{hours:02d}:{minutes:02d}:{seconds:02d}{';' if packed >> 24 & 1 else ':'}{number:02d}"
    return text if WRITTEN.fullmatch(text) else None


def _decimal(packed: int) -> int:
    return (packed >> 4) * 10 + (packed & 15)
