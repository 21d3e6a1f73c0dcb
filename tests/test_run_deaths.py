"""A file that kills its worker, or runs into a limit, is one failure; the run goes on."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from processors.contract import Item, Need, Reads
from processors.errors import DamagedMedia
from processors.metadata import Metadata
from processors.photo.preview import Preview
from processors.plan import Recipes
from tests.made_media import MediaMaker
from tests.runs import counts, ingest


@dataclass(frozen=True, kw_only=True)
class Misbehaving:
    """Does something terrible to the process that it runs in."""

    name: ClassVar[str] = "misbehaving"
    version: ClassVar[int] = 1
    reads: ClassVar[Reads] = "file"
    deed: str

    def needs(self, info: object) -> Need:
        return Need()

    def start(self, info: object, scratch: Path) -> Misbehaving:
        return self

    def feed(self, unit: object) -> tuple[Item, ...]:
        return ()

    def finish(self) -> tuple[Item, ...]:
        if self.deed == "crash":
            os.kill(os.getpid(), 11)
        if self.deed == "killed from outside":
            os.kill(os.getpid(), 9)
        if self.deed == "memory":
            return (Item(name="x", media_type="x", data=bytes(bytearray(3 << 30))),)
        if self.deed == "bug":
            return ({}["no such"],)
        if self.deed == "damage":
            raise DamagedMedia("the bytes are bad")
        raise AssertionError(self.deed)


@pytest.mark.parametrize(
    ("deed", "reason", "is_stored"),
    [
        ("crash", "crashed the decoder (SIGSEGV), twice", True),
        ("memory", "needs more than the 1500 MB that one file may use, twice", True),
        ("damage", "the bytes are bad: fetch the file again, or convert it with another tool", True),
        ("killed from outside", "its worker was killed from outside (SIGKILL; out of memory?): run again", False),
        ("bug", "a fault in marsmedia: KeyError: 'no such': please report it", True),
    ],
)
def test_what_kills_a_worker_is_one_files_failure(
    raw: Path, maker: MediaMaker, tmp_path: Path, deed: str, reason: str, is_stored: bool
) -> None:
    maker.tone("bad.wav")
    maker.photo("good.jpg")
    recipes: Recipes = {"audio": (Misbehaving(deed=deed),), "photo": (Metadata(), Preview()), "video": ()}
    report = ingest(raw, tmp_path / "store", recipes, memory_mb=1500)
    assert counts(report) == (3, 2, 0, 0, 1)
    (problem,) = report.problems
    assert problem.reason == reason
    again = ingest(raw, tmp_path / "store", recipes, memory_mb=1500)
    assert again.results.due == (0 if is_stored else 1)
