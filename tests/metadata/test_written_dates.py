"""Dates are read in the forms in which programs write them; a part that cannot be costs only itself."""

from __future__ import annotations

import pytest

from processors.metadata.evidence_record import EvidenceRecord
from processors.metadata.tags.tag_records import KnownTags, known_from, text_tag
from processors.metadata.times.times import dates_of_file
from processors.metadata.times.written_dates import read_date
from processors.mission.when import parse_when
from tests.metadata.test_dates import tags_of
from tests.metadata.test_evidence import evidence


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("21/05/2021 07:18:00", "2021-05-21 07:18:00"),
        ("5/21/2021 7:18:00", "2021-05-21 07:18:00"),
        ("21.05.2021", "2021-05-21"),
        ("03.05.2021 07:18", "2021-05-03 07:18"),
        ("05/05/2021", "2021-05-05"),
        ("21-MAY-2021 07:18:00", "2021-05-21 07:18:00"),
        ("Fri, 21 May 2021 07:18:00 GMT", "2021-05-21 07:18:00Z"),
        ("Fri, 21 May 2021 07:18:00 +0800", "2021-05-21 07:18:00 +0800"),
        ("Fri May 21 07:18:00 2021", "2021-05-21 07:18:00"),
        ("May 1, 2021", "2021-05-01"),
        ("2021:5:1 7:18:00", "2021-05-01 07:18:00"),
        ("2021: 5: 1  7:18:00", "2021-05-01 07:18:00"),
        ("2021年05月21日 07:18", "2021-05-21 07:18"),
        ("2021:05:21 07:18:00", "2021:05:21 07:18:00"),
    ],
)
def test_days_in_any_clear_order_are_read(written: str, read: str) -> None:
    when, wrong = read_date(written)
    assert (when, wrong) == (parse_when(read), None)
    assert when is not None
    assert when.written == read


@pytest.mark.parametrize(
    ("written", "why", "read"),
    [
        ("05/04/2021 07:18:00", "day and month cannot be distinguished", "2021"),
        ("31/02/2021", "no such date: day is out of range for month", None),
        ("41/52/2021", "no such day", "2021"),
        ("21/05/2021 24:00:00", "no such date: hour must be in 0..23", "2021-05-21"),
        (
            "2021:05:15 07:18:00 PM",
            "must be like 2021-06-16, 2021-05-22T02:40Z or 2021-05-22T10:40+08:00",
            "2021:05:15",
        ),
    ],
)
def test_what_is_not_clear_is_named_and_the_rest_is_read(written: str, why: str, read: str | None) -> None:
    when, wrong = read_date(written)
    assert wrong == f"date is {written!r}: {why}" + (f"; read as {read}" if read else "")
    assert (when and when.written) == read


@pytest.mark.parametrize("fraction", ["1", "123456", "12345678", "123456789", "20210515", "1234567890123"])
@pytest.mark.parametrize("day", ["2021-05-15", "2021-135", "20210515"])
def test_a_fraction_of_any_length_keeps_the_time_of_day(day: str, fraction: str) -> None:
    when, wrong = read_date(f"{day}T07:18:00.{fraction}", zone="UTC")
    assert wrong is None
    assert when is not None
    assert (f"{when.earliest_utc:%Y-%m-%dT%H:%M:%S}", when.precision) == ("2021-05-15T07:18:00", "subsecond")
    assert when.earliest_utc.microsecond == int(fraction[:6].ljust(6, "0"))


@pytest.mark.parametrize("text", ["2021", "2021-05", "2021-05-15", "2021-135", "20210515"])
def test_a_year_a_month_or_a_day_in_utc_is_read(text: str) -> None:
    assert (parse_when(f"{text}Z").earliest_utc, parse_when(f"{text}Z").zone) == (
        parse_when(text, zone="UTC").earliest_utc,
        "UTC",
    )


def told(original: str, digitized: str) -> tuple[EvidenceRecord, KnownTags, list[str]]:
    tags, problems = tags_of(DateTimeOriginal=original, DateTimeDigitized=digitized), list[str]()
    known = known_from(tags, problems)
    written = (("exif", "DateTimeOriginal", original), ("exif", "DateTimeDigitized", digitized))
    return evidence(tags=written, mission=None), known, problems


@pytest.mark.parametrize(
    ("original", "day", "why"),
    [
        ("2021:05:15 24:00:00", "2021:05:15", "no such date: hour must be in 0..23"),
        ("2021:05:15 07:60:61", "2021:05:15", "no such date: minute must be in 0..59"),
        ("05/04/2021 07:18:00", "2021", "day and month cannot be distinguished"),
    ],
)
def test_a_wrong_time_of_day_costs_itself_and_no_other_date_takes_its_place(original: str, day: str, why: str) -> None:
    record, known, (problem,) = told(original, "2020:01:02 03:04:05")
    assert known.created is not None
    assert (known.created.value, known.created.source) == (day, "exif:DateTimeOriginal")
    assert problem == f"exif:DateTimeOriginal: date is {original!r}: {why}; read as {day}"
    assert record.problems == (f"file:{problem}",)
    assert record.taken is not None
    assert (record.taken.source, record.taken.precision) == (
        "file:exif:DateTimeOriginal",
        "year" if day == "2021" else "day",
    )


def test_a_date_of_digitisation_on_the_same_day_says_the_time() -> None:
    record, known, _ = told("2021:05:15 24:00:00", "2021:05:15 07:18:00")
    assert known.created is not None
    assert known.created.value == "2021:05:15"
    assert record.taken is not None
    assert (record.taken.source, record.taken.precision) == ("file:exif:DateTimeDigitized", "second")
    (problem,) = record.problems
    assert problem.endswith("; read as 2021:05:15; file:exif:DateTimeDigitized is read in its place")


def test_a_date_in_another_order_is_the_date_of_recording() -> None:
    record, known, problems = told("21/05/2021 07:18:00", "2020:01:02 03:04:05")
    assert (problems, record.problems) == ([], ())
    assert record.taken is not None
    assert (record.taken.source, record.taken.earliest_utc) == ("file:exif:DateTimeOriginal", "2021-05-20T17:18:00Z")
    assert known.created is not None
    assert (known.created.value, known.created.source) == ("2021-05-21 07:18:00", "exif:DateTimeOriginal")


def test_a_text_that_is_no_date_gives_way_to_another_with_a_word() -> None:
    record, known, (problem,) = told("last spring", "2020:01:02 03:04:05")
    assert record.taken is not None
    assert known.created is not None
    assert (record.taken.source, known.created.source) == ("file:exif:DateTimeDigitized", "exif:DateTimeDigitized")
    assert record.problems == (f"file:{problem}; file:exif:DateTimeDigitized is read in its place",)


def test_the_creation_time_that_png_recommends_is_read() -> None:
    created = known_from((text_tag("png", "Creation Time", "Fri, 21 May 2021 07:18:00 GMT"),)).created
    assert created is not None
    assert created.value == "2021-05-21 07:18:00Z"


@pytest.mark.parametrize("written", ["01/01/1970 00:00:00", "Thu Jan 1 00:00:00 1970", "1904年01月01日 00:00:00"])
def test_the_zero_of_a_clock_is_known_in_any_order(written: str) -> None:
    assert known_from(tags_of(DateTimeOriginal=written)).created is None


@pytest.mark.parametrize(("day", "is_same"), [("2021-06-01", True), ("2020-01-02", False)])
def test_only_another_time_of_the_same_day_takes_the_place_of_a_labels_wrong_time(day: str, is_same: bool) -> None:
    label = f"PDS_VERSION_ID = PDS3\nSTART_TIME = 2021-06-01T24:30:00\nIMAGE_TIME = {day}T03:01:00\nEND\n"
    record = evidence(labels={"a.lbl": label.encode()}, mission=None)
    assert record.taken is not None
    assert (record.taken.earliest_utc, record.taken.precision) == (
        ("2021-06-01T03:01:00Z", "second") if is_same else ("2021-06-01T00:00:00Z", "day")
    )
    (problem,) = record.problems
    why = "no such date: hour must be in 0..23; read as 2021-06-01"
    instead = "; label a.lbl:IMAGE_TIME is read in its place" if is_same else ""
    assert problem == f"label a.lbl:START_TIME: date is '2021-06-01T24:30:00': {why}{instead}"


@pytest.mark.parametrize(
    ("place", "day", "time", "problem"),
    [
        ("iptc:DateCreated", "20210515", "071800+0800", None),
        ("iptc:DateCreated", "20210515", "7h18", "iptc:TimeCreated: time is '7h18': must be like 071800+0800"),
        ("iptc:DateCreated", "2021-05-15", "", None),
        ("iptc:DateCreated", "15/05/2021", "", None),
        ("iptc:DateCreated", "20210532", "", "iptc:DateCreated: date is '2021-05-32': no such date"),
        ("iptc:DateCreated", "in May", "", "iptc:DateCreated: date is 'in May': must be like "),
        ("bext:OriginationDate", "2021-05-15", "07:18:00", None),
        ("bext:OriginationDate", "2021-05-15", "", None),
        ("bext:OriginationDate", "2021-05-15", "7 h", "bext:OriginationTime: time is '7 h': must be like 07:18:00"),
    ],
)
def test_a_date_in_two_parts_loses_no_part_without_a_word(place: str, day: str, time: str, problem: str | None) -> None:
    namespace, name = place.split(":")
    tags = (text_tag(namespace, name, day), text_tag(namespace, "TimeCreated" if time else "x", time))
    if namespace == "bext":
        tags = (tags[0], text_tag(namespace, "OriginationTime", time))
    problems: list[str] = []
    found = list(dates_of_file(tags, problems))
    assert [date.precision for date, _ in found] == (
        [] if problem and name in problem else ["second" if time and not problem else "day"]
    )
    assert [one[: len(problem or "") + 5] for one in problems] == ([f"file:{problem}"] if problem else [])
