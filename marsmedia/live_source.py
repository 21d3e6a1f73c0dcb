"""What the store knows of a source that a notebook holds, taken again after a run has changed the store."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from processors.errors import RequestError

if TYPE_CHECKING:
    from flows.run.planning.current_results import CurrentResults
    from marsmedia.clocks import Clocks
    from processors.packs.embedded.source_attributes import SourceAttributes
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.catalogue.source_row import SourceRow
    from processors.store.manifest import Manifest, ResultRef
    from processors.store.open_store import Location
    from processors.store.store import Store

LOOK_SECONDS = 1.0
"""Time between two looks for a change of a store in a bucket, each of which takes requests to a server."""


@dataclass(frozen=True, kw_only=True)
class OpenedStore:
    """A store as it is at one moment, and what today's recipes and releases request of it."""

    store: Store
    catalogue: Catalogue
    asked: CurrentResults

    def facts(self, row: SourceRow | None = None) -> Mapping[tuple[str, str], Mapping[str, Any]]:
        """Return what is known of each source at each path, or of one: the columns of the view `sightings`."""
        from processors.store.catalogue.sql import connect

        with connect(self.catalogue) as connection:
            wanted, values = ("path = ? AND source = ?", [row.path, row.digest]) if row else ("TRUE", [])
            found = connection.execute(f"SELECT * FROM sightings WHERE {wanted}", values)
            names = [column[0] for column in found.description or ()]
            rows = (dict(zip(names, values, strict=True)) for values in found.fetchall())
            return {(row["path"], row["source"]): row for row in rows}


class LiveStore:
    """A store, opened again at the first call after a run has changed it."""

    def __init__(self, location: Location) -> None:
        self._location = location
        self._looked_seconds = 0.0
        self._held: tuple[tuple[str | None, ...], OpenedStore] | None = None

    def now(self) -> OpenedStore:
        """Return the store; while no table of its catalogue has another newest commit, the same as before."""
        from processors.store.catalogue.table_columns import COLUMNS

        held = self._held
        if held and not self._is_due(held[1].store):
            return held[1]
        opened = held[1] if held else self._opened()
        commits = tuple(opened.store.newest_commit(table) for table in COLUMNS)
        if held and commits != held[0]:
            opened = self._opened()
        self._looked_seconds = time.monotonic()
        self._held = commits, opened
        return opened

    def _is_due(self, store: Store) -> bool:
        return store.is_in_folder or time.monotonic() - self._looked_seconds > LOOK_SECONDS

    def _opened(self) -> OpenedStore:
        from flows.run.planning.current_results import CurrentResults
        from processors.store.catalogue.catalogue import Catalogue
        from processors.store.open_store import open_store

        store = open_store(self._location, writes=False)
        catalogue = Catalogue(store)
        return OpenedStore(store=store, catalogue=catalogue, asked=CurrentResults(catalogue))


class LiveSource:
    """One source at one place of a store, known anew after a run has changed the store."""

    def __init__(self, live: LiveStore, known: KnownSource) -> None:
        self._live, self._known = live, known

    def now(self) -> KnownSource:
        """Return what is known of it: all of one moment, so that no date goes with results made for another.

        Raises
        ------
        RequestError : its file has another path or name now.
        """
        opened = self._live.now()
        if opened is not self._known.opened:
            self._known = self._again(opened)
        return self._known

    def _again(self, opened: OpenedStore) -> KnownSource:
        from flows.run.planning.current_results import results_elsewhere

        before = self._known.row
        places = [one for one in opened.catalogue.seen([before.digest]) if one.digest == before.digest]
        row = next((one for one in reversed(places) if one.path == before.path), None)
        facts = opened.facts(row).get((before.path, before.digest)) if row else None
        if row is None or facts is None:
            raise RequestError(
                f"{before.name}: a run has found its file elsewhere since; take it again: "
                f'`store.source("{before.digest[:8]}")`'
            )
        elsewhere = results_elsewhere([row], opened.catalogue).get(row.path, frozenset())
        return KnownSource(opened=opened, row=row, facts=facts, elsewhere=elsewhere)


@dataclass(frozen=True, kw_only=True)
class KnownSource:
    """What is known of a source at one moment, with its results and its clocks."""

    opened: OpenedStore
    row: SourceRow
    facts: Mapping[str, Any]
    elsewhere: frozenset[ResultRef]
    """Results that belong to other places of the same bytes."""

    @property
    def store(self) -> Store:
        return self.opened.store

    @property
    def asked(self) -> CurrentResults:
        return self.opened.asked

    @cached_property
    def start_utc(self) -> datetime | None:
        """Return the UTC at `start_seconds`; None if not stated to the minute or finer."""
        from processors.mission.when import parse_when

        taken = self.evidence.get("taken") or {}
        return parse_when(taken["utc"]).instant if taken.get("utc") else None

    @cached_property
    def start_seconds(self) -> float:
        """Return the first presentation time of its video and audio, s."""
        from processors.metadata.first_presentation import first_presentation_seconds
        from processors.store.findings.stored_metadata import metadata_in

        return first_presentation_seconds(metadata_in(self.store.manifests(self.row.digest), self.store))

    @cached_property
    def clocks(self) -> Clocks:
        """Return the clocks of its presentation times."""
        from marsmedia.clocks import Clocks
        from processors.mission.profile import profile_called

        mission = self.facts["mission"]
        profile = profile_called(mission) if mission else None
        return Clocks(start_utc=self.start_utc, profile=profile, start_seconds=self.start_seconds)

    @cached_property
    def evidence(self) -> Mapping[str, Any]:
        """Return the statements about it, and what follows from them; empty without evidence."""
        from processors.store.findings.stored_evidence import read_evidence

        return read_evidence(self.store, self.row.digest, self.facts["evidence_key"]) or {}

    @property
    def provenance(self) -> SourceAttributes:
        """Return what the attributes of its tables and arrays say of it."""
        from marsmedia.choose_result import difference_from_today
        from marsmedia.inherited_damage import inherited_damage
        from processors.packs.embedded.source_attributes import SourceAttributes

        return SourceAttributes(
            name=self.row.name,
            sha256=self.row.digest,
            release=self.row.release,
            title=self.facts["title"],
            credit=self._said("photoshop:Credit"),
            rights=self._said("dc:rights"),
            usage_terms=self._said("xmpRights:UsageTerms"),
            instructions=self._said("photoshop:Instructions"),
            mission=self.facts["mission"],
            published_at=self._said("dc:source"),
            start_utc=self.start_utc,
            start_precision=self.facts["precision"],
            start_seconds=self.start_seconds,
            inherited=lambda manifest: inherited_damage(manifest, self.manifests()),
            difference=lambda manifest: difference_from_today(manifest, self.row, self.asked),
        )

    def _said(self, term: str) -> str | None:
        """Return the statement on a term that is nearest to the file; None if there is none."""
        return next((str(one["value"]) for one in self.evidence.get("statements", ()) if one["term"] == term), None)

    def manifests(self) -> list[Manifest]:
        """Return the results of these bytes, without those that belong to other places of them."""
        return [one for one in self.store.manifests(self.row.digest) if one.ref not in self.elsewhere]

    def manifest(self, processor: str, parameters: Mapping[str, object]) -> Manifest:
        """Return the result of a processor with these parameters; raises as `choose_result`."""
        from marsmedia.arguments import as_text
        from marsmedia.choose_result import choose_result

        return choose_result(self.row, as_text("processor", processor), self.manifests(), self.asked, parameters)
