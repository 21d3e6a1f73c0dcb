"""Images of PDS3 labels, in the same file or in one beside it (PDS3 Standards Reference, appendices A and C)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from processors.errors import DamagedMedia, MediaError, UnsupportedMedia
from processors.planetary.image_object import (
    FIX_LABEL,
    VAX_TYPES,
    Checksum,
    ImageObject,
    Interleave,
    Special,
    checked,
    orientation_of,
)
from processors.planetary.pvl import (
    Block,
    blocks_of,
    is_absent,
    items_of,
    label_text,
    number_of,
    statements,
    unquoted,
    without_unit,
    word_of,
)

ATTACHED = "pds3"
DETACHED = "PDS3 image"
MAX_LABEL_BYTES = 4 << 20
NOTHING = "nothing is to be done"
FIRST_KEYS = ("PDS_VERSION_ID", "ODL_VERSION_ID", "RECORD_TYPE", "FILE_TYPE", "LABEL_RECORDS", "DATA_SET_ID")
"""A label begins with one of these, behind comments and SFDU labels."""
_TYPES = {
    "MSB_INTEGER": ">i", "MSB_UNSIGNED_INTEGER": ">u", "INTEGER": ">i", "UNSIGNED_INTEGER": ">u",
    "SUN_INTEGER": ">i", "SUN_UNSIGNED_INTEGER": ">u", "MAC_INTEGER": ">i", "MAC_UNSIGNED_INTEGER": ">u",
    "IBM_INTEGER": ">i", "IBM_UNSIGNED_INTEGER": ">u", "LSB_INTEGER": "<i", "LSB_UNSIGNED_INTEGER": "<u",
    "PC_INTEGER": "<i", "PC_UNSIGNED_INTEGER": "<u", "VAX_INTEGER": "<i", "VAX_UNSIGNED_INTEGER": "<u",
    "IEEE_REAL": ">f", "REAL": ">f", "FLOAT": ">f", "SUN_REAL": ">f", "MAC_REAL": ">f", "PC_REAL": "<f",
    "VAX_REAL": "vax", "VAX_DOUBLE": "vax", "VAXG_REAL": "vaxg",
}  # fmt: skip
"""PDS3 Standards Reference, appendix C."""
_STORAGE: dict[str, Interleave] = {
    "BAND_SEQUENTIAL": "BSQ", "BSQ": "BSQ", "LINE_INTERLEAVED": "BIL", "BAND_INTERLEAVED_BY_LINE": "BIL", "BIL": "BIL",
    "SAMPLE_INTERLEAVED": "BIP", "PIXEL_INTERLEAVED": "BIP", "BAND_INTERLEAVED_BY_PIXEL": "BIP", "BIP": "BIP",
}  # fmt: skip
_SPECIAL = re.compile(
    r"(CORE_)?((MISSING|INVALID|NULL|UNKNOWN|NOT_APPLICABLE|ERROR|NO_DATA|NODATA|FILL|SATURATED|SATURATION|DUMMY)"
    r"(_CONSTANT|_VALUE)|NULL|(HIGH|LOW)_(REPR|REPRESENTATION|INSTR|INSTRUMENT)_SATURATION(_CONSTANT|_VALUE)?)"
)
_MASK = re.compile(r"(\d{1,2})#([0-9A-Fa-f]{1,64})#")
_BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?(?:[\s\x00]|/\*.*?\*/)*\^?([A-Za-z][\w:]*)\s*=\s*(\S*)", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where an object's bytes are, by its pointer."""

    file: str | None
    """None: in the label's own file."""
    offset_bytes: int


def begins_with_label(head: bytes) -> bool:
    """Do these first bytes of a file begin a PDS3 label?"""
    at = 0
    key = ""
    while found := _BEGINNING.match(head, at):
        key, value = found[1].decode().upper(), found[2].upper()
        if not (key.startswith(("CCSD", "NJPL")) and b"SFDU" in value):
            return key in FIRST_KEYS
        at = found.end()
    return key.startswith(("CCSD", "NJPL"))


def holds_image(data: bytes, name: str | None, size_bytes: int) -> bool:
    """Does the label at the start of a file point to an image in that file, readable or not? Parameters as below."""
    text, end = label_text(data)
    try:
        root = blocks_of(text)
        for block in (root, *root.walk()):
            for key, value in block.values.items():
                if re.fullmatch(r"\^(\w+_)?IMAGE", key):
                    items = items_of(value)
                    if items and _is_number(items[0]):
                        own = unquoted(block.nearest("FILE_NAME") or "")
                        if not own or name is None or _same(own, name) or end is None or end < size_bytes:
                            return True
                    elif items and name is not None and _same(items[0], name):
                        return True
        image_inside(data, name, size_bytes)
    except MediaError:
        return False
    return True


def other_data(data: bytes) -> str | None:
    """What a label describes that binary data in its own file follows, `TABLE`; None for a label alone."""
    text, end = label_text(data)
    if end is None or not re.search(rb"[^\t\n\f\r\x1a -~]", data[end:].strip(b"\x00")):
        return None
    return ", ".join(dict.fromkeys(key[1:] for key in blocks_of(text).values if key.startswith("^")))[:200] or "no data"


def image_inside(data: bytes, name: str | None, size_bytes: int) -> ImageObject:
    """The image that a label at the start of a file describes, in the same file.

    Parameters
    ----------
    data : the file's first bytes, at most `MAX_LABEL_BYTES` of them.
    name : the file's own, which a pointer may give; None where it is not known.
    size_bytes : of the whole file.

    Raises
    ------
    UnsupportedMedia : no image in this file, or one of a kind that is not read here.
    DamagedMedia : the label lacks what an image needs, or says what cannot be.
    RefusedMedia : over a limit.
    """
    text, end = label_text(data)
    label_end = end if end is not None else len(data)

    def is_here(place: _Place, block: Block) -> bool:
        if place.file is None or (name is not None and _same(place.file, name)):
            return True
        if place.offset_bytes < label_end:
            return False
        try:  # the file was renamed, where the image that its label points to is in it
            return _image(block, place.offset_bytes, ATTACHED).end_bytes <= size_bytes
        except MediaError:
            return False

    try:
        found = _found(text, is_here, "this file", is_attached=True)
        return _chosen(found, text, ATTACHED, label_end)
    except (DamagedMedia, UnsupportedMedia) as error:
        if end is None:
            raise DamagedMedia("its label is cut off: it has no END", "fetch it again") from error
        raise


def described_by(label: bytes, name: str, size_bytes: int) -> ImageObject:
    """The image in a file that a PDS3 label beside it describes.

    Raises
    ------
    UnsupportedMedia : it names another file, or no image of a kind that is read here.
    DamagedMedia : it lacks what an image needs, says what cannot be, or promises more bytes than there are.
    RefusedMedia : over a limit.
    """
    text, _ = label_text(label)

    def is_here(place: _Place, block: Block) -> bool:
        return place.file is not None and _same(place.file, name)

    image = _chosen(_found(text, is_here, name, is_attached=False), text, DETACHED, 0)
    if image.end_bytes > size_bytes:
        raise DamagedMedia(
            f"its label promises pixels up to byte {image.end_bytes}, {size_bytes} are there", "fetch both again"
        )
    return image


def files_named(label: bytes) -> tuple[str, ...]:
    """Names of the files that a label's pointers to data give, in its order; descriptions and catalogues left out."""
    text, _ = label_text(label)
    names: dict[str, None] = {}
    root = blocks_of(text)
    for block in (root, *root.walk()):
        for key, value in block.values.items():
            if key.startswith("^") and not re.search(r"STRUCTURE|DESC|CATALOG|CAT$|DOCUMENT|SOFTWARE", key):
                items = items_of(value)
                if items and not _is_number(items[0]) and "." in items[0]:
                    names.setdefault(items[0])
    return tuple(names)


def _same(written: str, name: str) -> bool:
    return written.partition(";")[0].casefold() == name.casefold()


def _found(
    text: str, is_here: Callable[[_Place, Block], bool], where: str, *, is_attached: bool
) -> list[tuple[Block, _Place]]:
    """The images in a file, the one called IMAGE first, with their places."""
    root = blocks_of(text)
    images = [block for block in root.walk() if block.name == "IMAGE" or block.name.endswith("_IMAGE")]
    if not images:
        pointers = list(
            dict.fromkeys(key[1:] for block in (root, *root.walk()) for key in block.values if key[:1] == "^")
        )
        if any(name == "IMAGE" or name.endswith("_IMAGE") for name in pointers):
            raise DamagedMedia("its label lacks OBJECT = IMAGE", "fix the label, or fetch the file again")
        raise UnsupportedMedia(f"its label describes {', '.join(pointers)[:200] or 'no data'}, not an image", NOTHING)
    placed = [(block, place) for block in images if (place := _place(block, is_attached=is_attached))]
    here = [(block, place) for block, place in placed if is_here(place, block)]
    if here:
        return sorted(here, key=lambda found: found[0].name != "IMAGE")  # stable: the label's order otherwise
    if placed:
        told = ", ".join(dict.fromkeys(place.file or "its own file" for _, place in placed))[:200]
        if is_attached:
            raise UnsupportedMedia(f"its pixels are in another file ({told})", "put both files into one folder")
        raise UnsupportedMedia(f"its label names {told}, not {where}", "give the label that belongs to it")
    raise DamagedMedia(f"its label lacks ^{images[0].name}, which says where the image is", FIX_LABEL)


def _place(block: Block, *, is_attached: bool) -> _Place | None:
    """By the pointer to a block; without one, the start of the file that the blocks around it name."""
    pointer = block.parent.nearest(f"^{block.name}") if block.parent else None
    file_name = block.nearest("FILE_NAME")
    own = unquoted(file_name) if file_name and not is_attached else None
    if pointer is None:
        return _Place(file=own, offset_bytes=0) if own else None
    items = items_of(pointer)
    file = own
    if items and not _is_number(items[0]):
        file, items = items[0], items[1:]
    if len(items) > 1 or (items and not _is_number(items[0])):
        raise UnsupportedMedia(f"its label points with ^{block.name} = {pointer[:80]}", FIX_LABEL)
    return _Place(file=file, offset_bytes=_offset(block, items[0]) if items else 0)


def _offset(block: Block, item: str) -> int:
    """`22` counts records from 1; `5001 <BYTES>` counts bytes from 1."""
    number, unit = int(number_of(item)), word_of(item.partition("<")[2].strip("> "))
    if number < 1:
        raise DamagedMedia(f"its label says ^{block.name} = {item[:40]}, but places count from 1", FIX_LABEL)
    if unit in ("BYTES", "BYTE"):
        return number - 1
    if unit not in ("", "RECORDS", "RECORD"):
        raise UnsupportedMedia(f"its label counts ^{block.name} in <{unit[:40]}>", "use records or <BYTES>")
    if number == 1:
        return 0
    record = block.nearest("RECORD_BYTES")
    if record is None or is_absent(record):
        raise DamagedMedia(f"its label lacks RECORD_BYTES, by which ^{block.name} = {number} counts", FIX_LABEL)
    return (number - 1) * _whole(record, "RECORD_BYTES")


def _chosen(found: list[tuple[Block, _Place]], text: str, kind: str, label_end: int) -> ImageObject:
    block, place = found[0]
    names = tuple(other.path.rstrip("/") for other, _ in found[1:])
    return _image(
        block, place.offset_bytes, kind, entries=tuple(statements(text)), others=names, label_end_bytes=label_end
    )


def _image(
    block: Block, offset_bytes: int, kind: str, *, entries: tuple[tuple[str, str], ...] = (),
    others: tuple[str, ...] = (), label_end_bytes: int = 0,
) -> ImageObject:  # fmt: skip
    encoding = block.values.get("ENCODING_TYPE", "N/A")
    if not is_absent(encoding):
        raise UnsupportedMedia(f"compressed as {unquoted(encoding)[:80]}", "decompress it first")
    bands = _number(block, "BANDS", 1)
    mask = _MASK.fullmatch(unquoted(block.values.get("SAMPLE_BIT_MASK", "")))
    return checked(
        ImageObject(
            format=kind, entries=entries, width_px=_number(block, "LINE_SAMPLES"), height_px=_number(block, "LINES"),
            band_count=bands, dtype=_dtype(block), offset_bytes=offset_bytes,
            row_prefix_bytes=_number(block, "LINE_PREFIX_BYTES", 0),
            row_suffix_bytes=_number(block, "LINE_SUFFIX_BYTES", 0), interleave=_interleave(block, bands),
            white_level=float(int(mask[2], int(mask[1]))) or None if mask and 2 <= int(mask[1]) <= 16 else None,
            specials=tuple(_specials(block)),
            valid_range=(_limit(block, "VALID_MINIMUM"), _limit(block, "VALID_MAXIMUM")),
            scaling=_scaling(block, bands), colours=_colours(block, bands), checksums=tuple(_checksums(block)),
            image_count=1 + len(others), others=others, orientation=_orientation(block),
            label_end_bytes=label_end_bytes,
        )
    )  # fmt: skip


def _dtype(block: Block) -> str:
    words, bits = word_of(_text(block, "SAMPLE_TYPE")), _number(block, "SAMPLE_BITS")
    kind = _TYPES.get(words)
    if kind in ("vax", "vaxg"):
        name = {"vax": {32: "vaxf4", 64: "vaxd8"}, "vaxg": {64: "vaxg8"}}[kind].get(bits)
        if name in VAX_TYPES:
            return name
    elif kind and bits in ((32, 64) if kind.endswith("f") else (8, 16, 32, 64)):
        return f"{kind}{bits // 8}"
    raise UnsupportedMedia(
        f"its label says SAMPLE_TYPE = {words[:80]} with SAMPLE_BITS = {bits}, which is not read here",
        "convert it first",
    )


def _interleave(block: Block, bands: int) -> Interleave:
    words = block.values.get("BAND_STORAGE_TYPE", "")
    if bands == 1 or is_absent(words):
        return "BSQ"
    if word_of(words) not in _STORAGE:
        raise UnsupportedMedia(
            f"its label says BAND_STORAGE_TYPE = {unquoted(words)[:80]}, which is not read here", "convert it first"
        )
    return _STORAGE[word_of(words)]


def _specials(block: Block) -> Iterator[Special]:
    for key, value in block.values.items():
        name = key.rpartition(":")[2]
        if _SPECIAL.fullmatch(name):
            is_saturated = "SATURAT" in name and not name.removeprefix("CORE_").startswith("LOW_")
            for item in items_of(value):
                if not is_absent(item):
                    yield Special(name=key, text=without_unit(item), is_saturated=is_saturated)


def _limit(block: Block, key: str) -> float | None:
    value = block.values.get(key, block.values.get(f"CORE_{key}", "N/A"))
    items = [item for item in items_of(value) if not is_absent(item)]
    return float(_real(items[0], key)) if len(items) == 1 else None


def _scaling(block: Block, bands: int) -> tuple[tuple[float, float], ...]:
    factors = _reals(block, "SCALING_FACTOR", 1.0)
    offsets = _reals(block, "OFFSET", 0.0)
    count = max(len(factors), len(offsets))
    if any(len(values) not in (1, count) for values in (factors, offsets)):
        raise DamagedMedia(f"its label has {len(factors)} SCALING_FACTORs and {len(offsets)} OFFSETs", FIX_LABEL)
    return tuple(zip(factors * (count // len(factors)), offsets * (count // len(offsets)), strict=True))


def _reals(block: Block, key: str, default: float) -> list[float]:
    value = block.values.get(key, block.values.get(f"SAMPLE_{key}", ""))
    items = items_of(value)
    if not items or all(is_absent(item) for item in items):
        return [default]
    return [float(_real(item, key)) for item in items]


def _colours(block: Block, bands: int) -> tuple[int, int, int] | None:
    for key in ("BAND_SEQUENCE", "BAND_NAME", "FILTER_NAME"):
        names = [word_of(item) for item in items_of(unquoted(block.values.get(key, "")))]
        if len(names) != bands or bands < 3:
            continue
        places = [
            next((place for place, name in enumerate(names) if name in (word, word[0])), None)
            for word in ("RED", "GREEN", "BLUE")
        ]
        if None not in places:
            return (places[0] or 0, places[1] or 0, places[2] or 0)
    return None


def _checksums(block: Block) -> Iterator[Checksum]:
    for key, value in block.values.items():
        if key == "CHECKSUM" and not is_absent(value):
            yield Checksum(name=key, text=without_unit(unquoted(value)), kind="sum")
        elif key in ("MD5_CHECKSUM", "MD5") and re.fullmatch(r"[0-9A-Fa-f]{32}", unquoted(value)):
            yield Checksum(name=key, text=unquoted(value).lower(), kind="md5")


def _orientation(block: Block) -> int:
    def direction(key: str, default: str) -> str:
        value = block.values.get(key, "N/A")
        return default if is_absent(value) else word_of(value)

    return orientation_of(direction("SAMPLE_DISPLAY_DIRECTION", "RIGHT"), direction("LINE_DISPLAY_DIRECTION", "DOWN"))


def _text(block: Block, key: str) -> str:
    if key not in block.values or is_absent(block.values[key]):
        raise DamagedMedia(f"its label lacks {block.path}{key}", "fix the label, or fetch the file again")
    return block.values[key]


def _number(block: Block, key: str, default: int | None = None) -> int:
    if default is not None and is_absent(block.values.get(key, "N/A")):
        return default
    return _whole(_text(block, key), key)


def _whole(text: str, key: str) -> int:
    number = _real(text, key)
    if number != int(number):
        raise DamagedMedia(f"its label says {key} = {text[:80]}, which is no whole number", FIX_LABEL)
    return int(number)


def _real(text: str, key: str) -> float | int:
    try:
        number = number_of(text)
        int(number)  # neither NaN nor infinite
    except (ValueError, OverflowError) as error:
        raise DamagedMedia(f"its label says {key} = {text[:80]}, which is no number", FIX_LABEL) from error
    return number


def _is_number(item: str) -> bool:
    try:
        number_of(item)
    except ValueError:
        return False
    return True
