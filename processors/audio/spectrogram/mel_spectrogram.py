"""Mel spectrogram by librosa's definition, made from the measured power without decoding."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np

from processors.audio.netcdf_provenance import attributes_taken_over, made_by
from processors.audio.spectrogram.netcdf import PowerFile, channel_names, mean_power_of, packed_batch, power_frames
from processors.audio.spectrogram.spectrogram import ARRAY, Spectrogram, SpectrogramFacts
from processors.audio.spectrogram.stft import DETREND, Scale, window_of
from processors.contract import Inputs, Item, Reads, require
from processors.errors import RefusedMedia

MEL = "mel.nc"


@dataclass(frozen=True, kw_only=True)
class MelFacts:
    frame_count: int
    band_count: int
    empty_band_count: int
    """Bands too narrow to contain a band of the transform: they hold 0. Fix with a longer window or fewer bands."""
    lowest_hz: float
    highest_hz: float
    librosa_factor: float
    """Factor from these values to those of `librosa.feature.melspectrogram` with the same window, hop and `n_fft`."""


@dataclass(frozen=True, kw_only=True)
class MelSpectrogram:
    """Power in bands of equal width on the mel scale, each filter of area 1 (Slaney's), or HTK's scale."""

    name: ClassVar[str] = "audio.mel_spectrogram"
    version: ClassVar[int] = 7
    reads: ClassVar[Reads] = "results"

    band_count: int = 128
    lowest_hz: float = 0.0
    highest_hz: float | None = None
    """Upper limit; None: half the sampling rate, which is also the maximum."""
    htk: bool = False
    """True for HTK's formula of the scale instead of Slaney's."""
    spectrogram: Spectrogram = field(default_factory=Spectrogram)

    def __post_init__(self) -> None:
        require(1 <= self.band_count <= 1024, "band_count", self.band_count, "must be from 1 to 1024")
        require(self.lowest_hz >= 0, "lowest_hz", self.lowest_hz, "must be 0 or more")
        above = self.highest_hz is None or self.highest_hz > self.lowest_hz
        require(above, "highest_hz", self.highest_hz, "must be above lowest_hz")
        usable = self.spectrogram.keep == "array" and self.spectrogram.scaling != "density"
        require(usable, "spectrogram", self.spectrogram, "must keep the array, as mean_square or power")

    def inputs(self) -> tuple[Spectrogram, ...]:
        return (self.spectrogram,)

    def items(self, inputs: Inputs[None], scratch: Path) -> Iterator[Item]:
        result = inputs.results[self.spectrogram.name]
        array, path, facts = result.path(ARRAY), scratch / MEL, result.facts(ARRAY, SpectrogramFacts)
        highest_hz = min(self.highest_hz or facts.rate_hz / 2, facts.rate_hz / 2)
        if highest_hz <= self.lowest_hz:
            raise RefusedMedia(f"the sound ends at {highest_hz:g} Hz", "choose a lower lowest_hz")
        scale = Scale(window=window_of(self.spectrogram.window, facts.window_samples), rate_hz=facts.rate_hz)
        weights, middle_hz = self._filters(facts, highest_hz)
        weights /= scale.per_mean_square(facts.scaling).astype(np.float32)
        mean = mean_power_of(array)
        file = PowerFile(
            path,
            channels=channel_names(array),
            frequency_hz=middle_hz,
            first_seconds=facts.first_frame_seconds,
            step_seconds=facts.hop_seconds,
            window_seconds=facts.window_samples / facts.rate_hz,
            power_attributes={"units": "1", "long_name": "mean square re full scale 1.0 through mel filters of area 1"},
            attributes={
                **attributes_taken_over(array),
                **made_by(self),
                "window": self.spectrogram.window,
                "window_samples": facts.window_samples,
                "hop_samples": facts.hop_samples,
                "detrend": DETREND,
                "mel_scale": "htk" if self.htk else "slaney",
                "librosa_factor": 1 / scale.mean_square,
            },
        )
        for run in power_frames(array):
            file.append(packed_batch(run.power @ weights.T), run.power.shape[1])
        file.close(mean @ weights.T.astype(np.float64), facts.missing_seconds, facts.recorded_seconds)
        made = MelFacts(
            frame_count=facts.frame_count,
            band_count=self.band_count,
            empty_band_count=int(np.count_nonzero(~weights.any(axis=1))),
            lowest_hz=self.lowest_hz,
            highest_hz=highest_hz,
            librosa_factor=1 / scale.mean_square,
        )
        yield Item(name=MEL, media_type="application/x-netcdf", file=path, facts=made)

    def _filters(self, facts: SpectrogramFacts, highest_hz: float) -> tuple[np.ndarray, np.ndarray]:
        """Return weights, float32, shape (mel bands, bands), and the centres of the filters, in Hz."""
        import librosa.filters  # imported late: 1 s that a plan need not pay

        lowest_hz, count, htk = self.lowest_hz, self.band_count, self.htk
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about empty filters, which are counted
            weights = librosa.filters.mel(
                sr=facts.rate_hz, n_fft=facts.window_samples, n_mels=count, fmin=lowest_hz, fmax=highest_hz, htk=htk
            )
        weights[:, [0, -1]] *= 2  # the first and last band hold half of |STFT|² in our scaling
        middles = librosa.mel_frequencies(count + 2, fmin=lowest_hz, fmax=highest_hz, htk=htk)[1:-1]
        return np.asarray(weights, np.float32), middles
