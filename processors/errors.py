"""Error classes, one per reaction. On the ground.

`MediaError`: the file is at fault; stored as its result, never retried. `StoreError`: the store's disk is at fault; the
run stops. An `OSError` with an errno: the machine is at fault; retried. Anything else: a bug or a wrong parameter.

The reason of a file or machine, which results and reports hold, reads `what is wrong: what to do`; the caller that
shows one prepends the file's name. An error that ends a command reads `where: what is wrong; what to do`.
"""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable
from typing import Literal

Verdict = Literal["made", "refused", "failed"]
Blame = Literal["file", "version", "machine", "marsmedia"]
"""Cause of a refusal or failure. `version`: this version does not support that kind of file. `marsmedia`: a bug in it.
`machine`: no memory, thread or space was left, or the file could not be read; such a failure is not stored."""


class MediaError(Exception):
    """Error caused by the file.

    Parameters
    ----------
    what : what is wrong.
    todo : how the user can fix it.
    """

    def __init__(self, what: str, todo: str = "download it again, or convert it with another tool") -> None:
        super().__init__(what, todo)
        self.what = what
        self.todo = todo

    def __str__(self) -> str:
        return f"{self.what}: {self.todo}"


class UnsupportedMedia(MediaError):
    """Format or feature that this version does not support; the file is not at fault."""


def note_of(error: MediaError) -> str:
    """Return the note on a file that is not opened; it says so if this version does not support the file."""
    words = str(error)
    return f"not supported: {words}" if isinstance(error, UnsupportedMedia) and not _is_unsupported(words) else words


def blame_for_unopened(note: str) -> Blame:
    """Return who is to blame for a file that is not opened, from its note, which may be from an older version."""
    return "version" if _is_unsupported(note) or note.startswith(NO_KNOWN_FORMAT) else "file"


def displayed_verdict(verdict: Verdict, blame: str | None) -> Verdict | Literal["unsupported"]:
    """Return the verdict for people, in which a refusal for lack of support in this version is `unsupported`."""
    return "unsupported" if blame == "version" else verdict


def _is_unsupported(words: str) -> bool:
    return "not supported" in words


class DamagedMedia(MediaError):
    """Bytes that violate the format's rules or decode to nothing."""


class RefusedMedia(MediaError):
    """Media over a limit, with forbidden references, or not suited to one result."""


class OutOfMemory(RefusedMedia):
    """A decoder requested more memory than available; in a reused worker, earlier files may be the cause."""


class UsedNotMade(MediaError):
    """Refusal or failure because a required input result was refused or failed.

    Parameters
    ----------
    root : processor of the result that is the root cause; there may be others in between.
    reason : why that result was not made, and how to fix it.
    """

    def __init__(self, root: str, verdict: Verdict, reason: str, blame: Blame) -> None:
        super().__init__(f"needs {root}, which {'was refused' if verdict == 'refused' else verdict}", reason)
        self.verdict: Verdict = verdict
        self.blame: Blame = blame


class StoreError(Exception):
    """The processed store cannot be trusted or used; the run must stop."""


class RecipeError(Exception):
    """A wrong name or value in the operator's recipes, which the message gives."""


class RequestError(Exception):
    """Invalid user request, such as a selection or a pack recipe; the message says what to write."""


class SelectionError(RequestError):
    """Selection that finds nothing in the store, or more than it may; the message names the word."""


class NoSuchSource(SelectionError):
    """A name that no source of the store has."""


class NoStore(RequestError):
    """No store in a folder or a bucket, where one is only to be read."""

    def __init__(self, location: object, near: str | None = None) -> None:
        """`near` is a store whose location may have been misspelt."""
        advice = f"did you mean {near}?" if near else "run `marsmedia ingest` or pass --store"
        super().__init__(f"no store found at {location}; {advice}")


class ResultMissing(StoreError):
    """A result or item is missing from the store."""


class ItemMissing(ResultMissing):
    """An existing result has no item of that name; the store itself is intact."""


class ResultCorrupt(StoreError):
    """A stored file's bytes do not match its manifest."""


class ResultNewer(ResultCorrupt):
    """A stored file has a newer format than this version reads; it is not damaged."""


class SourceChanged(OSError):
    """The file changed or vanished while being read; its result was discarded.

    Made as any `OSError`: error number, which is None for a file that is there, what is wrong and what to do, and path.
    """


class StoreAway(OSError):
    """No store where one is expected, as where its disk is not mounted; made as any `OSError`."""


OF_THE_CALLER = (
    errno.EINVAL,
    errno.EBADF,
    errno.EISDIR,
    errno.ENOTDIR,
    errno.ESPIPE,
    errno.EDOM,
    errno.ERANGE,
    errno.EOVERFLOW,
    errno.ENAMETOOLONG,
    errno.EILSEQ,
)
"""Error numbers of invalid requests: such an `OSError` is not the machine's fault and recurs every time."""

NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
"""Error numbers of a disk that is full or read-only."""

NO_KNOWN_FORMAT = "no known format begins with the bytes"
"""Start of the note on a file of unknown kind."""

NO_THREAD = "can't start new thread"
"""Message of Python's `RuntimeError` if the machine or a limit allows no more threads."""

NO_MEMORY_LEFT = "the machine has no thread or memory left: use fewer --workers, or close other programs, and run again"
MORE_TIME = "raise --time-limit-factor and run again with --retry-failed"
MORE_MEMORY = "raise --memory-mb and run again with --retry-failed"
"""Advice for a file over a limit that the operator sets for a run."""
MORE_PIXELS = "raise max_pixels in the recipe, and --memory-mb with it"
"""Advice for a picture over the limit of a recipe, which another run does not retry but makes with the new limit."""
REASON_FOR_ERRNO = {
    errno.EAGAIN: NO_MEMORY_LEFT,
    errno.ENOMEM: NO_MEMORY_LEFT,
    errno.ENOSPC: "the disk is full: free some space and run again",
    errno.EDQUOT: "the disk quota is used up: free some space and run again",
    errno.EACCES: "permission denied: make it readable for this user and run again",
    errno.EPERM: "operation not permitted: check its owner and run again",
    errno.EROFS: "the file system is read-only: choose another place with --store",
    errno.ENOENT: "the file no longer exists: restore it or run again without it",
    errno.ESTALE: "the network file system lost the file: run again",
    errno.EMFILE: "too many open files: raise `ulimit -n` and run again",
}


def is_over_limit_of_run(reason: str | None) -> bool:
    """Return whether only a limit of the run prevented a result, so that another run may make it."""
    return bool(reason) and reason.endswith((MORE_TIME, MORE_MEMORY))


def machine_reason(error: OSError) -> str:
    """Return one line about a fault of the machine, or a source that changed: what is wrong and what to do."""
    if isinstance(error, SourceChanged | StoreAway) and error.strerror:
        return error.strerror
    known = REASON_FOR_ERRNO.get(error.errno or 0)
    return known or f"{error.strerror or error}: check the disk and run again"


def meant(word: str, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown word: "did you mean frames?", or all choices if none is close."""
    names = list(known)
    close = closest(word, names)
    return f"did you mean {close}?" if close else f"use one of {', '.join(names)}"


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is most like an unknown one; None if none is close."""
    return next(iter(difflib.get_close_matches(word, list(known), 1)), None)
