"""Earlier results, and the costs expected from them, from the catalogue, for many sources at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from processors.contract import Medium, Reads
from processors.json_records import Json
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.cost_curve import KNEE, CostCurve, decoded_size
from processors.store.catalogue.latest import LATEST_FIRST
from processors.store.catalogue.sql import connect
from processors.store.manifest import ResultRef

LATEST = """
SELECT source, processor, key, version, parameters, started_utc FROM latest_results WHERE list_contains(?, processor)
"""
COSTS = f"""
CREATE TEMP TABLE costs AS
SELECT r.source, r.processor, k.medium, r.reading_seconds, r.own_seconds, r.size_bytes AS made_bytes,
       k.size_bytes, k.duration_seconds, f.frame_pixels
FROM results r JOIN known k USING (source)
JOIN (SELECT digest AS source, max(frame_pixels) AS frame_pixels FROM sources GROUP BY digest) f USING (source)
WHERE r.verdict = 'made' AND list_contains(?, r.processor)
QUALIFY row_number() OVER (PARTITION BY r.source, r.processor ORDER BY {LATEST_FIRST}) = 1
"""
OWN = "SELECT source, processor, reading_seconds, own_seconds, made_bytes FROM costs WHERE own_seconds IS NOT NULL"
SAMPLE = """
SELECT medium, processor, reading_seconds, own_seconds, made_bytes, size_bytes, duration_seconds, frame_pixels
FROM costs WHERE own_seconds IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY medium, processor ORDER BY source) <= 500
"""
"""Results from which costs are estimated: at most 500 of each processor, by the digests of their sources."""
TYPICAL: dict[tuple[Medium, bool], tuple[float, float]] = {
    ("photo", False): (0.12, 0.12e6),
    ("audio", False): (0.035, 0.07e6),
    ("video", False): (0.05, 0.06e6),
    ("video", True): (0.15, 0.2e6),
}
"""Seconds and bytes of a usual result for each unit of decoded size, by medium, and whether it reads the pictures of a
video. Means over the full recipe on 180 files of many kinds; single processors are up to `ROUGH` times off."""
USUAL, ROUGH = 2.0, 4.0
"""Factors within which a cost is expected: from results of similar size, and otherwise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """Latest result of a processor on a source."""

    ref: ResultRef
    version: int
    parameters: str
    """Parameters as JSON."""
    started_utc: str

    def values(self) -> dict[str, Json]:
        return json.loads(self.parameters)


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """Expected cost of a result."""

    reading_seconds: float
    """Time to read the source, which all processors that read the same of it share."""
    own_seconds: float
    made_bytes: float
    factor: float
    """The cost is expected between its fraction and its multiple by this: 1 if it was measured on this source."""
    is_known: bool = True
    """False without any result of the processor on the medium."""


def usual(medium: Medium, reads: Reads, size: float) -> Expected:
    """Return the cost of a result about which only what it reads and the decoded size of its source are known."""
    seconds, made = TYPICAL[medium, medium == "video" and reads == "video"]
    units = size + KNEE[medium]
    return Expected(
        reading_seconds=0.0, own_seconds=seconds * units, made_bytes=made * units, factor=ROUGH, is_known=False
    )


class History:
    """Earlier results of some processors.

    Parameters
    ----------
    reads : what each processor reads, by name.
    """

    def __init__(self, catalogue: Catalogue, reads: Mapping[str, Reads]) -> None:
        self._reads, names = reads, sorted(reads)
        with connect(catalogue) as connection:
            self._latest = {
                (source, processor): Past(
                    ref=ResultRef(source=source, processor=processor, key=key),
                    version=version,
                    parameters=parameters,
                    started_utc=started,
                )
                for source, processor, key, version, parameters, started in connection.execute(
                    LATEST, [names]
                ).fetchall()
            }
            connection.execute(COSTS, [names])
            self._own = {
                (source, processor): Expected(reading_seconds=reading, own_seconds=own, made_bytes=made, factor=1.0)
                for source, processor, reading, own, made in connection.execute(OWN).fetchall()
            }
            self._curves = self._fitted(connection.execute(SAMPLE).fetchall())

    def latest(self, source: str, processor: str) -> Past | None:
        return self._latest.get((source, processor))

    def expected(self, source: str, processor: str, medium: Medium, size: float) -> Expected:
        """Return the processor's cost on this source: measured, or that on sources of about its decoded size.

        Without any, it is a usual one of the medium.

        Parameters
        ----------
        size : decoded size of the source, as the processor reads it.
        """
        if known := self._own.get((source, processor)):
            return known
        if curves := self._curves.get((medium, processor)):
            reading, own, made = (curve.at(size) for curve in curves)
            factor = ROUGH if curves[0].is_beyond(size) else USUAL
            return Expected(reading_seconds=reading, own_seconds=own, made_bytes=made, factor=factor)
        return usual(medium, self._reads[processor], size)

    def _fitted(
        self, rows: list[tuple[Medium, str, float, float, int, int, float | None, int | None]]
    ) -> dict[tuple[Medium, str], tuple[CostCurve, CostCurve, CostCurve]]:
        """Return curves of the time to read a source, of a processor's own time, and of the bytes of its result."""
        points: dict[tuple[Medium, str], list[tuple[float, float, float, float]]] = {}
        for medium, processor, reading, own, made, size_bytes, duration, pixels in rows:
            size = decoded_size(
                medium, self._reads[processor], size_bytes=size_bytes, duration_seconds=duration, frame_pixels=pixels
            )
            points.setdefault((medium, processor), []).append((size, reading, own, made))
        return {
            (medium, processor): (
                CostCurve([(size, reading) for size, reading, _, _ in some], KNEE[medium]),
                CostCurve([(size, own) for size, _, own, _ in some], KNEE[medium]),
                CostCurve([(size, made) for size, _, _, made in some], KNEE[medium]),
            )
            for (medium, processor), some in points.items()
        }
