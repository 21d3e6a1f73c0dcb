"""Zeros in the data of a sequential JPEG that are valid codes for every decoder, but that no encoder writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from processors.containers.photo.jpeg_file import JpegFile
from processors.sources.read_at import read_at

SOF, DHT, SOS = frozenset({0xC0, 0xC1}), 0xC4, 0xDA
VALUES = 63
"""AC coefficients of a block (ITU-T T.81, A.3.6)."""
MIN_ZEROS = 64
"""Length below which a run of zero bytes is not judged."""


@dataclass(frozen=True, kw_only=True)
class _ZeroCode:
    """Meaning of the all-zeros code, the first of every Huffman table (T.81, C.2)."""

    length_bits: int
    symbol: int


def zeros_that_no_encoder_writes(file: BinaryIO, parts: JpegFile) -> int | None:
    """Return the length in bytes of the first such run in the only scan; None if there is none, or this is unknown.

    Read as codes, zeros give block after block whose 63 values are the same, -1 for example, unless their code ends the
    block: then they are a plain area. A run of two units (MCU) holds such a block whole. Directly before the end marker
    zeros are padding.
    """
    if parts.is_progressive or parts.scan_count != 1 or parts.data_at is None:
        return None
    unit_bits = _bits_of_zero_unit(read_at(file, 0, parts.data_at))
    if unit_bits is None:
        return None
    least = max(MIN_ZEROS, 2 * unit_bits // 8 + 2)
    end = parts.size_bytes if parts.end_at is None else parts.end_at
    data = read_at(file, parts.data_at, end - parts.data_at)
    at = data.find(bytes(least))
    if at < 0:
        return None
    count = len(data) - at - len(data[at:].lstrip(b"\0"))
    return count if at + count < len(data) else None


def _bits_of_zero_unit(head: bytes) -> int | None:
    """Return the length in bits of an all-zero unit; None if each of its blocks would be plain, or it is unknown."""
    codes: dict[int, _ZeroCode] = {}
    blocks: dict[int, int] = {}
    at = 2
    while at + 4 <= len(head) and head[at] == 0xFF:
        marker, size = head[at + 1], int.from_bytes(head[at + 2 : at + 4], "big")
        body = head[at + 4 : at + 2 + size]
        if marker in SOF:
            blocks = {body[i]: (body[i + 1] >> 4) * (body[i + 1] & 15) for i in range(6, len(body) - 2, 3)}
        elif marker == DHT:
            codes |= _zero_codes(body)
        elif marker == SOS and body and len(body) >= 1 + 2 * body[0]:
            return _sum_of(body[1 : 1 + 2 * body[0]], blocks, codes)
        at += 2 + max(size, 2)
    return None


def _zero_codes(tables: bytes) -> dict[int, _ZeroCode]:
    """Return the zero code of each table in a segment, by the table's class and number as stored."""
    found: dict[int, _ZeroCode] = {}
    at = 0
    while at + 17 < len(tables):
        counts = tables[at + 1 : at + 17]
        length = next((bits for bits, count in enumerate(counts, 1) if count), None)
        if length is not None:
            found[tables[at]] = _ZeroCode(length_bits=length, symbol=tables[at + 17])
        at += 17 + sum(counts)
    return found


def _sum_of(components: bytes, blocks: dict[int, int], codes: dict[int, _ZeroCode]) -> int | None:
    bits, holds_values = 0, False
    for name, tables in zip(components[::2], components[1::2], strict=True):
        steady, alternating = codes.get(tables >> 4), codes.get(0x10 | tables & 15)
        if steady is None or alternating is None or name not in blocks:
            return None
        run, size_bits = alternating.symbol >> 4, alternating.symbol & 15
        code_count = -(-VALUES // (run + 1)) if alternating.symbol else 1
        holds_values |= bool(alternating.symbol)
        block_bits = steady.length_bits + steady.symbol + code_count * (alternating.length_bits + size_bits)
        bits += blocks[name] * block_bits
    return bits if holds_values else None
