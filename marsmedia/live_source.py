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
    from flows.run.planning.current_results import CurrentResults, ResultsElsewhere
    from marsmedia.clocks import Clocks
    from processors.packs.embedded.source_attributes import SourceAttributes
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.catalogue.source_row import SourceRow
    from processors.store.findings.whereabouts import Whereabouts
    from processors.store.manifest import Manifest, ResultRef
    from processors.store.open_store import Location
    from processors.store.store import Store

LOOK_SECONDS = 1.0
"""Time between two looks for a change of a store in a bucket, each of which takes requests to a server."""


class ReadStore:
    """A store at one moment; of its catalogue all places are read once, when they are first needed."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def __getstate__(self) -> dict[str, object]:
        """Return what another process gets: the store, without all that was read of its catalogue."""
        return {"store": self.store}

    @cached_property
    def catalogue(self) -> Catalogue:
        from marsmedia.catalogue_at_one_moment import CatalogueAtOneMoment

        return CatalogueAtOneMoment(self.store)

    @cached_property
    def rows(self) -> Mapping[tuple[str, str], SourceRow]:
        """Return present and past contents of every path, by path and SHA-256."""
        return {(row.path, row.digest): row for row in self.catalogue.sightings()}

    @cached_property
    def whereabouts(self) -> Whereabouts:
        from processors.store.findings.whereabouts import Whereabouts

        return Whereabouts(self.rows.values())

    def facts(self, row: SourceRow) -> Mapping[str, Any]:
        """Return what is known of a source at its path: the columns of the view `sightings`."""
        columns, values = self._sightings
        return dict(zip(columns, values[row.path, row.digest], strict=True))

    @cached_property
    def _sightings(self) -> tuple[list[str], Mapping[tuple[str, str], tuple[Any, ...]]]:
        """Return the columns of the view, and its rows by path and SHA-256."""
        from processors.store.catalogue.sql import connect

        with connect(self.catalogue) as connection:
            found = connection.execute("SELECT path, source, * FROM sightings")
            columns = [column[0] for column in found.description or ()][2:]
            return columns, {(path, source): tuple(values) for path, source, *values in found.fetchall()}


class OpenedStore:
    """A store at one moment, and what today's recipes and releases request of it for the sources of one selection."""

    def __init__(self, read: ReadStore) -> None:
        self.read = read

    def __getstate__(self) -> dict[str, object]:
        """Return what another process gets; it reads recipes and catalogue itself."""
        return {"read": self.read}

    @cached_property
    def asked(self) -> CurrentResults:
        from flows.run.planning.current_results import CurrentResults

        return CurrentResults(self.read.catalogue)

    @cached_property
    def _elsewhere(self) -> ResultsElsewhere:
        from flows.run.planning.current_results import ResultsElsewhere

        return ResultsElsewhere(self.read.catalogue)

    def known(self, row: SourceRow) -> KnownSource:
        """Return what is known of a source at its path."""
        return KnownSource(opened=self, row=row, facts=self.read.facts(row), elsewhere=self._elsewhere.of(row))

    def again(self, before: SourceRow) -> KnownSource:
        """Return what is known by now of a source that was at this path.

        Raises
        ------
        RequestError : its file has another path or name now.
        """
        row = self.read.rows.get((before.path, before.digest))
        if row is None:
            why = "a run has found its file elsewhere since"
        elif row.gone_utc and (now := self.read.whereabouts.now(row)):
            from processors.store.catalogue.named_sources import first_place

            why = self.read.whereabouts.in_words(row, first_place(now))
        else:
            return self.known(row)
        raise RequestError(f'{before.name}: {why}; take it again: `store.source("{before.digest[:8]}")`')


class LiveStore:
    """A store, opened again at the first call after a run has changed it."""

    def __init__(self, location: Location) -> None:
        self._location = location
        self._looked_seconds = 0.0
        self._held: tuple[tuple[object, ...], ReadStore] | None = None

    def now(self, *, looks: bool = False) -> ReadStore:
        """Return the store; while no table of its catalogue has another newest commit, the same as before.

        Parameters
        ----------
        looks : whether to look for a change, also if the last look at a store in a bucket was a moment ago.
        """
        from processors.store.catalogue.table_columns import COLUMNS

        held = self._held
        if held and not looks and not self._is_due(held[1].store):
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

    def _opened(self) -> ReadStore:
        from processors.store.open_store import open_store

        return ReadStore(open_store(self._location, writes=False))


class LiveSelection:
    """The store of a selection's sources; until a run changes it, recipes and releases are read once for all."""

    def __init__(self, live: LiveStore) -> None:
        self._live = live
        self._opened = OpenedStore(live.now(looks=True))

    def now(self) -> OpenedStore:
        """Return the store; while no run has changed it, the same as before."""
        opened = self._opened
        if (read := self._live.now()) is not opened.read:
            self._opened = opened = OpenedStore(read)
        return opened


class LiveSource:
    """One source at one place of a store, known anew after a run has changed the store."""

    def __init__(self, selection: LiveSelection, known: KnownSource) -> None:
        self._selection, self._known = selection, known

    def now(self) -> KnownSource:
        """Return what is known of it: all of one moment, so that no date goes with results made for another.

        Raises
        ------
        RequestError : its file has another path or name now.
        """
        opened, known = self._selection.now(), self._known
        if opened is not known.opened:
            self._known = known = opened.again(known.row)
        return known


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
        return self.opened.read.store

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
