"""Due results and why they are due: compares the recipes with the store, without opening a source."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from processors.contract import LabelRef, Processor, Reads, Source, inputs_of, parameters
from processors.engine.result_records import software, this_program
from processors.engine.wanted_results import WantedResult, WantedResults, all_inputs, one_of_each_processor
from processors.errors import Blame, ResultCorrupt, ResultNewer, Verdict, is_over_limit_of_run
from processors.json_records import Json
from processors.sources.source_file import SourceFile
from processors.store.bucket import raw_bucket
from processors.store.catalogue.cost_curve import decoded_size
from processors.store.catalogue.latest import latest
from processors.store.catalogue.source_row import SourceRow
from processors.store.manifest import KnownOutcome, Manifest, ResultRef
from processors.store.open_store import is_address
from processors.store.store import Store
from processors.well_known_names import EVIDENCE

EXCERPT_CHARACTERS = 72
"""Longest text of a parameter's value that a reason shows; the name of a file by its SHA-256 fits."""
CONTEXT_CHARACTERS = 16
FILES_AT_ONCE = 1_000
"""Files whose wanted results are looked up in the store at once."""
UNREADABLE = "manifest.json damaged"
"""Damage of a result without a readable manifest, in the words of a check."""
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Due:
    source: Source
    file: SourceFile
    release: str
    relative: str
    duration_seconds: float | None
    results: tuple[WantedResult, ...]
    """Due results, each after its inputs."""
    frame_pixels: int | None = None
    """Pixels of a video frame or a photo, as its header claims; None if unknown."""
    address: str | None = None
    """Address of the bucket object that `file` is a local copy of; None for a file."""
    remade: tuple[Manifest, ...] = ()
    """Manifests of results that are made again because files of them were damaged or missing in the store."""

    @classmethod
    def of(cls, row: SourceRow, path: Path, results: Iterable[WantedResult], sha256: str | None) -> Due:
        """Return the due work on a file at a path; with a digest, its bytes are hashed again before they are read."""
        return cls(
            source=row.source(),
            file=SourceFile(path=path, size_bytes=row.size_bytes, mtime_ns=row.mtime_ns, sha256=sha256),
            release=row.release,
            relative=row.relative,
            duration_seconds=row.duration_seconds,
            frame_pixels=row.frame_pixels,
            address=row.path if is_address(row.path) else None,
            results=tuple(results),
        )

    @property
    def processors(self) -> tuple[Processor, ...]:
        return tuple(one.processor for one in self.results)

    def decoded_size(self, processor: Processor) -> float:
        """Return what a processor works through of the file, as `cost_curve.decoded_size`; 0 if its limit refuses it.

        One whose input is refused is refused too.
        """
        if any(self._is_over_limit(one) for one in (processor, *all_inputs(processor))):
            return 0.0
        source = self.source
        return decoded_size(
            source.medium,
            decodes(processor),
            size_bytes=source.size_bytes,
            duration_seconds=self.duration_seconds,
            frame_pixels=self.frame_pixels,
        )

    def _is_over_limit(self, processor: Processor) -> bool:
        """Return whether a processor refuses the file for the pixels that its header claims."""
        limit = getattr(processor, "max_pixels", None)
        return limit is not None and self.frame_pixels is not None and self.frame_pixels > limit


def decodes(processor: Processor) -> Reads:
    """Return what a processor decodes: one of photos with a limit of pixels may open the file itself to decode it."""
    return "photo" if hasattr(processor, "max_pixels") else processor.reads


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """Result of an earlier run that was not made, or was made from a damaged source."""

    relative: str
    ref: ResultRef
    verdict: Verdict
    reason: str | None
    blame: Blame | None = None
    """Who is at fault; None if it was made, or if this was not recorded."""


@dataclass(kw_only=True)
class Plan:
    """Plan of a run: inputs = due + reused + earlier, in pairs of source and processor."""

    due: list[Due] = field(default_factory=list)
    reused: int = 0
    earlier: list[Earlier] = field(default_factory=list)
    damaged: list[Earlier] = field(default_factory=list)
    """Reused results whose source is damaged, with the damage as the reason."""
    later: list[Due] = field(default_factory=list)
    """Results specific to further paths of the sources in `due`: made of results that are still due themselves."""
    remade: dict[ResultRef, str] = field(default_factory=dict)
    """Results due because files of them are damaged or missing in the store, each with what a check found."""
    retried: dict[ResultRef, Manifest] = field(default_factory=dict)
    """Failures to be retried, each with its record."""
    completed: dict[ResultRef, str] = field(default_factory=dict)
    """Results due because others without which they were made are there now or tried again, with their processors."""
    wanted: dict[str, list[WantedResult]] = field(default_factory=dict)
    """Recipes' results of each source, by digest, whether available or due."""
    of_path: dict[str, list[ResultRef]] = field(default_factory=dict)
    """Results of each path, as evidence and subtitles: those in `wanted` that hold the statements at that path."""
    complete: frozenset[str] = frozenset()
    """Digests of sources whose results were not compared individually, as nothing that determines them has changed."""
    newly_complete: frozenset[str] = frozenset()
    """Digests of sources that have all their results at the end of the run, but were not complete at its start."""
    not_catalogued: list[Manifest] = field(default_factory=list)
    """Results in the store but not in the catalogue, such as those of a killed run."""

    @property
    def due_count(self) -> int:
        return sum(len(due.results) for due in self.all_due)

    @property
    def all_due(self) -> list[Due]:
        """Return all due work in an order in which it can be made."""
        return [*self.due, *self.later]

    def shown_at(self, row: SourceRow) -> tuple[ResultRef, ...]:
        """Return one result of each processor for a file, based on the statements at its own path."""
        own = self.of_path.get(row.path)
        wanted = self.wanted.get(row.digest, ())
        return one_of_each_processor(one for one in wanted if own is None or not one.is_of_path or one.ref in own)

    def evidence_at(self, row: SourceRow) -> ResultRef | None:
        """Return the evidence of a file's own path; None if no recipe wants one, or if the source is complete."""
        return next((ref for ref in self.of_path.get(row.path, ()) if ref.processor == EVIDENCE), None)

    @property
    def has_sound_due(self) -> bool:
        """Return True if the workers will need the audio libraries."""
        return any(processor.reads == "audio" for due in self.due for processor in due.processors)


def make_plan(
    rows: Sequence[SourceRow],
    wanted: WantedResults,
    store: Store,
    verdicts: Mapping[str, KnownOutcome],
    *,
    retry_failed: bool = False,
    fresh: Set[str] = frozenset(),
    local_path: Callable[[SourceRow], Path] = lambda row: raw_bucket.local_path(row.path),
) -> Plan:
    """Decide for each source and processor whether the result is due, reused, or was refused or failed before.

    Parameters
    ----------
    rows : media files; of those with the same bytes only the first is processed, except for results of each path.
    verdicts : verdicts of results already in the catalogue, by key.
    fresh : paths of the files that this run has hashed; the others are hashed again before they are read.
    """
    plan = Plan()
    due_refs: set[ResultRef] = set()
    for row, is_first, asked, committed in _looked_up(rows, wanted, store):
        of_source = plan.wanted.setdefault(row.digest, [])
        due: list[WantedResult] = []
        for one in asked:
            if one.is_of_path:
                plan.of_path.setdefault(row.path, []).append(one.ref)
            if not is_first and any(one.ref == other.ref for other in of_source):
                continue
            of_source.append(one)
            if _is_due(one, row, one.ref in committed, store, verdicts, plan, retry_failed=retry_failed):
                due.append(one)
        if due:
            waits = not is_first and any(one.ref in due_refs for one in asked)
            due_refs.update(one.ref for one in due)
            digest = None if row.path in fresh else row.digest
            (plan.later if waits else plan.due).append(Due.of(row, local_path(row), due, sha256=digest))
    return plan


def _looked_up(
    rows: Sequence[SourceRow], wanted: WantedResults, store: Store
) -> Iterator[tuple[SourceRow, bool, list[WantedResult], set[ResultRef]]]:
    """Yield each file, whether it is the first with its bytes, its wanted results, and those of them in the store.

    The results of many files are looked up at once, as a disk answers many requests in the time of one.
    """
    seen: set[tuple[str, ...]] = set()
    for first in range(0, len(rows), FILES_AT_ONCE):
        asked: list[tuple[SourceRow, bool, list[WantedResult]]] = []
        for row in rows[first : first + FILES_AT_ONCE]:
            is_first = row.digests not in seen
            seen.add(row.digests)
            asked.append((row, is_first, wanted.of(row) if is_first else wanted.of_path(row)))
        committed = store.committed(one.ref for _, _, results in asked for one in results)
        for one in asked:
            yield *one, committed


def _is_due(
    one: WantedResult,
    row: SourceRow,
    is_committed: bool,
    store: Store,
    verdicts: Mapping[str, KnownOutcome],
    plan: Plan,
    *,
    retry_failed: bool,
) -> bool:
    """Return whether a result is to be made; the plan counts one that stays, and notes why one is made again."""
    ref = one.ref
    known = _known(ref, store, verdicts, plan) if is_committed else None
    noted = known or verdicts.get(ref.key)
    if noted and noted.damage:
        plan.remade[ref] = noted.damage
        return True
    if known is None:
        return True
    if (retry_failed and _is_retried(known)) or _may_be_fixed_by_this_version(known, ref, store):
        plan.retried[ref] = store.manifest(ref)
        return True
    if known.made_without and any(_is_there_now(used, store, verdicts, plan) for used in _lacking(one, known, row)):
        plan.completed[ref] = known.made_without.replace(",", ", ")
        return True
    if known.verdict == "made":
        plan.reused += 1
    if known.verdict != "made" or known.reason is not None:
        earlier = Earlier(relative=row.relative, ref=ref, verdict=known.verdict, reason=known.reason, blame=known.blame)
        (plan.damaged if known.verdict == "made" else plan.earlier).append(earlier)
    return False


def _known(ref: ResultRef, store: Store, verdicts: Mapping[str, KnownOutcome], plan: Plan) -> KnownOutcome:
    """Return the outcome of a committed result; one that is not catalogued is noted in the plan.

    Raises
    ------
    ResultNewer : its manifest was written by a newer version.
    """
    if ref.key in verdicts:
        return verdicts[ref.key]
    try:
        manifest = store.manifest(ref)
    except ResultNewer:
        raise
    except ResultCorrupt as error:  # such a result is not in a catalogue that was rebuilt, so no check can note it
        return KnownOutcome("failed", str(error), "machine", damage=UNREADABLE)
    plan.not_catalogued.append(manifest)
    return KnownOutcome.of(manifest)


def _lacking(one: WantedResult, known: KnownOutcome, row: SourceRow) -> list[ResultRef]:
    """Return the results that one uses but was made without."""
    names = (known.made_without or "").split(",")
    return [ResultRef.of(used, row.digests) for used in inputs_of(one.processor) if used.name in names]


def _is_there_now(ref: ResultRef, store: Store, verdicts: Mapping[str, KnownOutcome], plan: Plan) -> bool:
    """Return whether a result was made since it failed, or is tried again."""
    if ref in plan.retried or ref in plan.remade:
        return True
    known = verdicts.get(ref.key)
    return known.verdict == "made" if known else store.has(ref) and store.manifest(ref).verdict == "made"


def _is_retried(known: KnownOutcome) -> bool:
    """Return whether `--retry-failed` retries it: any failure, or a refusal because of a limit of its run."""
    return known.verdict == "failed" or (known.verdict == "refused" and is_over_limit_of_run(known.reason))


def _may_be_fixed_by_this_version(known: KnownOutcome, ref: ResultRef, store: Store) -> bool:
    """Return True if another version of marsmedia failed by its own fault, so that a retry makes sense."""
    is_own_fault = known.verdict == "failed" and known.blame == "marsmedia"
    return is_own_fault and _is_fault_of_another_version(store.manifest(ref))


def _is_fault_of_another_version(manifest: Manifest) -> bool:
    is_own_fault = manifest.verdict == "failed" and manifest.blame == "marsmedia"
    return is_own_fault and this_program(manifest.software) != this_program(software())


def explain_availability(
    source: Source, wanted: WantedResult, store: Store, damage: Mapping[ResultRef, str] | None = None
) -> str:
    """Return a sentence on whether a result is available, and if not, how it differs from the available ones.

    Parameters
    ----------
    damage : what a check has found damaged or missing of results in the store.
    """
    ref, processor = wanted.ref, wanted.processor
    if damage and ref in damage:
        return f"due: a check of the store found {damage[ref]}"
    if store.has(ref):
        try:
            manifest = store.manifest(ref)
        except ResultNewer:
            raise
        except ResultCorrupt:
            return f"due: in the store: {UNREADABLE}"
        if _is_fault_of_another_version(manifest):
            return f"due: another version of marsmedia failed by its own fault: {manifest.reason}"
        if lacking := _made_since(manifest, processor, source, store):
            return (
                f"due: the result of {manifest.started_utc} was made without {', '.join(lacking)}, which is there now"
            )
        made = f"{manifest.verdict} on {manifest.started_utc} by version {manifest.version} with the same parameters"
        return f"not due: {made}" + (f": {manifest.reason}" if manifest.reason else "")
    others = [m for m in store.manifests(source.digest) if m.ref.processor == processor.name]
    if not others:
        return "due: no result of this processor exists for these bytes"
    before = latest(others)
    change = label_change(before.label, source.label) or changes(before.version, before.parameters, processor)
    return f"due: since the result of {before.started_utc}: {change}"


def _made_since(manifest: Manifest, processor: Processor, source: Source, store: Store) -> list[str]:
    """Return the processors without whose results one was made that have been made since."""
    used = [one for one in inputs_of(processor) if one.name in manifest.made_without]
    refs = [ResultRef.of(one, source.digests) for one in used]
    return [ref.processor for ref in refs if store.has(ref) and store.manifest(ref).verdict == "made"]


def explain_retry(before: Manifest) -> tuple[str, str]:
    """Return when a result of `Plan.retried` was refused or failed, and why it is tried again."""
    when = f"{before.verdict} on {before.started_utc}: "
    if _is_fault_of_another_version(before):
        return when, "another version of marsmedia failed by its own fault"
    return when, "--retry-failed tries it again"


def label_change(before: LabelRef | None, now: LabelRef | None) -> str | None:
    """Return how the label with which a source is read differs from that of a result; None if not, but for its name."""
    if before and now and before.sha256 == now.sha256:
        return None
    if now is None:
        return before and f"it is now read without the label {before.name}"
    return f"its label {now.name} has changed" if before else f"it is now read with the label {now.name}"


def changes(version: int, before: Mapping[str, Json], processor: Processor) -> str:
    """Return a short summary of how version and parameters of a result differ from the wanted ones.

    Of a release's statements, which are one parameter, only those that differ are listed; long values are cut.
    """
    differences = [] if version == processor.version else [f"version {version} -> {processor.version}"]
    apart = differing(flat(_opened(before)), flat(_opened(parameters(processor))))
    differences += [f"{name} {' -> '.join(_excerpts(*values))}" for name, values in apart.items()]
    if differences:
        return ", ".join(differences)
    used = ", ".join(other.name for other in inputs_of(processor))
    return f"its inputs have changed: {used}" if used else "the key is computed differently"


def _opened(record: Mapping[str, Json]) -> dict[str, Json]:
    """Return parameters with JSON in texts, and records in lists, as records."""

    def one(value: Json) -> Json:
        if isinstance(value, str) and value.startswith("{"):
            try:
                return one(json.loads(value))
            except ValueError:
                return value
        if isinstance(value, list) and value and all(isinstance(part, dict) for part in value):
            return {str(number): one(part) for number, part in enumerate(value, 1)}
        return {name: one(part) for name, part in value.items()} if isinstance(value, dict) else value

    return {name: one(value) for name, value in record.items()}


def _excerpts(*values: Json) -> list[str]:
    """Return values as in Python; long ones are cut to the part from where they begin to differ."""
    texts = [repr(value) for value in values]
    if max(map(len, texts)) <= EXCERPT_CHARACTERS:
        return texts
    pairs = itertools.zip_longest(*texts)
    same = next(number for number, characters in enumerate(pairs) if len(set(characters)) > 1)
    start = same - CONTEXT_CHARACTERS if same > 2 * CONTEXT_CHARACTERS else 0
    end = start + EXCERPT_CHARACTERS
    return [f"{'...' if start else ''}{text[start:end]}{'...' if end < len(text) else ''}" for text in texts]


def flat(record: Mapping[str, Json], prefix: str = "") -> dict[str, Json]:
    """Return parameters by dotted name: `measurements.longest_side_px`."""
    found: dict[str, Json] = {}
    for name, value in record.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return found


def differing(first: Mapping[str, T], second: Mapping[str, T]) -> dict[str, tuple[T | None, T | None]]:
    """Return the values that differ, by name."""
    names = sorted(first.keys() | second.keys())
    return {name: (first.get(name), second.get(name)) for name in names if first.get(name) != second.get(name)}
