"""Text output of a link between two sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def sentence(link: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return a sentence about the source that the link is seen from."""
    here, there = link["here"], link["there"]
    other = names.get(there["source"], there["source"][:8]) + _at(there)
    score = f"(score {link['score']:.3f})"
    if link["kind"] == "same sound":
        offset = link["offset_seconds"]
        begins = f"{abs(offset):.3f} s {'earlier' if offset < 0 else 'later'}"
        return f"same sound as {other}, which begins {begins} {score}"
    if link["kind"] == "crop":
        return f"{'is cut out of' if link['part'] == 'here' else 'holds'} {other} {score}"
    return f"same picture{_at(here)} as {other} {score}"


def _at(end: Mapping[str, Any]) -> str:
    if end["frame_number"] is not None:
        return f" in frame {end['frame_number']} at {end['time_seconds']:.3f} s"
    return f" at {end['time_seconds']:.3f} s" if end["time_seconds"] is not None else ""
