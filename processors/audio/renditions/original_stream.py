"""Audio stream copied from its container packet by packet, without decoding, so that nothing is lost."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import av
import av.container

from processors.contract import Item, OpenSource, Reads
from processors.decoding.open_media import decoder_errors, default_stream, open_container
from processors.errors import DamagedMedia

MUXERS: dict[str, tuple[str, str, str]] = {
    "aac": ("m4a", "ipod", "audio/mp4"),
    "alac": ("m4a", "ipod", "audio/mp4"),
    "opus": ("opus", "ogg", "audio/ogg"),
    "libopus": ("opus", "ogg", "audio/ogg"),
    "vorbis": ("ogg", "ogg", "audio/ogg"),
}
"""Suffix, muxer and media type by decoder name. Other codecs go into Matroska; so does MP3, since a file of its own
gets a header that changes how much of its end is decoded."""
MATROSKA = ("mka", "matroska", "audio/x-matroska")
ADTS = ("aac", "adts", "audio/aac")
"""For AAC whose packets have a header each, as in a transport stream: other muxers take the headers off."""


@dataclass(frozen=True, kw_only=True)
class OriginalStreamFacts:
    """Copy, compared with the source packet by packet after writing."""

    codec: str | None
    reason: str | None
    """Reason why there is no copy."""
    packet_count: int
    packets_sha256: str | None
    """SHA-256 of all packets' bytes, one after the other; the same in the source and in the copy."""


@dataclass(frozen=True, kw_only=True)
class OriginalStream:
    """Audio stream of a video as `original_stream.*`, or the reason why there is no copy.

    Of several streams the one that players play: the one marked as default, else the first.
    """

    name: ClassVar[str] = "audio.original_stream"
    version: ClassVar[int] = 3
    reads: ClassVar[Reads] = "file"

    def items(self, opened: OpenSource, scratch: Path) -> Iterator[Item]:
        """Yield the copy, or the reason why there is none."""
        if opened.source.medium == "audio":
            yield _none(None, "the source itself is the original stream")
            return
        with opened.file.open() as file, open_container(file) as container:
            if not (heard := default_stream(container.streams.audio)):
                yield _none(None, "there is no sound")
                return
            codec = heard.codec_context.name
            suffix, muxer, media_type = _muxer_of(heard)
            path = scratch / f"original_stream.{suffix}"
            if not _holds(muxer, heard):
                yield _none(codec, f"{muxer} does not hold {codec}")
                return
            count, digest = _copy(heard, path, muxer)
        with path.open("rb") as written, open_container(written) as copy:
            again = _digest(_packets(copy.streams.audio[0]))
        if again != (count, digest):
            raise DamagedMedia(f"a copy of its {codec} packets in {muxer} reads back differently", "convert it")
        facts = OriginalStreamFacts(codec=codec, reason=None, packet_count=count, packets_sha256=digest)
        yield Item(name=path.name, media_type=media_type, file=path, facts=facts)


def _none(codec: str | None, reason: str) -> Item:
    facts = OriginalStreamFacts(codec=codec, reason=reason, packet_count=0, packets_sha256=None)
    return Item.of_json("original_stream.json", facts, facts=facts)


def _muxer_of(stream: av.AudioStream) -> tuple[str, str, str]:
    codec = stream.codec_context
    return ADTS if codec.name == "aac" and not codec.extradata else MUXERS.get(codec.name, MATROSKA)


def _holds(muxer: str, stream: av.AudioStream) -> bool:
    with av.open(io.BytesIO(), "w", format=muxer) as trial:
        try:
            trial.add_stream_from_template(stream)
        except ValueError:
            return False
    return True


def _copy(heard: av.AudioStream, path: Path, muxer: str) -> tuple[int, str]:
    """Write all packets; return their number and the SHA-256 of their bytes."""
    digest, count = hashlib.sha256(), 0
    with (
        decoder_errors("copying the sound's packets"),
        av.open(str(path), "w", format=muxer, options={"fflags": "+bitexact"}) as output,
    ):
        stream = output.add_stream_from_template(heard)
        for packet in _packets(heard):
            digest.update(bytes(packet))
            count += 1
            packet.stream = stream
            output.mux_one(packet)
    if not count:
        raise DamagedMedia("the sound stream holds no packet", "nothing to do, unless another copy has sound")
    return count, digest.hexdigest()


def _packets(stream: av.AudioStream) -> Iterator[av.Packet]:
    container = stream.container
    assert isinstance(container, av.container.InputContainer)
    return (packet for packet in container.demux(stream) if packet.size)


def _digest(packets: Iterator[av.Packet]) -> tuple[int, str]:
    digest, count = hashlib.sha256(), 0
    with decoder_errors("reading the copy"):
        for packet in packets:
            digest.update(bytes(packet))
            count += 1
    return count, digest.hexdigest()
