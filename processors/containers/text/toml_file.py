"""Hand-written TOML files, validated by a pydantic model; every mistake is reported with its line and fix."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from processors.errors import meant

if TYPE_CHECKING:  # not imported unless needed
    from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound="BaseModel")
KeyPath = tuple[str | int, ...]
"""Keys and, in lists, indices from 0, like pydantic's `loc`."""

MAX_BYTES = 1 << 20
MAX_SHOWN_CHARACTERS = 100
"""Maximum length of a value in a message."""

_KEY = r"(?:[A-Za-z0-9_-]+|\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*')"
_KEYS = rf"{_KEY}(?:[ \t]*\.[ \t]*{_KEY})*"
_STATEMENT = re.compile(rf"[ \t]*(?:(?P<head>\[\[?)[ \t]*(?P<table>{_KEYS})[ \t]*\]\]?|(?P<keys>{_KEYS})[ \t]*=)")
_TOKEN = re.compile(
    r"\"\"\"(?:\\.|[^\\])*?\"{3,5}|'''.*?'{3,5}|\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'|#[^\n]*|[\[\]{}]|\n", re.DOTALL
)
QUOTES = "\"'"
_MARKS = {
    **dict.fromkeys("“”„‟＂「」『』", '"'),
    **dict.fromkeys("‘’＇", "'"),
    **dict.fromkeys("，、", ","),
    **dict.fromkeys("［【", "["),
    **dict.fromkeys("］】", "]"),
    "＝": "=",
    "＃": "#",
}
"""Marks of Chinese keyboards and word processors, and those of TOML for which they are written."""
_WRONG = {
    "missing": "missing; add it",
    "string_type": "not text ({value}); write it in quotes",
    "bool_type": "neither true nor false ({value}); write one of them without quotes",
    "int_type": "not a whole number ({value}); write digits only",
    "float_type": "not a number ({value}); write digits without quotes",
    "finite_number": "not a finite number ({value}); write digits",
    "list_type": "not a list ({value}); write its entries in [ ]",
    "model_type": "not a section ({value}); write [{key}] on a line of its own",
    "too_short": "too few entries ({value}); give at least {min_length}",
    "too_long": "too many entries ({value}); give at most {max_length}",
    "string_too_short": "empty ({value}); write a text",
    "literal_error": "unknown value ({value}); use {expected}",
    "greater_than": "out of range ({value}); use a number above {gt:g}",
    "greater_than_equal": "out of range ({value}); use {ge:g} or more",
    "less_than": "out of range ({value}); use a number below {lt:g}",
    "less_than_equal": "out of range ({value}); use {le:g} or less",
}
"""Messages by pydantic's error type. Errors of our own validators are reported verbatim."""


@dataclass(frozen=True, kw_only=True, order=True)
class TomlMistake:
    """A mistake in a file."""

    line: int
    """Line number from 1."""
    what: str


class TomlError(ValueError):
    """The file is not valid TOML."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"line {line}: {what}")
        self.mistake = TomlMistake(line=line, what=what)


class TomlFile:
    """A TOML file as read, with the line of each key.

    Raises
    ------
    TomlError : the file is over `max_bytes`, not UTF-8, or not TOML.
    """

    def __init__(self, data: bytes, *, max_bytes: int = MAX_BYTES) -> None:
        if len(data) > max_bytes:
            raise TomlError(1, f"too long (over {max_bytes} bytes); shorten it")
        try:
            self._text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise TomlError(data[: error.start].count(b"\n") + 1, "not UTF-8; save it as UTF-8") from error
        try:
            self.table: dict[str, Any] = tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"at line (\d+)", str(error))
            line = int(found[1]) if found else self._text.count("\n") + 1
            what = _mark_of_a_keyboard(self._text, line) or str(error).split(" (at ")[0]
            raise _stated_twice(self._text, line) or TomlError(line, what) from error
        except RecursionError as error:
            raise TomlError(1, "nested too deep; two levels are enough") from error
        self._lines: dict[KeyPath, int] = {}

    def line(self, location: KeyPath) -> int:
        """Return the line of a key or section, or of the nearest one around it.

        That of a list of sections, or of one that only [a.b] names, is the line of the first section or key inside.
        """
        if not self._lines:
            for place, line in _lines(self._text):
                self._lines.setdefault(place, line)
            for place, line in [*self._lines.items()]:
                for end in range(1, len(place)):
                    self._lines.setdefault(place[:end], line)
        around = (location[:end] for end in range(len(location), 0, -1))
        return next((self._lines[place] for place in around if place in self._lines), 1)

    def mistakes(self, error: ValidationError, model: type[BaseModel], at: KeyPath = ()) -> list[TomlMistake]:
        """Return the mistakes found by a model, in line order.

        Parameters
        ----------
        at : location of the model's table in the file.
        """
        found = [
            TomlMistake(line=self.line((*at, *one["loc"])), what=_what(one["type"], at, one["loc"], one, model))
            for one in error.errors(include_url=False)
        ]
        return sorted(set(found))


def read_toml(path: Path, model: type[Model], *, context: Any = None) -> Model:
    """Read a file into a model.

    Raises
    ------
    ValueError : the file has mistakes; the message names the file and each mistake with its line, one per line.
    OSError : the file cannot be read.
    """
    from pydantic import ValidationError

    with path.open("rb") as opened:
        data = opened.read(MAX_BYTES + 1)
    try:
        file = TomlFile(data)
    except TomlError as error:
        raise ValueError(f"{path.name}, {error}") from error
    try:
        return model.model_validate(file.table, context=context)
    except ValidationError as error:
        mistakes = file.mistakes(error, model)
        raise ValueError("\n".join(f"{path.name}, line {one.line}: {one.what}" for one in mistakes)) from error


def _what(kind: str, at: KeyPath, inside: KeyPath, error: Mapping[str, Any], model: type[BaseModel]) -> str:
    keys = [part for part in (*at, *inside) if isinstance(part, str)]
    context = error.get("ctx", {})
    if kind == "extra_forbidden":
        return f"{keys[-1]}: unknown key; {meant(keys[-1], _keys_of(model, inside[:-1]))}"
    if kind == "value_error":
        return f"{keys[-1]}: {context['error']}"
    if kind == "list_type" and any(_models(_field(model, inside))):
        return f"{keys[-1]}: not a list of sections; write [[{keys[-1]}]] above each"
    value = error["input"]
    value = str(value).lower() if isinstance(value, bool) else repr(value)
    context = {**context, "expected": str(context.get("expected", "")).replace("'", ""), "key": keys[-1]}
    shown = value if len(value) <= MAX_SHOWN_CHARACTERS else f"{value[:MAX_SHOWN_CHARACTERS]}..."
    told = _WRONG[kind].format(value=shown, **context) if kind in _WRONG else f"{error['msg']} ({shown})"
    return f"{': '.join(keys) if kind == 'missing' else keys[-1]}: {told}"


def _keys_of(model: type[BaseModel], location: KeyPath) -> list[str]:
    """Return the keys of the model's table at a location."""
    return [*next(_models(_field(model, location))).model_fields]


def _field(model: type[BaseModel], location: KeyPath) -> Any:
    """Return the type of the field at a location."""
    found: Any = model
    for part in location:
        if isinstance(part, str):
            found = next(_models(found)).model_fields[part].annotation
    return found


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models in `list[Model]` and `Model | None`."""
    if hasattr(annotation, "model_fields"):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def _lines(text: str) -> Iterator[tuple[KeyPath, int]]:
    """Yield each key and section with its line, from the top."""
    section: KeyPath = ()
    counts: dict[KeyPath, int] = {}
    position, line = 0, 1
    while position < len(text):
        start = position
        if found := _STATEMENT.match(text, position):
            if found["head"]:
                section = _section(_parts(found["table"]), counts, is_list=found["head"] == "[[")
                yield section, line
            else:
                yield (*section, *_parts(found["keys"])), line
            position = found.end()
        position = _end_of_statement(text, position)
        line += text.count("\n", start, position)


def _mark_of_a_keyboard(text: str, line: int) -> str | None:
    """Return a message on the first mark outside the strings of a line that only looks like one of TOML."""
    lines = text.split("\n")
    outside = _TOKEN.sub("", lines[line - 1]) if line <= len(lines) else ""
    wanted = QUOTES if any(quote in outside for quote in QUOTES) else "".join(_MARKS.values())  # else inside a text
    mark = next((one for one in outside if one in _MARKS and _MARKS[one] in wanted), None)
    return mark and f"{mark} is no mark of TOML; write {_MARKS[mark]} in its place"


def _stated_twice(text: str, until: int) -> TomlError | None:
    """Return the error of the first key or section, up to a line, that is there already; None without one."""
    known: dict[KeyPath, int] = {}
    for place, line in _lines(text):
        if line <= until and place in known:
            return TomlError(line, f"{place[-1]}: stated twice (lines {known[place]} and {line}); keep one of them")
        known.setdefault(place, line)
    return None


def _section(keys: list[str], counts: dict[KeyPath, int], *, is_list: bool) -> KeyPath:
    """Return the location of a section, with its index if in a list."""
    location: KeyPath = ()
    for number, key in enumerate(keys, 1):
        location = (*location, key)
        if is_list and number == len(keys):
            counts[location] = counts.get(location, -1) + 1
        if location in counts:
            location = (*location, counts[location])
    return location


def _end_of_statement(text: str, position: int) -> int:
    """Return the position after the first line end outside strings and brackets."""
    depth = 0
    for token in _TOKEN.finditer(text, position):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if token[0] == "\n" and depth <= 0:
            return token.end()
    return len(text)


def _parts(keys: str) -> list[str]:
    return [part.strip("\"'") for part in re.findall(_KEY, keys)]
