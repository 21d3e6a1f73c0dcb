"""Processor `evidence`: time, place and device of a recording, each with its source.

The release's statements about a file are parameters, and so part of the key: a changed entry of `release.toml` makes
the evidence of that file due, and nothing else. Labels and XMP sidecars are named by their digests and read in place.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from processors.containers.text.sidecar import is_sidecar_file
from processors.contract import Inputs, Item, LabelRef, OpenSource, Reads, ReleaseContext, Source
from processors.errors import DamagedMedia
from processors.metadata.evidence_record import EvidenceFacts, EvidenceRecord
from processors.metadata.metadata import Metadata
from processors.metadata.other_mission import unsettled_in_words
from processors.metadata.related_labels import RelatedLabels
from processors.metadata.release.own_terms import own_terms_in_words
from processors.metadata.statements import Contradiction
from processors.metadata.tags.label import label_tags
from processors.metadata.tags.sidecar_tags import sidecar_tags
from processors.metadata.times.late_dates import late_date
from processors.metadata.weigh_evidence import Voices, weigh
from processors.mission.profile import load_profile, profiles_sha256
from processors.planetary.labels import MAX_LABEL_BYTES, read_label
from processors.planetary.pds3 import ATTACHED
from processors.planetary.whole_file import md5_named, md5_of, size_named, size_named_inside
from processors.sources.source_file import SourceFile


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All statements about a source, in standard terms, with their disagreements, as `evidence.json`."""

    name: ClassVar[str] = "evidence"
    version: ClassVar[int] = 24
    reads: ClassVar[Reads] = "file"
    works_without_inputs: ClassVar[bool] = True
    """What a release, a label or a sidecar says of a file needs no decoding of it."""
    of_sighting: ClassVar[bool] = True
    """Each path of the same bytes has a record of its own if the statements there differ."""

    release: str = "{}"
    labels: tuple[LabelRef, ...] = ()
    """Labels and XMP sidecars next to the source."""
    related: tuple[LabelRef, ...] = ()
    """Labels around a recording that belong to no file by their names, as those of its bundle and collection."""
    mission: str | None = None
    mission_sha256: str | None = None
    """SHA-256 of the profile's text, or of all profiles if a label may name one: a change makes the result due."""
    fault: str | None = None
    product_name: str | None = None
    file_name: str = field(default="", metadata={"is_added_later": True})
    """Name of the file, for the record and for labels that describe several files. Empty: that of the file in raw."""

    def for_release(self, context: ReleaseContext) -> Evidence:
        """Return this processor configured with what the release states about a source."""
        profile = load_profile(context.mission) if context.mission else None
        return dataclasses.replace(
            self,
            release=context.release,
            labels=context.labels,
            related=context.related,
            mission=context.mission,
            fault=context.fault,
            mission_sha256=profile.sha256 if profile and not context.is_labelled else profiles_sha256(),
            product_name=context.name,
            file_name=context.file_name,
        )

    def inputs(self) -> tuple[Metadata, ...]:
        return (Metadata(),)

    def items(self, inputs: Inputs[OpenSource], scratch: Path) -> Iterator[Item]:
        """Yield the evidence record, weighed from all statements."""
        if self.fault:
            raise DamagedMedia(self.fault, "correct it and run again")
        source, file = inputs.info.source, inputs.info.file
        source = dataclasses.replace(source, name=self.file_name or source.name)
        unread = inputs.not_made.get(Metadata.name)
        metadata: dict[str, Any] = {"tags": [], "known": {}, "problems": []}
        if unread is None:
            metadata = json.loads(inputs.results[Metadata.name].path("metadata.json").read_text())
        found = {ref.name: read_label(file, ref) for ref in self.labels}
        texts = {name: text for name, text in found.items() if not is_sidecar_file(name, text)}
        labels = {name: label_tags(text) for name, text in texts.items()}
        sidecars = {name: sidecar_tags(name, text) for name, text in found.items() if name not in texts}
        related = {ref.name: read_label(file, ref) for ref in self.related}
        claims = (*_checksums_apart(texts, source, file), *_sizes_apart(texts, source, file))
        damage = "; ".join(dict.fromkeys(map(_in_words, claims))) or None
        release = json.loads(self.release)
        voices = Voices(
            source=source,
            name=self.product_name or source.name,
            metadata=metadata,
            unread=unread,
            head=release.get("head", {}),
            entry=release.get("file") or {},
            labels=labels,
            sidecars=sidecars,
            claims=claims,
            related=RelatedLabels.among(related, source.name),
        )
        record = weigh(voices, load_profile(self.mission) if self.mission else None)
        facts = EvidenceFacts.of(record)
        other = unsettled_in_words(self.mission, voices.unsettled) if self.mission and voices.unsettled else None
        advice = "; ".join(filter(None, (other, own_terms_in_words(record.against_general), _late(record)))) or None
        yield Item.of_json("evidence.json", record, ensure_ascii=False, facts=facts, damage=damage, advice=advice)


def _late(record: EvidenceRecord) -> str | None:
    """Return what is wrong with the chosen date of the recording; None if it may be true, or is that of an event."""
    taken = record.taken
    if taken is None or taken.is_of_event:
        return None
    chosen = (one for one in record.dates if (one.meaning, one.source) == ("recorded", taken.source))
    return next(filter(None, (late_date(one, record.dates, datetime.now(UTC)) for one in chosen)), None)


def _checksums_apart(labels: dict[str, bytes], source: Source, file: SourceFile) -> Iterator[Contradiction]:
    """Yield the labels whose MD5 differs from the file's. The MD5 is computed only if a label gives one."""
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


def _sizes_apart(labels: dict[str, bytes], source: Source, file: SourceFile) -> Iterator[Contradiction]:
    """Yield the labels, next to the file or at its start, that state another size of it."""
    sizes = {f"label {name}": size_named(text, source.name) for name, text in labels.items()}
    if source.format == ATTACHED:
        with file.open() as opened:
            sizes["label inside"] = size_named_inside(opened.read(MAX_LABEL_BYTES), source.name)
    for label, named in sizes.items():
        if named and named.size_bytes != source.size_bytes:
            said = (f"{named.size_bytes} bytes", f"{label}:{named.place}")
            yield Contradiction(about="size", says=((f"{source.size_bytes} bytes", "the file"), said))


def _in_words(claim: Contradiction) -> str:
    """Return in a sentence what a label claims about the file, which is therefore damaged or not the intended one."""
    (found, _), (named, place) = claim.says
    return f"{claim.about.removesuffix(' checksum')} of the file is {found}, but {place} gives {named}"
