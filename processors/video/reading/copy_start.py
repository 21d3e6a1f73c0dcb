"""Time at which a copy of a whole video begins, from which its subtitles count."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

MIN_LEAD_SECONDS = Fraction(1, 20)
"""Sound that begins less than this before the first picture is taken for the delay of an encoder: AAC's are silent for
up to 0.048 s at 44.1 kHz."""
MAX_APART_SECONDS = 3600
"""Sound that begins so much earlier or later than the pictures, or more, has times of another clock."""

MAX_LEAD_TICKS = 1 << 28
"""Longest time for which a copy, an MP4, shows one picture, in ticks."""


def copy_start(first_picture: Fraction, sound_start: Fraction | None, time_base: Fraction) -> Fraction:
    """Return the presentation time at which the first picture or, if that is earlier, the sound begins, in s.

    It is a whole number of ticks of `time_base`, in s, before the first picture, or 0 for less than `MIN_LEAD_SECONDS`.

    Parameters
    ----------
    sound_start : presentation time of the first sample, in s; None without sound.
    """
    lead = first_picture - sound_start if sound_start is not None else 0
    if not MIN_LEAD_SECONDS <= lead <= min(MAX_APART_SECONDS, MAX_LEAD_TICKS * time_base):
        return first_picture
    return first_picture - ceil(lead / time_base) * time_base
