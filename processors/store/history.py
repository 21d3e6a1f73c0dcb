"""Earlier results and their costs, from the catalogue, for many sources at once."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

from processors.json_records import Json
from processors.store.catalogue import Catalogue
from processors.store.latest import LATEST_FIRST
from processors.store.manifest import Cost
from processors.store.sql import connect

LATEST = """
SELECT source, processor, version, parameters, started_utc FROM latest_results WHERE list_contains(?, processor)
"""
COSTS = """
CREATE TEMP TABLE costs AS
SELECT r.source, r.processor, r.key, k.medium, r.started_utc, r.reading_seconds, r.own_seconds,
       CASE WHEN k.medium = 'photo' THEN k.size_bytes ELSE k.duration_seconds END AS measure
FROM results r JOIN known k USING (source)
WHERE r.verdict = 'made' AND r.own_seconds IS NOT NULL AND list_contains(?, r.processor)
"""
OWN = f"""
SELECT source, processor, reading_seconds, own_seconds FROM costs
QUALIFY row_number() OVER (PARTITION BY source, processor ORDER BY {LATEST_FIRST}) = 1
"""
RATES = """
SELECT medium, processor, median(reading_seconds / measure), median(own_seconds / measure) FROM costs
WHERE measure > 0 GROUP BY medium, processor
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """Latest result of a processor on a source."""

    version: int
    parameters: str
    """Parameters as JSON."""
    started_utc: str

    def values(self) -> dict[str, Json]:
        return json.loads(self.parameters)


class History:
    """Earlier results of some processors."""

    def __init__(self, catalogue: Catalogue, processors: Collection[str]) -> None:
        names = sorted(processors)
        with connect(catalogue) as connection:
            self._latest = {
                (source, processor): Past(version=version, parameters=parameters, started_utc=started)
                for source, processor, version, parameters, started in connection.execute(LATEST, [names]).fetchall()
            }
            connection.execute(COSTS, [names])
            self._own = {
                (source, processor): Cost(reading_seconds=reading, own_seconds=own)
                for source, processor, reading, own in connection.execute(OWN).fetchall()
            }
            self._rates = {
                (medium, processor): (reading, own)
                for medium, processor, reading, own in connection.execute(RATES).fetchall()
            }

    def latest(self, source: str, processor: str) -> Past | None:
        return self._latest.get((source, processor))

    def cost(self, source: str, processor: str, medium: str, measure: float | None) -> Cost | None:
        """Return the processor's cost on this source, measured or estimated at the usual rate of its medium.

        Parameters
        ----------
        measure : seconds of video and audio, bytes of a photo; None if unknown.

        Returns
        -------
        Cost or None : None if nothing comparable exists yet.
        """
        if known := self._own.get((source, processor)):
            return known
        rate = self._rates.get((medium, processor))
        if rate is None or measure is None:
            return None
        return Cost(reading_seconds=rate[0] * measure, own_seconds=rate[1] * measure)
