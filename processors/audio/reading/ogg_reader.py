"""Reader of Ogg files that no library reads correctly: cut from a stream, chained, or with damaged pages.

FFmpeg's decoders are restarted for each recording, and packets are placed by their page's granule (RFC 3533,
RFC 7845, Vorbis I).
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np

from processors.audio.av_frames import samples_of
from processors.audio.reading.audio_info import AudioInfo, AudioReport
from processors.audio.reading.block import AudioBlock
from processors.audio.reading.loss_counter import LossCounter, Promise
from processors.containers.audio.ogg_codecs import OggCodec
from processors.containers.audio.ogg_timeline import End, OggRecording, PageFault, PageRun, audio_events
from processors.decoding.open_media import decoder_errors
from processors.errors import DamagedMedia
from processors.sources.source_file import SourceFile

MAX_MISSING_SAMPLES, MAX_MISSING_RATIO = 1 << 28, 10
"""Limits on missing samples: total over all channels, and ratio to existing ones."""


class OggReader:
    """Reader of a file's consecutive recordings, as long as rate and channels stay the same."""

    def __init__(self, file: SourceFile, codec: OggCodec, promise: Promise) -> None:
        self._file = file
        self.info = AudioInfo(
            codec=codec.public_name,
            rate_hz=codec.rate_hz,
            channel_count=codec.channel_count,
            sample_count_from_header=None,
            start=Fraction(0),
            decoder="FFmpeg",
        )
        self._tally = LossCounter(self.info, promise)
        self._skip = 0

    def blocks(self) -> Iterator[AudioBlock]:
        """Yield all samples, in order."""
        decoder: _Decoder | None = None
        with self._file.open() as opened:
            for event in audio_events(opened):
                if isinstance(event, OggRecording):
                    codec = event.codec
                    if (codec.rate_hz, codec.channel_count) != (self.info.rate_hz, self.info.channel_count):
                        at = self._tally.samples / self.info.rate_hz
                        self._tally.unread_because = (
                            f"another recording, of {codec.rate_hz} Hz and {codec.channel_count} channels, follows at"
                            f" {at:.3f} s"
                        )
                        return
                    if decoder is not None:
                        self._tally.join(codec.public_name)
                    decoder, self._skip = _Decoder(codec), 0
                elif isinstance(event, PageFault):
                    self._tally.error(DamagedMedia(event.what))
                elif isinstance(event, PageRun):
                    yield from self._run(event, decoder)
                else:
                    self._end(event)

    def _run(self, run: PageRun, decoder: _Decoder | None) -> Iterator[AudioBlock]:
        if run.missing_samples:
            there = self._tally.samples - self._tally.missing
            most = MAX_MISSING_SAMPLES // self.info.channel_count + MAX_MISSING_RATIO * there
            if self._tally.missing + run.missing_samples > most:
                self._tally.error(
                    DamagedMedia(f"{run.missing_samples / self.info.rate_hz:.1f} s are missing before a page")
                )
            else:
                yield from self._tally.gap(run.missing_samples)
        if decoder is None:
            return
        if run.is_after_loss and run.packets:
            decoder.begin_again()
        self._skip += run.skip_samples
        left = sum(run.sample_counts) - run.trimmed_samples
        for packet, count in zip(run.packets, run.sample_counts, strict=True):
            samples = self._decoded(decoder, packet, count)
            count = min(count, left)
            left -= count
            skip = min(self._skip, count)
            self._skip -= skip
            if count == skip:
                continue
            if samples is None:
                yield from self._tally.gap(count - skip)
            else:
                yield self._tally.block(samples[:, skip:count])

    def _decoded(self, decoder: _Decoder, packet: bytes, count: int) -> np.ndarray | None:
        """Decode a packet to its expected number of samples; None if it fails."""
        try:
            samples = decoder.decode(packet)
        except DamagedMedia as error:
            self._tally.error(error)
            return None
        if samples.shape == (self.info.channel_count, count):
            return samples
        if count:
            self._tally.error(DamagedMedia(f"a packet gives {samples.shape[1]} samples and not {count}"))
        return None

    def _end(self, end: End) -> None:
        if not end.is_marked:
            missing = end.missing_samples
            why = "no page is marked as the last" if missing is None else "the last page is damaged"
            self._tally.cut_off(why, missing)
        told = (self._tally.unread_because, end.unread)
        self._tally.unread_because = "; ".join(part for part in told if part) or None

    def report(self) -> AudioReport:
        """Return counts and losses; raises `DamagedMedia` if not one sample was decoded."""
        return self._tally.report()


class _Decoder:
    """FFmpeg's decoder of one recording, opened when its headers are read."""

    def __init__(self, codec: OggCodec) -> None:
        self._codec = codec
        self._context: av.AudioCodecContext | None = None

    def _opened(self) -> av.AudioCodecContext:
        if self._context is None:
            context = av.CodecContext.create(self._codec.name, "r")
            assert isinstance(context, av.AudioCodecContext)
            context.extradata = self._codec.extradata
            # FLAC's frames are checked: otherwise damaged samples are returned as audio
            checks = {"err_detect": "crccheck+explode"} if self._codec.name == "flac" else {}
            context.options = {"request_sample_fmt": "flt", **checks}
            self._context = context
        return self._context

    def begin_again(self) -> None:
        """Reset the decoder after a loss."""
        if self._context is not None:
            self._context.flush_buffers()

    def decode(self, packet: bytes) -> np.ndarray:
        """Decode a packet to float32, shape (channels, samples)."""
        with decoder_errors("decoding sound"):
            parts = [samples_of(frame) for frame in self._opened().decode(av.Packet(packet))]
        if not parts:
            return np.zeros((self._codec.channel_count, 0), np.float32)
        return np.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]
