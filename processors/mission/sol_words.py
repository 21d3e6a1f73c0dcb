"""Sols in words: a mission counts them from its landing; earlier ones are a number of sols before it."""

from __future__ import annotations

from processors.languages.language import phrase
from processors.languages.text import Text
from processors.mission.profile import profile_called


def landing_sol(mission: str | None) -> int | None:
    """Return the number of a mission's first sol; None if no profile has that name."""
    profile = profile_called(mission) if mission else None
    return profile.landing_sol if profile else None


def is_before_landing(mission: str | None, sol: int) -> bool:
    landing = landing_sol(mission)
    return landing is not None and sol < landing


def sol_words(mission: str | None, first: int, last: int) -> Text:
    """Return a span of sols in every language: `sol 17-18`, `82 sols before landing`."""
    landing = landing_sol(mission)
    if landing is None or first >= landing:
        return phrase("on_sol", sols=_span(first, last))
    if last < landing:
        nearest, farthest = landing - last, landing - first
        return phrase("before_landing" if farthest > 1 else "one_before_landing", sols=_span(nearest, farthest))
    earlier = "one_before_landing" if landing - first == 1 else "before_landing"
    return phrase("until", first=phrase(earlier, sols=str(landing - first)), last=phrase("on_sol", sols=str(last)))


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
