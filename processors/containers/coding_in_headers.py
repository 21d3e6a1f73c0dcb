"""Codings of all streams of a file, read from the headers of MP4, Matroska, AVI, ASF, WAVE and AIFF files.

ISO/IEC 14496-12, 8.5.2 and 8.12; RFC 9559, 5.1.4.1.31; AVI RIFF File Reference; Advanced Systems Format, 3 and 4.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from processors.containers.chunks import Chunk, ChunkFile
from processors.containers.stream_coding import Coding, refuse_encrypted, without_decoder
from processors.containers.video.matroska import track_codings
from processors.containers.video.mp4_boxes import boxes
from processors.containers.video.scrambling import codings_in_transport_stream
from processors.sources.read_at import read_at
from processors.sources.source_file import SourceFile

IN_MOVIE = {b"moov", b"trak", b"mdia", b"minf", b"stbl"}
ENCRYPTED_ENTRIES = {b"encv", b"enca", b"enct", b"encs", b"drms", b"drmi"}
MAX_ENTRY_BYTES = 1 << 16
EXTENSIBLE, EXTENSIBLE_BYTES = 0xFFFE, 40
ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
ASF_ENCRYPTION = {
    bytes.fromhex("fbb31122 23bdd211 b4b700a0c955fc6e"): "Windows Media DRM",
    bytes.fromhex("14e68a29 2226174c b935dae07ee9289c"): "Windows Media DRM, extended",
    bytes.fromhex("b69b077a a4da124e a5ca91d38dc11a8d"): "PlayReady DRM",
}
"""Objects in the header of an encrypted file, by their identifier."""
ASF_STREAM = bytes.fromhex("9107dcb7b7a9cf118ee600c00c205365")
MAX_ASF_OBJECTS = 1000
AIFF_TYPES = frozenset(
    {
        *("none", "raw", "twos", "sowt", "in24", "in32", "42ni", "23ni", "fl32", "fl64", "alaw", "ulaw", "ima4"),
        *("mac3", "mac6", "gsm", "g722", "g726", "qdmc", "qdm2", "qclp", "sdx2", "cbd2", "adp4"),
    }
)
"""Compression types of AIFF-C, in small letters, that FFmpeg reads: if it refuses one of them, the file is damaged."""


def codings_of(opened: BinaryIO) -> dict[int, Coding]:
    """Return the coding of each stream, by the index that FFmpeg gives it; empty for other formats."""
    opened.seek(0)
    head, size_bytes = opened.read(16), opened.seek(0, 2)
    opened.seek(0)
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return dict(enumerate(_in_mp4(opened, size_bytes)))
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return dict(enumerate(track_codings(opened, size_bytes)))
    if head == ASF_HEADER:
        return _in_asf(opened)
    if transported := codings_in_transport_stream(opened):
        return dict(enumerate(transported))
    opened.seek(0)
    return dict(enumerate(_in_chunks(opened)))


def coding_of(file: SourceFile, stream_index: int) -> Coding | None:
    """Return the coding of one stream; None if its container does not state it."""
    with file.open() as opened:
        return codings_of(opened).get(stream_index)


def refuse_whole(opened: BinaryIO) -> None:
    """Raise `UnsupportedMedia` for a file that cannot be opened because of its codings, not because of damage."""
    codings = codings_of(opened)
    for coding in codings.values():
        refuse_encrypted("file", coding)
    if read_at(opened, 8, 4) != b"AIFC" or not (coding := codings.get(0)) or not coding.name:
        return
    if coding.name[:4].strip().lower() not in AIFF_TYPES:
        raise without_decoder("sound", coding)


def _in_mp4(opened: BinaryIO, size_bytes: int) -> list[Coding]:
    """Return the coding of each track by its first sample entry, which reveals encryption (8.12)."""
    tracks: list[Coding] = []
    for name, start, end in boxes(opened, size_bytes, IN_MOVIE):
        if name == b"trak":
            tracks.append(Coding(name=None))
        elif name == b"stsd" and tracks:
            tracks[-1] = _of_entry(read_at(opened, start + 8, min(end - start - 8, MAX_ENTRY_BYTES)))
    return tracks


def _of_entry(entry: bytes) -> Coding:
    kind = entry[4:8]
    if kind not in ENCRYPTED_ENTRIES:
        return Coding(name=_letters(kind))
    words = "FairPlay" if kind.startswith(b"drm") else "Common Encryption"
    scheme, held = entry.find(b"schm"), entry.find(b"frma")
    if scheme >= 0 and (letters := _letters(entry[scheme + 8 : scheme + 12])):
        words = f"{words}, {letters}"
    return Coding(name=_letters(entry[held + 4 : held + 8]) if held >= 0 else None, encryption=words)


def _in_asf(opened: BinaryIO) -> dict[int, Coding]:
    """Return the codings of an ASF file, whose encryption concerns all streams."""
    (count,) = struct.unpack("<I2x", read_at(opened, 24, 6).ljust(6, b"\0"))
    encryption, names = None, list[str | None]()
    for _ in range(min(count, MAX_ASF_OBJECTS)):
        place = opened.tell()
        head = opened.read(24)
        if len(head) < 24:
            break
        (size,) = struct.unpack("<Q", head[16:])
        encryption = encryption or ASF_ENCRYPTION.get(head[:16])
        if head[:16] == ASF_STREAM:
            names.append(_asf_name(opened.read(54 + 40)))
        if not 24 <= size < 1 << 40:
            break
        opened.seek(place + size)
    return {number: Coding(name=name, encryption=encryption) for number, name in enumerate(names)}


def _asf_name(stream: bytes) -> str | None:
    """Return the name of a Stream Properties Object's coding, after its header (ASF, 3.3, 9.1, 9.2)."""
    if stream[:4] == bytes.fromhex("409e69f8"):
        return _wave_format(stream[54:])
    if stream[:4] == bytes.fromhex("c0ef19bc"):
        return _letters(stream[54 + 11 + 16 :][:4])
    return None


def _in_chunks(opened: BinaryIO) -> Iterator[Coding]:
    walk = ChunkFile(opened)
    for chunk in walk.chunks():
        if walk.content == b"WAVE" and chunk.name == b"fmt " and walk.kind in ("riff", "wave64"):
            yield Coding(name=_wave_format(chunk.read(opened, EXTENSIBLE_BYTES), walk.order))
            return
        if walk.content == b"AIFC" and chunk.name == b"COMM":
            yield Coding(name=_aiff_name(chunk.read(opened, 23 + 255)))
            return
        if walk.content == b"AVI " and chunk.name == b"LIST" and chunk.read(opened, 4) == b"hdrl":
            yield from _in_avi(opened, chunk)
            return


def _in_avi(opened: BinaryIO, header: Chunk) -> Iterator[Coding]:
    """Yield the codings in the stream headers (`strl`) of a `hdrl` list."""
    data, place, kind = header.read(opened), 4, b""
    while place + 12 <= len(data):
        name, length = struct.unpack_from("<4sI", data, place)
        if name == b"LIST" and data[place + 8 : place + 12] == b"strl":
            place += 12
            continue
        content = data[place + 8 : place + 8 + length]
        if name == b"strh":
            kind = content[:4]
        elif name == b"strf":
            yield Coding(name=_wave_format(content) if kind == b"auds" else _letters(content[16:20]))
        place += 8 + length + length % 2


def _aiff_name(common: bytes) -> str | None:
    """Return the compression type of an AIFF-C, with its title if that adds to it (AIFF-C, draft of 1991, 3.1)."""
    letters = _letters(common[18:22])
    if letters is None:
        return None
    title = common[23 : 23 + common[22]].decode("mac-roman").strip() if len(common) > 22 else ""
    return f"{letters} ({title})" if title.isprintable() and title not in ("", letters) else letters


def _wave_format(header: bytes, order: str = "<") -> str | None:
    """Return the format tag of a WAVEFORMATEX; of an extensible one, that of its subformat."""
    if len(header) < 2:
        return None
    (tag,) = struct.unpack_from(f"{order}H", header)
    if tag == EXTENSIBLE and len(header) >= EXTENSIBLE_BYTES:
        (tag,) = struct.unpack_from(f"{order}H", header, 24)
    return f"WAVE format 0x{tag:04x}"


def _letters(name: bytes) -> str | None:
    """Return four letters, or a number if they are not letters; None if there are fewer than four bytes."""
    if len(name) < 4:
        return None
    printable = all(0x20 <= letter < 0x7F for letter in name) and name.strip()
    return name.decode("ascii").strip() if printable else f"0x{name.hex()}"
