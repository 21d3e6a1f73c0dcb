"""What `browse` shows of a store: each source's newest results and the original, where it lies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from processors.contract import canonical_json
from processors.packs.entry import Subject, entries
from processors.packs.gallery.shown import Shown
from processors.packs.gallery.thumbnails import Thumbnails, seen_from
from processors.store.manifest import Manifest
from processors.store.results import Store

TYPES = {
    "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp", "avif": "image/avif",
    "bmp": "image/bmp", "tiff": "image/tiff", "jpeg2000": "image/jp2", "heic": "image/heic", "wav": "audio/wav",
    "flac": "audio/flac", "mp3": "audio/mpeg", "aac": "audio/aac", "aiff": "audio/aiff",
}  # fmt: skip
"""Media types of originals, where the format alone decides."""


def shown_of_store(subjects: Iterable[Subject], store: Store, folder: Path) -> Iterator[Shown]:
    """Every item as it lies in the store, seen from `folder`; small pictures are written below `folder`."""
    thumbnails = Thumbnails(folder)
    for subject in subjects:
        original = Path(subject.path)
        if original.is_file():
            yield Shown(
                entry=None,
                subject=subject,
                href=seen_from(folder, original),
                media_type=media_type(subject),
                thumbnail_href=None,
            )
        for manifest in newest(store.manifests(subject.digest)):
            items = list(entries(subject, [manifest], store))
            small = thumbnails.of_result(items)
            for entry in items:
                yield Shown(
                    entry=entry,
                    subject=subject,
                    href=seen_from(folder, entry.path),
                    media_type=entry.media_type,
                    thumbnail_href=small.get(entry.name),
                )


def newest(manifests: Iterable[Manifest]) -> list[Manifest]:
    """Of each processor with the same parameters, the result made last; other parameters stay beside it."""
    best: dict[tuple[str, bytes], Manifest] = {}
    for manifest in manifests:
        name = manifest.ref.processor, canonical_json(manifest.parameters)
        if name not in best or best[name].started_utc < manifest.started_utc:
            best[name] = manifest
    return sorted(best.values(), key=lambda manifest: manifest.ref)


def media_type(subject: Subject) -> str:
    """Of an original; `application/octet-stream` where its format has no name that browsers know."""
    family = "mp4" if subject.format.startswith("mov,") else subject.format.split(",")[0]
    if family in ("mp4", "ogg"):
        return f"{subject.medium}/{family}"
    if family == "matroska":
        return f"{subject.medium}/webm" if subject.name.lower().endswith(".webm") else f"{subject.medium}/x-matroska"
    return TYPES.get(family, "application/octet-stream")
