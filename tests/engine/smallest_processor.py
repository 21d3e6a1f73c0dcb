"""The smallest streamed processor: all that one must have. `test_example_processors.py` makes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from processors.audio.reading.audio_info import AudioInfo
from processors.audio.reading.block import AudioBlock
from processors.contract import Item, Reads


@dataclass(frozen=True, kw_only=True)
class Loudest:
    """The loudest sample of a recording, as `loudest.txt`."""

    name: ClassVar[str] = "audio.loudest"
    version: ClassVar[int] = 1
    reads: ClassVar[Reads] = "audio"

    def start(self, info: AudioInfo, scratch: Path) -> _Session:
        return _Session(info)


class _Session:
    def __init__(self, info: AudioInfo) -> None:
        self._info, self._peak, self._sample, self._missing = info, 0.0, 0, 0

    def feed(self, block: AudioBlock) -> None:
        self._missing += block.non_finite_count
        loudest = np.abs(block.finite_samples).max(axis=0)
        if loudest.max() > self._peak:
            self._peak, self._sample = float(loudest.max()), block.first_sample + int(loudest.argmax())

    def finish(self) -> Iterator[Item]:
        seconds = float(self._info.start) + self._sample / self._info.rate_hz
        text = f"{self._peak:.3f} at {seconds:.3f} s, {self._missing} samples missing in all channels\n"
        yield Item(name="loudest.txt", media_type="text/plain", data=text.encode())
