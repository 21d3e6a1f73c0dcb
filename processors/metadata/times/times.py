"""Recording time of a source: all given dates, the chosen one, and its equivalent on Mars."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Literal

from processors.metadata.tags.label import found
from processors.metadata.tags.tag_records import Tag
from processors.metadata.times.unset_dates import EAST, WEST, clock_at_zero, holds_a_date, is_blank, with_time_beside
from processors.metadata.times.written_dates import read_date
from processors.mission.product_name import ProductName
from processors.mission.profile import MissionEvent, Profile
from processors.mission.time_on_mars import ACCURACY_SECONDS, FIRST_YEAR, mars_time
from processors.mission.when import BEIJING, When

Meaning = Literal["recorded", "recording ended", "collection began", "file written", "released"]


@dataclass(frozen=True, kw_only=True)
class Date:
    """One date as given."""

    meaning: Meaning
    written: str
    precision: str
    zone: str
    earliest_utc: str
    latest_utc: str
    """End of the span (exclusive)."""
    source: str


@dataclass(frozen=True, kw_only=True)
class Taken:
    """Time of recording. Times of day are None if only a day or a span is known."""

    precision: str
    zone: str
    earliest_utc: str
    latest_utc: str
    utc: str | None
    beijing: str | None
    beijing_days: tuple[str, ...]
    """Every day in Beijing that the span touches; none for a span of two weeks or more."""
    first_sol: int | None
    last_sol: int | None
    first_solar_longitude_degrees: float | None
    last_solar_longitude_degrees: float | None
    """Solar longitude at the end of the span; None, like all times on Mars, for a date before 1972."""
    local_mean_solar_time_hours: float | None
    local_true_solar_time_hours: float | None
    mars_time_accuracy_seconds: int | None
    source: str
    is_of_event: bool = False
    """True if nothing dates the recording itself, so that this is the time of the mission's event that it shows."""


RECORDED_TAGS = (
    ("exif", "DateTimeOriginal", "OffsetTimeOriginal"),
    ("xmp", "exif:DateTimeOriginal", ""),
    ("xmp", "photoshop:DateCreated", ""),
    ("container", "com.apple.quicktime.creationdate", ""),
    ("container", "DATE_RECORDED", ""),
    ("guano", "Timestamp", ""),
    ("wamd", "Timestamp", ""),
)
WRITTEN_TAGS = (
    ("exif", "DateTimeDigitized", "OffsetTimeDigitized"),
    ("exif", "DateTime", "OffsetTime"),
    ("xmp", "xmp:CreateDate", ""),
    ("xmp", "xmp:ModifyDate", ""),
    ("container", "creation_time", ""),
    ("container", "date", ""),
    ("container", "DATE", ""),
    ("container", "DATE_DIGITIZED", ""),
    ("container", "DATE_ENCODED", ""),
    ("ape", "Year", ""),
    ("png", "Creation Time", ""),
)
DIGITIZED_TAGS = {
    ("exif", "DateTimeOriginal"): ("exif", "DateTimeDigitized", "OffsetTimeDigitized"),
    ("xmp", "exif:DateTimeOriginal"): ("xmp", "xmp:CreateDate", ""),
}
"""Tags read as the time of recording if its own tag holds an impossible date, or one of which only a part is valid."""


def stamp(moment: datetime) -> str:
    """Format as ISO 8601 with the time zone; whole seconds if there is no fraction."""
    return moment.isoformat().replace("+00:00", "Z")


def stamp_of(when: When, zone: tzinfo = UTC) -> str:
    """Format the start of a span in a time zone, as `stamp` does; a leap second is second 60."""
    text = stamp(when.earliest_utc.astimezone(zone))
    return re.sub(r":59(?=[Z.+-])", ":60", text, count=1) if when.is_leap_second and when.zone_known else text


def moment_written(when: When) -> str:
    """Format a time with its known precision: to the minute, or as `stamp_of` does."""
    return f"{when.earliest_utc:%Y-%m-%dT%H:%MZ}" if when.precision == "minute" else stamp_of(when)


def dates_of_file(tags: Iterable[Tag], problems: list[str], voice: str = "file") -> Iterator[tuple[Date, When]]:
    """Yield the dates in the tags of a file or of the XMP sidecar `voice`; invalid ones go to `problems`."""
    by_place = {(tag.namespace, tag.name): tag.value for tag in tags}
    written = {f"{namespace}:{name}": str(value) for (namespace, name), value in by_place.items()}
    for meaning, places in (("recorded", RECORDED_TAGS), ("file written", WRITTEN_TAGS)):
        for namespace, name, offset in places:
            value = by_place.get((namespace, name))
            source = f"{voice}:{namespace}:{name}"
            if not isinstance(value, str) or is_blank(value):
                continue
            if not _was_never_set(with_time_beside(f"{namespace}:{name}", value, written), source, problems):
                text = _with_part_of_second(
                    value.strip(), by_place.get((namespace, name.replace("DateTime", "SubsecTime")))
                )
                text += _offset(by_place.get((namespace, offset)), source, problems)
                read = _read(meaning, text, source)  # type: ignore[arg-type]
                beside = DIGITIZED_TAGS.get((namespace, name)) if read.fault else None
                other = _in_place_of(read, by_place, beside, voice) if beside else None
                problems += read.problems(other)
                yield from (*read.dates, *(other.dates if other else ()))
    yield from _dates_in_two_parts(written, problems)
    yield from _date_of_gps(by_place, problems)


def _was_never_set(text: str, source: str, problems: list[str]) -> bool:
    """Return whether a date is the zero of a clock; if so, add that to `problems`."""
    clock = clock_at_zero(text)
    if clock:
        problems.append(f"{source}: {text.strip()} is where the clock of {clock} begins, so it was never set: no date")
    return clock is not None


def _dated_by_clock(
    text: str, source: str, problems: list[str], *, zone: str | None = None
) -> Iterator[tuple[Date, When]]:
    """Yield the date of recording if the clock was set."""
    if not _was_never_set(text, source, problems):
        yield from dated("recorded", text, source, problems, zone=zone)


def _in_place_of(
    wrong: _Read, by_place: Mapping[tuple[str, str], object], beside: tuple[str, str, str], voice: str
) -> _Read | None:
    """Return the date of digitisation in place of an invalid date of recording: cameras write the same into both.

    It must be within the valid part of that, if there is one.
    """
    namespace, name, offset = beside
    value = by_place.get((namespace, name))
    if not isinstance(value, str) or not holds_a_date(value):
        return None
    source = f"{voice}:{namespace}:{name}"
    text = _with_part_of_second(value.strip(), by_place.get((namespace, name.replace("DateTime", "SubsecTime"))))
    read = _read("recorded", text + _offset(by_place.get((namespace, offset)), source, []), source)
    return read if read.may_replace(wrong) else None


def _with_part_of_second(text: str, digits: object) -> str:
    """Append the fraction of a second, which Exif stores in a separate tag, SubSecTime (Exif 2.32, 4.6.6)."""
    part = str(digits).strip(" \x00") if isinstance(digits, str | int) else ""
    return f"{text}.{part}" if part.isdecimal() and re.search(r":\d{2}:\d{2}$", text) else text


def _offset(written: object, source: str, problems: list[str]) -> str:
    """Return a valid Exif time zone; an empty text for blanks (unknown) and for a malformed one."""
    text = written.strip(" \x00") if isinstance(written, str) else ""
    zone = re.fullmatch(r"Z|([+-])(\d{2}):?([0-5]\d)", text)
    if zone:
        ahead = timedelta(hours=int(zone[2] or 0), minutes=int(zone[3] or 0)) * (-1 if zone[1] == "-" else 1)
        if WEST <= ahead <= EAST:
            return text
    if text.strip(" :"):
        problems.append(f"{source}: its time zone {text!r} is not like +08:00; the date is read without a zone")
    return ""


def _date_of_gps(by_place: Mapping[tuple[str, str], object], problems: list[str]) -> Iterator[tuple[Date, When]]:
    """Yield the time of a GPS receiver, in UTC (Exif 2.32, 4.6.7: GPSDateStamp and GPSTimeStamp)."""
    day, clock = by_place.get(("exif.gps", "GPSDateStamp")), by_place.get(("exif.gps", "GPSTimeStamp"))
    if not isinstance(day, str) or not holds_a_date(day) or not isinstance(clock, list) or len(clock) != 3:
        return
    parts = [part for part in clock if isinstance(part, int | float)]
    if len(parts) == 3 and all(0 <= part < 100 for part in parts):
        text = f"{day.strip()} {int(parts[0]):02d}:{int(parts[1]):02d}:{int(parts[2]):02d}Z"
        yield from _dated_by_clock(text, "file:exif.gps:GPSDateStamp", problems, zone="UTC")


def _dates_in_two_parts(written: Mapping[str, str], problems: list[str]) -> Iterator[tuple[Date, When]]:
    """Yield dates in two tags: `YYYYMMDD`, `HHMMSS+HHMM` (IPTC IIM 4.2); `YYYY-MM-DD`, `HH:MM:SS` (EBU Tech 3285)."""
    written_day = written.get("iptc:DateCreated", "").strip()
    day = re.fullmatch(r"(\d{4})(\d{2})(\d{2})", written_day)
    if not day and not is_blank(written_day):
        yield from _dated_by_clock(written_day, "file:iptc:DateCreated", problems)
    if day and day[1] != "0000":
        # the standard writes 00 for a month or a day that is not known
        date = "-".join(itertools.takewhile(lambda part: part != "00", day.groups()))
        time = re.fullmatch(r"(\d{2})(\d{2})(\d{2})([+-]\d{4})?", written.get("iptc:TimeCreated", "").strip())
        if not time:
            _tell_time(written, "iptc:TimeCreated", "071800+0800", problems)
        clock = f"T{time[1]}:{time[2]}:{time[3]}{time[4] or ''}" if time and len(date) == 10 else ""
        yield from _dated_by_clock(date + clock, "file:iptc:DateCreated", problems)
    day_of_sound = written.get("bext:OriginationDate", "").strip()
    if day_of_sound.strip(" :-0\x00"):
        text = with_time_beside("bext:OriginationDate", day_of_sound, written)
        if text == day_of_sound:
            _tell_time(written, "bext:OriginationTime", "07:18:00", problems)
        yield from _dated_by_clock(text, "file:bext:OriginationDate", problems)


def _tell_time(written: Mapping[str, str], place: str, usual: str, problems: list[str]) -> None:
    """Add to `problems` a time of day that is not read, unless it is blank."""
    text = written.get(place, "").strip(" :-\x00")
    if text:
        problems.append(f"file:{place}: time is {text!r}: must be like {usual}; the date is read without it")


LABEL_KEYS: dict[Meaning, tuple[tuple[str, ...], ...]] = {
    "recorded": (("start_date_time", "start_time"), ("image_time",), ("observation_time",)),
    "recording ended": (("stop_date_time", "stop_time"),),
}


def dates_of_label(tags: tuple[Tag, ...], name: str, problems: list[str]) -> Iterator[tuple[Date, When]]:
    """Yield start and stop of the observation, in UTC as in PDS; an invalid entry gives way to the next of its day."""
    for meaning, keys in LABEL_KEYS.items():
        entries = filter(None, (found(tags, *names) for names in keys))
        reads = [_read(meaning, str(tag.value), f"label {name}:{tag.name}", zone="UTC") for tag in entries]
        partly = next((read for read in reads if read.when), None)
        good = next((read for read in reads if read.may_replace(partly)), None)
        wrong = [read for read in reads[: reads.index(good) if good else None] if read.fault]
        for read in wrong:
            problems += read.problems(good if read is wrong[-1] else None)
        chosen = good or partly
        yield from chosen.dates if chosen else ()


def dates_of_name(name: ProductName | None) -> Iterator[tuple[Date, When]]:
    """Yield start and stop in a product name."""
    if name and name.start:
        yield _date("recorded", name.start, "file name"), name.start
    if name and name.stop:
        yield _date("recording ended", name.stop, "file name"), name.stop


def dates_of_release(
    head: Mapping[str, Any], file: Mapping[str, Any], problems: list[str]
) -> Iterator[tuple[Date, When]]:
    """Yield the date in the file's entry, and the day of the release."""
    if isinstance(date := file.get("date"), str):
        precision, zone = file.get("date_precision"), file.get("date_zone")
        yield from dated(
            "recorded",
            date,
            "release.toml:date",
            problems,
            precision=str(precision) if precision else None,
            zone=str(zone) if zone else None,
        )
    if isinstance(released := head.get("released"), str):
        yield from dated("released", released, "release.toml:released", problems)


def date_of_event(event: MissionEvent, profile: Profile) -> tuple[Date, When]:
    """Return the moment of a mission's event as the date of a recording that shows it, no more precise than known."""
    return _date("recorded", event.when, f"profile {profile.name}:{event.name}"), event.when


def dated(
    meaning: Meaning,
    text: str,
    source: str,
    problems: list[str],
    *,
    precision: str | None = None,
    zone: str | None = None,
) -> Iterator[tuple[Date, When]]:
    """Yield one date, or its valid part; an invalid part is added to `problems`."""
    read = _read(meaning, text, source, precision=precision, zone=zone)
    problems += read.problems()
    yield from read.dates


@dataclass(frozen=True, kw_only=True)
class _Read:
    """A date as it was read."""

    meaning: Meaning
    source: str
    when: When | None
    """The date, or its valid part; None without one."""
    fault: str | None
    """What is wrong with it; None if nothing is."""

    @property
    def dates(self) -> tuple[tuple[Date, When], ...]:
        return ((_date(self.meaning, self.when, self.source), self.when),) if self.when else ()

    def problems(self, in_its_place: _Read | None = None) -> tuple[str, ...]:
        """Return what is wrong in a sentence, with the date that is read in its place; nothing without a fault."""
        other = f"; {in_its_place.source} is read in its place" if in_its_place else ""
        return (f"{self.source}: {self.fault}{other}",) if self.fault else ()

    def may_replace(self, wrong: _Read | None) -> bool:
        """Return whether it is whole, and can mean the valid part of a wrong one."""
        if self.when is None or self.fault:
            return False
        return wrong is None or wrong.when is None or wrong.when.overlaps(self.when)


def _read(meaning: Meaning, text: str, source: str, *, precision: str | None = None, zone: str | None = None) -> _Read:
    when, fault = read_date(text, precision=precision, zone=zone)
    return _Read(meaning=meaning, source=source, when=when, fault=fault)


def _date(meaning: Meaning, when: When, source: str) -> Date:
    return Date(
        meaning=meaning,
        written=when.written,
        precision=when.precision,
        zone=when.zone,
        earliest_utc=stamp_of(when),
        latest_utc=stamp(when.latest_utc),
        source=source,
    )


def taken(when: When, source: str, profile: Profile | None, event: When | None = None) -> Taken:
    """Return a date in the times of both planets; before 1972 in those of Earth alone.

    Parameters
    ----------
    event : the moment of the mission's event that is shown; one within the date says on which sol it was.
    """
    last = when.latest_utc - timedelta(microseconds=1)
    begins = ends = None
    if when.earliest_utc.year >= FIRST_YEAR:
        begins = mars_time(when.earliest_utc, profile.longitude_degrees_east if profile else 0.0)
        ends = mars_time(last)
    local = begins if when.instant and profile else None
    instant = when.instant
    is_narrower = event is not None and when.earliest_utc <= event.earliest_utc and event.latest_utc <= when.latest_utc
    sols = profile.sols(event if event and is_narrower else when) if profile else None
    first_sol, last_sol = sols or (None, None)
    return Taken(
        precision=when.precision,
        zone=when.zone,
        earliest_utc=stamp_of(when),
        latest_utc=stamp(when.latest_utc),
        utc=stamp_of(when) if instant else None,
        beijing=stamp_of(when, BEIJING) if instant else None,
        beijing_days=_beijing_days(when.earliest_utc, last),
        first_sol=first_sol,
        last_sol=last_sol,
        first_solar_longitude_degrees=round(begins.solar_longitude_degrees, 5) if begins else None,
        last_solar_longitude_degrees=round(ends.solar_longitude_degrees, 5) if ends else None,
        local_mean_solar_time_hours=round(local.local_mean_solar_time_hours, 5) if local else None,
        local_true_solar_time_hours=round(local.local_true_solar_time_hours, 5) if local else None,
        mars_time_accuracy_seconds=ACCURACY_SECONDS if begins else None,
        source=source,
    )


def _beijing_days(first: datetime, last: datetime) -> tuple[str, ...]:
    """Return every day in Beijing from one moment to another; none for two weeks or more."""
    if last - first >= timedelta(weeks=2):
        return ()
    begin, end = (moment.astimezone(BEIJING).toordinal() for moment in (first, last))
    return tuple(str(date.fromordinal(day)) for day in range(begin, end + 1))
