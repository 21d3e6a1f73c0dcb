"""`status` names every run at work on a store, on this machine and on others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flows.run.reporting.run_record import RunRecord
from processors.store.open_store import Location, location_of, open_store
from tests.helpers.command import in_this_process


@contextmanager
def at_work(location: Location, name: str) -> Iterator[RunRecord]:
    """A run that lasts as long as the context, and is known to other machines."""
    record = RunRecord(open_store(location), name, "raw")
    record.join()
    try:
        yield record
    finally:
        record.close()


def test_every_run_at_work_is_named_until_it_ends(tmp_path: Path) -> None:
    _named_until_each_ends(tmp_path / "store")


def test_every_run_at_work_on_a_bucket_is_named_on_all_machines(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = location_of(f"s3://{bucket}/mars")
    _named_until_each_ends(address)
    with at_work(address, "first") as first:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another machine"))
        assert _told(address)[:2] == ([str(first.who)], ["first"])


def test_failures_names_a_run_at_work_that_may_find_more(tmp_path: Path) -> None:
    words = ("failures", "--new", "--store", str(tmp_path / "store"))
    with at_work(tmp_path / "store", "20260101T000000-1") as one:
        assert in_this_process(*words).stdout.splitlines() == [
            "no new files with problems",
            f"a run is at work: {one.who}; its report will name what it finds",
        ]
    assert in_this_process(*words).stdout == "no new files with problems\n"


def test_a_run_of_a_schedule_is_named_by_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/opt/mars/prefect/engine.py"])
    monkeypatch.setenv("PREFECT__DEPLOYMENT_NAME", "nightly-ingest")
    with at_work(tmp_path / "store", "20260101T000000-1") as one:
        assert str(one.who).startswith("`nightly-ingest` (process ")
    monkeypatch.delenv("PREFECT__DEPLOYMENT_NAME")
    with at_work(tmp_path / "store", "20260101T000000-2") as one:
        assert str(one.who).startswith("`a flow run of Prefect` (process ")


def _named_until_each_ends(location: Location) -> None:
    assert _told_of_none(location)
    with at_work(location, "20260101T000000-1") as first:
        with at_work(location, "20260101T000100-2") as second:
            assert _told(location)[:2] == ([str(first.who), str(second.who)], [first.who.run, second.who.run])
            second.end(
                {
                    "run": second.who.run,
                    "state": "interrupted",
                    "message": "interrupted: at once",
                    "started_utc": "2026-01-01T00:01:00+00:00",
                    "report": None,
                },
                {},
            )
            second.leave()
        assert _told(location) == (
            [str(first.who)],
            [first.who.run],
            "interrupted: at once (2026-01-01T00:01:00+00:00)",
        )
    assert _told(location)[:2] == ([], [])


def _told_of_none(location: Location) -> bool:
    open_store(location)
    return in_this_process("status", "--store", str(location)).stdout.splitlines()[-1] == "no run yet"


def _told(location: Location) -> tuple[list[str], list[str], str | None]:
    """The runs at work that `status` prints, the names in `--json`, and the last run that it prints."""
    printed = in_this_process("status", "--store", str(location)).stdout.splitlines()
    runs = [line.removeprefix("a run is at work: ") for line in printed if line.startswith("a run is at work: ")]
    last = next((line.removeprefix("last run: ") for line in printed if line.startswith("last run: ")), None)
    record = json.loads(in_this_process("status", "--store", str(location), "--json").stdout)
    return runs, [one["run"] for one in record["runs_at_work"]], last
