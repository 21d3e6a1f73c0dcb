"""Reader of one audio stream of a container with FFmpeg, in blocks of exact samples, with losses in place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from fractions import Fraction

import av
import av.container

from processors.audio.av_frames import as_float32, ints_of
from processors.audio.reading.audio_info import AudioInfo, AudioReport, OtherStream
from processors.audio.reading.block import AudioBlock
from processors.audio.reading.declared_length import Declared
from processors.audio.reading.end_padding import MAX_AAC_SAMPLES, MAX_OPUS_SAMPLES, EndPadding, tick_samples
from processors.audio.reading.flac_digest import FlacDigest
from processors.audio.reading.joined_mp3 import JoinedMp3
from processors.audio.reading.loss_counter import LossCounter, Promise
from processors.audio.reading.loudspeakers import stated_by
from processors.audio.reading.packet_fit import PacketFit
from processors.audio.reading.sample_clock import SampleClock
from processors.containers.audio.tags_behind import tags_behind
from processors.containers.coding_in_headers import coding_of
from processors.containers.frame_sync import missing_of_last
from processors.containers.stream_coding import Coding, refuse_encrypted, without_decoder
from processors.containers.text.unknown_text import unescaped
from processors.decoding.first_sound import first_sound_seconds, sound_start
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
"""Codecs whose damaged samples FFmpeg returns as audio unless set to verify checksums."""

ONLY_LOGGING = frozenset({"mlp", "truehd", "alac", "adpcm_ima_wav", "vorbis", "mp3float"})
"""Codecs whose decoders log an error, and return wrong samples as if intact; of whole files they log nothing."""

ESTIMATED = BARE | {"mpeg", "mpegts", "flv"}
"""FFmpeg demuxers whose lengths are estimated from the bit rate or the last timestamp."""

OPUS = ("opus", "libopus")
MAX_MP3_PADDING = 3 * 1152
"""Samples that an MP3's encoder may add at both ends: a frame of delay, one of the decoder's, and part of a last."""


class StreamReader:
    """Reader of one audio stream; feed it the stream's packets in file order, then `flush`.

    FFmpeg trims the encoder delay and padding declared by the container.

    Parameters
    ----------
    declared : length declared by the file's own header; None: the container's is used.
    promise : what the file lets expect of its end; None: nothing.
    first_sound : presentation time of the decoder's first sample, seconds; None if unknown.
    coding : what the container says of the stream; None if unknown.

    Raises
    ------
    UnsupportedMedia : there is no decoder for it, or it is encrypted.
    """

    def __init__(
        self,
        stream: av.AudioStream,
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
        self.stream, self._codec = stream, codec
        begins = (stream.start_time or 0) * (stream.time_base or Fraction(1, av.time_base))
        primed = Fraction(0) if starts_at_zero else sound_start(stream, first_sound) - begins
        container_name = stream.container.format.name
        self._is_in_mp4, is_bare = "mp4" in container_name, container_name in BARE
        self.info = AudioInfo(
            codec=codec.name,
            rate_hz=codec.sample_rate,
            channel_count=codec.channels,
            sample_count_from_header=declared.sample_count if declared else _declared_samples(stream, codec),
            start=Fraction(0) if starts_at_zero else begins + primed,
            decoder="FFmpeg",
            stream_index=stream.index,
            other_streams=_others(stream),
            loudspeakers=stated_by(codec.layout),
        )
        self.tally = LossCounter(
            self.info,
            promise,
            zero=begins if starts_at_zero else Fraction(0),
            primed_samples=round(primed * codec.sample_rate),
        )
        zero = None if stream.start_time is None else begins + primed
        self._clock = SampleClock(self.info, self.tally, zero, is_bare=is_bare)
        self._padding = self._padding_of(codec.name)
        self.has_every_packet = False
        """The container shows that none is lost: where times jump nothing is missing."""
        self._last_packet_ends: Fraction | None = None
        """End of the last packet in MP4, seconds."""
        self._joined = JoinedMp3(declared) if codec.name.startswith("mp3") else None
        self.digest: FlacDigest | None = None
        if codec.name in CHECKSUMMED_CODECS:
            codec.options = {"err_detect": "crccheck+explode"}

    def _padding_of(self, codec: str) -> EndPadding:
        """Return the padding: for AAC the container's length may be a tick too short; for Opus it is more exact."""
        declared, tick = self.info.sample_count_from_header, tick_samples(self.info.rate_hz)
        if not self._is_in_mp4 or declared is None:
            return EndPadding(None, 0)
        if codec in OPUS:
            return EndPadding(declared - tick, MAX_OPUS_SAMPLES + 2 * tick)
        return EndPadding(declared + tick if codec.startswith("aac") else None, MAX_AAC_SAMPLES)

    def decode(self, packet: av.Packet | None) -> Iterator[AudioBlock]:
        """Yield the samples released by this packet; None flushes the decoder."""
        if packet is not None and not packet.size:
            return
        if packet is not None and self._joined and self._joined.begins(bytes(packet)):
            self._codec.flush_buffers()
            self._clock.zero = None
            self.tally.join("mp3")
            return
        if packet is not None and self._is_in_mp4 and packet.pts is not None and packet.time_base is not None:
            self._last_packet_ends = (packet.pts + (packet.duration or 0)) * packet.time_base
        listening = ffmpeg_errors() if self._codec.name in ONLY_LOGGING else nullcontext(list[str])
        try:
            with listening as heard, decoder_errors("decoding sound"):
                frames = list(self._codec.decode(packet))
                complaint = next(iter(heard()), None)
        except DamagedMedia as error:
            self.tally.error(error, packet)
            self._clock.has_failed = True
            return
        if complaint:
            self.tally.error(DamagedMedia(complaint), packet)
        self._clock.is_filling |= packet is not None and not frames and not self.tally.samples and not self.tally.errors
        for frame in frames:
            yield from self._placed(frame)

    def _placed(self, frame: av.AudioFrame) -> Iterator[AudioBlock]:
        """Yield what is missing before a frame, then its samples."""
        numbers = ints_of(frame)
        samples, is_rounded = as_float32(numbers.T)
        if self.digest:
            self.digest.add(numbers)
        if frame.sample_rate != self.info.rate_hz or samples.shape[0] != self.info.channel_count:
            self.tally.error(DamagedMedia("rate or channels change within the stream; those samples are left out"))
            return
        missing = self._clock.missing_before(frame, self._joined.skip if self._joined else 0)
        if self._joined:
            samples = self._joined.without_padding(samples)
        if missing and self.has_every_packet and not self.tally.errors:
            yield from self.tally.gap_in_times(missing)
        elif missing:
            if self.info.codec.startswith("aac"):  # half of the frame overlaps with audio before the gap
                missing, samples = missing + samples.shape[1], samples[:, :0]
            self._padding.passed(missing)
            yield from self.tally.gap(missing)
        if (samples := self._padding.without(samples)).size:
            yield self.tally.block(samples, is_rounded=is_rounded)

    def flush(self) -> Iterator[AudioBlock]:
        yield from self.decode(None)
        declared = self.info.sample_count_from_header
        ends_at, zero = self._last_packet_ends, self._clock.zero
        if self.info.codec in OPUS and declared and ends_at is not None and zero is not None:
            # in MP4, Opus's last packet is declared as long as the audio in it (Opus in ISOBMFF, 4.4)
            ends = min(round((ends_at - zero) * self.info.rate_hz), declared + tick_samples(self.info.rate_hz))
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


def _others(stream: av.AudioStream) -> tuple[OtherStream, ...]:
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


def _declared_samples(stream: av.AudioStream, codec: av.AudioCodecContext) -> int | None:
    """Return the stream's length, or that of a Matroska file with no other stream (its tracks have none)."""
    whole = stream.container
    if whole.format.name in ESTIMATED:
        return None
    assert isinstance(whole, av.container.InputContainer)
    is_alone = "matroska" in whole.format.name and len(whole.streams) == 1
    seconds = declared_seconds(stream) or (media_seconds(whole) if is_alone else None)
    return round(seconds * codec.sample_rate) or None if seconds else None


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
        """Place where tags that FFmpeg would decode begin after MPEG audio; None for other formats."""
        if file_format == "mp3":
            with file.open() as opened:
                self._tags_start = tags_behind(opened).start

    def blocks(self) -> Iterator[AudioBlock]:
        """Yield all samples, in order."""
        packets = iter(self._container.demux(self.stream.stream))
        last: av.Packet | None = None
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

    def _look_at_the_last(self, packet: av.Packet | None) -> None:
        """Check the last packet: some decoders silently complete a partial frame; a declared length is better."""
        if packet is None or self.info.sample_count_from_header:
            return
        if missing := missing_of_last(bytes(packet), self._file_format):
            self.stream.tally.cut_off(f"the last {missing} bytes of the last frame are missing")

    def report(self) -> AudioReport:
        """Return counts and losses; raises `DamagedMedia` if not one sample was decoded."""
        tally, digest = self.stream.tally, self.stream.digest
        if digest and not tally.errors and not tally.missing:
            tally.doubted_because = digest.mismatch() or tally.doubted_because
        tally.doubted_because = tally.doubted_because or self.stream.more_than_declared()
        return self.stream.report()
