"""What is wrong with a date costs only what is wrong; the rest is read."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from flows.cli.printing.print_evidence import evidence_lines
from processors.json_records import as_json
from processors.metadata.evidence_record import EvidenceFacts
from processors.metadata.tags.container import read_container
from processors.metadata.tags.tag_records import Tag, known_from, text_tag
from processors.metadata.times.times import dates_of_file
from processors.mission.time_on_mars import format_clock
from processors.mission.when import parse_when
from tests.metadata.test_evidence import evidence


def tags_of(**values: object) -> tuple[Tag, ...]:
    return tuple(Tag(namespace="exif", name=name, value=value) for name, value in values.items())  # type: ignore[arg-type]


def dates(*tags: Tag) -> tuple[list[tuple[str, str, str]], list[str]]:
    """(earliest, precision, zone) of each, and the problems."""
    problems: list[str] = []
    found = [(date.earliest_utc, date.precision, date.zone) for date, _ in dates_of_file(tags, problems)]
    return found, problems


@pytest.mark.parametrize("offset", ["   :  ", "      ", ":", "", "\0\0\0\0\0\0"])
def test_an_offset_that_is_not_known_costs_no_date(offset: str) -> None:
    found, problems = dates(*tags_of(DateTimeOriginal="2021:05:15 07:18:00", OffsetTimeOriginal=offset))
    assert found == [("2021-05-14T17:18:00Z", "second", "unknown")]
    assert problems == []


def test_each_date_has_its_own_offset() -> None:
    """OffsetTime is that of the file's last change (Exif 2.31)."""
    written = {"DateTime": "2021:06:01 10:00:00", "OffsetTime": "+00:00"}
    recorded = {"DateTimeOriginal": "2021:05:15 07:18:00", "OffsetTimeOriginal": "+08:00"}
    assert dates(*tags_of(**written, **recorded)) == (
        [("2021-05-14T23:18:00Z", "second", "offset"), ("2021-06-01T10:00:00Z", "second", "offset")],
        [],
    )


@pytest.mark.parametrize("offset", ["+8", "8:00", "+08:00:00", "CST", "+0800x", "+99:00", "-12:15", "+14:15", "+08:75"])
def test_a_malformed_offset_costs_itself_and_is_reported(offset: str) -> None:
    found, problems = dates(*tags_of(DateTimeOriginal="2021:05:15 07:18:00", OffsetTimeOriginal=offset))
    assert found == [("2021-05-14T17:18:00Z", "second", "unknown")]
    assert problems == [
        f"file:exif:DateTimeOriginal: its time zone {offset!r} is not like +08:00; the date is read without a zone"
    ]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2021:05:15 25:61:00", ("2021-05-14T10:00:00Z", "day", "unknown")),
        ("2021:05:15   :  :  ", ("2021-05-14T10:00:00Z", "day", "unknown")),
        ("2021-135T23:18:60.25", ("2021-05-14T10:00:00Z", "day", "unknown")),
        ("2021:05:00 00:00:00", ("2021-04-30T10:00:00Z", "month", "unknown")),
        ("2021:00:00 00:00:00", ("2020-12-31T10:00:00Z", "year", "unknown")),
    ],
)
def test_of_an_impossible_date_what_is_possible_is_read(written: str, read: tuple[str, str, str]) -> None:
    found, problems = dates(*tags_of(DateTimeOriginal=written))
    assert found == [read]
    assert len(problems) == 1
    assert problems[0].startswith("file:exif:DateTimeOriginal: date is ")


@pytest.mark.parametrize(
    "written", ["2021:05:32 07:18:00", "2021:13:15 07:18:00", "2021:02:30", "the 15th", "31/02/2021"]
)
def test_a_day_that_never_was_is_a_problem_and_no_date(written: str) -> None:
    found, problems = dates(*tags_of(DateTimeOriginal=written))
    assert found == []
    assert [problem.partition(": must")[0].partition(": no")[0] for problem in problems] == [
        f"file:exif:DateTimeOriginal: date is {written!r}"
    ]


@pytest.mark.parametrize(
    ("place", "written", "created"),
    [
        ("exif:DateTimeOriginal", "2021:13:45 25:61:00", None),
        ("exif:DateTimeOriginal", "2021:02:30 10:00:00", None),
        ("exif:DateTimeOriginal", "2021:05:15 25:61:00", "2021:05:15"),
        ("xmp:photoshop:DateCreated", "2021-02-29", None),
        ("xmp:xmp:CreateDate", "2021-05-15T07:18:99", "2021-05-15"),
        ("container:creation_time", "2021-06-31T00:00:01Z", None),
        ("container:DATE", "20211345", None),
        ("bext:OriginationDate", "2021-13-45", None),
        ("guano:Timestamp", "2021-05-32T07:18:00+08:00", None),
        ("png:Creation Time", "2021-05-15 later", "2021-05-15"),
    ],
)
def test_created_holds_only_what_is_a_date_and_the_rest_is_a_problem(
    place: str, written: str, created: str | None
) -> None:
    problems: list[str] = []
    value = known_from((text_tag(*place.split(":", 1), written),), problems).created  # type: ignore[arg-type]
    assert (value and value.value) == created
    (problem,) = problems
    assert problem.startswith(f"{place}: date is {written!r}")


def test_an_impossible_date_gives_way_to_a_good_one_in_created() -> None:
    problems: list[str] = []
    tags = tags_of(DateTimeOriginal="2021:02:30 10:00:00", DateTimeDigitized="2021:05:15 07:18:00")
    created = known_from(tags, problems).created
    assert created is not None
    assert (created.value, created.source) == ("2021:05:15 07:18:00", "exif:DateTimeDigitized")
    assert len(problems) == 1


@pytest.mark.parametrize("written", ["20210515", "2021_05_15", "2021/05/15", "2021.05.15", "2021 05 15"])
def test_days_with_other_separators_or_none_are_dates(written: str) -> None:
    tag = text_tag("bext", "OriginationDate", written)
    assert dates(tag) == ([("2021-05-14T10:00:00Z", "day", "unknown")], [])
    created = known_from((tag,)).created
    assert created is not None
    assert created.value == written


@pytest.mark.parametrize(
    ("name", "meaning"),
    [("DATE_RECORDED", "recorded"), ("DATE_DIGITIZED", "file written"), ("DATE_ENCODED", "file written")],
)
def test_the_dates_of_matroska_are_read(name: str, meaning: str) -> None:
    tag = text_tag("container", name, "2021-05-15")
    problems: list[str] = []
    assert [date.meaning for date, _ in dates_of_file([tag], problems)] == [meaning]
    created = known_from((tag,)).created
    assert created is not None
    assert (created.value, created.source, problems) == ("2021-05-15", f"container:{name}", [])


def test_evidence_says_once_what_is_wrong_with_a_date() -> None:
    found = evidence(
        tags=(("exif", "DateTimeOriginal", "2021:02:30 10:00:00"),),
        problems=("exif:DateTimeOriginal: date is '2021:02:30 10:00:00': no such date", "XMP: not well-formed XML"),
    )
    assert [problem.split(": ")[0] for problem in found.problems] == ["XMP", "file:exif:DateTimeOriginal"]


@pytest.mark.parametrize(
    "nothing", ["0000:00:00 00:00:00", "    :  :     :  :  ", "", "07:18:00", "07.18.00", "\0\0\0"]
)
def test_a_date_without_a_year_is_no_date(nothing: str) -> None:
    tags = tags_of(DateTimeOriginal=nothing, DateTimeDigitized="2021:05:15 07:18:00")
    found, problems = dates(*tags)
    assert (found, problems) == ([("2021-05-14T17:18:00Z", "second", "unknown")], [])
    created = known_from(tags).created
    assert created is not None
    assert (created.value, created.source) == ("2021:05:15 07:18:00", "exif:DateTimeDigitized")


@pytest.mark.parametrize(("digits", "expected"), [("678", ".678000Z"), ("5", ".500000Z"), ("678\0", ".678000Z")])
def test_parts_of_a_second_belong_to_their_date(digits: str, expected: str) -> None:
    tags = tags_of(DateTimeOriginal="2021:05:15 07:18:00", OffsetTimeOriginal="+08:00", SubsecTimeOriginal=digits)
    assert dates(*tags) == ([(f"2021-05-14T23:18:00{expected}", "subsecond", "offset")], [])


def test_parts_of_a_second_that_are_no_digits_are_left_out() -> None:
    tags = tags_of(DateTimeOriginal="2021:05:15 07:18:00", SubsecTimeOriginal="  ", SubsecTime="9")
    assert dates(*tags)[0] == [("2021-05-14T17:18:00Z", "second", "unknown")]


def test_a_receivers_clock_gives_utc() -> None:
    gps = [
        Tag(namespace="exif.gps", name="GPSDateStamp", value="2021:05:14"),
        Tag(namespace="exif.gps", name="GPSTimeStamp", value=[23.0, 18.0, 1.0]),
    ]
    assert dates(*gps) == ([("2021-05-14T23:18:01Z", "second", "UTC")], [])


def test_an_impossible_time_of_a_receiver_costs_the_time_and_is_reported() -> None:
    gps = [
        Tag(namespace="exif.gps", name="GPSDateStamp", value="2021:05:14"),
        Tag(namespace="exif.gps", name="GPSTimeStamp", value=[25.0, 61.0, 0.0]),
    ]
    found, (problem,) = dates(*gps)
    assert found == [("2021-05-14T00:00:00Z", "day", "UTC")]
    assert problem.startswith("file:exif.gps:GPSDateStamp: date is '2021:05:14 25:61:00Z': no such date: ")


@pytest.mark.parametrize(
    ("written", "earliest"),
    [
        ("2016-12-31T23:59:60.500Z", "2016-12-31T23:59:59.500000+00:00"),
        ("2017-01-01T07:59:60+08:00", "2016-12-31T23:59:59+00:00"),
        ("2016-366T23:59:60Z", "2016-12-31T23:59:59+00:00"),
        ("2015-06-30T23:59:60Z", "2015-06-30T23:59:59+00:00"),
        ("1972-06-30T23:59:60Z", "1972-06-30T23:59:59+00:00"),
    ],
)
def test_a_leap_second_is_in_the_last_second_of_its_day(written: str, earliest: str) -> None:
    when = parse_when(written)
    assert (when.is_leap_second, when.earliest_utc.isoformat(), when.written) == (True, earliest, written)


@pytest.mark.parametrize("written", ["2021-12-31T23:59:60Z", "2016-12-31T22:59:60Z", "2016-12-30T23:59:60Z"])
def test_a_second_60_without_a_leap_second_is_no_time(written: str) -> None:
    with pytest.raises(ValueError, match="no such date: there was no leap second then"):
        parse_when(written)


def test_a_leap_second_reaches_evidence_as_it_is_written() -> None:
    record = evidence(entry={"date": "2016-12-31T23:59:60Z"}, mission=None)
    assert record.taken is not None
    assert record.taken.utc == record.taken.earliest_utc == record.dates[0].earliest_utc == "2016-12-31T23:59:60Z"
    assert record.taken.beijing == "2017-01-01T07:59:60+08:00"
    assert record.taken.latest_utc == "2017-01-01T00:00:00Z"
    assert EvidenceFacts.of(record).earliest_utc == "2016-12-31T23:59:59Z"
    local = evidence(entry={"date": "2017-01-01T07:59:60.5+08:00"}, mission=None).taken
    assert local is not None
    assert local.beijing == "2017-01-01T07:59:60.500000+08:00"
    assert record.problems == ()


def test_a_broadcast_wave_is_created_on_a_day(tmp_path: Path) -> None:
    if not shutil.which("ffmpeg"):
        pytest.skip("ffmpeg writes the broadcast wave")
    path = tmp_path / "a.wav"
    subprocess.run(
        [
            "ffmpeg",
            "-loglevel",
            "error",
            "-f",
            "lavfi",
            "-i",
            "sine=d=1",
            "-write_bext",
            "1",
            "-metadata",
            "origination_date=2021-05-15",
            "-metadata",
            "origination_time=07:18:00",
            str(path),
        ],
        check=True,
    )
    with path.open("rb") as file:
        record = read_container(file, sha256="0" * 64, size_bytes=1, medium="audio")
    assert record.known.created is not None
    assert record.known.created.value == "2021-05-15"
    found, problems = dates(*record.tags)
    assert ("2021-05-14T17:18:00Z", "second", "unknown") in found
    assert problems == []


def test_an_event_known_to_the_minute_gives_the_sol_of_its_day() -> None:
    for date, zone in (("2021-05-15", "Beijing"), ("2021-05-14", "UTC")):
        record = evidence(entry={"date": date, "date_zone": zone, "event": "touchdown"})
        assert record.taken is not None
        assert (record.taken.first_sol, record.taken.last_sol, record.taken.utc) == (1, 1, None)


def test_a_recording_without_a_date_has_that_of_the_event_it_shows() -> None:
    record = evidence(entry={"event": "touchdown"})
    assert record.taken is not None
    assert (record.taken.utc, record.taken.precision, record.taken.is_of_event) == (
        "2021-05-14T23:18:00Z",
        "minute",
        True,
    )
    assert (record.first_sol, record.taken.source) == (1, "profile tianwen-1:touchdown")
    assert [(date.written, date.source) for date in record.dates] == [("2021-05-14T23:18Z", record.taken.source)]
    of_day = evidence(entry={"event": "track-photo"}).taken
    assert of_day is not None
    assert (of_day.utc, of_day.precision, of_day.first_sol, of_day.last_sol) == (None, "day", 32, 33)


def test_a_date_of_the_file_itself_is_stronger_than_its_event_and_the_conflict_is_reported() -> None:
    record = evidence(tags=(("exif", "DateTimeOriginal", "2021:06:16 10:00:00"),), entry={"event": "touchdown"})
    assert record.taken is not None
    assert (record.taken.source, record.taken.is_of_event) == ("file:exif:DateTimeOriginal", False)
    says = [source for one in record.disagreements if one.about == "recorded" for _, source in one.says]
    assert says == ["file:exif:DateTimeOriginal", "profile tianwen-1:touchdown"]


def test_a_sol_that_a_label_gives_is_weighed_against_the_event() -> None:
    label = b"PDS_VERSION_ID = PDS3\nPLANET_DAY_NUMBER = 40\nEND\n"
    record = evidence(entry={"event": "touchdown"}, labels={"x.LBL": label})
    assert [one.says for one in record.disagreements if one.about == "sol"] == [
        (("40", "label x.LBL:PLANET_DAY_NUMBER"), ("1", "profile tianwen-1 from profile tianwen-1:touchdown"))
    ]


def test_a_label_of_a_mission_without_a_profile_disagrees_with_the_release() -> None:
    label = b'PDS_VERSION_ID = PDS3\nMISSION_NAME = "MARS EXPLORATION ROVER"\nEND\n'
    record = evidence(entry={"title": "Deck"}, labels={"x.LBL": label})
    assert [one.says for one in record.disagreements] == [
        (("tianwen-1", "release.toml:mission"), ("MARS EXPLORATION ROVER", "label x.LBL:MISSION_NAME"))
    ]


def test_an_event_outside_its_date_narrows_nothing() -> None:
    record = evidence(entry={"date": "2021-06-16", "date_zone": "Beijing", "event": "touchdown"})
    assert record.taken is not None
    assert (record.taken.first_sol, record.taken.last_sol) == (32, 33)


@pytest.mark.parametrize(
    ("fraction", "first", "end"),
    [
        (".25", "05.250000", "05.260000"),
        (".2", "05.200000", "05.300000"),
        (".999999", "05.999999", "06.000000"),
        (".12345678", "05.123456", "05.123457"),
    ],
)
def test_a_fraction_of_a_second_is_as_precise_as_it_is_written(fraction: str, first: str, end: str) -> None:
    when = parse_when(f"2021-05-15T07:18:05{fraction}Z")
    assert (f"{when.earliest_utc:%S.%f}", f"{when.latest_utc:%S.%f}") == (first, end)


def test_an_impossible_date_gives_way_to_a_good_one() -> None:
    written = {"DateTimeOriginal": "2021:02:30 10:00:05", "DateTimeDigitized": "2021:02:28 10:00:05"}
    found, problems = dates(*tags_of(**written, OffsetTimeDigitized="+08:00"))
    assert found == [("2021-02-28T02:00:05Z", "second", "offset")] * 2
    assert problems == [
        "file:exif:DateTimeOriginal: date is '2021:02:30 10:00:05': no such date: day is out of range for month; "
        "file:exif:DateTimeDigitized is read in its place"
    ]
    record = evidence(tags=tuple(("exif", name, value) for name, value in written.items()), mission=None)
    assert record.taken is not None
    assert (record.taken.precision, record.taken.source) == ("second", "file:exif:DateTimeDigitized")


@pytest.mark.parametrize("beside", ["IMAGE_TIME", "OBSERVATION_TIME"])
def test_an_impossible_start_time_gives_way_to_the_labels_other_time(beside: str) -> None:
    def taken_by(start: str) -> tuple[str, str] | None:
        text = f"PDS_VERSION_ID = PDS3\n{start}\n{beside} = 2021-06-01T03:01:00Z\nEND\n".encode()
        time = evidence(labels={"a.lbl": text}, mission=None).taken
        return (time.earliest_utc, time.source) if time else None

    assert taken_by("START_TIME = 2021-06-01T03:61:00Z") == ("2021-06-01T03:01:00Z", f"label a.lbl:{beside}")
    assert taken_by("NOTE = none") == ("2021-06-01T03:01:00Z", f"label a.lbl:{beside}")
    assert taken_by("START_TIME = 2021-06-01T03:00:00Z") == ("2021-06-01T03:00:00Z", "label a.lbl:START_TIME")


def test_the_solar_longitude_of_a_label_is_compared_with_its_date() -> None:
    def said(*lines: str) -> list[tuple[str, list[str]]]:
        text = "\n".join(["PDS_VERSION_ID = PDS3", "START_TIME = 2021-06-01T03:00:00Z", *lines, "END", ""]).encode()
        record = evidence(labels={"a.lbl": text})
        return [(one.about, [value for value, _ in one.says]) for one in record.disagreements]

    right = evidence(entry={"date": "2021-06-01T03:00:00Z"}).taken
    assert right is not None
    assert right.local_true_solar_time_hours is not None
    clock = format_clock(right.local_true_solar_time_hours)
    degrees = right.first_solar_longitude_degrees
    assert said(f'LOCAL_TRUE_SOLAR_TIME = "{clock}"', f"SOLAR_LONGITUDE = {degrees}") == []
    assert said('LOCAL_TRUE_SOLAR_TIME = "02:00:00"') == [("local true solar time", ["02:00:00", clock])]
    assert said("SOLAR_LONGITUDE = 50.5 <DEGREES>") == [("solar longitude", ["50.5°", f"{degrees:.3f}°"])]
    assert said("PLANET_DAY_NUMBER = 90") == [("sol", ["90", str(right.first_sol)])]


def test_a_labels_sol_without_a_date_is_shown() -> None:
    text = b'PDS_VERSION_ID = PDS3\nPLANET_DAY_NUMBER = 17\nLOCAL_TRUE_SOLAR_TIME = "11:32:05"\nEND\n'
    record = evidence(labels={"a.lbl": text})
    assert record.taken is None
    assert (record.first_sol, record.last_sol, record.sol_source) == (17, 17, "label a.lbl:PLANET_DAY_NUMBER")
    lines = [line for line in evidence_lines(as_json(record)) if line.startswith("sol")]  # type: ignore[arg-type]
    assert lines == ["sol: 17 (from label a.lbl:PLANET_DAY_NUMBER)"]


def test_a_moment_before_the_landing_is_counted_in_sols_before_it() -> None:
    record = evidence(entry={"date": "2021-02-20T10:00Z"}, head={"mission": "tianwen-1"})
    assert record.first_sol == record.last_sol == -80, "the number that sorts and can be selected"
    lines = [line for line in evidence_lines(as_json(record)) if line.startswith("sol")]  # type: ignore[arg-type]
    assert lines == ["sol: 81 sols before landing (from release.toml:date)"]


@pytest.mark.parametrize(
    ("written", "clock"),
    [
        ("1904:01:01 00:00:00", "QuickTime and MP4"),
        ("1904-01-01T00:00:00.000000Z", "QuickTime and MP4"),
        ("1903-12-31T16:00:00-08:00", "QuickTime and MP4"),
        ("1970:01:01 00:00:00", "Unix"),
        ("1970:01:01 08:00:00", "Unix"),
        ("1970-01-01T05:45", "Unix"),
        ("1970-01-01 08:00:00+0800", "Unix"),
        ("1980:01:01 00:00:00", "FAT and ZIP"),
        ("1601-01-01T00:00:00Z", "Windows"),
        ("0001-01-01T00:00:00", ".NET and Go"),
    ],
)
def test_where_a_clock_begins_is_no_date(written: str, clock: str) -> None:
    tags = tags_of(DateTimeOriginal=written, DateTimeDigitized="2021:05:15 07:18:00")
    found, problems = dates(*tags)
    assert found == [("2021-05-14T17:18:00Z", "second", "unknown")]
    assert problems == [
        f"file:exif:DateTimeOriginal: {written} is where the clock of {clock} begins, so it was never set: no date"
    ]
    created = known_from(tags).created
    assert created is not None
    assert created.source == "exif:DateTimeDigitized"
    assert evidence(tags=(("exif", "DateTimeOriginal", written),), mission=None).taken is None


@pytest.mark.parametrize(
    "written",
    ["1970:01:01 00:00:01", "1970:01:01 08:07:00", "1970:01:02 00:00:00", "1970:01:01", "1970", "1980:01:06", "2000"],
)
def test_a_time_after_a_clock_began_and_a_day_alone_are_dates(written: str) -> None:
    found, problems = dates(*tags_of(DateTimeOriginal=written))
    assert (len(found), problems) == (1, [])


def test_days_whose_time_is_in_another_tag_are_read_with_it() -> None:
    def sound(time: str) -> list[tuple[str, str, str]]:
        written = {"bext": {"OriginationDate": "1970-01-01", "OriginationTime": time}}
        written["container"] = {"date": "1970-01-01", "creation_time": time}
        tags = tuple(text_tag(place, name, text) for place, texts in written.items() for name, text in texts.items())
        assert (known_from(tags).created is None) == (time == "00:00:00")
        return dates(*tags)[0]

    assert sound("00:00:00") == []
    assert [precision for _, precision, _ in sound("10:20:30")] == ["day", "second"]
    press = {"DateCreated": "19700101", "TimeCreated": "000000+0000"}
    assert dates(*(text_tag("iptc", name, text) for name, text in press.items()))[0] == []
    time = Tag(namespace="exif.gps", name="GPSTimeStamp", value=[0.0, 0.0, 0.0])
    found, (problem,) = dates(text_tag("exif.gps", "GPSDateStamp", "1980:01:06"), time)
    source, _, told = problem.rpartition(": 1980:01:06 00:00:00Z is where ")
    assert (found, source) == ([], "file:exif.gps:GPSDateStamp")
    assert told == "the clock of GPS begins, so it was never set: no date"


def test_what_a_person_or_a_label_dates_so_remains() -> None:
    stated = evidence(entry={"date": "1970-01-01T00:00:00Z"}, mission=None)
    label = b"PDS_VERSION_ID = PDS3\nSTART_TIME = 1970-01-01T00:00:00Z\nEND\n"
    for record in (stated, evidence(labels={"a.lbl": label}, mission=None)):
        assert [date.earliest_utc for date in record.dates] == ["1970-01-01T00:00:00Z"]
        assert record.problems == ()


@pytest.mark.parametrize(
    ("written", "earliest"),
    [
        ("1969-07-20", "1969-07-19T10:00:00Z"),
        ("1971-12-02T13:52Z", "1971-12-02T13:52:00Z"),
        ("1877", "1876-12-31T10:00:00Z"),
        ("1972-01-01", "1971-12-31T10:00:00Z"),
    ],
)
def test_a_date_before_1972_is_the_date_of_recording_without_a_time_on_mars(written: str, earliest: str) -> None:
    label = b"PDS_VERSION_ID = PDS3\nPLANET_DAY_NUMBER = 5\nSOLAR_LONGITUDE = 12.5\nEND\n"
    record = evidence(entry={"date": written}, labels={"a.lbl": label})
    assert record.taken is not None
    assert (record.taken.source, record.taken.earliest_utc) == ("release.toml:date", earliest)
    assert record.taken.first_solar_longitude_degrees is record.taken.mars_time_accuracy_seconds is None
    facts = EvidenceFacts.of(record)
    assert (facts.first_sol, facts.solar_longitude_degrees) == (5, 12.5)
    assert not [one.about for one in record.disagreements]


@pytest.mark.parametrize("written", ["9999:12:31 00:00:00", "9999:12:31 23:59:59", "9999:12:30 13:00:00", "9999:12:31"])
def test_the_end_of_the_calendar_is_no_date(written: str) -> None:
    record = evidence(tags=(("exif", "DateTimeOriginal", written),))
    assert record.taken is None
    (problem,) = record.problems
    text = f"file:exif:DateTimeOriginal: date is {written!r}: no such date: "
    assert problem in (f"{text}dates end at 9999-12-31", f"{text}date value out of range")


@pytest.mark.parametrize("written", ["9999-12-31T00:00Z", "9999-12-31T20:00Z", "9999-12-31T01:00+08:00", "9999-365"])
def test_the_end_of_the_calendar_is_no_date_in_a_release_or_a_label(written: str) -> None:
    label = f"PDS_VERSION_ID = PDS3\nSTART_TIME = {written}\nEND\n".encode()
    for record in (evidence(entry={"date": written}), evidence(labels={"a.lbl": label})):
        if "+08" in written:
            assert record.taken is not None
            assert record.taken.beijing_days == ("9999-12-31",)
        else:
            assert (record.taken, len(record.problems)) == (None, 1)


def test_days_in_beijing_are_listed_for_less_than_two_weeks() -> None:
    for first, count in (("2021-05-14T23:00Z", 1), ("2021-05", 0), ("2021-05-14", 3), ("9999-12-29", 3)):
        record = evidence(entry={"date": first})
        assert record.taken is not None
        assert len(record.taken.beijing_days) == count, first
