"""What a file is, from its bytes: a medium and a format, a companion of a release, or something unsupported."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import BinaryIO, Literal

import av
import av.container
import av.stream

from processors.contract import Medium
from processors.decoding import open_container
from processors.errors import DamagedMedia
from processors.planetary import is_planetary
from processors.signatures import CONTAINERS, HEIF_BRANDS, OTHERS, PICTURES, PLAYLISTS, SUFFIXES

MEDIA_SUFFIXES = (
    ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".wav", ".flac", ".mp3", ".m4a", ".aac",
    ".ogg", ".opus", ".aif", ".aiff", ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".avif", ".heic", ".gif",
    ".bmp", ".jp2",
)  # fmt: skip
"""Text with such a name is no companion of a release: something went wrong when it was fetched."""

Kind = Literal["media", "companion", "unsupported"]
HEAD_BYTES = 4096


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What a file turned out to be."""

    kind: Kind
    medium: Medium | None = None
    """Set for media, and only for them."""
    format: str
    """`jpeg`, `wav`, `mov,mp4,m4a,3gp,3g2,mj2`, `PDS4 label`, `text`, `empty file` ..."""
    codec: str | None = None
    has_sound: bool = False
    duration_seconds: float | None = None
    """As the container's header claims; for estimates only."""
    note: str | None = None
    """What a person should know: why it is unsupported, or that the name's suffix says something else."""


def identify(file: BinaryIO, name: str) -> Identity:
    """Say what an open file is; `name` is used only to notice a suffix that says something else.

    Opening a container lists its streams but decodes nothing; call it where a crash does no harm.
    """
    head = file.read(HEAD_BYTES)
    if not head:
        return Identity(kind="unsupported", format="empty file", note="it holds no bytes: fetch it again")
    found = _picture(head) or _planetary(head) or _container(file, head) or _other(head) or _text(head, name)
    found = found or _unknown(head)
    suffix = name.rpartition(".")[2].lower() if "." in name else ""
    family = "mp4" if found.format.startswith("mov,") else found.format.split(",")[0]
    others = {s for known, suffixes in SUFFIXES.items() if known != family for s in suffixes}
    if found.kind == "media" and suffix in others and suffix not in SUFFIXES.get(family, (suffix,)):
        return Identity(**{**vars(found), "note": f"named .{suffix}, but the bytes are {found.format}"})
    return found


def _picture(head: bytes) -> Identity | None:
    if head[4:8] == b"ftyp":
        brands = [head[8:12], *(head[i : i + 4] for i in range(16, min(int.from_bytes(head[:4], "big"), 64), 4))]
        known = [HEIF_BRANDS[brand] for brand in brands if brand in HEIF_BRANDS]
        return Identity(kind="media", medium="photo", format=known[0]) if known and brands[0] in HEIF_BRANDS else None
    for offset, magic, name in PICTURES:
        if head[offset:].startswith(magic):
            return Identity(kind="media", medium="photo", format=name)
    if re.match(rb"P[1-6]\s", head):
        return Identity(kind="media", medium="photo", format="ppm")
    return None


def _planetary(head: bytes) -> Identity | None:
    if not is_planetary(head):
        return None
    return Identity(kind="media", medium="photo", format="vicar" if head.startswith(b"LBLSIZE=") else "pds3")


def _container(file: BinaryIO, head: bytes) -> Identity | None:
    guess: tuple[str, Medium] | None = None
    for offset, magic, name, medium in CONTAINERS:
        if head[offset:].startswith(magic):
            guess = name, medium
            break
    if guess is None and len(head) > 4 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        guess = ("aac", "audio") if head[1] & 0xF6 == 0xF0 else ("mp3", "audio")
    if guess is None and len(head) >= 377 and head[0] == head[188] == head[376] == 0x47:
        guess = "mpegts", "video"
    if guess is None and head.startswith((b"\x00\x00\x00\x01", b"\x00\x00\x01\x67")):
        guess = "h264", "video"
    if guess is None:
        return None
    try:
        with open_container(file) as container:
            return _listed(container)
    except DamagedMedia:
        return Identity(kind="media", medium=guess[1], format=guess[0], has_sound=False)


def _listed(container: av.container.InputContainer) -> Identity:
    films = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
    sounds = list(container.streams.audio)
    if not films and not sounds:
        note = "no picture or sound stream is listed: the file may be cut short"
        return Identity(kind="unsupported", format=container.format.name, note=note)
    medium: Medium = "video" if films else "audio"
    first = (films or sounds or [None])[0]
    codec = first.codec_context.name if first is not None and first.codec_context else None
    claimed = container.duration / av.time_base if container.duration else None
    return Identity(
        kind="media",
        medium=medium,
        format=container.format.name,
        codec=codec,
        has_sound=bool(sounds),
        duration_seconds=claimed if claimed and 0 < claimed < 1e8 else None,
    )


def _text(head: bytes, name: str) -> Identity | None:
    if b"\x00" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    stripped = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    for magic, what in PLAYLISTS:
        if stripped.startswith(magic) or (magic == b"<MPD" and magic in head):
            note = (
                "it only names other files or addresses, which are not opened: put the media themselves in the release"
            )
            return Identity(kind="unsupported", format=what, note=note)
    try:
        head[: HEAD_BYTES - 4].decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 8:
            return None
    if stripped.lower().startswith((b"<!doctype html", b"<html", b"<svg")) or b"<svg" in head[:1024]:
        return Identity(
            kind="unsupported", format="web page or SVG", note="it can hold scripts and references: not opened"
        )
    if len(head) < 32 and any(byte < 32 and byte not in b"\t\r\n\f" for byte in head):
        return None
    if name.lower().endswith(MEDIA_SUFFIXES):
        return Identity(kind="unsupported", format="text", note="it is text, whatever its name says: fetch it again")
    return Identity(kind="companion", format=_companion(stripped, name))


def _companion(text: bytes, name: str) -> str:
    if name == "release.toml":
        return "release description"
    if b"pds.nasa.gov/pds4" in text:
        return "PDS4 label"
    if text.startswith((b"PDS_VERSION_ID", b"CCSD3ZF", b"ODL_VERSION_ID")):
        return "PDS3 label"
    if text.startswith((b"<?xpacket", b"<x:xmpmeta")):
        return "XMP sidecar"
    if text.startswith(b"<?xml"):
        return "XML label"
    if re.search(r"inventory|collection.*\.(csv|tab)$", name, re.IGNORECASE):
        return "inventory"
    return "read-me" if name.upper().startswith("README") else "text"


def _other(head: bytes) -> Identity | None:
    for offset, magic, name in OTHERS:
        if head[offset:].startswith(magic):
            return Identity(kind="unsupported", format=name, note="no reader here handles it")
    return None


def _unknown(head: bytes) -> Identity:
    note = f"no known format begins with the bytes {head[:8].hex(' ')}"
    return Identity(kind="unsupported", format="unknown", note=note)
