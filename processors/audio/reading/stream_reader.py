"""Reader of one audio stream of a container with FFmpeg, in blocks of exact samples, with losses in place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from fractions import Fraction

import av
import av.audio.frame
import av.audio.stream
import av.container
import av.packet

from processors.audio.av_frames import ints_of, samples_of
from processors.audio.reading.audio_info import AudioInfo, AudioReport, OtherStream
from processors.audio.reading.block import AudioBlock
from processors.audio.reading.declared_length import Declared
from processors.audio.reading.end_padding import MAX_AAC_SAMPLES, MAX_OPUS_SAMPLES, EndPadding, tick_samples
from processors.audio.reading.first_sound import first_sound_seconds
from processors.audio.reading.flac_digest import FlacDigest
from processors.audio.reading.joined_mp3 import JoinedMp3
from processors.audio.reading.loss_counter import LossCounter, Promise
from processors.audio.reading.packet_fit import PacketFit
from processors.containers.audio.tags_behind import tags_behind
from processors.containers.coding_in_headers import coding_of
from processors.containers.frame_sync import missing_of_last
from processors.containers.stream_coding import Coding, refuse_encrypted, without_decoder
from processors.containers.text.unknown_text import unescaped
from processors.decoding.open_media import decoder_errors, default_stream, ffmpeg_errors, open_container
from processors.decoding.stated_length import declared_seconds, media_seconds
from processors.errors import DamagedMedia
from processors.formats import BARE
from processors.sources.source_file import SourceFile

CHECKSUMMED_CODECS = frozenset(
    {
        *("flac", "wavpack", "tta", "tak", "ape", "mlp", "truehd", "dca", "ac3", "ac3_fixed", "eac3", "mpc8", "sbc"),
        *("mp1", "mp1float", "mp2", "mp2float", "mp3", "mp3float"),
    }
)
"""Codecs whose damaged samples FFmpeg returns as audio unless told to verify checksums."""

ONLY_LOGGING = frozenset({"mlp", "truehd", "alac", "adpcm_ima_wav", "vorbis", "mp3float"})
"""Codecs whose decoders log an error, and return wrong samples as if intact; of whole files they log nothing."""

ESTIMATED = BARE | {"mpeg", "mpegts", "flv"}
"""FFmpeg demuxers whose lengths are estimated from the bit rate or the last timestamp."""

MIN_GAP_SECONDS = 0.05
"""If everything decodes, smaller timestamp jumps are attributed to the writer's clock."""
MIN_GAP_AFTER_ERROR_SECONDS = 0.002
MAX_GAP_SECONDS = 3600
"""Larger timestamp jumps are wrong or due to another recording."""
MAX_MISSING_SAMPLES, MAX_MISSING_RATIO = 1 << 28, 10
"""Limits on missing samples, total and relative: a few packets with distant times must not become a day of NaN."""


OPUS = ("opus", "libopus")
MAX_MP3_PADDING = 3 * 1152
"""Samples that an MP3's encoder may add at both ends: a frame of delay, one of the decoder's, and part of a last."""


class StreamReader:
    """Reader of one audio stream; feed it the stream's packets in file order, then `flush`.

    FFmpeg trims the encoder delay and padding declared by the container.

    Parameters
    ----------
    declared : length declared by the file's own header; None: the container's is used.
    first_sound : presentation time of the decoder's first sample, seconds; None if unknown.
    coding : what the container says of the stream; None if unknown.

    Raises
    ------
    UnsupportedMedia : there is no decoder for it, or it is encrypted.
    """

    def __init__(
        self,
        stream: av.audio.stream.AudioStream,
        *,
        starts_at_zero: bool = False,
        declared: Declared | None = None,
        promise: Promise | None = None,
        first_sound: Fraction | None = None,
        coding: Coding | None = None,
    ) -> None:
        codec = stream.codec_context
        refuse_encrypted("sound", coding)
        if codec is None:
            raise without_decoder("sound", coding)
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
        """End of the last packet in MP4, seconds."""
        self._joined = JoinedMp3(declared) if codec.name.startswith("mp3") else None
        self.digest: FlacDigest | None = None
        self._zero = None if stream.start_time is None else begins + primed
        self._has_failed = False
        self._primes = False
        """True if packets were accepted without error but have not yielded a frame yet."""
        if codec.name in CHECKSUMMED_CODECS:
            codec.options = {"err_detect": "crccheck+explode"}

    def _padding_of(self, codec: str) -> EndPadding:
        """Return the padding: for AAC the container's length may be a tick too short; for Opus it is more exact."""
        declared, tick = self.info.sample_count_from_header, tick_samples(self.info.rate_hz)
        if "mp4" not in self.stream.container.format.name or declared is None:
            return EndPadding(None, 0)
        if codec in OPUS:
            return EndPadding(declared - tick, MAX_OPUS_SAMPLES + 2 * tick)
        return EndPadding(declared + tick if codec.startswith("aac") else None, MAX_AAC_SAMPLES)

    def decode(self, packet: av.packet.Packet | None) -> Iterator[AudioBlock]:
        """Yield the samples released by this packet; None flushes the decoder."""
        if packet is not None and not packet.size:
            return
        if packet is not None and self._joined and self._joined.begins(bytes(packet)):
            self._codec.flush_buffers()
            self._zero = None
            self.tally.join("mp3")
            return
        if packet is not None and self._is_in_mp4 and packet.pts is not None and packet.time_base is not None:
            self._last_packet_ends = (packet.pts + (packet.duration or 0)) * packet.time_base
        listening = ffmpeg_errors() if self._codec.name in ONLY_LOGGING else nullcontext(_nothing_heard)
        try:
            with listening as heard, decoder_errors("decoding sound"):
                frames = list(self._codec.decode(packet))
                complaint = next(iter(heard()), None)
        except DamagedMedia as error:
            self.tally.error(error, packet)
            self._has_failed = True
            return
        if complaint:
            self.tally.error(DamagedMedia(complaint), packet)
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
            if missing and self.info.codec.startswith("aac"):  # half of the frame overlaps with audio before the gap
                missing, samples = missing + samples.shape[1], samples[:, :0]
            if missing:
                self._padding.passed(missing)
                yield from self.tally.gap(missing)
            if (samples := self._padding.without(samples)).size:
                yield self.tally.block(samples)

    def _missing_before(self, frame: av.audio.frame.AudioFrame) -> int:
        """Return how many samples are missing before a frame, by its presentation time."""
        least = MIN_GAP_AFTER_ERROR_SECONDS if self._has_failed else MIN_GAP_SECONDS
        counts_on, self._has_failed = self._is_bare and not self._has_failed, False
        if frame.pts is None or frame.time_base is None:
            return 0
        time, rate_hz = frame.pts * frame.time_base, self.info.rate_hz
        # a stream begins, or a file after the first; times of bare frames are their lengths, rounded and added
        if self._zero is None or counts_on:
            self._zero = time - Fraction(self.tally.samples - (self._joined.skip if self._joined else 0), rate_hz)
        if self._primes:  # as in WMA's decoder: samples dropped from the first packets are not a loss
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
            # in MP4, Opus's last packet is declared as long as the audio in it (Opus in ISOBMFF, 4.4)
            ends = round((self._last_packet_ends - self._zero) * self.info.rate_hz)
            ends = min(ends, declared + tick_samples(self.info.rate_hz))
            if (samples := self._padding.release(ends - self.tally.samples)) is not None:
                yield self.tally.block(samples)

    def more_than_declared(self) -> str | None:
        """Return a sentence if the file holds more than its own header counts; None otherwise, and for joined files."""
        if self._joined is None:
            return self.tally.more_than_declared()
        return self.tally.more_than_declared(MAX_MP3_PADDING) if self._joined.file_count == 1 else None

    def report(self) -> AudioReport:
        """Return counts and losses; raises `DamagedMedia` if not one sample was decoded."""
        self.tally.end_padding = self._padding.sample_count
        return self.tally.report()


def _nothing_heard() -> list[str]:
    return []


def _others(stream: av.audio.stream.AudioStream) -> tuple[OtherStream, ...]:
    """Return the container's other audio streams, which are not read."""
    return tuple(
        OtherStream(
            stream_index=other.index,
            codec=other.codec_context.name if other.codec_context else None,
            channel_count=other.codec_context.channels if other.codec_context else None,
            language=unescaped(other.language),
            title=unescaped(other.metadata.get("title")),
        )
        for other in stream.container.streams.audio
        if other.index != stream.index
    )


def _declared_seconds(stream: av.audio.stream.AudioStream) -> Fraction:
    """Return the stream's length, or that of a Matroska file with no other stream (its tracks have none), or 0."""
    whole = stream.container
    assert isinstance(whole, av.container.InputContainer)
    is_alone = "matroska" in whole.format.name and len(whole.streams) == 1
    return declared_seconds(stream) or (media_seconds(whole) if is_alone else None) or Fraction(0)


class FfmpegReader:
    """Reader of an audio file with FFmpeg."""

    def __init__(self, file: SourceFile, file_format: str, declared: Declared | None, promise: Promise) -> None:
        self._file_format = file_format
        self._container = open_container(file.open())
        heard = default_stream(self._container.streams.audio)
        if heard is None:
            raise DamagedMedia("no sound stream", "nothing to do, unless another copy has sound")
        # FFmpeg counts an MP3 encoder's delay as time although it trims it
        starts_at_zero = file_format == "mp3"
        first = None if not promise.has_times else first_sound_seconds(file, heard.index)
        self.stream = StreamReader(
            heard,
            starts_at_zero=starts_at_zero,
            declared=declared,
            promise=promise,
            first_sound=first,
            coding=coding_of(file, heard.index),
        )
        self.info = self.stream.info
        if file_format == "flac":
            self.stream.digest = FlacDigest.of(file)
        self._tags_start: int | None = None
        """Where tags that FFmpeg would decode begin behind MPEG audio; None for other formats."""
        if file_format == "mp3":
            with file.open() as opened:
                self._tags_start = tags_behind(opened).start

    def blocks(self) -> Iterator[AudioBlock]:
        """Yield all samples, in order."""
        packets = iter(self._container.demux(self.stream.stream))
        last: av.packet.Packet | None = None
        fit, has_failed, tally = PacketFit(self._file_format), False, self.stream.tally
        while True:
            try:
                with decoder_errors("reading the packets"):
                    packet = next(packets, None)
            except DamagedMedia as error:
                tally.error(error)
                break
            if packet is None:
                break
            if self._tags_start is not None and packet.pos is not None and packet.pos >= self._tags_start:
                continue
            if packet.size:
                last = packet
                if (misfit := fit.misfit_before(packet)) and not has_failed:
                    tally.error(DamagedMedia(misfit[0]), misfit[1])
            errors = tally.errors
            yield from self.stream.decode(packet)
            has_failed = tally.errors > errors
        yield from self.stream.flush()
        self._look_at_the_last(last)

    def _look_at_the_last(self, packet: av.packet.Packet | None) -> None:
        """Check the last packet: some decoders silently complete a partial frame; a declared length is better."""
        if packet is None or self.info.sample_count_from_header:
            return
        if missing := missing_of_last(bytes(packet), self._file_format):
            self.stream.tally.cut_off(f"the last {missing} bytes of the last frame are not there")

    def report(self) -> AudioReport:
        """Return counts and losses; raises `DamagedMedia` if not one sample was decoded."""
        tally, digest = self.stream.tally, self.stream.digest
        if digest and not tally.errors and not tally.missing:
            tally.doubted_because = digest.mismatch() or tally.doubted_because
        tally.doubted_because = tally.doubted_because or self.stream.more_than_declared()
        return self.stream.report()
