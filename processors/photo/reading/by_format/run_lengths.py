"""Damage of run-length coded BMP and Photoshop files: rows that do not give the picture's width, or too few or many."""

from __future__ import annotations

from typing import BinaryIO

from processors.containers.photo.bmp_rows import MAX_PADDING_BYTES, BmpRows
from processors.containers.photo.psd_file import PsdRows
from processors.photo.reading.damage import Damage

MAX_SHORT_SHARE = 0.5
"""If more rows of a BMP are short, their writer leaves out the background at their ends, which the format allows."""


def bmp_damage(rows: BmpRows) -> Damage | None:
    """Return the damage that the codes of the rows show; None if there is none."""
    height = rows.height_px
    short = () if rows.jumps or len(rows.too_short) > MAX_SHORT_SHARE * height else rows.too_short
    bad = sorted({*rows.too_long, *short})
    if fault := _fault_of_count(rows):  # rows from the first bad one on may be moved
        first = min(bad[0] if bad else height, height - 1, rows.row_count)
        return Damage(condition="damaged", fault=fault, share=(height - first) / height, rows=height)
    return _damage_of(len(bad), [height - 1 - row for row in bad if row < height], height) if bad else None


def psd_damage(file: BinaryIO, rows: PsdRows, shown_channels: int) -> Damage | None:
    """Return the damage of the merged picture, whose first channels are shown; None if every row unpacks."""
    if bad := rows.bad_rows(file, range(shown_channels)):
        return _damage_of(len(bad), list(bad), rows.height_px)
    channels = len(rows.lengths) // rows.height_px
    if not rows.bad_rows(file, range(shown_channels, channels)):
        return None
    fault = "a channel that is not shown has rows that do not unpack to the picture's width"
    return Damage(condition="damaged", fault=fault, share=None)


def _damage_of(bad_count: int, inside: list[int], height: int) -> Damage:
    """Return the damage of rows of the wrong width; `inside`: those in the picture, counted from its top."""
    does = "does" if bad_count == 1 else "do"
    return Damage(
        condition="damaged",
        fault=f"{bad_count} of {height} rows {does} not unpack to the picture's width",
        share=len(inside) / height,
        first_row=min(inside) or None,
        rows=height,
    )


def _fault_of_count(rows: BmpRows) -> str | None:
    """Return how a BMP's number of rows, or the end of its data, disagrees with the header."""
    if rows.row_count > rows.height_px or (rows.row_count < rows.height_px and not rows.jumps):
        return f"the picture data give {rows.row_count} rows, the header says {rows.height_px}"
    if rows.trailing_bytes > MAX_PADDING_BYTES and rows.is_ended:
        return f"{rows.trailing_bytes} bytes of the picture data follow the mark of its end"
    return None if rows.is_ended else "the mark of the picture's end is missing"
