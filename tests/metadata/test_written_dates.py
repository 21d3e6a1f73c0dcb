"""Dates are read in the forms in which programs write them; a part that cannot be costs only itself."""

from __future__ import annotations

import pytest

from processors.metadata.evidence_record import EvidenceRecord
from processors.metadata.tag_records import KnownTags, known_from, text_tag
from processors.metadata.written_dates import read_date
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
        ("05/04/2021 07:18:00", "day and month cannot be told apart", "2021"),
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
        ("05/04/2021 07:18:00", "2021", "day and month cannot be told apart"),
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
