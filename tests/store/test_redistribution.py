"""Who may pass on what: every case of the rule above `PERMITTED`, on rows of `sighted`."""

from __future__ import annotations

import json

import duckdb
import pytest

from processors.store.catalogue.sql import PERMITTED

Row = tuple[str, str | None, bool | None, bool]
"""Since when and until when a path holds the bytes, whether it may be passed on, and whether its release speaks."""

MARCH, APRIL, MAY, JUNE = "2026-03", "2026-04", "2026-05", "2026-06"


def told(*rows: Row, forbidden_key: str | None = None) -> list[bool | None]:
    """What the view says of each of several paths with the same bytes."""
    connection = duckdb.connect()
    connection.execute("CREATE TABLE sighted (path VARCHAR, digest VARCHAR, seen_utc VARCHAR, gone_utc VARCHAR)")
    connection.execute("ALTER TABLE sighted ADD COLUMN forbidden_key VARCHAR")
    connection.execute("ALTER TABLE sighted ADD COLUMN words VARCHAR")
    for number, (seen, gone, may, speaks) in enumerate(rows):
        words = {"redistribute": may, "rights_source": "release.toml:rights" if speaks else "the file: Copyright"}
        said = [str(number), "3fa9", seen, gone, forbidden_key, json.dumps(words)]
        connection.execute("INSERT INTO sighted VALUES (?, ?, ?, ?, ?, ?)", said)
    connection.execute(PERMITTED)
    found = connection.execute("SELECT redistribute FROM permitted ORDER BY path::INTEGER").fetchall()
    return [may for (may,) in found]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(MARCH, None, True, True)], [True]),
        ([(MARCH, None, False, True)], [False]),
        ([(MARCH, None, None, True)], [None]),
        ([(MARCH, None, None, False)], [None]),
        ([(MARCH, None, True, True), (MAY, None, False, True)], [False, False]),
        ([(MARCH, None, True, True), (MAY, None, None, True)], [None, None]),
        ([(MARCH, None, True, True), (MAY, None, None, False)], [True, None]),
        ([(MARCH, APRIL, False, True), (MAY, None, True, True)], [False, True]),
        ([(MARCH, JUNE, False, True), (MAY, None, True, True)], [False, False]),
        ([(MARCH, APRIL, False, True), (MAY, None, None, False)], [False, False]),
        ([(MARCH, JUNE, None, True), (MAY, None, True, True)], [None, True]),
        ([(MARCH, JUNE, True, True), (MAY, None, False, True)], [False, False]),
    ],
)
def test_the_strictest_path_binds(rows: list[Row], expected: list[bool | None]) -> None:
    assert told(*rows) == expected


@pytest.mark.parametrize("gone", [None, APRIL, JUNE])
@pytest.mark.parametrize("may", [True, False, None])
def test_no_further_path_permits_what_is_forbidden_at_one_that_is_there(gone: str | None, may: bool | None) -> None:
    assert told((MAY, None, False, True), (MARCH, gone, may, True)) == [False, False]


def test_an_earlier_prohibition_binds_a_path_that_says_nothing_now() -> None:
    assert told((MARCH, None, None, True), forbidden_key="77c1") == [False]
