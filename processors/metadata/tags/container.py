"""Metadata of audio and video containers: formats, streams, chapters and every tag."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import BinaryIO

import av
import av.container
import av.stream
from av.audio.codeccontext import AudioCodecContext
from av.video.codeccontext import VideoCodecContext

from processors.containers.audio.channel_mask import channel_mask
from processors.containers.audio.id3 import behind_id3
from processors.containers.audio.ogg_timeline import Link, chained_recordings
from processors.containers.audio.tags_behind import ape_before, tags_behind
from processors.containers.coding_in_headers import codings_of
from processors.containers.text.unknown_text import as_latin_1, unescaped
from processors.decoding.open_media import declared_frame_count, decoder_errors, frame_rate_of, open_container
from processors.decoding.repaired_view import as_mended, mending_of
from processors.decoding.stated_length import declared_seconds, media_seconds
from processors.metadata.position import position_of
from processors.metadata.tags.mp4_metadata import box_tags
from processors.metadata.tags.ogg_links import link_tags
from processors.metadata.tags.riff import riff_tags
from processors.metadata.tags.tag_records import MetadataRecord, StreamRecord, Tag, encoded_tag, escaped_tag, known_from

MAX_PROBLEMS = 20
ID3_READERS = ("mp3", "aac", "aiff", "tta")
"""Demuxers of FFmpeg that read ID3, where what is declared as Latin-1 is in the encoding of the writer's machine."""


def read_container(file: BinaryIO, *, sha256: str, size_bytes: int, medium: str) -> MetadataRecord:
    """Read headers and tags; nothing is decoded.

    Raises
    ------
    DamagedMedia : no allowed demuxer accepts the bytes.
    """
    container = open_container(file)
    problems: list[str] = []
    with container, decoder_errors("reading the container's tags"):
        ogg = chained_recordings(file, len(container.streams)) if container.format.name == "ogg" else ()
        problems += _encrypted(container, file)
        more = tuple(_more_tags(file, problems))
        tags = (*_with_own_texts(_tags(container), more), *more, *link_tags(ogg))
        if container.format.name == "mp3":
            texts = (*ape_before(file, behind_id3(file))[1], *tags_behind(file).ape)
            tags += tuple(encoded_tag("ape", key, text) for key, text in dict.fromkeys(texts))
        return MetadataRecord(
            sha256=sha256,
            size_bytes=size_bytes,
            medium=medium,
            container=container.format.name,
            container_start_seconds=_seconds(container.start_time, Fraction(1, av.time_base)),
            container_duration_seconds=sum((link.seconds for link in ogg), Fraction(0)) or media_seconds(container),
            container_bit_rate_bps=container.bit_rate or None,
            streams=tuple(_as_its_headers_say(_stream(stream), file, ogg) for stream in container.streams),
            known=known_from(tags, problems, **position_of(tags, problems)),
            tags=tags,
            problems=tuple(problems[:MAX_PROBLEMS]),
        )


def _as_its_headers_say(stream: StreamRecord, file: BinaryIO, ogg: Sequence[Link]) -> StreamRecord:
    """Correct FFmpeg's report on a stream where it differs from the headers.

    It reports a little-endian codec for a RIFX file, whose samples are big-endian, no loudspeakers if a WAVE's mask has
    more of them than the file has channels, and for a chained Ogg a duration from the last recording's clock.
    """
    if ogg:
        return replace(stream, duration_seconds_from_header=None)
    file.seek(0)
    codec = stream.codec or ""
    if file.read(4) == b"RIFX" and codec.startswith("pcm_") and codec.endswith("le"):
        stream = replace(stream, codec=f"{codec[:-2]}be")
    mask = channel_mask(file) if stream.kind == "audio" else None
    if mask and mask.misfit and mask.bits_in_use.bit_count() == mask.channel_count:
        stream = replace(stream, channel_layout=av.AudioLayout(f"0x{mask.bits_in_use:x}").name)
    return stream


def _tags(container: av.container.InputContainer) -> Iterator[Tag]:
    is_id3 = container.format.name in ID3_READERS
    for name, text in container.metadata.items():
        yield escaped_tag("container", name, as_latin_1(text) if is_id3 else text)
    for stream in container.streams:
        for name, text in stream.metadata.items():
            yield escaped_tag(f"stream.{stream.index}", name, text)
    if container.format.name == "ogg" and not container.metadata and container.streams:
        # Ogg has no tags of its own: the comments of its first stream are the file's
        for name, text in container.streams[0].metadata.items():
            yield escaped_tag("container", name.lower(), text)
    for number, chapter in enumerate(container.chapters()):
        base = chapter["time_base"] or Fraction(0)
        yield Tag(namespace=f"chapter.{number}", name="start_seconds", value=float(chapter["start"] * base))
        yield Tag(namespace=f"chapter.{number}", name="end_seconds", value=float(chapter["end"] * base))
        for name, text in chapter["metadata"].items():
            yield escaped_tag(f"chapter.{number}", name, text)


def _encrypted(container: av.container.InputContainer, file: BinaryIO) -> Iterator[str]:
    """Yield in words which streams are encrypted; FFmpeg may not even know the kind of such a stream."""
    kinds = {"video": "video", "audio": "sound", "subtitle": "subtitles"}
    for index, coding in codings_of(file).items():
        if coding.encryption and index < len(container.streams):
            kind = kinds.get(container.streams[index].type, "a kind that is not known")
            yield f"stream {index}, {kind}, is encrypted ({coding.encryption}): not read"


INFO = {
    "artist": "IART", "comment": "ICMT", "copyright": "ICOP", "date": "ICRD", "genre": "IGNR", "language": "ILNG",
    "title": "INAM", "album": "IPRD", "encoder": "ISFT", "encoded_by": "ITCH",
}  # fmt: skip
"""FFmpeg's names of the texts in a RIFF file's INFO list."""


def _with_own_texts(tags: Iterator[Tag], chunks: Sequence[Tag]) -> Iterator[Tag]:
    """Yield FFmpeg's tags, those of an INFO list as they were read from it: FFmpeg ends each at its first zero byte."""
    own = {tag.name: tag for tag in chunks if tag.namespace == "riff.info"}
    for tag in tags:
        found = own.get(INFO.get(tag.name, "")) if tag.namespace == "container" else None
        yield replace(found, namespace=tag.namespace, name=tag.name) if found else tag


def _more_tags(file: BinaryIO, problems: list[str]) -> Iterator[Tag]:
    """Read metadata that FFmpeg does not report, after it has read the file's headers."""
    if (mending := mending_of(file)) and mending.format:
        problems.append(str(mending.junk_words))
        file = as_mended(file, mending)
    file.seek(0)
    head = file.read(12)
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        yield from box_tags(file, problems)
    else:
        yield from riff_tags(file, problems)


def _seconds(ticks: int | None, time_base: Fraction | None) -> Fraction | None:
    return None if ticks is None or time_base is None else ticks * time_base


def _stream(stream: av.stream.Stream) -> StreamRecord:
    codec = stream.codec_context
    attached = bool(stream.disposition & av.stream.Disposition.attached_pic)
    plain = StreamRecord(
        index=stream.index,
        kind="attached picture" if attached else stream.type or "unknown",
        codec=codec.name if codec else None,
        profile=stream.profile,
        time_base=str(stream.time_base) if stream.time_base else None,
        start_seconds=_seconds(stream.start_time, stream.time_base),
        duration_seconds_from_header=declared_seconds(stream),
        frame_count_from_header=declared_frame_count(stream),
        bit_rate_bps=(codec.bit_rate or None) if codec else None,
        language=unescaped(stream.language),
        dispositions=tuple(flag.name for flag in av.stream.Disposition if flag & stream.disposition and flag.name),
    )
    more: dict[str, object] = {}
    if isinstance(codec, VideoCodecContext) and isinstance(stream, av.VideoStream):
        ratio = stream.sample_aspect_ratio
        more = {
            "width_px": codec.width,
            "height_px": codec.height,
            "pixel_format": codec.pix_fmt,
            "sample_aspect_ratio": f"{ratio.numerator}:{ratio.denominator}" if ratio else None,
            "average_rate_hz": str(rate) if (rate := frame_rate_of(stream)) else None,
            "colour_matrix": _name(codec.colorspace),
            "colour_range": _name(codec.color_range),
            "colour_primaries": _name(codec.color_primaries),
            "colour_transfer": _name(codec.color_trc),
        }
    elif isinstance(codec, AudioCodecContext):
        more = {
            "rate_hz": codec.sample_rate,
            "channel_count": codec.channels,
            "channel_layout": codec.layout.name,
            "sample_format": codec.format.name if codec.format else None,
        }
    return StreamRecord(**{**vars(plain), **more})


UNSPECIFIED = {"unspecified", "unknown", "nb"}


def _name(value: object) -> str | None:
    """Return the name of a colour property, or its number if PyAV has no name; None if not stated."""
    name = getattr(value, "name", None)
    if name is None:
        return None if value in (None, 0, 2) else f"H.273 code {value}"
    return None if name.lower() in UNSPECIFIED else name.lower()
