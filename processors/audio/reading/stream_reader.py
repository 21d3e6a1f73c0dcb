"""Reads one sound stream of a container with FFmpeg, in blocks of exact samples, and puts what is lost in its place."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av
import av.audio.frame
import av.audio.stream
import av.container
import av.packet

from processors.audio.reading.audio_info import AudioInfo, AudioReport, OtherStream
from processors.audio.reading.block import AudioBlock
from processors.audio.reading.end_padding import MAX_AAC_SAMPLES, MAX_OPUS_SAMPLES, EndPadding, tick_samples
from processors.audio.reading.first_sound import first_sound_seconds
from processors.audio.reading.flac_digest import FlacDigest
from processors.audio.reading.joined_mp3 import JoinedMp3
from processors.audio.reading.loss_counter import LossCounter, Promise
from processors.av_frames import ints_of, samples_of
from processors.containers.declared_length import Declared
from processors.containers.frame_sync import missing_of_last
from processors.decoding import decoder_errors, default_stream, open_container
from processors.errors import DamagedMedia
from processors.formats import BARE
from processors.sources.source_file import SourceFile

CHECKSUMMED_CODECS = frozenset(
    {
        *("flac", "wavpack", "tta", "tak", "ape", "mlp", "truehd", "dca", "ac3", "ac3_fixed", "eac3", "mpc8", "sbc"),
        *("mp1", "mp1float", "mp2", "mp2float", "mp3", "mp3float"),
    }
)
"""Of these FFmpeg gives damaged samples as if they were sound, unless it is told to look at the checksum."""

ESTIMATED = BARE | {"mpeg", "mpegts", "flv"}
"""FFmpeg demuxers whose lengths are guessed from the bit rate or from the last time stamp."""

MIN_GAP_SECONDS = 0.05
"""Where nothing failed to decode, time stamps that jump by less are the clock of whoever wrote them."""
MIN_GAP_AFTER_ERROR_SECONDS = 0.002
MAX_GAP_SECONDS = 3600
"""Time stamps that jump by more are wrong, or another recording's."""
MAX_MISSING_SAMPLES, MAX_MISSING_RATIO = 1 << 28, 10
"""In all, over all channels, and to what is there: a few packets with times far apart must not become a day of NaN."""


OPUS = ("opus", "libopus")


class StreamReader:
    """One sound stream of an open container; feed it the stream's packets in file order, then `flush`.

    Encoder delay and padding that the container declares are cut off by FFmpeg.

    Parameters
    ----------
    declared : what a file's own header says of its length; None: the container is asked.
    first_sound : presentation time of the first sample that the decoder gives, seconds; None: it is not known.
    """

    def __init__(
        self,
        stream: av.audio.stream.AudioStream,
        *,
        starts_at_zero: bool = False,
        declared: Declared | None = None,
        promise: Promise | None = None,
        first_sound: Fraction | None = None,
    ) -> None:
        codec = stream.codec_context
        if codec is None:
            raise DamagedMedia("no decoder for the sound stream", "convert it with a tool that has one")
        self.stream = stream
        self._codec = codec
        time_base = stream.time_base or Fraction(1, av.time_base)
        container_name = stream.container.format.name
        begins = (stream.start_time or 0) * time_base
        primed = first_sound - begins if first_sound is not None and not starts_at_zero else Fraction(0)
        primed = primed if primed >= MIN_GAP_SECONDS else Fraction(0)
        length = Fraction(0) if container_name in ESTIMATED else _declared_seconds(stream) * codec.sample_rate
        self.info = AudioInfo(
            codec=codec.name,
            rate_hz=codec.sample_rate,
            channel_count=codec.channels,
            sample_count_from_header=declared.sample_count if declared else round(length) or None,
            start=Fraction(0) if starts_at_zero else begins + primed,
            decoder="FFmpeg",
            stream_index=stream.index,
            other_streams=_others(stream),
        )
        self.tally = LossCounter(
            self.info,
            promise,
            zero=begins if starts_at_zero else Fraction(0),
            primed_samples=round(primed * codec.sample_rate),
        )
        self._padding = self._padding_of(codec.name)
        self._is_in_mp4 = "mp4" in container_name
        self._is_bare = container_name in BARE
        self.has_every_packet = False
        """The container shows that none is lost: where times jump nothing is missing."""
        self._last_packet_ends: Fraction | None = None
        """In MP4, seconds."""
        self._joined = JoinedMp3(declared) if codec.name.startswith("mp3") else None
        self.digest: FlacDigest | None = None
        self._zero = None if stream.start_time is None else begins + primed
        self._has_failed = False
        self._primes = False
        """Packets were taken without an error, and no frame has come of them yet."""
        if codec.name in CHECKSUMMED_CODECS:
            codec.options = {"err_detect": "crccheck+explode"}

    def _padding_of(self, codec: str) -> EndPadding:
        """Of AAC the length that the container gives may be a tick too short; of Opus it is told more exactly."""
        declared, tick = self.info.sample_count_from_header, tick_samples(self.info.rate_hz)
        if "mp4" not in self.stream.container.format.name or declared is None:
            return EndPadding(None, 0)
        if codec in OPUS:
            return EndPadding(declared - tick, MAX_OPUS_SAMPLES + 2 * tick)
        return EndPadding(declared + tick if codec.startswith("aac") else None, MAX_AAC_SAMPLES)

    def decode(self, packet: av.packet.Packet | None) -> Iterator[AudioBlock]:
        """Samples that this packet sets free; None drains the decoder."""
        if packet is not None and not packet.size:
            return
        if packet is not None and self._joined and self._joined.begins(bytes(packet)):
            self._codec.flush_buffers()
            self._zero = None
            return
        if packet is not None and self._is_in_mp4 and packet.pts is not None and packet.time_base is not None:
            self._last_packet_ends = (packet.pts + (packet.duration or 0)) * packet.time_base
        try:
            with decoder_errors("decoding sound"):
                frames = list(self._codec.decode(packet))
        except DamagedMedia as error:
            self.tally.error(error, packet)
            self._has_failed = True
            return
        self._primes |= packet is not None and not frames and not self.tally.samples and not self.tally.errors
        for frame in frames:
            samples = samples_of(frame)
            if self.digest:
                self.digest.add(ints_of(frame))
            if frame.sample_rate != self.info.rate_hz or samples.shape[0] != self.info.channel_count:
                self.tally.error(DamagedMedia("rate or channels change within the stream; those samples are left out"))
                continue
            missing = self._missing_before(frame)
            if self._joined:
                samples = self._joined.without_padding(samples)
            if missing and self.has_every_packet and not self.tally.errors:
                yield from self.tally.gap_in_times(missing)
                missing = 0
            if missing and self.info.codec.startswith("aac"):  # half of the frame is what overlaps from before the gap
                missing, samples = missing + samples.shape[1], samples[:, :0]
            if missing:
                self._padding.passed(missing)
                yield from self.tally.gap(missing)
            if (samples := self._padding.without(samples)).size:
                yield self.tally.block(samples)

    def _missing_before(self, frame: av.audio.frame.AudioFrame) -> int:
        """How many samples are missing before a frame, by its presentation time."""
        least = MIN_GAP_AFTER_ERROR_SECONDS if self._has_failed else MIN_GAP_SECONDS
        counts_on, self._has_failed = self._is_bare and not self._has_failed, False
        if frame.pts is None or frame.time_base is None:
            return 0
        time, rate_hz = frame.pts * frame.time_base, self.info.rate_hz
        # a stream begins, or another file behind the first; times of bare frames are their lengths, rounded and added
        if self._zero is None or counts_on:
            self._zero = time - Fraction(self.tally.samples - (self._joined.skip if self._joined else 0), rate_hz)
        if self._primes:  # as WMA's decoder: what it keeps of the first packets is no sound that is lost
            self._primes, self._zero = False, max(time, self._zero)
        missing = round((time - self._zero) * rate_hz) - self.tally.samples
        there = self.tally.samples - self.tally.missing
        most = MAX_MISSING_SAMPLES // self.info.channel_count + MAX_MISSING_RATIO * there
        if missing > MAX_GAP_SECONDS * rate_hz or self.tally.missing + missing > most:
            self.tally.error(DamagedMedia(f"the time stamps jump by {missing / rate_hz:.1f} s"))
            self._zero = time - Fraction(self.tally.samples, rate_hz)
            return 0
        if self._is_bare and abs(missing - (whole := round(missing / frame.samples) * frame.samples)) <= 2:
            missing = whole  # as many frames as failed: their times are rounded
        return missing if missing >= least * rate_hz else 0

    def flush(self) -> Iterator[AudioBlock]:
        yield from self.decode(None)
        declared = self.info.sample_count_from_header
        if self.info.codec in OPUS and declared and self._last_packet_ends is not None and self._zero is not None:
            # the last packet of Opus in MP4 is said to be as long as the sound in it (Opus in ISOBMFF, 4.4)
            ends = round((self._last_packet_ends - self._zero) * self.info.rate_hz)
            ends = min(ends, declared + tick_samples(self.info.rate_hz))
            if (samples := self._padding.release(ends - self.tally.samples)) is not None:
                yield self.tally.block(samples)

    def report(self) -> AudioReport:
        """Counts and losses; raises `DamagedMedia` where not one sample was decoded."""
        self.tally.end_padding = self._padding.sample_count
        return self.tally.report()


def _others(stream: av.audio.stream.AudioStream) -> tuple[OtherStream, ...]:
    """The container's other sound streams, which are not read."""
    return tuple(
        OtherStream(
            stream_index=other.index,
            codec=other.codec_context.name if other.codec_context else None,
            channel_count=other.codec_context.channels if other.codec_context else None,
            language=other.language,
            title=other.metadata.get("title"),
        )
        for other in stream.container.streams.audio
        if other.index != stream.index
    )


def _declared_seconds(stream: av.audio.stream.AudioStream) -> Fraction:
    """The stream's own length, or that of a Matroska file with nothing else in it, whose tracks have none; else 0."""
    whole = stream.container
    assert isinstance(whole, av.container.InputContainer)
    if stream.duration and stream.time_base:
        return stream.duration * stream.time_base
    is_alone = "matroska" in whole.format.name and len(whole.streams) == 1
    return Fraction(whole.duration or 0, av.time_base) if is_alone else Fraction(0)


class FfmpegReader:
    """A sound file that FFmpeg reads."""

    def __init__(self, file: SourceFile, file_format: str, declared: Declared | None, promise: Promise) -> None:
        self._file_format = file_format
        self._container = open_container(file.open())
        heard = default_stream(self._container.streams.audio)
        if heard is None:
            raise DamagedMedia("no sound stream", "nothing to hear")
        # FFmpeg counts the encoder's delay of an MP3 file as time, although it cuts it off
        starts_at_zero = file_format == "mp3"
        first = None if not promise.has_times else first_sound_seconds(file, heard.index)
        self.stream = StreamReader(
            heard, starts_at_zero=starts_at_zero, declared=declared, promise=promise, first_sound=first
        )
        self.info = self.stream.info
        if file_format == "flac":
            self.stream.digest = FlacDigest.of(file)

    def blocks(self) -> Iterator[AudioBlock]:
        """All samples, in order."""
        packets = iter(self._container.demux(self.stream.stream))
        last: av.packet.Packet | None = None
        while True:
            try:
                with decoder_errors("reading the packets"):
                    packet = next(packets, None)
            except DamagedMedia as error:
                self.stream.tally.error(error)
                break
            if packet is None:
                break
            if packet.size:
                last = packet
            yield from self.stream.decode(packet)
        yield from self.stream.flush()
        self._look_at_the_last(last)

    def _look_at_the_last(self, packet: av.packet.Packet | None) -> None:
        """Some decoders make a whole frame of part of one, without a word; a header's word of the length says more."""
        if packet is None or self.info.sample_count_from_header:
            return
        if missing := missing_of_last(bytes(packet), self._file_format):
            self.stream.tally.cut_off(f"the last {missing} bytes of the last frame are not there")

    def report(self) -> AudioReport:
        """Counts and losses; raises `DamagedMedia` where not one sample was decoded."""
        tally, digest = self.stream.tally, self.stream.digest
        if digest and not tally.errors and not tally.missing:
            tally.doubted_because = digest.mismatch()
        return self.stream.report()
