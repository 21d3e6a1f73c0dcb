"""Conversion of a PDS3 IMAGE object to the image model (PDS3 Standards Reference, appendices A and C)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from processors.errors import DamagedMedia, UnsupportedMedia
from processors.planetary.image_object import (
    FIX_LABEL,
    VAX_TYPES,
    Checksum,
    ImageObject,
    Interleave,
    Special,
    checked,
    finite,
    orientation_of,
)
from processors.planetary.pvl import Block, is_absent, items_of, number_of, unquoted, without_unit, word_of

_TYPES = {
    "MSB_INTEGER": ">i", "MSB_UNSIGNED_INTEGER": ">u", "INTEGER": ">i", "UNSIGNED_INTEGER": ">u",
    "SUN_INTEGER": ">i", "SUN_UNSIGNED_INTEGER": ">u", "MAC_INTEGER": ">i", "MAC_UNSIGNED_INTEGER": ">u",
    "IBM_INTEGER": ">i", "IBM_UNSIGNED_INTEGER": ">u", "LSB_INTEGER": "<i", "LSB_UNSIGNED_INTEGER": "<u",
    "PC_INTEGER": "<i", "PC_UNSIGNED_INTEGER": "<u", "VAX_INTEGER": "<i", "VAX_UNSIGNED_INTEGER": "<u",
    "IEEE_REAL": ">f", "REAL": ">f", "FLOAT": ">f", "SUN_REAL": ">f", "MAC_REAL": ">f", "PC_REAL": "<f",
    "VAX_REAL": "vax", "VAX_DOUBLE": "vax", "VAXG_REAL": "vaxg",
}  # fmt: skip
"""Sample types (PDS3 Standards Reference, appendix C)."""
_STORAGE: dict[str, Interleave] = {
    "BAND_SEQUENTIAL": "BSQ", "BSQ": "BSQ", "LINE_INTERLEAVED": "BIL", "BAND_INTERLEAVED_BY_LINE": "BIL", "BIL": "BIL",
    "SAMPLE_INTERLEAVED": "BIP", "PIXEL_INTERLEAVED": "BIP", "BAND_INTERLEAVED_BY_PIXEL": "BIP", "BIP": "BIP",
}  # fmt: skip
_SPECIAL = re.compile(
    r"(CORE_)?((MISSING|INVALID|NULL|UNKNOWN|NOT_APPLICABLE|ERROR|NO_DATA|NODATA|FILL|SATURATED|SATURATION|DUMMY)"
    r"(_CONSTANT|_VALUE)|NULL|(HIGH|LOW)_((REPR|REPRESENTATION|INSTR|INSTRUMENT)_)?SATURATION(_CONSTANT|_VALUE)?)"
)


def image_of(
    block: Block,
    offset_bytes: int,
    kind: str,
    *,
    entries: tuple[tuple[str, str], ...] = (),
    others: tuple[str, ...] = (),
    label_end_bytes: int = 0,
) -> ImageObject:
    """Return the image described by an object of a label.

    Parameters
    ----------
    kind : `ImageObject.format`; the other parameters are like its fields.

    Raises
    ------
    UnsupportedMedia : the image is compressed, or its type, order or direction is not supported.
    DamagedMedia : the object lacks a required entry, or has an impossible value.
    """
    encoding = block.values.get("ENCODING_TYPE", "N/A")
    if not is_absent(encoding):
        raise UnsupportedMedia(f"compressed as {unquoted(encoding)[:80]}", "decompress it first")
    bands = _number(block, "BANDS", 1)
    image = checked(
        ImageObject(
            format=kind,
            entries=entries,
            width_px=_number(block, "LINE_SAMPLES"),
            height_px=_number(block, "LINES"),
            band_count=bands,
            dtype=_dtype(block),
            offset_bytes=offset_bytes,
            row_prefix_bytes=_number(block, "LINE_PREFIX_BYTES", 0),
            row_suffix_bytes=_number(block, "LINE_SUFFIX_BYTES", 0),
            interleave=_interleave(block, bands),
            scaling=_scaling(block, bands),
            colours=_colours(block, bands),
            checksums=tuple(_checksums(block)),
            image_count=1 + len(others),
            others=others,
            orientation=_orientation(block),
            label_end_bytes=label_end_bytes,
        )
    )
    return with_meanings(image, block)


def with_meanings(image: ImageObject, block: Block) -> ImageObject:
    """Return an image with the constants, limits and bit mask that an object says of its stored numbers.

    Raises
    ------
    DamagedMedia : a limit is not a number.
    """
    limits = (_limit(block, "VALID_MINIMUM"), _limit(block, "VALID_MAXIMUM"))
    return replace(image, white_level=_mask(block), specials=tuple(_specials(block)), valid_range=limits)


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
        f"its label says SAMPLE_TYPE = {words[:80]} with SAMPLE_BITS = {bits}, which is not supported",
        "convert it first",
    )


def _interleave(block: Block, bands: int) -> Interleave:
    words = block.values.get("BAND_STORAGE_TYPE", "")
    if bands == 1 or is_absent(words):
        return "BSQ"
    if word_of(words) not in _STORAGE:
        raise UnsupportedMedia(
            f"its label says BAND_STORAGE_TYPE = {unquoted(words)[:80]}, which is not supported", "convert it first"
        )
    return _STORAGE[word_of(words)]


def _mask(block: Block) -> float | None:
    """Return the largest number allowed by the bit mask; None without a mask."""
    try:
        return float(int(number_of(block.values.get("SAMPLE_BIT_MASK", "")))) or None
    except (ValueError, OverflowError):
        return None


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
    return float(finite(items[0], key)) if len(items) == 1 else None


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
    return [float(finite(item, key)) for item in items]


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
        raise DamagedMedia(f"its label lacks {block.path}{key}", "fix the label, or download it again")
    return block.values[key]


def _number(block: Block, key: str, default: int | None = None) -> int:
    if default is not None and is_absent(block.values.get(key, "N/A")):
        return default
    return whole(_text(block, key), key)


def whole(text: str, key: str) -> int:
    """Return a whole number of a label; raises `DamagedMedia`, naming the key, for any other text."""
    number = finite(text, key)
    if number != int(number):
        raise DamagedMedia(f"its label says {key} = {text[:80]}, which is not a whole number", FIX_LABEL)
    return int(number)
