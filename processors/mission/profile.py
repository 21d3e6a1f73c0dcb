"""A mission's facts from its profile, a TOML file next to this one: each with value, precision and source."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from processors.containers.text.toml_file import KeyPath, TomlError, TomlFile
from processors.contract import require
from processors.languages.text import Text
from processors.mission.product_name import NamePattern, ProductName
from processors.mission.time_on_mars import FIRST_YEAR, mars_time
from processors.mission.when import When, parse_when

FOLDER = Path(__file__).parent
FACT_KEYS = {"value", "precision", "source", "sure", "zone"}
PRODUCT_NAME = "product_name"
_NAME_SECTION = re.compile(rb"\n\[product_name\]\n.*?(?=\n\[|\Z)", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Fact:
    name: str
    """Dotted name in the profile: `site.latitude_degrees_north`."""
    value: str | int | float
    precision: str
    source: str
    sure: str
    """Confidence: `high` or `medium`."""


@dataclass(frozen=True, kw_only=True)
class MissionEvent:
    name: str
    title: Text
    when: When
    source: str
    sure: str


@dataclass(frozen=True, kw_only=True)
class ProfileDisagreement:
    """Sources that contradict each other; not resolved."""

    about: str
    says: tuple[tuple[str, str], ...]
    """(statement, source) pairs."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    name: str
    title: Text
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
    """Cameras and instruments: the name, then its other names."""
    unknown: tuple[str, ...]
    """Facts that were sought but not found."""
    disagreements: tuple[ProfileDisagreement, ...]
    product_names: NamePattern | None
    """Names of files in its archive; None if they state nothing."""
    sha256: str
    """SHA-256 of the profile's text without `[product_name]`, in the key of `evidence`: it changes with every fact. The
    key also contains the file name, if the pattern matches it; whoever changes how it is parsed raises the version."""

    def sol(self, utc: datetime) -> int:
        """Return the number of the local mean solar day."""
        return math.floor(mars_time(utc).mars_sol_date + self.longitude_degrees_east / 360) - self.sol_offset

    def sols(self, when: When) -> tuple[int, int] | None:
        """Return the first and last sol that the span touches; None for one that begins before `FIRST_YEAR`."""
        if when.earliest_utc.year < FIRST_YEAR:
            return None
        return self.sol(when.earliest_utc), self.sol(when.latest_utc - timedelta(microseconds=1))

    def event(self, name: str) -> MissionEvent | None:
        return next((event for event in self.events if event.name == name), None)

    @property
    def events_without_time(self) -> tuple[str, ...]:
        """Return the names of events for whose time no source was found: `unknown` has them as `event.NAME`."""
        return tuple(name.removeprefix("event.") for name in self.unknown if name.startswith("event."))

    @property
    def called(self) -> tuple[str, ...]:
        return (self.name, *self.title.values(), *self.also)

    def is_named_in(self, words: str) -> bool:
        """Return True if one of its names is in these words, as whole words: `TIANWEN-1 MISSION`, `祝融号火星车`."""
        return bool(_any_of(self.called).search(words.casefold()))

    def device(self, words: str) -> str | None:
        """Return the profile's name for the camera or instrument that exactly these words name."""
        wanted = words.strip().casefold()
        return next((names[0] for names in self.devices if wanted in {name.casefold() for name in names}), None)


def profile_names() -> list[str]:
    """Return the names of all missions with a profile."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


@functools.cache
def load_profile(name: str) -> Profile:
    """Return the profile of one mission.

    Raises
    ------
    ValueError : no profile has that name, or it is invalid, or another mission's; the message names its line.
    """
    require(name in profile_names(), "mission", name, f"must be one of {', '.join(profile_names())}")
    file = f"{name}.toml"
    profile = read_profile((FOLDER / file).read_bytes(), file)
    if profile.name != name:
        raise ValueError(f"{file}: its name is {profile.name!r}: give the mission the name of its file")
    return profile


def profile_called(words: str) -> Profile | None:
    """Return the profile of the mission with this name, ignoring case, blanks and hyphens, or None."""
    wanted = _folded(words)
    for name in profile_names():
        profile = load_profile(name)
        if wanted and wanted in map(_folded, profile.called):
            return profile
    return None


def profile_named_in(words: str, first: str | None = None) -> Profile | None:
    """Return the profile of the mission with this name, else of the only one that the words name; None without one.

    Parameters
    ----------
    first : mission that is returned wherever the words name it, as they may name others too.
    """
    found = {name: profile for name in profile_names() if (profile := load_profile(name)).is_named_in(words)}
    if first in found:
        return found[first]
    return profile_called(words) or (next(iter(found.values())) if len(found) == 1 else None)


@functools.cache
def _any_of(names: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern of these names in folded words, whatever blanks and hyphens are in them.

    A letter or digit next to a name in Latin letters makes it another one (`Tianwen-10`); Chinese has no blanks.
    """
    spelt = (r"[\W_]*".join(name) for name in map(_folded, names) if name)
    bounded = (rf"(?<![a-z0-9]){one}(?![a-z0-9])" if one.isascii() else one for one in spelt)
    return re.compile("|".join(bounded))


def read_product_name(name: str, first: Profile | None = None) -> ProductName | None:
    """Read a file name as the archives of all missions write them; None for any other name.

    Parameters
    ----------
    first : mission whose pattern is tried before those of others.
    """
    patterns = (first.product_names, *_name_patterns()) if first and first.product_names else _name_patterns()
    return next(filter(None, (pattern.read(name) for pattern in patterns)), None)


@functools.cache
def _name_patterns() -> tuple[NamePattern, ...]:
    return tuple(filter(None, (load_profile(name).product_names for name in profile_names())))


@functools.cache
def profiles_sha256() -> str:
    """Return the SHA-256 of all profiles' texts: it changes with the names by which missions can be found."""
    return hashlib.sha256("".join(load_profile(name).sha256 for name in profile_names()).encode()).hexdigest()


def _folded(words: str) -> str:
    return re.sub(r"[\W_]+", "", words.casefold())


def read_profile(data: bytes, name: str = "profile.toml") -> Profile:
    """Read a profile from its text.

    Raises
    ------
    ValueError : names the file, the line and what is wrong there.
    """
    try:
        file = TomlFile(data)
    except TomlError as error:
        raise ValueError(f"{name}, {error}") from error
    return _Reader(file, name).profile(hashlib.sha256(_NAME_SECTION.sub(b"", data)).hexdigest())


class _Reader:
    """Reader of one profile; errors name the line."""

    def __init__(self, file: TomlFile, name: str) -> None:
        self._file = file
        self._name = name

    def profile(self, sha256: str) -> Profile:
        table = self._file.table
        facts = tuple(self._facts(table, "", ()))
        by_name = {fact.name: fact.value for fact in facts}
        for name in ("site.longitude_degrees_east", "sol_rule.landing_sol", "sol_rule.offset"):
            if not isinstance(by_name.get(name), int | float):
                raise self._wrong(
                    tuple(name.split(".")), f"{name}: missing or not a number; every profile must give it"
                )
        return Profile(
            name=self._text(table, (), "name"),
            title=self._title(table, ()),
            also=tuple(table.get("also", ())),
            agency=self._text(table, (), "agency"),
            credit=self._text(table, (), "credit"),
            rights=self._text(table, (), "rights"),
            redistribute=self._given(table, (), "redistribute", bool, "true or false"),
            longitude_degrees_east=float(by_name["site.longitude_degrees_east"]),
            landing_sol=int(by_name["sol_rule.landing_sol"]),
            sol_offset=int(by_name["sol_rule.offset"]),
            facts=facts,
            events=tuple(self._event(entry, at) for _, entry, at in self._listed(table, "event")),
            devices=tuple(
                (self._text(entry, at, "name"), *entry.get("also", ()))
                for kind in ("camera", "instrument")
                for _, entry, at in self._listed(table, kind)
            ),
            unknown=tuple(self._unknown(table, "", ())),
            disagreements=tuple(
                ProfileDisagreement(
                    about=self._text(entry, at, "about"),
                    says=tuple((self._text(one, at, "value"), self._text(one, at, "source")) for one in entry["says"]),
                )
                for entry, at in _sections(table, "disagreement", ())
            ),
            product_names=self._product_names(table),
            sha256=sha256,
        )

    def _product_names(self, table: dict[str, Any]) -> NamePattern | None:
        if PRODUCT_NAME not in table:
            return None
        at, keys = (PRODUCT_NAME,), tuple(field.name for field in dataclasses.fields(NamePattern))
        entry = self._given(table, (), PRODUCT_NAME, dict, "a section")
        if unknown := entry.keys() - set(keys):
            raise self._wrong((*at, min(unknown)), f"{PRODUCT_NAME}: unknown key {min(unknown)}; use {', '.join(keys)}")
        for key in ("pattern", "example", *entry):
            self._text(entry, at, key)
        try:
            return NamePattern(**entry)
        except ValueError as error:
            key = str(error).partition(":")[0]
            raise self._wrong((*at, key), f"{PRODUCT_NAME}.{error}") from error

    def _event(self, entry: dict[str, Any], at: KeyPath) -> MissionEvent:
        date = self._given(entry, at, "date", dict, "a fact")
        try:
            when = parse_when(date["value"], precision=date["precision"], zone=date.get("zone"))
        except ValueError as error:
            raise self._wrong((*at, "date"), str(error)) from error
        return MissionEvent(
            name=entry["name"], title=self._title(entry, at), when=when, source=date["source"], sure=date["sure"]
        )

    def _facts(self, table: dict[str, Any], path: str, at: KeyPath) -> Iterator[Fact]:
        for name, entry, place in self._named(table, path, at):
            if "value" not in entry:
                yield from self._facts(entry, f"{name}.", place)
                continue
            for key in ("precision", "source", "sure"):
                self._text(entry, place, key)
            if unknown := entry.keys() - FACT_KEYS:
                raise self._wrong(place, f"{name}: unknown key {min(unknown)}; use {', '.join(sorted(FACT_KEYS))}")
            if entry["sure"] not in ("high", "medium"):
                raise self._wrong(place, f"{name}: unknown value of sure ({entry['sure']!r}); use high or medium")
            known = {key: entry[key] for key in ("value", "precision", "source", "sure")}
            yield Fact(name=name, **known)

    def _unknown(self, table: dict[str, Any], path: str, at: KeyPath) -> Iterator[str]:
        yield from (f"{path}{name}" for name in table.get("unknown", ()))
        for name, entry, place in self._named(table, path, at):
            yield from self._unknown(entry, f"{name}.", place)

    def _named(self, table: dict[str, Any], path: str, at: KeyPath) -> Iterator[tuple[str, dict[str, Any], KeyPath]]:
        """Yield every inner table with its dotted name and place; list entries are identified by their own name."""
        for key, value in table.items():
            if isinstance(value, dict):
                yield f"{path}{key}", value, (*at, key)
            elif key != "disagreement":
                for name, entry, place in self._listed(table, key, at):
                    yield f"{path}{key}.{name}", entry, place

    def _listed(
        self, table: dict[str, Any], key: str, at: KeyPath = ()
    ) -> Iterator[tuple[str, dict[str, Any], KeyPath]]:
        for entry, place in _sections(table, key, at):
            yield self._text(entry, place, "name"), entry, place

    def _title(self, table: dict[str, Any], at: KeyPath) -> Text:
        self._text(table, at, "title")
        return Text.of_keys(table, "title")

    def _text(self, table: dict[str, Any], at: KeyPath, key: str) -> str:
        return self._given(table, at, key, str, "text")

    def _given(self, table: dict[str, Any], at: KeyPath, key: str, kind: type, what: str) -> Any:
        if not isinstance(table.get(key), kind):
            inside = "".join(f"{part}." for part in at if isinstance(part, str))
            wrong = f"not {what} ({table[key]!r})" if key in table else "missing"
            raise self._wrong((*at, key), f"{inside}{key}: {wrong}; every profile must give it as {what}")
        return table[key]

    def _wrong(self, at: KeyPath, what: str) -> ValueError:
        return ValueError(f"{self._name}, line {self._file.line(at)}: {what}")


def _sections(table: dict[str, Any], key: str, at: KeyPath) -> Iterator[tuple[dict[str, Any], KeyPath]]:
    entries = table.get(key)
    for number, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            yield entry, (*at, key, number)
