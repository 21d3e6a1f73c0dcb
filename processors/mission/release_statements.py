"""Statements of a release that apply to one file: none that belong to another mission or agency."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OF_MISSION = ("agency", "credit", "rights", "redistribute")
"""Keys that a mission's profile has too."""


def mission_of_file(head: Mapping[str, Any], entry: Mapping[str, Any]) -> str | None:
    """Return the mission of a file: its own, else the release's; None without one, or if the file's own is `""`."""
    return str(entry.get("mission", head.get("mission", ""))) or None


def is_of_others(head: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    """Return True for a file of another mission or agency than the release's."""
    return any(entry.get(key, head.get(key, "")) != head.get(key, "") for key in ("mission", "agency"))


def said_of_all(head: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the release's statements that apply to a file without such statements of its own.

    A file of another mission has agency, credit, rights and permission from its own entry, else from that mission's
    profile; one of another agency has no credit from the release.
    """
    of_others: set[str] = set(entry)
    if entry.get("mission", head.get("mission", "")) != head.get("mission", ""):
        of_others |= {"mission", *OF_MISSION}
    if entry.get("agency", head.get("agency")) != head.get("agency"):
        of_others.add("credit")
    return {key: value for key, value in head.items() if key not in of_others}


def said_unless_of_another_mission(head: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the release's statements that apply to a file whether or not it is of another mission.

    Its prohibition is one of them, and its permission is not.
    """
    said = said_of_all(head, {**entry, "mission": ""})
    forbidden = head.get("redistribute") is False and "redistribute" not in entry
    return {**said, "redistribute": False} if forbidden else said
