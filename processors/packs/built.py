"""What came of building a pack: where it is, what it holds, and what whoever passes it on must know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from processors.contract import LabelRef
from processors.packs.changed_sources import PackedSource
from processors.packs.contents.packed_file import PackIdentity
from processors.packs.contents.reservations import Kind, Reservation
from processors.packs.contents.smaller_photos import SmallerPhoto
from processors.packs.contents.subject import SourceRecord
from processors.packs.highlight.highlight import HighlightClip
from processors.store.bucket.bucket_traffic import Traffic
from processors.store.manifest import ResultRef
from processors.store.open_store import Location


@dataclass(frozen=True, kw_only=True)
class Built:
    path: Location
    """Absolute path, or address."""
    identity: PackIdentity
    file_count: int
    size_bytes: int
    results: tuple[ResultRef, ...]
    """Results from which the pack was made; `prune` keeps them."""
    reservations: tuple[Reservation, ...]
    """What whoever passes it on must know: missing permissions, changed descriptions, terms and instructions."""
    sources: tuple[SourceRecord, ...]
    """Sources that it holds, as they were then."""
    companions: Mapping[str, tuple[LabelRef, ...]] = field(default_factory=dict)
    """Labels, sidecars and subtitle files that it holds, or of which its results were made, by digest of the source."""
    copies: Mapping[str, tuple[PackedSource, ...]] = field(default_factory=dict)
    """Other selected places of a source that have companions of their own, by digest of the
    source."""
    highlight: HighlightClip | None = None
    lost_when_restored: tuple[str, ...] = ()
    """What a store made from this archive's pack would not know of its files, each with the reason."""
    labels_apart: tuple[str, ...] = ()
    """Labels whose described files are elsewhere, with the paths of those files."""
    moved: tuple[str, ...] = ()
    """Where files are now, or were last, that the selection names at a place where they no longer are."""
    replaced: tuple[str, ...] = ()
    """Sources in whose place other bytes are now, each with their SHA-256 and what to do."""
    withdrawn: tuple[str, ...] = ()
    """Sources that are missing from their release, with the day on which a run found that, or were withdrawn from it,
    also if they are `replaced` now."""
    returned: tuple[str, ...] = ()
    """Files that it holds though their withdrawal was confirmed once, each with the day and the reason."""
    repeated: tuple[str, ...] = ()
    """Duplicate pictures: sources that show the picture of another source of the pack, each with its name."""
    smaller: tuple[SmallerPhoto, ...] = ()
    """Photos that it has in fewer pixels than they were released with, though nobody asked for fewer."""
    misdated: tuple[str, ...] = ()
    """That the stated date is before what happened to a file of the pack, with both days."""
    left_out: tuple[str, ...] = ()
    """Selected sources of which it has nothing, results that could not be made or were not made with the requested
    parameters, and files of the originals' releases that an archive's pack leaves out, each with the reason."""
    absent: tuple[str, ...] = ()
    """Those of them that are selected sources of which it has nothing."""
    is_unchanged: bool = False
    """True if the pack was in the bucket already, with the same bytes."""
    damaged: tuple[str, ...] = ()
    """Damaged files of the selection, each with the verdict of `show`."""
    pack_traffic: Traffic | None = None
    """Traffic with the bucket of the pack; None for a pack on a disk."""

    def __repr__(self) -> str:
        told = (
            self.reservations,
            self.labels_apart,
            self.lost_when_restored,
            self.moved,
            self.replaced,
            self.withdrawn,
            self.returned,
            self.misdated,
            self.left_out,
            self.damaged,
        )
        remarks, files = sum(map(len, told)), self.file_count
        return (
            f"<pack {str(self.path)!r}: {files} file{'' if files == 1 else 's'}, {self.size_bytes / 1e6:.1f} MB, "
            f"{remarks or 'no'} remark{'' if remarks == 1 else 's'}>"
        )

    @property
    def lost_in_words(self) -> list[str]:
        """Return a line for each thing that a store made from the pack would not know."""
        return [f"lost in a store made from this pack: {one}" for one in self.lost_when_restored]

    @property
    def left_out_in_words(self) -> list[str]:
        """Return a line for each thing that is left out, after the number of selected sources that are not in it."""
        count, selected = len(self.absent), len(self.absent) + len(self.sources)
        sources, are = f"source{'' if selected == 1 else 's'}", "is" if count == 1 else "are"
        counted = [f"{count} of {selected} selected {sources} {are} not in the pack"] if count else []
        return [*counted, *(f"not in the pack: {one}" for one in self.left_out)]

    def about(self, kind: Kind) -> tuple[str, ...]:
        """Return the sources or descriptions about which there are reservations of a kind, as release/name."""
        return tuple(one.about for one in self.reservations if one.kind == kind)
