"""Sounds made on the spot that change all the time, as wind and voices do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile


def changing_sound(seconds: int, rate_hz: int = 16_000, seed: int = 1) -> np.ndarray:
    """Noise in three parts of the spectrum, each as loud as chance has it from one tenth of a second to the next."""
    rng = np.random.default_rng(seed)
    sound = np.zeros(seconds * rate_hz)
    frequency_hz = np.fft.rfftfreq(len(sound), 1 / rate_hz)
    for low_hz, high_hz in ((80, 300), (300, 1000), (1000, 3200)):
        spectrum = np.fft.rfft(rng.normal(size=len(sound))) * ((frequency_hz >= low_hz) & (frequency_hz < high_hz))
        part = np.fft.irfft(spectrum, len(sound))
        loudness = 10 ** rng.uniform(-1.5, 0, 10 * seconds)
        sound += part / part.std() * 0.05 * np.repeat(loudness, rate_hz // 10)
    return sound


def write_wav(path: Path, samples: np.ndarray, rate_hz: int = 16_000) -> Path:
    soundfile.write(path, samples, rate_hz, subtype="PCM_16")
    return path
