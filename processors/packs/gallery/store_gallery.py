"""Content of `browse` for a store: each source's newest results and the original in its place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from processors.contract import canonical_json
from processors.engine.release_index import ReleaseIndex
from processors.formats import media_type_of
from processors.languages.text import FALLBACK, Text
from processors.packs.contents.subject import SourceRecord, entries, manifests_of
from processors.packs.gallery.gallery_file import GalleryFile
from processors.packs.gallery.thumbnails import Thumbnails, seen_from
from processors.store.catalogue import Catalogue
from processors.store.latest import age
from processors.store.manifest import Manifest
from processors.store.store import Store


def shown_of_store(subjects: Iterable[SourceRecord], store: Store, folder: Path) -> Iterator[GalleryFile]:
    """Yield every item in the store with its URL relative to `folder`; thumbnails are written below `folder`."""
    thumbnails = Thumbnails(folder)
    for subject in subjects:
        original = Path(subject.path)
        if original.is_file():
            yield GalleryFile(
                entry=None,
                subject=subject,
                href=seen_from(folder, original),
                media_type=media_type_of(subject.format, subject.medium, subject.name),
                thumbnail_href=None,
            )
        for manifest in newest(manifests_of(subject, store)):
            items = list(entries(subject, [manifest], store))
            small = thumbnails.of_result(items)
            for entry in items:
                yield GalleryFile(
                    entry=entry,
                    subject=subject,
                    href=seen_from(folder, entry.path),
                    media_type=entry.media_type,
                    thumbnail_href=small.get(entry.name),
                )


def release_titles(releases: Iterable[str], catalogue: Catalogue) -> list[Text]:
    """Return the title of each release, as its release.toml gives it; the folder's name where it gives none."""
    rows = list(catalogue.sources().values())
    index = ReleaseIndex(rows)
    titles: dict[str, Text] = {}
    for row in rows:
        if row.kind == "media" and row.release not in titles:
            titles[row.release] = Text.of_keys(json.loads(index.of(row).release).get("head", {}), "title")
    return [titles.get(name) or Text({FALLBACK: name}) for name in releases]


def newest(manifests: Iterable[Manifest]) -> list[Manifest]:
    """Return the latest result of each processor with the same parameters; other parameters are kept as well."""
    best = {(one.ref.processor, canonical_json(one.parameters)): one for one in sorted(manifests, key=age)}
    return sorted(best.values(), key=lambda manifest: manifest.ref)
