"""Consistency of sample counts in MP4 and QuickTime sample tables (ISO/IEC 14496-12, 8.6.1, 8.7.3, 8.7.4)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np

from processors.containers.video.mp4_boxes import boxes

INSIDE = {b"moov", b"trak", b"mdia", b"minf", b"stbl"}
TABLES = {b"stts", b"ctts", b"stsz", b"stz2", b"stsc", b"stco", b"co64"}
MAX_TABLE_BYTES = 64 << 20
NAMES = {
    b"stts": "table of durations (stts)",
    b"ctts": "table of composition times (ctts)",
    b"stsc": "table of chunks (stsc)",
}
OWNERS = {b"vide": "the video", b"soun": "the sound"}


@dataclass(frozen=True, kw_only=True)
class TableFault:
    """A track's table whose sample count differs from that of the size table."""

    handler: bytes
    """Track type: `vide`, `soun` ..."""
    words: str
    """"the video's table of composition times (ctts) lists 1069 samples, that of sizes 45"."""
    start_byte: int
    end_byte: int


@dataclass(kw_only=True)
class _Track:
    handler: bytes = b""
    size_count: int | None = None
    """Samples in the size table, which determines the location of each; None without one."""
    chunk_count: int = 0
    stsc: np.ndarray | None = None
    counts: dict[bytes, int] = field(default_factory=dict)
    places: dict[bytes, tuple[int, int]] = field(default_factory=dict)

    def faults(self) -> Iterator[TableFault]:
        if not self.size_count:  # a fragmented file's tables are empty
            return
        if self.stsc is not None:
            self.counts[b"stsc"] = _in_chunks(self.stsc, self.chunk_count)
        for name, count in self.counts.items():
            if count != self.size_count:
                start, end = self.places[name]
                owner = OWNERS.get(self.handler, "a track")
                words = f"{owner}'s {NAMES[name]} lists {count} samples, that of sizes {self.size_count}"
                yield TableFault(handler=self.handler, words=words, start_byte=start, end_byte=end)


def table_faults(opened: BinaryIO, size_bytes: int) -> tuple[TableFault, ...]:
    """Return each table that disagrees with its track's table of sizes, in the order of the file."""
    tracks: list[_Track] = []
    for name, start, end in boxes(opened, size_bytes, INSIDE):
        if name == b"trak":
            tracks.append(_Track())
        elif not tracks:
            continue
        elif name == b"hdlr" and not tracks[-1].handler:
            opened.seek(start)
            tracks[-1].handler = opened.read(12)[8:]
        elif name in TABLES and end - start <= MAX_TABLE_BYTES:
            opened.seek(start)
            tracks[-1].places[name] = (start, end)
            _read_table(tracks[-1], name, opened.read(end - start))
    return tuple(fault for track in tracks for fault in track.faults())


def _read_table(track: _Track, name: bytes, data: bytes) -> None:
    """Count the entries of a box: the declared number, or as many as fit into it."""
    if name in (b"stsz", b"stz2"):
        if len(data) >= 12:
            (track.size_count,) = struct.unpack_from(">I", data, 8)
        return
    if len(data) < 8:
        return
    (count,) = struct.unpack_from(">I", data, 4)
    numbers = {b"stts": 2, b"ctts": 2, b"stsc": 3, b"stco": 1, b"co64": 2}[name]
    count = min(count, (len(data) - 8) // (4 * numbers))
    entries = np.frombuffer(data, ">u4", count * numbers, 8).reshape(count, numbers).astype(np.int64)
    if name in (b"stco", b"co64"):
        track.chunk_count = count
    elif name == b"stsc":
        track.stsc = entries
    else:
        track.counts[name] = int(entries[:, 0].sum())


def _in_chunks(stsc: np.ndarray, chunk_count: int) -> int:
    """Return the samples in all chunks: each entry applies from its first chunk up to the next entry's."""
    firsts = np.append(stsc[:, 0], chunk_count + 1)
    return int((np.clip(np.diff(firsts), 0, None) * stsc[:, 1]).sum())
