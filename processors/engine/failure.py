"""Failure of one result: its verdict, the reason for users, and who is to blame."""

from __future__ import annotations

import errno
import traceback
from dataclasses import dataclass

import av.error

from processors.decoding.open_media import damaged_by
from processors.errors import (
    NO_THREAD,
    OF_THE_CALLER,
    Blame,
    ItemMissing,
    MediaError,
    OutOfMemory,
    RefusedMedia,
    SourceChanged,
    StoreError,
    UnsupportedMedia,
    UsedNotMade,
    Verdict,
)

TRACEBACK_CHARACTERS = 20_000


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Reason why a result was not made."""

    verdict: Verdict
    """`refused` or `failed`."""
    reason: str
    blame: Blame
    """Who is to blame; never the machine, whose faults are not stored as results."""
    traceback: str | None = None
    """Traceback for the developers of marsmedia; None if the file is to blame."""
    lacks_memory: bool = False
    """True if a decoder ran out of memory."""


def fault_of(error: Exception) -> Failure:
    """Translate an exception of a processor or a reader into the failure of the affected results.

    Raises
    ------
    StoreError, SourceChanged, OSError, MemoryError, ImportError : the machine's or the store's fault, unchanged; an
        `OSError` also if a thread cannot be started.
    """
    if isinstance(error, av.error.FFmpegError) and not isinstance(error, MemoryError):
        error = damaged_by(error)
    if isinstance(error, UsedNotMade):
        return Failure(verdict=error.verdict, reason=str(error), blame=error.blame)
    if isinstance(error, MediaError):
        refused = isinstance(error, RefusedMedia | UnsupportedMedia)
        lacks_memory = isinstance(error, OutOfMemory)
        verdict: Verdict = "refused" if refused else "failed"
        blame: Blame = "version" if isinstance(error, UnsupportedMedia) else "file"
        return Failure(verdict=verdict, reason=str(error), blame=blame, lacks_memory=lacks_memory)
    if isinstance(error, RuntimeError) and str(error) == NO_THREAD:
        raise OSError(errno.EAGAIN, "the machine has no thread or memory left") from error
    from_machine = isinstance(error, OSError) and error.errno is not None and error.errno not in OF_THE_CALLER
    from_store = isinstance(error, StoreError) and not isinstance(error, ItemMissing)
    if from_machine or from_store or isinstance(error, SourceChanged | MemoryError | ImportError):
        raise error
    return internal_fault(error)


def internal_fault(error: BaseException, text: str | None = None) -> Failure:
    """Return the failure for which marsmedia is to blame.

    `text`: the traceback, if the exception came from another process.
    """
    text = text or "".join(traceback.format_exception(error))
    words = str(error).split("\n")[0][:300]
    what = f"{type(error).__name__}: {words}" if words else type(error).__name__
    return Failure(
        verdict="failed",
        reason=f"a fault in marsmedia: {what}: please report it",
        blame="marsmedia",
        traceback=text[-TRACEBACK_CHARACTERS:],
    )
