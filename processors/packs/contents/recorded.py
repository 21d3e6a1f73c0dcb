"""Recording time of a source, as its evidence says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from processors.languages.dates import date_in_words
from processors.languages.language import phrase
from processors.languages.text import Text
from processors.mission.when import moment_of
from processors.packs.records.iso_date import iso_date


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """Recording time of a source according to its evidence; a date without a time covers the whole day."""

    written: str
    precision: str
    source: str
    earliest_utc: str
    latest_utc: str
    """First moment after the span."""
    first_sol: int | None
    last_sol: int | None
    solar_longitude_degrees: float | None
    local_true_solar_time_hours: float | None
    is_of_event: bool = False
    """True for the time of the event that it shows, if nothing dates the recording itself."""
    utc: str | None = None
    """Moment, to its precision; None for a day or coarser, or without a time zone."""
    ended_utc: str | None = None
    """End, as a label or product name states it next to this start; None if none does."""

    @property
    def day(self) -> str:
        """Return the date without its time, as written in ISO 8601: `2021-06-16`, `2021-06`, `2021`.

        One written otherwise is that of the middle of its span: the same day wherever it was written.
        """
        if found := re.match(r"\d{4}(-\d\d(-\d\d)?)?(?=T|$)", iso_date(self.written)):
            return found[0]
        first, last = map(moment_of, (self.earliest_utc, self.latest_utc))
        shown = {"year": 4, "month": 7}.get(self.precision, 10)
        return (first + (last - first) / 2).date().isoformat()[:shown]

    @property
    def iso(self) -> str:
        """Return the date as written, in ISO 8601; a moment with the offset of its clock from UTC, wherever stated."""
        written = iso_date(self.written)
        if not self.utc or not re.fullmatch(r"[\d-]{10}T[\d:]{5,8}(\.\d+)?", written):
            return written
        ahead_minutes = round((moment_of(f"{written}Z") - moment_of(self.utc)).total_seconds() / 60)
        if not ahead_minutes:
            return f"{written}Z"
        hours, minutes = divmod(abs(ahead_minutes), 60)
        return f"{written}{'-' if ahead_minutes < 0 else '+'}{hours:02}:{minutes:02}"

    @property
    def is_to_the_day(self) -> bool:
        """Return whether the day is known, and not only the month or the year."""
        return self.precision not in ("year", "month")

    @property
    def in_words(self) -> Text:
        """Return the date in every language, `24 July 2015, 14:41 UTC`, with a note if it is that of the event."""
        written = date_in_words(self.day)
        if self.utc:
            written = phrase("date_utc", date=date_in_words(self.utc[:10]), clock=self.utc[11:16])
        elif found := re.match(r"\d{4}-\d\d-\d\dT(\d\d:\d\d)", iso_date(self.written)):
            written = phrase("date_local", date=written, clock=found[1])
        return phrase("time_of_event", written=written) if self.is_of_event else written


def recorded_of(evidence: Mapping[str, Any] | None) -> Recorded | None:
    """Return the recording time of an evidence record; None if it has none."""
    taken = (evidence or {}).get("taken")
    if not taken or not evidence:
        return None
    dates = [date["written"] for date in evidence["dates"] if date["source"] == taken["source"]]
    return Recorded(
        written=dates[0] if dates else taken["earliest_utc"],
        precision=taken["precision"],
        source=taken["source"],
        earliest_utc=taken["earliest_utc"],
        latest_utc=taken["latest_utc"],
        first_sol=taken["first_sol"],
        last_sol=taken["last_sol"],
        solar_longitude_degrees=taken["first_solar_longitude_degrees"],
        local_true_solar_time_hours=taken["local_true_solar_time_hours"],
        is_of_event=taken.get("is_of_event", False),
        utc=taken.get("utc"),
        ended_utc=_ended(taken, evidence["dates"]),
    )


def _ended(taken: Mapping[str, Any], dates: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the end that belongs to the start: from a voice that gives both, if its start is the one chosen."""
    first, last = taken["earliest_utc"], taken["latest_utc"]
    starts = [one for one in dates if one.get("meaning") == "recorded"]
    agreeing = {_voice(one) for one in starts if one["earliest_utc"] < last and first < one["latest_utc"]}
    ends = (
        one for one in dates if one.get("meaning") == "recording ended" and one["precision"] in ("second", "subsecond")
    )
    return next((one["earliest_utc"] for one in ends if _voice(one) in agreeing), None)


def _voice(date: Mapping[str, Any]) -> str:
    return date["source"].rpartition(":")[0] or date["source"]
