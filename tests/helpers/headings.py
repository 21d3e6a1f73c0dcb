"""Headings in the records of a pack, which are in every language that there is."""

from __future__ import annotations

from processors.languages.language import in_all_languages, phrase


def headed(name: str) -> str:
    """The heading of this name, as CREDITS.txt has it."""
    return in_all_languages(phrase(name))
