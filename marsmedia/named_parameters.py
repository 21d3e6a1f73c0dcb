"""Parameters by which a notebook chooses a result: dotted names, records by their file or name, and their values."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from processors.contract import normalised
from processors.errors import RequestError
from processors.json_records import Json, as_json, field_types, from_json

NamePath = tuple[str, ...]
MISSING = object()


@dataclasses.dataclass(frozen=True)
class NamedParameter:
    """One parameter with the value that the caller wants."""

    path: NamePath
    """Names from the outermost in: `spectrogram`, `window_samples`."""
    given: object
    """Value as the caller wrote it."""
    values: tuple[Json, ...]
    """Values in the form of a manifest; any of them matches."""
    record_name: str | None = None
    """Name of the intended record, whatever else it holds."""

    def is_in(self, recorded: Mapping[str, Json]) -> bool:
        """Return whether a result's parameters have this value."""
        value = at(recorded, self.path)
        is_called = isinstance(value, dict) and self.record_name is not None and value.get("name") == self.record_name
        return is_called or value in self.values

    @property
    def setting(self) -> str:
        """Return `--set NAME=VALUE` as a shell takes it; a record that is known by its name only is `FILE`."""
        return f"--set {'.'.join(self.path)}={'FILE' if self.is_file else shlex.quote(self.text)}"

    @property
    def is_file(self) -> bool:
        """Return whether it is a record that a command takes from a file, but whose file is not known here."""
        return isinstance(self.given, Mapping) or (self.record_name is not None and not self.values)

    @property
    def is_missing_file(self) -> bool:
        """Return whether it is written as the path of a record's file, and no such file is there."""
        is_path = isinstance(self.given, Path) or (self.record_name or "").endswith(".toml")
        return is_path and not self.values

    @property
    def text(self) -> str:
        """Return the value as `--set` takes it, unquoted."""
        if isinstance(self.given, list | tuple):
            return ",".join(map(str, self.given))
        if self.given is None or isinstance(self.given, bool):
            return str(self.given).lower()
        return str(self.given)


def named_parameters(
    kind: type[Any] | None, given: Mapping[str, object], recorded: Sequence[Mapping[str, Json]], processor: str
) -> list[NamedParameter]:
    """Return the parameters that a caller names.

    Parameters
    ----------
    kind : class of the processor; None if it no longer exists.
    given : values by name: `window_samples=4096`, `{"spectrogram.window_samples": 4096}`, `spectrogram={...}`; a
        calibration by its file, its name, or as a dict.
    recorded : parameters of the existing results; they may have names of an earlier version.

    Raises
    ------
    RequestError : no such parameter, a text in place of a number, or a record's file is missing or invalid.
    """
    found = [one for name, value in given.items() for one in _expanded(kind, tuple(name.split(".")), value)]
    for one in found:
        where = ".".join(one.path)
        if isinstance(one.given, str) and (expected := _number_in(_hint(kind, one.path))):
            raise RequestError(f"{processor}: {where} is {one.given!r}: must be {expected}")
        if one.is_missing_file and not any(one.is_in(other) for other in recorded):
            raise RequestError(f"{processor}: {where} is {one.record_name!r}: no such file")
        if not _exists(kind, one.path) and all(at(other, one.path) is MISSING for other in recorded):
            names = ", ".join(_choices(kind, one.path, recorded))
            raise RequestError(f"{processor}: {where}: no such parameter; use one of {names}")
    return found


def _number_in(hint: Any) -> str | None:
    """Return what a parameter takes in words, if that is a number or several; None for all that a text may be."""
    every = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    kinds = [one for one in every if one is not type(None)]
    if kinds and all(one in (int, float) for one in kinds):
        return "a number"
    if len(kinds) == 1 and get_origin(kinds[0]) is tuple:
        inner = {one for one in get_args(kinds[0]) if one is not Ellipsis}
        return "a tuple of numbers" if inner <= {int, float} else None
    return None


def _choices(kind: type[Any] | None, path: NamePath, recorded: Sequence[Mapping[str, Json]]) -> list[str]:
    """Return the names of the deepest record that a path with a wrong name leads into."""
    for depth in range(len(path) - 1, -1, -1):
        record = _record(kind if not depth else _hint(kind, path[:depth]))
        inside = [at(other, path[:depth]) for other in recorded]
        names = list(
            field_types(record)
            if record
            else dict.fromkeys(name for one in inside if isinstance(one, dict) for name in sorted(one))
        )
        if names:
            return [".".join((*path[:depth], name)) for name in names]
    return []


def not_default(processor: str, recorded: Mapping[str, Json]) -> list[str]:
    """Return the parameters of a result that differ from the defaults of its processor today, as `name=value`.

    What an input has with the same name and value is left out, and what a release says, such as a start. Empty of a
    processor that no longer exists.
    """
    from flows.run.recipe_changes.load_recipes import processor_class
    from processors.contract import parameters

    try:
        default = parameters(processor_class(processor)())
    except RequestError:
        return []
    found = sorted(differences(recorded, default, (), is_same_version=False), key=lambda one: len(one[0]))
    named = ((path, value) for path, value, _ in reversed(found) if not isinstance(value, dict) or "name" in value)
    told = {(path[-1], short_text(value)): ".".join(path) for path, value in named}
    return sorted(f"{name}={text}" for (_, text), name in told.items())


def short_text(value: Json) -> str:
    """Return a value for a message; of a record its name."""
    if isinstance(value, dict):
        return repr(value.get("name", "another record"))
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def at(record: object, path: NamePath) -> Any:
    """Return a value inside nested records; `MISSING` if there is none."""
    for name in path:
        if not isinstance(record, dict) or name not in record:
            return MISSING
        record = record[name]
    return record


def grafted(onto: Mapping[str, Json], values: Mapping[str, Json], paths: Sequence[NamePath]) -> dict[str, Json]:
    """Return nested records with the values of others at some paths."""
    new = dict(onto)
    for path in paths:
        name, *inner = path
        below, theirs = new.get(name), values.get(name)
        if inner and isinstance(below, dict) and isinstance(theirs, dict):
            new[name] = grafted(below, theirs, [tuple(inner)])
        else:
            new[name] = theirs
    return new


def differences(
    made: Mapping[str, Json], asked: Mapping[str, Json], named: Sequence[NamePath], *, is_same_version: bool
) -> Iterator[tuple[NamePath, Json, Json]]:
    """Yield path and both values of each parameter that differs and is not named.

    Parameters
    ----------
    is_same_version : False ignores parameters that only one of them has: another version has others.
    """
    for name in sorted(made.keys() | asked.keys()):
        if (name,) in named or (not is_same_version and (name not in made or name not in asked)):
            continue
        one, other = made.get(name), asked.get(name)
        if isinstance(one, dict) and isinstance(other, dict):
            inside = [path[1:] for path in named if path[0] == name]
            for path, ours, theirs in differences(one, other, inside, is_same_version=is_same_version):
                yield (name, *path), ours, theirs
        elif one != other:
            yield (name,), one, other


def _expanded(kind: type[Any] | None, path: NamePath, value: object) -> Iterator[NamedParameter]:
    """Yield one parameter, or those of an input's that a dict names."""
    hint = _hint(kind, path)
    record = _record_of_file(hint)
    if isinstance(value, Mapping) and record is None:
        for name, inner in value.items():
            yield from _expanded(kind, (*path, *str(name).split(".")), inner)
    elif record is not None and value is not None:
        yield _named_record(record, path, value)
    else:
        yield NamedParameter(path, value, (_plain(value),))


def _named_record(record: Any, path: NamePath, value: object) -> NamedParameter:
    where = ".".join(path)
    if isinstance(value, record):
        return NamedParameter(path, value, (normalised(as_json(value)),))
    if isinstance(value, Mapping):
        if lacking := [one for one in _needed(record) if one not in value]:
            raise RequestError(f"{where} lacks {' and '.join(lacking)}; give the keys of its file")
        try:
            return NamedParameter(path, value, (normalised(as_json(from_json(record, dict(value), is_strict=True))),))
        except (TypeError, ValueError, KeyError) as error:
            raise RequestError(f"{where}: {error}; give the keys of its file") from error
    if not isinstance(value, str | Path):
        raise RequestError(f"{where} is {value!r}: must be a file, a name, or a dict with the keys of the file")
    if not Path(value).is_file():
        return NamedParameter(path, value, (), str(value))
    try:
        read = record.from_text(str(value))
    except (ValueError, OSError) as error:
        raise RequestError(f"{where}: {error}") from error
    return NamedParameter(path, value, (normalised(as_json(read)),), str(value))


def _needed(record: Any) -> list[str]:
    """Return the fields of a record that have no default."""
    return [one.name for one in dataclasses.fields(record) if one.default is one.default_factory is dataclasses.MISSING]


def _record_of_file(hint: Any) -> Any:
    """Return the type of a record that is read from a file; None for other types."""
    return next((one for one in (hint, *get_args(hint)) if hasattr(one, "from_text")), None)


def _hint(kind: Any, path: NamePath) -> Any:
    """Return the type of a parameter inside nested records; None if there is no such parameter."""
    for name in path:
        record = _record(kind)
        kind = field_types(record).get(name) if record else None
    return kind


def _record(hint: Any) -> type[Any] | None:
    """Return the type of a record, perhaps optional; None for other types."""
    found = next((one for one in (hint, *get_args(hint)) if dataclasses.is_dataclass(one)), None)
    return found if isinstance(found, type) else None


def _exists(kind: type[Any] | None, path: NamePath) -> bool:
    return _hint(kind, path) is not None


def _plain(value: object) -> Json:
    """Return a value as a manifest has it: tuples are lists, numbers of numpy plain ones."""
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if hasattr(value, "tolist"):
        value = value.tolist()  # type: ignore[union-attr]
    return normalised(value)  # type: ignore[arg-type]
