"""Words and columns for people: sizes, lengths, plurals, and tables that are aligned on a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from processors.sources.scan import printable

if TYPE_CHECKING:
    from processors.metadata.properties import Properties

MODES = {
    "1": "black and white", "L": "grey", "LA": "grey with alpha", "P": "palette", "PA": "palette with alpha",
    "RGBA": "RGB with alpha", "I;16": "grey, 16 bits", "I;16B": "grey, 16 bits", "I;16L": "grey, 16 bits",
    "I": "grey, more than 8 bits", "F": "grey, floating point", "LAB": "CIELAB",
}  # fmt: skip
"""Pillow's modes of pictures, in words; others are words already."""


def size(size_bytes: float) -> str:
    """Return a size in decimal units: "532 B", "1.3 MB"."""
    if size_bytes < 1000:
        return f"{size_bytes:.0f} B"
    for unit in ("kB", "MB", "GB"):
        size_bytes /= 1000
        if size_bytes < 999.5:
            return f"{size_bytes:.3g} {unit}"
    return f"{size_bytes / 1000:.4g} TB"


def length(seconds: float) -> str:
    """Return a duration: "24.71 s", "1:02:03 h"; hours and minutes from one minute on."""
    if seconds < 60:
        return f"{seconds:.4g} s" if seconds >= 0.001 else f"{seconds * 1e6:.3g} µs"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} h" if hours else f"{minutes}:{rest:02} min"


def picture(known: Properties) -> str | None:
    """Return pixels, frame rate and codec of a video, or format and mode of a photo.

    "640 x 360 px, 29.97 frames/s, h264"; "64 x 64 px, PNG, grey, 16 bits".
    """
    from processors.formats import title_of

    words: list[str] = []
    if known.width_px and known.height_px:
        words.append(f"{known.width_px} x {known.height_px} px")
    if known.frame_rate_hz:
        words.append(f"{_rate(known.frame_rate_hz)} frames/s")
    if known.picture_codec:
        words.append(title_of(known.picture_codec) if known.picture_mode else codec(known.picture_codec))
    if known.picture_mode:
        words.append(MODES.get(known.picture_mode, known.picture_mode))
    return ", ".join(words) or None


def _rate(rate_hz: float) -> str:
    """Return a rate to four digits, never as a power of ten: "29.97", "120,000"."""
    return f"{rate_hz:.4g}" if 0.001 <= rate_hz < 9999.5 else f"{rate_hz:,.0f}" if rate_hz >= 1 else f"{rate_hz:f}"


def sound(known: Properties) -> str | None:
    """Return codec, sample rate and channels: "aac, 44.1 kHz, 2 channels"."""
    words = [codec(known.sound_codec)] if known.sound_codec else []
    if known.sample_rate_hz:
        words.append(f"{known.sample_rate_hz / 1000:g} kHz")
    if known.channel_count:
        words.append(f"{known.channel_count} channel{'' if known.channel_count == 1 else 's'}")
    return ", ".join(words) or None


def codec(decoder: str) -> str:
    """Return the codec of a decoder of FFmpeg: mp3 for mp3float, av1 for libdav1d."""
    from av.codec import Codec
    from av.codec.codec import UnknownCodecError

    try:
        return Codec(decoder).canonical_name
    except UnknownCodecError:
        return decoder


def aligned(rows: Iterable[Sequence[str]], *, right: Sequence[int] = (), indent: str = "") -> list[str]:
    """Return rows of cells as lines with straight columns, two spaces apart; wide characters count as two.

    Parameters
    ----------
    right : indices of the right-aligned columns.
    """
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)] if cells else []
    return [
        (indent + "  ".join(_filled(cell, widths[n], n in right) for n, cell in enumerate(row))).rstrip()
        for row in cells
    ]


def width(text: str) -> int:
    """Return the number of columns that a text takes on a terminal."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)


def _filled(text: str, columns: int, is_right: bool) -> str:
    space = " " * (columns - width(text))
    return space + text if is_right else text + space
