"""Problems that no report has told: a run that was killed or stopped met them first, so they are new to the next one.

The report of a run that was stopped tells nobody: it is posted nowhere, and its mail may go with the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from flows.run.reporting.at_work import runs_announced
from flows.run.reporting.problems import IDENTITY, FileProblem, identity_of
from flows.run.reporting.run_record import ENDED_BEFORE, RunRecord, read_run
from processors.errors import StoreError
from processors.store.manifest import ResultRef

ROUNDED_SECONDS = 2.0
"""Start of a run, and its length, are recorded as whole seconds or nearly so."""


def has_told(record: Mapping[str, Any]) -> bool:
    """Return whether a run's record is a report of which somebody was told."""
    return "problems" in record and record["state"] != "interrupted"


class _Silent(NamedTuple):
    """Time of a run that told nothing."""

    started: datetime
    ended: datetime | None
    """Time at which it had ended; None for a run that was killed and found by this one."""


class Untold:
    """Look into the records of earlier runs, the newest first, and only as far back as needed.

    Runs at work count as little as this one: they will tell what they meet. In a bucket nothing is looked into, as this
    would take requests in each run, also in one that has nothing to do.
    """

    def __init__(self, record: RunRecord) -> None:
        self._store = record.store
        if not self._store.is_in_folder:
            return
        at_work = {record.who.run, *(who.run for who, is_alive in runs_announced(self._store) if is_alive)}
        self._found_now = {who.run for who in record.lost}
        self._unread = (path for path in record.store.records("runs") if path.stem not in at_work)
        self._told: set[tuple[Any, ...]] = set()
        self._silent: list[_Silent] = []
        self._starts: list[datetime] = []
        """Starts of the runs that were read."""
        self._has_read_report = False

    def result_as_new(self, problem: FileProblem, refs: Sequence[ResultRef]) -> FileProblem:
        """Return a problem of results, the last of which was met when that was tried; as `as_new`."""

        def met_utc() -> str | None:
            with suppress(StoreError):  # a damaged manifest, which is another problem
                return max(self._store.manifest(ref).started_utc for ref in refs)
            return None

        return self.as_new(problem, met_utc, refs[0].source) if refs else problem

    def as_new(self, problem: FileProblem, met_utc: Callable[[], str | None], source: str | None = None) -> FileProblem:
        """Return a problem, as a new one if no report has told it and a run that told nothing met it.

        Parameters
        ----------
        met_utc : returns the time at which a run met it, None if unknown; called if the newest report does not have it.
        source : SHA-256 of the bytes that have the problem wherever they are, at any path of which a report tells it.
        """
        if problem.is_new or not self._store.is_in_folder:
            return problem
        identity = identity_of(problem)
        while not self._has_read_report and self._read_next():
            pass
        if identity in self._told or (utc := met_utc()) is None:
            return problem
        met = datetime.fromisoformat(utc)
        while identity not in self._told and self._read_next():  # past `met` for the record of a run that was killed
            pass
        is_of_silent = any(one.started <= met and (one.ended is None or met <= one.ended) for one in self._silent)
        is_told = identity in self._told or not is_of_silent or self._is_told_elsewhere(problem, source)
        return replace(problem, is_new=not is_told)

    def _is_told_elsewhere(self, problem: FileProblem, source: str | None) -> bool:
        """Return whether a report told the problem at another path that has or had the same bytes."""
        paths = self._paths.get(source, ()) if source else ()
        return any(identity_of(replace(problem, file=path)) in self._told for path in paths)

    @cached_property
    def _paths(self) -> dict[str, set[str]]:
        """All present and past paths of each source."""
        from processors.store.catalogue.catalogue import Catalogue

        found: dict[str, set[str]] = {}
        for row in Catalogue(self._store).sightings():
            found.setdefault(row.digest, set()).add(row.relative)
        return found

    def _read_next(self) -> bool:
        """Read the record of one more run; return False if there is none."""
        path = next(self._unread, None)
        if path is None:
            return False
        record = read_run(path) or {}
        if has_told(record):
            self._has_read_report = True
            self._told |= {tuple(map(one.get, IDENTITY)) for one in record["problems"]}
        if record.get("started_utc"):
            started = datetime.fromisoformat(record["started_utc"])
            if not has_told(record):
                self._silent.append(_Silent(started, self._end_of(record, started)))
            self._starts.append(started)
        return True

    def _end_of(self, record: Mapping[str, Any], started: datetime) -> datetime | None:
        """Return the time at which a run that told nothing had ended; None if it was this run that found it so.

        Of one that was found by an earlier version, or never, it is the start of the run after it.
        """
        if "seconds" in record:
            return started + timedelta(seconds=record["seconds"] + ROUNDED_SECONDS)
        if ENDED_BEFORE in record:
            return datetime.fromisoformat(record[ENDED_BEFORE])
        if record["run"] in self._found_now:
            return None
        return min((one for one in self._starts if one > started), default=None)
