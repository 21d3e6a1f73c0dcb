"""Subtitles of a video, in it or in files next to it, as WebVTT."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

import av.container
import av.stream
import av.subtitles.stream
from av.codec.codec import Properties

from processors.containers.text.subtitle_names import SIDECAR_FORMATS, TEXT_CODECS, language_in_name
from processors.containers.text.unknown_text import unescaped
from processors.containers.text.webvtt import as_webvtt
from processors.contract import Item, LabelRef, OpenSource, Reads, ReleaseContext, Source
from processors.decoding.first_sound import first_sound_seconds, sound_start
from processors.decoding.open_media import default_stream, open_container
from processors.planetary.labels import read_label
from processors.sources.source_file import SourceFile
from processors.video.reading.copy_start import copy_start
from processors.video.reading.streams import first_picture, video_stream
from processors.video.subtitles.cues import StreamCues, cues_of, cues_of_file

UNDETERMINED = "und"


@dataclass(frozen=True, kw_only=True)
class SubtitleFacts:
    stream_index: int | None
    """Index of the stream in the container, as printed by ffprobe; None: from a file next to the video."""
    file_name: str | None
    """Name of the file next to the video."""
    codec: str
    """Name of FFmpeg's decoder: `mov_text`, `srt`, `ssa`, `webvtt`."""
    language: str | None
    """Language as container or file name gives it: `eng`, `zh-Hans`; None: not stated."""
    title: str | None
    """Title that the container gives the stream."""
    is_default: bool
    is_forced: bool
    """True if they are for foreign words only, to be shown without being requested."""
    is_for_hard_of_hearing: bool
    """True if they describe sounds as well."""
    cue_count: int
    cues_left_out: int
    """Subtitles without a text or a duration."""
    cues_undecoded: int
    """Subtitles that do not decode."""
    first_seconds: float | None
    last_seconds: float | None
    """End of the last."""
    zero_seconds: float
    """Presentation time in the video from which the times count: that at which a copy of the whole video begins."""


@dataclass(frozen=True, kw_only=True)
class SubtitlesFacts:
    taken: tuple[str, ...]
    """Names of the items."""
    not_taken: tuple[str, ...]
    """Streams that gave none, each with the reason."""


@dataclass(frozen=True, kw_only=True)
class Subtitles:
    """Text subtitles as WebVTT, each in its language, timed from the video's first picture or, if earlier, its sound.

    Items: `subtitles_<index>_<language>.vtt` of each stream that holds text, `subtitles_file_<number>_<language>.vtt`
    of each `.srt` and `.vtt` file next to the video that has its name, and `subtitles.json`, which names the streams
    that gave none: subtitles that are pictures, as on DVDs, cannot become text.
    """

    name: ClassVar[str] = "video.subtitles"
    version: ClassVar[int] = 5
    reads: ClassVar[Reads] = "file"
    of_sighting: ClassVar[bool] = True

    files: tuple[LabelRef, ...] = ()
    """Subtitle files next to the video."""

    def for_release(self, context: ReleaseContext) -> Subtitles:
        """Return this processor configured with the subtitle files next to a video."""
        return dataclasses.replace(self, files=context.subtitles)

    def suits(self, source: Source) -> bool:
        """Return False for a video without subtitles; one that an older marsmedia identified may have some."""
        return bool(self.files) or source.has_subtitles is not False

    def items(self, opened: OpenSource, scratch: Path) -> Iterator[Item]:
        zero = _zero(opened.file)
        with opened.file.open() as file, open_container(file) as container:
            streams = container.streams.subtitles
            texts = [stream for stream in streams if _codec(stream) in TEXT_CODECS]
            not_taken = [f"{_named(stream)}: {_why_not(stream)}" for stream in streams if stream not in texts]
            found, damage = cues_of(container, texts, zero) if texts else ({}, None)
            made: dict[tuple[bytes, str | None], Item] = {}
            for stream in texts:
                cues = found[stream.index]
                item = _item_of(stream, cues, zero)
                assert item.data is not None
                first = made.setdefault((item.data, _language(stream)), item)
                if not cues.cues:
                    del made[item.data, _language(stream)]
                    not_taken.append(f"{_named(stream)}: no subtitle with a time and a text")
                elif first is not item:
                    not_taken.append(f"{_named(stream)}: the same as {first.name}")
        items = [*made.values(), *self._beside(opened, zero)]
        yield from items
        facts = SubtitlesFacts(taken=tuple(item.name for item in items), not_taken=tuple(not_taken))
        lost = f"subtitles after it are missing: {damage}" if damage else None
        yield Item.of_json("subtitles.json", facts, ensure_ascii=False, facts=facts, damage=lost)

    def _beside(self, opened: OpenSource, zero: Fraction) -> Iterator[Item]:
        for number, ref in enumerate(self.files, 1):
            reader = SIDECAR_FORMATS[f".{ref.name.rpartition('.')[2].lower()}"]
            told = cues_of_file(read_label(opened.file, ref), ref.name, reader)
            language = language_in_name(ref.name, opened.source.name)
            facts = _facts(told, zero, codec=reader, language=language, file_name=ref.name)
            name = f"subtitles_file_{number}_{_safe(language)}.vtt"
            yield Item(name=name, media_type="text/vtt", data=as_webvtt(told.cues), facts=facts)


def _item_of(stream: av.subtitles.stream.SubtitleStream, cues: StreamCues, zero: Fraction) -> Item:
    language = _language(stream)
    facts = _facts(cues, zero, codec=_codec(stream), language=language, stream=stream)
    name = f"subtitles_{stream.index}_{_safe(language)}.vtt"
    return Item(name=name, media_type="text/vtt", data=as_webvtt(cues.cues), facts=facts)


def _facts(
    found: StreamCues,
    zero: Fraction,
    *,
    codec: str,
    language: str | None,
    stream: av.subtitles.stream.SubtitleStream | None = None,
    file_name: str | None = None,
) -> SubtitleFacts:
    shown = stream.disposition if stream else av.stream.Disposition(0)
    return SubtitleFacts(
        stream_index=stream.index if stream else None,
        file_name=file_name,
        codec=codec,
        language=language,
        title=unescaped(stream.metadata.get("title")) if stream else None,
        is_default=bool(shown & av.stream.Disposition.default),
        is_forced=bool(shown & av.stream.Disposition.forced),
        is_for_hard_of_hearing=bool(shown & av.stream.Disposition.hearing_impaired),
        cue_count=len(found.cues),
        cues_left_out=found.left_out,
        cues_undecoded=found.undecoded,
        first_seconds=float(min(cue.start for cue in found.cues)) if found.cues else None,
        last_seconds=float(max(cue.end for cue in found.cues)) if found.cues else None,
        zero_seconds=float(zero),
    )


def _zero(file: SourceFile) -> Fraction:
    """Return the presentation time at which a copy of the video begins.

    The file is opened for it: after the search for the first picture, FFmpeg does not return to earlier subtitles.
    """
    with file.open() as opened, open_container(opened) as container:
        stream = video_stream(container)
        base = stream.time_base or Fraction(1)
        picture = first_picture(container, stream)
        pts = picture.pts if picture is not None and picture.pts is not None else stream.start_time
        return copy_start((pts or 0) * base, _sound_start(file, container), base)


def _sound_start(file: SourceFile, container: av.container.InputContainer) -> Fraction | None:
    """Return the presentation time of the sound that players choose; None without one that decodes."""
    heard = default_stream(container.streams.audio)
    first = first_sound_seconds(file, heard.index) if heard is not None and heard.codec_context else None
    return None if heard is None or first is None else sound_start(heard, first)


def _codec(stream: av.stream.Stream) -> str:
    return stream.codec_context.name if stream.codec_context else ""


def _why_not(stream: av.stream.Stream) -> str:
    codec = stream.codec_context.codec if stream.codec_context else None
    if codec is not None and codec.properties & Properties.BITMAP_SUB.value:
        return "pictures, which have no text"
    return "a form of text that is not read"


def _language(stream: av.stream.Stream) -> str | None:
    language = unescaped(stream.language)
    return language if language and language != UNDETERMINED else None


def _named(stream: av.stream.Stream) -> str:
    """Return index, codec and language: `2 dvd_subtitle eng`."""
    return " ".join(filter(None, (str(stream.index), _codec(stream) or "without a decoder", _language(stream))))


def _safe(language: str | None) -> str:
    """Return a language for the name of an item."""
    return re.sub(r"[^A-Za-z0-9-]", "", language or "") or UNDETERMINED
