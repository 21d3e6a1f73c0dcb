"""What is due, and why: compares what the recipes ask for with what the store holds, without opening a source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from processors.contract import Blame, Json, Medium, Processor, Source, Verdict, inputs_of, parameters, result_key
from processors.engine.result_records import software, this_program
from processors.metadata.evidence import ReleaseContext
from processors.sources.source_file import SourceFile
from processors.store.catalogue import KnownOutcome, SourceRow
from processors.store.manifest import Manifest, ResultRef
from processors.store.store import Store

Recipes = Mapping[Medium, Sequence[Processor]]


@dataclass(frozen=True, kw_only=True)
class Due:
    """One source and the processors that have no result for it yet."""

    source: Source
    file: SourceFile
    release: str
    relative: str
    duration_seconds: float | None
    processors: tuple[Processor, ...]


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """A result of an earlier run that was not made, or was made of a damaged source."""

    relative: str
    ref: ResultRef
    verdict: Verdict
    reason: str | None
    blame: Blame | None = None
    """Whose fault it is; None where it was made, and where it was not recorded."""


@dataclass(kw_only=True)
class Plan:
    """inputs = due + reused + earlier, in pairs of source and processor."""

    due: list[Due] = field(default_factory=list)
    reused: int = 0
    earlier: list[Earlier] = field(default_factory=list)
    damaged: list[Earlier] = field(default_factory=list)
    """Those of the reused results whose source is damaged, with what is damaged as the reason."""
    later: list[Due] = field(default_factory=list)
    """What further places of the sources in `due` have of their own: made of results that are still due themselves."""
    wanted: dict[str, list[ResultRef]] = field(default_factory=dict)
    """The recipes' results of each source, by digest, whether they are there or due."""
    of_place: dict[str, ResultRef] = field(default_factory=dict)
    """The evidence of each place, by path: of those in `wanted` the one that holds what is said there."""
    not_catalogued: list[Manifest] = field(default_factory=list)
    """Results that lie in the store and that the catalogue does not know, as after a killed run."""

    @property
    def due_count(self) -> int:
        return sum(len(due.processors) for due in self.all_due)

    @property
    def all_due(self) -> list[Due]:
        """In the order in which it can be made."""
        return [*self.due, *self.later]

    def shown_at(self, row: SourceRow) -> tuple[ResultRef, ...]:
        """The recipes' results of a file, with the words of its own place."""
        own = self.of_place.get(row.path)
        others = {own.processor} if own else set()
        return tuple(ref for ref in self.wanted.get(row.digest, ()) if ref == own or ref.processor not in others)

    @property
    def has_sound_due(self) -> bool:
        """Will the workers need what sound needs?"""
        return any(processor.reads == "audio" for due in self.due for processor in due.processors)


def applicable(source: Source, recipes: Recipes, told: ReleaseContext | None = None) -> dict[str, Processor]:
    """The recipe's processors that have something to read in this source, each after those that it uses, by key.

    Of two of one name, one that the recipe names comes after one that is only used: the later one is shown. One with a
    method `told` is given what the release says of the source, which becomes part of its key: what is said at the first
    place that holds the bytes, or, where it is `of_sighting`, at this one.
    """
    found: dict[str, Processor] = {}

    def add(processor: Processor) -> str | None:
        """Its key; None where it has nothing to read."""
        if processor.reads == "audio" and not (source.has_sound or source.medium == "audio"):
            return None
        if None in [add(other) for other in inputs_of(processor)]:
            return None
        key = result_key(processor, *source.digests)
        found.setdefault(key, processor)
        return key

    named: dict[str | None, str] = {}
    for processor in recipes[source.medium]:
        tell = getattr(processor, "told", None)
        named[add(tell(_heard(processor, told)) if tell and told else processor)] = processor.name
    shown_names = set(named.values())
    behind = {key: one for key, one in found.items() if key not in named and one.name in shown_names}
    return behind | found if behind else found


def of_sighting(processor: Processor) -> bool:
    """Is it made of what is said at each place of a source, not of its bytes alone?"""
    return getattr(processor, "of_sighting", False)


def _heard(processor: Processor, told: ReleaseContext) -> ReleaseContext:
    return told if of_sighting(processor) or told.of_bytes is None else told.of_bytes


def make_plan(
    rows: Sequence[SourceRow],
    recipes: Recipes,
    store: Store,
    verdicts: Mapping[str, KnownOutcome],
    *,
    retry_failed: bool = False,
    local_path: Callable[[SourceRow], Path] = lambda row: Path(row.path),
    told: Callable[[SourceRow], ReleaseContext | None] = lambda row: None,
) -> Plan:
    """Decide for each source and processor: due, reused, or refused or failed before.

    Parameters
    ----------
    rows : media files; of several with the same bytes only the first is worked on, but for what is `of_sighting`.
    verdicts : of results already in the catalogue, by key.
    told : what the release says of a source.
    """
    plan = Plan()
    tells = any(hasattr(processor, "told") for recipe in recipes.values() for processor in recipe)
    of_places: Recipes = {medium: [one for one in recipe if of_sighting(one)] for medium, recipe in recipes.items()}
    done: set[tuple[str, ...]] = set()
    at_work: set[str] = set()
    """Keys of what is due."""
    for row in rows:
        is_first = row.digests not in done
        source = row.source()
        if not is_first and not of_places[source.medium]:
            continue
        done.add(row.digests)
        due: dict[str, Processor] = {}
        asked = applicable(source, recipes if is_first else of_places, told(row) if tells else None)
        for key, processor in asked.items():
            ref = ResultRef(source=row.digest, processor=processor.name, key=key)
            if of_sighting(processor):
                plan.of_place[row.path] = ref
            if not is_first and ref in plan.wanted[row.digest]:
                continue
            plan.wanted.setdefault(row.digest, []).append(ref)
            if not store.has(ref):
                due[key] = processor
                continue
            if key not in verdicts:
                plan.not_catalogued.append(manifest := store.manifest(ref))
                known = KnownOutcome(manifest.verdict, manifest.reason, manifest.blame)
            else:
                known = verdicts[key]
            if known.verdict == "failed" and (retry_failed or _may_be_mended(known, ref, store)):
                due[key] = processor
                continue
            if known.verdict == "made":
                plan.reused += 1
            if known.verdict != "made" or known.reason is not None:
                told_before = plan.damaged if known.verdict == "made" else plan.earlier
                told_before.append(
                    Earlier(
                        relative=row.relative, ref=ref, verdict=known.verdict, reason=known.reason, blame=known.blame
                    )
                )
        if due:
            waits = any(result_key(used, *row.digests) in at_work for one in due.values() for used in inputs_of(one))
            at_work |= due.keys()
            file = SourceFile(path=local_path(row), size_bytes=row.size_bytes, mtime_ns=row.mtime_ns)
            (plan.due if is_first or not waits else plan.later).append(
                Due(
                    source=source,
                    file=file,
                    release=row.release,
                    relative=row.relative,
                    duration_seconds=row.duration_seconds,
                    processors=tuple(due.values()),
                )
            )
    return plan


def _may_be_mended(known: KnownOutcome, ref: ResultRef, store: Store) -> bool:
    """Did another marsmedia than this one fail by its own fault? Then it is tried again."""
    return known.blame == "marsmedia" and this_program(store.manifest(ref).software) != this_program(software())


def why(source: Source, processor: Processor, store: Store) -> str:
    """One sentence: is this result there, and if not, what is different from the results that are?"""
    ref = ResultRef(source=source.digest, processor=processor.name, key=result_key(processor, *source.digests))
    if store.has(ref):
        manifest = store.manifest(ref)
        if manifest.verdict == "failed" and _may_be_mended(KnownOutcome("failed", None, manifest.blame), ref, store):
            return f"due: another version of marsmedia failed by its own fault: {manifest.reason}"
        made = f"{manifest.verdict} on {manifest.started_utc} by version {manifest.version} with the same parameters"
        return f"not due: {made}" + (f": {manifest.reason}" if manifest.reason else "")
    others = [m for m in store.manifests(source.digest) if m.ref.processor == processor.name]
    if not others:
        return "due: there is no result of this processor for these bytes"
    latest = max(others, key=lambda manifest: manifest.started_utc)
    since = f"due: since the result of {latest.started_utc}:"
    if source.label and source.label != latest.label:
        return f"{since} its label {source.label.name} has changed"
    return f"{since} {changes(latest.version, latest.parameters, processor)}"


def changes(version: int, before: Mapping[str, Json], processor: Processor) -> str:
    """What is different between a result's version and parameters and what is wanted, in a few words."""
    told = [] if version == processor.version else [f"version {version} -> {processor.version}"]
    old, new = flat(before), flat(parameters(processor))
    told += [
        f"{name} {old.get(name)!r} -> {new.get(name)!r}"
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]
    if told:
        return ", ".join(told)
    used = ", ".join(other.name for other in inputs_of(processor))
    return f"what it is made of has changed: {used}" if used else "the key is computed differently"


def flat(record: Mapping[str, Json], prefix: str = "") -> dict[str, Json]:
    """Parameters by dotted name: `measurements.longest_side_px`."""
    found: dict[str, Json] = {}
    for name, value in record.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return found
