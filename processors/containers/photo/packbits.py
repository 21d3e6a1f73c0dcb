"""PackBits data, the run-length coding of Photoshop and TIFF files (TIFF 6.0, section 9)."""

from __future__ import annotations

NO_OPERATION = 128
_TAKEN = tuple(code + 2 if code < NO_OPERATION else 1 if code == NO_OPERATION else 2 for code in range(256))
"""Bytes of a packet, by its first: a literal run, nothing, or one byte to repeat."""
_GIVEN = tuple(code + 1 if code < NO_OPERATION else 0 if code == NO_OPERATION else 257 - code for code in range(256))
"""Bytes to which it unpacks."""


def unpacks_to(data: bytes, length_bytes: int) -> bool:
    """Return whether packets unpack to exactly this length and end with the data, but for a byte of padding."""
    at = given = 0
    end = len(data)
    while at < end and given < length_bytes:
        code = data[at]
        at += _TAKEN[code]
        given += _GIVEN[code]
    return given == length_bytes and at <= end and len(data[at:].rstrip(bytes([NO_OPERATION]))) <= 1


def unpacked(data: bytes, length_bytes: int) -> bytes:
    """Unpack packets to this length; missing output of damaged ones is zero."""
    made, at = bytearray(), 0
    while at < len(data) and len(made) < length_bytes:
        code, behind = data[at], at + _TAKEN[data[at]]
        made += data[at + 1 : behind] * (1 if code <= NO_OPERATION else 257 - code)
        at = behind
    return bytes(made[:length_bytes].ljust(length_bytes, b"\0"))
