"""Items copied to a folder outside the store, laid out as in the by-name view."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from processors.sources.source_file import sha256_of
from processors.store.by_name_view import ByNameEntry, safe_name
from processors.store.catalogue.source_row import SourceRow
from processors.store.manifest import Manifest, ResultRef, StoredItem
from processors.store.store import Store
from processors.well_known_names import EVIDENCE


@dataclass(frozen=True, kw_only=True)
class FetchedItem:
    """Item that was copied to a file."""

    path: Path
    size_bytes: int
    is_new: bool
    """False if the file already existed."""


def fetch_items(
    rows: Iterable[SourceRow],
    store: Store,
    folder: Path,
    processor: str | None = None,
    named: Callable[[SourceRow, ResultRef], str | None] = lambda row, ref: ref.processor,
    counting: Callable[[Iterable[Manifest], SourceRow], Iterable[Manifest]] = lambda results, row: results,
) -> Iterator[FetchedItem]:
    """Write the items of sources to `folder/release/path of the source/processor/item`, and yield each file.

    A result without a name in the by-name view is called after its processor and the first characters of its key.
    A file that already has the item's bytes is left unchanged.

    Parameters
    ----------
    processor : copies only the items of this processor; None: of all.
    named : returns the name of a file's result in the by-name view; None for one that the view does not show.
    counting : returns the results of a file without those made of companions that are none of it any more.

    Raises
    ------
    ResultMissing, ResultCorrupt : the store does not have the item's bytes.
    """
    taken: dict[str, str] = {}
    for row in rows:
        place = _place(row)
        if taken.setdefault(place, row.digest) != row.digest:
            place = f"{place}~{row.digest[:8]}"
        every = counting(store.manifests(row.digest), row)
        found = [m for m in every if processor in (None, m.ref.processor) and _is_of(m, row)]
        for manifest in found:
            name = named(row, manifest.ref) or f"{manifest.ref.processor}~{manifest.ref.key[:8]}"
            for item in manifest.items:
                yield _fetched(store, manifest, item, folder / place / name / item.name)


def _is_of(manifest: Manifest, row: SourceRow) -> bool:
    """Return False for evidence that belongs to another path of the same bytes."""
    return manifest.ref.processor != EVIDENCE or row.evidence_key in (None, manifest.ref.key)


def _place(row: SourceRow) -> str:
    entry = ByNameEntry.at(row.relative, row.release)
    parts = [entry.release, *(entry.folder.split("/") if entry.folder else ()), entry.name]
    return "/".join(map(safe_name, parts))


def _fetched(store: Store, manifest: Manifest, item: StoredItem, path: Path) -> FetchedItem:
    if _is_there(path, item):
        return FetchedItem(path=path, size_bytes=item.size_bytes, is_new=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    try:
        with store.open_item(manifest.ref, item.name) as source, temporary.open("wb") as target:
            shutil.copyfileobj(source, target, 1024 * 1024)
        os.replace(temporary, path)  # noqa: PTH105
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()
    return FetchedItem(path=path, size_bytes=item.size_bytes, is_new=True)


def _is_there(path: Path, item: StoredItem) -> bool:
    try:
        return path.stat().st_size == item.size_bytes and sha256_of(path) == item.sha256
    except OSError:
        return False
