"""Labels and sidecars next to the originals that they describe, and files that a label describes elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from processors.containers.text.sidecar import SIDECAR
from processors.containers.text.subtitle_names import is_subtitle_file
from processors.errors import MediaError
from processors.packs.contents.media import MediaWriter
from processors.packs.contents.packed_file import PackedFile
from processors.packs.contents.packed_places import PackedPlace
from processors.packs.contents.selected_sources import SelectedSource
from processors.planetary.labels import MAX_LABEL_BYTES
from processors.planetary.open_image import files_named
from processors.planetary.whole_file import md5_named
from processors.sources.scan import printable
from processors.sources.unicode_forms import folded
from processors.store.bucket.raw_bucket import as_it_is
from processors.store.catalogue.source_row import SourceRow
from processors.store.manifest import Manifest

MEDIA_TYPES = {SIDECAR: "application/rdf+xml", "PDS3 label": "text/plain"}
XML = "application/xml"
SUBTITLE_TYPES = {"srt": "application/x-subrip", "vtt": "text/vtt"}


@dataclass(frozen=True, kw_only=True)
class PackedCompanion:
    """Label or sidecar in the pack, next to the original that it describes."""

    row: SourceRow
    also: tuple[SourceRow, ...]
    """Other places of the same label, with the same name and bytes, next to copies of the original."""
    described: SourceRow
    """File that it describes at its place: the original or a copy of it."""
    original: PackedFile
    path: str
    """Path relative to `data/`."""
    media_type: str
    elsewhere: str
    """Files that it describes, with their places, if not all are next to it under the names that it uses."""
    md5_named: str | None
    """Entry of the label that gives the MD5 of the original; None if none does."""
    evidence: Manifest | None
    """Evidence of the file that it describes, which compared its MD5 with that in its label; None without one."""
    is_needed: bool
    """True if the original can only be read with it."""

    @property
    def rows(self) -> tuple[SourceRow, ...]:
        """Return the label at each of its places."""
        return self.row, *self.also

    @property
    def is_pds4(self) -> bool:
        return self.row.format == "PDS4 label"


def write_companions(
    chosen: Sequence[SelectedSource],
    packed: Sequence[PackedFile],
    writer: MediaWriter,
    of_releases: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[PackedCompanion]:
    """Write the companions of each original at all its places, byte for byte; one that describes several files is next
    to each.

    Parameters
    ----------
    of_releases : paths in the pack of its other files of releases, by their paths in raw.

    Raises
    ------
    ResultMissing, ResultCorrupt : it is no longer where it was seen, or its bytes differ.
    """
    originals = {one.subject.digest: one for one in packed if one.entry is None}
    at_place = {(_folder(path), folded(path.rpartition("/")[2])): packed_at for path, packed_at in of_releases.items()}
    at_place |= {
        (_folder(place.row.path), folded(place.row.name)): originals[one.subject.digest].path
        for one in chosen
        for place in one.places
    }
    for one in chosen:
        for (row, place), *others in _alike(one.places):
            path = writer.companion(one.subject, row)
            folders = [_folder(row.path), *(_folder(other.path) for other, _ in others)]
            found = {name: _first_at(at_place, folders, folded(name)) for name in _described(row)}
            yield PackedCompanion(
                row=row,
                also=tuple(other for other, _ in others),
                described=place.row,
                original=originals[one.subject.digest],
                path=path,
                media_type=_media_type(row),
                elsewhere=_elsewhere(found, path),
                md5_named=_md5_entry(row, place.row.name),
                evidence=place.evidence,
                is_needed=any(row.digest == held.row.label_sha256 for held in one.places),
            )


def _alike(places: Iterable[PackedPlace]) -> Iterable[list[tuple[SourceRow, PackedPlace]]]:
    """Return the companions at the places of one source, those of the same name and bytes together."""
    found: dict[tuple[str, str], dict[str, tuple[SourceRow, PackedPlace]]] = {}
    for place in places:
        for row in place.companions:
            found.setdefault((row.name, row.digest), {}).setdefault(row.path, (row, place))
    return [[*rows.values()] for rows in found.values()]


def _first_at(at_place: Mapping[tuple[str, str], str], folders: Iterable[str], name: str) -> str | None:
    """Return the path in the pack of the file of this name, in the first of some folders that has one in the pack."""
    return next(filter(None, (at_place.get((folder, name)) for folder in folders)), None)


def _media_type(row: SourceRow) -> str:
    if is_subtitle_file(row.name):
        return SUBTITLE_TYPES[row.name.rpartition(".")[2].lower()]
    return MEDIA_TYPES.get(row.format, XML)


def _names_no_files(row: SourceRow) -> bool:
    return row.format == SIDECAR or is_subtitle_file(row.name)


def _described(row: SourceRow) -> tuple[str, ...]:
    """Return the files that a label names; none for a sidecar, subtitles, or a label whose names cannot be read."""
    if _names_no_files(row):
        return ()
    try:
        with as_it_is(row.path).open("rb") as file:
            return tuple(dict.fromkeys(files_named(file.read(MAX_LABEL_BYTES + 1))))
    except MediaError:  # the evidence of its original reports it
        return ()


def _md5_entry(row: SourceRow, name: str) -> str | None:
    """Return the entry of a label that gives the MD5 of the file of this name."""
    if _names_no_files(row):
        return None
    try:
        with as_it_is(row.path).open("rb") as file:
            named = md5_named(file.read(MAX_LABEL_BYTES + 1), name)
    except MediaError:  # the evidence of its original reports it
        return None
    return named.place if named else None


def _elsewhere(found: dict[str, str | None], path: str) -> str:
    """Return the places of the described files; empty if they are next to the label under the names that it uses."""
    folder, places = path.rpartition("/")[0], list[str]()
    for name, one in found.items():
        if one is None:
            places.append(f"{name} is not in the pack")
        elif one != f"{folder}/{name}":
            places.append(f"{name} is data/{one}")
    count = f"{len(found)} files" if len(found) > 1 else "1 file"
    return printable(f"describes {count}: {'; '.join(places)}") if places else ""


def _folder(path: str) -> str:
    return path.rpartition("/")[0]
