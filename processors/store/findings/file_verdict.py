"""Verdict on a file: the damage that all its results together report, in one sentence for `show` and for packs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from processors.formats import BY_NAME
from processors.languages.language import language
from processors.languages.text import FALLBACK
from processors.store.catalogue.latest import age
from processors.store.manifest import Manifest
from processors.well_known_names import EVIDENCE, METADATA


@dataclass(frozen=True, kw_only=True)
class FileVerdict:
    """Verdict on a file, which is the worst that any of its results found."""

    words: str | None
    """The verdict in a sentence; None if no result decoded the file, or found it damaged."""
    damage: tuple[str, ...]
    """Each damage in words; empty for none."""
    found_by: Manifest | None
    """Earliest result that found the damage (while decoding, if one did), or that decoded the undamaged file; else
    one that was refused, or None."""

    @property
    def is_damaged(self) -> bool:
        return bool(self.damage)


NO_VERDICT = FileVerdict(words=None, damage=(), found_by=None)
"""Verdict on a file without results."""


def file_verdict(manifests: Iterable[Manifest], format_name: str) -> FileVerdict:
    """Return the verdict of all results of a file, with the evidence of its own path alone.

    A result that decoded nothing, such as one without items because the picture is small, proves nothing. Nor does one
    that failed because of a file next to it.
    """
    every = list(manifests)
    made = [one for one in every if one.verdict == "made"]
    failed = [one for one in every if one.verdict == "failed" and one.blame == "file" and not _is_of_companion(one)]
    at_fault = [one for one in (*made, *failed) if one.reason]
    if sentences := _root_causes(one.reason for one in at_fault if one.reason):
        return FileVerdict(
            words=f"damaged: {'; '.join(sentences)}", damage=sentences, found_by=min(at_fault, key=_rank)
        )
    decoded = [one for one in made if isinstance(one.source_facts, dict)]
    if not decoded:
        unread = (one for one in every if one.reason and one.verdict != "made")
        return FileVerdict(words=None, damage=(), found_by=min(unread, key=age, default=None))
    row = BY_NAME.get(format_name)
    words = f"no damage found{_odd_samples(decoded)}"
    if row and row.unnoticed_percent:
        words = language(FALLBACK).page["unnoticed"].format(row.title, row.unnoticed_percent)
    return FileVerdict(words=words, damage=(), found_by=min(decoded, key=age))


def _is_of_companion(failed: Manifest) -> bool:
    """Return whether a failure is that of a file next to the source: a mistake in `release.toml`, unread subtitles."""
    files = failed.parameters.get("files")
    names = [one["name"] for one in files if isinstance(one, dict)] if isinstance(files, list) else []
    return failed.ref.processor == EVIDENCE or (failed.reason or "").startswith(tuple(f"{name} " for name in names))


def _root_causes(reasons: Iterable[str]) -> tuple[str, ...]:
    """Return each reason once, without those of results that only lack another result: they end in its reason."""
    every = tuple(dict.fromkeys(reasons))
    return tuple(one for one in every if not any(one != other and one.endswith(f": {other}") for other in every))


def _rank(one: Manifest) -> tuple[bool, tuple[str, str]]:
    return one.ref.processor in (EVIDENCE, METADATA), age(one)


def _odd_samples(decoded: Iterable[Manifest]) -> str:
    """Return how many samples of the sound are NaN or infinite, as continuation of a verdict; empty for none."""
    counts = [one.source_facts.get("non_finite_sample_count") for one in decoded if isinstance(one.source_facts, dict)]
    count = max((one for one in counts if isinstance(one, int)), default=0)
    samples = "1 sample of the sound is" if count == 1 else f"{count} samples of the sound are"
    return f", but {samples} NaN or infinite" if count else ""
