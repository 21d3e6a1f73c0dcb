"""Length of a source as it was decoded, where headers state another or none."""

from __future__ import annotations

import json
from typing import Any

from processors.formats import WITHOUT_LENGTH
from processors.store.catalogue.latest import latest_with_items
from processors.store.store import Store
from processors.well_known_names import ENVELOPE, INTEGRITY, LEVELS, SPECTROGRAM

TOLERANCE_SECONDS, TOLERANCE_RATIO = 0.5, 0.01
"""Difference up to which a header's length is right: it may include an encoder's padding, or a late first frame."""

ROUNDING_SECONDS = 0.001

COUNTERS = (LEVELS, ENVELOPE, SPECTROGRAM)
"""Processors whose facts count the samples of the whole sound."""


def decoded_length(store: Store, digest: str, stated_seconds: float | None, file_format: str) -> float | None:
    """Return the length of the decoded picture and sound (s) if the headers are wrong about it; None if they are not.

    Headers may state the length of the first of several recordings only, and FFmpeg estimates what they do not
    state. A decoded length below that of a header is a loss, which verdicts report.

    Parameters
    ----------
    digest : SHA-256 of the source.
    stated_seconds : length by the headers; None if they do not state it.
    file_format : format of the source; of some, the headers' length is an estimate of FFmpeg's.
    """
    seen, heard, is_stated = 0.0, 0.0, True
    for manifest in latest_with_items(store.manifests(digest)):
        if manifest.ref.processor == INTEGRITY:
            record = json.loads(store.item_path(manifest.ref, "integrity.json").read_bytes())
            seen = record.get("duration_decoded_seconds") or 0.0
        elif manifest.ref.processor in COUNTERS and isinstance(manifest.source_facts, dict):
            heard = max(heard, *(_heard_seconds(item.facts) for item in manifest.items), 0.0)
            # of a sound with losses, the headers may well state the whole
            is_stated = bool(manifest.source_facts.get("sample_count_from_header") or manifest.reason)
    decoded = max(seen, heard)
    if not decoded or stated_seconds is None:
        return decoded or None
    apart = decoded - stated_seconds
    is_estimate = bool(heard) and not seen and not is_stated
    tolerance = max(TOLERANCE_SECONDS, TOLERANCE_RATIO * stated_seconds)
    if file_format in WITHOUT_LENGTH:
        tolerance = ROUNDING_SECONDS
    is_wrong = (abs(apart) if is_estimate else apart) > tolerance
    return decoded if is_wrong else None


def _heard_seconds(facts: Any) -> float:
    """Return the length of the sound in the facts of an item; 0 where they do not state it."""
    if not isinstance(facts, dict):
        return 0.0
    count, rate_hz = facts.get("sample_count"), facts.get("rate_hz")
    return count / rate_hz if isinstance(count, int) and isinstance(rate_hz, int) and rate_hz > 0 else 0.0
