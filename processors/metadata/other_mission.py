"""A label that names another mission than the release does for all files: nothing of the release's mission counts.

Words that contain a name of the release's mission name that one. Words that name no mission with a profile may be of
any: whoever writes `mission` into the file's own entry of `release.toml` settles which it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from processors.metadata.label_statements import mission_words
from processors.metadata.tags.tag_records import Tag
from processors.mission.profile import Profile, profile_named_in

_KINDS = re.compile(
    "(?:the|mars|primary|extended|mission|project|rover|lander|orbiter|spacecraft|probe"
    r"|火星|任务|探测|环绕|着陆|巡视|器|车|[\W_])*"
)
"""Words for any mission or spacecraft, in lower case: `Rover`, `Primary Mission`, `火星车`."""


@dataclass(frozen=True, kw_only=True)
class OtherMission:
    """Mission that a label names in place of the release's."""

    words: str
    """Name of the mission or spacecraft as the label writes it."""
    source: str
    """Place of these words: `label a.xml:Observation_Area/Investigation_Area/name`."""
    profile: Profile | None
    """Profile of that mission; None without one."""

    @property
    def name(self) -> str:
        """Return the value of `mission` for the file; empty for a mission without a profile."""
        return self.profile.name if self.profile else ""


def other_mission(mission: str | None, labels: Mapping[str, Iterable[Tag]]) -> OtherMission | None:
    """Return the first label of whose names of mission and spacecraft none is the given mission's; None without one.

    Parameters
    ----------
    mission : name of the release's mission, which has a profile; None: nothing can be another one.
    labels : entries of each label of a file, by the label's name.
    """
    for label, tags in labels.items() if mission else ():
        said = [
            OtherMission(words=word, source=f"label {label}:{place}", profile=profile_named_in(word, mission))
            for word, place in mission_words(tuple(tags))
            if names_a_mission(word)
        ]
        if said and mission not in [one.name for one in said]:
            return next((one for one in said if one.profile), said[0])
    return None


def names_a_mission(words: str) -> bool:
    """Return False for words that say no more than that it is one, such as `Rover`."""
    return not _KINDS.fullmatch(words.casefold())


def unsettled_mission(
    head: Mapping[str, Any], entry: Mapping[str, Any], labels: Mapping[str, Iterable[Tag]]
) -> OtherMission | None:
    """Return the mission that a label names against the one for all files; None if the file's own entry states one."""
    return None if "mission" in entry else other_mission(str(head.get("mission", "")) or None, labels)


def unsettled_in_words(mission: str, other: OtherMission) -> str:
    """Return what a run says of a file whose mission is not settled."""
    return f"{settle_in_words(mission, other)}; until then no permission, credit or sol of {mission} counts for it"


def settle_in_words(mission: str, other: OtherMission) -> str:
    """Return in a sentence which missions release.toml and label name, and what to write into the file's entry."""
    its_own = f'mission = "{other.name}" and its own credit, rights and redistribute'
    same = f'mission = "{mission}"'
    return f"{mission} by release.toml, but its label names {other.words}: give its [[file]] " + (
        f"{its_own}, or {same} if the label is wrong" if other.name else f"{same} if that is the same, else {its_own}"
    )
