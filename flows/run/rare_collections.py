"""Garbage collection of a process that plans: seldom, as a large plan makes millions of objects that stay."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = (100_000, 20, 20)
"""New objects, and younger collections, before each generation is looked through; Python's own are 700, 10 and 10.

Looking through the lasting objects of 100,000 sources again and again took a third of a run's processor time.
"""
ORDINARY = gc.get_threshold()


@contextmanager
def rare_collections() -> Iterator[None]:
    """Collect this process's reference cycles less often.

    Not where videos are decoded: PyAV's frames and their side data are cycles, which keep the decoder's whole pool of
    pictures, gigabytes after a few videos.
    """
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*ORDINARY)
