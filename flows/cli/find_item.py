"""Search for a stored item, or the source, with the bytes or the path of a given file."""

from __future__ import annotations

import json
import re
import shlex
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from processors.errors import RequestError
from processors.packs.records import premis, ro_crate
from processors.sources.source_file import sha256_of
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.selection import find_source
from processors.store.catalogue.source_row import SourceRow
from processors.store.manifest import Manifest, ResultRef
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
    """Return the result that has an item with a file's bytes, and the item's name; None without one.

    Of a file that a pack made, such as a picture with its credit inside, the item that it was made from.
    """
    digest = sha256_of(path)
    found = _items_of(digest, store) or _items_of(_basis_in_pack(path, digest), store)
    for row in found:
        ref = ResultRef(source=row["source"], processor=row["processor"], key=row["key"])
        return store.manifest(ref), row["name"]
    return None


def _items_of(digest: str | None, store: Store) -> list[dict[str, str]]:
    if digest is None:
        return []
    columns = ["source", "processor", "key", "name"]
    return Catalogue(store).table("items", columns, f"sha256 = '{digest}'").to_pylist()


def _basis_in_pack(path: Path, digest: str) -> str | None:
    """Return the digest of the item from which a pack made a file; None outside a pack, and where it does not say."""
    pack = _pack_of(path)
    crate = pack / "data" / ro_crate.FILE if pack else None
    if crate is None or not crate.is_file():
        return None
    try:
        graph = json.loads(crate.read_bytes())["@graph"]
        based = next((one.get("isBasedOn") for one in graph if one.get("sha256") == digest), None)
    except (ValueError, KeyError, AttributeError):  # not a record of ours; the message that follows names it
        return None
    named = based.get("@id", "") if isinstance(based, dict) else ""
    sha256 = named.removeprefix("urn:sha256:")
    return sha256 if re.fullmatch("[0-9a-f]{64}", sha256) else None


def _pack_of(path: Path) -> Path | None:
    """Return the folder of the pack that holds a file; None outside one."""
    return next((folder for folder in path.resolve().parents if (folder / "bagit.txt").is_file()), None)


def refuse_damaged(path: Path) -> None:
    """Raise `RequestError` for a file of a pack whose bytes are not those that the pack's manifest lists."""
    pack = _pack_of(path)
    manifest = pack / "manifest-sha256.txt" if pack else None
    if pack is None or manifest is None or not manifest.is_file():
        return
    inside = unicodedata.normalize("NFC", path.resolve().relative_to(pack).as_posix())
    lines = (line.split(maxsplit=1) for line in manifest.read_text("utf-8", "replace").splitlines())
    listed = next((line[0] for line in lines if len(line) == 2 and line[1] == inside), None)
    digest = sha256_of(path)
    if listed and listed != digest:
        raise RequestError(
            f"{path}: differs from the pack's manifest: damaged (SHA-256 is {digest[:16]}..., not {listed[:16]}...); "
            f"`marsmedia pack verify {shlex.quote(str(pack))}` checks all its files"
        )


def source_of_bytes(path: Path, rows: Sequence[SourceRow]) -> SourceRow:
    """Return the source that has a file's bytes.

    Raises
    ------
    RequestError : no source has; for a file in a pack, the message says where its provenance is.
    """
    digest = sha256_of(path)
    if any(row.digest == digest for row in rows):
        return find_source(digest, rows)
    pack = _pack_of(path)
    if pack is None:
        raise RequestError(f"{path}: its bytes are not in the store; list sources with `marsmedia items`")
    records = [str(found) for name in (ro_crate.FILE, premis.FILE) for found in sorted(pack.rglob(name))]
    raise RequestError(
        f"{path}: its bytes are not in the store, as it has its credit embedded or exists only in the pack"
        f"; see {' and '.join(records) or f'the records in {pack}'} for its provenance"
    )
