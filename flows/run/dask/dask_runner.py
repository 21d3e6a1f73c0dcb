"""Runner on a Dask cluster: each batch is a task of Dask, and the store remembers what a lost worker had finished.

The driver plans, claims, catalogues and reports as for one machine.
"""

from __future__ import annotations

from collections.abc import Sequence

from distributed import KilledWorker

from flows.run.dask.dask_cluster import KILLED, DaskCluster
from flows.run.dask.dask_worker import Decoders
from flows.run.options import Options
from flows.run.progress import RunProgress
from flows.run.working.batches import SourceOutcome
from flows.run.working.retry import not_stored, plausible_seconds
from processors.engine.plan import Due
from processors.store.store import Store


class DaskRunner(DaskCluster):
    """Workers that derive the sources of a run."""

    def __init__(self, run: str, due: Sequence[Due], options: Options, store: Store, progress: RunProgress) -> None:
        """Connect; raises as `DaskCluster`."""
        super().__init__(run, None if due[0].address else due[0].file.path, options, store)
        self._progress = progress

    @property
    def batches_at_once(self) -> int:
        return self.slot_count + 1

    def derive(self, batch: Sequence[Due]) -> list[SourceOutcome]:
        """Derive a batch on some worker; one that kills its workers is split until a single source is to blame."""
        if not batch:
            return []
        for due in batch:
            self._progress.begin(due.relative, media_seconds=plausible_seconds(due))
        try:
            return self._derived_or_split(batch)
        finally:
            for due in batch:
                self._progress.end(due.relative, plausible_seconds(due))

    def _derived_or_split(self, batch: Sequence[Due]) -> list[SourceOutcome]:
        try:
            return self.ask(Decoders.derive, tuple(batch)) or []
        except KilledWorker:
            if len(batch) == 1:
                return [SourceOutcome(due=batch[0], outcomes=tuple(not_stored(batch[0], KILLED)))]
            middle = len(batch) // 2
            return self._derived_or_split(batch[:middle]) + self._derived_or_split(batch[middle:])
