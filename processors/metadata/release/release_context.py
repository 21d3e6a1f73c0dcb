"""Statements of the release about one source, as processors need them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from processors.contract import LabelRef, MissionContext, RecordedStart, ReleaseContext, ReleaseWords
from processors.json_records import as_json, canonical_json
from processors.languages.text import FALLBACK, Text
from processors.metadata.other_mission import OtherMission
from processors.metadata.times.times import dates_of_release, moment_written
from processors.mission.mission_time import landing_sol_begins
from processors.mission.profile import Profile, load_profile
from processors.mission.release_statements import mission_of_file, said_of_all, said_unless_of_another_mission
from processors.mission.when import When


def release_context(
    head: Mapping[str, Any],
    entry: Mapping[str, Any] | None,
    *,
    labels: tuple[LabelRef, ...] = (),
    fault: str | None = None,
    name: str | None = None,
    is_labelled: bool = False,
    read_other: Callable[[], OtherMission | None] = lambda: None,
    start_of_labels: Callable[[], RecordedStart | None] = lambda: None,
) -> ReleaseContext:
    """Combine the statements of release.toml and the labels about a file.

    Parameters
    ----------
    entry : the file's entry in release.toml; None without one.
    fault : the mistake in release.toml that keeps the entry from being read.
    is_labelled : whether a label is next to the file or inside it.
    read_other : reads the mission that a label names against that of all files, whose statements then do not count;
        called only for what depends on it.
    start_of_labels : reads the start from the labels; called only if the release names no moment.
    """
    words = {} if fault else entry or {}
    mission = mission_of_file(head, words)

    @functools.cache
    def by_mission() -> MissionContext:
        other = read_other()
        profile = other.profile if other else load_profile(mission) if mission else None
        return MissionContext(
            unsettled_mission=other.words if other else None,
            words=_words(head, words, profile, is_of_other=other is not None),
            longitude_degrees_east=profile.longitude_degrees_east if profile else None,
            landing_sol_begins=landing_sol_begins(profile.name) if profile else None,
        )

    def start() -> RecordedStart | None:
        moments = [when for _, when in dates_of_release({}, words, []) if when.instant]
        return RecordedStart(utc=moment_written(moments[0]), named_by="release.toml") if moments else start_of_labels()

    def span() -> tuple[datetime, datetime] | None:
        dates = (when for _, when in dates_of_release({}, words, []))
        return next(((when.earliest_utc, when.latest_utc) for when in dates), None)

    return ReleaseContext(
        release=canonical_json(as_json({"head": head, **({"file": entry} if entry is not None else {})})).decode(),
        labels=labels,
        mission=mission,
        is_labelled=is_labelled,
        fault=fault,
        name=name,
        recorded_by=(str(name),) if (name := (entry or {}).get("recorded_by")) else (),
        altitude=_altitude(words),
        still_seconds=float(words["still_seconds"]) if "still_seconds" in words else None,
        by_mission=by_mission,
        recorded_start=start,
        recorded_span=span,
    )


def _words(
    head: Mapping[str, Any], entry: Mapping[str, Any], mission: Profile | None, *, is_of_other: bool
) -> ReleaseWords:
    of_all = said_unless_of_another_mission(head, entry) if is_of_other else said_of_all(head, entry)
    of_mission = mission and (mission.credit or mission.agency)
    told = (entry.get("credit"), of_all.get("credit"), entry.get("agency"), of_all.get("agency"), of_mission)
    dates = [_date_words(date.written, when) for date, when in dates_of_release({}, entry, [])]
    if not dates and mission and not is_of_other and (event := mission.event(str(entry.get("event")))):
        dates = [f"{_date_words(event.when.written, event.when)} ({event.name})"]
    return ReleaseWords(
        title=Text.of_keys(entry, "title").best() or "",
        release_title=Text.of_keys(head, "title").best() or "",
        credit=next((str(one) for one in told if one), ""),
        mission=mission.title[FALLBACK] if mission else "",
        date=dates[0] if dates else "",
    )


def _date_words(written: str, when: When) -> str:
    if when.instant:
        return moment_written(when)
    return written[: {"year": 4, "month": 7, "day": 10}.get(when.precision, len(written))]


def _altitude(words: Mapping[str, Any]) -> tuple[float, float, int] | None:
    if "altitude_shot" not in words:
        return None
    return float(words["altitude_metres"]), float(words["field_of_view_degrees"]), int(words["altitude_shot"])
