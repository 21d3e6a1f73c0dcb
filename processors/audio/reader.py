"""Reads sound in blocks of exact samples: libsndfile where it is exact, FFmpeg for the rest and inside videos."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
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
from processors.audio.info import AudioInfo, AudioReport
from processors.audio.lengths import ESTIMATED, declared_count, ffmpeg_count, libsndfile_count, mp3_says_its_length
from processors.audio.ogg import is_in_one_piece, read_pages
from processors.audio.tally import Tally
from processors.audio.unread import unread_because
from processors.audio.wave_containers import refuse_misread
from processors.decoding import decoder_errors, open_container
from processors.errors import DamagedMedia
from processors.matroska import cut_off_because
from processors.source_file import SourceFile

LIBSNDFILE_FORMATS = frozenset({"wav", "w64", "aiff", "flac", "caf", "au", "ogg"})
"""Formats that libsndfile reads exactly; of some Vorbis files FFmpeg loses the last 128 samples. MP3 is not one:
without a Xing header libsndfile reads 1.7 s of 10.1 s, silently."""

CHECKSUMMED_CODECS = frozenset({"flac", "wavpack", "tta"})
"""FFmpeg gives damaged samples as if they were sound, unless it is told to look at the checksum."""

WITHOUT_TIMES = frozenset({"mp3", "aac", "ac3", "eac3"})
"""Packets of these formats follow one another; none says when it is."""
FFMPEG_READS_LENGTH = frozenset({"aiff", "au"})
"""Of a file of these that is cut, libsndfile says how long the rest is, and FFmpeg what the header declares."""

BLOCK_SAMPLES = 1 << 17
SALVAGE_SAMPLES = 1 << 8

WAVE_ORDER_OF_VORBIS = {3: (0, 2, 1), 5: (0, 2, 1, 3, 4), 6: (0, 2, 1, 5, 3, 4), 7: (0, 2, 1, 6, 5, 3, 4),
                        8: (0, 2, 1, 7, 5, 6, 3, 4)}  # fmt: skip
"""Where each of WAVE's channels is among Vorbis's and Opus's (Vorbis I specification, 4.3.9; RFC 7845, 5.1.1.2)."""

LEAST_GAP_SECONDS = 0.05
"""Where nothing failed to decode, time stamps that jump by less are the clock of whoever wrote them."""
LEAST_GAP_AFTER_ERROR_SECONDS = 0.002
MOST_GAP_SECONDS = 3600
"""Time stamps that jump by more are wrong, or another recording's."""
MOST_MISSING_SAMPLES, MOST_MISSING_RATIO = 1 << 28, 10
"""In all, over all channels, and to what is there: a few packets with times far apart must not become a day of NaN."""


class StreamReader:
    """One sound stream of an open container; feed it the stream's packets in file order, then `flush`.

    Encoder delay and padding that the container declares are cut off by FFmpeg.
    """

    def __init__(
        self, stream: av.audio.stream.AudioStream, *, starts_at_zero: bool = False, declared_count: int | None = None
    ) -> None:
        codec = stream.codec_context
        if codec is None:
            raise DamagedMedia("no decoder for the sound stream", "convert it with a tool that has one")
        self.stream = stream
        self._codec = codec
        time_base = stream.time_base or Fraction(1, av.time_base)
        length = _declared_seconds(stream) * codec.sample_rate
        self.info = AudioInfo(
            codec=codec.name,
            rate_hz=codec.sample_rate,
            channel_count=codec.channels,
            sample_count_from_header=declared_count or (round(length) if length else None),
            start=Fraction(0) if starts_at_zero else (stream.start_time or 0) * time_base,
            decoder="FFmpeg",
        )
        self.tally = Tally(self.info, zero=(stream.start_time or 0) * time_base - self.info.start)
        self.tally.length_is_estimated = stream.container.format.name in ESTIMATED
        is_padded = "mp4" in stream.container.format.name and codec.name.startswith("aac")
        self._padding = EndPadding(self.info.sample_count_from_header if is_padded else None, codec.sample_rate)
        self._zero = None if stream.start_time is None else stream.start_time * time_base
        self._has_failed = False
        if codec.name in CHECKSUMMED_CODECS:
            codec.options = {"err_detect": "crccheck+explode"}

    def decode(self, packet: av.packet.Packet | None) -> Iterator[AudioBlock]:
        """Samples that this packet sets free; None drains the decoder."""
        if packet is not None and not packet.size:
            return
        try:
            with decoder_errors("decoding sound"):
                frames = list(self._codec.decode(packet))
        except DamagedMedia as error:
            self.tally.error(error, packet)
            self._has_failed = True
            return
        for frame in frames:
            samples = samples_of(frame)
            if frame.sample_rate != self.info.rate_hz or samples.shape[0] != self.info.channel_count:
                self.tally.error(DamagedMedia("rate or channels change within the stream; those samples are left out"))
                continue
            missing = self._missing_before(frame)
            if missing and self.info.codec.startswith("aac"):  # half of the frame is what overlaps from before the gap
                missing, samples = missing + samples.shape[1], samples[:, :0]
            if missing:
                self._padding.passed(missing)
                yield from self.tally.gap(missing)
            if (samples := self._padding.without(samples)).size:
                yield self.tally.block(samples)

    def _missing_before(self, frame: av.audio.frame.AudioFrame) -> int:
        """How many samples are missing before a frame, by its presentation time."""
        least = LEAST_GAP_AFTER_ERROR_SECONDS if self._has_failed else LEAST_GAP_SECONDS
        self._has_failed = False
        if frame.pts is None or frame.time_base is None:
            return 0
        time, rate_hz = frame.pts * frame.time_base, self.info.rate_hz
        self._zero = time if self._zero is None else self._zero
        missing = round((time - self._zero) * rate_hz) - self.tally.samples
        there = self.tally.samples - self.tally.missing
        most = MOST_MISSING_SAMPLES // self.info.channel_count + MOST_MISSING_RATIO * there
        if missing > MOST_GAP_SECONDS * rate_hz or self.tally.missing + missing > most:
            self.tally.error(DamagedMedia(f"the time stamps jump by {missing / rate_hz:.1f} s"))
            self._zero = time - Fraction(self.tally.samples, rate_hz)
            return 0
        return missing if missing >= least * rate_hz else 0

    def flush(self) -> Iterator[AudioBlock]:
        yield from self.decode(None)

    def report(self) -> AudioReport:
        """Counts and losses; raises `DamagedMedia` where not one sample was decoded."""
        self.tally.end_padding = self._padding.sample_count
        return self.tally.report()


def _declared_seconds(stream: av.audio.stream.AudioStream) -> Fraction:
    """The stream's own length, or that of a Matroska file with nothing else in it, whose tracks have none; else 0."""
    whole = stream.container
    assert isinstance(whole, av.container.InputContainer)
    if stream.duration and stream.time_base:
        return stream.duration * stream.time_base
    is_alone = "matroska" in whole.format.name and len(whole.streams) == 1
    return Fraction(whole.duration or 0, av.time_base) if is_alone else Fraction(0)


class FileReader:
    """A sound file of its own."""

    def __init__(self, file: SourceFile, file_format: str) -> None:
        self._file = file
        self._sound: soundfile.SoundFile | None = None
        refuse_misread(file)
        opened = file.open()
        if file_format in LIBSNDFILE_FORMATS and (file_format != "ogg" or is_in_one_piece(file)):
            # What libsndfile refuses (24-bit float, RF64 oddities), FFmpeg may still read.
            with suppress(DamagedMedia), decoder_errors("opening the sound"):
                # by its descriptor libsndfile reads on its own; through a Python file it takes 8 KiB at a time
                self._sound = soundfile.SoundFile(opened.fileno(), closefd=False)
        if self._sound is not None and not self._sound.frames:  # a recorder that was cut off leaves a size of 0
            self._sound = None
        if self._sound is None:
            opened.close()
        self._opened = opened
        if self._sound is not None:
            second_count = ffmpeg_count(file, self._sound.samplerate)
            # of a file that is cut libsndfile gives what is left of it
            declared = second_count if file_format in FFMPEG_READS_LENGTH else declared_count(file, file_format)
            self.info = AudioInfo(
                codec=self._sound.subtype.lower(),
                rate_hz=self._sound.samplerate,
                channel_count=self._sound.channels,
                sample_count_from_header=declared or self._sound.frames,
                start=Fraction(0),
                decoder="libsndfile",
            )
            self._tally = Tally(self.info)
            self._tally.second_count = second_count
            self._tally.unread_because = unread_because(file, file_format)
            self._tally.has_its_end = file_format != "ogg" or read_pages(file).has_its_end
        else:
            self._container = open_container(file.open())
            if not self._container.streams.audio:
                raise DamagedMedia("no sound stream", "nothing to hear")
            # FFmpeg counts the encoder's delay of an MP3 file as time, although it cuts it off
            self._stream = StreamReader(
                self._container.streams.audio[0], starts_at_zero=file_format == "mp3",
                declared_count=declared_count(file, file_format),
            )  # fmt: skip
            self.info = self._stream.info
            self._stream.tally.length_is_estimated &= not (file_format == "mp3" and mp3_says_its_length(file))
            self._stream.tally.second_count = libsndfile_count(file, self.info.rate_hz)
            self._stream.tally.unread_because = unread_because(file, file_format)
            self._stream.tally.has_times = file_format not in WITHOUT_TIMES
            self._stream.tally.cut_off_because = cut_off_because(file, file_format)
            self._stream.tally.has_its_end = file_format != "ogg" or read_pages(file).has_its_end

    def blocks(self) -> Iterator[AudioBlock]:
        """All samples, in order."""
        if self._sound is not None:
            yield from self._libsndfile_blocks(self._sound)
            return
        yield from self._ffmpeg_blocks(self._container, self._stream)

    def _ffmpeg_blocks(self, container: av.container.InputContainer, stream: StreamReader) -> Iterator[AudioBlock]:
        packets = iter(container.demux(stream.stream))
        while True:
            try:
                with decoder_errors("reading the packets"):
                    packet = next(packets, None)
            except DamagedMedia as error:
                stream.tally.error(error)
                break
            if packet is None:
                break
            yield from stream.decode(packet)
        yield from stream.flush()

    def _libsndfile_blocks(self, sound: soundfile.SoundFile) -> Iterator[AudioBlock]:
        step = BLOCK_SAMPLES
        while True:
            try:
                with decoder_errors("reading samples"):
                    samples = _read(sound, step)
            except DamagedMedia as error:
                # libsndfile gives nothing of a block that it cannot fill, and of FLAC nothing more at all: open it anew
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
            yield self._tally.block(samples)

    def _rest_of_flac(self, given_samples: int) -> Iterator[AudioBlock]:
        """What FFmpeg finds behind damage, at its place; libsndfile reads no further."""
        self._sound, self._container = None, open_container(self._file.open())
        self._stream = StreamReader(self._container.streams.audio[0], declared_count=self.info.sample_count_from_header)
        self._stream.tally.second_count = self._tally.second_count
        for block in self._ffmpeg_blocks(self._container, self._stream):
            known = max(0, given_samples - block.first_sample)
            if known < block.samples.shape[1]:
                yield AudioBlock(samples=block.samples[:, known:], first_sample=block.first_sample + known)

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
    """The next samples, float32, shape (channels, samples), in WAVE's order of channels.

    Those of 16 bits are scaled here, five times as fast.
    """
    if sound.subtype in ("VORBIS", "OPUS") and (order := WAVE_ORDER_OF_VORBIS.get(sound.channels)):
        return sound.read(sample_count, dtype="float32", always_2d=True).T[list(order)]
    if sound.subtype == "PCM_16":
        return np.multiply(sound.read(sample_count, dtype="int16", always_2d=True).T, 2.0**-15, dtype=np.float32)
    return sound.read(sample_count, dtype="float32", always_2d=True).T
