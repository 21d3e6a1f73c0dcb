"""Search for a stored item, or the source, with the bytes or the path of a given file."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

from flows.cli.common import print_remarks
from flows.cli.find_in_pack import PackedFileRecord, pack_of, record_in_pack, records_of, refuse_damaged
from processors.errors import RequestError
from processors.sources.source_file import sha256_of
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.named_sources import absolute, find_sighting, first_place
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


def items_of_file(path: Path, store: Store) -> list[tuple[Manifest, str]]:
    """Return every stored item that a file may be a copy of, as its result and the item's name.

    Of a file of a pack, only items of the result that the pack's records name; of one that a pack made, such as a
    picture with its credit inside, the item that it was made from. Of other files, all items with their bytes: several
    results may have the same.

    Raises
    ------
    RequestError : the store does not have the result that the pack's records name.
    """
    packed = record_in_pack(path)
    if packed is not None and packed.key_start is None:
        return []
    digest = packed.item_sha256 if packed and packed.item_sha256 else sha256_of(path)
    columns = ["source", "processor", "key", "name"]
    found = list(Catalogue(store).rows("items", columns, f"sha256 = '{digest}'"))
    if packed is not None:
        found = _of_result(found, packed, path)
    found.sort(key=lambda row: tuple(row[column] for column in columns))
    return [(store.manifest(_ref(row)), row["name"]) for row in found]


def _of_result(rows: list[dict[str, str]], packed: PackedFileRecord, path: Path) -> list[dict[str, str]]:
    """Return the items of the result that a pack names; of several with the same bytes, that of the file's name."""
    found = [row for row in rows if row["key"].startswith(packed.key_start or "")]
    if not found and (pack := pack_of(path)):
        raise RequestError(
            f"{path}: of {packed.made_by}, as its pack says, and this store does not have that result"
            f" ({packed.key_start}); see {records_of(pack)} for its provenance"
        )
    return [row for row in found if row["name"] == (packed.item_name or path.name)] or found


def _ref(row: dict[str, str]) -> ResultRef:
    return ResultRef(source=row["source"], processor=row["processor"], key=row["key"])


def find_shown(word: str, store: Store) -> SourceRow:
    """Find the source that a path, name or digest means, or of which a file, in a pack or elsewhere, is a copy.

    Raises
    ------
    RequestError : no source matches, or the file is a copy of an item.
    """
    path, catalogue = Path(word), Catalogue(store)
    if not _is_only_in_pack(path, catalogue):  # else its name may also be that of another source
        try:
            found, remarks = find_sighting(word, catalogue)
            print_remarks(remarks)
            return found
        except RequestError:
            if not path.is_file():
                raise
    refuse_damaged(path)
    rows, digest = catalogue.sightings(), sha256_of(path)
    if not any(row.digest == digest for row in rows) and (items := items_of_file(path, store)):
        made = sorted({f"{one.ref.processor} of {one.source_name}" for one, _ in items})
        raise RequestError(
            f"{path}: no source, but has the bytes of an item or is made from one ({', '.join(made[:3])}); "
            f"`marsmedia why {shlex.quote(str(path))}` shows its provenance"
        )
    return source_of_bytes(path, rows)


def _is_only_in_pack(path: Path, catalogue: Catalogue) -> bool:
    """Return whether a file lies in a pack that is not itself below the folder of releases."""
    if not (path.is_file() and record_in_pack(path)):
        return False
    places = absolute(str(path))
    return not any(row.path in places for row in catalogue.sightings())


def source_of_bytes(path: Path, rows: Sequence[SourceRow]) -> SourceRow:
    """Return the source that has a file's bytes; of several places of the same bytes, that which the path is most like.

    Raises
    ------
    RequestError : no source has; for a file in a pack, the message says where its provenance is.
    """
    digest = sha256_of(path)
    if found := [row for row in rows if row.digest == digest]:
        found = [row for row in found if row.gone_utc is None] or found
        return max(found, key=lambda row: (_alike(path, row), row == first_place(found)))
    pack = pack_of(path)
    if pack is None:
        raise RequestError(f"{path}: its bytes are not in the store; list sources with `marsmedia items`")
    packed = record_in_pack(path)
    why = f"; its pack says: {packed.name}" if packed else ", as it has its credit embedded or exists only in the pack"
    raise RequestError(f"{path}: its bytes are not in the store{why}; see {records_of(pack)} for its provenance")


def _alike(path: Path, row: SourceRow) -> int:
    """Return how many parts the ends of a path and of a place below the folder of releases have in common."""
    pairs = zip(reversed(path.resolve().parts), reversed(row.relative.split("/")), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
