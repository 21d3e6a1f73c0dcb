"""Reads sound in blocks of exact samples: libsndfile where it is exact, FFmpeg for the rest and inside videos."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

import av
import av.audio.frame
import av.audio.stream
import av.container
import av.packet
import numpy as np
import soundfile

from processors.audio.av_frames import samples_of
from processors.audio.block import AudioBlock
from processors.audio.end_padding import EndPadding
from processors.audio.lengths import ESTIMATED, ffmpeg_count, libsndfile_count, mp3_says_its_length, wave_count
from processors.audio.ogg import is_chained
from processors.decoding import decoder_errors, open_container
from processors.errors import DamagedMedia, RefusedMedia
from processors.source_file import SourceFile

LIBSNDFILE_FORMATS = frozenset({"wav", "w64", "aiff", "flac", "caf", "au", "ogg"})
"""Formats that libsndfile reads exactly; mp3 is not one: without a Xing header it reads 1.7 s of 10.1 s, silently."""

BLOCK_SAMPLES = 1 << 17
SALVAGE_SAMPLES = 1 << 8
MAX_CHANNELS = 64
MAX_RATE_HZ = 10_000_000
MOST_DAMAGED = 1000
PADDING_SECONDS = 0.25
"""A container's length may hold an encoder's delay and padding; what is missing beyond this is told."""


@dataclass(frozen=True, kw_only=True)
class AudioInfo:
    """What is known of the sound before it is decoded."""

    codec: str
    rate_hz: int
    channel_count: int
    sample_count_from_header: int | None
    """Per channel; None where the header does not say."""
    start: Fraction
    """Presentation time of the first sample in the file, seconds."""
    decoder: str
    """`libsndfile` or `FFmpeg`."""

    def __post_init__(self) -> None:
        if not 0 < self.rate_hz <= MAX_RATE_HZ:
            raise RefusedMedia(
                f"sampling rate {self.rate_hz} Hz is not between 1 and {MAX_RATE_HZ}", "check the header"
            )
        if not 0 < self.channel_count <= MAX_CHANNELS:
            raise RefusedMedia(f"{self.channel_count} channels is not between 1 and {MAX_CHANNELS}", "check the header")


@dataclass(frozen=True, kw_only=True)
class Damaged:
    """A time range in the source that does not decode, half open."""

    start_seconds: float
    end_seconds: float | None
    """None where the packet does not say how long it was."""


@dataclass(frozen=True, kw_only=True)
class AudioReport:
    """What reading the sound turned up: the losses, told."""

    sample_count_from_header: int | None
    sample_count_decoded: int
    """Per channel."""
    end_padding_sample_count: int
    """Per channel, decoded beyond the length that an MP4 gives, and left out."""
    non_finite_sample_count: int
    """NaN and infinities, over all channels."""
    decoder_errors: int
    first_error: str | None
    sample_count_from_second_reader: int | None
    """Of a sound file: what the other library says of its length, without decoding. None: it cannot open the file, or
    does not say. More than was decoded: one of the two shortens the file."""
    damaged: tuple[Damaged, ...]
    """Where samples are missing, at most the first 1000 places."""


class _Tally:
    """Counts what a reader lets through."""

    def __init__(self, info: AudioInfo, *, zero: Fraction = Fraction(0)) -> None:
        self._info, self._zero = info, zero
        self.samples = self.non_finite = self.errors = 0
        self.first_error: str | None = None
        self.second_count: int | None = None
        self.damaged: list[Damaged] = []
        self.length_is_estimated = False
        self.end_padding = 0

    def block(self, samples: np.ndarray) -> AudioBlock:
        block = AudioBlock(samples=np.ascontiguousarray(samples, dtype=np.float32), first_sample=self.samples)
        self.samples += samples.shape[1]
        self.non_finite += block.non_finite_count
        return block

    def error(self, error: DamagedMedia, packet: av.packet.Packet | None = None) -> None:
        self.errors += 1
        if packet is not None and packet.pts is not None and len(self.damaged) < MOST_DAMAGED:
            base = packet.time_base or Fraction(1, self._info.rate_hz)
            start = packet.pts * base - self._zero
            end = float(start + packet.duration * base) if packet.duration else None
            self.damaged.append(Damaged(start_seconds=float(start), end_seconds=end))
        self.first_error = self.first_error or error.what

    def report(self) -> AudioReport:
        if not self.samples:
            raise DamagedMedia(f"not one sample decodes ({self.first_error or 'the file holds none'})")
        return AudioReport(
            sample_count_from_header=self._info.sample_count_from_header,
            sample_count_decoded=self.samples,
            end_padding_sample_count=self.end_padding,
            non_finite_sample_count=self.non_finite,
            decoder_errors=self.errors,
            first_error=self.first_error,
            sample_count_from_second_reader=self.second_count,
            damaged=(*self.damaged, *self._missing_end()),
        )

    def _missing_end(self) -> list[Damaged]:
        """The end that the header promises and the file does not hold."""
        declared, info = self._info.sample_count_from_header, self._info
        if declared is None or self.length_is_estimated or (info.decoder == "FFmpeg" and self.errors):
            return []  # behind damage FFmpeg goes on, and its ranges are told
        slack = 0 if info.decoder == "libsndfile" else round(PADDING_SECONDS * info.rate_hz)
        if declared <= self.samples + slack:
            return []
        start = float(info.start) + self.samples / info.rate_hz
        return [Damaged(start_seconds=start, end_seconds=float(info.start) + declared / info.rate_hz)]


class StreamReader:
    """One sound stream of an open container; feed it the stream's packets in file order, then `flush`.

    Encoder delay and padding that the container declares are cut off by FFmpeg.
    """

    def __init__(self, stream: av.audio.stream.AudioStream, *, starts_at_zero: bool = False) -> None:
        codec = stream.codec_context
        if codec is None:
            raise DamagedMedia("no decoder for the sound stream", "convert it with a tool that has one")
        self.stream = stream
        self._codec = codec
        time_base = stream.time_base or Fraction(1, av.time_base)
        length = stream.duration * time_base * codec.sample_rate if stream.duration and codec.sample_rate else None
        self.info = AudioInfo(
            codec=codec.name,
            rate_hz=codec.sample_rate,
            channel_count=codec.channels,
            sample_count_from_header=round(length) if length else None,
            start=Fraction(0) if starts_at_zero else (stream.start_time or 0) * time_base,
            decoder="FFmpeg",
        )
        self.tally = _Tally(self.info, zero=(stream.start_time or 0) * time_base - self.info.start)
        self.tally.length_is_estimated = stream.container.format.name in ESTIMATED
        is_padded = "mp4" in stream.container.format.name and codec.name.startswith("aac")
        self._padding = EndPadding(self.info.sample_count_from_header if is_padded else None, codec.sample_rate)

    def decode(self, packet: av.packet.Packet | None) -> Iterator[AudioBlock]:
        """Samples that this packet sets free; None drains the decoder."""
        if packet is not None and not packet.size:
            return
        try:
            with decoder_errors("decoding sound"):
                frames = list(self._codec.decode(packet))
        except DamagedMedia as error:
            self.tally.error(error, packet)
            return
        for frame in frames:
            samples = samples_of(frame)
            if frame.sample_rate != self.info.rate_hz or samples.shape[0] != self.info.channel_count:
                self.tally.error(DamagedMedia("rate or channels change within the stream; those samples are left out"))
                continue
            if (samples := self._padding.without(samples)).size:
                yield self.tally.block(samples)

    def flush(self) -> Iterator[AudioBlock]:
        yield from self.decode(None)

    def report(self) -> AudioReport:
        """Counts and losses; raises `DamagedMedia` where not one sample was decoded."""
        self.tally.end_padding = self._padding.sample_count
        return self.tally.report()


class FileReader:
    """A sound file of its own."""

    def __init__(self, file: SourceFile, file_format: str) -> None:
        self._sound: soundfile.SoundFile | None = None
        opened = file.open()
        if file_format in LIBSNDFILE_FORMATS and not (file_format == "ogg" and is_chained(opened)):
            # What libsndfile refuses (24-bit float, RF64 oddities), FFmpeg may still read.
            opened.seek(0)
            with suppress(DamagedMedia), decoder_errors("opening the sound"):
                # by its descriptor libsndfile reads on its own; through a Python file it takes 8 KiB at a time
                self._sound = soundfile.SoundFile(opened.fileno(), closefd=False)
        if self._sound is None:
            opened.close()
        self._opened = opened
        if self._sound is not None:
            second_count = ffmpeg_count(file, self._sound.samplerate)
            # of a file that is cut libsndfile gives what is left of it
            declared = {"wav": wave_count(file), "aiff": second_count}.get(file_format)
            self.info = AudioInfo(
                codec=self._sound.subtype.lower(),
                rate_hz=self._sound.samplerate,
                channel_count=self._sound.channels,
                sample_count_from_header=declared or self._sound.frames,
                start=Fraction(0),
                decoder="libsndfile",
            )
            self._tally = _Tally(self.info)
            self._tally.second_count = second_count
        else:
            self._container = open_container(file.open())
            if not self._container.streams.audio:
                raise DamagedMedia("no sound stream", "nothing to hear")
            # FFmpeg counts the encoder's delay of an MP3 file as time, although it cuts it off
            self._stream = StreamReader(self._container.streams.audio[0], starts_at_zero=file_format == "mp3")
            self.info = self._stream.info
            self._stream.tally.length_is_estimated &= not (file_format == "mp3" and mp3_says_its_length(file))
            self._stream.tally.second_count = libsndfile_count(file)

    def blocks(self) -> Iterator[AudioBlock]:
        """All samples, in order."""
        if self._sound is not None:
            yield from self._libsndfile_blocks(self._sound)
            return
        packets = iter(self._container.demux(self._stream.stream))
        while True:
            try:
                with decoder_errors("reading the packets"):
                    packet = next(packets, None)
            except DamagedMedia as error:
                self._stream.tally.error(error)
                break
            if packet is None:
                break
            yield from self._stream.decode(packet)
        yield from self._stream.flush()

    def _libsndfile_blocks(self, sound: soundfile.SoundFile) -> Iterator[AudioBlock]:
        step = BLOCK_SAMPLES
        while True:
            try:
                with decoder_errors("reading samples"):
                    samples = _read(sound, step)
            except DamagedMedia as error:
                # libsndfile gives nothing of a block that it cannot fill, and of FLAC nothing more at all: open it anew
                again = self._reopened(self._tally.samples) if step > SALVAGE_SAMPLES else None
                if again is None:
                    self._tally.error(error)
                    return
                sound, step = again, SALVAGE_SAMPLES
                continue
            if not samples.size:
                return
            yield self._tally.block(samples)

    def _reopened(self, first_sample: int) -> soundfile.SoundFile | None:
        self._opened.seek(0)
        with suppress(DamagedMedia), decoder_errors("going back"):
            sound = soundfile.SoundFile(self._opened.fileno(), closefd=False)
            sound.seek(first_sample)
            return sound
        return None

    def report(self) -> AudioReport:
        """Counts and losses; raises `DamagedMedia` where not one sample was decoded."""
        return self._tally.report() if self._sound is not None else self._stream.report()


def _read(sound: soundfile.SoundFile, sample_count: int) -> np.ndarray:
    """The next samples, float32, shape (channels, samples); those of 16 bits scaled here, five times as fast."""
    if sound.subtype == "PCM_16":
        return np.multiply(sound.read(sample_count, dtype="int16", always_2d=True).T, 2.0**-15, dtype=np.float32)
    return sound.read(sample_count, dtype="float32", always_2d=True).T
