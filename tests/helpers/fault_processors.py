"""Processors that go wrong in a given way at a given step, for tests of what a run makes of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from processors.contract import Item, Need, Processor, Reads
from processors.errors import DamagedMedia, RefusedMedia


def do(deed: str) -> None:
    """Go wrong."""
    if deed == "bug":
        raise KeyError("no such")
    if deed == "damage":
        raise DamagedMedia("the bytes are bad")
    if deed == "refusal":
        raise RefusedMedia("too large", "make it smaller")
    if deed == "no thread":
        raise RuntimeError("can't start new thread")
    if deed == "no memory":
        raise MemoryError
    if deed == "crash":
        os.kill(os.getpid(), 11)


@dataclass(frozen=True, kw_only=True)
class Faulty:
    """Gives one item, unless something goes wrong at one of its steps; reads headers only."""

    name: ClassVar[str] = "faulty"
    version: ClassVar[int] = 1
    reads: ClassVar[Reads] = "file"
    deed: str = "nothing"
    step: str = "finish"
    of: tuple[Processor, ...] = ()

    def inputs(self) -> tuple[Processor, ...]:
        return self.of

    def needs(self, info: object) -> Need:
        self._at("needs")
        return Need()

    def start(self, info: object, scratch: Path) -> Faulty:
        self._at("start")
        return self

    def items(self, info: object, scratch: Path) -> tuple[Item, ...]:
        self._at("start")
        self._at("feed")
        return self.finish()

    def feed(self, unit: object) -> tuple[Item, ...]:
        self._at("feed")
        return ()

    def finish(self) -> tuple[Item, ...]:
        self._at("finish")
        facts = {"loudest": float("inf")} if self.deed == "infinite fact" else None
        return () if self.deed == "no item" else (Item(name="x.txt", media_type="text/plain", facts=facts, data=b"x"),)

    def _at(self, step: str) -> None:
        if step == self.step:
            do(self.deed)


@dataclass(frozen=True, kw_only=True)
class FaultyPhoto(Faulty):
    """Gets the photo."""

    name: ClassVar[str] = "photo.faulty"
    reads: ClassVar[Reads] = "photo"


@dataclass(frozen=True, kw_only=True)
class FaultyPicture(Faulty):
    """Is fed a video's frames."""

    name: ClassVar[str] = "video.faulty"
    reads: ClassVar[Reads] = "video"


@dataclass(frozen=True, kw_only=True)
class FaultySound(Faulty):
    """Is fed sound."""

    name: ClassVar[str] = "audio.faulty"
    reads: ClassVar[Reads] = "audio"


@dataclass(frozen=True, kw_only=True)
class Dependent(Faulty):
    """Is made of what it uses alone."""

    name: ClassVar[str] = "dependent"
    reads: ClassVar[Reads] = "results"


@dataclass(frozen=True, kw_only=True)
class SecondDependent(Dependent):
    """Is made of a dependent."""

    name: ClassVar[str] = "second dependent"
