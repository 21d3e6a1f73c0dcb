"""Readers of audio in blocks of exact samples: libsndfile where it is exact, FFmpeg otherwise and within videos."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from processors.audio.reading.audio_info import MAX_CHANNELS, AudioInfo, AudioReport
from processors.audio.reading.block import AudioBlock
from processors.audio.reading.declared_length import Declared, declared_length, libsndfile_count
from processors.audio.reading.libsndfile_reader import LibsndfileReader
from processors.audio.reading.loss_counter import Promise, without_a_sample
from processors.audio.reading.ogg_reader import OggReader
from processors.audio.reading.stream_reader import FfmpegReader, StreamReader
from processors.audio.reading.trailing_data import unread_because
from processors.containers.audio.flac import rate_disagreement
from processors.containers.audio.ogg_timeline import ogg_summary
from processors.containers.audio.wave_layout import holds_sound, is_big_endian_riff, refuse_misread
from processors.containers.cut_off import truncation_reason
from processors.containers.size_in_header import too_short_because
from processors.containers.video.fragments import absent_fragments, has_every_fragment
from processors.containers.video.sample_table import table_faults
from processors.decoding.repaired_view import mended
from processors.errors import DamagedMedia, UnsupportedMedia
from processors.formats import BARE
from processors.sources.source_file import SourceFile

__all__ = ["FileReader", "StreamReader"]

LIBSNDFILE_FORMATS = frozenset({"wav", "w64", "aiff", "flac", "caf", "au", "ogg"})
"""Formats that libsndfile reads exactly; in some Vorbis files FFmpeg loses the last 128 samples. MP3 is not one:
without a Xing header libsndfile reads 1.7 s of 10.1 s, silently."""


class SoundReader(Protocol):
    """Reader of an audio file."""

    info: AudioInfo

    def blocks(self) -> Iterator[AudioBlock]:
        """Yield all samples, in order."""
        ...

    def report(self) -> AudioReport:
        """Return counts and losses; raises `DamagedMedia` if not one sample was decoded."""
        ...


class FileReader:
    """Reader of an audio file by the library that is exact for its format.

    Raises
    ------
    MediaError : its header cannot be read, or its samples would be misread.
    """

    def __init__(self, file: SourceFile, file_format: str) -> None:
        refuse_misread(file, MAX_CHANNELS)
        self._reader = _reader_of(file, file_format)
        self.info = self._reader.info

    def blocks(self) -> Iterator[AudioBlock]:
        """Yield all samples, in order."""
        return self._reader.blocks()

    def report(self) -> AudioReport:
        """Return counts and losses; raises `DamagedMedia` if not one sample was decoded."""
        return self._reader.report()


def _reader_of(file: SourceFile, file_format: str) -> SoundReader:
    unread = unread_because(file, file_format)
    file, mending = mended(file)
    if mending and mending.junk:
        lost = None if mending.is_junk_empty or mending.is_junk_tag else mending.junk_words
        unread = "; ".join(part for part in (lost, unread_because(file, file_format)) if part) or None
    declared = declared_length(file, file_format)
    promise = Promise(
        has_times=file_format not in BARE,
        is_exact=declared is not None and declared.is_exact,
        cut_off_because=truncation_reason(file, file_format),
        unread_because=unread,
        doubted_because=_doubted(file, file_format),
    )
    if declared and declared.missing_bytes and declared.sample_count is None:
        promise = replace(promise, cut_off_because=f"{declared.missing_bytes} bytes of the sound are missing")
    if why := too_short_because(file, file_format):  # then FFmpeg takes the rest for the whole
        declared, promise = Declared(), replace(promise, cut_off_because=why)
    if file_format == "ogg":
        ogg = ogg_summary(file)
        if ogg.codec is not None and not ogg.is_plain:
            second = libsndfile_count(file, ogg.codec.rate_hz)
            return OggReader(file, ogg.codec, replace(promise, places_losses=True, second_count=second))
        if ogg.codec is not None and not ogg.end.is_marked:
            promise = replace(promise, cut_off_because="no page is marked as the last")
        if ogg.codec is not None:
            unread = "; ".join(part for part in (unread, ogg.end.unread) if part) or None
            promise = replace(promise, unread_because=unread)
    if file_format in LIBSNDFILE_FORMATS:
        with suppress(DamagedMedia):  # FFmpeg may read files that libsndfile refuses (24-bit float, RF64 oddities)
            return LibsndfileReader(file, declared, promise)
    if is_big_endian_riff(file):
        if not holds_sound(file):
            raise without_a_sample()
        raise UnsupportedMedia("a kind of RIFX file that is not supported", "convert it to WAV or FLAC")
    reader = FfmpegReader(file, file_format, declared, promise)
    reader.stream.tally.second_count = libsndfile_count(file, reader.info.rate_hz)
    if "mp4" in file_format.split(","):
        reader.stream.tally.doubted_because = _tables_disagree(file)
        reader.stream.has_every_packet = has_every_fragment(file)
    return reader


def _doubted(file: SourceFile, file_format: str) -> str | None:
    if file_format != "flac":
        return None
    with file.open() as opened:
        return rate_disagreement(opened)


def _tables_disagree(file: SourceFile) -> str | None:
    """Return which tables and indexes of an MP4 disagree with it, so that samples may be missing or at wrong times."""
    with file.open() as opened:
        faults = [one.words for one in table_faults(opened, file.size_bytes) if one.handler == b"soun"]
        return "; ".join([*faults, *(one.words for one in absent_fragments(opened, file.size_bytes))]) or None
