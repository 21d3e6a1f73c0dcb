"""Edit decision list in CMX 3600, which every editing program reads."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from fractions import Fraction
from math import floor

from processors.video.reading.time_code import TimeCode

MAX_REEL = 8
MAX_TITLE = 70
NO_REEL = "AX"
"""Auxiliary source, in the list's own terms: one without a reel."""

Span = tuple[Fraction, Fraction]
"""Start and end in seconds; half open."""


def edit_decision_list(spans: Sequence[Span], first: TimeCode, origin: Fraction, clip_name: str) -> str:
    """Return one event per span of presentation time; comments hold exact times, time codes count whole frames.

    Parameters
    ----------
    first : the source's time code at `origin`; its rate and its kind of count hold for both sides of the list.
    origin : presentation time of the picture that has this code, seconds.
    clip_name : the source's file name, by which editing programs link the events to it.
    """
    name = "".join(" " if unicodedata.category(one).startswith("C") else one for one in clip_name).strip()
    kind = "DROP FRAME" if first.is_drop else "NON-DROP FRAME"
    lines = [f"TITLE: {name[:MAX_TITLE] or 'untitled'}", f"FCM: {kind}"]
    record = TimeCode(frame_number=0, rate_hz=first.rate_hz, is_drop=first.is_drop)
    begun = _frames(spans[0][0] - origin, first) if spans else 0
    for number, (start, end) in enumerate(spans, start=1):
        places = [_frames(time - origin, first) for time in (start, end)]
        codes = [first.later(place) for place in places] + [record.later(place - begun) for place in places]
        lines.append(f"{number:03d}  {reel(name):<8} V     C        {' '.join(map(str, codes))}")
        lines.append(f"* FROM CLIP NAME: {name}")
        lines.append(f"* EXACT SECONDS: {start} TO {end}")
    return "\n".join(lines) + "\n"


def reel(clip_name: str) -> str:
    """Return up to eight letters and digits of a file's name, as CMX 3600 allows; `AX` if it has none."""
    stem = clip_name.rpartition(".")[0] or clip_name
    return "".join(one for one in stem.upper() if one.isascii() and one.isalnum())[:MAX_REEL] or NO_REEL


def _frames(seconds: Fraction, code: TimeCode) -> int:
    return floor(seconds * code.rate_hz + Fraction(1, 2))
