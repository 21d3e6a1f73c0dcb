"""MP3 files joined end to end, each beginning with an info frame and its encoder's delay."""

from __future__ import annotations

import numpy as np

from processors.audio.reading.declared_length import Declared
from processors.audio.reading.end_padding import EndPadding
from processors.containers.audio.mp3 import info_frame


class JoinedMp3:
    """Remover of the delay of each file after the first, which FFmpeg leaves, and of every file's padding.

    Parameters
    ----------
    first : declared length of the first file; None if no file declares one.
    """

    def __init__(self, first: Declared | None) -> None:
        self.file_count = 1
        self.skip = 0
        """Number of coming samples to discard."""
        count = first.sample_count if first and first.padding_samples else None
        self._padding = EndPadding(count, first.padding_samples if first else 0)

    def begins(self, packet: bytes) -> bool:
        """Return whether another file begins here; its first frame must not be decoded."""
        info = info_frame(packet[_first_frame(packet) :])
        if info is None:
            return False
        self.file_count += 1
        self.skip, self._padding = info.first_sample, EndPadding(info.sample_count, info.padding_samples)
        return True

    def without_padding(self, samples: np.ndarray) -> np.ndarray:
        """Return the samples without padding, float32, shape (channels, samples)."""
        skip = min(self.skip, samples.shape[1])
        self.skip -= skip
        return self._padding.without(samples[:, skip:])


def _first_frame(packet: bytes) -> int:
    """Return where a frame begins in a packet that may start with tags of one file's end and the next one's start."""
    if packet[:1] == b"\xff":
        return 0
    found = packet.find(b"Info") if b"Info" in packet else packet.find(b"Xing")
    start = packet.rfind(b"\xff", 0, max(found, 0))
    while start > 0 and info_frame(packet[start:]) is None:
        start = packet.rfind(b"\xff", 0, start)
    return max(start, 0)
