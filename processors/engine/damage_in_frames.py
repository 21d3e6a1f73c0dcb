"""Damage in a video's frames, as the store's results report it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from processors.contract import Inputs, Processor, Source
from processors.errors import StoreError
from processors.store.inputs import StoredResult
from processors.store.store import Store
from processors.video.audit.measured_frames import MeasuredFrames
from processors.video.audit.measurements import Measurements

LOSSES = (
    "frame_count_lost",
    "frame_count_gone",
    "frame_count_corrupt",
    "damaged_byte_count",
    "decoder_errors",
    "unsure_seconds",
)
"""Fields of `VideoReport` that are empty or 0 if all decoded frames are intact."""


def must_read_in_order(begun: Sequence[Processor], source: Source, store: Store) -> bool:
    """Return whether a video that processors are going to read is known to be damaged.

    Few of its frames, decoded in several threads, may come without the marks of their damage.
    """
    reads_video = source.medium == "video" and any(one.reads == "video" for one in begun)
    return reads_video and found_damage_in_frames(store, source.digest) is True


def found_damage_in_frames(store: Store, digest: str) -> bool | None:
    """Return whether the results of a video report damaged or missing frames.

    None if no result is of every frame, or if a record cannot be read.
    """
    is_known = False
    try:
        for one in store.manifests(digest):
            facts = one.source_facts
            if isinstance(facts, dict) and "frame_count_corrupt" in facts:
                if any(facts.get(name) for name in LOSSES):
                    return True
                is_known |= one.ref.processor == Measurements.name
    except StoreError:
        return None
    return False if is_known else None


def spans_of_damaged_frames(store: Store, digest: str) -> np.ndarray:
    """Return when frames are shown that are damaged or come after damage, as the audit counts them.

    float64, shape (frames, 2): start and end, s, half open, of each; without frames if no result of this version
    measured the video, or if it cannot be read.
    """
    try:
        for one in store.manifests(digest):
            is_current = one.ref.processor == Measurements.name and one.version == Measurements.version
            if is_current and one.verdict == "made":
                found = {Measurements.name: StoredResult(store=store, manifest=one)}
                measured = MeasuredFrames.of(Inputs(info=None, results=found, source_facts={"video": one.source_facts}))
                ticks = np.column_stack([measured.pts, measured.end_pts])[measured.is_damaged]
                return ticks * float(measured.time_base)
    except StoreError:
        pass
    return np.empty((0, 2))
