"""Packs built from a store, with their results, which `prune` keeps."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from processors.errors import RequestError, StoreError
from processors.packs.archive.output import is_zip
from processors.packs.archive.pack_reader import bag_info
from processors.packs.changed_sources import OF_COMPANIONS, PackedSource, SourceChange, SourcesNow, Wanted
from processors.packs.contents.changed_descriptions import ChangedDescription, Descriptions
from processors.packs.contents.names import portable_name
from processors.store.catalogue.catalogue import Catalogue
from processors.store.flush import replace_file
from processors.store.manifest import ResultRef
from processors.store.open_store import Location, is_address, open_bucket
from processors.store.store import Store
from processors.well_known_names import EVIDENCE

if TYPE_CHECKING:
    from processors.packs.built import Built


def remember(store: Store, built: Built) -> Path:
    """Write `packs/<name>.json` in the store."""
    folder = store.packs_folder
    folder.mkdir(exist_ok=True)
    place = _resolved(built.path) if ".." in PurePath(built.path).parts else str(built.path)
    record = {
        "pack": place,
        "identifier": built.identity.urn,
        "built_utc": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "results": [asdict(ref) for ref in built.results],
        "sources": [
            asdict(
                PackedSource(
                    sha256=one.digest,
                    path=one.path,
                    relative=one.relative or None,
                    evidence_key=one.evidence_key,
                    may_be_passed_on=bool(one.redistribute),
                    companions=built.companions.get(one.digest, ()),
                    copies=built.copies.get(one.digest, ()),
                )
            )
            for one in built.sources
        ],
    }
    mark = hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    path = folder / f"{portable_name(PurePath(place).name)}~{mark}.json"
    replace_file(path, json.dumps(record, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace") + b"\n")
    store.upload(path)
    return path


def packed_results(store: Store) -> dict[ResultRef, str]:
    """Return the results in packs, each with the path of a pack that holds it, and the evidence of their sources.

    Raises
    ------
    StoreError : a record cannot be read; the results that it refers to are unknown, so nothing may be pruned.
    """
    return {ref: record.pack for record in _records(store) for ref in (*record.results, *record.evidence)}


def packs_with(store: Store, digests: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return the packs that hold each of these sources or companions, or what was made of it, in the order of names.

    Raises as `packed_results`.
    """
    found: dict[str, list[str]] = {}
    for record in _records(store):
        held = {one.sha256 for one in record.sources}
        held |= {beside.sha256 for one in record.sources for beside in one.all_companions}
        for digest in held.intersection(digests):
            found.setdefault(digest, []).append(PurePath(record.pack).name)
    return {digest: tuple(sorted(names)) for digest, names in found.items()}


def corrected_in_packs(store: Store, digests: Collection[str], wanted: Wanted) -> Iterator[str]:
    """Yield in words what bears on rights or numbers of these sources and is not as packs hold it; raises as
    `packed_results`.

    A file that was replaced or withdrawn is left out, and so is its companion: the run names it.
    """
    held = [record for record in _records(store) if any(one.sha256 in digests for one in record.sources)]
    now = SourcesNow(Catalogue(store).sightings() if held else (), store, wanted)
    found: dict[SourceChange, list[str]] = {}
    for record in held:
        for change in now.changes((one for one in record.sources if one.sha256 in digests), record.results):
            stated = replace(change, about=tuple(one for one in change.about if one not in OF_COMPANIONS))
            if stated.is_grave and stated.kind not in ("replaced", "withdrawn"):
                found.setdefault(stated, []).append(PurePath(record.pack).name)
    for change, names in sorted(found.items(), key=lambda one: (one[0].kind != "forbidden", one[0].source)):
        changed = " changed" if change.kind == "corrected" else ""
        yield f"{change}{changed}; it is in the pack{'s' if len(names) > 1 else ''} {', '.join(sorted(names))}"


def forget_packs(store: Store, word: str) -> list[str]:
    """Remove the records of packs with this path or name, and return their paths; the packs themselves stay.

    Raises
    ------
    RequestError : no recorded pack has that name.
    """
    found = _meant(store, word)
    if not found:
        known = ", ".join(record.pack for record in _records(store)) or "none"
        raise RequestError(f"{word}: unknown pack; known packs: {known}")
    for record in found:
        record.path.unlink()
        store.withdraw(record.path)
    return [record.pack for record in found]


def results_of(store: Store, word: str) -> list[ResultRef]:
    """Return the results of packs with this path or name, or of a moved one by its identifier; empty if it is no pack.

    Of several packs with one identifier, and so the same bytes, the results of the one that was built last.

    Raises
    ------
    RequestError : it is a pack that the store does not list.
    """
    found = _meant(store, word)
    if not found and (identifier := _identifier_at(word)):
        same = [record for record in _records(store) if record.identifier == identifier]
        found = sorted(same, key=lambda record: record.built_utc)[-1:]
        if not found:
            raise RequestError(f"{word}: forgotten, or built from another store; name its own with --store")
    return [ref for record in found for ref in record.results]


def place_of(store: Store, word: str) -> Location | None:
    """Return the path or address at which a pack of this path or name can be read; None if it is not there.

    Raises
    ------
    StoreError : the bucket of the pack cannot be read.
    """
    if _identifier_at(word):
        return Path(word)
    places = [record.pack for record in _meant(store, word)]
    place = places[-1] if places else word
    if _is_there(place) is False:
        return None
    return place if is_address(place) else Path(place)


@dataclass(frozen=True, kw_only=True)
class BuiltPack:
    """A pack as it was recorded when it was built."""

    pack: str
    """Path or address of the pack when it was built."""
    identifier: str
    built_utc: str
    result_count: int
    source_count: int
    is_there: bool | None
    """Whether something is there now; None if its bucket cannot be asked."""
    changed: tuple[SourceChange, ...] = ()
    """Sources that were corrected, replaced or withdrawn since, as far as the last run found."""
    changed_descriptions: tuple[ChangedDescription, ...] = ()
    """Descriptions of its sources that changed since the last ingest: what they say now is not known yet."""

    def record(self) -> dict[str, Any]:
        return {**asdict(self), "changed_descriptions": [one.relative for one in self.changed_descriptions]}


def built_packs(store: Store, wanted: Wanted) -> list[BuiltPack]:
    """Return the recorded packs, in the order in which they were built."""
    return _as_built(list(_records(store)), store, wanted)


def built_pack(store: Store, word: str, wanted: Wanted) -> BuiltPack | None:
    """Return the recorded pack with this path or name, the latest of several; None if there is none."""
    return next(reversed(_as_built(_meant(store, word), store, wanted)), None)


def _as_built(records: Sequence[_PackRecord], store: Store, wanted: Wanted) -> list[BuiltPack]:
    if not records:
        return []
    catalogue = Catalogue(store)
    now, descriptions = SourcesNow(catalogue.sightings(), store, wanted), Descriptions(catalogue)
    found = [
        BuiltPack(
            pack=one.pack,
            identifier=one.identifier,
            built_utc=one.built_utc,
            result_count=len(one.results),
            source_count=len(one.sources),
            is_there=_is_there(one.pack),
            changed=now.changes(one.sources, one.results),
            changed_descriptions=tuple(descriptions.changed(now.places(one.sources))),
        )
        for one in records
    ]
    return sorted(found, key=lambda one: (one.built_utc, one.pack))


@dataclass(frozen=True, kw_only=True)
class _PackRecord:
    path: Path
    pack: str
    """Path or address of the pack when it was built."""
    identifier: str
    built_utc: str
    results: tuple[ResultRef, ...]
    sources: tuple[PackedSource, ...]

    @property
    def evidence(self) -> tuple[ResultRef, ...]:
        """Return the evidence of its sources, by which corrections are known."""
        return tuple(
            ResultRef(source=one.sha256, processor=EVIDENCE, key=one.evidence_key)
            for one in self.sources
            if one.evidence_key
        )


def _is_there(pack: str) -> bool | None:
    if not is_address(pack):
        return Path(pack).exists()
    above, _, name = pack.rpartition("/")
    try:
        bucket, name = (open_bucket(above), name) if is_zip(Path(name)) else (open_bucket(pack), "bagit.txt")
        bucket.look(name)
    except FileNotFoundError:
        return False
    except (RequestError, StoreError):
        return None
    return True


def _identifier_at(word: str) -> str | None:
    """Return the identifier of the pack at a path; None if there is none."""
    path = Path(word)
    said = bag_info(path) if path.is_dir() or is_zip(path) else b""
    found = re.search(rb"^External-Identifier: (\S+)$", said, re.MULTILINE)
    return found[1].decode("utf-8", "replace") if found else None


def _meant(store: Store, word: str) -> list[_PackRecord]:
    records, place = list(_records(store)), _resolved(word)
    at_path = [record for record in records if _resolved(record.pack) == place]
    return at_path or [record for record in records if Path(record.pack).name == word]


def _resolved(pack: Location) -> str:
    """Return the address of a pack, or its absolute path without links and `..`."""
    return str(pack) if is_address(pack) else str(Path(pack).resolve())


def _records(store: Store) -> Iterator[_PackRecord]:
    for path in sorted(store.records("packs")):
        try:
            record = json.loads(path.read_bytes())
            results = tuple(ResultRef(**ref) for ref in record["results"])
            yield _PackRecord(
                path=path,
                pack=str(record["pack"]),
                identifier=str(record.get("identifier", "")),
                built_utc=str(record.get("built_utc", "")),
                results=results,
                sources=_sources(record, results),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"{path}: not the record of a pack ({error}); restore it from a copy of the store, or "
                "remove it and build the pack again"
            ) from error


def _sources(record: Mapping[str, Any], results: Sequence[ResultRef]) -> tuple[PackedSource, ...]:
    """Return the sources of a record; one of an earlier version has only those of its results."""
    if "sources" in record:
        return tuple(map(PackedSource.read, record["sources"]))
    return tuple(PackedSource(sha256=digest) for digest in dict.fromkeys(ref.source for ref in results))
