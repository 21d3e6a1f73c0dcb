"""WebVTT: the text of subtitles and captions that browsers and players read (https://www.w3.org/TR/webvtt1/)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

HEADER = "WEBVTT"


@dataclass(frozen=True, kw_only=True)
class Cue:
    """Text shown for a time."""

    start: Fraction
    """Time (s) at which it appears."""
    end: Fraction
    """Time (s) at which it disappears; after `start`."""
    text: str
    """Escaped text with WebVTT's tags; lines separated by a newline, none of them empty."""
    settings: str = ""
    """Position in WebVTT's own terms, such as `line:0`."""


def as_webvtt(cues: Iterable[Cue]) -> bytes:
    """Return the file, its cues in the order of their start, as the format asks."""
    ordered = sorted(cues, key=lambda cue: (cue.start, cue.end))
    times = (f"{timestamp(cue.start)} --> {timestamp(cue.end)} {cue.settings}".rstrip() for cue in ordered)
    blocks = (f"{time}\n{cue.text}\n" for time, cue in zip(times, ordered, strict=True))
    return "\n".join([f"{HEADER}\n", *blocks]).encode()


def timestamp(seconds: float | Fraction) -> str:
    """Return `hh:mm:ss.mmm`; times before 0 are 0."""
    milliseconds = max(0, round(seconds * 1000))
    whole = milliseconds // 1000
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}.{milliseconds % 1000:03d}"


def escaped(text: str) -> str:
    """Return a text as WebVTT writes it; `-->` would begin a cue."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
