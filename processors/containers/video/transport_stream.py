"""Missing and misplaced packets of MPEG transport streams, by sync bytes and continuity counters (13818-1, 2.4.3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from processors.containers.damaged_bytes import MAX_DAMAGED, DamagedBytes, ElementFindings, skipped
from processors.sources.read_at import read_at

SYNC = 0x47
STRIDES = ((188, 0), (192, 4), (204, 0))
"""Packet length and the offset of the 188-byte packet in it: plain, with a timestamp before it (AVCHD, Blu-ray),
with a checksum after it."""
IN_A_ROW = 5
PACKETS_AT_ONCE = 8192
SCANNED_BYTES = 1 << 20
NULL_PID = 0x1FFF
MOST_PACKETS = 1 / 2
"""Share of a stream's packets above which it is scrambled; single ones marked so are damaged."""


def look_at_packets(opened: BinaryIO, size: int) -> ElementFindings:
    """Find missing and misplaced packets."""
    found = packets_begin(read_at(opened, 0, IN_A_ROW * 204))
    if found is None:
        return ElementFindings()
    walk = _Walk(opened, size, *found)
    damaged = tuple(one for _, one in zip(range(MAX_DAMAGED), walk.damage(), strict=False))
    return ElementFindings(
        cut_off_because="it ends in the middle of a packet" if walk.is_cut else None, damaged=damaged
    )


def packets_begin(head: bytes) -> tuple[int, int] | None:
    """Return one of `STRIDES` if packets follow one another from the file's first byte, which `head` begins with."""
    for stride, before in STRIDES:
        if len(head) >= IN_A_ROW * stride and all(head[before + at * stride] == SYNC for at in range(IN_A_ROW)):
            return stride, before
    return None


class _Walk:
    def __init__(self, opened: BinaryIO, size: int, stride: int, before: int) -> None:
        self._opened = opened
        self._size = size
        self._stride = stride
        self._before = before
        self._counters: dict[int, int] = {}
        self.is_cut = False

    def damage(self) -> Iterator[DamagedBytes]:
        place = 0
        while self._size - place >= self._stride:
            data = read_at(self._opened, place, PACKETS_AT_ONCE * self._stride)
            packets = np.frombuffer(data, np.uint8)[: len(data) // self._stride * self._stride]
            if not packets.size:
                return
            packets = packets.reshape(-1, self._stride)[:, self._before : self._before + 188]
            wrong = np.flatnonzero(packets[:, 0] != SYNC)
            good = int(wrong[0]) if wrong.size else len(packets)
            marked = self._marked(packets[:good])
            for number in sorted(marked | self._jumps(packets[:good])):
                start = place + number * self._stride
                yield skipped(start, start + self._stride, is_certain=number in marked)
            place += good * self._stride
            if wrong.size:
                following = self._resynchronised(place + 1)
                yield skipped(place, following)
                place = following
        self.is_cut = 0 < self._size - place < self._stride

    def _marked(self, packets: np.ndarray) -> set[int]:
        """Return the indices of packets that the receiver marked as damaged, or that say against most of their stream
        that they are scrambled."""
        found = set(np.flatnonzero(packets[:, 1] & 0x80).tolist())
        scrambled = packets[:, 3] & 0xC0 != 0
        if scrambled.any():
            pids = (packets[:, 1].astype(np.int32) & 0x1F) << 8 | packets[:, 2]
            for pid in np.unique(pids[scrambled]).tolist():
                if scrambled[pids == pid].mean() <= MOST_PACKETS:
                    found.update(np.flatnonzero(scrambled & (pids == pid)).tolist())
        return found

    def _jumps(self, packets: np.ndarray) -> set[int]:
        """Return the indices of packets whose continuity counter jumps, as it may where two recordings are joined."""
        if not len(packets):
            return set()
        pids = (packets[:, 1].astype(np.int32) & 0x1F) << 8 | packets[:, 2]
        counts, has_payload = packets[:, 3] & 15, packets[:, 3] & 0x10 != 0
        begins_anew = (packets[:, 3] & 0x20 != 0) & (packets[:, 4] > 0) & (packets[:, 5] & 0x80 != 0)
        found: set[int] = set()
        for pid in np.unique(pids).tolist():
            rows = np.flatnonzero((pids == pid) & has_payload)
            if pid == NULL_PID or not rows.size:
                continue
            now = counts[rows].astype(np.int16)
            last = np.append(self._counters.get(pid, (int(now[0]) - 1) % 16), now[:-1])
            goes_on = (now == (last + 1) % 16) | (now == last) | begins_anew[rows]
            found.update(rows[~goes_on].tolist())
            self._counters[pid] = int(now[-1])
        return found

    def _resynchronised(self, place: int) -> int:
        """Return where several packets in a row begin again, or the end."""
        while place < self._size:
            data = read_at(self._opened, place, SCANNED_BYTES + IN_A_ROW * self._stride)
            in_sync = np.ones(len(data) + IN_A_ROW * self._stride, bool)  # nothing is out of sync after the end
            in_sync[: len(data)] = np.frombuffer(data, np.uint8) == SYNC
            starts = in_sync[: min(len(data), SCANNED_BYTES)].copy()
            for number in range(1, IN_A_ROW):
                starts &= in_sync[number * self._stride :][: len(starts)]
            if starts.any():
                return max(place, place + int(np.argmax(starts)) - self._before)
            place += SCANNED_BYTES
        return self._size
