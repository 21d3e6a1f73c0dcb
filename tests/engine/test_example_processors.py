"""Two complete processors as examples for new ones: the smallest streamed one, and a one-shot with what is optional."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from processors.audio.levels.levels import LEVELS, Levels, LevelsFacts
from processors.contract import Inputs, Item, Reads, require
from processors.errors import RefusedMedia
from tests.engine import smallest_processor
from tests.engine.smallest_processor import Loudest
from tests.helpers.derived import derived
from tests.helpers.made_media import MediaMaker

MAX_LINES = 45


# example: one-shot, with parameters, inputs, facts and a refusal
VERDICT = "verdict.txt"


@dataclass(frozen=True, kw_only=True)
class PeakVerdictFacts:
    """How loud a recording is at the most."""

    peak_dbfs: float


@dataclass(frozen=True, kw_only=True)
class PeakVerdict:
    """Whether a recording is loud, as `verdict.txt`; decided from `audio.levels`, without reading the sound again."""

    name: ClassVar[str] = "audio.peak_verdict"
    version: ClassVar[int] = 1
    reads: ClassVar[Reads] = "results"

    above_dbfs: float = -6.0
    """Peak that is loud; at most 0."""
    levels: Levels = field(default_factory=Levels)

    def __post_init__(self) -> None:
        require(self.above_dbfs <= 0, "above_dbfs", self.above_dbfs, "must be 0 or less")

    def inputs(self) -> tuple[Levels, ...]:
        return (self.levels,)

    def items(self, inputs: Inputs[None], scratch: Path) -> Iterator[Item]:
        found = inputs.results[Levels.name].facts(LEVELS, LevelsFacts)
        peaks = [one.peak_dbfs for one in found.channels if one.peak_dbfs is not None]
        if not peaks:
            raise RefusedMedia("there is only silence", "choose a recording with sound")
        facts = PeakVerdictFacts(peak_dbfs=max(peaks))
        words = "loud" if facts.peak_dbfs > self.above_dbfs else "quiet"
        yield Item(name=VERDICT, media_type="text/plain", data=f"{words}\n".encode(), facts=facts)


# example: end
def test_the_smallest_processor_is_made_and_fits_a_screen_with_its_imports(make: MediaMaker, tmp_path: Path) -> None:
    path = make.tone("tone.wav", seconds=1.0)
    (loudest,) = derived(path, tmp_path / "store", Loudest())
    assert loudest.names == ["loudest.txt"]
    assert loudest.path("loudest.txt").read_text() == "0.500 at 0.000 s, 0 samples missing in all channels\n"
    assert len(Path(smallest_processor.__file__).read_text().splitlines()) <= MAX_LINES


def test_a_one_shot_processor_decides_from_the_results_of_another(make: MediaMaker, tmp_path: Path) -> None:
    path = make.tone("tone.wav", seconds=1.0)
    verdicts = PeakVerdict(above_dbfs=-20.0), PeakVerdict(above_dbfs=0.0)
    loud, quiet = derived(path, tmp_path / "store", *verdicts)
    assert (loud.path(VERDICT).read_text(), quiet.path(VERDICT).read_text()) == ("loud\n", "quiet\n")
    assert loud.facts(VERDICT) == quiet.facts(VERDICT)


def test_a_refusal_is_a_result_with_its_reason(make: MediaMaker, tmp_path: Path) -> None:
    (refused,) = derived(make.tone("silence.wav", peak=0.0, seconds=1.0), tmp_path / "store", PeakVerdict())
    assert (refused.manifest.verdict, refused.manifest.reason) == (
        "refused",
        "there is only silence: choose a recording with sound",
    )
