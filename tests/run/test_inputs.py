"""What builds on other results is made after them, and again without measuring again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from flows.run.reporting.report import Report
from processors.audio.levels.levels import Levels
from processors.audio.reading.audio_info import AudioInfo
from processors.audio.reading.block import AudioBlock
from processors.audio.renditions.renditions import Renditions
from processors.contract import Inputs, Item, Reads, Source
from processors.engine.wanted_results import one_of_each_processor, wanted_of
from processors.store.manifest import ResultRef
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import counts, ingest


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Counts the units that it is fed, once."""

    name: ClassVar[str] = "measured"
    version: ClassVar[int] = 1
    reads: ClassVar[Reads] = "audio"
    unit_samples: int = 1

    def start(self, info: AudioInfo, scratch: Path) -> Measured.Session:
        return Measured.Session(self)

    class Session:
        def __init__(self, processor: Measured) -> None:
            self._unit, self._count = processor.unit_samples, 0

        def feed(self, block: AudioBlock) -> tuple[Item, ...]:
            self._count += block.samples.shape[1]
            return ()

        def finish(self) -> tuple[Item, ...]:
            return (Item(name="count.txt", media_type="text/plain", data=str(self._count // self._unit).encode()),)


@dataclass(frozen=True, kw_only=True)
class Decided:
    """Decides something from what was measured, without the source."""

    name: ClassVar[str] = "decided"
    version: ClassVar[int] = 1
    reads: ClassVar[Reads] = "results"
    above: int
    measured: Measured = Measured()

    def inputs(self) -> tuple[Measured, ...]:
        return (self.measured,)

    def items(self, inputs: Inputs[None], scratch: Path) -> tuple[Item, ...]:
        count = int(inputs.results["measured"].path("count.txt").read_text())
        return (Item(name="answer.txt", media_type="text/plain", data=b"yes" if count > self.above else b"no"),)


def test_what_is_decided_again_is_not_measured_again(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.tone("tone.wav", seconds=1.0)

    def decide(above: int, unit: int = 1) -> tuple[Report, list[bytes]]:
        report = ingest(
            raw, tmp_path / "store", {"audio": (Decided(above=above, measured=Measured(unit_samples=unit)),)}
        )
        return report, sorted(path.read_bytes() for path in (tmp_path / "store/results").rglob("answer.txt"))

    report, answers = decide(40_000)
    assert (counts(report), answers) == ((2, 2, 0, 0, 0), [b"yes"])  # the processor that it uses is made too, first
    report, answers = decide(50_000)
    assert (counts(report), answers) == ((1, 1, 1, 0, 0), [b"no", b"yes"])
    report, answers = decide(40_000, unit=2)
    assert (counts(report), answers) == ((2, 2, 0, 0, 0), [b"no", b"no", b"yes"])  # other measurements, another key


def test_a_result_that_builds_on_a_failure_fails_and_names_it(raw: Path, tmp_path: Path) -> None:
    (raw / "june/bad.wav").write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00")
    report = ingest(raw, tmp_path / "store", {"audio": (Decided(above=1),)})
    assert counts(report) == (2, 0, 0, 0, 2)
    reason = next(problem.reason for problem in report.problems if problem.processor == "decided")
    assert reason.startswith("needs measured, which failed: ")


@pytest.mark.parametrize("named_first", [True, False])
def test_of_two_results_of_one_name_the_recipes_own_is_shown(named_first: bool) -> None:
    own = Levels(silence_dbfs=-50.0)
    both = (own, Renditions()) if named_first else (Renditions(), own)
    source = Source(digest="0" * 64, size_bytes=1, name="a.wav", medium="audio", format="wav", has_sound=True)
    wanted = wanted_of(source, {"audio": both, "video": (), "photo": ()})
    assert {one.processor for one in wanted if one.ref.processor == "audio.levels"} == {Levels(), own}
    assert [ref for ref in one_of_each_processor(wanted) if ref.processor == own.name] == [
        ResultRef.of(own, source.digests)
    ]
