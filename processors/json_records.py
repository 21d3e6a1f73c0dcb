"""Frozen records as plain JSON and back, and the one form of JSON that is hashed. On the ground."""

from __future__ import annotations

import dataclasses
import functools
import json
import math
from collections.abc import Mapping
from fractions import Fraction
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def as_json(value: Any) -> Json:
    """Return a record as plain JSON: dataclasses as objects, tuples as lists, a Fraction as float seconds.

    A field with `is_added_later` in its metadata is left out at its default, so that earlier records stay the same.

    Raises
    ------
    ValueError : NaN or infinity; an unknown number is None.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Fraction):
        return float(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is not a number that can be stored: use None for unknown")
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        told = {field: getattr(value, field.name) for field in dataclasses.fields(value)}
        return {
            field.name: as_json(one)
            for field, one in told.items()
            if not field.metadata.get("is_added_later") or one != field.default
        }
    if isinstance(value, Mapping):
        return {str(key): as_json(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(entry) for entry in value]
    raise TypeError(f"{type(value).__name__} cannot be stored as JSON")


def from_json(kind: type[T], value: Any, *, is_strict: bool = False) -> T:
    """Return the record that `as_json` wrote.

    Parameters
    ----------
    is_strict : refuse fields that the record does not have, and require all without a default. Otherwise results of
        other versions are accepted: fields unknown to this one are ignored, and missing ones are None.

    Raises
    ------
    TypeError, KeyError : a field without a default that cannot be None is missing, or a field is refused.
    """
    read: Any = _read(kind, value, is_strict)
    return read


def _read(hint: Any, value: Any, is_strict: bool) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if value is None or origin is Literal:
        return value
    if origin in (Union, UnionType):
        return _read(next(one for one in inner if one is not type(None)), value, is_strict)
    if origin is tuple:
        return tuple(_read(inner[0], one, is_strict) for one in value)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        types, known = field_types(hint), value if is_strict else value.keys() & field_types(hint).keys()
        given = {name: _read(types[name], value[name], is_strict) for name in known}
        return hint(**(given if is_strict else _unknown(hint, types) | given))
    return hint(value) if hint in (float, Fraction) else value


def _unknown(kind: Any, types: Mapping[str, Any]) -> dict[str, None]:
    """Return None for each field that accepts it and has no other default."""
    open_fields = (one for one in dataclasses.fields(kind) if one.default is one.default_factory is dataclasses.MISSING)
    return {one.name: None for one in open_fields if type(None) in get_args(types[one.name])}


@functools.cache
def field_types(kind: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def canonical_json(value: Json) -> bytes:
    """Return the only form of JSON that this project hashes: sorted keys, no spaces, UTF-8, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
