"""Hashing and identification of new files, in worker processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property

from flows.run.planning.shard import Shard
from flows.run.progress import RunProgress
from flows.run.reporting.file_change import Change
from flows.run.working.workers import WorkerDeath, Workers, default_limits
from processors.errors import SourceChanged, machine_reason
from processors.formats import MEDIA_SUFFIXES
from processors.identify import Identity, hash_and_identify
from processors.sources.scan import FoundFile, SkippedFile
from processors.sources.source_file import SourceFile
from processors.store.bucket.raw_bucket import NO_PATH, at_hand, ends_in_slash, local_path
from processors.store.catalogue.source_row import SourceRow, utc_now
from processors.store.open_store import is_address

INSPECTED_AT_ONCE = 64
"""Number of files in one job of a worker: hashing is short, and each job has a cost."""
FETCHED_AT_ONCE = 8
"""Number of objects of a bucket that are fetched at the same time."""
MAX_DESCRIPTION_BYTES = 16 * 1024 * 1024
"""Maximum size of a file without a media suffix (a label, sidecar or table) that every shard reads."""


@dataclass(frozen=True, kw_only=True)
class Identified:
    """Every file of a survey, known from an earlier run or read in this one."""

    rows: list[SourceRow]
    """The known files, then those read, each group in the order of the survey."""
    unread: list[SourceRow]
    """Files left to other shards; only their names are known."""
    learned: list[SourceRow] = field(default_factory=list)
    """The rows of those that were read."""
    lost: list[SkippedFile] = field(default_factory=list)
    """Files that could not be read."""
    hashed: int = 0
    """Number of files that had to be read, including the lost ones."""
    changes: list[Change] = field(default_factory=list)
    """Files whose bytes differ from the last run."""
    started_utc: str = ""
    """Time before the first of them was hashed; empty if none was."""
    found_utc: str = field(default_factory=utc_now)
    """Time of all that the run finds new, or gone: so a file that was moved left one place as it came to the other."""

    @cached_property
    def fresh(self) -> frozenset[str]:
        """Return the paths of the files that were read."""
        return frozenset(row.path for row in self.learned)


def read_by(shard: Shard, unknown: Sequence[FoundFile], found: Iterable[FoundFile]) -> list[FoundFile]:
    """Return the new files that a shard reads.

    These are its own files, those that may describe them, and those of the same size, which may have the same bytes. So
    each result and its key are those that a run over everything would make.

    Parameters
    ----------
    found : every file, new or not.
    """
    if shard.count == 1:
        return list(unknown)
    sizes = {file.size_bytes for file in shard.own(found)}
    return [
        file
        for file in unknown
        if file.size_bytes in sizes or shard.has(file.relative) or _may_describe(file.name, file.size_bytes)
    ]


def unread(files: Iterable[FoundFile], read: Iterable[FoundFile]) -> list[SourceRow]:
    """Return rows for the files that are not read: only their existence and name are known."""
    paths = {file.path for file in read}
    nothing = Identity(kind="media", format="")
    return [SourceRow.of(file, "", nothing, "") for file in files if file.path not in paths]


def _may_describe(name: str, size_bytes: int) -> bool:
    return size_bytes <= MAX_DESCRIPTION_BYTES and not name.lower().endswith(MEDIA_SUFFIXES)


def inspect_all(
    files: Sequence[FoundFile], progress: RunProgress, workers: int
) -> tuple[list[tuple[FoundFile, str, Identity]], list[SkippedFile]]:
    """Return digest and identity of each file, and the files that could not be read or identified."""
    known: list[tuple[FoundFile, str, Identity]] = []
    unreadable: list[SkippedFile] = []
    progress.phase("Hashing", len(files))

    def record(file: FoundFile, answer: object) -> None:
        progress.end(file.relative)
        if isinstance(answer, SkippedFile):
            unreadable.append(answer)
        elif isinstance(answer, OSError):
            unreadable.append(SkippedFile(relative=file.relative, reason=machine_reason(answer), is_refused=False))
        elif isinstance(answer, WorkerDeath):
            unreadable.append(
                SkippedFile(relative=file.relative, reason=f"while it was being identified, {answer}", is_refused=False)
            )
        else:
            digest, identity = answer  # type: ignore[misc]
            known.append((file, digest, identity))

    files = _at_hand(files, record)
    if not files:
        return known, unreadable
    with Workers(min(workers, len(files)), default_limits(workers)) as pool:
        jobs = [(batch, sum(f.size_bytes for f in batch)) for batch in _batches(files, workers)]
        started = [(batch, pool.start(_inspect_batch, [_to_read(batch)], size_bytes=size)) for batch, size in jobs]
        alone: list[FoundFile] = []
        for batch, job in started:
            try:
                for file, answer in zip(batch, pool.answer(job), strict=True):
                    record(file, answer)
            except WorkerDeath:
                alone += batch  # one of them ended the worker: run each in its own job
        for file in alone:
            try:
                size = file.size_bytes
                record(file, pool.answer(pool.start(_inspect_batch, [_to_read([file])], size_bytes=size))[0])
            except WorkerDeath as death:
                record(file, death)
    return known, unreadable


def _at_hand(files: Sequence[FoundFile], record: Callable[[FoundFile, object], None]) -> Sequence[FoundFile]:
    """Fetch the files that are in a bucket; return the readable ones, and record the failures of the others."""
    if not any(is_address(file.path) for file in files):
        return files

    def fetch(file: FoundFile) -> OSError | SkippedFile | None:
        try:
            at_hand(file.path, file.size_bytes, file.mtime_ns)
        except OSError as error:
            if isinstance(error, SourceChanged) and ends_in_slash(file.path):
                return SkippedFile(relative=f"{file.relative}/", reason=NO_PATH, is_refused=True)
            return error
        return None

    with ThreadPoolExecutor(FETCHED_AT_ONCE) as threads:
        errors = list(threads.map(fetch, files))
    for file, error in zip(files, errors, strict=True):
        if error is not None:
            record(file, error)
    return [file for file, error in zip(files, errors, strict=True) if error is None]


def _batches(files: Sequence[FoundFile], workers: int) -> Iterator[list[FoundFile]]:
    size = max(1, min(INSPECTED_AT_ONCE, len(files) // (4 * workers)))
    for first in range(0, len(files), size):
        yield list(files[first : first + size])


def _to_read(files: Iterable[FoundFile]) -> list[tuple[SourceFile, str]]:
    """Return the local files to be read by a worker, which has no access to a bucket, with their names."""
    return [
        (SourceFile(path=local_path(file.path), size_bytes=file.size_bytes, mtime_ns=file.mtime_ns), file.name)
        for file in files
    ]


def _inspect_batch(files: list[tuple[SourceFile, str]]) -> list[tuple[str, Identity] | OSError]:
    """Return, in a worker, the digest and identity of each file, or the machine's error."""
    answers: list[tuple[str, Identity] | OSError] = []
    for source, name in files:
        try:
            answers.append(hash_and_identify(source, name))
        except OSError as error:
            answers.append(error)
    return answers
