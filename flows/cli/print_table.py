"""Words and columns for people: sizes, lengths, plurals, and tables that are aligned on a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from processors.sources.scan import printable

if TYPE_CHECKING:
    from processors.metadata.properties import Properties


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
        return f"{seconds:.4g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} h" if hours else f"{minutes}:{rest:02} min"


def picture(known: Properties) -> str | None:
    """Return pixels, frame rate and codec of a video or photo: "640 x 360 px, 29.97 frames/s, h264"."""
    words = []
    if known.width_px and known.height_px:
        words.append(f"{known.width_px} x {known.height_px} px")
    if known.frame_rate_hz:
        words.append(f"{known.frame_rate_hz:.4g} frames/s")
    words += [word for word in (known.picture_codec, known.picture_mode) if word]
    return ", ".join(words) or None


def sound(known: Properties) -> str | None:
    """Return codec, sample rate and channels: "aac, 44.1 kHz, 2 channels"."""
    words = [known.sound_codec] if known.sound_codec else []
    if known.sample_rate_hz:
        words.append(f"{known.sample_rate_hz / 1000:g} kHz")
    if known.channel_count:
        words.append(f"{known.channel_count} channel{'' if known.channel_count == 1 else 's'}")
    return ", ".join(words) or None


def aligned(rows: Iterable[Sequence[str]], *, right: Sequence[int] = (), indent: str = "") -> list[str]:
    """Return rows of cells as lines with straight columns, two spaces apart; wide characters count as two.

    Parameters
    ----------
    right : numbers of the columns, from 0, that are set to the right.
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
