"""Content of `browse` for a store: each source's results, those that count marked, and the original in its place."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from processors.engine.release_index import ReleaseIndex
from processors.formats import media_type_of
from processors.json_records import canonical_json
from processors.languages.language import phrase
from processors.languages.text import FALLBACK, Text
from processors.packs.contents.subject import ItemRecord, PlaceElsewhere, SourceRecord, item_records, manifests_of
from processors.packs.gallery.gallery_file import GalleryFile
from processors.packs.gallery.thumbnails import Thumbnails, seen_from
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.latest import age, current
from processors.store.catalogue.source_row import SourceRow, by_source
from processors.store.manifest import Manifest, ResultRef
from processors.store.store import Store

MAX_NAMED = 3
"""Maximum number of releases that fit into a heading."""


@dataclass(frozen=True, kw_only=True)
class Links:
    """How a page refers to files that are not its own, as URLs from its folder."""

    item: Callable[[ItemRecord], str]
    original: Callable[[SourceRecord], str | None]
    """None for an original that is gone."""


def links_on_disk(folder: Path) -> Links:
    """Return links to files where they are on this disk, from a page in a folder."""

    def original(subject: SourceRecord) -> str | None:
        path = Path(subject.path)
        return seen_from(folder, path) if path.is_file() else None

    return Links(item=lambda entry: seen_from(folder, entry.path), original=original)


def with_places(subjects: Iterable[SourceRecord], catalogue: Catalogue) -> Iterator[SourceRecord]:
    """Yield the sources with the other places, in any release, where their bytes are now."""
    places = by_source(row for row in catalogue.sources().values() if row.kind == "media")
    for subject in subjects:
        others = [row for row in places.get(subject.digest, ()) if row.path != subject.path]
        others.sort(key=lambda row: (row.relative, row.path))
        yield replace(
            subject, elsewhere=tuple(PlaceElsewhere(release=row.release, relative=row.relative) for row in others)
        )


def shown_of_store(
    subjects: Iterable[SourceRecord],
    store: Store,
    folder: Path,
    links: Links | None = None,
    elsewhere: Mapping[str, frozenset[ResultRef]] | None = None,
    thumbnails: Thumbnails | None = None,
    asked: Callable[[SourceRecord], Container[ResultRef]] = lambda subject: (),
    of_own: Callable[[SourceRecord, Iterable[Manifest]], list[Manifest]] = lambda subject, results: list(results),
) -> Iterator[GalleryFile]:
    """Yield every item in the store with its URL relative to `folder`; thumbnails are written below `folder`.

    Parameters
    ----------
    links : URLs of items and originals; None: of the files on this disk.
    elsewhere : results that belong to other places of the same bytes, by path; they are left out.
    thumbnails : those of a page that is served; None: all are made now.
    asked : returns the results of a source that today's recipes request; called only where a processor has several.
    of_own : returns the results of a source without those made of companions that are none of it any more.
    """
    links = links or links_on_disk(folder)
    thumbnails = thumbnails or Thumbnails(folder, links.item)
    for subject in subjects:
        if original := links.original(subject):
            yield GalleryFile(
                entry=None,
                subject=subject,
                href=original,
                media_type=media_type_of(subject.format, subject.medium, subject.name),
                thumbnail_href=None,
            )
        others = (elsewhere or {}).get(subject.path, frozenset())
        known = [one for one in manifests_of(subject, store) if one.ref not in others and one.verdict == "made"]
        found = of_own(subject, known)
        several = len({one.ref.processor for one in found}) < len(found)
        wanted = asked(subject) if several else ()
        counting = _counting(found, wanted)
        for manifest in newest(found, wanted):
            items = list(item_records(subject, [manifest], store))
            small = thumbnails.of_result(items)
            for entry in items:
                yield GalleryFile(
                    entry=entry,
                    subject=subject,
                    href=links.item(entry),
                    media_type=entry.media_type,
                    thumbnail_href=small.get(entry.name),
                    counts=manifest.ref in counting,
                )


def selection_title(rows: Iterable[SourceRow], catalogue: Catalogue) -> Text:
    """Return the titles of the releases of these sources, or their number if they are too many to name."""
    releases = list(dict.fromkeys(row.release for row in rows))
    if len(releases) > MAX_NAMED:
        return phrase("release_count", count=str(len(releases)))
    titles, separators = release_titles(releases, catalogue), phrase("release_list_separator")
    return Text({code: mark.join(one.best(code) or "" for one in titles) for code, mark in separators.items()})


def release_titles(releases: Iterable[str], catalogue: Catalogue) -> list[Text]:
    """Return the title of each release, as stated in its release.toml; without one, the folder's name."""
    rows, names = list(catalogue.sources().values()), list(releases)
    index = ReleaseIndex(rows)
    titles: dict[str, Text] = {}
    for row in rows:
        if row.kind == "media" and row.release in names and row.release not in titles:
            titles[row.release] = Text.of_keys(json.loads(index.of(row).release).get("head", {}), "title")
    return [titles.get(name) or Text({FALLBACK: name}) for name in names]


def newest(manifests: Iterable[Manifest], asked: Container[ResultRef] = ()) -> list[Manifest]:
    """Return one result of each processor with the same parameters: the requested one, else the latest."""
    ordered = sorted(manifests, key=lambda one: (one.ref in asked, age(one)))
    best = {(one.ref.processor, canonical_json(one.parameters)): one for one in ordered}
    return sorted(best.values(), key=lambda manifest: manifest.ref)


def _counting(manifests: Iterable[Manifest], asked: Container[ResultRef]) -> set[ResultRef]:
    """Return the results that count, as in packs: the requested ones; of a processor without any, the latest."""
    by_processor: dict[str, list[Manifest]] = {}
    for one in manifests:
        by_processor.setdefault(one.ref.processor, []).append(one)
    return {one.ref for ours in by_processor.values() for one in current(ours, asked)}
