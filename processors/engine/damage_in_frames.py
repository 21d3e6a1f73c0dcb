"""Damage in a video's frames, as the store's results report it."""

from __future__ import annotations

from collections.abc import Sequence

from processors.contract import Processor, Source
from processors.errors import StoreError
from processors.store.store import Store
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
