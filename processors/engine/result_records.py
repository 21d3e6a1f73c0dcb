"""Result manifests and their summaries."""

from __future__ import annotations

import functools
import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from processors.contract import Processor, Source, parameters
from processors.engine.failure import Failure
from processors.errors import Blame, Verdict
from processors.json_records import Json
from processors.store.manifest import Cost, Manifest, ResultRef, StoredItem
from processors.store.store import Store

LIBRARIES = ("marsmedia", "av", "librosa", "numpy", "opencv-python", "pillow", "pyvips", "soundfile")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    ref: ResultRef
    verdict: Verdict
    reason: str | None
    """Reason why it was not made; for one that was made, the damage to its source."""
    item_count: int
    size_bytes: int
    seconds: float
    is_stored: bool
    """False for a fault of the machine: the result is due again."""
    blame: Blame | None = None
    """Who is at fault; None if it was made, or if an older marsmedia did not record it."""
    advice: str | None = None
    """What the user should know about a result made now, and what to do; None for results made before."""


def outcome_of(manifest: Manifest) -> Outcome:
    return Outcome(
        ref=manifest.ref,
        verdict=manifest.verdict,
        reason=manifest.reason,
        item_count=len(manifest.items),
        size_bytes=sum(item.size_bytes for item in manifest.items),
        seconds=manifest.seconds,
        is_stored=True,
        blame=manifest.blame,
    )


def already_made(due: Sequence[Processor], source: Source, store: Store) -> list[Manifest]:
    """Return the due results that are already in the store, made by a pass that died later or by another run."""
    refs = [ResultRef.of(processor, source.digests) for processor in due]
    there = [store.manifest(ref) for ref in refs if store.has(ref)]
    return [manifest for manifest in there if manifest.verdict == "made"]


def record_failure(
    source: Source, release: str, due: Sequence[Processor], store: Store, fault: Failure
) -> list[Outcome]:
    """Store a failure that the pass could not store because it was killed: a crash, a hang, a limit."""
    made = {manifest.ref.key: manifest for manifest in already_made(due, source, store)}
    outcomes = [outcome_of(manifest) for manifest in made.values()]
    for processor in due:
        manifest = result_manifest(processor, source, release, fault, 0.0, datetime.now(UTC))
        if manifest.ref.key in made:
            continue
        with store.scratch() as scratch:
            folder = scratch / "failure"
            folder.mkdir()
            store.commit(folder, manifest)
        outcomes.append(outcome_of(manifest))
    return outcomes


def result_manifest(
    processor: Processor,
    source: Source,
    release: str,
    fault: Failure | None,
    seconds: float,
    started: datetime,
    *,
    items: tuple[StoredItem, ...] = (),
    source_facts: Json = None,
    cost: Cost | None = None,
    damage: str | None = None,
    made_without: tuple[str, ...] = (),
) -> Manifest:
    """Return the manifest of one result; `damage` describes the damage to its source if it was made."""
    return Manifest(
        ref=ResultRef.of(processor, source.digests),
        version=processor.version,
        parameters=parameters(processor),
        verdict=fault.verdict if fault else "made",
        reason=fault.reason if fault else damage,
        items=items,
        source_name=source.name,
        release=release,
        source_facts=source_facts,
        label=source.label,
        software=software(),
        host=f"{platform.node()} ({platform.platform()})",
        started_utc=started.isoformat(timespec="milliseconds"),
        seconds=round(seconds, 6),
        cost=cost,
        blame=fault.blame if fault else None,
        traceback=fault.traceback if fault else None,
        made_without=() if fault else made_without,
    )


def has_same_bytes(one: Manifest, other: Manifest) -> bool:
    """Return whether two manifests of one result list the same items, and the same losses of its source."""
    items, others = ({(i.name, i.sha256) for i in manifest.items} for manifest in (one, other))
    return (one.ref, one.verdict, one.reason, items) == (other.ref, "made", other.reason, others)


@functools.cache
def software() -> dict[str, str]:
    """Return versions of this program and of the libraries that affect the bytes."""
    versions = {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in LIBRARIES}}
    commit = _checkout_commit(Path(__file__).resolve().parents[2] / ".git")
    return {**versions, "commit": commit} if commit else versions


def this_program(versions: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Return version and commit of marsmedia from the output of `software`."""
    return versions.get("marsmedia"), versions.get("commit")


def _checkout_commit(git: Path) -> str | None:
    """Return the commit that is checked out; None outside a checkout."""
    try:
        head = (git / "HEAD").read_text().strip()
        name = head.removeprefix("ref: ")
        if name == head:
            return head
        if (git / name).exists():
            return (git / name).read_text().strip()
        packed = (git / "packed-refs").read_text().splitlines()
    except OSError:
        return None
    return next((line.split()[0] for line in packed if line.endswith(f" {name}")), None)
