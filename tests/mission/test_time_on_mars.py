"""The clock of Mars gives the published examples; a day stays a day."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from processors.mission.profile import FOLDER, load_profile, profile_names, read_profile
from processors.mission.time_on_mars import format_clock, mars_time, tai_minus_utc_seconds
from processors.mission.when import parse_when


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_example_of_2000_at_the_prime_meridian() -> None:
    time = mars_time(at("2000-01-06T00:00:00"))
    assert time.solar_longitude_degrees == pytest.approx(277.18758, abs=2e-5)
    assert time.equation_of_time_degrees == pytest.approx(-5.18774, abs=2e-5)
    assert time.mars_sol_date == pytest.approx(44795.9998, abs=5e-5)
    assert format_clock(time.coordinated_mars_time_hours) == "23:59:39"
    assert format_clock(time.local_true_solar_time_hours) == "23:38:54"


def test_the_example_of_spirits_landing() -> None:
    time = mars_time(at("2004-01-03T13:46:31"), -184.702)
    assert time.solar_longitude_degrees == pytest.approx(327.32416, abs=2e-5)
    assert time.equation_of_time_degrees == pytest.approx(-12.77553, abs=2e-5)
    assert time.coordinated_mars_time_hours == pytest.approx(13.16537, abs=1e-4)
    assert time.local_mean_solar_time_hours == pytest.approx(0.85190, abs=1e-4)
    assert time.local_true_solar_time_hours == pytest.approx(0.00025, abs=1e-4)


def test_the_example_of_curiositys_landing() -> None:
    time = mars_time(at("2012-08-06T05:14:39"), 137.4417)
    assert time.mars_sol_date == pytest.approx(49269.24, abs=5e-3)
    assert format_clock(time.coordinated_mars_time_hours) == "05:50:16"
    assert time.local_mean_solar_time_hours == pytest.approx(15, abs=0.01)


def test_the_example_of_2022() -> None:
    time = mars_time(at("2022-11-25T06:51:07"))
    assert time.mars_sol_date == pytest.approx(52931.62675, abs=1e-5)
    assert format_clock(time.coordinated_mars_time_hours) == "15:02:31"


def test_the_example_of_perseverance() -> None:
    moment = at("2026-09-28T13:47:29.727")
    mission = load_profile("perseverance")
    time = mars_time(moment, mission.longitude_degrees_east)
    assert mission.sol(moment) == 1993
    assert abs(time.local_mean_solar_time_hours * 3600 - (14 * 3600 + 2 * 60 + 23)) < 10


@pytest.mark.parametrize(
    ("utc", "sol_date", "ls", "mean", "true"),
    [
        ("2021-05-14T23:18:00", 52387.27694, 45.218, "13:58:30", "13:49:59"),
        ("2021-05-22T02:40:00", 52394.22617, 48.391, "12:45:23", "12:39:08"),
    ],
)
def test_zhurongs_touchdown_and_drive_off(utc: str, sol_date: float, ls: float, mean: str, true: str) -> None:
    time = mars_time(at(utc), load_profile("tianwen-1").longitude_degrees_east)
    assert time.mars_sol_date == pytest.approx(sol_date, abs=1e-5)
    assert time.solar_longitude_degrees == pytest.approx(ls, abs=1e-3)
    assert format_clock(time.local_mean_solar_time_hours) == mean
    assert format_clock(time.local_true_solar_time_hours) == true


@pytest.mark.parametrize(
    ("utc", "sol"),
    [
        ("2021-05-25T04:20:01", 11),
        ("2021-06-25T03:05:42", 41),
        ("2021-06-30T00:51:45", 46),
        ("2021-07-02T03:17:29", 48),
        ("2021-10-29T06:23:25", 164),
        ("2022-01-31T18:52:35", 256),
        ("2022-04-12T17:18:30", 325),
        ("2021-05-14T23:18:00", 1),
        ("2021-05-22T02:40:00", 8),
    ],
)
def test_zhurongs_sols_are_those_of_the_archive(utc: str, sol: int) -> None:
    assert load_profile("tianwen-1").sol(at(utc)) == sol


def test_leap_seconds_count_from_their_month_on() -> None:
    assert tai_minus_utc_seconds(at("2016-12-31T23:59:59")) == 36
    assert tai_minus_utc_seconds(at("2017-01-01T00:00:00")) == 37
    with pytest.raises(ValueError, match="must be 1972 or later"):
        mars_time(at("1971-12-31T00:00:00"))
    with pytest.raises(ValueError, match="must have a time zone"):
        mars_time(datetime(2021, 5, 14))


def test_a_day_is_a_span_and_never_an_instant() -> None:
    day = parse_when("2021-06-16", zone="Beijing")
    assert day.instant is None
    assert (day.earliest_utc, day.latest_utc) == (at("2021-06-15T16:00:00"), at("2021-06-16T16:00:00"))
    assert load_profile("tianwen-1").sols(day) == (32, 33)


def test_a_time_without_a_zone_is_a_span_of_26_hours_more() -> None:
    when = parse_when("2021:06:11 12:19:50")
    assert (when.zone, when.precision, when.instant) == ("unknown", "second", None)
    assert when.latest_utc - when.earliest_utc == timedelta(hours=26, seconds=1)


def test_beijing_time_and_utc_of_the_drive_off_agree() -> None:
    beijing, utc = parse_when("2021-05-22T10:40+08:00"), parse_when("2021-05-22T02:40Z")
    assert beijing.instant == utc.instant == at("2021-05-22T02:40:00")


@pytest.mark.parametrize(
    ("written", "first"),
    [("2021-049T20:44:28.107Z", "2021-02-18T20:44:28.107"), ("2021", "2021-01-01"), ("2024-02", "2024-02-01")],
)
def test_other_ways_to_write_a_date(written: str, first: str) -> None:
    assert parse_when(written, zone="UTC").earliest_utc == at(first)


@pytest.mark.parametrize(
    "written", ["2021-02-30", "0000:00:00 00:00:00", "2021-366", "9999", "16 June", "2021-05-22T25:00Z"]
)
def test_impossible_dates_are_refused(written: str) -> None:
    with pytest.raises(ValueError, match="date is"):
        parse_when(written, zone="UTC")


def test_a_precision_finer_than_the_text_is_refused() -> None:
    with pytest.raises(ValueError, match="date_precision is 'minute': finer than '2021-06-16'"):
        parse_when("2021-06-16", precision="minute")


@pytest.mark.parametrize("name", profile_names())
def test_every_fact_of_a_shipped_profile_has_a_source(name: str) -> None:
    profile = load_profile(name)
    assert all(fact.precision and fact.source and fact.sure in ("high", "medium") for fact in profile.facts)
    assert profile.unknown


FACT = '{ value = 1.0, precision = "exact", source = "x", sure = "high" }'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[site]\nlongitude_degrees_east = { value = 1.0, precision = "exact" }\n',
            "line 3: site.longitude_degrees_east.source: missing; every profile must give it as text",
        ),
        (
            f"[site]\nx = {FACT.replace('high', 'low')}\n",
            "line 3: site.x: unknown value of sure ('low'); use high or medium",
        ),
        ("[site]\n", "line 2: site.longitude_degrees_east: missing or not a number; every profile must give it"),
        ("[[event]]\ntitle = 'x'\n", "line 2: event.name: missing; every profile must give it as text"),
        (
            f"[site]\nlongitude_degrees_east = {FACT}\n[sol_rule]\nlanding_sol = {FACT}\noffset = {FACT}\n",
            "line 1: title: missing; every profile must give it as text",
        ),
        ("a = \n", "line 2: Invalid value"),
    ],
)
def test_a_mistake_in_a_profile_is_reported_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(f'mine.toml, {message}')}$"):
        read_profile(f'name = "x"\n{text}'.encode(), "mine.toml")


def test_disagreements_of_the_press_are_kept() -> None:
    about = {d.about: d.says for d in load_profile("tianwen-1").disagreements}
    assert len(about["state of the mission on 28 June 2021"]) == 2


def test_the_command_answers_a_day_with_both_its_ends() -> None:
    ran = CliRunner().invoke(main, ["mars-time", "2021-06-16", "--mission", "tianwen-1", "--json"])
    answer = json.loads(ran.output)
    assert (answer["first_sol"], answer["last_sol"], len(answer["times"])) == (32, 33, 2)
    one = CliRunner().invoke(main, ["mars-time", "2021-05-14T23:18Z", "--mission", "tianwen-1"])
    assert one.output.startswith("Tianwen-1 sol 1\n")
    assert "LMST 13:58:30, LTST 13:49:59 (good to 10 s)" in one.output


@pytest.mark.parametrize(
    ("utc", "told"),
    [
        ("2021-02-20T10:00Z", "Tianwen-1 81 sols before landing"),
        ("2021-02-20", "Tianwen-1 81-82 sols before landing"),
        ("2021-05-13T20:00Z", "Tianwen-1 1 sol before landing"),
        ("2021-05-14", "Tianwen-1 1 sol before landing to sol 1"),
        ("2021-05-14T23:18Z", "Tianwen-1 sol 1"),
    ],
)
def test_before_the_landing_no_sol_is_counted(utc: str, told: str) -> None:
    ran = CliRunner().invoke(main, ["mars-time", utc, "--mission", "tianwen-1"])
    assert ran.output.splitlines()[0] == told


@pytest.mark.parametrize("words", [["yesterday"], ["2021-05-14", "--mission", "mars-one"], ["1960-01-01"]])
def test_the_command_refuses_with_a_message(words: list[str]) -> None:
    ran = CliRunner().invoke(main, ["mars-time", *words])
    assert ran.exit_code == 2
    assert "must be" in ran.output


def test_a_profile_has_the_name_of_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(FOLDER / "perseverance.toml", tmp_path / "curiosity.toml")
    monkeypatch.setattr("processors.mission.profile.FOLDER", tmp_path)
    with pytest.raises(ValueError, match=r"^curiosity\.toml: its name is 'perseverance': give the mission the name of"):
        load_profile("curiosity")
