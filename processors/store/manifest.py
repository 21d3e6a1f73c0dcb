"""Manifest of a result; its presence commits the result."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from processors.contract import LabelRef, Processor, result_key
from processors.errors import Blame, ResultCorrupt, ResultNewer, Verdict
from processors.json_records import Json, as_json

FORMAT = 1
CHECK_IT = "; run `marsmedia verify`, then `marsmedia ingest`"
"""End of what is said of a damaged record by all but the check itself."""
OF_ANOTHER = f"its manifest names another result{CHECK_IT}"
"""What is wrong where a manifest is not in the place of its own result."""


@dataclass(frozen=True, kw_only=True, order=True, slots=True)
class ResultRef:
    source: str
    """SHA-256 of the source's bytes."""
    processor: str
    key: str
    """SHA-256 of processor, version, parameters, source and the label with which the source is read."""

    @classmethod
    def of(cls, processor: Processor, digests: Sequence[str]) -> ResultRef:
        """Return the identity of a processor's result, given the `digests` of the source."""
        return cls(source=digests[0], processor=processor.name, key=result_key(processor, *digests))


@dataclass(frozen=True, kw_only=True)
class StoredItem:
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    facts: Json


def size_in(facts: Json, names: Sequence[str] = ("width_px", "height_px")) -> tuple[int, int] | None:
    """Return width and height as the facts of an item state them, in px; None unless both are known."""
    width, height = (facts.get(name) for name in names) if isinstance(facts, dict) else (None, None)
    return (width, height) if isinstance(width, int) and isinstance(height, int) else None


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Wall-clock time of one result within its pass; the basis of estimates."""

    reading_seconds: float
    """Decoding time; shared by all results of the pass that read the same units."""
    own_seconds: float
    """Time of its own work, including writing."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Complete record of one result."""

    ref: ResultRef
    version: int
    """Version of the processor."""
    parameters: dict[str, Json]
    verdict: Verdict
    reason: str | None
    """Reason for refusal or failure; for a successful result, the damage to its source, or None."""
    items: tuple[StoredItem, ...]
    source_name: str
    """Original name of the source when the result was made."""
    release: str
    source_facts: Json
    """Decoding report of the source: counts and losses; None if it was not read to its end."""
    software: dict[str, str]
    """Versions of Python, marsmedia and the libraries used, and the checkout's commit, if any."""
    host: str
    """Name of the machine and its operating system."""
    started_utc: str
    seconds: float
    """Wall-clock time of its pass; one pass may make several results."""
    cost: Cost | None = None
    """Cost of the result; None if the pass was not completed."""
    label: LabelRef | None = None
    """Label with which the source was read; usually None, and then not written."""
    blame: Blame | None = None
    """Cause of a refusal or failure, never the machine; None, and not written, for a successful result. Older
    manifests without this field have None too."""
    traceback: str | None = None
    """Traceback for debugging if marsmedia is to blame; otherwise None, and not written."""
    made_without: tuple[str, ...] = ()
    """Processors whose results it uses but which could not be made then; usually empty, and then not written."""

    def to_json(self) -> bytes:
        record = as_json(self)
        assert isinstance(record, dict)
        for name in ("label", "blame", "traceback", "made_without"):
            if not record[name]:
                del record[name]
        text = json.dumps({"format": FORMAT, **record}, ensure_ascii=False, indent=1, allow_nan=False)
        return text.encode("utf-8", "backslashreplace") + b"\n"

    @property
    def digests(self) -> tuple[str, ...]:
        """Return the digests of all files it was made from, as `Source.digests`."""
        return (self.ref.source, self.label.sha256) if self.label else (self.ref.source,)

    def item(self, name: str) -> StoredItem | None:
        """Return the item of a name; None if it has no such item."""
        return next((item for item in self.items if item.name == name), None)

    @classmethod
    def from_json(cls, data: bytes, where: str) -> Manifest:
        """Read a manifest.

        Raises
        ------
        ResultCorrupt : not a manifest; `ResultNewer` for one of a newer format.
        """
        try:
            record: dict[str, Any] = json.loads(data)
            if record.pop("format") > FORMAT:
                raise ResultNewer(f"{where}: written by a newer marsmedia; use that version or another store")
            record["ref"] = ResultRef(**record["ref"])
            record["items"] = tuple(StoredItem(**item) for item in record["items"])
            _stays_inside(record["ref"], record["items"])
            record["cost"] = Cost(**record["cost"]) if record.get("cost") else None
            record["label"] = LabelRef(**record["label"]) if record.get("label") else None
            record["made_without"] = tuple(record.get("made_without", ()))
            return cls(**record)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ResultCorrupt(f"{where}: not a readable manifest ({error}){CHECK_IT}") from error


def _stays_inside(ref: ResultRef, items: Iterable[StoredItem]) -> None:
    """Raise `ValueError` for names that lead out of a result's folder: others may write to a shared store."""
    for name in (ref.source, ref.processor, ref.key, *(item.sha256 for item in items), *(item.name for item in items)):
        if name.startswith("/") or "\0" in name or ".." in name.split("/"):
            raise ValueError(f"the name {name[:80]!r} leads out of its folder")


class KnownOutcome(NamedTuple):
    """Outcome of a result as recorded in the catalogue."""

    verdict: Verdict
    reason: str | None
    blame: Blame | None = None
    damage: str | None = None
    """Files in the store that a check found damaged or missing; None if they were whole when last hashed."""
    made_without: str | None = None
    """Names of processors as in `Manifest.made_without`, with commas; None if it was made with all that it uses."""

    @classmethod
    def of(cls, manifest: Manifest) -> KnownOutcome:
        lacking = ",".join(manifest.made_without) or None
        return cls(manifest.verdict, manifest.reason, manifest.blame, made_without=lacking)
