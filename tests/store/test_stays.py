"""Each time in which some bytes were at a path: it ends where the next bytes were found there, however often."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest

from flows.run.reporting.since_last_run import known_again
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.source_row import SourceRow, Stay, oldest_first
from processors.store.catalogue.sql import connect
from processors.store.findings.whereabouts import Whereabouts
from processors.store.store import Store


def day(number: int) -> str:
    return f"2026-01-{number:02d}T00:00:00.000+00:00"


def found(digest: str, number: int) -> SourceRow:
    """The row of a file that a run finds on a day."""
    return SourceRow(
        path="/raw/june/x.jpg",
        digest=digest,
        release="june",
        relative="june/x.jpg",
        name="x.jpg",
        size_bytes=1,
        mtime_ns=number,
        kind="media",
        medium="photo",
        format="jpeg",
        codec=None,
        has_sound=False,
        duration_seconds=None,
        note=None,
        seen_utc=day(number),
    )


def after_runs(catalogue: Catalogue, contents: str) -> None:
    """Record what a run finds at the path on each day: bytes by a letter, or nothing (-)."""
    for number, letter in enumerate(contents, 1):
        rows = catalogue.sightings()
        before = next((row for row in rows if row.gone_utc is None), None)
        if letter == "-":
            catalogue.add_sources([dataclasses.replace(before, gone_utc=day(number))] if before else [])
        else:
            past = next((row for row in rows if row.digest == letter and row.gone_utc), None)
            catalogue.add_sources([known_again(found(letter, number), before, past, [])])


def stays(rows: Sequence[SourceRow]) -> dict[str, list[str]]:
    """The days of each stay, by the bytes."""
    return {
        row.digest: [f"{one.seen_utc[8:10]}-{(one.gone_utc or '')[8:10]}" for one in row.stays]
        for row in sorted(rows, key=lambda row: row.digest)
    }


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        ("AB", {"A": ["01-02"], "B": ["02-"]}),
        ("ABCB", {"A": ["01-02"], "B": ["02-03", "04-"], "C": ["03-04"]}),
        ("ABACB", {"A": ["01-02", "03-04"], "B": ["02-03", "05-"], "C": ["04-05"]}),
        ("ABCBA", {"A": ["01-02", "05-"], "B": ["02-03", "04-05"], "C": ["03-04"]}),
        ("AB-CB", {"A": ["01-02"], "B": ["02-03", "05-"], "C": ["04-05"]}),
        ("A-BCB-A", {"A": ["01-02", "07-"], "B": ["03-04", "05-06"], "C": ["04-05"]}),
        ("ABCB-", {"A": ["01-02"], "B": ["02-03", "04-05"], "C": ["03-04"]}),
    ],
)
def test_a_stay_ends_where_the_next_bytes_are_found_in_the_store_and_in_sql(
    tmp_path: Path, contents: str, expected: dict[str, list[str]]
) -> None:
    catalogue = Catalogue(Store(tmp_path))
    after_runs(catalogue, contents)
    rows = catalogue.sightings()
    assert stays(rows) == expected
    with connect(catalogue) as connection:
        ends = dict(connection.execute("SELECT digest, gone_utc FROM sources").fetchall())
    assert ends == {row.digest: row.gone_utc for row in rows}


def test_an_end_that_an_earlier_version_recorded_too_late_is_corrected() -> None:
    late = dataclasses.replace(found("A", 5), earlier_utc=str(Stay(day(1), day(3))))
    back = dataclasses.replace(found("B", 4), earlier_utc=str(Stay(day(2), day(3))))
    rows = oldest_first([late, back, found("C", 3)])
    assert stays(rows) == {"A": ["01-02", "05-"], "B": ["02-03", "04-05"], "C": ["03-04"]}
    gone_late = dataclasses.replace(found("A", 1), gone_utc=day(3))
    assert stays(oldest_first([gone_late, back, found("C", 3)]))["A"] == ["01-02"]


def test_a_stay_without_length_ends_no_other() -> None:
    empty = dataclasses.replace(found("A", 3), gone_utc=day(3))
    for rows in ([empty, found("B", 3)], [found("B", 3), empty]):
        assert stays(oldest_first(rows)) == {"A": ["03-03"], "B": ["03-"]}


def test_replaced_bytes_are_named_with_the_day_on_which_the_present_ones_came_first(tmp_path: Path) -> None:
    catalogue = Catalogue(Store(tmp_path))
    after_runs(catalogue, "ABCB")
    rows = {row.digest: row for row in catalogue.sightings()}
    whereabouts = Whereabouts(catalogue.sightings())
    advice = "select that, unless the old one is meant"
    assert [whereabouts.replaced_in_words(rows[digest]) for digest in "ABC"] == [
        f"june/x.jpg was replaced by B... on 2026-01-02; {advice}",
        None,
        f"june/x.jpg was replaced by B... on 2026-01-04; {advice}",
    ]
