"""What marsmedia says of a file: is it passed on as whole?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from processors.audio.levels.levels import Levels
from processors.contract import Processor, Source
from processors.engine.derive import derive
from processors.identify import hash_and_identify
from processors.metadata import Metadata
from processors.photo.photo_preview import PhotoPreview
from processors.sources.source_file import SourceFile
from processors.store.store import Store
from processors.video.audit.measurements import Measurements


@dataclass(frozen=True, kw_only=True)
class FuzzVerdict:
    """What became of one file."""

    told: str | None
    """The first thing said of damage: refused, failed, or made with a reason; None: passed on as whole."""
    faults: tuple[str, ...]
    """Whatever is reported as a fault of marsmedia's own."""


def verdict_of(path: Path, store: Store) -> FuzzVerdict:
    """Derive a few results of a file, as a run would."""
    stat = path.stat()
    file = SourceFile(path=path, size_bytes=stat.st_size, mtime_ns=stat.st_mtime_ns)
    digest, identity = hash_and_identify(file, path.name)
    if identity.kind != "media" or identity.medium is None:
        return FuzzVerdict(told=f"{identity.format}: {identity.note}", faults=())
    source = Source(
        digest=digest,
        size_bytes=stat.st_size,
        name=path.name,
        medium=identity.medium,
        format=identity.format,
        has_sound=identity.has_sound,
    )
    due: list[Processor] = [Metadata()]
    if source.medium == "photo":
        due.append(PhotoPreview(longest_sides_px=(64,), formats=("jpeg",)))
    if source.medium == "video":
        due.append(Measurements())
    if source.medium == "audio" or source.has_sound:
        due.append(Levels())
    outcomes = derive(source, file, "fuzz", due, store)
    faults = tuple(str(one.reason) for one in outcomes if one.blame == "marsmedia")
    reasons = [f"{one.ref.processor} {one.verdict}: {one.reason}" for one in outcomes if one.reason]
    return FuzzVerdict(told=reasons[0] if reasons else None, faults=faults)
