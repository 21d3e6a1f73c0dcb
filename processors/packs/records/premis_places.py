"""Places of a pack's files in PREMIS: what was found at each of them, replaced and withdrawn, from first to last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from processors.packs.contents.companions import PackedCompanion
from processors.packs.contents.packed_file import in_seconds
from processors.packs.contents.release_files import PackedReleaseFile, ReleaseFiles
from processors.packs.contents.sightings import Sightings
from processors.packs.contents.subject import SourceRecord
from processors.packs.records import premis_events as events
from processors.packs.records.premis_elements import Element
from processors.store.catalogue.source_row import SourceRow


class PlaceHistories:
    """Every place that holds or held files of the pack, with its whole history, each event recorded once."""

    def __init__(
        self,
        sightings: Sightings,
        subjects: Sequence[SourceRecord],
        companions: Sequence[PackedCompanion],
        of_releases: Sequence[PackedReleaseFile],
        absent: ReleaseFiles,
    ) -> None:
        """Take all that is in the pack, and the files that are gone from its releases."""
        self._sightings = sightings
        self._of_sources = {
            one.digest: [path for group in sightings.with_earlier(sightings.places_of(one.digest)) for path in group]
            for one in subjects
        }
        beside = [
            *(row for one in companions for row in one.rows),
            *(one.row for one in of_releases),
            *absent.withdrawn,
            *absent.missing,
            *absent.elsewhere,
        ]
        self._beside = sightings.with_earlier(row.path for row in beside)
        self._told: set[tuple[str, str, str]] = set()

    def rows(self) -> Iterator[SourceRow]:
        """Yield every file that was at one of the places, also those that were replaced there."""
        for path in dict.fromkeys(path for paths in (*self._of_sources.values(), *self._beside) for path in paths):
            yield from (one.here.row for one in self._sightings.at(path))

    def of_source(self, subject: SourceRecord) -> Iterator[list[Element]]:
        """Yield the events at all places of a source, in every release, in the order of their times."""
        return self._events(self._of_sources[subject.digest])

    def beside(self) -> Iterator[list[Element]]:
        """Yield the events at the places of labels, files of releases and withdrawn files, also where they were moved
        from.
        """
        for paths in self._beside:
            yield from self._events(paths)

    def _events(self, paths: Iterable[str]) -> Iterator[list[Element]]:
        found = [one for path in paths for one in self._sightings.at(path)]
        for one in sorted(found, key=lambda one: (one.here.seen_utc, one.here.row.path)):
            row = one.here.row
            event = (row.relative, row.digest, in_seconds(one.here.seen_utc))
            if event not in self._told:  # a place is known below each of several folders of releases
                self._told.add(event)
                yield from events.of_sighting(one)
