"""What a pack lacks of its selection: sources of which it has nothing, and results that could not be made."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from processors.packs.contents.outcomes import FailedResult
from processors.packs.contents.subject import SourceRecord
from processors.packs.presentation import takes_any
from processors.sources.scan import printable
from processors.store.findings.file_verdict import FileVerdict
from processors.store.manifest import Manifest, ResultRef

NAMES_SHOWN = 4
"""Maximum number of processors named that no run has tried yet."""


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """What a pack lacks of its selection, in lines that end in the reason."""

    sources: tuple[str, ...] = ()
    """Selected sources of which the pack has nothing."""
    results: tuple[str, ...] = ()
    """Results of the others that the pack takes but that could not be made."""


def not_made(subject: SourceRecord, results: Iterable[Manifest], take: Sequence[str]) -> tuple[FailedResult, ...]:
    """Return the results of a source that a pack takes and lacks as they could not be made, with the root causes.

    Parameters
    ----------
    results : results of the source that are in the pack, of which no other one stands in for a failed one.
    """
    packed = {one.ref.processor for one in results}
    causes = sorted({one.reason for one in subject.failures if one.reason}, key=len)
    return tuple(
        FailedResult(processor=one.processor, verdict=one.verdict, reason=_root(one.reason or "unknown", causes))
        for one in subject.failures
        if one.processor not in packed and takes_any(one.processor, take)
    )


def _root(reason: str, causes: Iterable[str]) -> str:
    """Return the shortest cause in which a reason ends: a result that lacks another one fails for the other's."""
    return next((one for one in causes if reason.endswith(f": {one}")), reason)


def why_absent(
    failed: Sequence[FailedResult],
    verdict: FileVerdict,
    wanted: Iterable[ResultRef],
    known: Collection[ResultRef],
    take: Sequence[str],
) -> str:
    """Return why a pack has nothing of a source.

    Parameters
    ----------
    failed : as `not_made` returns them.
    verdict : verdict of all its results on damage.
    wanted : results that today's recipes want of it.
    known : its results in the store, made or not.
    take : words for what the pack takes.
    """
    if failed:
        return "; ".join(dict.fromkeys(f"{one.verdict}: {one.reason}" for one in failed))
    if verdict.words and verdict.is_damaged:
        return verdict.words
    if missing := sorted({one.processor for one in wanted if one not in known and takes_any(one.processor, take)}):
        more = f" and {len(missing) - NAMES_SHOWN} more" if len(missing) > NAMES_SHOWN else ""
        return f"not made yet: {', '.join(missing[:NAMES_SHOWN])}{more}"
    return has_nothing(take)


def has_nothing(take: Sequence[str]) -> str:
    """Return in words that there is nothing of what a pack takes, for no known reason."""
    *others, last = take
    return f"has no {', '.join(others)} or {last}" if others else f"has no {last}"


def in_lines(relative: str, failed: Sequence[FailedResult]) -> Iterator[str]:
    """Yield a line for each reason for which results of a source in the pack could not be made."""
    by_reason: dict[tuple[str, str | None], list[str]] = {}
    for one in failed:
        by_reason.setdefault((one.verdict, one.reason), []).append(one.processor)
    for (verdict, reason), processors in by_reason.items():
        yield printable(f"{', '.join(processors)} of {relative}: {verdict}: {reason}")
