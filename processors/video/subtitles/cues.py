"""Cues of a subtitle stream or of a subtitle file, decoded by FFmpeg."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import av
import av.container
import av.subtitles.stream

from processors.containers.text.text_file import whole_text
from processors.containers.text.webvtt import Cue
from processors.decoding.open_media import READ_BYTES, decoder_errors
from processors.errors import DamagedMedia, RefusedMedia
from processors.planetary.labels import MAX_LABEL_BYTES
from processors.video.subtitles.ass_text import webvtt_text


@dataclass(kw_only=True)
class StreamCues:
    """Cues of one stream, and how many events gave none."""

    cues: list[Cue] = field(default_factory=list)
    left_out: int = 0
    """Events without text, or that do not last."""
    undecoded: int = 0
    """Events that FFmpeg does not decode."""


def cues_of(
    container: av.container.InputContainer, streams: Sequence[av.subtitles.stream.SubtitleStream], zero: Fraction
) -> tuple[Mapping[int, StreamCues], str | None]:
    """Return the cues of each stream by its index, and why reading stopped before the end of the file, or None.

    Parameters
    ----------
    zero : presentation time (s) from which the cues' times count; what ends before it is left out.
    """
    found = {stream.index: StreamCues() for stream in streams}
    packets = iter(container.demux(*streams))
    while True:
        try:
            with decoder_errors("reading the subtitles"):
                packet = next(packets, None)
        except DamagedMedia as error:
            return found, error.what
        if packet is None:
            return found, None
        if packet.size and packet.pts is not None:
            _take(packet, found[packet.stream.index], zero)


def cues_of_file(data: bytes, name: str, reader: str) -> StreamCues:
    """Return the cues of a subtitle file in any Unicode encoding.

    Raises
    ------
    DamagedMedia : it is not text, or has no cue.
    RefusedMedia : it is longer than `MAX_LABEL_BYTES`.
    """
    if len(data) > MAX_LABEL_BYTES:
        raise RefusedMedia(f"{name} is longer than the limit of {MAX_LABEL_BYTES >> 20} MiB", "split it")
    text = whole_text(data, name)
    if text is None:
        raise DamagedMedia(f"{name} is not text in UTF-8 or UTF-16", "save it as UTF-8")
    with decoder_errors(f"reading {name}"):
        container = av.open(
            io.BytesIO(text.lstrip("\ufeff").replace("\r\n", "\n").encode()),
            mode="r",
            format=reader,
            buffer_size=READ_BYTES,
            container_options={"format_whitelist": reader, "protocol_whitelist": "none"},
        )
    with container:
        streams = container.streams.subtitles
        found, _ = cues_of(container, streams, Fraction(0))
    cues = next(iter(found.values()), StreamCues())
    if not cues.cues:
        raise DamagedMedia(f"{name} has no subtitle with a time and a text", "correct it, or take it out of the folder")
    return cues


def _take(packet: av.Packet, found: StreamCues, zero: Fraction) -> None:
    """Add the cue of one packet, which FFmpeg decodes without regard to others."""
    assert packet.pts is not None
    stream = packet.stream
    assert isinstance(stream, av.subtitles.stream.SubtitleStream)
    start, length = packet.pts * packet.time_base - zero, (packet.duration or 0) * packet.time_base
    try:
        with decoder_errors("decoding a subtitle"):
            decoded = stream.decode2(packet)
    except DamagedMedia:
        found.undecoded += 1
        return
    if not decoded:  # an empty sample, which fills the time until the next one in MP4
        return
    events = [bytes(getattr(one, "ass", b"")).decode("utf-8", "replace") for one in decoded]
    cue = _cue(events, max(start, Fraction(0)), start + length, _settings(packet))
    if cue is None:
        found.left_out += 1
    else:
        found.cues.append(cue)


def _cue(events: Iterable[str], start: Fraction, end: Fraction, settings: str) -> Cue | None:
    texts = [webvtt_text(event) for event in events]
    text = "\n".join(text for text, _ in texts if text)
    place = settings or next((place for _, place in texts if place), "")
    return Cue(start=start, end=end, text=text, settings=place) if text and end > start else None


def _settings(packet: av.Packet) -> str:
    """Return the place of a cue that was WebVTT already."""
    if not packet.has_sidedata("webvtt_settings"):
        return ""
    return " ".join(bytes(packet.get_sidedata("webvtt_settings")).decode("utf-8", "replace").split())
