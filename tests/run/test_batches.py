"""Batches: the longest sources first, and enough of them that no process waits long for the last."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.run.working.batches import BATCH_SOURCES, estimated_seconds, into_batches
from processors.contract import Medium, Source
from processors.engine.plan import Due
from processors.sources.source_file import SourceFile


def due(medium: Medium, number: int, *, size_bytes: int = 1_000, duration_seconds: float | None = None) -> Due:
    name = f"{medium}-{number}"
    source = Source(
        digest=f"{number:064x}", size_bytes=size_bytes, name=name, medium=medium, format="any", has_sound=False
    )
    file = SourceFile(path=Path(name), size_bytes=size_bytes, mtime_ns=0)
    return Due(source=source, file=file, release="june", relative=name, duration_seconds=duration_seconds, results=())


@pytest.mark.parametrize("at_once", [3, 9])
def test_a_few_sources_are_shared_by_all_who_work(at_once: int) -> None:
    clips = [due("video", number, duration_seconds=10.0) for number in range(at_once)]
    assert [len(batch) for batch in into_batches(clips, at_once)] == [1] * at_once


def test_a_long_source_comes_first_and_alone() -> None:
    clips = [due("video", number, duration_seconds=seconds) for number, seconds in enumerate((1.0, 600.0, 2.0))]
    batches = into_batches([*clips, *(due("photo", number) for number in range(40))], 3)
    assert [one.duration_seconds for one in batches[0]] == [600.0]
    costs = [sum(map(estimated_seconds, batch)) for batch in batches]
    assert max(costs[1:]) < costs[0]


def test_many_small_sources_stay_in_few_batches() -> None:
    photos = [due("photo", number) for number in range(10_000)]
    batches = into_batches(photos, 3)
    assert {len(batch) for batch in batches} == {BATCH_SOURCES}
    assert [one for batch in batches for one in batch] == photos
