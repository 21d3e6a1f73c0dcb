"""PRONOM identifiers that media type and first bytes determine; PRONOM distinguishes versions, and none is guessed."""

from __future__ import annotations

HEAD_BYTES = 16
BY_MEDIA_TYPE = {
    "application/json": "fmt/817",
    "application/xml": "fmt/101",
    "application/zip": "x-fmt/263",
    "audio/flac": "fmt/279",
    "audio/mp4": "fmt/199",
    "audio/mpeg": "fmt/134",
    "audio/wav": "fmt/6",
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
    return BY_MEDIA_TYPE.get(media_type)
