"""Who may pass on what: every case of the rule above `PERMITTED`, on rows of `sighted`."""

from __future__ import annotations

import json
from collections.abc import Sequence

import duckdb
import pytest

from processors.store.catalogue.sql import PERMITTED

Row = tuple[str, str | None, bool | None, bool]
"""Since when and until when a path holds the bytes, whether it may be passed on, and whether its release speaks."""

MARCH, APRIL, MAY, JUNE = "2026-03", "2026-04", "2026-05", "2026-06"


def told(
    *rows: Row, forbidden_key: str | None = None, entries: Sequence[tuple[bool | None, str | None]] = ()
) -> list[bool | None]:
    """What the view says of each of several paths with the same bytes.

    `entries`: for the first of them what an entry about the file itself says, and since when.
    """
    connection = duckdb.connect()
    connection.execute("CREATE TABLE sighted (path VARCHAR, digest VARCHAR, seen_utc VARCHAR, gone_utc VARCHAR)")
    connection.execute("ALTER TABLE sighted ADD COLUMN forbidden_key VARCHAR")
    connection.execute("ALTER TABLE sighted ADD COLUMN words VARCHAR")
    connection.execute("ALTER TABLE sighted ADD COLUMN entry_permission BOOLEAN")
    connection.execute("ALTER TABLE sighted ADD COLUMN entry_permission_utc VARCHAR")
    for number, (seen, gone, may, speaks) in enumerate(rows):
        words = {"redistribute": may, "rights_source": "release.toml:rights" if speaks else "the file: Copyright"}
        entry = entries[number] if number < len(entries) else (None, None)
        said = [str(number), "3fa9", seen, gone, forbidden_key, json.dumps(words), *entry]
        connection.execute("INSERT INTO sighted VALUES (?, ?, ?, ?, ?, ?, ?, ?)", said)
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


NO, YES = (False, MARCH), (True, MAY)


@pytest.mark.parametrize(
    ("rows", "entries", "expected"),
    [
        ([(MARCH, None, True, True)], [NO], [False]),  # the entry is deleted, the top of the release says yes
        ([(MARCH, APRIL, False, True), (APRIL, None, True, True)], [NO], [False, False]),
        ([(MARCH, APRIL, True, True), (APRIL, None, True, True)], [NO], [False, False]),
        ([(MARCH, APRIL, False, True), (MARCH, None, True, True)], [NO, YES], [False, True]),
        ([(MARCH, JUNE, False, True), (MARCH, None, True, True)], [NO, YES], [False, False]),
        (
            [(MARCH, APRIL, False, True), (MARCH, MAY, True, True), (MAY, None, True, True)],
            [NO, YES],
            [False, True, True],
        ),
        ([(MARCH, APRIL, False, True), (MARCH, None, True, True)], [(None, None), YES], [False, True]),
        ([(MARCH, None, False, True), (MARCH, None, True, True)], [NO, YES], [False, False]),
    ],
)
def test_a_prohibition_of_one_file_ends_only_by_a_later_permission_of_one_file(
    rows: list[Row], entries: list[tuple[bool | None, str | None]], expected: list[bool | None]
) -> None:
    assert told(*rows, entries=entries) == expected
