"""Which streams of a container are meant: the film, its sound, and how its pictures are turned."""

from __future__ import annotations

import av
import av.container
import av.stream
import av.video.frame
import av.video.stream

from processors.decoding import decoder_errors, default_stream
from processors.errors import DamagedMedia, RefusedMedia
from processors.video.reading.frame import IDENTITY, display_matrix
from processors.video.reading.sound_track import SoundTrack
from processors.video.reading.video_info import StreamFacts

WITH_TRANSPARENCY = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


def films(container: av.container.InputContainer) -> list[av.video.stream.VideoStream]:
    """The video streams that have a decoder and a picture size; attached pictures are not video."""
    return [
        stream
        for stream in container.streams.video
        if not _is_attached(stream) and stream.codec_context is not None and stream.codec_context.width
    ]


def decoder_of(stream: av.video.stream.VideoStream) -> av.VideoCodecContext:
    """The stream's decoder; libvpx where a WebM file says that it holds transparency, which FFmpeg's own leaves out."""
    codec = stream.codec_context
    library = WITH_TRANSPARENCY.get(codec.name) if stream.metadata.get("alpha_mode") == "1" else None
    if library is None:
        return codec
    other = av.CodecContext.create(library, "r")
    assert isinstance(other, av.VideoCodecContext)
    return other


def film(container: av.container.InputContainer, stream_index: int | None = None) -> av.video.stream.VideoStream:
    """The stream of that index, or the one that a player shows: the default one, else the first.

    Raises
    ------
    DamagedMedia : there is none with a decoder and a picture size.
    RefusedMedia : there are such streams, and none has that index.
    """
    there = films(container)
    if not there:
        raise DamagedMedia("no decodable video stream")
    if stream_index is None:
        return default_stream(there) or there[0]
    for stream in there:
        if stream.index == stream_index:
            return stream
    indexes = ", ".join(str(stream.index) for stream in there)
    raise RefusedMedia(f"stream {stream_index} is no video", f"ask for one of {indexes}")


def listed(container: av.container.InputContainer) -> tuple[StreamFacts, ...]:
    """Every stream, in the container's order."""
    return tuple(
        StreamFacts(
            index=stream.index,
            kind="attached picture" if _is_attached(stream) else stream.type or "unknown",
            codec=stream.codec_context.name if stream.codec_context else None,
            language=stream.language,
            is_default=bool(stream.disposition & av.stream.Disposition.default),
        )
        for stream in container.streams
    )


def _is_attached(stream: av.stream.Stream) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def sound_beside(
    container: av.container.InputContainer, second_opening: av.container.InputContainer
) -> SoundTrack | None:
    """The default sound stream, else the first, that has a decoder; None where none has."""
    twin = default_stream(second_opening.streams.audio)
    return SoundTrack(container, twin) if twin and twin.codec_context is not None else None


def first_picture(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> av.video.frame.VideoFrame | None:
    """The first frame that decodes, looking at no more than 64 packets; the decoder is left empty.

    Each packet is decoded on its own: the container gives the display matrix to every frame, and a decoder with several
    threads would ask for a packet for each before it gives the first.
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


def first_matrix(picture: av.video.frame.VideoFrame | None) -> tuple[int, int, int, int]:
    """Display matrix of the first frame; identity where none decodes."""
    return display_matrix(picture) if picture else IDENTITY
