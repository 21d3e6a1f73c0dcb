"""Statements of several paths about the same bytes, reduced to what their results can be made by."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from processors.contract import MissionContext, RecordedStart, ReleaseContext, ReleaseWords, T
from processors.mission.when import parse_when

NO_EFFECT = "changed nothing"
NO_CLOCK = "is used for no clock"


@dataclass(frozen=True, kw_only=True)
class Dispute:
    """Statement about the bytes of a file that no result is made by, as another path does not agree."""

    about: str
    effect: str
    """What the statement does, in words."""
    path: int
    """Number of a path that makes the statement, among all."""
    other_path: int
    """Number of a path that does not agree."""
    is_other_silent: bool = False
    """Whether the other path makes no such statement; otherwise it makes another one."""
    label: str | None = None
    """Name of the label that makes the statement; None: release.toml."""


def agreed(every: Sequence[ReleaseContext]) -> ReleaseContext:
    """Return the statements of the first of all paths of the same bytes that the other paths do not contradict.

    A fact about the recording (altitude, still, start, landing site) may be stated at some of the paths only, and
    counts for all of them unless two state different values. Texts and a calibration must be the same at each path.
    Different names of the camera are all kept, as they may be one camera's in two languages.
    """

    @functools.cache
    def by_mission() -> MissionContext:
        said = [one.by_mission() for one in every]
        return replace(
            said[0],
            words=functools.reduce(ReleaseWords.agreed_with, (one.words for one in said)),
            longitude_degrees_east=_only(one.longitude_degrees_east for one in said),
            landing_sol_begins=_only(one.landing_sol_begins for one in said),
        )

    @functools.cache
    def start() -> RecordedStart | None:
        starts = [found for one in every if (found := one.recorded_start())]
        return min(starts, key=_uncertainty, default=None) if _apart_in_time(every) is None else None

    return replace(
        every[0],
        by_mission=by_mission,
        recorded_start=start,
        recorded_by=_cameras(every),
        calibration=every[0].calibration if len({one.calibration for one in every}) == 1 else None,
        altitude=_only(one.altitude for one in every),
        still_seconds=_only(one.still_seconds for one in every),
    )


def disputes(every: Sequence[ReleaseContext], *, has_start: bool) -> Iterator[Dispute]:
    """Yield the statements about the same bytes that `agreed` leaves out, apart from those of a mission.

    Parameters
    ----------
    has_start : whether anything is made by the start of the recording; only then it is compared, as labels are read.
    """
    calibrations = [one.calibration for one in every]
    if any(calibrations) and (pair := _different(dict(enumerate(calibrations)))):
        stated, other = sorted(pair, key=lambda at: calibrations[at] is None)
        is_silent = calibrations[other] is None
        yield Dispute(about="calibration", effect=NO_EFFECT, path=stated, other_path=other, is_other_silent=is_silent)
    pairs = {
        ("altitude", NO_EFFECT): _different(_stated(one.altitude for one in every)),
        ("still_seconds", NO_EFFECT): _different(_stated(one.still_seconds for one in every)),
        ("date", NO_CLOCK): _apart_in_time(every) if has_start else None,
    }
    for (about, effect), pair in pairs.items():
        if pair:
            start = every[pair[0]].recorded_start() if about == "date" else None
            label = start.named_by if start and start.named_by != "release.toml" else None
            yield Dispute(about=about, effect=effect, path=pair[0], other_path=pair[1], label=label)


def _only(values: Iterable[T | None]) -> T | None:
    """Return the stated value if there is only one."""
    found = {value for value in values if value is not None}
    return found.pop() if len(found) == 1 else None


def _stated(values: Iterable[object]) -> dict[int, object]:
    return {at: value for at, value in enumerate(values) if value is not None}


def _different(values: Mapping[int, Any]) -> tuple[int, int] | None:
    """Return the numbers of the first value and of the first that is not equal to it."""
    first = next(iter(values), 0)
    return next(((first, at) for at, value in values.items() if value != values[first]), None)


def _cameras(every: Sequence[ReleaseContext]) -> tuple[str, ...]:
    """Return the names of the camera, each once but for case and blanks, in alphabetical order."""
    names = {tuple(name.casefold().split()): name for one in reversed(every) for name in one.recorded_by}
    return tuple(sorted(names.values()))


def _apart_in_time(every: Sequence[ReleaseContext]) -> tuple[int, int] | None:
    """Return the numbers of two paths whose dates of recording cannot be the same moment; None without such dates."""
    spans = {at: span for at, one in enumerate(every) if (span := _span(one))}
    if not spans:
        return None
    last, first = max(spans, key=lambda at: spans[at][0]), min(spans, key=lambda at: spans[at][1])
    return (min(first, last), max(first, last)) if spans[last][0] >= spans[first][1] else None


def _span(context: ReleaseContext) -> tuple[datetime, datetime] | None:
    """Return the first moment at which a recording may have begun, and the first after it; None without a date.

    It is that of the start, or else of the day or year that the release states.
    """
    return _span_of(start) if (start := context.recorded_start()) else context.recorded_span()


def _span_of(start: RecordedStart) -> tuple[datetime, datetime]:
    when = parse_when(start.utc)
    return when.earliest_utc, when.latest_utc


def _uncertainty(start: RecordedStart) -> float:
    first, last = _span_of(start)
    return (last - first).total_seconds()
