"""An edit decision list in CMX 3600, which every editing program reads."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor


def edit_decision_list(spans: Sequence[tuple[Fraction, Fraction]], rate_hz: Fraction) -> str:
    """One event a span of presentation time; exact times stand in comments, time codes count whole frames.

    Time codes are non-drop and counted at `rate_hz` rounded to a whole number, as CMX 3600 has no other; the first
    span's start is 00:00:00:00 on the record side.
    """
    per_second = max(1, round(rate_hz))
    lines = ["TITLE: shots", "FCM: NON-DROP FRAME"]
    origin = spans[0][0] if spans else Fraction(0)
    for number, (start, end) in enumerate(spans, start=1):
        codes = [
            _time_code(time, rate_hz, per_second)
            for time in (max(start, Fraction(0)), max(end, Fraction(0)), start - origin, end - origin)
        ]
        lines.append(f"{number:03d}  AX       V     C        {' '.join(codes)}")
        lines.append(f"* EXACT SECONDS: {start} TO {end}")
    return "\n".join(lines) + "\n"


def _time_code(time: Fraction, rate_hz: Fraction, per_second: int) -> str:
    frames = floor(time * rate_hz + Fraction(1, 2))
    seconds, frame = divmod(frames, per_second)
    return f"{seconds // 3600 % 100:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{frame:02d}"
