"""PRONOM identifiers that media type and first bytes determine; PRONOM distinguishes versions, and none is guessed."""

from __future__ import annotations

HEAD_BYTES = 4096
"""Beginning of a file in which the header of a WAVE is sought."""
BY_MEDIA_TYPE = {
    "application/json": "fmt/817",
    "application/xml": "fmt/101",
    "application/zip": "x-fmt/263",
    "audio/flac": "fmt/279",
    "audio/mp4": "fmt/199",
    "audio/mpeg": "fmt/134",
    "image/jp2": "x-fmt/392",
    "image/tiff": "fmt/353",
    "text/csv": "x-fmt/18",
    "text/plain": "x-fmt/111",
    "video/mp4": "fmt/199",
    "video/quicktime": "x-fmt/384",
    "video/webm": "fmt/573",
    "video/x-matroska": "fmt/569",
    "video/x-msvideo": "fmt/5",
}
"""Formats with one PRONOM entry for all versions, or a general one."""
JFIF = {b"\x01\x00": "fmt/42", b"\x01\x01": "fmt/43", b"\x01\x02": "fmt/44"}
"""JPEG files by the version in their JFIF segment."""
GIF = {b"GIF87a": "fmt/3", b"GIF89a": "fmt/4"}
OGG = {(29, b"vorbis\0\0\0\0", 58): "fmt/203", (28, b"OpusHead", 47): "fmt/946"}
"""Ogg files by what their first page holds at an offset, and the offset of the second page."""


def pronom_of(media_type: str, head: bytes) -> str | None:
    """Return the identifier of a file's format; None if its first bytes do not determine the version.

    Parameters
    ----------
    head : the file's first `HEAD_BYTES`.
    """
    if media_type == "image/jpeg":
        return JFIF.get(head[11:13]) if head[6:11] == b"JFIF\0" else None
    if media_type == "image/gif":
        return GIF.get(head[:6])
    if media_type == "audio/wav":
        return _wave(head)
    if media_type == "audio/ogg":
        is_page = head.startswith(b"OggS\0\2")
        found = (
            puid
            for (at, codec, second), puid in OGG.items()
            if head.startswith(codec, at) and head.startswith(b"OggS", second)
        )
        return next(found, None) if is_page else None
    return BY_MEDIA_TYPE.get(media_type)


def _wave(head: bytes) -> str | None:
    """Return the identifier of a WAVE by its format chunk, which comes first.

    It is the general one where another chunk does, or where the sound begins behind `head`. None for Broadcast WAVE,
    whose versions are told apart by more than that, and for the forms for large or big-endian files.
    """
    if not (head.startswith(b"RIFF") and head.startswith(b"WAVE", 8)) or b"bext" in head:
        return None
    if not head.startswith(b"fmt ", 12) or b"data" not in head[36:]:
        return "fmt/6"
    if head.startswith(b"\xfe\xff", 20):
        return "fmt/143"
    if head[16] != 16:
        return "fmt/142"
    return "fmt/141" if head.startswith(b"\x10\0\0\0\x01\0", 16) else "fmt/6"
