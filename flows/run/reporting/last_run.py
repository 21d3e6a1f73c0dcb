"""The run that ended last, by what the records of runs say.

The names of records have the starts of runs, and of two at the same time the one that started first may end long after
the other. It is then among the others at work when that one ended, so that few records have to be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from flows.run.reporting.at_work import Who, runs_announced
from flows.run.reporting.run_record import ENDED, LOST, OTHERS, RUNNING, read_run
from processors.store.store import Store

MAX_EARLIER = 50
"""Number of runs that started before one of which is unknown which others were at work, and may have ended after it."""


def last_run(store: Store) -> dict[str, Any] | None:
    """Return the record of the last run: its report, or the fact that it is in progress or ended without one."""
    alive = {who.run for who, is_alive in runs_announced(store) if is_alive}

    def read(path: Path) -> dict[str, Any] | None:
        record = read_run(path)
        if record and record["state"] == RUNNING and record["run"] not in alive:
            who = Who(**{name: record[name] for name in Who.__dataclass_fields__})
            record |= {"state": LOST, "message": f"{LOST}: {who}"}
        return record

    earlier = iter(store.records("runs"))
    found = ((path, read(path)) for path in earlier)
    newest, record = next(((path, record) for path, record in found if record or path.exists()), (None, None))
    if newest is None:
        return None
    if record is None:
        message = f"{LOST}: runs/{newest.name} cannot be read, as after a power cut; what it had finished is kept"
        return {"run": newest.stem, "state": LOST, "message": message, "started_utc": None, "report": None}
    return _last(record, earlier, read)


def last_report(store: Store, is_wanted: Callable[[Mapping[str, Any]], bool]) -> dict[str, Any]:
    """Return the report of the last run of those that are wanted; empty if there is none."""

    def read(path: Path) -> dict[str, Any] | None:
        record = read_run(path)
        return record if record and is_wanted(record) else None

    earlier = iter(store.records("runs"))
    newest = next(filter(None, map(read, earlier)), None)
    return _last(newest, earlier, read) if newest else {}


def ended(record: Mapping[str, Any]) -> datetime:
    """Return the time at which a run ended; its start for one without a report."""
    if utc := record.get(ENDED):
        return datetime.fromisoformat(utc)
    return datetime.fromisoformat(record["started_utc"]) + timedelta(seconds=record.get("seconds", 0.0))


def _last(
    newest: dict[str, Any], earlier: Iterable[Path], read: Callable[[Path], dict[str, Any] | None]
) -> dict[str, Any]:
    """Return the record of the run that ended last.

    A run that ended without a report, and was at work when the last report was written, ended after that.

    Parameters
    ----------
    newest : record of the run that started last, of those that count.
    earlier : paths of the records of runs that started before it, the latest first.
    read : returns the record at a path, None if it does not count.
    """
    others = newest.get(OTHERS)
    beside = islice(earlier, MAX_EARLIER) if others is None else (path for path in earlier if path.stem in others)
    found = [newest, *(one for one in map(read, beside) if one and one["state"] != RUNNING)]
    last = max(found, key=ended)
    at_work = last.get(OTHERS) or ()
    return next((one for one in found if one["state"] == LOST and one["run"] in at_work), last)
