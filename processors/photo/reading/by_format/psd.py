"""Damage of Photoshop files: rows that do not unpack to their width."""

from __future__ import annotations

from typing import BinaryIO

from processors.containers.photo.psd_file import PsdRows
from processors.photo.reading.damage import Damage


def psd_damage(file: BinaryIO, rows: PsdRows, shown_channels: int) -> Damage | None:
    """Return the damage of the merged picture, whose first channels are shown; None if every row unpacks."""
    bad = rows.bad_rows(file, range(shown_channels))
    if bad:
        do = "does" if len(bad) == 1 else "do"
        return Damage(
            condition="damaged",
            fault=f"{len(bad)} of {rows.height_px} rows {do} not unpack to the picture's width",
            share=len(bad) / rows.height_px,
            first_row=min(bad) or None,
            rows=rows.height_px,
        )
    channels = len(rows.lengths) // rows.height_px
    if not rows.bad_rows(file, range(shown_channels, channels)):
        return None
    fault = "a channel that is not shown has rows that do not unpack to the picture's width"
    return Damage(condition="damaged", fault=fault, share=None)
