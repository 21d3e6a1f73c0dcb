"""Search for a stored item, or the source, with the bytes or the path of a given file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from processors.errors import RequestError
from processors.packs.records import premis, ro_crate
from processors.store.catalogue import Catalogue
from processors.store.manifest import Manifest, ResultRef
from processors.store.selection import find_source
from processors.store.source_row import SourceRow
from processors.store.store import Store


def find_item(word: str, store: Store) -> tuple[Manifest, str | None] | None:
    """Return the result that a path in the store or in the by-name view leads to, and the item's name in it.

    The name is None for the result's own folder or manifest. None: the path leads elsewhere.
    """
    path = Path(word).resolve()
    results = store.results_folder.resolve()
    if not path.is_relative_to(results):
        return None
    parts = path.relative_to(results).parts
    if len(parts) < 4:
        return None
    manifest = store.read_manifest(store.results_folder / Path(*parts[:4]) / "manifest.json")
    name = "/".join(parts[4:])
    return manifest, name if name and name != "manifest.json" else None


def find_item_of_bytes(path: Path, store: Store) -> tuple[Manifest, str] | None:
    """Return the result that has an item with a file's bytes, and the item's name; None without one."""
    found = Catalogue(store).table("items", ["source", "processor", "key", "name"], f"sha256 = '{_digest(path)}'")
    for row in found.to_pylist():
        ref = ResultRef(source=row["source"], processor=row["processor"], key=row["key"])
        return store.manifest(ref), row["name"]
    return None


def source_of_bytes(path: Path, rows: Sequence[SourceRow]) -> SourceRow:
    """Return the source that has a file's bytes.

    Raises
    ------
    RequestError : no source has; for a file in a pack, the message says where its provenance is.
    """
    digest = _digest(path)
    if any(row.digest == digest for row in rows):
        return find_source(digest, rows)
    pack = next((folder for folder in path.resolve().parents if (folder / "bagit.txt").is_file()), None)
    if pack is None:
        raise RequestError(f"{path}: its bytes are not in the store; list sources with `marsmedia items`")
    records = [str(found) for name in (ro_crate.FILE, premis.FILE) for found in sorted(pack.rglob(name))]
    raise RequestError(
        f"{path}: its bytes are not in the store, as those of a picture with its credit inside, or of a file that"
        f" only the pack has; see {' and '.join(records) or f'the records in {pack}'} for its provenance"
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
