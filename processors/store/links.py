"""What one source has in common with another: kept in the records of both, and as a table in the catalogue."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa

LinkKind = Literal["same picture", "crop", "still and frame", "same sound"]


@dataclass(frozen=True, kw_only=True)
class LinkEnd:
    """A place in one source."""

    source: str
    """Digest."""
    item: str | None = None
    """Of its results: the picture that was compared."""
    time_seconds: float | None = None
    """Presentation time; None for a photo, and for a sound as a whole."""
    frame_number: int | None = None
    """From 0; None where it was not looked up."""


@dataclass(frozen=True, kw_only=True)
class SourceLink:
    """Two sources that show or hold the same, seen from the first of them."""

    kind: LinkKind
    here: LinkEnd
    there: LinkEnd
    part: Literal["here", "there"] | None = None
    """Which end was cut out of the other; None but for a crop."""
    offset_seconds: float | None = None
    """What is heard at time t there is heard at t + offset here; None but for a sound."""
    score: float
    """Correlation, -1 to 1."""
    evidence: dict[str, Any] = field(default_factory=dict)
    """What else speaks for it: `differing_bits`, `confidence`, `overlap_seconds`, `corners`, `points`."""

    def turned(self) -> SourceLink:
        """The same, seen from the other end."""
        return SourceLink(
            kind=self.kind,
            here=self.there,
            there=self.here,
            score=self.score,
            evidence=self.evidence,
            part={"here": "there", "there": "here", None: None}[self.part],  # type: ignore[arg-type]
            offset_seconds=-self.offset_seconds if self.offset_seconds is not None else None,
        )


LINK_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("source", "other", "kind", "part", "item", "other_item", "evidence")]
    + [(name, pa.float64()) for name in ("time_seconds", "other_time_seconds", "offset_seconds", "score")]
    + [(name, pa.int64()) for name in ("frame_number", "other_frame_number")]
)
"""Of the catalogue's table: a row for each end of a link; `other...` is what is there, the rest what is here."""


def link_row(record: dict[str, Any]) -> dict[str, Any]:
    """A row of the table, from a link as it stands in the record of a source."""
    here, there = record["here"], record["there"]
    return {
        **{name: record[name] for name in ("kind", "part", "offset_seconds", "score")},
        **{name: here[name] for name in ("source", "item", "time_seconds", "frame_number")},
        **{f"other_{name}": there[name] for name in ("item", "time_seconds", "frame_number")},
        "other": there["source"],
        "evidence": json.dumps(record["evidence"]),
    }
