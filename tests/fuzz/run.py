"""Damage every format, ask the oracles, and compare with what marsmedia says."""

from __future__ import annotations

import faulthandler
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from processors.store.store import Store
from tests.fuzz.mutants import mutants
from tests.fuzz.oracles import complaint
from tests.fuzz.told import verdict_of
from tests.fuzz.wholes import WHOLES

MAX_SECONDS = 120
"""Of one mutant; more is a hang, and ends the process with a traceback of where it stands."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One mutant, and what was known and said of it."""

    name: str
    known: str | None
    """What an independent decoder says of it; None where nobody can know that it is damaged."""
    told: str | None
    faults: tuple[str, ...]
    seconds: float

    @property
    def is_silent(self) -> bool:
        return self.known is not None and self.told is None


def run(folder: Path, suffixes: Iterable[str], count: int, seed: int = 11) -> Iterator[Finding]:
    """Try so many mutants of each format; `folder` keeps their files."""
    for variety in suffixes:
        data, suffix = WHOLES[variety](), variety.partition("-")[0]
        whole = folder / f"whole_{variety}.{suffix}"
        whole.write_bytes(data)
        yield _tried(whole, whole, "whole", folder)
        for mutant in mutants(variety, data, count, seed):
            path = folder / f"{mutant.name}.{suffix}"
            path.write_bytes(mutant.data)
            yield _tried(path, whole, mutant.name, folder)


def _tried(path: Path, whole: Path, name: str, folder: Path) -> Finding:
    started = time.monotonic()
    faulthandler.dump_traceback_later(MAX_SECONDS, exit=True)
    try:
        verdict = verdict_of(path, Store(folder / "store"))
    finally:
        faulthandler.cancel_dump_traceback_later()
    seconds = time.monotonic() - started
    known = None if path == whole else complaint(path, whole)
    return Finding(name=name, known=known, told=verdict.told, faults=verdict.faults, seconds=seconds)
