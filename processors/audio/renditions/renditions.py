"""Audio for archiving and listening: bit-exact, restored by a declared chain, and amplified by a declared gain."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np

from processors.audio.levels.levels import LEVELS, Levels, LevelsFacts
from processors.audio.levels.loudness import MIN_RATE_HZ
from processors.audio.reading.audio_info import AudioInfo
from processors.audio.reading.block import AudioBlock
from processors.audio.reading.fixed_blocks import BlockRechunker
from processors.audio.reading.loudspeakers import LAYOUTS, web_layout_of
from processors.audio.reading.missing_samples import without_missing
from processors.audio.renditions.audio_writers import WEB_FORMATS, ExactWriter, SoundWriter, Web, WebWriter
from processors.audio.renditions.filter_chain import Chain
from processors.contract import Inputs, Item, Reads, require
from processors.decoding.ordered_executor import OrderedExecutor

RUN_SAMPLES = 1 << 16
FLAC_MOST_CHANNELS = 8
FLAC_HIGHEST_RATE_HZ = 655_350
EXACT_BITS = {"pcm_s8": 8, "pcm_u8": 8, "pcm_16": 16, "pcm_24": 24}
"""Sample formats, in libsndfile's names, that FLAC stores without loss."""
OVERSAMPLED = 4
LIMITER_MARGIN_DB = 0.3
"""Margin for the increase of a peak by resampling to the source's rate, in dB."""


@dataclass(frozen=True, kw_only=True)
class RenditionFacts:
    """Record of how one file was made."""

    rendition: str
    chain: tuple[str, ...]
    """Every step with every parameter, in order; empty: the samples as decoded."""
    is_exact: bool
    """True if decoding returns the source's own samples, bit for bit."""
    reason: str | None
    """Reason why it is not exact."""
    others_missing_because: str | None
    """Reason why only the original was made."""
    sample_count: int
    clipped_sample_count: int
    non_finite_samples_taken_as_zero: int
    loudspeakers: tuple[str, ...]
    """Loudspeaker of each channel: for the web those of the copy, for others those that the source states, or empty."""
    are_loudspeakers_assumed: bool
    """True if the source does not state them, so that a copy for the web has those usual for the number of channels."""


@dataclass(frozen=True, kw_only=True)
class Renditions:
    """`original`, `restored` and `audible`, each as FLAC and for the web."""

    name: ClassVar[str] = "audio.renditions"
    version: ClassVar[int] = 7
    reads: ClassVar[Reads] = "audio"

    remove_dc: bool = True
    high_pass_hz: float = 20.0
    """Cut-off of a high-pass with two poles (12 dB per octave); 0: none."""
    hum_hz: tuple[float, ...] = ()
    """Tones to notch out, for example those that `audio.events` detected."""
    hum_width_hz: float = 4.0
    noise_reduction_db: float = 0.0
    """Reduction by FFmpeg's `afftdn`, which tracks the noise; 0: none."""
    target_lufs: float = -16.0
    """Loudness of `audible`."""
    most_gain_db: float = 40.0
    """Maximum gain, so that audio drowned in noise stays quiet."""
    ceiling_dbtp: float = -1.0
    """Maximum true peak of `audible`."""
    web: tuple[Web, ...] = ("aac", "opus")
    levels: Levels = field(default_factory=Levels)

    def __post_init__(self) -> None:
        require(0 <= self.high_pass_hz <= 1000, "high_pass_hz", self.high_pass_hz, "must be from 0 to 1000")
        require(all(hz > 0 for hz in self.hum_hz), "hum_hz", self.hum_hz, "must be above 0")
        require(self.hum_width_hz > 0, "hum_width_hz", self.hum_width_hz, "must be above 0")
        require(
            0 <= self.noise_reduction_db <= 90, "noise_reduction_db", self.noise_reduction_db, "must be from 0 to 90"
        )
        require(-60 <= self.target_lufs <= -5, "target_lufs", self.target_lufs, "must be from -60 to -5")
        require(0 <= self.most_gain_db <= 90, "most_gain_db", self.most_gain_db, "must be from 0 to 90")
        require(-20 <= self.ceiling_dbtp <= 0, "ceiling_dbtp", self.ceiling_dbtp, "must be from -20 to 0")
        require(set(self.web) <= set(WEB_FORMATS), "web", self.web, f"must be of {', '.join(WEB_FORMATS)}")

    def inputs(self) -> tuple[Levels, ...]:
        return (self.levels,)

    def start(self, inputs: Inputs[AudioInfo], scratch: Path) -> _Session:
        return _Session(self, inputs, scratch)

    def restoring(self, rate_hz: int) -> tuple[str, ...]:
        """Return FFmpeg's filters for `restored`, after the offset is removed."""
        filters = [f"highpass=f={self.high_pass_hz:g}:p=2"] if self.high_pass_hz else []
        filters += [f"bandreject=f={hz:g}:t=h:w={self.hum_width_hz:g}" for hz in self.hum_hz if hz < rate_hz / 2]
        if self.noise_reduction_db:
            filters.append(f"afftdn=nr={self.noise_reduction_db:g}:tn=1")
        return tuple(filters)

    def raising(self, integrated_lufs: float | None, rate_hz: int) -> tuple[str, ...]:
        """Return FFmpeg's filters for `audible`, after those of `restored`; silence is not amplified."""
        if integrated_lufs is None:
            return ()
        gain_db = min(self.target_lufs - integrated_lufs, self.most_gain_db)
        limit = 10 ** ((self.ceiling_dbtp - LIMITER_MARGIN_DB) / 20)
        return (
            f"volume={gain_db:.2f}dB:precision=float",
            f"aresample={rate_hz * OVERSAMPLED}",
            f"alimiter=limit={limit:.4f}:attack=5:release=50:level=0:latency=1",
            f"aresample={rate_hz}",
        )


@dataclass(frozen=True, kw_only=True)
class _Output:
    """File being written."""

    name: str
    media_type: str
    rendition: str
    writer: SoundWriter


class _Session:
    def __init__(self, processor: Renditions, inputs: Inputs[AudioInfo], scratch: Path) -> None:
        self._info = inputs.info
        self._scratch = scratch
        rate_hz, count = self._info.rate_hz, self._info.channel_count
        levels = inputs.results[processor.levels.name].facts(LEVELS, LevelsFacts)
        offsets = [channel.dc_offset if processor.remove_dc else 0.0 for channel in levels.channels]
        self._offsets = np.array(offsets, np.float32)[:, None]
        shown = ",".join(f"{-offset:+.7f}" for offset in offsets)
        dc = (f"add={shown}",) if processor.remove_dc else ()
        layout = LAYOUTS.get(count) if rate_hz >= MIN_RATE_HZ else None  # filters take each channel by itself
        self._web_layout = web_layout_of(self._info)
        restoring = processor.restoring(rate_hz)
        raising = processor.raising(levels.loudness.integrated_lufs, rate_hz)
        self._chains: dict[str, tuple[str, ...]] = {"original": ()}
        self._outputs: list[_Output] = []
        self._beside: dict[str, OrderedExecutor[None]] = {}
        if layout:
            self._restoring = Chain(restoring, rate_hz=rate_hz, layout=layout)
            self._raising = Chain(raising, rate_hz=rate_hz, layout=layout)
            self._chains |= {"restored": (*dc, *restoring), "audible": (*dc, *restoring, *raising)}
        for rendition in self._chains:
            self._beside[rendition] = OrderedExecutor()
            self._open(rendition, processor.web if layout else ())
        self._runs = BlockRechunker(RUN_SAMPLES, self._take, keeps_missing=True)
        self._samples, self._is_rounded = 0, False

    def _open(self, rendition: str, web: tuple[Web, ...]) -> None:
        rate_hz, count = self._info.rate_hz, self._info.channel_count
        flac_holds = count <= FLAC_MOST_CHANNELS and rate_hz <= FLAC_HIGHEST_RATE_HZ
        bits = EXACT_BITS.get(self._info.codec) if rendition == "original" else 24
        bits = bits if flac_holds else None
        chain = self._chains[rendition]
        comment = f"marsmedia {rendition}: {' -> '.join(chain) if chain else 'samples as decoded'}"
        name, kind = (f"{rendition}.flac", "audio/flac") if bits else (f"{rendition}.wav", "audio/wav")
        writer = ExactWriter(self._scratch / name, rate_hz=rate_hz, channel_count=count, bits=bits, comment=comment)
        self._add(name, kind, rendition, writer)
        for one in web:
            assert self._web_layout is not None
            suffix, _, _, media_type = WEB_FORMATS[one]
            path = self._scratch / f"{rendition}.{suffix}"
            writer = WebWriter(path, one, rate_hz=rate_hz, layout=self._web_layout, comment=comment)
            self._add(path.name, media_type, rendition, writer)

    def _add(self, name: str, media_type: str, rendition: str, writer: SoundWriter) -> None:
        self._outputs.append(_Output(name=name, media_type=media_type, rendition=rendition, writer=writer))

    def feed(self, block: AudioBlock) -> None:
        self._is_rounded |= block.is_rounded
        self._runs.add(block)

    def _take(self, run: np.ndarray) -> None:
        self._samples += run.shape[1]
        run, is_there = without_missing(run)
        self._write("original", run)
        if "restored" in self._chains:
            for restored in self._restoring.add(np.where(is_there, run - self._offsets, np.float32(0))):
                self._restored(restored)

    def _restored(self, samples: np.ndarray) -> None:
        self._write("restored", samples)
        for audible in self._raising.add(samples):
            self._write("audible", audible)

    def _write(self, rendition: str, samples: np.ndarray) -> None:
        """Write samples to every file of a rendition, on one thread: encoders on more threads wait for each other."""
        writers = [output.writer for output in self._outputs if output.rendition == rendition]
        self._beside[rendition].start(functools.partial(_write_all, writers, samples))

    def finish(self) -> Iterator[Item]:
        self._runs.finish()
        if "restored" in self._chains:
            for restored in self._restoring.finish():
                self._restored(restored)
            for audible in self._raising.finish():
                self._write("audible", audible)
        for beside in self._beside.values():
            beside.rest()
        for output in self._outputs:
            output.writer.close()
            if not (self._scratch / output.name).exists():
                continue  # less than one sample at the web's rate: FFmpeg writes no file
            yield Item(
                name=output.name,
                media_type=output.media_type,
                file=self._scratch / output.name,
                facts=self._facts(output),
            )

    def _others_missing_because(self) -> str:
        if self._info.rate_hz < MIN_RATE_HZ:
            return (
                f"at {self._info.rate_hz} Hz there is nothing to hear: filters and the web begin at {MIN_RATE_HZ} Hz;"
                " play the original faster"
            )
        return f"{self._info.channel_count} channels: filters and the web take {len(LAYOUTS)} at most"

    def _facts(self, output: _Output) -> RenditionFacts:
        is_web = not isinstance(output.writer, ExactWriter)
        reason = None
        if output.rendition != "original":
            reason = "it is changed by the chain"
        elif is_web:
            reason = "a lossy codec for the web"
        elif self._runs.non_finite:
            reason = "NaN, infinities and missing samples were taken as zero"
        elif self._is_rounded:
            reason = "samples with more than 24 significant bits were rounded to 32-bit floats"
        layout = self._web_layout if is_web else None
        return RenditionFacts(
            rendition=output.rendition,
            chain=self._chains[output.rendition],
            is_exact=reason is None,
            reason=reason,
            others_missing_because=None if "restored" in self._chains else self._others_missing_because(),
            sample_count=self._samples,
            clipped_sample_count=output.writer.clipped if isinstance(output.writer, ExactWriter) else 0,
            non_finite_samples_taken_as_zero=self._runs.non_finite,
            loudspeakers=layout.loudspeakers if layout else self._info.loudspeakers or (),
            are_loudspeakers_assumed=layout is not None and layout.is_assumed,
        )


def _write_all(writers: list[SoundWriter], samples: np.ndarray) -> None:
    for writer in writers:
        writer.write(samples)
