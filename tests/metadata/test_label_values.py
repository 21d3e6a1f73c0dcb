"""Sols, solar times and solar longitudes of labels are read with any unit, or named as not read."""

from __future__ import annotations

import pytest

from processors.metadata.evidence_record import EvidenceFacts
from tests.metadata.test_evidence import evidence


def facts_of(label: str) -> EvidenceFacts:
    return EvidenceFacts.of(evidence(mission=None, labels={"a.lbl": label.encode()}))


def pds4(name: str, value: str, unit: str = "") -> str:
    return f'<Product><a:{name} xmlns:a="http://a"{f" unit={unit!r}" if unit else ""}>{value}</a:{name}></Product>'


@pytest.mark.parametrize(
    "label",
    [
        "PLANET_DAY_NUMBER = 7\nEND\n",
        "PLANET_DAY_NUMBER = 7 <SOL>\nEND\n",
        'PLANET_DAY_NUMBER = "0007" <SOLS>\nEND\n',
        "PLANET_DAY_NUMBER = '7'\nEND\n",
        "PLANET_DAY_NUMBER = 7.0 <day>\nEND\n",
        "PLANET_DAY_NUMBER = 16#7#\nEND\n",
        'PLANET_DAY_NUMBER = "Sol 7"\nEND\n',
        'LOCAL_TRUE_SOLAR_TIME = "Sol-00007M08:15:00.123"\nEND\n',
        'LOCAL_MEAN_SOLAR_TIME = "Sol-00007M08:15:00"\nLOCAL_TRUE_SOLAR_TIME = "08:15:00"\nEND\n',
        "PLANET_DAY_NUMBER = N/A\nLOCAL_TRUE_SOLAR_TIME = \"7 08:15:00\"\nEND\n",
        pds4("sol_number", "7"),
        pds4("start_sol_number", "7", "sol"),
    ],
)  # fmt: skip
def test_the_sol_of_a_label_is_read_however_it_is_written(label: str) -> None:
    facts = facts_of(label)
    assert (facts.first_sol, facts.last_sol, facts.problems) == (7, 7, ())


def test_a_sol_with_and_without_a_unit_is_no_disagreement() -> None:
    labels = {"a.lbl": b"PLANET_DAY_NUMBER = 7 <SOL>\nEND\n", "b.lbl": b"PLANET_DAY_NUMBER = 7\nEND\n"}
    assert evidence(mission=None, labels=labels).disagreements == ()


@pytest.mark.parametrize(
    ("label", "degrees"),
    [
        ("SOLAR_LONGITUDE = 150.5\nEND\n", 150.5),
        ("SOLAR_LONGITUDE = 150.5 <DEGREE>\nEND\n", 150.5),
        ('SOLAR_LONGITUDE = "150.5" <deg>\nEND\n', 150.5),
        ("SOLAR_LONGITUDE = 1.505E2 <DEGREES>\nEND\n", 150.5),
        ("SOLAR_LONGITUDE = 0.5 <RAD>\nEND\n", 28.64789),
        (pds4("solar_longitude", "0.5", "rad").replace("solar_", "start_solar_"), 28.64789),
    ],
)
def test_the_solar_longitude_of_a_label_is_in_degrees(label: str, degrees: float) -> None:
    assert facts_of(label).solar_longitude_degrees == pytest.approx(degrees, abs=1e-5)


@pytest.mark.parametrize(
    "text", ["08:15:00", "Sol-00043M08:15:00", "08:15:00 <HH:MM:SS>", "'08:15'", "SOL 43 08:15:00", "43T8:15:00"]
)
def test_the_solar_time_of_a_label_is_read_with_or_without_a_sol(text: str) -> None:
    facts = facts_of(f'LOCAL_TRUE_SOLAR_TIME = "{text}"\nEND\n')
    assert (facts.local_true_solar_time_hours, facts.problems) == (8.25, ())


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("PLANET_DAY_NUMBER = seven", "'seven' is not a whole number of sols"),
        ("PLANET_DAY_NUMBER = (7, 8)", "'(7, 8)' is not a whole number of sols"),
        ("PLANET_DAY_NUMBER = 7.5 <SOL>", "'7.5 <SOL>' is not a whole number of sols"),
        ("SOLAR_LONGITUDE = 150 <HOURS>", "'150 <HOURS>' is not an angle"),
        ("LOCAL_TRUE_SOLAR_TIME = noon", "'noon' is not a time of day"),
        ("LOCAL_MEAN_SOLAR_TIME = 24:30:00", "'24:30:00' is not a time of day"),
    ],
)
def test_an_entry_that_is_not_understood_is_named(entry: str, problem: str) -> None:
    facts = facts_of(f"{entry}\nEND\n")
    assert facts.problems == (f"label a.lbl:{entry.partition(' ')[0]}: {problem}; it is not read",)
    assert (facts.first_sol, facts.solar_longitude_degrees, facts.local_true_solar_time_hours) == (None, None, None)
