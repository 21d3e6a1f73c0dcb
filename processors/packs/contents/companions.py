"""Labels and sidecars next to the originals that they describe, and files that a label describes elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from processors.containers.text.sidecar import SIDECAR
from processors.containers.text.subtitle_names import is_subtitle_file
from processors.errors import MediaError
from processors.packs.contents.media import MediaWriter
from processors.packs.contents.packed_file import PackedFile
from processors.packs.contents.selected_sources import SelectedSource
from processors.planetary.labels import MAX_LABEL_BYTES
from processors.planetary.open_image import files_named
from processors.planetary.whole_file import md5_named
from processors.sources.scan import printable
from processors.sources.unicode_forms import folded
from processors.store.bucket.raw_bucket import as_it_is
from processors.store.catalogue.source_row import SourceRow

MEDIA_TYPES = {SIDECAR: "application/rdf+xml", "PDS3 label": "text/plain"}
XML = "application/xml"
SUBTITLE_TYPES = {"srt": "application/x-subrip", "vtt": "text/vtt"}


@dataclass(frozen=True, kw_only=True)
class PackedCompanion:
    """Label or sidecar in the pack, next to the original that it describes."""

    row: SourceRow
    original: PackedFile
    path: str
    """Path relative to `data/`."""
    media_type: str
    elsewhere: str
    """Files that it describes, with their places, if not all are next to it under the names that it uses."""
    md5_named: str | None
    """Entry of the label that gives the MD5 of the original; None if none does."""
    is_needed: bool
    """True if the original can only be read with it."""

    @property
    def is_pds4(self) -> bool:
        return self.row.format == "PDS4 label"


def write_companions(
    chosen: Sequence[SelectedSource], packed: Sequence[PackedFile], writer: MediaWriter
) -> Iterator[PackedCompanion]:
    """Write the companions of each original, byte for byte; one that describes several files is next to each.

    Raises
    ------
    ResultMissing, ResultCorrupt : it is no longer where it was seen, or its bytes differ.
    """
    originals = {one.subject.digest: one for one in packed if one.entry is None}
    at_place = {
        (_folder(one.subject.path), folded(one.subject.name)): originals[one.subject.digest]
        for one in chosen
        if one.has_original
    }
    for one in chosen:
        original = originals.get(one.subject.digest)
        for row in one.companions if original else ():
            assert original is not None
            path = writer.companion(one.subject, row)
            found = {name: at_place.get((_folder(row.path), folded(name))) for name in _described(row)}
            yield PackedCompanion(
                row=row,
                original=original,
                path=path,
                media_type=_media_type(row),
                elsewhere=_elsewhere(found, path),
                md5_named=_md5_entry(row, one.subject.name),
                is_needed=row.digest == one.label_sha256,
            )


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


def _elsewhere(found: dict[str, PackedFile | None], path: str) -> str:
    """Return the places of the described files; empty if they are next to the label under the names that it uses."""
    folder, places = path.rpartition("/")[0], list[str]()
    for name, one in found.items():
        if one is None:
            places.append(f"{name} is not in the pack")
        elif one.path != f"{folder}/{name}":
            places.append(f"{name} is data/{one.path}")
    count = f"{len(found)} files" if len(found) > 1 else "1 file"
    return printable(f"describes {count}: {'; '.join(places)}") if places else ""


def _folder(path: str) -> str:
    return path.rpartition("/")[0]
