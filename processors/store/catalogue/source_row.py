"""A file as it was last hashed at one place: a row of the table `sources`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import zip_longest
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import quote, unquote

from processors.contract import FileKind, LabelRef, Medium, Source
from processors.formats import MISNAMED
from processors.sources.scan import FoundFile, storable

if TYPE_CHECKING:
    from processors.identify import Identity

MAX_SPANS = 500
"""Number of earlier spans that are kept of one path: archives want all, but a flaky disk must not fill it."""


class Stay(NamedTuple):
    """Time in which some bytes were at one place."""

    seen_utc: str
    gone_utc: str | None
    """End of it; None while they are there."""
    confirmed_utc: str | None = None
    """Time at which a user confirmed its end as a withdrawal; None without confirmation."""
    confirmed_reason: str | None = None

    @classmethod
    def read(cls, span: str) -> Stay:
        """Return the time that a span of `SourceRow.earlier_utc` says."""
        seen, gone, *confirmed = span.split("/")
        return cls(seen, gone, *(unquote(part) for part in confirmed))

    def __str__(self) -> str:
        """Return an ended time as a span of `SourceRow.earlier_utc`."""
        confirmed = (quote(part, safe=":+") for part in (self.confirmed_utc, self.confirmed_reason) if part)
        return "/".join([self.seen_utc, self.gone_utc or "", *confirmed])

    @property
    def withdrawn_in_words(self) -> str:
        """Return the day and the reason of a confirmed withdrawal."""
        reason = f": {self.confirmed_reason}" if self.confirmed_reason else ""
        return f"withdrawn on {(self.confirmed_utc or '')[:10]}{reason}"


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceRow:
    """A file as it was last hashed at one place; its fields are the columns of the table."""

    path: str
    """Absolute path."""
    digest: str
    """SHA-256 of its bytes."""
    release: str
    relative: str
    name: str
    size_bytes: int
    mtime_ns: int
    kind: FileKind
    medium: Medium | None
    format: str
    codec: str | None
    has_sound: bool
    duration_seconds: float | None
    note: str | None
    seen_utc: str
    """Time at which this path was first found to hold these bytes, or to hold them again."""
    label_name: str | None = None
    """Name of the label evaluated next to it: a media file is read with it, an unsupported one cannot be."""
    label_sha256: str | None = None
    gone_utc: str | None = None
    """Time at which a run first found other bytes or nothing at this path; None while they are present."""
    evidence_key: str | None = None
    """Key of the evidence for this path; None until a run has planned it."""
    forbidden_key: str | None = None
    """Key of earlier evidence for this path that forbids redistribution, unless a later statement there differs. What
    an entry about this very file forbids (`entry_permission`), only another entry about it permits."""
    entry_permission: bool | None = None
    """Permission to redistribute these bytes that an entry about this very file, not the top of its release, stated
    last at this path; it counts until another states one. None if none ever did."""
    entry_permission_utc: str | None = None
    """Time at which a run first found it stated, or `seen_utc` if it was found in evidence of an earlier version, also
    if nothing is stated there. None if no entry was found yet, and evidence of an earlier version was not asked."""
    entry_path: str | None = None
    """Path in an entry of its `release.toml` that names an earlier place of these bytes, where nothing is now: until
    someone corrects that path, the entry counts for this file. None without such an entry."""
    described_at: str | None = None
    """Path below the folder of releases with the same bytes that its release describes, where nothing describes this
    one; None otherwise. The described path stands for the bytes."""
    changed_to: str | None = None
    """SHA-256 of the altered bytes that a run found here with the same size and date; None if unaltered."""
    confirmed_utc: str | None = None
    """Time at which a user confirmed that it was withdrawn; None while it is there, and until then."""
    confirmed_reason: str | None = None
    """Reason that the user gave for the withdrawal; None without one."""
    check_fault: Literal["missing", "replaced"] | None = None
    """What the last check found here in place of these bytes; None if nothing was wrong, or a run has looked since."""
    frame_pixels: int | None = None
    """Pixels of a video frame or a photo claimed by the header; None for sound, for photos whose header is not read
    beforehand, and for files seen only by old versions."""
    has_subtitles: bool | None = None
    """True if the container lists a subtitle stream; None for files seen only by old versions."""
    earlier_utc: str | None = None
    """Earlier spans in which these bytes were at this path, oldest first, as ISO 8601 intervals (`start/end`) with
    blanks between them; None if they have been there once. One that ended with a confirmed withdrawal has the time of
    the confirmation, and its reason in percent encoding, as further parts (`start/end/confirmed/reason`)."""
    raw_part: str | None = None
    """Part of the folder of releases that runs have surveyed, such as `june`; None if a run has surveyed all of it."""
    named_files: str | None = None
    """Names of the files that a PDS label describes, one a line; empty if none can be read. None for other files, and
    for labels until a run of a version that keeps it has read them."""

    def returned(self, now: SourceRow) -> SourceRow:
        """Return the row of the same bytes, back at the same path, with what was known about them before."""
        *earlier, last = self.stays
        stays = [*earlier, last._replace(gone_utc=self.gone_utc or now.seen_utc)][-MAX_SPANS:]
        return now.with_statements_of(self).during([*stays, Stay(now.seen_utc, None)])

    def with_statements_of(self, before: SourceRow) -> SourceRow:
        """Return the row with what was known of the statements about the same bytes at the same path."""
        return replace(
            self,
            evidence_key=before.evidence_key,
            forbidden_key=before.forbidden_key,
            entry_permission=before.entry_permission,
            entry_permission_utc=before.entry_permission_utc,
            entry_path=before.entry_path,
        )

    @property
    def folder(self) -> str:
        """Return the folder of releases below which it lies: absolute, or an address."""
        return self.path.removesuffix(f"/{self.relative}")

    @property
    def raw_folder(self) -> str:
        """Return the folder that runs have surveyed: that of the releases, or a release in it; or its address."""
        return f"{self.folder}/{self.raw_part}" if self.raw_part else self.folder

    @property
    def stays(self) -> list[Stay]:
        """Return each time in which these bytes were at this path, oldest first."""
        last = Stay(self.seen_utc, self.gone_utc, self.confirmed_utc, self.confirmed_reason)
        return [*map(Stay.read, (self.earlier_utc or "").split()), last]

    @property
    def times(self) -> list[tuple[str, str | None]]:
        """Return the start and end of each of the `stays`; the end of the last one is None while they are there."""
        return [(stay.seen_utc, stay.gone_utc) for stay in self.stays]

    def during(self, stays: Sequence[Stay]) -> SourceRow:
        """Return the row of the same bytes at the same path, there in these `stays`."""
        *earlier, last = stays
        return replace(self, **last._asdict(), earlier_utc=" ".join(map(str, earlier)) or None)

    @classmethod
    def of(cls, file: FoundFile, digest: str, identity: Identity, seen_utc: str) -> SourceRow:
        return cls(
            path=storable(file.path),
            digest=digest,
            release=file.release,
            relative=file.relative,
            name=file.name,
            size_bytes=file.size_bytes,
            mtime_ns=file.mtime_ns,
            seen_utc=seen_utc,
            kind=identity.kind,
            medium=identity.medium,
            format=identity.format,
            codec=identity.codec,
            has_sound=identity.has_sound,
            duration_seconds=identity.duration_seconds,
            note=identity.note,
            frame_pixels=identity.frame_pixels,
            has_subtitles=identity.has_subtitles,
        ).naming(identity.files_named)

    @property
    def label(self) -> LabelRef | None:
        if self.label_name is None or self.label_sha256 is None:
            return None
        return LabelRef(name=self.label_name, sha256=self.label_sha256)

    @property
    def files_named(self) -> tuple[str, ...]:
        """Return the names of the files that a PDS label describes; none for other files."""
        return tuple(self.named_files.split("\n")) if self.named_files else ()

    def naming(self, files: Iterable[str] | None) -> SourceRow:
        """Return the row of a label that describes the files of these names; None: of any other file."""
        return replace(self, named_files=None if files is None else "\n".join(one for one in files if "\n" not in one))

    @property
    def is_misnamed(self) -> bool:
        """Return whether its suffix is that of another format, as its note says."""
        return self.kind == "media" and (self.note or "").startswith(MISNAMED)

    @property
    def digests(self) -> tuple[str, ...]:
        """Return the digests that identify the source, as `Source.digests`."""
        return (self.digest, self.label_sha256) if self.label_sha256 else (self.digest,)

    def source(self) -> Source:
        """Return the source; only for video, audio and photos."""
        assert self.medium is not None
        return Source(
            digest=self.digest,
            size_bytes=self.size_bytes,
            name=self.name,
            medium=self.medium,
            format=self.format,
            has_sound=self.has_sound,
            has_subtitles=self.has_subtitles,
            label=self.label,
        )


def by_source(rows: Iterable[SourceRow]) -> dict[str, list[SourceRow]]:
    """Return all places of each source, by its digest, in the order given."""
    places: dict[str, list[SourceRow]] = {}
    for row in rows:
        places.setdefault(row.digest, []).append(row)
    return places


def oldest_first(rows: Iterable[SourceRow]) -> list[SourceRow]:
    """Return the contents of every path, oldest first; one that another has replaced counts as gone.

    Each of its `stays` ends where the next contents of the path were first found, also those that are back since, or
    were replaced themselves.
    """
    found = sorted(rows, key=lambda row: row.seen_utc)
    first: dict[str, int] = {}
    several: dict[str, list[int]] = {}
    for number, row in enumerate(found):
        if (before := first.setdefault(row.path, number)) != number:
            several.setdefault(row.path, [before]).append(number)
    for numbers in several.values():
        for number, stays in zip(numbers, _one_after_another([found[number].stays for number in numbers]), strict=True):
            if stays != found[number].stays:
                found[number] = found[number].during(stays)
    return found


def _one_after_another(contents: Sequence[Sequence[Stay]]) -> list[list[Stay]]:
    """Return the stays of each of several contents of a path, ended where the next stay of any of them begins."""
    every = sorted(
        ((stay, number) for number, stays in enumerate(contents) for stay in stays),
        key=lambda one: (one[0].seen_utc, one[0].gone_utc or "9"),
    )
    ended: list[list[Stay]] = [[] for _ in contents]
    for (stay, number), following in zip_longest(every, every[1:]):
        if following and (stay.gone_utc is None or stay.gone_utc > following[0].seen_utc):
            stay = stay._replace(gone_utc=following[0].seen_utc)
        ended[number].append(stay)
    return ended


def utc_now() -> str:
    """Return the time as rows have it: ISO 8601, UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
