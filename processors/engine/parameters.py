"""Changes to a processor's parameters by name, from a command line, a recipe file, a form or a result's record."""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Mapping
from typing import Any, Literal, Union, cast, get_args, get_origin

from processors.contract import Processor
from processors.errors import RequestError
from processors.json_records import Json, field_types, from_json


def parse_settings(words: tuple[str, ...]) -> dict[str, str]:
    """Read `key=value` words.

    Raises
    ------
    RequestError : a word without `=`, or a repeated key.
    """
    settings: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise RequestError(f"--set {word}: has no value; write it as key=value")
        if key in settings:
            raise RequestError(f"--set {word}: {key} is given twice; remove one")
        settings[key] = value
    return settings


def settings_of(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return values of TOML or JSON as `--set` has them; those of a nested table have dotted names."""
    settings: dict[str, str] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            settings |= settings_of(cast("dict[str, Any]", value), f"{prefix}{key}.")
        else:
            settings[f"{prefix}{key}"] = _text(value)
    return settings


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(_text, cast("list[Any]", value)))
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def changed(processor: Processor, settings: Mapping[str, str]) -> Processor:
    """Return the processor with other parameters; `measurements.width_px` sets a parameter of a nested record.

    Raises
    ------
    RequestError : no such parameter, or an invalid value; the message names both and the choices.
    """
    return _changed(processor, settings, f"{processor.name}: ")


def from_parameters(kind: type[Any], parameters: Mapping[str, Json]) -> Processor:
    """Return the processor that a result's manifest describes.

    Raises
    ------
    RequestError : the processor no longer accepts such parameters.
    """
    try:
        return from_json(kind, parameters, is_strict=True)
    except (TypeError, ValueError, KeyError) as error:
        raise RequestError(f"{kind.name}: the current version does not accept these parameters: {error}") from error


def _changed(record: Any, settings: Mapping[str, str], where: str) -> Any:
    """Return the record with all settings changed at once, because parameters may depend on each other."""
    inner: dict[str, dict[str, str]] = {}
    new: dict[str, Any] = {}
    for key, text in settings.items():
        name, dot, rest = key.partition(".")
        hint = field_types(type(record)).get(name)
        if hint is None:
            raise RequestError(f"{where}{name}: no such parameter; use one of {', '.join(_names(record))}")
        value = getattr(record, name)
        if _is_read_from_a_file(hint) and not dot:
            new[name] = _from_text(hint, text, f"{where}{name}")
        elif dataclasses.is_dataclass(value) and not dot:
            raise RequestError(
                f"{where}{name} has parameters of its own; set one of them: {name}.{f', {name}.'.join(_names(value))}"
            )
        elif dataclasses.is_dataclass(value):
            inner.setdefault(name, {})[rest] = text
        elif dot:
            raise RequestError(f"{where}{name} has no parameters of its own; set {name} itself")
        else:
            new[name] = _from_text(hint, text, f"{where}{name}")
    for name, settings_of_it in inner.items():
        new[name] = _changed(getattr(record, name), settings_of_it, f"{where}{name}.")
    try:
        made = dataclasses.replace(record, **new)
    except ValueError as error:
        raise RequestError(f"{where}{error}") from error
    for name, value in new.items():
        if (now := getattr(made, name)) != value:
            raise RequestError(
                f"{where}{name} is {value!r}: the other parameters make it {now!r}; leave one of them out"
            )
    return made


def _is_read_from_a_file(hint: Any) -> bool:
    """Return True for a record, perhaps optional, with `from_text`, which reads the file that the text names."""
    return any(hasattr(one, "from_text") for one in (hint, *get_args(hint)))


def _names(record: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(record)]


def _from_text(hint: Any, text: str, where: str) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        if text == "none" and type(None) in inner:
            return None
        return _from_text(next(one for one in inner if one is not type(None)), text, where)
    if hasattr(hint, "from_text"):
        try:
            return hint.from_text(text)
        except OSError as error:
            raise RequestError(f"{where}: {text}: {error.strerror}; name a file that can be read") from error
        except ValueError as error:
            raise RequestError(f"{where}: {error}") from error
    if origin is Literal:
        found = [choice for choice in inner if str(choice) == text]
        if not found:
            raise RequestError(f"{where} is {text!r}: must be one of {', '.join(map(str, inner))}")
        return found[0]
    if origin is tuple:
        parts = text.split(",") if text else []
        return tuple(_from_text(inner[0], part.strip(), where) for part in parts)
    if hint is bool:
        if text not in ("true", "false"):
            raise RequestError(f"{where} is {text!r}: must be true or false")
        return text == "true"
    if hint is str:
        return text
    if hint not in (int, float):
        raise RequestError(f"{where}: cannot be set here; set it in flows/recipes.py")
    try:
        number = hint(text)
        if not math.isfinite(number):
            raise ValueError(text)
        return number
    except (ValueError, OverflowError) as error:
        kind = "a whole number" if hint is int else "a number"
        raise RequestError(f"{where} is {text!r}: must be {kind}") from error
