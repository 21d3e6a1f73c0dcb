"""Two complete processors, one of each shape, as examples for new ones: they are made as any other is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np

from processors.audio.reading.audio_info import AudioInfo
from processors.audio.reading.block import AudioBlock
from processors.contract import Inputs, Item, Reads, require
from processors.errors import RefusedMedia
from tests.helpers.made_media import MediaMaker
from tests.helpers.video_derived import derived

# example: streamed
LOUDEST = "loudest.txt"


@dataclass(frozen=True, kw_only=True)
class LoudestFacts:
    """Where the sound is loudest."""

    peak: float
    """Highest magnitude over all channels; full scale is 1."""
    time_seconds: float
    missing_sample_count: int
    """Over all channels; they may have been louder."""


@dataclass(frozen=True, kw_only=True)
class Loudest:
    """The loudest sample of a recording, as `loudest.txt`."""

    name: ClassVar[str] = "audio.loudest"
    version: ClassVar[int] = 1  # raise it when the same parameters give other bytes
    reads: ClassVar[Reads] = "audio"

    def start(self, info: AudioInfo, scratch: Path) -> _Session:
        return _Session(info)


class _Session:
    def __init__(self, info: AudioInfo) -> None:
        self._info, self._peak, self._sample, self._missing = info, 0.0, 0, 0

    def feed(self, block: AudioBlock) -> Iterator[Item]:
        self._missing += block.non_finite_count
        loudest = np.abs(block.finite_samples).max(axis=0)
        if loudest.max() > self._peak:
            self._peak, self._sample = float(loudest.max()), block.first_sample + int(loudest.argmax())
        yield from ()

    def finish(self) -> Iterator[Item]:
        seconds = float(self._info.start) + self._sample / self._info.rate_hz
        facts = LoudestFacts(peak=self._peak, time_seconds=seconds, missing_sample_count=self._missing)
        yield Item(name=LOUDEST, media_type="text/plain", data=f"{seconds:.3f} s\n".encode(), facts=facts)


# example: one-shot
@dataclass(frozen=True, kw_only=True)
class PeakVerdict:
    """Whether a recording is loud, as `verdict.txt`; decided from `audio.loudest`, without reading the sound again."""

    name: ClassVar[str] = "audio.peak_verdict"
    version: ClassVar[int] = 1
    reads: ClassVar[Reads] = "results"

    above: float = 0.5
    """Peak that is loud; above 0, at most 1."""
    loudest: Loudest = field(default_factory=Loudest)

    def __post_init__(self) -> None:
        require(0 < self.above <= 1, "above", self.above, "must be above 0 and at most 1")

    def inputs(self) -> tuple[Loudest, ...]:
        return (self.loudest,)

    def items(self, inputs: Inputs[None], scratch: Path) -> Iterator[Item]:
        """The verdict."""
        facts = inputs.results[self.loudest.name].facts(LOUDEST, LoudestFacts)
        if facts.peak == 0:
            raise RefusedMedia("there is only silence", "choose a recording with sound")
        words = "loud" if facts.peak > self.above else "quiet"
        yield Item(name="verdict.txt", media_type="text/plain", data=f"{words}\n".encode(), facts=facts)


# example: end
def test_a_streamed_and_a_one_shot_processor_are_made(make: MediaMaker, tmp_path: Path) -> None:
    path = make.tone("tone.wav", seconds=1.0)
    loudest, loud, quiet = derived(path, tmp_path / "store", Loudest(), PeakVerdict(above=0.1), PeakVerdict(above=1.0))
    assert loudest.names == ["loudest.txt"]
    assert (loud.path("verdict.txt").read_text(), quiet.path("verdict.txt").read_text()) == ("loud\n", "quiet\n")
    assert loud.facts("verdict.txt") == loudest.facts("loudest.txt")


def test_a_refusal_is_a_result_with_its_reason(make: MediaMaker, tmp_path: Path) -> None:
    (refused,) = derived(make.tone("silence.wav", peak=0.0, seconds=1.0), tmp_path / "store", PeakVerdict())
    assert (refused.manifest.verdict, refused.manifest.reason) == (
        "refused",
        "there is only silence: choose a recording with sound",
    )
