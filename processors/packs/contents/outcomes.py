"""Findings on sources in the results that count: the audit, refused motion, and what could not be made."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from processors.errors import displayed_verdict
from processors.store.manifest import ResultRef
from processors.well_known_names import EVIDENCE, INTEGRITY, MOTION

if TYPE_CHECKING:
    import duckdb

FACTS = """
SELECT source, processor, key, i.facts FROM stored_items i JOIN results r USING (source, processor, key)
WHERE processor = ? AND i.name = ? ORDER BY r.started_utc, key
"""
NOT_MADE = f"""
SELECT source, processor, key, verdict, blame, reason
FROM results SEMI JOIN (SELECT source, processor FROM results WHERE verdict <> 'made') USING (source, processor)
WHERE processor <> '{EVIDENCE}' ORDER BY source, processor, started_utc, key
"""
"""All results of processors that could not make one of a source, the oldest first."""


@dataclass(frozen=True, kw_only=True)
class FailedResult:
    """Result of a source that could not be made."""

    processor: str
    verdict: str
    """`failed`, `refused` or `unsupported`."""
    reason: str | None


class Outcomes:
    """Facts and failures of the results of all sources; of several of one processor the one that counts is taken.

    That is a requested one, else the latest, as in `processors.store.catalogue.latest`.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._audits = _by_source(connection.execute(FACTS, [INTEGRITY, "integrity.json"]).fetchall())
        self._motions = _by_source(connection.execute(FACTS, [MOTION, "motion.json"]).fetchall())
        self._not_made = _by_source(connection.execute(NOT_MADE).fetchall())

    def audit(self, source: str, asked: Container[ResultRef]) -> dict[str, Any] | None:
        """Return the facts of the audit; None without one."""
        return next((json.loads(facts) for (facts,) in _counting(self._audits, source, asked).values()), None)

    def motion_refused_because(self, source: str, asked: Container[ResultRef]) -> tuple[str, ...]:
        """Return the reason of each shot's refusal; empty if the motion of one was measured."""
        found = _counting(self._motions, source, asked).values()
        return next((_refused_shots(json.loads(facts)) for (facts,) in found), ())

    def failures(
        self, source: str, asked: Container[ResultRef], may_count: Callable[[ResultRef], bool] = lambda ref: True
    ) -> list[FailedResult]:
        """Return the results that could not be made, except evidence, in the order of processors.

        Parameters
        ----------
        may_count : returns whether a result counts that is not requested, where no other of its processor is.
        """
        return [
            FailedResult(processor=processor, verdict=displayed_verdict(verdict, blame), reason=reason)
            for processor, (verdict, blame, reason) in _counting(self._not_made, source, asked, may_count).items()
            if verdict != "made"
        ]


def _by_source(rows: Iterable[tuple[Any, ...]]) -> dict[str, list[tuple[ResultRef, tuple[Any, ...]]]]:
    found: dict[str, list[tuple[ResultRef, tuple[Any, ...]]]] = {}
    for source, processor, key, *values in rows:
        found.setdefault(source, []).append((ResultRef(source=source, processor=processor, key=key), tuple(values)))
    return found


def _counting(
    found: Mapping[str, Iterable[tuple[ResultRef, tuple[Any, ...]]]],
    source: str,
    asked: Container[ResultRef],
    may_count: Callable[[ResultRef], bool] = lambda ref: True,
) -> dict[str, tuple[Any, ...]]:
    """Return by processor what is stored with the result of a source that counts; `found` has the oldest first."""
    results = list(found.get(source, ()))
    requested = {ref.processor for ref, _ in results if ref in asked}
    return {
        ref.processor: values
        for ref, values in results
        if (ref in asked if ref.processor in requested else may_count(ref))
    }


def _refused_shots(facts: dict[str, Any]) -> tuple[str, ...]:
    reasons = [(shot["shot"], shot.get("refused_because")) for shot in facts.get("shots") or ()]
    return tuple(f"shot {number}: {why}" for number, why in reasons) if all(why for _, why in reasons) else ()
