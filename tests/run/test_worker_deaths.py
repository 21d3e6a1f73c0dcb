"""A file that kills its worker, or runs into a limit, is one failure; the run goes on."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
from PIL import Image

from flows.run.working.limits import Limits
from flows.run.working.retry import extra_seconds, outcomes_of, start
from flows.run.working.workers import Workers
from processors.contract import Item, Medium, Reads, Source
from processors.engine.plan import Due
from processors.engine.wanted_results import Recipes, WantedResult
from processors.errors import DamagedMedia
from processors.identify import hash_and_identify
from processors.metadata import Metadata
from processors.photo.photo_preview import PhotoPreview
from processors.photo.quality import Quality
from processors.sources.source_file import SourceFile
from processors.store.store import Store
from tests.helpers.fault_processors import Dependent, Faulty, FaultyPhoto
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import counts, ingest


@dataclass(frozen=True, kw_only=True)
class Misbehaving:
    """Does something terrible to the process that it runs in."""

    name: ClassVar[str] = "misbehaving"
    version: ClassVar[int] = 1
    reads: ClassVar[Reads] = "file"
    deed: str

    def start(self, info: object, scratch: Path) -> Misbehaving:
        return self

    def items(self, info: object, scratch: Path) -> tuple[Item, ...]:
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


@dataclass(frozen=True, kw_only=True)
class Hanging(Misbehaving):
    """Gets the photo, and never ends."""

    name: ClassVar[str] = "photo.hanging"
    reads: ClassVar[Reads] = "photo"
    deed: str = "hang"
    name_of_it: str

    def items(self, info: object, scratch: Path) -> tuple[Item, ...]:
        time.sleep(600)
        return ()


@pytest.mark.parametrize(
    ("deed", "reason", "is_stored"),
    [
        ("crash", "its worker crashed while decoding (SIGSEGV): convert the file with another tool", True),
        (
            "memory",
            "the file of 288044 bytes needs more than the 1500 MB of memory that it may use: "
            "raise --memory-mb and run again with --retry-failed",
            True,
        ),
        ("damage", "the bytes are bad: download it again, or convert it with another tool", True),
        ("killed from outside", "its worker was killed from outside (SIGKILL; out of memory?): run again", False),
        ("bug", "a fault in marsmedia: KeyError: 'no such': please report it", True),
    ],
)
def test_what_kills_a_worker_is_one_files_failure(
    raw: Path, maker: MediaMaker, tmp_path: Path, deed: str, reason: str, is_stored: bool
) -> None:
    maker.tone("bad.wav")
    maker.photo("good.jpg")
    recipes: Recipes = {"audio": (Misbehaving(deed=deed),), "photo": (Metadata(), PhotoPreview()), "video": ()}
    report = ingest(raw, tmp_path / "store", recipes, memory_mb=1500)
    assert counts(report) == (3, 2, 0, 0, 1)
    (problem,) = report.problems
    assert problem.reason == reason
    again = ingest(raw, tmp_path / "store", recipes, memory_mb=1500)
    assert again.results.due == (0 if is_stored else 1)


@pytest.mark.parametrize(
    ("name", "mode", "size", "needed_mb"),
    [("large.png", "L", (5000, 4000), 260), ("large.webp", "RGB", (3000, 2500), 260)],
)
def test_photo_that_cannot_fit_is_refused_from_its_header_and_made_with_more_memory(
    raw: Path, tmp_path: Path, name: str, mode: str, size: tuple[int, int], needed_mb: int
) -> None:
    (raw / "june").mkdir(exist_ok=True)
    Image.new(mode, size, "grey").save(raw / "june" / name)
    recipes: Recipes = {
        "audio": (),
        "photo": (Metadata(), PhotoPreview(longest_sides_px=(64,), formats=("jpeg",)), Quality()),
        "video": (),
    }
    report = ingest(raw, tmp_path / "store", recipes, memory_mb=250)
    assert (report.results.made, report.results.refused, report.results.failed) == (2, 1, 0)
    (problem,) = report.problems
    assert problem.reason == (
        f"{size[0]} x {size[1]} pixels ({mode}) need at least {needed_mb} MB of memory, and 250 MB may be used: "
        "raise --memory-mb and run again with --retry-failed"
    )
    assert ingest(raw, tmp_path / "store", recipes, memory_mb=1000).results.due == 0
    again = ingest(raw, tmp_path / "store", recipes, memory_mb=1000, retry_failed=True)
    assert (again.results.made, again.results.refused) == (1, 0)


def test_results_of_a_file_that_kills_its_worker_are_tried_one_by_one(
    raw: Path, maker: MediaMaker, tmp_path: Path
) -> None:
    maker.photo("bad.jpg")
    crash = Faulty(deed="crash")
    recipes: Recipes = {
        "photo": (Metadata(), crash, Dependent(of=(crash,)), PhotoPreview(), FaultyPhoto(deed="damage")),
        "audio": (),
        "video": (),
    }
    report = ingest(raw, tmp_path / "store", recipes)
    assert counts(report) == (5, 2, 0, 0, 3)
    crashed = "its worker crashed while decoding (SIGSEGV): convert the file with another tool"
    assert {problem.processor: problem.reason for problem in report.problems} == {
        "faulty": crashed,
        "dependent": f"needs faulty, which failed: {crashed}",
        "photo.faulty": "the bytes are bad: download it again, or convert it with another tool",
    }
    assert counts(ingest(raw, tmp_path / "store", recipes)) == (0, 0, 2, 0, 3)


def test_results_that_hang_are_not_all_waited_for(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.photo("slow.jpg")
    due = (Metadata(), *(Hanging(name_of_it=str(number)) for number in range(4)))
    file = raw / "june/slow.jpg"
    digest, identity = hash_and_identify(SourceFile.at(file), file.name)
    source = Source(
        digest=digest, size_bytes=1, name=file.name, medium="photo", format=identity.format, has_sound=False
    )
    one = Due(
        source=source,
        file=SourceFile.at(file),
        release="june",
        relative="june/slow.jpg",
        duration_seconds=None,
        results=tuple(WantedResult.of(processor, source.digests) for processor in due),
    )
    with Workers(1, Limits(memory_mb=1500, time_factor=1 / 360)) as workers:
        began = time.monotonic()
        outcomes = outcomes_of(one, start(one, Store(tmp_path / "store"), workers), Store(tmp_path / "store"), workers)
        took = time.monotonic() - began
    verdicts = [(outcome.ref.processor, outcome.verdict) for outcome in outcomes]
    assert verdicts == [("metadata", "made"), *[("photo.hanging", "failed")] * 4]
    assert took < 30


@pytest.mark.parametrize(
    ("medium", "size_bytes", "duration_seconds", "frame_pixels", "expected"),
    [
        ("audio", 5_000_000, 36_000.0, None, 7200.0),  # ten hours of silence in FLAC
        ("audio", 4_000_000, 86_400.0, None, 17_280.0),  # a day of it in Opus
        ("audio", 1000, 170_000.0, None, 25.0),  # 47 hours that 1000 bytes cannot hold
        ("audio", 5_000_000, None, None, 0.0),
        ("video", 1_000_000, 170_000.0, None, 20_000.0),
        ("video", 10_000_000_000, 170_000.0, 320 * 240, 43_200.0),
        ("video", 40_000_000, 30.0, 320 * 240, 300.0),
        ("video", 40_000_000, 30.0, 1920 * 1080, 300.0),
        ("video", 40_000_000, 30.0, 7680 * 4320, 4800.0),  # sixteen times the pixels
        ("photo", 1000, None, None, 600.0),
    ],
)
def test_time_limit_counts_what_a_file_holds(
    medium: Medium, size_bytes: int, duration_seconds: float | None, frame_pixels: int | None, expected: float
) -> None:
    source = Source(digest="0" * 64, size_bytes=size_bytes, name="x", medium=medium, format="x", has_sound=True)
    file = SourceFile(path=Path("x"), size_bytes=size_bytes, mtime_ns=0)
    due = Due(
        source=source,
        file=file,
        release="june",
        relative="x",
        duration_seconds=duration_seconds,
        frame_pixels=frame_pixels,
        results=(),
    )
    assert extra_seconds(due) == expected
