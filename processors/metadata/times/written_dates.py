"""Dates as files write them: the part that is a date, and what is wrong with the rest."""

from __future__ import annotations

import re
from contextlib import suppress

from processors.mission.when import When, parse_when

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?"
_IN_ORDER = re.compile(r"\d{4}([-:])\d{2}\1\d{2}(?!\d)")
_YEAR_FIRST = re.compile(
    r"(?P<year>\d{4})(?:(?P<mark>[-:/._ ])\s*(?P<month>\d{1,2})(?P=mark)\s*(?P<day>\d{1,2})(?![\d:])"
    r"|\s*年\s*(?P<zh_month>\d{1,2})\s*月\s*(?P<zh_day>\d{1,2})\s*日)"
)
"""With the separators of EBU Tech 3285, 2.1, which cameras write too, and with blanks for leading zeros."""
_NAMED_MONTH = re.compile(
    rf"{_WEEKDAY}(?:(?P<day>\d{{1,2}})[- ](?P<month>[a-z]{{3,9}})[- ](?P<year>\d{{4}})(?!\d)"
    rf"|(?P<us_month>[a-z]{{3,9}})\s+(?P<us_day>\d{{1,2}}),?\s+(?P<time>\d{{1,2}}:\d{{2}}:\d{{2}})?\s*(?P<us_year>\d{{4}})\b)",
    re.IGNORECASE,
)
"""`Sat, 15 May 2021` (RFC 1123, recommended by PNG), `15-MAY-2021`, `May 15, 2021`, C's `Sat May 15 07:18:00 2021`."""
_YEAR_LAST = re.compile(r"(\d{1,2})(?P<mark>[-/.])(\d{1,2})(?P=mark)(?P<year>\d{4})(?!\d)")


def in_iso_order(text: str) -> str:
    """Return a date with its day as `YYYY-MM-DD`, or with colons, if that is clear; other text unchanged."""
    text = text.strip(" \x00\r\n\t")
    if found := _IN_ORDER.match(text):
        return found[0] + _clock(text[found.end() :])
    if found := _YEAR_FIRST.match(text):
        day = found["year"], found["month"] or found["zh_month"], found["day"] or found["zh_day"]
    elif (found := _NAMED_MONTH.match(text)) and (month := _number_of(found["month"] or found["us_month"])):
        day = found["year"] or found["us_year"], month, found["day"] or found["us_day"]
    elif (found := _YEAR_LAST.match(text)) and (order := _day_and_month(found)):
        day = found["year"], order[1], order[0]
    else:
        return text
    time = found["time"] if found.re is _NAMED_MONTH else None
    return f"{day[0]}-{int(day[1]):02d}-{int(day[2]):02d}" + _clock(f" {time}" if time else text[found.end() :])


def read_date(text: str, *, precision: str | None = None, zone: str | None = None) -> tuple[When | None, str | None]:
    """Return a date, or its valid part, and what is wrong with it in words; None where there is none.

    Parameters
    ----------
    precision, zone : as for `parse_when`.
    """
    text = text.strip(" \x00\r\n\t")
    ordered = in_iso_order(text)
    try:
        return parse_when(ordered, precision=precision, zone=zone), None
    except ValueError as error:
        if found := _YEAR_LAST.match(ordered):
            year, _ = read_date(found["year"], zone=zone)
            is_unclear = int(found[1]) <= 12 and int(found[3]) <= 12
            why = "day and month cannot be distinguished" if is_unclear else "no such day"
            return year, f"date is {text!r}: {why}" + (f"; read as {year.written}" if year else "")
        when = _shorter(ordered, zone)
        why = str(error).replace(repr(ordered), repr(text), 1)
        return when, f"{why}; read as {when.written}" if when else why


def _number_of(month: str) -> int | None:
    """Return the number of an English month, which may be shortened to three letters."""
    short = month[:3].lower()
    return _MONTHS.index(short) + 1 if short in _MONTHS else None


def _day_and_month(found: re.Match[str]) -> tuple[int, int] | None:
    """Return day and month of a date that ends with the year; None if both orders, or none, are possible."""
    first, second = int(found[1]), int(found[3])
    possible = {(day, month) for day, month in ((first, second), (second, first)) if 1 <= month <= 12 and day <= 31}
    if found["mark"] == "." and (first, second) in possible:  # written so where the day comes first
        return first, second
    return possible.pop() if len(possible) == 1 else None


def _clock(rest: str) -> str:
    """Return what follows a day, with two digits of its hour and `Z` for GMT."""
    rest = re.sub(r"^[T ,]\s*(\d):", r" 0\1:", rest)
    return re.sub(r"(\d)\s*GMT$", r"\1Z", rest)


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
