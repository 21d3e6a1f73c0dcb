"""What is asked of the catalogue about tens of thousands of sources or names at once is answered, and soon."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import pytest

from processors.errors import RequestError
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.selection import parse, select
from processors.store.manifest import KnownOutcome, Manifest, ResultRef
from processors.store.store import Store

MANY = 31_000
"""Conditions from about 25,000 digests on overflowed the stack of the query engine and ended the process."""


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(Store(tmp_path / "store"))


def refused(number: int) -> Manifest:
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    return Manifest(
        ref=ResultRef(source=digest, processor="photo.tracks", key=digest[::-1]),
        version=1,
        parameters={},
        verdict="refused",
        reason="no tracks",
        items=(),
        source_name="rear.png",
        release="june",
        source_facts=None,
        software={},
        host="h",
        started_utc="2026-01-01T00:00:00Z",
        seconds=1.0,
    )


def test_results_of_very_many_sources_are_read_and_replaced(catalogue: Catalogue) -> None:
    before = [refused(number) for number in range(MANY)]
    catalogue.add_results(before)
    sources = {one.ref.source for one in before}
    assert set(catalogue.verdicts(sources).values()) == {KnownOutcome("refused", "no tracks")}

    catalogue.add_results([dataclasses.replace(one, verdict="made", reason=None) for one in before])

    found = catalogue.verdicts(sources)
    assert len(found) == MANY
    assert set(found.values()) == {KnownOutcome("made", None)}
    few = {one.ref.source for one in before[:3]}
    assert catalogue.verdicts(few).keys() == {one.ref.key for one in before[:3]}
    assert catalogue.seen(sources) == [] == catalogue.seen(few)


def test_very_many_names_select_in_reasonable_time(catalogue: Catalogue) -> None:
    """2,000 names took 160 s: a condition for each is nested in the one before."""
    with pytest.raises(RequestError, match="no such source in the store"):
        select(parse([f"photo-{number:06d}.png" for number in range(5_000)]), catalogue)
