"""Sols in words: a mission counts them from its landing; earlier ones are a number of sols before it."""

from __future__ import annotations

from collections.abc import Callable

from processors.languages.language import phrase
from processors.languages.text import FALLBACK, Text
from processors.mission.profile import profile_called

MOST_OF_A_DAY = 4
"""Most sols that a date without a time may touch: in some time zone, the day lasts 50 hours."""


def landing_sol(mission: str | None) -> int | None:
    """Return the number of a mission's first sol; None if no profile has that name."""
    profile = profile_called(mission) if mission else None
    return profile.landing_sol if profile else None


def is_before_landing(mission: str | None, sol: int) -> bool:
    landing = landing_sol(mission)
    return landing is not None and sol < landing


def sol_words(mission: str | None, first: int, last: int) -> Text:
    """Return the sol for people in every language: `sol 17`, `sol 17 or 18`, `82 sols before landing`.

    A date known to the day may mean three sols or more: "around the landing" if they are; others are not named (empty).
    """
    landing = landing_sol(mission)
    if landing is not None and first < landing <= last:
        return phrase("around_landing") if last - first < MOST_OF_A_DAY else Text()
    return _counted(landing, first, last, _either) if last - first < 2 else Text()


def sol_span(mission: str | None, first: int, last: int) -> Text:
    """Return the whole span of sols in every language: `sol 17-19`, `1 sol before landing to sol 2`."""
    landing = landing_sol(mission)
    if landing is None or not first < landing <= last:
        return _counted(landing, first, last, _span)
    earlier = "one_before_landing" if landing - first == 1 else "before_landing"
    return phrase("until", first=phrase(earlier, sols=str(landing - first)), last=phrase("on_sol", sols=str(last)))


def _counted(landing: int | None, first: int, last: int, joined: Callable[[int, int], Text]) -> Text:
    """Return sols that are all before the landing, or none of them."""
    if landing is None or first >= landing:
        return phrase("on_sol", sols=joined(first, last))
    nearest, farthest = landing - last, landing - first
    return phrase("before_landing" if farthest > 1 else "one_before_landing", sols=joined(nearest, farthest))


def _span(first: int, last: int) -> Text:
    return Text({FALLBACK: str(first) if first == last else f"{first}-{last}"})


def _either(first: int, last: int) -> Text:
    return _span(first, last) if first == last else phrase("either", first=str(first), second=str(last))
