"""The processor `evidence`: what a source is, when and where it was recorded, and how that is known.

What the release says of a file is among the parameters, and so in the key: an entry of `release.toml` that changed
makes the evidence of that file due, and nothing else. A label or an
XMP sidecar is named by its digest and read where it lies.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from processors.containers.sidecar import is_sidecar_file
from processors.contract import Inputs, Item, LabelRef, Need, Reads, Source, as_json, canonical_json
from processors.errors import DamagedMedia
from processors.metadata.evidence_record import EvidenceFacts, weigh
from processors.metadata.label import label_tags
from processors.metadata.metadata import Metadata
from processors.metadata.sidecar_tags import sidecar_tags
from processors.metadata.statements import Contradiction
from processors.metadata.times import dates_of_release, moment_written
from processors.mission.profile import load_profile, profiles_sha256
from processors.planetary.checksums import md5_named, md5_of
from processors.planetary.labels import read_label
from processors.sources.source_file import SourceFile


@dataclass(frozen=True, kw_only=True)
class ReleaseContext:
    """What is said of one source from outside its bytes."""

    release: str = "{}"
    """Canonical JSON: `head` and `file` of release.toml; `file` is absent where it has no entry."""
    labels: tuple[LabelRef, ...] = ()
    """Labels and XMP sidecars next to it."""
    mission: str | None = None
    fault: str | None = None
    """The mistake in release.toml that keeps this file's entry from being read."""
    name: str | None = None
    """The file's own name, where that says something: a product name."""
    of_bytes: ReleaseContext | None = field(default=None, compare=False)
    """What is said of the same bytes at the first place that holds them; None at that place itself."""
    start_of_labels: Callable[[], tuple[str, str] | None] = field(default=lambda: None, compare=False)
    """When a label says that the recording starts, and that label's name; it is read when this is asked."""

    @property
    def recorded_by(self) -> str | None:
        """What the release names as the camera or instrument."""
        words = json.loads(self.release).get("file", {}).get("recorded_by")
        return str(words) if words else None

    @property
    def recorded_utc(self) -> str | None:
        """When it was recorded: ISO 8601, to the minute or finer; None where nothing names a moment."""
        return self._recorded[0] if self._recorded else None

    @property
    def recorded_source(self) -> str:
        """Which file says so: the release or else a label."""
        return self._recorded[1] if self._recorded else ""

    @property
    def _recorded(self) -> tuple[str, str] | None:
        entry = json.loads(self.release).get("file", {})
        moments = [when for _, when in dates_of_release({}, entry, []) if when.instant] if not self.fault else []
        return (moment_written(moments[0]), "release.toml") if moments else self.start_of_labels()

    @property
    def altitude(self) -> tuple[float, float, int] | None:
        """Of a descent camera: metres at a shot's first frame, its field of view in degrees, and the shot's number."""
        entry = json.loads(self.release).get("file", {})
        if self.fault or "altitude_shot" not in entry:
            return None
        return float(entry["altitude_metres"]), float(entry["field_of_view_degrees"]), int(entry["altitude_shot"])

    @property
    def longitude_degrees_east(self) -> float | None:
        """Of the mission's landing site; None where no mission is named."""
        return load_profile(self.mission).longitude_degrees_east if self.mission else None


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All voices on a source, in standard terms, with their disagreements, as `evidence.json`."""

    name: ClassVar[str] = "evidence"
    version: ClassVar[int] = 3
    reads: ClassVar[Reads] = "file"
    of_sighting: ClassVar[bool] = True
    """Of the same bytes each place has its own, where it is said otherwise there."""

    release: str = "{}"
    labels: tuple[LabelRef, ...] = ()
    """Labels and XMP sidecars next to the source."""
    mission: str | None = None
    mission_sha256: str | None = None
    """Of the profile's text, so that a changed profile makes it due; of all profiles, where a label may name one."""
    fault: str | None = None
    product_name: str | None = None

    def told(self, told: ReleaseContext) -> Evidence:
        """This processor for a source of which that is said."""
        profile = load_profile(told.mission) if told.mission else None
        return dataclasses.replace(
            self,
            release=told.release,
            labels=told.labels,
            mission=told.mission,
            fault=told.fault,
            mission_sha256=profile.sha256 if profile else profiles_sha256(),
            product_name=told.name,
        )

    def uses(self) -> tuple[Metadata, ...]:
        return (Metadata(),)

    def needs(self, info: Inputs) -> Need:
        return Need()

    def start(self, info: Inputs, scratch: Path) -> _Session:
        if self.fault:
            raise DamagedMedia(self.fault, "correct it and run again")
        return _Session(self, info)


class _Session:
    def __init__(self, processor: Evidence, using: Inputs) -> None:
        self._processor = processor
        self._using = using
        self.damage: str | None = None
        """What a checksum in a label says against the file; known at the end."""

    def feed(self, unit: object) -> Iterator[Item]:
        yield from ()

    def finish(self) -> Iterator[Item]:
        processor, source, file = self._processor, self._using.info.source, self._using.info.file
        metadata = json.loads(self._using.results["metadata"].path("metadata.json").read_text())
        found = {ref.name: read_label(file, ref) for ref in processor.labels}
        texts = {name: text for name, text in found.items() if not is_sidecar_file(name, text)}
        labels = {name: label_tags(text) for name, text in texts.items()}
        sidecars = {name: sidecar_tags(name, text) for name, text in found.items() if name not in texts}
        checksums = tuple(_checksums_apart(texts, source, file))
        if checksums:
            (found, _), (named, place) = checksums[0].says
            self.damage = f"MD5 of the file is {found}, but {place} gives {named}"
        said = json.loads(processor.release)
        record = weigh(
            source=source,
            name=processor.product_name or source.name,
            metadata=metadata,
            head=said.get("head", {}),
            entry=said.get("file"),
            labels=labels,
            sidecars=sidecars,
            profile=load_profile(processor.mission) if processor.mission else None,
            checksums=checksums,
        )
        facts = EvidenceFacts.of(record)
        text = json.dumps(as_json(record), ensure_ascii=False, indent=1, allow_nan=False)
        yield Item(name="evidence.json", media_type="application/json", data=text.encode(), facts=facts)


def _checksums_apart(labels: dict[str, bytes], source: Source, file: SourceFile) -> Iterator[Contradiction]:
    """Labels that name another MD5 than the file has; it is computed only where one names any."""
    found: str | None = None
    for label, text in labels.items():
        named = md5_named(text, source.name)
        if named is None:
            continue
        if found is None:
            with file.open() as opened:
                found = md5_of(opened)
        if named.md5 != found:
            says = ((found, "the file"), (named.md5, f"label {label}:{named.place}"))
            yield Contradiction(about="MD5 checksum", says=says)


def release_parameter(head: object, entry: object) -> str:
    """`Told.release` of a head and a file's entry, None where it has none."""
    return canonical_json({"head": head, **({"file": entry} if entry is not None else {})}).decode()  # type: ignore[dict-item]
