"""Claims in a bucket: runs on any machine share the work on one store, and take over the claims of lost runs.

    claims/runs/<holder>.json              a run at work and who it is; written again every `BEAT_SECONDS`
    claims/sources/<source>/<n>.json       the holder that works on a source

A claim is an object that the server creates once. It is valid while its holder's run is rewritten: without that for
`LEASE_SECONDS` the run is lost, and a run that encounters its claim creates the next one, `n + 1`, which again only
one can. A run that was killed on this machine is lost at once. Ages are measured by the server's clock. A run that was
merely paused that long may do some work twice, without harm.
"""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from processors.errors import StoreError
from processors.store.bucket.bucket import Bucket
from processors.store.this_machine import is_alive_here, this_machine

BEAT_SECONDS = 15.0
LEASE_SECONDS = 60.0
"""Time without a beat after which a run is lost: a few beats may fail."""
LOOKS_A_LEASE = 24
"""Maximum number of checks of the other runs per lease; in between, the last check is reused."""
RUNS, SOURCES = "claims/runs", "claims/sources"


@dataclass(frozen=True)
class _Run:
    words: str
    """Description of the run, for people."""
    machine: str
    process: int


class BucketClaims:
    """Claims of the run of this process; may be used by several threads.

    Every method raises `StoreError` if the bucket cannot be used.
    """

    def __init__(
        self, bucket: Bucket, *, beat_seconds: float = BEAT_SECONDS, lease_seconds: float = LEASE_SECONDS
    ) -> None:
        self._bucket = bucket
        self._beat_seconds = beat_seconds
        self._lease = timedelta(seconds=lease_seconds)
        self._changing = threading.RLock()
        self._holder: str | None = None
        self._ended = threading.Event()
        self._beating = threading.Lock()
        """Held during a beat: one on its way when the run leaves would announce it again."""
        self._beaten = 0.0
        """Time of the last beat, by this machine's monotonic clock."""
        self._look_seconds = lease_seconds / LOOKS_A_LEASE
        self._looked = 0.0
        self._alive: set[str] = set()
        self._known: dict[str, _Run] = {}
        """Descriptions of other runs, by holder."""

    def join(self, words: bytes) -> list[bytes]:
        """Announce this run, and keep it announced until `leave`; return the descriptions of the others at work.

        The claims of lost runs are removed.
        """
        with self._changing:
            if self._holder is None:
                self._holder = uuid.uuid4().hex
                run = _Run(words=words.decode(), machine=this_machine(), process=os.getpid())
                self._beat(self._holder, run)
                self._ended = threading.Event()
                threading.Thread(target=self._beats, args=(self._holder, run, self._ended), daemon=True).start()
                self._sweep()
            return self._others()

    def leave(self) -> list[bytes]:
        """Withdraw the announcement; return the descriptions of the others at work, empty if there was none."""
        with self._changing:
            if self._holder is None:
                return []
            others = self._others()
            holder, self._holder = self._holder, None
            self._ended.set()
            with self._beating:
                self._bucket.delete([_run(holder)])
            return others

    def at_work(self) -> list[bytes]:
        """Return the descriptions of the other runs at work, for a process that need not run itself."""
        with self._changing:
            return self._others()

    def claim(self, source: str) -> str | None:
        """Claim a source; return the name of the claim, or None while another run, or thread, has it.

        Raises
        ------
        RuntimeError : this run has not joined.
        """
        if self._holder is None:
            raise RuntimeError("a run joins before it claims")
        mine = json.dumps({"holder": self._holder, "claim": uuid.uuid4().hex}).encode()
        number = 0
        while True:
            name = f"{SOURCES}/{source}/{number}.json"
            with suppress(FileNotFoundError):  # it was released at this moment
                if self._bucket.create(name, mine):
                    return name
                if self._is_alive(_holder_in(self._bucket.get(name))):
                    return None
                number += 1

    def release(self, name: str) -> None:
        """Give up a claim, and remove those of lost runs on the same source."""
        folder, _, last = name.rpartition("/")
        self._bucket.delete([f"{folder}/{number}.json" for number in range(int(last.removesuffix(".json")) + 1)])

    def _beats(self, holder: str, run: _Run, ended: threading.Event) -> None:
        while not ended.wait(self._beat_seconds):
            with self._beating, suppress(StoreError):  # the run notices it elsewhere; the next beat may succeed
                if not ended.is_set():
                    self._beat(holder, run)

    def _beat(self, holder: str, run: _Run) -> None:
        began = time.monotonic()
        self._bucket.put(_run(holder), json.dumps(asdict(run)).encode())
        self._beaten = began

    def _is_alive(self, holder: str) -> bool:
        with self._changing:
            if holder not in self._alive or time.monotonic() - self._looked >= self._look_seconds:
                self._look()
            return holder in self._alive

    def _look(self) -> list[str]:
        """Find the runs at work by one listing; return the lost ones."""
        seen = {_holder_of(one.name): one.modified for one in self._bucket.list(RUNS)}
        self._looked = time.monotonic()
        now = self._server_time(seen)
        fresh = {holder for holder, beaten in seen.items() if now - beaten < self._lease}
        self._alive = {holder for holder in fresh if not self._has_died_here(holder)}
        return sorted(seen.keys() - self._alive)

    def _server_time(self, seen: dict[str, datetime]) -> datetime:
        """Return the server's time, from its date of this run's last beat; this machine's time if there is none."""
        own = seen.get(self._holder or "")
        return datetime.now(UTC) if own is None else own + timedelta(seconds=time.monotonic() - self._beaten)

    def _has_died_here(self, holder: str) -> bool:
        """Return whether a run was on this machine and its process is gone."""
        if holder == self._holder:
            return False
        if holder not in self._known:
            try:
                self._known[holder] = _Run(**json.loads(self._bucket.get(_run(holder))))
            except FileNotFoundError:  # it has just ended
                return True
        run = self._known[holder]
        return run.machine == this_machine() and not is_alive_here(str(run.process))

    def _others(self) -> list[bytes]:
        self._look()
        return [self._known[holder].words.encode() for holder in sorted(self._alive - {self._holder or ""})]

    def _sweep(self) -> None:
        lost = self._look()
        if not lost:
            return
        for one in list(self._bucket.list(SOURCES)):
            with suppress(FileNotFoundError):
                if _holder_in(self._bucket.get(one.name)) in lost:
                    self._bucket.delete([one.name])
        self._bucket.delete([_run(holder) for holder in lost])


def _run(holder: str) -> str:
    return f"{RUNS}/{holder}.json"


def _holder_of(name: str) -> str:
    return name.rpartition("/")[2].removesuffix(".json")


def _holder_in(claim: bytes) -> str:
    return str(json.loads(claim)["holder"])
