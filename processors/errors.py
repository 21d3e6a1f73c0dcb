"""What can go wrong, one class per reaction.

`MediaError`: the file is at fault; stored as its result, never retried. `StoreError`: our disk is at fault; the run
stops. An `OSError` with an errno: the machine is at fault; tried again. Anything else: a bug or a wrong parameter.

Messages read `what is wrong: what to do`; whoever shows one puts the file's name in front.
"""

from __future__ import annotations

import errno
from typing import Literal

Verdict = Literal["made", "refused", "failed"]
Blame = Literal["file", "machine", "marsmedia"]
"""Whose fault it is that a result was refused or failed. `marsmedia`: a bug in this program. `machine`: no memory,
thread or space was left, or the file could not be read; such a failure is not stored."""


class MediaError(Exception):
    """The file cannot give what was asked of it.

    Parameters
    ----------
    what : what is wrong.
    todo : what a person can do about it.
    """

    def __init__(self, what: str, todo: str = "fetch the file again, or convert it with another tool") -> None:
        super().__init__(what, todo)
        self.what = what
        self.todo = todo

    def __str__(self) -> str:
        return f"{self.what}: {self.todo}"


class UnsupportedMedia(MediaError):
    """A format or feature that no reader here handles."""


class DamagedMedia(MediaError):
    """The bytes break the format's own rules, or decode to nothing."""


class RefusedMedia(MediaError):
    """Over a limit, or it refers to something that it must not open."""


class OutOfMemory(RefusedMedia):
    """A decoder asked for more memory than there is; in a worker that was used before, that may be others' doing."""


class UsedNotMade(MediaError):
    """A result that this one is made of was refused or failed, so this one is too.

    Parameters
    ----------
    root : processor of the result where the trouble began; between the two there may be others.
    reason : why that one was not made, with what to do about it.
    """

    def __init__(self, root: str, verdict: Verdict, reason: str, blame: Blame) -> None:
        super().__init__(f"needs {root}, which {'was refused' if verdict == 'refused' else verdict}", reason)
        self.verdict: Verdict = verdict
        self.blame: Blame = blame


class StoreError(Exception):
    """The processed store cannot be trusted or used: stop and look."""


class RecipeError(Exception):
    """The operator's recipes cannot be read: a wrong name or value; the message says which."""


class RequestError(Exception):
    """What a person asks for means nothing here: a selection, a pack's recipe; the message says what to write."""


class ResultMissing(StoreError):
    """A result or an item that should be in the store is not."""


class ItemMissing(ResultMissing):
    """A result that is there has no item of that name: nothing is wrong with the store."""


class ResultCorrupt(StoreError):
    """A stored file's bytes are not those that its manifest names."""


class SourceChanged(OSError):
    """The file changed or vanished while it was being read; its result was thrown away."""


OF_THE_CALLER = (
    errno.EINVAL, errno.EBADF, errno.EISDIR, errno.ENOTDIR, errno.ESPIPE, errno.EDOM, errno.ERANGE, errno.EOVERFLOW,
    errno.ENAMETOOLONG, errno.EILSEQ,
)  # fmt: skip
"""What the system says of a wrong request: such an `OSError` is not the machine's fault, and comes every time."""

NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
"""What the system says of a disk that takes no more."""

NO_THREAD = "can't start new thread"
"""Python's words, in a `RuntimeError`, where the machine or a limit gives it no thread."""

NO_MEMORY_LEFT = "the machine has no thread or memory left: use fewer --workers, or end other programs, and run again"
REASON_FOR_ERRNO = {
    errno.EAGAIN: NO_MEMORY_LEFT,
    errno.ENOMEM: NO_MEMORY_LEFT,
    errno.ENOSPC: "the disk is full: free some space and run again",
    errno.EDQUOT: "the disk quota is used up: free some space and run again",
    errno.EACCES: "permission denied: make it readable for this user and run again",
    errno.EPERM: "operation not permitted: check who owns it and run again",
    errno.EROFS: "the file system is read-only: choose another place with --store",
    errno.ENOENT: "the file is no longer there: put it back or run again without it",
    errno.ESTALE: "the network file system lost the file: run again",
    errno.EMFILE: "too many open files: raise `ulimit -n` and run again",
}


def machine_reason(error: OSError) -> str:
    """One line for a fault of the machine: what is wrong and what to do."""
    known = REASON_FOR_ERRNO.get(error.errno or 0)
    return known or f"{error.strerror or error}: look at the disk and run again"
