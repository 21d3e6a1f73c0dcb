"""A mission's sols: from a moment to its sol, and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from processors.mission.mission_time import mission_named, mission_time, moment_of, utc_of_sol
from processors.mission.profile import load_profile, profile_names

TIANWEN = load_profile("tianwen-1")


def test_touchdown_was_on_the_first_sol_in_the_early_afternoon() -> None:
    time = mission_time(moment_of("2021-05-15T07:18:00+08:00"), TIANWEN)
    assert (time.mission, time.sol, time.utc) == ("tianwen-1", 1, "2021-05-14T23:18:00Z")
    assert time.local_mean_solar_time_hours == pytest.approx(13.9749, abs=1e-4)
    assert time.longitude_degrees_east == TIANWEN.longitude_degrees_east


def test_a_moment_of_no_mission_has_no_sol() -> None:
    time = mission_time(moment_of("2012-08-06T05:14:39"), longitude_degrees_east=137.4417)
    assert (time.mission, time.sol, time.longitude_degrees_east) == (None, None, 137.4417)


@pytest.mark.parametrize("sol", [-10_000, -1, 0, 1, 8, 100, 347, 1000, 100_000])
@pytest.mark.parametrize("name", ["tianwen-1", "perseverance"])
def test_a_sol_begins_at_its_midnight_to_the_millisecond(name: str, sol: int) -> None:
    profile = load_profile(name)
    begins = utc_of_sol(sol, profile)
    assert profile.sol(begins) == sol
    assert profile.sol(begins - timedelta(milliseconds=2)) == sol - 1
    assert mission_time(begins, profile).local_mean_solar_time_hours == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("moment", ["1972-02-01T00:00:00Z", "2016-12-31T23:59:59Z", "2017-01-01T00:00:00Z"])
def test_a_sol_and_its_local_time_give_the_moment_on_both_sides_of_a_leap_second(moment: str) -> None:
    utc = moment_of(moment)
    time = mission_time(utc, TIANWEN)
    assert time.sol is not None
    again = utc_of_sol(time.sol, TIANWEN, time.local_mean_solar_time_hours)
    assert abs(again - utc) <= timedelta(milliseconds=1)


def test_perseverance_landed_on_its_sol_0() -> None:
    landed = moment_of("2021-02-18T20:43:49Z")
    perseverance = load_profile("perseverance")
    assert utc_of_sol(0, perseverance) < landed < utc_of_sol(1, perseverance)
    assert mission_time(landed, perseverance).sol == 0


@pytest.mark.parametrize("words", ["tianwen-1", "Tianwen 1", "Zhurong", "天问一号"])
def test_a_mission_has_the_names_of_its_spacecraft(words: str) -> None:
    assert mission_named(words) is TIANWEN


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mission_named("viking"), f"mission is 'viking': must be one of {', '.join(profile_names())}"),
        (lambda: moment_of("2021-06-16"), "utc is '2021-06-16': must be a moment, to the minute or finer"),
        (lambda: moment_of(datetime(2021, 6, 16)), "utc is '2021-06-16T00:00:00': must have a time zone"),
        (lambda: utc_of_sol(1, TIANWEN, 24.5), "local_mean_solar_time_hours is 24.5: must be from 0 to 24"),
        (lambda: utc_of_sol(-30_000, TIANWEN), "sol is -30000: must be in the years 1972 to 9998"),
        (lambda: utc_of_sol(10**12, TIANWEN), "sol is 1000000000000: must be in the years 1972 to 9998"),
    ],
)
def test_questions_without_an_answer_are_refused_with_a_message(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_a_datetime_is_taken_as_it_is() -> None:
    moment = datetime(2021, 5, 14, 23, 18, tzinfo=UTC)
    assert moment_of(moment) is moment
