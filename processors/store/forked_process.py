"""Processes forked from one that has read a store: the threads of the libraries that read stay behind."""

from __future__ import annotations

import os

from processors.errors import StoreError

_reader: int | None = None
"""Process that first read a store, or the one that this process was forked from."""


def refuse_if_forked() -> None:
    """Refuse to read a store in a process forked from one that has read a store: it would wait without end, or panic.

    Raises
    ------
    StoreError : says how to start the process instead.
    """
    global _reader
    _reader = _reader or os.getpid()
    if _reader != os.getpid():
        raise StoreError(
            "this process was forked from one that has read a store, and the libraries that read do not work in it; "
            'start processes with multiprocessing.get_context("spawn"), or use threads'
        )
