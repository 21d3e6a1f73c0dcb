"""Values of an image, stored and scaled, with masks of missing measurements."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, BinaryIO

import numpy as np

from processors.errors import DamagedMedia
from processors.planetary.image_object import VAX_TYPES, Checksum, ImageObject, Special, not_a_number
from processors.planetary.pvl import number_of
from processors.planetary.vax import from_vax

NEAR = {4: 1e-6, 8: 1e-12}
"""Relative tolerance for matching a stored float with a label's decimal constant, by bytes."""
LEAST_SHARE = 1 / 64
"""Of the bytes of an image that a file must hold for it to be read: the rest takes memory, too."""
_BITS = re.compile(r"(\d{1,2})#([0-9A-Fa-f]{1,16})#|0[xX]([0-9A-Fa-f]{1,16})")


@dataclass(frozen=True, kw_only=True)
class Samples:
    """An upright image, shape (height, width) or (height, width, bands), bands in file order."""

    values: np.ndarray
    """Scaled values: stored numbers times factor plus offset, in native byte order."""
    valid: np.ndarray | None
    """Bool, same shape: False where a special constant or no number is stored; None: all are measurements."""
    saturated: np.ndarray | None
    """Bool, same shape: True where the label marks the value as too bright to measure; None: nowhere."""
    declared_white: float | None
    """Largest value allowed by the label's bit mask."""
    damage: str | None
    """Mismatch of a checksum in the label, or where the file ends; None if there is none."""
    absent: np.ndarray | None = None
    """Bool, same shape: True where the file ends before the value, which is not valid either; None: nowhere."""

    def of_bands(self, bands: tuple[int, ...]) -> Samples:
        """Return some bands in this order; for a single one, without a band axis."""
        if self.values.ndim == 2:
            return self
        chosen = bands[0] if len(bands) == 1 else list(bands)
        return dataclasses.replace(
            self,
            values=self.values[..., chosen],
            valid=None if self.valid is None else self.valid[..., chosen],
            saturated=None if self.saturated is None else self.saturated[..., chosen],
            absent=None if self.absent is None else self.absent[..., chosen],
        )


def read_samples(file: BinaryIO, image: ImageObject) -> Samples:
    """Read the scaled values and the masks of missing ones, also of an image whose end the file lacks.

    Raises
    ------
    DamagedMedia : the file holds next to nothing of the image, or a constant of the label is not a number.
    """
    size = file.seek(0, 2)
    damage = _cut_off(image, size)
    data = _bytes(file, image)
    stored = _arranged(_numbers(image, data), image)
    absent = None
    if damage:
        absent = _upright(_arranged(_is_behind(image, size), image), image)
    else:
        damage = next(_mismatches(image, data, stored), None)
    del data
    stored = _upright(stored, image)
    active = _active_bits(image, stored)
    valid, saturated = _masks(image, stored, active)
    if absent is not None:
        valid = ~absent if valid is None else valid & ~absent
        saturated = None if saturated is None else saturated & ~absent
    return Samples(
        values=_meant(image, active),
        valid=valid,
        saturated=saturated,
        declared_white=image.white_level if image.scaling == ((1.0, 0.0),) else None,
        damage=damage,
        absent=absent,
    )


def _cut_off(image: ImageObject, size: int) -> str | None:
    """Return in words that a file of this size ends before its image; None if it does not.

    Raises
    ------
    DamagedMedia : not one row, or less than `LEAST_SHARE` of it, is there.
    """
    if image.end_bytes <= size:
        return None
    there, wanted = max(0, size - image.offset_bytes), image.end_bytes - image.offset_bytes
    words = f"its label declares {wanted} bytes of pixels, but the file has {there}"
    if there < max(image.row_bytes - image.row_suffix_bytes, wanted * LEAST_SHARE):
        raise DamagedMedia(f"truncated: {words}")
    return words


def _is_behind(image: ImageObject, size: int) -> np.ndarray:
    """Return which numbers are, in whole or in part, beyond the end of a file of this size, shape (rows, numbers)."""
    starts = image.offset_bytes + image.row_prefix_bytes + np.arange(image.row_count, dtype=np.int64) * image.row_bytes
    there = np.clip((size - starts) // image.sample_bytes, 0, image.row_samples)
    return np.arange(image.row_samples) >= there[:, None]


def _bytes(file: BinaryIO, image: ImageObject) -> np.ndarray:
    """Read the numbers without prefixes and suffixes, uint8, shape (rows, bytes); zeros where the file ends before."""
    file.seek(image.offset_bytes)
    rows, row_bytes, width = image.row_count, image.row_bytes, image.row_samples * image.sample_bytes
    data = np.frombuffer(file.read(rows * row_bytes).ljust(rows * row_bytes, b"\0"), np.uint8).reshape(rows, row_bytes)
    return np.ascontiguousarray(data[:, image.row_prefix_bytes : image.row_prefix_bytes + width])


def _numbers(image: ImageObject, data: np.ndarray) -> np.ndarray:
    """Return the stored numbers in native byte order, in the order of the file."""
    if image.dtype in VAX_TYPES:
        return from_vax(data.reshape(-1), image.dtype)
    return data.view(image.dtype).astype(np.dtype(image.dtype).newbyteorder("="), copy=False)


def _arranged(values: np.ndarray, image: ImageObject) -> np.ndarray:
    """Return values in the order of the file in shape (height, width) or (height, width, bands)."""
    width, height, bands = image.width_px, image.height_px, image.band_count
    if bands == 1:
        return values.reshape(height, width)
    if image.interleave == "BIP":
        return values.reshape(height, width, bands)
    if image.interleave == "BIL":
        return values.reshape(height, bands, width).transpose(0, 2, 1)
    return values.reshape(bands, height, width).transpose(1, 2, 0)


def _upright(values: np.ndarray, image: ImageObject) -> np.ndarray:
    if image.orientation >= 5:
        values = values.swapaxes(0, 1)
    flipped = {2: (1,), 3: (0, 1), 4: (0,), 6: (1,), 7: (0, 1), 8: (0,)}.get(image.orientation)
    return np.flip(values, flipped) if flipped else values


def _active_bits(image: ImageObject, stored: np.ndarray) -> np.ndarray:
    """Apply the label's bit mask (PDS3 SAMPLE_BIT_MASK); negative numbers are unchanged."""
    if image.white_level is None or stored.dtype.kind not in "iu":
        return stored
    mask = int(image.white_level)
    if mask >= np.iinfo(stored.dtype).max:
        return stored
    active = stored & stored.dtype.type(mask)
    return active if stored.dtype.kind == "u" else np.where(stored < 0, stored, active)


def _masks(image: ImageObject, stored: np.ndarray, active: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return masks of measurements and of saturation, by the label's constants and limits, in stored numbers.

    Parameters
    ----------
    active : the same without the bits that the label masks; a constant may be written with them or without.
    """
    invalid: np.ndarray | None = None
    saturated: np.ndarray | None = None
    for special, found in _of_specials(image, stored, active):
        invalid = found if invalid is None else invalid | found
        if special.is_saturated:
            saturated = found if saturated is None else saturated | found
    low, high = image.valid_range
    for outside in (active < low if low is not None else None, active > high if high is not None else None):
        if outside is not None and outside.any():
            invalid = outside if invalid is None else invalid | outside
    if stored.dtype.kind == "f" and not np.isfinite(stored).all():
        invalid = ~np.isfinite(stored) if invalid is None else invalid | ~np.isfinite(stored)
    return (None if invalid is None else ~invalid), saturated


@dataclass(frozen=True, kw_only=True)
class _Constant:
    """Constant of a label as a stored number, for an integer image an integer."""

    number: float
    tolerance: float
    """Distance within which a stored float counts as a decimal of the label; 0 for integers and stored bits."""

    def is_stored(self, stored: np.ndarray) -> np.ndarray:
        """Return where it is stored: bool, same shape."""
        if not self.tolerance:
            return stored == self.number  # NaN is never a measurement, whatever the label says
        with np.errstate(over="ignore", invalid="ignore"):
            rounded = stored.dtype.type(self.number)
            return (np.abs(stored - rounded) <= self.tolerance) | (stored == rounded)

    def may_be_taken_for(self, other: _Constant) -> bool:
        return 0 < abs(self.number - other.number) <= self.tolerance + other.tolerance


def _of_specials(image: ImageObject, stored: np.ndarray, active: np.ndarray) -> Iterator[tuple[Special, np.ndarray]]:
    """Yield where each constant of the label is stored; a number within the tolerance of several is the nearest one.

    The five constants of ISIS are neighbours: of 32 bits they differ by less than the digits of some labels.
    """
    constants = {special: _constant(image, stored.dtype, special) for special in image.specials}
    for special, constant in constants.items():
        if constant is None:
            continue
        found = constant.is_stored(stored)
        if active is not stored:
            found |= constant.is_stored(active)
        for other in constants.values():
            if other and constant.may_be_taken_for(other) and found.any():
                numbers = stored[found].astype(np.float64)
                found[found] = np.abs(numbers - constant.number) <= np.abs(numbers - other.number)
        if found.any():
            yield special, found


def _constant(image: ImageObject, stored: np.dtype[Any], special: Special) -> _Constant | None:
    """Return a constant of the label; None if numbers of this type cannot hold it."""
    bits = _BITS.fullmatch(special.text)
    if bits and (bits[3] or int(bits[1]) in (2, 8, 16)):  # the digits represent the stored bits
        try:
            value = int(bits[3] or bits[2], 16 if bits[3] else int(bits[1]))
        except ValueError as error:
            raise not_a_number(special.name, special.text) from error
        return None if value >= 1 << image.bits else _Constant(number=_of_bits(value, image, stored), tolerance=0)
    try:
        number = number_of(special.text)
    except ValueError as error:
        raise not_a_number(special.name, special.text) from error
    if stored.kind == "f":
        number = float(number)
        near = abs(number) * NEAR[stored.itemsize]
        return _Constant(number=number, tolerance=near if np.isfinite(number) else 0)
    limits = np.iinfo(stored)
    if number != number or abs(number) == float("inf") or number != int(number):
        return None
    return _Constant(number=int(number), tolerance=0) if limits.min <= number <= limits.max else None


def _of_bits(value: int, image: ImageObject, stored: np.dtype[Any]) -> float:
    """Return the number of the image whose bits, as an integer in the same order, are this value."""
    if image.dtype in VAX_TYPES:
        return from_vax(np.array([value], f"<u{image.sample_bytes}").view(np.uint8), image.dtype)[0].item()
    return np.array([value], f"u{stored.itemsize}").view(stored)[0].item()


def _meant(image: ImageObject, stored: np.ndarray) -> np.ndarray:
    """Return stored x factor + offset; integers stay integers if only integers are added."""
    if set(image.scaling) == {(1.0, 0.0)}:
        return stored
    (factor, offset) = image.scaling[0]
    if len(set(image.scaling)) == 1 and factor == 1 and offset == int(offset) and stored.dtype.kind in "iu":
        low, high = int(stored.min(initial=0)) + int(offset), int(stored.max(initial=0)) + int(offset)
        for kind in (np.uint16, np.int32, np.int64):
            if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max and stored.dtype != np.uint64:
                return (stored.astype(np.int64) + int(offset)).astype(kind)
    exact = np.float32 if stored.dtype.itemsize <= 2 or stored.dtype == np.float32 else np.float64
    factors, offsets = (np.array(part, np.float64) for part in zip(*image.scaling, strict=True))
    with np.errstate(over="ignore", invalid="ignore"):
        return (stored * factors + offsets if len(factors) > 1 else stored * factor + offset).astype(exact)


def _mismatches(image: ImageObject, data: np.ndarray, stored: np.ndarray) -> Iterator[str]:
    for checksum in image.checksums:
        if checksum.kind == "md5":
            found = hashlib.md5(data.tobytes(), usedforsecurity=False).hexdigest()
            if found != checksum.text:
                yield f"the label's {checksum.name} is {checksum.text}, the pixels have {found}"
        elif stored.dtype.kind in "iu" and (told := _sum_mismatch(checksum, data, stored)):
            yield told


def _sum_mismatch(checksum: Checksum, data: np.ndarray, stored: np.ndarray) -> str | None:
    """Compare a 32-bit sum of all numbers or of their bytes; labels may round it to a few digits."""
    try:
        written = Decimal(str(number_of(checksum.text)) if "#" in checksum.text else checksum.text)
    except (InvalidOperation, ValueError):
        return None
    exponent = written.as_tuple().exponent
    if not isinstance(exponent, int) or abs(exponent) > 40 or len(checksum.text) > 40:
        return None
    allowed = Decimal(10) ** exponent if exponent > 0 else 0
    total = int(stored.sum(dtype=np.int64 if stored.dtype.kind == "i" else np.uint64))
    if any(abs(found - written) <= allowed for found in (total, total % (1 << 32), int(data.sum(dtype=np.uint64)))):
        return None
    return f"the label's {checksum.name} is {checksum.text}, the pixels add up to {total}"
