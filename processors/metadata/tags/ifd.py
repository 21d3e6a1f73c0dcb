"""EXIF and TIFF directories from their bytes: every entry of every directory, with limits and no loops."""

from __future__ import annotations

import copy
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PIL import ExifTags

from processors.metadata.tags.tag_records import Tag, bytes_tag, encoded_tag, text_tag, unread_tag

Read = Callable[[int, int], bytes]
"""Function that reads at most this many bytes from an offset; fewer at the end."""

MAX_ENTRIES = 4000
"""Maximum plausible entries of one directory; a larger count is invalid."""
MAX_DIRECTORIES = 64
MAX_VALUE_BYTES = 1 << 20
MAX_ALL_BYTES = 64 << 20
"""Limit on the values outside of all directories together: many entries may have the same place."""
MAX_NUMBERS = 1000

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8, 129: 1}
_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_CHILDREN = {0x8769: "exif", 0x8825: "exif.gps", 0xA005: "exif.interop", 0x014A: "exif.sub"}
MAKER_NOTE = 0x927C
MAKER_NAMESPACE = "exif.maker."
COPYRIGHT = 0x8298
_NOT_SHOWN = {0x02BC, 0x83BB, 0x8649, 0x8773}
"""Tags of whole blocks with their own readers: XMP, IPTC, Photoshop and ICC."""
_USER_COMMENT_CODES = {
    b"ASCII\0\0\0": None,
    b"UNICODE\0": "utf-16",  # in the byte order of the block, or another
    b"JIS\0\0\0\0\0": "iso2022_jp",
    bytes(8): None,
}
"""Encodings by their code; None if there is none, or if writers put others there too."""


@dataclass(frozen=True, kw_only=True)
class Blocks:
    """Blocks of other formats in a directory."""

    xmp: bytes | None
    iptc: bytes | None
    photoshop: bytes | None


class Directories:
    """Reader of all directories of one EXIF block or TIFF file.

    Raises
    ------
    ValueError : it does not begin like one. Later faults end up in `problems`.
    """

    def __init__(self, read: Read) -> None:
        self.read = read
        self._seen: set[int] = set()
        self._bytes_left = MAX_ALL_BYTES
        self.problems: list[str] = []
        self.blocks: dict[int, bytes] = {}
        self.maker_note: tuple[int, int] | None = None
        """Offset and size of the maker note, if any."""
        head = read(0, 16)
        self._order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
        if not self._order or len(head) < 8:
            raise ValueError("no TIFF header")
        self._is_big = struct.unpack(self._order + "H", head[2:4])[0] == 43
        self._first = struct.unpack(
            self._order + ("Q" if self._is_big else "I"), head[8:16] if self._is_big else head[4:8]
        )[0]

    @property
    def order(self) -> str:
        """Return the byte order: `<` little-endian, `>` big-endian."""
        return self._order

    def numbered(self, read: Read, order: str, offset: int, namespace: str) -> Iterator[Tag]:
        """Yield entries of another directory, named only by their numbers."""
        other = copy.copy(self)
        other.read, other._order, other._is_big = read, order, False
        for number, kind, count, data in other._entries(offset, namespace)[0]:
            yield other._tag(namespace, number, kind, count, data)

    def tags(self) -> Iterator[Tag]:
        """Yield entries in file order; a thumbnail's come after the picture's."""
        waiting = [(self._first, "exif")]
        number = 0
        while waiting and len(self._seen) < MAX_DIRECTORIES:
            offset, namespace = waiting.pop(0)
            if offset == 0:
                continue
            if offset in self._seen:
                self.problems.append(f"the directory at {offset} is referenced again: a loop, not followed")
                continue
            self._seen.add(offset)
            entries, following = self._entries(offset, namespace)
            for tag_number, kind, count, data in entries:
                if tag_number in _CHILDREN and kind in (4, 13, 16, 18):
                    targets = self._numbers(kind, data)[:8]
                    waiting += [(int(target), _CHILDREN[tag_number]) for target in targets if isinstance(target, int)]
                elif tag_number in _NOT_SHOWN and namespace == "exif":
                    self.blocks[tag_number] = data
                else:
                    yield self._tag(namespace, tag_number, kind, count, data)
            if (following and namespace in ("exif", "exif.thumbnail")) or (
                following and namespace.startswith("exif.ifd")
            ):
                number += 1
                waiting.append((following, "exif.thumbnail" if number == 1 else f"exif.ifd{number}"))

    def _entries(self, offset: int, namespace: str) -> tuple[list[tuple[int, int, int, bytes]], int]:
        count_size, entry_size, code = (8, 20, "Q") if self._is_big else (2, 12, "I")
        head = self.read(offset, count_size)
        if len(head) < count_size:
            self.problems.append(f"the {namespace} directory at {offset} lies outside the data")
            return [], 0
        count = struct.unpack(self._order + ("Q" if self._is_big else "H"), head)[0]
        if count > MAX_ENTRIES:
            self.problems.append(f"the {namespace} directory claims {count} entries: only {MAX_ENTRIES} are read")
            count = MAX_ENTRIES
        table = self.read(offset + count_size, count * entry_size + struct.calcsize(code))
        found: list[tuple[int, int, int, bytes]] = []
        for start in range(0, min(count * entry_size, len(table) - entry_size + 1), entry_size):
            entry = self._entry(table[start : start + entry_size], code, namespace)
            if entry:
                found.append(entry)
        rest = table[count * entry_size :]
        following = struct.unpack(self._order + code, rest)[0] if len(rest) == struct.calcsize(code) else 0
        return found, following

    def _entry(self, data: bytes, code: str, namespace: str) -> tuple[int, int, int, bytes] | None:
        number, kind, count = struct.unpack(self._order + "HH" + code, data[: 4 + struct.calcsize(code)])
        place = data[4 + struct.calcsize(code) :]
        size = _SIZES.get(kind)
        if size is None:
            self.problems.append(f"{namespace} 0x{number:04x}: no such type as {kind}")
            return None
        length = min(count * size, MAX_VALUE_BYTES)
        value = place[:length]
        if number == MAKER_NOTE and namespace == "exif" and count > len(place):
            self.maker_note = struct.unpack(self._order + code, place)[0], count
        if count * size > len(place):
            if length > self._bytes_left:
                limit = f"the values of all entries are over {MAX_ALL_BYTES >> 20} MB"
                self.problems.append(f"{namespace} 0x{number:04x}: not read: {limit}")
                return None
            self._bytes_left -= length
            value = self.read(struct.unpack(self._order + code, place)[0], length)
            if len(value) < length:
                self.problems.append(
                    f"{namespace} 0x{number:04x}: {length - len(value)} of its {length} bytes are missing"
                )
                value = value[: len(value) // size * size]
        return number, kind, count, value

    def _tag(self, namespace: str, number: int, kind: int, count: int, data: bytes) -> Tag:
        names: dict[str, dict[int, str]] = {
            "exif.gps": ExifTags.GPSTAGS,
            "exif.interop": {1: "InteropIndex", 2: "InteropVersion"},
        }
        known = {} if namespace.startswith(MAKER_NAMESPACE) else names.get(namespace, ExifTags.TAGS)
        name = known.get(number, f"0x{number:04x}")
        if kind in (2, 129):
            return encoded_tag(namespace, name, _text(data, all_parts=number == COPYRIGHT))
        if number == 0x9286 and data[:8] in _USER_COMMENT_CODES:
            return self._user_comment(namespace, name, _USER_COMMENT_CODES[data[:8]], data[8:])
        if 0x9C9B <= number <= 0x9C9F:
            return _in_encoding(namespace, name, data[: len(data) // 2 * 2], "utf-16-le")
        if kind == 7 or (kind in (1, 6) and count > 16):
            return bytes_tag(namespace, name, data)
        values = self._numbers(kind, data)
        if len(values) == 1:
            return Tag(namespace=namespace, name=name, value=values[0])
        return Tag(
            namespace=namespace,
            name=name,
            value=list(values[:MAX_NUMBERS]),
            length=len(values) if len(values) > MAX_NUMBERS else None,
        )

    def _user_comment(self, namespace: str, name: str, encoding: str | None, data: bytes) -> Tag:
        if encoding is None:
            return encoded_tag(namespace, name, data)
        if encoding == "utf-16":
            encoding, data = utf_16_of(data, self._order), data[: len(data) // 2 * 2]
        return _in_encoding(namespace, name, data, encoding)

    def _numbers(self, kind: int, data: bytes) -> list[int | float | None]:
        if kind in (5, 10):
            parts = struct.unpack(
                self._order + ("I" if kind == 5 else "i") * (len(data) // 4), data[: len(data) // 4 * 4]
            )
            return [a / b if b else None for a, b in zip(parts[::2], parts[1::2], strict=False)]
        size, code = _SIZES[kind], _CODES.get(kind, "B")
        values = struct.unpack(self._order + code * (len(data) // size), data[: len(data) // size * size])
        return [None if isinstance(v, float) and not abs(v) < float("inf") else v for v in values]


def utf_16_of(data: bytes, order: str) -> str:
    """Return the encoding of UTF-16 text: by its mark, otherwise the byte order with fewer distinct high bytes.

    Parameters
    ----------
    order : `<` or `>`, of the block around it; decides where the bytes do not.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    first, second = len(set(data[0::2])), len(set(data[1::2]))
    is_big = order == ">" if first == second else first < second
    return "utf-16-be" if is_big else "utf-16-le"


def _in_encoding(namespace: str, name: str, data: bytes, encoding: str) -> Tag:
    try:
        return text_tag(namespace, name, data.decode(encoding))
    except UnicodeDecodeError:
        return unread_tag(namespace, name, data)


def _text(data: bytes, *, all_parts: bool) -> bytes:
    """Return text up to its first NUL; for a copyright, also the editor's part after it (Exif 2.32, 4.6.4)."""
    parts = [part.strip() for part in data.split(b"\0")] if all_parts else []
    return b"; ".join(part for part in parts if part) if all_parts else data.split(b"\0")[0]
