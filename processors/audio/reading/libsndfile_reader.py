"""Reader of audio files with libsndfile, in blocks of exact samples."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from typing import BinaryIO, Literal

import numpy as np
import soundfile

from processors.audio.av_frames import as_float32
from processors.audio.reading.audio_info import AudioInfo, AudioReport
from processors.audio.reading.block import AudioBlock
from processors.audio.reading.declared_length import Declared, ffmpeg_header
from processors.audio.reading.flac_digest import FlacDigest
from processors.audio.reading.loss_counter import LossCounter, Promise
from processors.audio.reading.stream_reader import FfmpegReader
from processors.containers.coding_in_headers import coding_of
from processors.decoding.open_media import decoder_errors
from processors.decoding.repaired_view import is_mended
from processors.errors import DamagedMedia
from processors.sources.source_file import SourceFile

BLOCK_SAMPLES = 1 << 17
SALVAGE_SAMPLES = 1 << 8

WAVE_ORDER_OF_VORBIS = {
    3: (0, 2, 1),
    5: (0, 2, 1, 3, 4),
    6: (0, 2, 1, 5, 3, 4),
    7: (0, 2, 1, 6, 5, 3, 4),
    8: (0, 2, 1, 7, 5, 6, 3, 4),
}
"""Index of each WAVE channel among Vorbis's and Opus's (Vorbis I specification, 4.3.9; RFC 7845, 5.1.1.2)."""


SUBTYPES = {
    "WAVE format 0x0001": "PCM_",
    "WAVE format 0x0003": ("FLOAT", "DOUBLE"),
    "WAVE format 0x0006": "ALAW",
    "WAVE format 0x0007": "ULAW",
}
"""Beginnings of libsndfile's name for each coding. Of a Wave64 with an extensible header, it takes any for integers."""


WIDE: dict[str, Literal["float64", "int32", "float32"]] = {"DOUBLE": "float64", "PCM_32": "int32", "ALAC_32": "int32"}
"""NumPy's type of codings that float32 may round."""


class LibsndfileReader:
    """Reader of an audio file with libsndfile.

    Raises
    ------
    DamagedMedia : libsndfile cannot open it, finds no audio in it, or takes its samples for others.
    """

    def __init__(self, file: SourceFile, declared: Declared | None, promise: Promise) -> None:
        self._opened = file.open()
        try:
            self._sound = _opened(self._opened)
            if not self._sound.frames:  # an interrupted recorder leaves a size of 0
                raise DamagedMedia("the header says that there is no sound")
            if self._sound.subtype.startswith("DWVW"):  # libsndfile cannot seek in it, and soundfile always seeks
                raise DamagedMedia("DWVW is not read")
            coding = coding_of(file, 0)
            subtypes = SUBTYPES.get(coding.name or "") if coding else None
            if subtypes and not self._sound.subtype.startswith(subtypes):
                raise DamagedMedia(f"libsndfile takes its samples for {self._sound.subtype}")
        except DamagedMedia:
            self._opened.close()
            raise
        second, loudspeakers = ffmpeg_header(file, self._sound.samplerate)
        # for a truncated AU file, libsndfile reports the length of the rest, and FFmpeg that in the header
        declared = declared or Declared(sample_count=second)
        self._file, self._declared, self._promise = file, declared, replace(promise, second_count=second)
        self.info = AudioInfo(
            codec=self._sound.subtype.lower(),
            rate_hz=self._sound.samplerate,
            channel_count=self._sound.channels,
            sample_count_from_header=declared.sample_count,
            start=Fraction(0),
            decoder="libsndfile",
            loudspeakers=loudspeakers if loudspeakers and len(loudspeakers) == self._sound.channels else None,
        )
        self._tally = LossCounter(self.info, replace(self._promise, is_exact=True, reads_on=False))
        self._digest = FlacDigest.of(file) if self._sound.format == "FLAC" else None
        self._end = declared.sample_count if self._sound.format == "W64" else None
        """End of the audio where libsndfile would read the padding after it too. None: as libsndfile determines it."""
        self._rest: FfmpegReader | None = None

    def blocks(self) -> Iterator[AudioBlock]:
        """Yield all samples, in order."""
        sound, step = self._sound, BLOCK_SAMPLES
        while self._end is None or self._tally.samples < self._end:
            try:
                with decoder_errors("reading samples"):
                    left = step if self._end is None else self._end - self._tally.samples
                    samples, is_rounded = self._read(sound, min(step, left))
            except DamagedMedia as error:
                # libsndfile returns nothing of an incomplete block, and of FLAC nothing more at all: reopen it
                self._digest = None
                again = self._reopened(self._tally.samples) if step > SALVAGE_SAMPLES else None
                if again is None and sound.format == "FLAC":
                    yield from self._rest_of_flac(self._tally.samples)
                    return
                if again is None:
                    self._tally.error(error)
                    return
                sound, step = again, SALVAGE_SAMPLES
                continue
            if not samples.size:
                return
            yield self._tally.block(samples, is_rounded=is_rounded)

    def _read(self, sound: soundfile.SoundFile, sample_count: int) -> tuple[np.ndarray, bool]:
        """Read the next samples, float32, shape (channels, samples), in WAVE's channel order, and if any was rounded.

        16-bit samples are scaled here, five times as fast; FLAC samples are hashed unscaled.
        """
        if sound.subtype in ("VORBIS", "OPUS") and (order := WAVE_ORDER_OF_VORBIS.get(sound.channels)):
            return sound.read(sample_count, dtype="float32", always_2d=True).T[list(order)], False
        if sound.subtype == "PCM_16":
            short = sound.read(sample_count, dtype="int16", always_2d=True)
            if self._digest:
                self._digest.add(short)
            return np.multiply(short.T, 2.0**-15, dtype=np.float32), False
        if self._digest:
            long = sound.read(sample_count, dtype="int32", always_2d=True)
            self._digest.add(long)
            return long.T.astype(np.float32) * np.float32(2.0**-31), False  # libsndfile has no FLAC above 24 bits
        kind = WIDE.get(sound.subtype, "float32")
        return as_float32(sound.read(sample_count, dtype=kind, always_2d=True).T)

    def _rest_of_flac(self, given_samples: int) -> Iterator[AudioBlock]:
        """Yield the samples that FFmpeg finds after damage, at their place; libsndfile reads no further."""
        self._rest = FfmpegReader(self._file, "flac", self._declared, self._promise)
        self._rest.stream.digest = None
        for block in self._rest.blocks():
            known = max(0, given_samples - block.first_sample)
            if known < block.samples.shape[1]:
                yield replace(block, samples=block.samples[:, known:], first_sample=block.first_sample + known)

    def _reopened(self, first_sample: int) -> soundfile.SoundFile | None:
        self._opened.seek(0)
        with suppress(DamagedMedia), decoder_errors("going back"):
            sound = _opened(self._opened)
            sound.seek(first_sample)
            return sound
        return None

    def report(self) -> AudioReport:
        """Return counts and losses; raises `DamagedMedia` if not one sample was decoded."""
        if self._rest is not None:
            return self._rest.report()
        if self._digest and not self._tally.errors:
            self._tally.doubted_because = self._digest.mismatch() or self._tally.doubted_because
        self._tally.doubted_because = self._tally.doubted_because or self._tally.more_than_declared()
        return self._tally.report()


def _opened(file: BinaryIO) -> soundfile.SoundFile:
    with decoder_errors("opening the sound"):
        if is_mended(file):
            return soundfile.SoundFile(file)
        # with a descriptor libsndfile reads by itself; through a Python file it reads 8 KiB at a time
        return soundfile.SoundFile(file.fileno(), closefd=False)
