"""Depictions: pictures, videos and recordings that a viewer shows as one thing, in all packed sizes and formats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from processors.packs.contents.packed_file import PackedFile
from processors.packs.presentation import presentation_of
from processors.packs.records.captions import time_of

KINDS = ("image", "audio", "video")
"""Kinds of media by how much they show, the least first."""
ORDER = ("full video", "stills", "frames", "contact sheets", "clips", "web sound", "sound", "spectrograms")
"""Words of pack recipes in the order in which a source's depictions are shown; originals come first, others last."""


@dataclass(frozen=True, kw_only=True)
class Depiction:
    main: PackedFile
    """The largest of its files, a video rather than a picture of it."""
    others: tuple[PackedFile, ...]
    """The same in other sizes and formats."""
    thumbnail: PackedFile | None
    """Its smallest picture, else the smallest of its source; None without one."""

    @property
    def kind(self) -> str:
        """Return `image`, `video` or `audio`."""
        return kind_of_media_type(self.main)


def depictions(shown: Sequence[PackedFile]) -> list[Depiction]:
    """Return the depictions of files that can be shown: by source in their order, what shows most first, by time."""
    groups: dict[tuple[str, ...], list[PackedFile]] = {}
    smallest: dict[str, PackedFile] = {}
    sources: dict[str, int] = {}
    for one in shown:
        groups.setdefault(_thing(one), []).append(one)
        sources.setdefault(one.subject.digest, len(sources))
        if kind_of_media_type(one) == "image" and one.size_bytes < getattr(
            smallest.get(one.subject.digest), "size_bytes", 1 << 62
        ):
            smallest[one.subject.digest] = one
    found = [_depiction(group, smallest.get(group[0].subject.digest)) for group in groups.values()]
    return sorted(
        found, key=lambda one: (sources[one.main.subject.digest], _rank(one.main), time_of(one.main.entry) or 0)
    )


def kind_of_media_type(one: PackedFile) -> str:
    """Return the kind of a file's media type."""
    return one.media_type.partition("/")[0]


def _thing(one: PackedFile) -> tuple[str, ...]:
    """Return a value that is equal for files of the same thing."""
    if one.entry is None:
        return (one.subject.digest,)
    ref = one.entry.manifest.ref
    return (
        ref.source,
        ref.key,
        "" if presentation_of(ref.processor).is_in_sizes else one.entry.name.rpartition(".")[0],
    )


def _depiction(group: Iterable[PackedFile], of_source: PackedFile | None) -> Depiction:
    files = sorted(group, key=lambda one: (KINDS.index(kind_of_media_type(one)), one.width_px or 0, one.size_bytes))
    pictures = [one for one in files if kind_of_media_type(one) == "image"]
    return Depiction(main=files[-1], others=tuple(files[:-1]), thumbnail=pictures[0] if pictures else of_source)


def _rank(one: PackedFile) -> int:
    if one.entry is None:
        return -1
    words = presentation_of(one.entry.manifest.ref.processor).take
    return min((ORDER.index(word) for word in words if word in ORDER), default=len(ORDER))
