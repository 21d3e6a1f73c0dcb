"""Record of a run from its start, which shows the runs at work and those that ended without a report.

`runs/NAME.json` says `running` until the report replaces it. Space for the report is reserved at the start, so
that a run that fills the disk can still report it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.run.reporting.at_work import Who, has_changed_since, is_newer, read_words, runs_announced, wait_for_exclusive
from processors.errors import NO_SPACE, StoreError, machine_reason
from processors.sources.scan import printable
from processors.store.bucket.bucket_traffic import RELEASES, Traffic
from processors.store.claims import Claim, claim_run, forget_run, sweep_claims
from processors.store.flush import replace_file
from processors.store.open_store import Location
from processors.store.store import Store

if TYPE_CHECKING:
    from flows.run.planning.prepare import Prepared

RESERVED_BYTES = 256 * 1024
RUNNING = "running"
LOST = "ended without a report"
ENDED_BEFORE = "ended_before_utc"
"""Field of the record of a lost run: start of the run that found it."""
ENDED = "ended_utc"
"""Field of a report: when the run ended. Reports of earlier versions have none."""
OTHERS = "others_at_work"
"""Field of a record: names of the other runs that were at work when the run ended; until then, when it started. None if
unknown, as for a store in a bucket, where a run is announced only once it has work to do, and in earlier versions."""


def name_of_run(who: str) -> str:
    """Return the name for the record of a run that starts now: `Store.records` orders runs by their start.

    Parameters
    ----------
    who : what tells it from a run that starts in the same microsecond, as the number of its process.
    """
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{who}"


class RunRecord:
    """Record of the run in this process; create it with `recorded`."""

    def __init__(self, store: Store, name: str, asked: str) -> None:
        self.store = store
        self.started = datetime.now(UTC)
        self._before = replace(RELEASES)
        self.report: Any = None
        """Report of the run, for the caller that started it."""
        self.prepared: Prepared | None = None
        """Plan of the run, if it was made before the flow started."""
        self._noted = [f"a new store was begun in {printable(store.address)}"] if store.is_new else []
        if store.has_restored_mark:
            self._noted.append(
                f"store.json was missing in {printable(store.address)}, which has results: written again"
            )
        self._others = list(runs_announced(store))
        self._claim = Claim(None, None)
        self._reserve: Path | None = None
        self.is_ended = False
        self._introduce(name, asked)

    @property
    def seconds(self) -> float:
        """Return the seconds since the run started, planning included."""
        return round((datetime.now(UTC) - self.started).total_seconds(), 3)

    @property
    def release_traffic(self) -> Traffic | None:
        """Return the traffic with releases in buckets since the run started; None without any."""
        traffic = RELEASES.since(self._before)
        return traffic if traffic.requests else None

    @property
    def path(self) -> Path:
        return self.store.runs_folder / f"{self.who.run}.json"

    def others_now(self) -> tuple[str, ...] | None:
        """Return the names of the other runs, and commands, at work now; None for a store in a bucket: unknown."""
        if self.store.claims_elsewhere:
            return None
        return tuple(who.run for who, is_alive in runs_announced(self.store) if is_alive and who.run != self.who.run)

    @property
    def others_at_work(self) -> list[Who]:
        """Return the runs that were in progress on this store when this one started."""
        return [who for who, is_alive in self._others if is_alive]

    @property
    def lost(self) -> list[Who]:
        """Return the runs that had ended without a report when this one started."""
        return [who for who, is_alive in self._others if not is_alive]

    @property
    def notes(self) -> tuple[str, ...]:
        """Return messages on this run: other runs at work, lost runs, and the messages added."""
        lost = [f"an earlier run {LOST}: {who}; what it had finished is kept" for who in self.lost]
        at_work = [f"another run is at work on this store: {who}; nothing is made twice" for who in self.others_at_work]
        return (*lost, *at_work, *self._noted)

    def is_alone(self) -> bool:
        """Return True if nothing else was at work on this store since this run started: neither a run nor a check."""
        known = {self.who.run, *(who.run for who in self.lost)}
        if self.others_at_work or any(who.run not in known for who, _ in runs_announced(self.store)):
            return False
        others = (one for one in self.store.runs_folder.glob("*.json") if one != self.path)
        return not (has_changed_since(self.store, self.started) or any(is_newer(one, self.started) for one in others))

    def wait(self) -> None:
        """Wait until no command on this machine is at work that no run may meet, as `rebuild`."""
        wait_for_exclusive(lambda: [who for who, is_alive in runs_announced(self.store) if is_alive])

    def sweep(self) -> None:
        """Remove leftovers of killed runs, except scratch folders while another run is at work."""
        sweep_claims(self.store)
        if not self.others_at_work:
            self.store.sweep()

    @contextmanager
    def known_elsewhere(self) -> Iterator[None]:
        """Announce the run to runs on other machines while it lasts; raises as `join`."""
        self.join()
        try:
            yield
        finally:
            self.leave()

    def join(self) -> None:
        """Announce the run to runs on other machines if the store is in a bucket; record which are at work there.

        Commands there that no run may meet are waited for.

        Raises
        ------
        StoreError : the bucket cannot be used.
        """
        if elsewhere := self.store.claims_elsewhere:
            self._meet(elsewhere.join(self.who.words()))
            if any(who.is_exclusive for who in self.others_at_work):
                wait_for_exclusive(lambda: read_words(elsewhere.at_work()))

    def leave(self) -> None:
        """Withdraw the announcement to other machines; record which runs were at work there meanwhile."""
        if elsewhere := self.store.claims_elsewhere:
            with suppress(StoreError):  # the announcement expires there by itself
                self._meet(elsewhere.leave())

    def _meet(self, words: list[bytes]) -> None:
        met = [(who, True) for who in read_words(words)]
        self._others += [one for one in met if one not in self._others]

    def add_message(self, message: str) -> None:
        self._noted.append(message)

    def take_over(self, name: str, asked: str) -> None:
        """Continue under the name of the Prefect flow that this process has started."""
        self.leave()
        self._forget_files()
        self.is_ended = False
        self._introduce(name, asked)

    def end(self, report: Mapping[str, Any], brief: Mapping[str, Any]) -> bool:
        """Replace the record by the report, or by a brief one if space is short; return False if neither fits."""
        self.is_ended = True
        written = False
        for give_up_reserve, content in ((False, report), (True, report), (True, brief)):
            if give_up_reserve:
                self._drop_reserve()
            try:
                replace_file(self.path, json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n")
            except OSError:
                continue
            written = True
            break
        if written:
            self._mark_lost()
            with suppress(StoreError):  # the local copy records why the bucket cannot be used
                self.store.upload(self.path)
        else:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)
        self._drop_reserve()
        self._claim.release()
        return written

    def close(self) -> None:
        """Remove the record of a run that never started."""
        self.leave()
        if not self.is_ended:
            self._forget_files()

    def _introduce(self, name: str, asked: str) -> None:
        self.who = Who.here(name, asked, self.started)
        state = {
            "run": name,
            "state": RUNNING,
            "message": f"at work: {self.who}",
            **asdict(self.who),
            "store": self.store.address,
            "report": None,
            OTHERS: self.others_now(),
        }
        try:
            self._claim = claim_run(self.store, name, self.who.words())
            replace_file(self.path, json.dumps(state, ensure_ascii=False, indent=1).encode() + b"\n")
            self._reserve = _reserved(self.store.runs_folder / f".{name}.reserved")
        except OSError as error:
            if error.errno not in NO_SPACE:
                raise StoreError(f"{self.store.address}: {machine_reason(error)}") from error

    def _forget_files(self) -> None:
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
        self._drop_reserve()
        self._claim.release()

    def _drop_reserve(self) -> None:
        if self._reserve is not None:
            self._reserve.unlink(missing_ok=True)
            self._reserve = None

    def _mark_lost(self) -> None:
        """Record the known facts on lost runs, so that these are reported only once."""
        for who in self.lost:
            path = self.store.runs_folder / f"{who.run}.json"
            with suppress(OSError, ValueError):
                seen, record = path.stat(), json.loads(path.read_bytes())
                if record.get("state") == RUNNING:
                    found = {"message": f"{LOST}: {who}", ENDED_BEFORE: self.started.isoformat()}
                    lost = {**record, "state": LOST, **found}
                    replace_file(path, json.dumps(lost, ensure_ascii=False, indent=1).encode() + b"\n")
                    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))
            with suppress(OSError):
                (self.store.runs_folder / f".{who.run}.reserved").unlink(missing_ok=True)
                forget_run(self.store, who.run)


def store_of_run(location: Location) -> Store | None:
    """Return the store of this process's run in progress, if it is at this location."""
    outer = _current.get()
    if outer is not None and not outer.is_ended and outer.store.address == str(location):
        return outer.store  # its knowledge of a bucket need not be fetched again
    return None


_current: ContextVar[RunRecord | None] = ContextVar("run_record", default=None)


@contextmanager
def recorded(store: Store, name: str, asked: str) -> Iterator[RunRecord]:
    """Record a run while it lasts; inside another one on the same store, rename that one and continue it.

    Raises
    ------
    StoreError : the store cannot be written.
    """
    outer = _current.get()
    if outer is not None and outer.store.root == store.root and not outer.is_ended:
        if outer.who.run != name:
            outer.take_over(name, asked)
        yield outer
        return
    record = RunRecord(store, name, asked)
    token = _current.set(record)
    try:
        yield record
    finally:
        _current.reset(token)
        record.close()


def read_run(path: Path) -> dict[str, Any] | None:
    """Return the record of a run; None if it is damaged, as by a power cut, or has been removed meanwhile."""
    try:
        record = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return record if isinstance(record, dict) and "state" in record else None


def _reserved(path: Path) -> Path | None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        os.posix_fallocate(descriptor, 0, RESERVED_BYTES)
    except (OSError, AttributeError):  # no space, or a system that cannot reserve it
        path.unlink(missing_ok=True)
        return None
    finally:
        os.close(descriptor)
    return path
