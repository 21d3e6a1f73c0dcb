"""Garbage collection of a process that plans: seldom, as a large plan makes millions of objects that stay."""

from __future__ import annotations

import gc

THRESHOLDS = (100_000, 20, 20)
"""New objects, and younger collections, before each generation is looked through; Python's own are 700, 10 and 10.

Looking through the lasting objects of 100,000 sources again and again took a third of a run's processor time.
"""


def collect_rarely() -> None:
    """Collect this process's reference cycles less often."""
    gc.set_threshold(*THRESHOLDS)
