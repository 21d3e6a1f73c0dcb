"""A result's own record; its presence commits the result."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from processors.contract import Json, LabelRef, Processor, as_json, result_key
from processors.errors import Blame, ResultCorrupt, Verdict

FORMAT = 1


@dataclass(frozen=True, kw_only=True, order=True, slots=True)
class ResultRef:
    """The name of a result."""

    source: str
    """SHA-256 of the source's bytes."""
    processor: str
    key: str
    """SHA-256 of processor, version, parameters and source, and of the label that it is read with."""

    @classmethod
    def of(cls, processor: Processor, digests: Sequence[str]) -> ResultRef:
        """Return the name of what a processor makes of a source, given the `digests` of the source."""
        return cls(source=digests[0], processor=processor.name, key=result_key(processor, *digests))


@dataclass(frozen=True, kw_only=True)
class StoredItem:
    """One file of a result."""

    name: str
    media_type: str
    size_bytes: int
    sha256: str
    facts: Json


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Wall-clock time that one result took within its pass; estimates are made of it."""

    reading_seconds: float
    """Decoding what it read; shared by all results of the pass that read the same units."""
    own_seconds: float
    """Its own work, writing included."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Everything about one result."""

    ref: ResultRef
    version: int
    """Of the processor."""
    parameters: dict[str, Json]
    verdict: Verdict
    reason: str | None
    """Why it was refused or failed; of a made one, what of its source is damaged, None where the source is whole."""
    items: tuple[StoredItem, ...]
    source_name: str
    """The file's own name when the result was made."""
    release: str
    source_facts: Json
    """What reading the source turned up: counts and losses; None where it was not read to its end."""
    software: dict[str, str]
    """Versions of Python, marsmedia and the libraries at work, and the checkout's commit where there is one."""
    host: str
    """Name of the machine, and its system."""
    started_utc: str
    seconds: float
    """Wall-clock time of the pass that made it; one pass may make several results."""
    cost: Cost | None = None
    """None where the pass did not come to its end."""
    label: LabelRef | None = None
    """The label that the source was read with; None, and not written, for nearly all."""
    blame: Blame | None = None
    """Whose fault it is that it was refused or failed, `file` or `marsmedia`; None, and not written, where it was made.
    Manifests from before this was recorded have None too."""
    traceback: str | None = None
    """Where marsmedia is to blame, what whoever mends it needs; else None, and not written."""

    def to_json(self) -> bytes:
        record = as_json(self)
        assert isinstance(record, dict)
        for name in ("label", "blame", "traceback"):
            if record[name] is None:
                del record[name]
        text = json.dumps({"format": FORMAT, **record}, ensure_ascii=False, indent=1, allow_nan=False)
        return text.encode("utf-8", "backslashreplace") + b"\n"

    @property
    def digests(self) -> tuple[str, ...]:
        """Of every file that it is made of, as `Source.digests`."""
        return (self.ref.source, self.label.sha256) if self.label else (self.ref.source,)

    @classmethod
    def from_json(cls, data: bytes, where: str) -> Manifest:
        """Read a manifest.

        Raises
        ------
        ResultCorrupt : not a manifest, or one of a newer format.
        """
        try:
            record: dict[str, Any] = json.loads(data)
            if record.pop("format") > FORMAT:
                raise ResultCorrupt(f"{where}: written by a newer marsmedia: use that version or another store")
            record["ref"] = ResultRef(**record["ref"])
            record["items"] = tuple(StoredItem(**item) for item in record["items"])
            record["cost"] = Cost(**record["cost"]) if record.get("cost") else None
            record["label"] = LabelRef(**record["label"]) if record.get("label") else None
            return cls(**record)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ResultCorrupt(
                f"{where}: not a readable manifest ({error}): delete that folder, then run `marsmedia ingest`"
            ) from error
