"""Scheduled runs of `prefect.yaml`, and parsing of schedules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from processors.errors import RequestError

FILE = Path(__file__).resolve().parents[2] / "prefect.yaml"
UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, kw_only=True)
class Planned:
    name: str
    entrypoint: str
    """Module and flow, as `flows.deployments.nightly_ingest`."""
    description: str
    parameters: Mapping[str, Any]
    cron: str | None
    """Cron expression; None with `every`, or for a run on demand only."""
    every: timedelta | None
    timezone: str
    is_active: bool


def timetable() -> dict[str, Planned]:
    """Return all scheduled runs, by name.

    Raises
    ------
    RequestError : the file is missing or invalid; the message names it.
    """
    import yaml

    try:
        entries = yaml.safe_load(FILE.read_bytes())["deployments"]
        return {entry["name"]: _planned(entry) for entry in entries}
    except FileNotFoundError as error:
        raise RequestError(f"{FILE}: no such file; run from a checkout, where it is next to README.md") from error
    except (yaml.YAMLError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise RequestError(f"{FILE}: not a list of deployments: {error}") from error


def _planned(entry: Mapping[str, Any]) -> Planned:
    file, _, flow = entry["entrypoint"].partition(":")
    (schedule,) = entry.get("schedules") or [{}]
    planned = Planned(
        name=entry["name"],
        entrypoint=f"{file.removesuffix('.py').replace('/', '.')}.{flow}",
        description=entry.get("description", ""),
        parameters=entry.get("parameters", {}),
        cron=None,
        every=None,
        timezone=schedule.get("timezone", "UTC"),
        is_active=schedule.get("active", True),
    )
    return rescheduled(planned, schedule["cron"]) if "cron" in schedule else planned


def rescheduled(planned: Planned, words: str) -> Planned:
    """Return the run with another schedule: five cron fields, `every 30 min`, or `never`.

    Raises
    ------
    RequestError : the schedule or the time zone is invalid.
    """
    from prefect.client.schemas.schedules import CronSchedule

    where = f"{planned.name}={words}"
    if words == "never":
        return replace(planned, cron=None, every=None, is_active=False)
    try:
        ZoneInfo(planned.timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise RequestError(
            f"{planned.name}: {planned.timezone}: no such time zone; use a name such as Asia/Shanghai"
        ) from error
    if found := re.fullmatch(r"every (\d{1,6}) ?(s|min|h|d)", words):
        every = timedelta(seconds=int(found[1]) * UNITS[found[2]])
        if every.total_seconds() < 1:
            raise RequestError(f"{where}: not a schedule: the shortest interval is 1 s")
        return replace(planned, cron=None, every=every, is_active=True)
    try:
        is_cron = len(words.split()) == 5 and bool(CronSchedule(cron=words))
    except ValueError:
        is_cron = False
    if not is_cron:
        raise RequestError(
            f"{where}: not a schedule; write five cron fields as '0 2 * * *', or 'every 6 h', or 'never'"
        )
    return replace(planned, cron=words, every=None)


def with_overrides(planned: Mapping[str, Planned], words: tuple[str, ...]) -> dict[str, Planned]:
    """Return the timetable with the schedules that `NAME=SCHEDULE` words override; raises as `rescheduled`."""
    new = dict(planned)
    for word in words:
        name, _, schedule = word.partition("=")
        if name not in new:
            raise RequestError(f"{word}: no scheduled run is called {name!r}; use one of {', '.join(new)}")
        new[name] = replace(rescheduled(new[name], schedule), is_active=schedule != "never")
    return new
