"""Rows of the merged picture in a Photoshop file (Adobe Photoshop File Formats Specification, "Image data")."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import BinaryIO

from processors.containers.photo.packbits import unpacked, unpacks_to
from processors.sources.read_at import read_at

RAW, RUN_LENGTHS = 0, 1
MAX_CHANNELS, MAX_SIDE_PX = 56, 30_000


@dataclass(frozen=True, kw_only=True)
class PsdRows:
    """Run-length coded rows, all those of a channel before those of the next: colours first, then others."""

    compression_at: int
    """Offset of the number that names the compression."""
    height_px: int
    row_bytes: int
    rows_at: int
    lengths: tuple[int, ...]
    """Packed size of each row, bytes, by the file's table."""
    is_cut: bool
    """True if the file ends before its last row would."""

    def bad_rows(self, file: BinaryIO, channels: range) -> set[int]:
        """Return the numbers of rows that do not unpack to their width in one of these channels."""
        rows = range(channels.start * self.height_px, min(channels.stop * self.height_px, len(self.lengths)))
        file.seek(self.rows_at + sum(self.lengths[: rows.start]))
        return {row % self.height_px for row in rows if not unpacks_to(file.read(self.lengths[row]), self.row_bytes)}

    def without_run_lengths(self, file: BinaryIO) -> io.BytesIO:
        """Return the file with unpacked rows, each at its place whatever the damage of others."""
        made = io.BytesIO(read_at(file, 0, self.compression_at) + RAW.to_bytes(2, "big"))
        made.seek(0, 2)
        file.seek(self.rows_at)
        for length in self.lengths:
            made.write(unpacked(file.read(length), self.row_bytes))
        return made


def rows_of_psd(file: BinaryIO) -> PsdRows | None:
    """Read the table of rows; None if the picture is not run-length coded."""
    head = read_at(file, 0, 26)
    if len(head) < 26 or head[:6] != b"8BPS\0\1":
        return None
    channels, height, width, bits = struct.unpack(">HIIH", head[12:24])
    for _ in range(3):  # colours, resources and layers, each after its length
        file.seek(int.from_bytes(file.read(4), "big"), 1)
    compression_at = file.tell()
    if int.from_bytes(file.read(2), "big") != RUN_LENGTHS or channels > MAX_CHANNELS:
        return None
    table = file.read(2 * channels * height) if max(width, height) <= MAX_SIDE_PX else b""
    if not table or len(table) < 2 * channels * height:
        return None
    lengths = struct.unpack(f">{channels * height}H", table)
    rows_at = file.tell()
    return PsdRows(
        compression_at=compression_at,
        height_px=height,
        row_bytes=(width * bits + 7) // 8,
        rows_at=rows_at,
        lengths=lengths,
        is_cut=rows_at + sum(lengths) > file.seek(0, 2),
    )
