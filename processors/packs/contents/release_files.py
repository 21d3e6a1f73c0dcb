"""Files of a release that belong to no single recording: its description, inventories, calibrations, documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from processors.containers.text.sidecar import SIDECAR
from processors.engine.release_index import ReleaseIndex
from processors.errors import ResultCorrupt, ResultMissing
from processors.formats import media_type_of
from processors.packs.contents.companions import SUBTITLE_TYPES
from processors.packs.contents.media import MediaWriter
from processors.packs.contents.selected_sources import SelectedSource
from processors.packs.contents.sightings import Sightings
from processors.sources.scan import printable
from processors.sources.unicode_forms import folded
from processors.store.catalogue.source_row import SourceRow
from processors.store.findings.undelivered import files_missing
from processors.store.findings.withdrawn import gone_in_words

MEDIA_TYPES = {
    "PDS4 label": "application/xml",
    "XML label": "application/xml",
    SIDECAR: "application/rdf+xml",
    "release description": "application/toml",
    "SVG drawing": "image/svg+xml",
    "web page": "text/html",
}
SUFFIX_TYPES = SUBTITLE_TYPES | {"csv": "text/csv", "tab": "text/tab-separated-values", "toml": "application/toml"}
MAX_FILE_BYTES = 256_000_000
"""Size above which a file other than media is left out: inventories of whole missions are far smaller."""


@dataclass(frozen=True, kw_only=True)
class PackedReleaseFile:
    """File of a release in the pack, byte for byte."""

    row: SourceRow
    path: str
    """Path relative to `data/`."""
    media_type: str


@dataclass(frozen=True, kw_only=True)
class ReleaseFiles:
    """Files that a pack takes from the releases of its originals, besides media and their labels."""

    taken: tuple[SourceRow, ...]
    left_out: tuple[str, ...]
    """Files that are not taken, and what else the pack lacks, each with the reason."""
    withdrawn: tuple[SourceRow, ...]
    """Those of them that were withdrawn from their release, as somebody has confirmed."""
    missing: tuple[SourceRow, ...] = ()
    """Files that are gone too, whose bytes are nowhere else, and whose withdrawal nobody has confirmed."""
    elsewhere: Mapping[SourceRow, str] = field(default_factory=dict)
    """Files that were moved to another release, or left only there, each with this in words; nobody withdrew them."""
    too_large: tuple[str, ...] = ()
    """Those that are left out because of their size, with the limit."""
    undelivered: tuple[str, ...] = ()
    """Files that a label describes but that are not in the release, each with the label."""


NOTHING_OF_RELEASES = ReleaseFiles(taken=(), left_out=(), withdrawn=())


def release_files(chosen: Sequence[SelectedSource], rows: Iterable[SourceRow], sightings: Sightings) -> ReleaseFiles:
    """Return the files of the originals' releases that are not media, in the order of their paths, also those of
    formats that marsmedia does not read.

    Labels and sidecars of recordings are not among these: those of originals are next to them, and those of recordings
    outside the pack are neither taken nor mentioned. Whatever was withdrawn is mentioned, media too.

    Parameters
    ----------
    rows : every file of the catalogue that is present.
    """
    releases = releases_of(chosen)
    of_release = sorted((row for row in rows if row.release in releases), key=lambda row: (row.relative, row.path))
    index = ReleaseIndex(of_release)
    described = {one.path for row in of_release if row.kind == "media" for one in index.companions_of(row)}
    described |= {row.path for one in chosen for place in one.places for row in place.companions}
    taken, too_large = list[SourceRow](), list[str]()
    latest = {(row.relative, row.digest): row for row in sorted(of_release, key=lambda row: row.seen_utc)}
    for row in of_release:  # a release that was moved with its folder of releases is known at both places
        if row.kind == "media" or row.path in described or latest[row.relative, row.digest] is not row:
            continue
        if row.size_bytes > MAX_FILE_BYTES:
            too_large.append(printable(f"{row.relative}: larger than {MAX_FILE_BYTES / 1e6:.0f} MB"))
        else:
            taken.append(row)
    digests = {one.subject.digest for one in chosen}
    gone = [row for row in sightings.withdrawn(releases) if row.digest not in digests]
    missing = tuple(filter(sightings.is_missing, gone))
    lines = [
        (row, printable(f"{row.relative}: {gone_in_words(row, sightings.elsewhere_in_words(row))}")) for row in gone
    ]
    elsewhere = {row: line for row, line in lines if row.confirmed_utc is None and row not in missing}
    left_out = [*too_large, *(line for _, line in lines)]
    there: dict[str, set[str]] = {}
    for row in of_release:
        there.setdefault(row.release, set()).add(folded(row.name))
    undelivered = tuple(
        printable(f"{', '.join(names)} (described by {row.relative})")
        for row in taken
        if (names := files_missing(row, there[row.release]))
    )
    left_out += [f"{one}: not in the release" for one in undelivered]
    return ReleaseFiles(
        taken=tuple(taken),
        left_out=tuple(left_out),
        withdrawn=tuple(row for row in gone if row.confirmed_utc is not None),
        missing=missing,
        elsewhere=elsewhere,
        too_large=tuple(too_large),
        undelivered=undelivered,
    )


def releases_of(chosen: Iterable[SelectedSource]) -> frozenset[str]:
    """Return the releases from which the originals of a pack are taken, those of their copies too."""
    return frozenset(place.row.release for one in chosen for place in one.places)


def write_release_files(rows: Iterable[SourceRow], writer: MediaWriter) -> Iterator[PackedReleaseFile]:
    """Write each file as it was released, below `releases/`.

    Raises
    ------
    ResultMissing, ResultCorrupt : it is no longer what the last run saw.
    """
    for row in rows:
        try:
            path = writer.release_file(row)
        except (ResultMissing, ResultCorrupt) as error:
            reason = "missing or changed since the last run: restore it, or run `marsmedia ingest`"
            raise type(error)(f"{row.relative}: {reason}") from error
        yield PackedReleaseFile(row=row, path=path, media_type=type_beside_media(row))


def type_beside_media(row: SourceRow) -> str:
    """Return the media type of a file of a release that is no medium, or `application/octet-stream`."""
    if row.kind == "unsupported":
        return MEDIA_TYPES.get(row.format) or media_type_of(row.format, None)
    suffix = row.name.rpartition(".")[2].casefold()
    return MEDIA_TYPES.get(row.format) or SUFFIX_TYPES.get(suffix, "text/plain")
