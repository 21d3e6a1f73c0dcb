"""Chunks of an audio file or AVI: broadcast extension, XML, recorders' notes, texts, XMP.

Chunks that no reader understands are reported by name and size.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import BinaryIO

from processors.containers.audio.channel_mask import mask_of
from processors.containers.chunks import MAX_CHUNK_BYTES, Chunk, ChunkFile
from processors.metadata.tags.chunk_text import chunk_tags, xml_tags
from processors.metadata.tags.recorder_notes import guano_tags, wamd_tags
from processors.metadata.tags.tag_records import Tag, bytes_tag, text_tag
from processors.metadata.tags.xmp import xmp_tags

MAX_UNKNOWN = 100
"""Maximum number of unknown chunks that are reported, by name and size."""
MAX_TEXTS = 1000
"""Texts read from one list or one chunk."""
READ_ELSEWHERE = frozenset(
    b"data|fact|ds64|cue |plst|JUNK|junk|PAD |FLLR|PEAK|idx1|movi|COMM|SSND|MARK|FVER|FORM|desc|pakt|chan|CHAN"
    b"|kuki|free|slnt|RIFF|RIFX|RF64|id3 |ID3 |elm1|minf|regn|umid|INST|ltxt|IDIT|ISFT|LIST|list|wave".split(b"|")
)
"""Chunks not read here: audio data and its coding, marks (`audio.marks`), chunks that FFmpeg reads, and padding."""


def riff_tags(file: BinaryIO, problems: list[str]) -> Iterator[Tag]:
    """Yield the tags of every known chunk, in file order; invalid chunks are added to `problems`."""
    walked, unknown = ChunkFile(file, problems), 0
    for chunk in walked.chunks():
        if read := _reader(walked, chunk):
            try:
                yield from read(chunk.read(file), walked)
            except (ValueError, struct.error) as error:
                problems.append(f"chunk {chunk.title}: {error}")
            if chunk.held_bytes > MAX_CHUNK_BYTES and not _is_other_list(chunk, file):
                problems.append(f"chunk {chunk.title}: only {MAX_CHUNK_BYTES} of {chunk.held_bytes} bytes read")
            elif chunk.is_cut:
                problems.append(f"chunk {chunk.title} says {chunk.declared_bytes} bytes, but the file ends earlier")
        elif chunk.name not in READ_ELSEWHERE:
            unknown += 1
            if unknown <= MAX_UNKNOWN:
                yield Tag(namespace="chunk", name=chunk.title, value=f"{chunk.held_bytes} bytes at byte {chunk.place}")
    if left := walked.trailing_bytes():
        count, verb = ("1 byte", "belongs") if left == 1 else (f"{left} bytes", "belong")
        problems.append(f"{count} at byte {walked.unread_from} {verb} to no chunk: not read")
    if unknown > MAX_UNKNOWN:
        problems.append(f"{unknown} chunks that are not read; {MAX_UNKNOWN} of them are listed")


def _is_other_list(chunk: Chunk, file: BinaryIO) -> bool:
    """Return whether a list holds something else than texts, such as the frames of an AVI."""
    return chunk.name == b"LIST" and chunk.read(file, 4) != b"INFO"


ChunkReader = Callable[[bytes, ChunkFile], Iterator[Tag]]


def _reader(walked: ChunkFile, chunk: Chunk) -> ChunkReader | None:
    if walked.kind == "aiff":
        return AIFF_CHUNKS.get(chunk.name)
    return CAF_CHUNKS.get(chunk.name) if walked.kind == "caf" else WAVE_CHUNKS.get(chunk.name)


def _fmt(data: bytes, walked: ChunkFile) -> Iterator[Tag]:
    """Yield the loudspeaker positions of the channels, if the header gives them; FFmpeg reads the coding."""
    mask = mask_of(data, walked)
    if mask and mask.bits:
        yield text_tag("wave", "ChannelMask", f"0x{mask.bits:X}: {' '.join(mask.loudspeakers)}")
    if mask and mask.misfit:
        raise ValueError(mask.misfit)


def _bext(data: bytes, walked: ChunkFile) -> Iterator[Tag]:
    """Yield the broadcast extension (EBU Tech 3285, version 2)."""
    if len(data) < 348:
        raise ValueError(f"{len(data)} bytes are too short for a broadcast extension")
    for name, start, length in (
        ("Description", 0, 256),
        ("Originator", 256, 32),
        ("OriginatorReference", 288, 32),
        ("OriginationDate", 320, 10),
        ("OriginationTime", 330, 8),
    ):
        yield from chunk_tags("bext", name, data[start : start + length])
    yield Tag(namespace="bext", name="TimeReference", value=walked.number("Q", data, 338))
    version = walked.number("H", data, 346)
    yield Tag(namespace="bext", name="Version", value=version)
    if version >= 1 and data[348:412].strip(b"\0"):
        yield bytes_tag("bext", "UMID", data[348:412])
    if version >= 2 and len(data) >= 422:
        names = ("LoudnessValue", "LoudnessRange", "MaxTruePeakLevel", "MaxMomentaryLoudness", "MaxShortTermLoudness")
        for place, name in enumerate(names):
            if (value := walked.number("h", data, 412 + 2 * place)) != 0x7FFF:  # unused
                yield Tag(namespace="bext", name=name, value=value / 100)
    yield from chunk_tags("bext", "CodingHistory", data[602:])


CART_TEXTS = (("Title", 64), ("Artist", 64), ("CutID", 64), ("ClientID", 64), ("Category", 64), ("Classification", 64),
              ("OutCue", 64), ("StartDate", 10), ("StartTime", 8), ("EndDate", 10), ("EndTime", 8),
              ("ProducerAppID", 64), ("ProducerAppVersion", 64), ("UserDef", 64))  # fmt: skip


def _cart(data: bytes, walked: ChunkFile) -> Iterator[Tag]:
    """Yield the tags of broadcasting traffic systems (AES46-2002)."""
    if len(data) < 2048:
        raise ValueError(f"{len(data)} bytes are too short for a cart chunk")
    yield from chunk_tags("cart", "Version", data[:4])
    place = 4
    for name, length in CART_TEXTS:
        yield from chunk_tags("cart", name, data[place : place + length])
        place += length
    yield Tag(namespace="cart", name="LevelReference", value=walked.number("i", data, place))
    for name, start, end in (("URL", 1024, 2048), ("TagText", 2048, len(data))):
        yield from chunk_tags("cart", name, data[start:end])


def _list(data: bytes, walked: ChunkFile) -> Iterator[Tag]:
    if data[:4] != b"INFO":
        return
    place = 4
    for _ in range(MAX_TEXTS):
        if place + 8 > len(data):
            return
        name, size = data[place : place + 4], walked.number("I", data, place + 4)
        yield from chunk_tags("riff.info", name.decode("latin-1"), data[place + 8 : place + 8 + size])
        place += 8 + size + size % 2


def _smpl(data: bytes, walked: ChunkFile) -> Iterator[Tag]:
    """Yield the settings for samplers (Microsoft, Multimedia Data Standards Update, 1994)."""
    names = (
        "Manufacturer",
        "Product",
        "SamplePeriodNanoseconds",
        "MIDIUnityNote",
        "MIDIPitchFraction",
        "SMPTEFormat",
        "SMPTEOffset",
        "SampleLoopCount",
    )
    if len(data) < 4 * len(names):
        raise ValueError(f"{len(data)} bytes are too short for a sampler's chunk")
    for place, name in enumerate(names):
        yield Tag(namespace="smpl", name=name, value=walked.number("I", data, 4 * place))
    for number in range(min(walked.number("I", data, 28), (len(data) - 36) // 24, MAX_TEXTS)):
        start, end = (walked.number("I", data, 36 + 24 * number + more) for more in (8, 12))
        yield Tag(namespace="smpl", name=f"Loop {number}", value=[start, end])


AIFF_TEXTS = {b"NAME": "Name", b"AUTH": "Author", b"(c) ": "Copyright", b"ANNO": "Annotation"}


def _comments(data: bytes) -> Iterator[Tag]:
    """Yield comments (Apple, AIFF 1.3), each with a time in seconds since 1904, a marker and a text."""
    place = 2
    for _ in range(min(struct.unpack_from(">H", data)[0], MAX_TEXTS)):
        if place + 8 > len(data):
            raise ValueError("it ends inside a comment")
        (length,) = struct.unpack_from(">H", data, place + 6)
        yield from chunk_tags("aiff", "Comment", data[place + 8 : place + 8 + length])
        place += 8 + length + length % 2


def _caf_info(data: bytes) -> Iterator[Tag]:
    """Yield pairs of key and value, each ended by a zero byte (Apple, CAF 1.0)."""
    (count,), parts = struct.unpack_from(">I", data), data[4:].split(b"\0")
    for key, value in list(zip(parts[::2], parts[1::2], strict=False))[: min(count, MAX_TEXTS)]:
        yield from chunk_tags("caf.info", key.decode("utf-8", "backslashreplace"), value)


def _of_bytes(read: Callable[[bytes], Iterable[Tag]]) -> ChunkReader:
    """Return the reader of a chunk in which the file's byte order does not matter."""
    return lambda data, walked: iter(read(data))


WAVE_CHUNKS: dict[bytes, ChunkReader] = {
    b"fmt ": _fmt,
    b"bext": _bext,
    b"LIST": _list,
    b"iXML": _of_bytes(partial(xml_tags, "ixml")),
    b"axml": _of_bytes(partial(xml_tags, "axml")),  # EBU Tech 3285, supplement 5; ITU-R BS.2076
    b"_PMX": _of_bytes(xmp_tags),
    b"guan": _of_bytes(guano_tags),
    b"wamd": _of_bytes(wamd_tags),
    b"cart": _cart,
    b"smpl": _smpl,
}
AIFF_CHUNKS: dict[bytes, ChunkReader] = {
    b"COMT": _of_bytes(_comments),
    **{name: _of_bytes(partial(chunk_tags, "aiff", title)) for name, title in AIFF_TEXTS.items()},
}
CAF_CHUNKS: dict[bytes, ChunkReader] = {b"info": _of_bytes(_caf_info)}
