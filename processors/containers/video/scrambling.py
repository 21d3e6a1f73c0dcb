"""Scrambled streams of MPEG transport streams (ISO/IEC 13818-1, 2.4.3.3: transport_scrambling_control)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from processors.containers.stream_coding import Coding
from processors.containers.video.transport_stream import IN_A_ROW, MOST_PACKETS, packets_begin
from processors.sources.read_at import read_at

EXAMINED_BYTES = 4 << 20
PAT_PID, PAT_TABLE, PMT_TABLE = 0, 0, 2
CRC_BYTES = 4
ENCRYPTED = Coding(name=None, encryption="scrambled for conditional access")


def codings_in_transport_stream(opened: BinaryIO) -> list[Coding]:
    """Return the coding of each elementary stream in the order of the program maps; none for other files."""
    found = packets_begin(read_at(opened, 0, IN_A_ROW * 204))
    if found is None:
        return []
    stride, before = found
    data = np.frombuffer(read_at(opened, 0, EXAMINED_BYTES // stride * stride), np.uint8)
    packets = data[: len(data) // stride * stride].reshape(-1, stride)[:, before : before + 188]
    pids = (packets[:, 1].astype(np.int32) & 0x1F) << 8 | packets[:, 2]
    has_payload, is_scrambled = packets[:, 3] & 0x10 != 0, packets[:, 3] & 0xC0 != 0
    codings: list[Coding] = []
    for pid in dict.fromkeys(_elementary_pids(packets, pids)):
        rows = has_payload & (pids == pid)
        is_encrypted = rows.any() and is_scrambled[rows].mean() > MOST_PACKETS
        codings.append(ENCRYPTED if is_encrypted else Coding(name=None))
    return codings


def _elementary_pids(packets: np.ndarray, pids: np.ndarray) -> Iterator[int]:
    """Yield the packet identifiers that the program maps list (2.4.4.3, 2.4.4.8)."""
    programs = _section(packets, pids, PAT_PID, PAT_TABLE)
    for place in range(8, len(programs) - 3, 4):
        if not int.from_bytes(programs[place : place + 2]):  # program 0 is the network's
            continue
        section = _section(packets, pids, int.from_bytes(programs[place + 2 : place + 4]) & 0x1FFF, PMT_TABLE)
        stream = 12 + (int.from_bytes(section[10:12]) & 0xFFF)
        while stream + 5 <= len(section):
            yield int.from_bytes(section[stream + 1 : stream + 3]) & 0x1FFF
            stream += 5 + (int.from_bytes(section[stream + 3 : stream + 5]) & 0xFFF)


def _section(packets: np.ndarray, pids: np.ndarray, pid: int, table: int) -> bytes:
    """Return the first section of a table that begins in a packet of this identifier, without its CRC; else nothing."""
    data, rows = b"", packets[pids == pid]
    starts = np.flatnonzero(rows[:, 1] & 0x40)
    for row in rows[starts[0] :] if len(starts) else ():
        begin = 5 + int(row[4]) if row[3] & 0x20 else 4
        part = row[begin:].tobytes()
        data += part[1 + part[0] :] if not data and part else part
        length = 3 + (int.from_bytes(data[1:3]) & 0xFFF)
        if len(data) >= length:
            return data[: length - CRC_BYTES] if data[0] == table else b""
    return b""
