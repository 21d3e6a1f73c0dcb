"""Tags in the containers of video and audio: packets are copied, nothing is encoded again.

MP4 and WAV have one language for their own tags, and also get an XMP packet, which has all. FLAC and Ogg repeat a field
for each language; Matroska names the language of each tag.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

import av

from processors.containers.text.unknown_text import unescaped
from processors.languages.language import LANGUAGES, language
from processors.languages.text import Text
from processors.packs.embedded.file_credits import FileCredits, sentences
from processors.packs.embedded.in_vorbis_comments import write_flac, write_ogg
from processors.packs.embedded.xmp_packet import xmp_packet

FORMATS = {
    "video/mp4": "mp4",
    "audio/mp4": "ipod",
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "audio/x-matroska": "matroska",
}
"""Form of each media type that is tagged; FFmpeg's name of its writer, except for FLAC and Ogg."""
OPTIONS = {"fflags": "+bitexact"}
MUXER_OPTIONS = {"mp4": {"movflags": "+faststart"}, "ipod": {"movflags": "+faststart"}, "wav": {"rf64": "auto"}}
XMP_IN_MP4 = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
"""Type of the box `uuid` with an XMP packet (XMP specification part 3, 2.2.5)."""
XMP_IN_WAV = b"_PMX"
"""Name of the chunk with an XMP packet (XMP specification part 3, 2.2.6)."""


def can_be_tagged(media_type: str) -> bool:
    return media_type in FORMATS


def write_tagged(source: Path, target: Path, media_type: str, told: FileCredits) -> None:
    """Write a copy of `source` with title, credit, rights, date, description and keywords.

    The same credits give the same bytes. Title and description are in every language of `told`. An existing comment of
    the file is kept.

    Raises
    ------
    ValueError : it is not of this media type.
    OSError : it cannot be written.
    """
    form = FORMATS[media_type]
    if form == "flac":
        write_flac(source, target, told)
    elif form == "ogg":
        write_ogg(source, target, told)
    else:
        _remux(source, target, form, told)
        if form in ("mp4", "ipod"):
            _add_xmp_to_mp4(target, xmp_packet(told))
        elif form == "wav":
            _add_xmp_to_wav(target, xmp_packet(told))


def _remux(source: Path, target: Path, form: str, told: FileCredits) -> None:
    options = OPTIONS | MUXER_OPTIONS.get(form, {})
    with (
        av.open(str(source), metadata_errors="surrogateescape") as read,
        av.open(str(target), "w", format=form, options=options) as written,
    ):
        own = {name.lower(): value for name, value in read.metadata.items()}
        written.metadata.update(_tags(told, form, unescaped(own.get("comment"))))
        streams = {
            one.index: written.add_stream_from_template(one) for one in read.streams if one.type in ("video", "audio")
        }
        for packet in read.demux([one for one in read.streams if one.index in streams]):
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                written.mux(packet)


def _tags(told: FileCredits, form: str, own_comment: str | None) -> dict[str, str]:
    """Return the tags by FFmpeg's names, which FFmpeg translates to those of each container."""
    comment = [told.first(told.caption), told.first(told.to_read), own_comment]
    said = {
        "title": told.first(told.title),
        "artist": told.credit,
        "copyright": told.rights,
        "date": told.date,
        "comment": sentences(filter(None, comment)),
        "description": told.first(told.caption),
        "publisher": told.source,
        "IKEY" if form == "wav" else "keywords": ("; " if form == "wav" else ", ").join(told.keywords),
    }
    if form == "matroska":  # FFmpeg writes the part after the hyphen as the language of the tag
        texts: dict[str, Text] = {"title": told.title, "description": told.caption, "terms_of_use": told.terms_of_use}
        said |= {
            f"{name}-{_three_letters(code)}": value for name, text in texts.items() for code, value in text.items()
        }
    return {name: " ".join(value.split()) for name, value in said.items() if value}


def _three_letters(code: str) -> str:
    return language(code).iso_639_2 if code in LANGUAGES else code


def _add_xmp_to_mp4(path: Path, packet: bytes) -> None:
    """Add a box at the end, where it does not move anything that the file's tables point to."""
    with path.open("ab") as file:
        file.write(struct.pack(">I4s", 8 + len(XMP_IN_MP4) + len(packet), b"uuid") + XMP_IN_MP4 + packet)


def _add_xmp_to_wav(path: Path, packet: bytes) -> None:
    """Add a chunk at the end, and count it in the size of the whole: that of RIFF, or of RF64 in its `ds64` chunk."""
    with path.open("r+b") as file:
        is_large = file.read(4) == b"RF64"
        end = file.seek(0, os.SEEK_END)
        padding = b"\0" * (end % 2)
        file.write(padding + struct.pack("<4sI", XMP_IN_WAV, len(packet)) + packet + b"\0" * (len(packet) % 2))
        size = file.tell() - 8
        file.seek(20 if is_large else 4)
        file.write(struct.pack("<Q" if is_large else "<I", size))
