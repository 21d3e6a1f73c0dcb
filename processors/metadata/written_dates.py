"""Dates as files write them: the part that is a date, and what is wrong with the rest."""

from __future__ import annotations

import re
from contextlib import suppress

from processors.mission.when import When, parse_when

_DAY_OF_BROADCAST = re.compile(r"(\d{4})[_./ ](\d{2})[_./ ](\d{2})(?!\d)")
"""A day with the other separators of EBU Tech 3285, 2.1; several cameras and recorders write them too."""


def read_date(text: str, *, precision: str | None = None, zone: str | None = None) -> tuple[When | None, str | None]:
    """Return a date, or its valid part, and what is wrong with it in words; None where there is nothing of the kind.

    Parameters
    ----------
    precision, zone : as for `parse_when`.
    """
    text = _DAY_OF_BROADCAST.sub(r"\1-\2-\3", text.strip(" \x00\r\n\t"), count=1)
    try:
        return parse_when(text, precision=precision, zone=zone), None
    except ValueError as error:
        when = _shorter(text, zone)
        return when, f"{error}; read as {when.written}" if when else str(error)


def _shorter(text: str, zone: str | None) -> When | None:
    """Return the day of a date with an invalid time of day; its month or year if the rest is zeros or blanks."""
    known = re.match(r"\d{4}(?:-(?!000)\d{3}(?!\d)|[-:](?!00)\d{2}(?:[-:](?!00)\d{2})?)?", text)
    rest = text[known.end() :] if known else ""
    is_day = known is not None and len(re.sub(r"\D", "", known[0])) >= 7
    if known is None or (not is_day and not re.match(r"[-: 0]*(?:\D|$)", rest)):
        return None
    with suppress(ValueError):
        return parse_when(known[0], zone=zone)
    return None
