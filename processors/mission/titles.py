"""Titles of missions and their events in every language: those of the profile, else those of a language's file."""

from __future__ import annotations

from processors.languages.language import LANGUAGES, language
from processors.languages.text import FALLBACK, Text
from processors.mission.profile import profile_called


def mission_title(name: str) -> Text:
    """Return a mission's title; its name where there is no profile."""
    profile = profile_called(name)
    return _completed(profile.title, profile.name) if profile else Text({FALLBACK: name})


def event_title(mission: str | None, event: str | None, recorded: Text) -> Text:
    """Return an event's title: as the evidence recorded it, and in the languages that have been added since."""
    return _completed(recorded, f"{mission}.{event}")


def _completed(title: Text, key: str) -> Text:
    return Text({**{code: language(code).missions.get(key) for code in LANGUAGES}, **title})
