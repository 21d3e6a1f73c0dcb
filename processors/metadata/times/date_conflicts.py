"""Conflicts between dates, sols and solar times of one source."""

from __future__ import annotations

from collections.abc import Iterator

from processors.metadata.label_statements import of_label
from processors.metadata.statements import Contradiction, Statement
from processors.metadata.times.solar_clock import hours_of_clock
from processors.metadata.times.times import Date, Taken
from processors.mission.profile import MissionEvent, Profile
from processors.mission.time_on_mars import format_clock
from processors.mission.when import When

SOLAR_TIMES = {
    "local_true_solar_time": "local_true_solar_time_hours",
    "local_mean_solar_time": "local_mean_solar_time_hours",
}
SOLAR_TIME_APART_HOURS = 0.25
"""Solar times differ from the landing site's by 4 minutes for each degree of longitude that a rover drives."""
SOLAR_LONGITUDE_APART_DEGREES = 1.0
"""Two days on Mars."""


def date_conflicts(
    voices: list[tuple[Date, When]], event: MissionEvent | None, profile: Profile | None
) -> Iterator[Contradiction]:
    spans = [(when, f"{date.written} ({date.zone})", date.source) for date, when in voices]
    if event and profile:
        spans.append((event.when, f"{event.when.written} ({event.when.zone})", f"profile {profile.name}:{event.name}"))
    if any(not a[0].overlaps(b[0]) for n, a in enumerate(spans) for b in spans[:n]):
        yield Contradiction(about="recorded", says=tuple((written, source) for _, written, source in spans))


def sol_conflicts(
    believed: tuple[Date, When] | None, told: tuple[int, str] | None, profile: Profile | None
) -> Iterator[Contradiction]:
    """Yield a conflict if a stated sol is not one of the chosen date's."""
    counted = profile.sols(believed[1]) if believed and profile else None
    if believed and told and profile and counted:
        first, last = counted
        sols = f"{first} to {last}" if first != last else str(first)
        if not first <= told[0] <= last:
            says = ((str(told[0]), told[1]), (sols, f"profile {profile.name} from {believed[0].source}"))
            yield Contradiction(about="sol", says=says)


def solar_conflicts(
    time: Taken | None, statements: tuple[Statement, ...], profile: Profile | None
) -> Iterator[Contradiction]:
    """Yield the solar times and solar longitude of a label that differ from the chosen date's."""
    if time is None:
        return
    for meaning, name in SOLAR_TIMES.items():
        told, hours = of_label(statements, meaning), getattr(time, name)
        written = hours_of_clock(str(told.value)) if told else None
        if told is None or written is None or hours is None or profile is None:
            continue
        apart = abs(written - hours) % 24
        if min(apart, 24 - apart) > SOLAR_TIME_APART_HOURS:
            by_profile = (format_clock(hours), f"profile {profile.name} from {time.source}")
            yield Contradiction(about=meaning.replace("_", " "), says=((str(told.value), told.source), by_profile))
    told, first = of_label(statements, "solar_longitude_degrees"), time.first_solar_longitude_degrees
    last = time.last_solar_longitude_degrees
    if told and isinstance(told.value, float) and first is not None and last is not None:
        span = (last - first) % 360 / 2
        apart = abs((told.value - first - span + 180) % 360 - 180) - span
        if apart > SOLAR_LONGITUDE_APART_DEGREES:
            says = ((f"{told.value}°", told.source), (f"{first:.3f}°", f"computed from {time.source}"))
            yield Contradiction(about="solar longitude", says=says)
