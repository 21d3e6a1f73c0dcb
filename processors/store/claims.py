"""Claims: files in the store that a process locks while it works; the kernel releases them when it ends.

`claims/run-NAME` is held by a run, `claims/<digest>` by the process working on that source, `claims/serve` by the one
that runs the schedules. A claim is an `flock`, so a killed process loses it at once. Other machines see it if the file
system shares such locks, as NFS does. On a file system without locks nothing is claimed: two runs then do some work
twice, without harm. Claims on a store in a bucket are kept here, for this machine's processes, and in the bucket.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from processors.store.exclusive_lock import NO_LOCKS
from processors.store.store import Store

RUN = "run-"


class Claim:
    """A file that this process holds until `release`."""

    def __init__(self, path: Path | None, descriptor: int | None, elsewhere: Callable[[], None] = lambda: None) -> None:
        """Hold the claim; both are None if the file system has no locks. `elsewhere` releases it in a bucket too."""
        self._path = path
        self._descriptor = descriptor
        self._elsewhere = elsewhere

    def rewrite(self, words: bytes) -> None:
        """Replace the description; who reads it meanwhile may find it empty."""
        if self._descriptor is not None:
            os.truncate(self._descriptor, 0)
            os.pwrite(self._descriptor, words, 0)

    def release(self) -> None:
        """Release the lock and remove the file; a second call does nothing."""
        release, self._elsewhere = self._elsewhere, lambda: None
        release()
        if self._path is not None and self._descriptor is not None:
            self._path.unlink(missing_ok=True)  # still locked: no other process can intervene
            os.close(self._descriptor)
        self._path = self._descriptor = None


def claim_source(store: Store, digest: str) -> Claim | None:
    """Claim the work on one source; return None if another machine, process or thread holds the claim.

    Raises
    ------
    StoreError : the bucket of the store cannot be used.
    """
    here = _claim(_folder(store) / digest, b"")
    if here is None:
        return None
    elsewhere = store.claims_elsewhere
    if elsewhere is None:
        return here
    try:
        name = elsewhere.claim(digest)
    except BaseException:
        here.release()
        raise
    if name is None:
        here.release()
        return None
    return Claim(here._path, here._descriptor, lambda: elsewhere.release(name))


def claim_run(store: Store, name: str, words: bytes) -> Claim:
    """Return the claim of a run; `words` describe the run."""
    return _claim(_folder(store) / f"{RUN}{name}", words) or Claim(None, None)


def claim_file(path: Path, words: bytes) -> Claim | None:
    """Return the claim of a file, created and removed with it; None if another process holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return _claim(path, words)


def file_claimed(path: Path) -> bytes | None:
    """Return the description that the holder of a claim left in its file; None if nobody holds it."""
    try:
        return path.read_bytes() if _is_held(path) else None
    except FileNotFoundError:
        return None


def runs_claimed(store: Store) -> Iterator[tuple[str, bytes, bool]]:
    """Yield name and description of every run that has not ended normally, and whether its process is alive."""
    for path in sorted(store.root.glob(f"claims/{RUN}*")):
        try:
            words = path.read_bytes()
            yield path.name.removeprefix(RUN), words, _is_held(path)
        except FileNotFoundError:  # the run has just ended
            continue


def forget_run(store: Store, name: str) -> None:
    """Remove the file left by a killed run."""
    (_folder(store) / f"{RUN}{name}").unlink(missing_ok=True)


def sweep_claims(store: Store) -> None:
    """Remove the source claims left by killed processes."""
    for path in store.root.glob("claims/*"):
        if not path.name.startswith(RUN) and (claim := _claim(path, b"")):
            claim.release()


def _folder(store: Store) -> Path:
    folder = store.claims_folder
    folder.mkdir(exist_ok=True)
    return folder


def _claim(path: Path, words: bytes) -> Claim | None:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not _is_at(descriptor, path):  # its holder has removed it meanwhile
                os.close(descriptor)
                continue
            os.truncate(descriptor, 0)
            os.pwrite(descriptor, words, 0)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError as error:
            os.close(descriptor)
            if error.errno in NO_LOCKS:
                return Claim(None, None)
            raise
        return Claim(path, descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    held = os.fstat(descriptor)
    return (held.st_dev, held.st_ino) == (there.st_dev, there.st_ino)


def _is_held(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        return True  # unknown: better to assume alive than wrongly dead
    finally:
        os.close(descriptor)
    return False
