"""Selection of a container's video and audio streams, and their display matrix."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import av
import av.container
import av.stream

from processors.containers.stream_coding import Coding, refuse_encrypted, without_decoder
from processors.containers.text.unknown_text import unescaped
from processors.decoding.open_media import decoder_errors, default_stream
from processors.errors import DamagedMedia, RefusedMedia
from processors.video.reading.frame import IDENTITY, display_matrix
from processors.video.reading.video_info import StreamFacts

NO_CODINGS: Mapping[int, Coding] = MappingProxyType({})
WITH_TRANSPARENCY = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


def video_streams(container: av.container.InputContainer) -> list[av.VideoStream]:
    """Return the video streams with a decoder and a picture size; attached pictures are not video."""
    return [
        stream
        for stream in container.streams.video
        if not _is_attached(stream) and stream.codec_context is not None and stream.codec_context.width
    ]


def decoder_of(stream: av.VideoStream) -> av.VideoCodecContext:
    """Return the stream's decoder: libvpx for WebM with transparency, which FFmpeg's own decoder ignores."""
    codec = stream.codec_context
    library = WITH_TRANSPARENCY.get(codec.name) if stream.metadata.get("alpha_mode") == "1" else None
    if library is None:
        return codec
    other = av.CodecContext.create(library, "r")
    assert isinstance(other, av.VideoCodecContext)
    return other


def video_stream(
    container: av.container.InputContainer, stream_index: int | None = None, codings: Mapping[int, Coding] = NO_CODINGS
) -> av.VideoStream:
    """Return the stream with this index, or the one that players show: the default, otherwise the first.

    Parameters
    ----------
    codings : the container's statements on its streams, by index.

    Raises
    ------
    UnsupportedMedia : no stream has a decoder, or the stream is encrypted.
    DamagedMedia : no stream has a picture size.
    RefusedMedia : such streams exist, but none has this index.
    """
    there = video_streams(container)
    if not there:
        for stream in container.streams.video:
            refuse_encrypted("video", codings.get(stream.index))
            if stream.codec_context is None:
                raise without_decoder("video", codings.get(stream.index))
        raise DamagedMedia("no decodable video stream")
    chosen = default_stream(there) or there[0]
    if stream_index is not None:
        chosen = next((stream for stream in there if stream.index == stream_index), None)
    if chosen is None:
        indexes = ", ".join(str(stream.index) for stream in there)
        raise RefusedMedia(f"stream {stream_index} is not video", f"choose one of {indexes}")
    refuse_encrypted("video", codings.get(chosen.index))
    return chosen


def larger_stream(container: av.container.InputContainer) -> int | None:
    """Return the index of the largest video stream; None if none is larger than the one that players show."""
    there = video_streams(container)
    shown = default_stream(there) or next(iter(there), None)
    largest = max(there, key=_pixels, default=None)
    return largest.index if shown and largest and _pixels(largest) > _pixels(shown) else None


def _pixels(stream: av.VideoStream) -> int:
    return stream.codec_context.width * stream.codec_context.height


def stream_facts(
    container: av.container.InputContainer, codings: Mapping[int, Coding] = NO_CODINGS
) -> tuple[StreamFacts, ...]:
    """Return all streams in container order."""
    return tuple(
        StreamFacts(
            index=stream.index,
            kind="attached picture" if _is_attached(stream) else stream.type or "unknown",
            codec=stream.codec_context.name if stream.codec_context else None,
            language=unescaped(stream.language),
            is_default=bool(stream.disposition & av.stream.Disposition.default),
            encryption=codings[stream.index].encryption if stream.index in codings else None,
        )
        for stream in container.streams
    )


def _is_attached(stream: av.stream.Stream) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def first_picture(container: av.container.InputContainer, stream: av.VideoStream) -> av.VideoFrame | None:
    """Return the first frame that decodes within 64 packets; the decoder is left empty.

    Each packet is decoded separately: the container passes the display matrix to every frame, and a threaded decoder
    would require a packet per thread before it returns the first.
    """
    codec = stream.codec_context
    try:
        with decoder_errors("reading the first frame"):
            container.seek(0)
            for _, packet in zip(range(64), container.demux(stream), strict=False):
                for frame in (*codec.decode(packet), *codec.decode(None)):
                    return frame
                codec.flush_buffers()
    except DamagedMedia:
        pass
    finally:
        if codec.is_open:
            codec.flush_buffers()
    return None


def first_matrix(picture: av.VideoFrame | None) -> tuple[int, int, int, int]:
    """Return the display matrix of the first frame; identity if none decodes."""
    return display_matrix(picture) if picture else IDENTITY
