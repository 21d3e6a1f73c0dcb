"""EXIF and TIFF directories from their bytes: every entry of every directory, with limits and no loops."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import ExifTags

from processors.containers.photo.tiff_directory import (
    SIZES,
    TEXT,
    UNDEFINED,
    UTF_8,
    Read,
    TiffEntry,
    TiffLayout,
    layout_of,
)
from processors.metadata.tags.tag_records import Tag, bytes_tag, encoded_tag, text_tag, unread_tag

MAX_ENTRIES = 4000
"""Maximum plausible entries of one directory; a larger count is invalid."""
MAX_DIRECTORIES = 64
MAX_VALUE_BYTES = 1 << 20
MAX_ALL_BYTES = 64 << 20
"""Limit on the values outside of all directories together: many entries may have the same place."""
MAX_NUMBERS = 1000

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
        begun = layout_of(read(0, 16))
        if begun is None:
            raise ValueError("no TIFF header")
        self.layout, self._first = begun

    def numbered(self, read: Read, layout: TiffLayout, offset: int, namespace: str) -> Iterator[Tag]:
        """Yield entries of another directory, named only by their numbers."""
        other = copy.copy(self)
        other.read, other.layout = read, layout
        for entry, data in other._entries(offset, namespace)[0]:
            yield other._tag(namespace, entry, data)

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
            for entry, data in entries:
                if entry.number in _CHILDREN and entry.kind in (4, 13, 16, 18):
                    targets = self._numbers(entry.kind, data)[:8]
                    waiting += [(target, _CHILDREN[entry.number]) for target in targets if isinstance(target, int)]
                elif entry.number in _NOT_SHOWN and namespace == "exif":
                    self.blocks[entry.number] = data
                else:
                    yield self._tag(namespace, entry, data)
            if (following and namespace in ("exif", "exif.thumbnail")) or (
                following and namespace.startswith("exif.ifd")
            ):
                number += 1
                waiting.append((following, "exif.thumbnail" if number == 1 else f"exif.ifd{number}"))

    def _entries(self, offset: int, namespace: str) -> tuple[list[tuple[TiffEntry, bytes]], int]:
        """Return the entries of a directory with their values, and the offset of the next one."""
        stored = self.layout.directory(self.read, offset, MAX_ENTRIES)
        if stored is None:
            self.problems.append(f"the {namespace} directory at {offset} lies outside the data")
            return [], 0
        if stored.count > MAX_ENTRIES:
            self.problems.append(
                f"the {namespace} directory claims {stored.count} entries: only {MAX_ENTRIES} are read"
            )
        values = ((entry, self._value(entry, namespace)) for entry in stored.entries)
        return [(entry, value) for entry, value in values if value is not None], stored.following

    def _value(self, entry: TiffEntry, namespace: str) -> bytes | None:
        """Return the bytes of an entry's values; None if they are not read."""
        name = f"{namespace} 0x{entry.number:04x}"
        if entry.kind not in SIZES:
            self.problems.append(f"{name}: no such type as {entry.kind}")
            return None
        if entry.number == MAKER_NOTE and namespace == "exif" and entry.count > len(entry.field):
            self.maker_note = self.layout.number(entry.field), entry.count
        length = min(entry.size_bytes, MAX_VALUE_BYTES)
        if not entry.is_inside:
            if length > self._bytes_left:
                self.problems.append(f"{name}: not read: the values of all entries are over {MAX_ALL_BYTES >> 20} MB")
                return None
            self._bytes_left -= length
        value = self.layout.value(entry, self.read, length)
        if len(value) < length:
            self.problems.append(f"{name}: {length - len(value)} of its {length} bytes are missing")
            return value[: len(value) // SIZES[entry.kind] * SIZES[entry.kind]]
        return value

    def _tag(self, namespace: str, entry: TiffEntry, data: bytes) -> Tag:
        number, kind = entry.number, entry.kind
        names: dict[str, dict[int, str]] = {
            "exif.gps": ExifTags.GPSTAGS,
            "exif.interop": {1: "InteropIndex", 2: "InteropVersion"},
        }
        known = {} if namespace.startswith(MAKER_NAMESPACE) else names.get(namespace, ExifTags.TAGS)
        name = known.get(number, f"0x{number:04x}")
        if kind in (TEXT, UTF_8):
            return encoded_tag(namespace, name, _text(data, all_parts=number == COPYRIGHT))
        if number == 0x9286 and data[:8] in _USER_COMMENT_CODES:
            return self._user_comment(namespace, name, _USER_COMMENT_CODES[data[:8]], data[8:])
        if 0x9C9B <= number <= 0x9C9F:
            return _in_encoding(namespace, name, data[: len(data) // 2 * 2], "utf-16-le")
        if kind == UNDEFINED or (kind in (1, 6) and entry.count > 16):
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
            encoding, data = utf_16_of(data, self.layout.order), data[: len(data) // 2 * 2]
        return _in_encoding(namespace, name, data, encoding)

    def _numbers(self, kind: int, data: bytes) -> list[int | float | None]:
        values = self.layout.numbers(kind, data)
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
