"""A mission's facts from its profile, a TOML file beside this one: each with value, precision and source."""

from __future__ import annotations

import functools
import hashlib
import math
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from processors.contract import require
from processors.mission.mars_time import mars_time
from processors.mission.when import When, parse_when

FOLDER = Path(__file__).parent
FACT_KEYS = {"value", "precision", "source", "sure", "zone"}


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One thing that is known, and how it is known."""

    name: str
    """Where it stands: `site.latitude_degrees_north`."""
    value: str | int | float
    precision: str
    source: str
    sure: str
    """`high` or `medium`."""


@dataclass(frozen=True, kw_only=True)
class MissionEvent:
    """One entry of the timeline."""

    name: str
    title: str
    title_zh: str | None
    when: When
    source: str
    sure: str


@dataclass(frozen=True, kw_only=True)
class ProfileDisagreement:
    """Sources that contradict each other; nobody has decided."""

    about: str
    says: tuple[tuple[str, str], ...]
    """(what it says, source) of each."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One mission."""

    name: str
    title: str
    title_zh: str | None
    also: tuple[str, ...]
    """Other names of the mission and its spacecraft, as labels write them."""
    agency: str
    credit: str
    rights: str
    redistribute: bool
    longitude_degrees_east: float
    landing_sol: int
    sol_offset: int
    facts: tuple[Fact, ...]
    events: tuple[MissionEvent, ...]
    devices: tuple[tuple[str, ...], ...]
    """Cameras and instruments: the name, then other names that are used for it."""
    unknown: tuple[str, ...]
    """What was looked for and not found."""
    disagreements: tuple[ProfileDisagreement, ...]
    sha256: str
    """Of the profile's text."""

    def sol(self, utc: datetime) -> int:
        """Number of the local mean solar day."""
        return math.floor(mars_time(utc).mars_sol_date + self.longitude_degrees_east / 360) - self.sol_offset

    def sols(self, when: When) -> tuple[int, int]:
        """First and last sol that the span touches."""
        return self.sol(when.earliest_utc), self.sol(when.latest_utc - timedelta(microseconds=1))

    def event(self, name: str) -> MissionEvent | None:
        """The event of that name."""
        return next((event for event in self.events if event.name == name), None)

    def device(self, words: str) -> str | None:
        """The profile's name of a camera or instrument that these words name, whole and alone."""
        wanted = words.strip().casefold()
        return next((names[0] for names in self.devices if wanted in {name.casefold() for name in names}), None)


def profile_names() -> list[str]:
    """Every mission that has a profile."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


@functools.cache
def load_profile(name: str) -> Profile:
    """The profile of one mission.

    Raises
    ------
    ValueError : there is none of that name, or it breaks a rule; the message names the entry.
    """
    require(name in profile_names(), "mission", name, f"must be one of {', '.join(profile_names())}")
    return read_profile((FOLDER / f"{name}.toml").read_bytes())


def profile_called(words: str) -> Profile | None:
    """The profile of the mission that goes by this name, whatever its case, blanks and hyphens; None: there is none."""
    wanted = _folded(words)
    for name in profile_names():
        profile = load_profile(name)
        if wanted and wanted in map(_folded, (profile.name, profile.title, profile.title_zh or "", *profile.also)):
            return profile
    return None


@functools.cache
def profiles_sha256() -> str:
    """Of the texts of all profiles: it changes where a mission may be found by another name."""
    return hashlib.sha256("".join(load_profile(name).sha256 for name in profile_names()).encode()).hexdigest()


def _folded(words: str) -> str:
    return re.sub(r"[\W_]+", "", words.casefold())


def read_profile(data: bytes) -> Profile:
    """A profile from its text; `load_profile` says what it raises."""
    table = tomllib.loads(data.decode())
    facts = tuple(_facts(table, ""))
    by_name = {fact.name: fact.value for fact in facts}
    for name in ("site.longitude_degrees_east", "sol_rule.landing_sol", "sol_rule.offset"):
        require(name in by_name, name, None, "every profile must give it")
    devices = [*table.get("camera", ()), *table.get("instrument", ())]
    return Profile(
        name=table["name"],
        title=table["title"],
        title_zh=table.get("title_zh"),
        also=tuple(table.get("also", ())),
        agency=table["agency"],
        credit=table["credit"],
        rights=table["rights"],
        redistribute=table["redistribute"],
        longitude_degrees_east=float(by_name["site.longitude_degrees_east"]),
        landing_sol=int(by_name["sol_rule.landing_sol"]),
        sol_offset=int(by_name["sol_rule.offset"]),
        facts=facts,
        events=tuple(_event(entry) for entry in table.get("event", ())),
        devices=tuple((entry["name"], *entry.get("also", ())) for entry in devices),
        unknown=tuple(_unknown(table, "")),
        disagreements=tuple(
            ProfileDisagreement(about=d["about"], says=tuple((s["value"], s["source"]) for s in d["says"]))
            for d in table.get("disagreement", ())
        ),
        sha256=hashlib.sha256(data).hexdigest(),
    )


def _event(entry: dict[str, Any]) -> MissionEvent:
    date = entry["date"]
    return MissionEvent(
        name=entry["name"],
        title=entry["title"],
        title_zh=entry.get("title_zh"),
        when=parse_when(date["value"], precision=date["precision"], zone=date.get("zone")),
        source=date["source"],
        sure=date["sure"],
    )


def _named(table: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every table inside, with its dotted name; one of a list is called by its own name."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield f"{path}{key}", value
        elif isinstance(value, list) and key != "disagreement":
            yield from ((f"{path}{key}.{entry['name']}", entry) for entry in value if isinstance(entry, dict))


def _facts(table: dict[str, Any], path: str) -> Iterator[Fact]:
    for name, entry in _named(table, path):
        if "value" not in entry:
            yield from _facts(entry, f"{name}.")
            continue
        missing = {"value", "precision", "source", "sure"} - entry.keys()
        require(
            not missing and entry.keys() <= FACT_KEYS, name, sorted(entry), "a fact has value, precision, source, sure"
        )
        require(entry["sure"] in ("high", "medium"), f"{name}.sure", entry["sure"], "must be high or medium")
        yield Fact(
            name=name, value=entry["value"], precision=entry["precision"], source=entry["source"], sure=entry["sure"]
        )


def _unknown(table: dict[str, Any], path: str) -> Iterator[str]:
    yield from (f"{path}{name}" for name in table.get("unknown", ()))
    for name, entry in _named(table, path):
        yield from _unknown(entry, f"{name}.")
