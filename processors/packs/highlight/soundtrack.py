"""Sound of a highlight clip: parts of recordings, each at its time in the clip."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, kw_only=True)
class Span:
    """Part of a recording, and its place in the clip."""

    from_seconds: float
    """Time in the recording; what is before 0 is silent."""
    at_seconds: float
    """Time in the clip."""
    seconds: float


class Soundtrack:
    """Sound of a clip of known length, silent by default."""

    def __init__(self, seconds: float) -> None:
        self._samples: Samples = np.zeros((round(seconds * RATE_HZ), 2), np.float32)
        self.is_silent = True

    def put(self, entry: ItemRecord, spans: Sequence[Span], *, last_fade_seconds: float = FADE_SECONDS) -> list[float]:
        """Put parts of a recording, or of a clip's sound, at their times; return the seconds of sound of each.

        These are fewer than those of the span if the sound ends before, and 0 without sound. The recording is decoded
        once, up to the end of the last part.
        """
        parts = [(_samples(span.from_seconds), self._room(span)) for span in spans]
        found = heard(entry, parts) or [self._samples[:0]] * len(parts)
        for span, part in zip(spans, found, strict=True):
            if not len(part):
                continue
            _fade(part[: _samples(FADE_SECONDS)], 0.0, 1.0)
            _fade(part[max(0, len(part) - _samples(last_fade_seconds)) :], 1.0, 0.0)
            place = _samples(span.at_seconds)
            self._samples[place : place + len(part)] += part
            self.is_silent = False
        return [
            max(0.0, len(part) / RATE_HZ + min(0.0, span.from_seconds)) for span, part in zip(spans, found, strict=True)
        ]

    def _room(self, span: Span) -> int:
        """Return the number of samples of a part that the clip has room for."""
        return min(_samples(span.seconds), len(self._samples) - _samples(span.at_seconds))

    def write(self, path: Path) -> None:
        """Write a WAV of 16 bit."""
        import soundfile

        soundfile.write(path, np.clip(self._samples, -1, 1), RATE_HZ, subtype="PCM_16")


def heard(entry: ItemRecord, parts: Sequence[tuple[int, int]]) -> list[Samples] | None:
    """Return parts of an item's sound at `RATE_HZ`, each sample at its time; None without sound.

    Parameters
    ----------
    parts : first sample and number of samples of each; a part that the sound does not fill is shorter.

    Raises
    ------
    ResultMissing, ResultCorrupt : the item does not match its manifest.
    """
    with checked_bytes(entry) as data, av.open(data, "r") as container:
        if not container.streams.audio:
            return None
        found: list[Samples] = [np.zeros((count, 2), np.float32) for _, count in parts]
        lengths = [0] * len(parts)
        last = max(first + count for first, count in parts)
        resampler = AudioResampler(format="flt", layout="stereo", rate=RATE_HZ)
        decoded: Iterable[av.AudioFrame | None] = chain(container.decode(audio=0), [None])
        blocks = (block for frame in decoded for block in resampler.resample(frame))
        for block in blocks:
            begins = block.pts or 0
            if begins >= last:
                break
            values = block.to_ndarray().reshape(-1, 2)
            for number, (first, count) in enumerate(parts):
                start, end = max(begins, first), min(begins + len(values), first + count)
                if end > start:
                    found[number][start - first : end - first] = values[start - begins : end - begins]
                    lengths[number] = end - first
    return [part[:length] for part, length in zip(found, lengths, strict=True)]


def _samples(seconds: float) -> int:
    return round(seconds * RATE_HZ)


def _fade(part: Samples, first: float, last: float) -> None:
    part *= np.linspace(first, last, len(part), dtype=np.float32)[:, None]
