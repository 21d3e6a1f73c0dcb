"""Sound of a highlight clip: each moving shot with its own sound, in step; or one recording under the whole clip."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from processors.packs.contents.media import checked_bytes
from processors.packs.contents.subject import ItemRecord

RATE_HZ = 48000
FADE_SECONDS = 0.25
"""Fade in and out at the edges of a shot, against clicks."""
LAST_FADE_SECONDS = 1.0
Samples = NDArray[np.float32]
"""float32, shape (samples, 2), full scale -1 to 1."""


class Soundtrack:
    """Sound of a clip of known length, silent by default."""

    def __init__(self, seconds: float) -> None:
        self._samples: Samples = np.zeros((round(seconds * RATE_HZ), 2), np.float32)
        self.is_silent = True

    def put(
        self, entry: ItemRecord, at_seconds: float, seconds: float, *, last_fade_seconds: float = FADE_SECONDS
    ) -> float:
        """Put the beginning of a recording or of a clip's sound at a time, and return its length in seconds.

        It is shorter than `seconds` if the sound ends before, and 0 without sound.
        """
        place = round(at_seconds * RATE_HZ)
        count = min(round(seconds * RATE_HZ), len(self._samples) - place)
        found = heard(entry, count)
        if found is None:
            return 0.0
        _fade(found[: round(FADE_SECONDS * RATE_HZ)], 0.0, 1.0)
        _fade(found[max(0, len(found) - round(last_fade_seconds * RATE_HZ)) :], 1.0, 0.0)
        self._samples[place : place + len(found)] += found
        self.is_silent = False
        return len(found) / RATE_HZ

    def write(self, path: Path) -> None:
        """Write a WAV of 16 bit."""
        import soundfile

        soundfile.write(path, np.clip(self._samples, -1, 1), RATE_HZ, subtype="PCM_16")


def heard(entry: ItemRecord, count: int) -> Samples | None:
    """Return up to `count` first samples of an item's sound at `RATE_HZ`, each at its time; None without sound.

    Raises
    ------
    ResultMissing, ResultCorrupt : the item does not match its manifest.
    """
    with checked_bytes(entry) as data, av.open(data, "r") as container:
        if not container.streams.audio:
            return None
        samples: Samples = np.zeros((count, 2), np.float32)
        ends = 0
        resampler = AudioResampler(format="flt", layout="stereo", rate=RATE_HZ)
        decoded: Iterable[av.AudioFrame | None] = chain(container.decode(audio=0), [None])
        for frame in decoded:
            for block in resampler.resample(frame):
                begins = block.pts or 0
                if begins >= count:
                    return samples
                values = block.to_ndarray().reshape(-1, 2)[max(0, -begins) : count - begins]
                samples[max(0, begins) : max(0, begins) + len(values)] = values
                ends = max(ends, max(0, begins) + len(values))
    return samples[:ends]


def _fade(part: Samples, first: float, last: float) -> None:
    part *= np.linspace(first, last, len(part), dtype=np.float32)[:, None]
