"""Commands at work on a store: each announces itself by a claim, which other commands see and a killed one loses."""

from __future__ import annotations

import errno
import json
import os
import platform
import shlex
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Self, get_args

from processors.errors import NO_SPACE, RequestError, StoreError
from processors.sources.scan import printable
from processors.store.claims import Claim, claim_run, runs_claimed
from processors.store.store import Store

ONLY_READ = (*NO_SPACE, errno.EACCES, errno.EPERM)
"""Error numbers of a store that this command can only read, so that it changes nothing that others might miss."""
Exclusive = Literal["prune", "rebuild"]
"""Commands that no run may meet, as each would undo what the other does: they stop for a run; a run waits for them."""
LOOK_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class Who:
    """Identity of a run, or of another command that changes the catalogue, recorded when it started."""

    run: str
    process: int
    host: str
    started_utc: str
    command: str
    raw: str
    """Folder of releases, or the words of a selection; empty for a command that is no run."""

    @classmethod
    def here(cls, name: str, raw: str, started: datetime) -> Self:
        """Return the identity of a run, or command, of this process."""
        return cls(
            run=name,
            process=os.getpid(),
            host=platform.node(),
            raw=raw,
            command=_command(),
            started_utc=started.isoformat(timespec="seconds"),
        )

    def __str__(self) -> str:
        return f"`{printable(self.command)}` (process {self.process} on {self.host}, since {self.started_utc})"

    @property
    def is_exclusive(self) -> bool:
        """Return whether it is a command that no run may meet."""
        return self.run.partition("-")[0] in get_args(Exclusive)

    def words(self) -> bytes:
        """Return it for a claim, from which `runs_announced` reads it."""
        return json.dumps(asdict(self)).encode()


@contextmanager
def announced(store: Store, kind: Exclusive | Literal["check", "withdrawal"]) -> Iterator[Who]:
    """Announce a command that is no run but changes the catalogue, so that no run takes these changes for its own."""
    started = datetime.now(UTC)
    who = Who.here(f"{kind}-{started:%Y%m%dT%H%M%S%f}-{os.getpid()}", "", started)
    claim, elsewhere = _claimed(store, who), store.claims_elsewhere
    try:
        if elsewhere:
            with suppress(StoreError):  # as ONLY_READ; or the command itself will report it
                elsewhere.join(who.words())
        yield who
    finally:
        if elsewhere:
            with suppress(StoreError):  # the announcement expires there by itself
                elsewhere.leave()
        with suppress(OSError):
            _mark(store).touch()
        claim.release()


@contextmanager
def alone(store: Store, kind: Exclusive) -> Iterator[None]:
    """Announce a command that must not meet another one at work; a run that begins meanwhile waits.

    Raises
    ------
    RequestError : another one is at work.
    StoreError : the bucket cannot be used.
    """
    with announced(store, kind) as who:
        require_none_at_work(store, but=who)
        yield


def require_none_at_work(store: Store, *, but: Who | None = None) -> None:
    """Raise `RequestError` if a run or another command is at work on a store; `but` is this one, if announced."""
    for one in runs_at_work(store):
        if but is None or one.run != but.run:
            raise RequestError(f"another command is at work on this store: {one}; run again when it has ended")


def wait_for_exclusive(at_work: Callable[[], Iterable[Who]]) -> None:
    """Wait until nothing that is at work is a command that no run may meet; raises as `at_work`."""
    while any(who.is_exclusive for who in at_work()):
        time.sleep(LOOK_SECONDS)


def runs_at_work(store: Store) -> list[Who]:
    """Return what is in progress on a store, also on other machines if it is in a bucket; the oldest first.

    Raises
    ------
    StoreError : the bucket cannot be used.
    """
    elsewhere = store.claims_elsewhere
    found = [*(who for who, is_alive in runs_announced(store) if is_alive)]
    found += read_words(elsewhere.at_work() if elsewhere else ())
    return sorted({who.run: who for who in found}.values(), key=lambda who: (who.started_utc, who.run))


def runs_announced(store: Store) -> Iterator[tuple[Who, bool]]:
    """Yield every run, or other command, that has not ended normally, and whether its process is alive."""
    for _, words, is_alive in runs_claimed(store):
        for who in read_words([words]):
            yield who, is_alive


def read_words(words: Iterable[bytes]) -> Iterator[Who]:
    """Yield what claims say; one that is being written is left out."""
    for one in words:
        with suppress(ValueError, TypeError):
            yield Who(**json.loads(one))


def has_changed_since(store: Store, started: datetime) -> bool:
    """Return whether a command that `announced` itself has ended on a store since a time."""
    return is_newer(_mark(store), started)


def is_newer(path: Path, started: datetime) -> bool:
    """Return whether a file was written since a time; false if there is none."""
    try:
        return path.stat().st_mtime >= started.timestamp()
    except FileNotFoundError:
        return False


def _mark(store: Store) -> Path:
    """Return the file whose date is the end of the last command that was announced."""
    return store.runs_folder / ".announced"


def _claimed(store: Store, who: Who) -> Claim:
    try:
        return claim_run(store, who.run, who.words())
    except OSError as error:
        if error.errno not in ONLY_READ:
            raise
        return Claim(None, None)


def _command() -> str:
    program, *words = sys.argv
    name = Path(program).name
    if name == "engine.py":  # Prefect's, which names the schedule for its own use
        return os.environ.get("PREFECT__DEPLOYMENT_NAME") or "a flow run of Prefect"
    return shlex.join(["marsmedia" if name == "cli.py" else name, *words])
