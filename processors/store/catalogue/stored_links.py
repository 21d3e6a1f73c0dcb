"""Links between sources, stored in the records of both and as a table in the catalogue."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

LinkKind = Literal["same picture", "crop", "still and frame", "same sound"]


@dataclass(frozen=True, kw_only=True)
class LinkEnd:
    source: str
    """Digest of the source."""
    item: str | None = None
    """Name of the result item that was compared."""
    time_seconds: float | None = None
    """Presentation time; None for a photo or an entire sound."""
    frame_number: int | None = None
    """Frame number from 0; None if not determined."""


@dataclass(frozen=True, kw_only=True)
class SourceLink:
    """Link between two sources with common content, seen from the first."""

    kind: LinkKind
    here: LinkEnd
    there: LinkEnd
    part: Literal["here", "there"] | None = None
    """End that was cropped from the other; None except for crops."""
    offset_seconds: float | None = None
    """Offset: time t there corresponds to t + offset here; None except for sounds."""
    score: float
    """Correlation, -1 to 1."""
    evidence: dict[str, Any] = field(default_factory=dict)
    """Further evidence: `differing_bits`, `confidence`, `overlap_seconds`, `corners`, `points`."""

    def turned(self) -> SourceLink:
        """Return the link seen from the other end."""
        return SourceLink(
            kind=self.kind,
            here=self.there,
            there=self.here,
            score=self.score,
            evidence=self.evidence,
            part={"here": "there", "there": "here", None: None}[self.part],  # type: ignore[arg-type]
            offset_seconds=-self.offset_seconds if self.offset_seconds is not None else None,
        )


LINK_COLUMNS: dict[str, Literal["VARCHAR", "BIGINT", "DOUBLE"]] = {
    **dict.fromkeys(("source", "other", "kind", "part", "item", "other_item", "evidence"), "VARCHAR"),
    **dict.fromkeys(("time_seconds", "other_time_seconds", "offset_seconds", "score"), "DOUBLE"),
    **dict.fromkeys(("frame_number", "other_frame_number"), "BIGINT"),
}
"""Columns of the catalogue's table: one row per end of a link; `other...` describes the opposite end."""
_OF_END = ("item", "time_seconds", "frame_number")
"""Columns of an end, besides its source."""


def link_record(row: dict[str, Any]) -> dict[str, Any]:
    """Return the link of a table row as a source's record stores it."""
    return {
        "kind": row["kind"],
        "here": {name: row[name] for name in ("source", "item", "time_seconds", "frame_number")},
        "there": {"source": row["other"], **{name: row[f"other_{name}"] for name in _OF_END}},
        **{name: row[name] for name in ("part", "offset_seconds", "score")},
        "evidence": json.loads(row["evidence"]),
    }


def link_row(record: dict[str, Any]) -> dict[str, Any]:
    """Return the table row for a link stored in a source's record."""
    here, there = record["here"], record["there"]
    return {
        **{name: record[name] for name in ("kind", "part", "offset_seconds", "score")},
        **{name: here[name] for name in ("source", "item", "time_seconds", "frame_number")},
        **{f"other_{name}": there[name] for name in _OF_END},
        "other": there["source"],
        "evidence": json.dumps(record["evidence"]),
    }
