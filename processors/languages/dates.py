"""Dates in words of each language."""

from __future__ import annotations

from processors.languages.language import LANGUAGES, language
from processors.languages.text import Text


def date_in_words(date: str) -> Text:
    """Return `2015-07-24`, `2015-07` or `2015` in every language: `24 July 2015`, `July 2015`, `2015`."""
    year, *rest = date.split("-")
    return Text({code: _said(code, year, *map(int, rest)) for code in LANGUAGES})


def _said(code: str, year: str, month: int | None = None, day: int | None = None) -> str:
    words = language(code).pack
    if month is None:
        return words["date_year"].format(year=year)
    name = words["months"].split()[month - 1]
    return words["date_day" if day else "date_month"].format(year=year, month=name, day=day)
