"""Arguments as people type them in a notebook: those of another type are refused by name before any reading."""

from __future__ import annotations

import math
from numbers import Real

from processors.errors import RequestError


def as_number(name: str, value: object) -> float:
    """Return a number, one of numpy too; raises `RequestError` for anything else, as NaN or a number in quotes."""
    if isinstance(value, bool) or not isinstance(value, Real) or math.isnan(number := _float(value)):
        raise RequestError(f"{name} is {value!r}: must be a number")
    return number


def as_seconds(name: str, value: object) -> float:
    """Return a finite number; raises `RequestError` for anything else."""
    if math.isinf(seconds := as_number(name, value)):
        raise RequestError(f"{name} is {value!r}: must be finite")
    return seconds


def as_whole_number(name: str, value: object) -> int:
    """Return a whole number, also one that is written as 100.0; raises `RequestError` for anything else."""
    if isinstance(value, bool) or not isinstance(value, Real) or not _float(value).is_integer():
        raise RequestError(f"{name} is {value!r}: must be a whole number")
    return int(_float(value))


def _float(value: Real) -> float:
    """Return a number as a float, infinite where it is too large for one."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def as_text(name: str, value: object) -> str:
    """Return a text; raises `RequestError` for anything else."""
    if not isinstance(value, str):
        raise RequestError(f"{name} is {value!r}: must be a text")
    return value
