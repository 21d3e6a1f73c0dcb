"""Directories of a TIFF: selection of the photo, and its tags about the numbers."""

from __future__ import annotations

import functools
import io
import math
import re
from dataclasses import dataclass, replace
from typing import BinaryIO

from PIL import TiffTags

from processors.containers.photo.tiff_directory import SIZES, TEXT, UNDEFINED, UTF_8, TiffEntry, TiffLayout, layout_of
from processors.errors import DamagedMedia, RefusedMedia
from processors.sources.read_at import read_at

MAX_DIRECTORIES = 1000
MAX_ENTRIES = 4096
MAX_VALUE_BYTES = 16 << 20
MAX_SCALED_BANDS = 64
SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, SAMPLES = 254, 256, 257, 258, 259, 262, 277
OLD_SUBFILE, FILL_ORDER = 255, 266
ORIENTATION, ROWS_PER_STRIP, MODEL, EXTRA, SAMPLE_FORMAT, SUB_DIRECTORIES = 274, 278, 272, 338, 339, 330
EXIF, GPS = 34665, 34853
TILE_WIDTH, TILE_HEIGHT, ICC, GDAL_METADATA, GDAL_NODATA = 322, 323, 34675, 42112, 42113
STRIP_PLACES, STRIP_SIZES, TILE_PLACES, TILE_SIZES = 273, 279, 324, 325
PLANAR, IN_PLANES = 284, 2
LUMA, SUBSAMPLING, BLACK_AND_WHITE = 529, 530, 532
_TAGS = {
    SUBFILE,
    OLD_SUBFILE,
    WIDTH,
    HEIGHT,
    BITS,
    COMPRESSION,
    PHOTOMETRIC,
    FILL_ORDER,
    SAMPLES,
    PLANAR,
    ORIENTATION,
    ROWS_PER_STRIP,
    MODEL,
    EXTRA,
    SAMPLE_FORMAT,
    SUB_DIRECTORIES,
    TILE_WIDTH,
    TILE_HEIGHT,
    ICC,
    GDAL_METADATA,
    GDAL_NODATA,
    STRIP_PLACES,
    STRIP_SIZES,
    TILE_PLACES,
    TILE_SIZES,
    EXIF,
    GPS,
    LUMA,
    SUBSAMPLING,
    BLACK_AND_WHITE,
}
COMPRESSIONS = {
    1: "no compression", 2: "CCITT RLE", 3: "CCITT fax 3", 4: "CCITT fax 4", 5: "LZW", 6: "old-style JPEG", 7: "JPEG",
    8: "Deflate", 32946: "Deflate", 32773: "PackBits", 34661: "JBIG", 34676: "SGI LogLuv", 34677: "SGI LogLuv",
    34712: "JPEG 2000", 34887: "LERC", 34925: "LZMA", 50000: "Zstandard", 50001: "WebP", 50002: "JPEG XL",
    52546: "JPEG XL",
}  # fmt: skip
PHOTOMETRICS = {
    0: "grey, 0 is white", 1: "grey", 2: "RGB", 3: "palette", 4: "mask", 5: "CMYK", 6: "YCbCr", 8: "CIELAB",
    9: "ICC Lab", 10: "ITU Lab", 32803: "colour filter array", 32844: "LogL", 32845: "LogLuv", 34892: "linear raw",
}  # fmt: skip
RAW = (32803, 34892)
"""Photometric interpretations of sensor data, which are not a picture yet (DNG)."""
_ITEM = re.compile(r"<Item\b([^>]*)>([^<]*)</Item>")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf(?:inity)?)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class YCbCr:
    """How luma and colour differences are stored (TIFF 6.0, section 21)."""

    luma: tuple[float, ...]
    """Share of red, green and blue in luma."""
    black_and_white: tuple[float, ...]
    """Stored numbers of black and white, of each sample in turn."""
    subsampling: tuple[int, ...]
    """Pixels across and down that share a colour difference."""


@dataclass(frozen=True, kw_only=True)
class Directory:
    """One picture of a TIFF."""

    page: int
    """Index in the file's chain, or that of the parent directory."""
    sub: int | None
    """Index among the subdirectories of that one; None if in the chain."""
    at: int
    """File offset of its directory."""
    following_at: int
    """File offset of the pointer to the next directory."""
    is_reduced: bool
    """True for a smaller version of another picture, by NewSubfileType."""
    is_mask: bool
    width_px: int
    """Width as stored."""
    height_px: int
    bits: tuple[int, ...]
    """Bits of each sample of a pixel."""
    sample_format: int
    """Sample format: 1 unsigned, 2 signed, 3 float, 5 and 6 complex."""
    samples: int
    extra_samples: tuple[int, ...]
    """Extra samples: 0 unspecified, 1 premultiplied alpha, 2 straight alpha."""
    compression: int
    photometric: int | None
    orientation: int
    rows_at_once: int
    """Rows of one strip or tile."""
    across: int
    """Number of adjacent strips or tiles."""
    blocks: tuple[tuple[int, int], ...]
    """Offset and size, in bytes, of each strip or tile."""
    icc_profile: bytes | None
    model: str | None
    no_data: float | None
    """Value of missing data (GDAL_NODATA)."""
    scaling: tuple[tuple[float, float], ...] | None
    """Factor and offset of each band in GDAL's metadata; None if the numbers mean what is stored."""
    ycbcr: YCbCr | None = None
    """Set for `photometric` 6."""
    tile_px: tuple[int, int] | None = None
    """Width and height of a tile; None for strips."""
    has_reversed_bits: bool = False
    """True if each byte's first bit is the lowest (FillOrder 2)."""
    is_planar: bool = False
    """True if each channel is a plane of its own (PlanarConfiguration 2)."""

    @property
    def kind(self) -> str:
        """Return a description of the numbers."""
        kinds = {1: "unsigned", 2: "signed", 3: "float", 5: "complex", 6: "complex"}
        bits = "/".join(map(str, dict.fromkeys(self.bits)))
        colours = PHOTOMETRICS.get(self.photometric or 0, f"photometric {self.photometric}")
        planes = ", in separate planes" if self.is_planar and self.samples > 1 else ""
        return f"{self.samples} x {bits} bits {kinds.get(self.sample_format, '')}, {colours}, {self.packed}{planes}"

    @property
    def mode(self) -> str:
        """Return the mode by which Pillow would name the numbers."""
        kind = {1: "uint", 2: "int", 3: "float"}.get(self.sample_format, "")
        return f"{'RGB' if self.samples >= 3 else 'L'};{kind}{max(self.bits)}"

    @property
    def packed(self) -> str:
        """Return the name of the compression."""
        return COMPRESSIONS.get(self.compression, f"compression {self.compression}")


@dataclass(frozen=True, kw_only=True)
class TiffFile:
    """Pictures of one TIFF."""

    photo: Directory
    """First picture at full resolution."""
    picture_count: int
    """Number of pictures at full resolution."""
    reduced_count: int
    """Number of smaller versions and masks."""
    missing: tuple[str, ...] = ()
    """Parts located after the file's end, in words: data of tags, directories and pixels of other pictures."""


def is_tiff(head: bytes) -> bool:
    """Return whether these first bytes begin a TIFF or BigTIFF."""
    return head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def read_tiff_file(file: BinaryIO) -> TiffFile | None:
    """Read the directories; None if none describes a picture."""
    walk = _Walk(file)
    found = walk.directories()
    return _described(found, walk) if found else None


def _described(found: list[Directory], walk: _Walk) -> TiffFile:
    shown = [one for one in found if one.photometric not in RAW] or found
    full = [one for one in shown if not one.is_reduced and not one.is_mask]
    # subdirectories of a picture are its smaller versions, whatever their type
    first = next((one for one in full if one.sub is None), None) or next(iter(full), None)
    photo = first or max(shown, key=lambda one: one.width_px * one.height_px)
    pictures = sum(one.sub is None for one in full) or 1
    others = [f"pixels of picture {one.page + 1}" for one in found if one is not photo and one.at in walk.cut_at]
    missing = tuple(dict.fromkeys(walk.missing + others))
    whole = walk.whole(photo)
    return TiffFile(photo=whole, picture_count=pictures, reduced_count=len(found) - pictures, missing=missing)


def pictures_of(file: BinaryIO) -> TiffFile:
    """Read the directories; raise `DamagedMedia` unless at least one describes a picture."""
    walk = _Walk(file)
    if found := walk.directories():
        return _described(found, walk)
    if walk.missing:
        raise DamagedMedia(
            f"truncated: the file ends, at byte {walk.size_bytes}, before the directory that describes its picture",
            "download it again",
        )
    raise DamagedMedia("not one directory of this TIFF describes a picture", "download it again")


class _Walk:
    """Walk from directory to directory, each read once, and that of the photo twice.

    Raises
    ------
    RefusedMedia : the numbers in its tags are longer than the file: several tags have the same place.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._read = functools.partial(read_at, file)
        self._layout, self._first = layout_of(self._read(0, 16)) or (TiffLayout(order="<"), 0)
        self.size_bytes = file.seek(0, 2)
        self.missing: list[str] = []
        """Missing parts as in `TiffFile`."""
        self.cut_at: set[int] = set()
        """Places of the directories of which some strip or tile is behind the file's end."""
        self._following_at = 0
        self._bytes_left = self.size_bytes

    def directories(self) -> list[Directory]:
        """Return the pictures, without their strips or tiles, colour profiles and scaling."""
        found: list[Directory] = []
        seen: set[int] = set()
        at, page = self._first, 0
        while at and at not in seen and len(seen) < MAX_DIRECTORIES:
            seen.add(at)
            tags, following = self._tags(at)
            if tags is None:
                break
            if one := _directory(tags, page, None, at, self._following_at):
                found.append(self._lean(one))
            for place in (one for tag in (EXIF, GPS) for one in tags.get(tag, ()) if isinstance(one, int)):
                self._tags(place)  # only to detect missing parts
            below = [one for one in tags.get(SUB_DIRECTORIES, ()) if isinstance(one, int)]
            for number, place in enumerate(below[: MAX_DIRECTORIES - len(seen)]):
                if place in seen:
                    continue
                seen.add(place)
                inner, _ = self._tags(place)
                if inner and (one := _directory(inner, page, number, place, self._following_at)):
                    found.append(self._lean(one))
            at, page = following, page + 1
        return found

    def whole(self, one: Directory) -> Directory:
        """Return a picture with its strips or tiles, colour profile and scaling."""
        self._bytes_left = self.size_bytes
        tags, _ = self._tags(one.at)
        found = _directory(tags or {}, one.page, one.sub, one.at, one.following_at)
        return _with_scaling(found, _text((tags or {}).get(GDAL_METADATA))) if found else one

    def _lean(self, one: Directory) -> Directory:
        """Return a picture without what may be large: all of a file together may be a multiple of it."""
        if any(at + size > self.size_bytes for at, size in one.blocks):
            self.cut_at.add(one.at)
        return replace(one, blocks=(), icc_profile=None)

    def _tags(self, at: int) -> tuple[dict[int, tuple] | None, int]:
        """Return the values of the wanted tags of a directory, and the offset of the next one."""
        stored = self._layout.directory(self._read, at, MAX_ENTRIES)
        if stored is None:
            self.missing.append("a directory")
        if stored is None or stored.count > MAX_ENTRIES:
            return None, 0
        if len(stored.entries) < stored.count:
            self.missing.append("entries of a directory")
        self._following_at = stored.following_at
        tags: dict[int, tuple] = {}
        for entry in stored.entries:
            if not entry.is_inside and self._layout.number(entry.field) + entry.size_bytes > self.size_bytes:
                self.missing.append(f"the data of its tag {TiffTags.lookup(entry.number).name}")
            if entry.number in _TAGS and entry.kind in SIZES and entry.number not in tags:
                value = self._value(entry)
                if value:  # one without values says nothing
                    tags[entry.number] = value
        return tags, stored.following

    def _value(self, entry: TiffEntry) -> tuple | None:
        """Return the values of an entry; None if they are too many or behind the file's end."""
        if entry.size_bytes > MAX_VALUE_BYTES:
            return None
        data = self._layout.value(entry, self._read, entry.size_bytes)
        if len(data) < entry.size_bytes:
            return None
        if entry.kind in (TEXT, UNDEFINED, UTF_8):
            return (data,)
        self._bytes_left -= 0 if entry.is_inside else len(data)
        if self._bytes_left < 0:
            raise RefusedMedia("the numbers in its tags are longer than the file", "write it with another program")
        values = self._layout.numbers(entry.kind, data)
        return tuple(0.0 if one is None else one for one in values)


def _directory(tags: dict[int, tuple], page: int, sub: int | None, at: int, following_at: int) -> Directory | None:
    def first(tag: int, otherwise: int) -> int:
        value = tags.get(tag, (otherwise,))
        return value[0] if value and isinstance(value[0], int) else otherwise

    width, height = first(WIDTH, 0), first(HEIGHT, 0)
    if width < 1 or height < 1:
        return None
    # the older form of the tag: 1 a picture at full size, 2 a smaller version, 3 a page (TIFF 6.0, section 8)
    subfile = first(SUBFILE, 1 if first(OLD_SUBFILE, 1) == 2 else 0)
    orientation = first(ORIENTATION, 1)
    icc, no_data = tags.get(ICC), _text(tags.get(GDAL_NODATA))
    return Directory(
        page=page,
        sub=sub,
        at=at,
        following_at=following_at,
        is_reduced=bool(subfile & 1),
        is_mask=bool(subfile & 4),
        width_px=width,
        height_px=height,
        bits=tuple(tags.get(BITS, (1,))) or (1,),
        sample_format=first(SAMPLE_FORMAT, 1),
        samples=first(SAMPLES, 1),
        extra_samples=tuple(tags.get(EXTRA, ())),
        compression=first(COMPRESSION, 1),
        photometric=tags[PHOTOMETRIC][0] if tags.get(PHOTOMETRIC) else None,
        orientation=orientation if orientation in range(1, 9) else 1,
        rows_at_once=max(1, min(height, first(TILE_HEIGHT, 0) or first(ROWS_PER_STRIP, height))),
        across=-(-width // max(1, first(TILE_WIDTH, width))),
        blocks=tuple(
            zip(
                tags.get(TILE_PLACES) or tags.get(STRIP_PLACES, ()),
                tags.get(TILE_SIZES) or tags.get(STRIP_SIZES, ()),
                strict=False,
            )
        ),
        icc_profile=bytes(icc[0] if isinstance(icc[0], bytes) else bytes(icc)) if icc else None,
        model=_text(tags.get(MODEL)),
        no_data=float(no_data) if no_data and _NUMBER.fullmatch(no_data) else None,
        scaling=None,
        ycbcr=_ycbcr(tags) if tags.get(PHOTOMETRIC, (0,))[0] == 6 else None,
        tile_px=(first(TILE_WIDTH, 0), first(TILE_HEIGHT, 0)) if tags.get(TILE_WIDTH) else None,
        has_reversed_bits=first(FILL_ORDER, 1) == 2,
        is_planar=first(PLANAR, 1) == IN_PLANES,
    )


def _ycbcr(tags: dict[int, tuple]) -> YCbCr:
    """Return the tags of YCbCr; the standard's values for those that are missing or impossible."""
    top = (1 << min(16, max(tags.get(BITS, (8,))))) - 1
    middle = (top + 1) // 2
    luma, around, shared = tags.get(LUMA, ()), tags.get(BLACK_AND_WHITE, ()), tags.get(SUBSAMPLING, ())
    has_range = len(around) == 6 and all(black < white for black, white in zip(around[::2], around[1::2], strict=True))
    return YCbCr(
        luma=luma if len(luma) == 3 and min(luma) > 0 else (0.299, 0.587, 0.114),
        black_and_white=around if has_range else (0, top, middle, top, middle, top),
        subsampling=shared if len(shared) == 2 else (2, 2),
    )


def _text(value: tuple | None) -> str | None:
    if not value or not isinstance(value[0], bytes):
        return None
    return value[0].split(b"\0")[0].decode("utf-8", "replace").strip() or None


def _with_scaling(photo: Directory, metadata: str | None) -> Directory:
    """Add GDAL's scaling, written as `<Item name="SCALE" sample="0" role="scale">0.01</Item>` and the like.

    An item without `sample` is for all bands; a factor of 0 would leave nothing of the numbers, and is not applied.
    """
    factors: dict[str, float] = {}
    offsets: dict[str, float] = {}
    for attributes, text in _ITEM.findall(metadata or ""):
        role = re.search(r'role="(scale|offset)"', attributes)
        value = float(text) if role and _NUMBER.fullmatch(text.strip()) else math.nan
        if role and math.isfinite(value):
            sample = re.search(r'sample="(\d+)"', attributes)
            (factors if role[1] == "scale" else offsets)[sample[1] if sample else ""] = value
    scaling = tuple(
        (factors.get(band, factors.get("", 1.0)) or 1.0, offsets.get(band, offsets.get("", 0.0)))
        for band in map(str, range(min(photo.samples, MAX_SCALED_BANDS)))
    )
    return photo if set(scaling) == {(1.0, 0.0)} else replace(photo, scaling=scaling)


def single_picture_file(file: BinaryIO, photo: Directory) -> tuple[io.BytesIO, Directory]:
    """Return the file with this picture only, for decoders that fail at missing parts of others."""
    data = bytearray(read_at(file, 0))
    layout, _ = layout_of(bytes(data[:16])) or (TiffLayout(order="<"), 0)
    size = layout.offset_bytes
    data[size : 2 * size] = layout.bytes_of(photo.at)
    data[photo.following_at : photo.following_at + size] = bytes(size)
    return io.BytesIO(data), replace(photo, page=0, sub=None)
