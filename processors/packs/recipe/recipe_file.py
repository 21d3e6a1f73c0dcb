"""A pack's recipe in TOML: read, checked, every mistake with its line."""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from processors.errors import RequestError
from processors.packs.contents.subject import Text
from processors.packs.recipe.pack_recipe import (
    AUDIENCES,
    DEFAULT_TAKE,
    LANGUAGES,
    TAKE,
    Highlight,
    Override,
    Pictures,
    Recipe,
    Signature,
)
from processors.store.selection import parse

MAX_BYTES = 1 << 20

Check = Callable[[Any], str | None]
"""What is wrong with a value; None where nothing is."""


def read_recipe(path: Path, processors: Collection[str]) -> Recipe:
    """Read and check a recipe.

    Parameters
    ----------
    processors : names of all that `take` may name.

    Raises
    ------
    RequestError : the message lists every mistake with its line.
    OSError : the file cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise RequestError(f"{path.name}: over {MAX_BYTES} bytes: not a recipe")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise RequestError(f"{path.name}, line {line}: not UTF-8: save it as UTF-8") from error
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise RequestError(f"{path.name}, line {line}: {str(error).split(' (at ')[0]}") from error
    except RecursionError as error:
        raise RequestError(f"{path.name}: nested too deep: a recipe needs two levels") from error
    checker = _Checker(text, path.name)
    checker.table(table, _head(processors), "", 1)
    for section, checks in _SECTIONS.items():
        if isinstance(table.get(section), dict):
            checker.table(table[section], checks, section, 1)
    overrides = table.get("override", [])
    if isinstance(overrides, list) and all(isinstance(one, dict) for one in overrides):
        for number, one in enumerate(overrides, 1):
            checker.table(one, _OVERRIDE, "override", number)
    checker.finish()
    return _recipe(table, path.parent)


def _recipe(table: dict[str, Any], folder: Path) -> Recipe:
    pictures, highlight, signature = (table.get(name) for name in ("pictures", "highlight", "signature"))
    made = {"picture_format" if key == "format" else key: value for key, value in (pictures or {}).items()}
    if pictures:
        made["longest_side_px"] = tuple(sorted(set(made["longest_side_px"])))
    date = table.get("date")
    return Recipe(
        title=Text(en=table.get("title"), zh=table.get("title_zh")),
        text=Text(en=table.get("text"), zh=table.get("text_zh")),
        audience=table["audience"],
        selection=tuple(table["selection"]),
        take=tuple(table.get("take", DEFAULT_TAKE)),
        languages=tuple(table.get("languages", LANGUAGES)),
        publisher=table.get("publisher"),
        date=str(date) if date else None,
        web_address=table["web_address"].rstrip("/") + "/" if "web_address" in table else None,
        pictures=Pictures(**made) if pictures else None,
        highlight=Highlight(**highlight) if highlight is not None else None,
        signature=Signature(certificate=folder / signature["certificate"], key=folder / signature["key"])
        if signature
        else None,
        overrides=tuple(Override(**one) for one in table.get("override", [])),
    )


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) and value.strip() else f"is {value!r}: must be a text that is not empty"


def _one_of(*allowed: str) -> Check:
    return lambda value: None if value in allowed else f"is {value!r}: must be one of {', '.join(allowed)}"


def _number(lowest: float, highest: float, *, whole: bool) -> Check:
    def check(value: Any) -> str | None:
        fits = type(value) is int or (type(value) is float and not whole)
        right = fits and lowest <= value <= highest
        return None if right else f"is {value!r}: must be {'a whole' if whole else 'a'} number, {lowest} to {highest}"

    return check


def _list_of(check: Check) -> Check:
    def all_of(value: Any) -> str | None:
        if not isinstance(value, list) or not value:
            return f"is {value!r}: must be a list with at least one entry"
        return next((f"has an entry that {wrong}" for entry in value if (wrong := check(entry))), None)

    return all_of


def _date(value: Any) -> str | None:
    is_day = isinstance(value, datetime.date) and not isinstance(value, datetime.datetime)
    return None if is_day else f"is {value!r}: must be a day without quotes, as 2026-01-31"


def _address(value: Any) -> str | None:
    good = isinstance(value, str) and re.fullmatch(r"https?://[^\s\"<>]+", value)
    return None if good else f"is {value!r}: must begin with https:// or http://"


def _section(value: Any) -> str | None:
    return None if isinstance(value, dict) else "must be a section, written [name] on a line of its own"


def _overrides(value: Any) -> str | None:
    good = isinstance(value, list) and all(isinstance(one, dict) for one in value)
    return None if good else "must be written as [[override]]"


def _selection(value: Any) -> str | None:
    wrong = _list_of(_text)(value)
    if wrong:
        return wrong
    try:
        parse(value)
    except RequestError as error:
        return f"means nothing: {error}"
    return None


def _take(processors: Collection[str]) -> Check:
    def check(value: Any) -> str | None:
        processor, slash, pattern = str(value).partition("/")
        if value in TAKE or (slash and pattern and processor in processors):
            return None
        if slash and processor not in processors:
            return f"names the processor {processor!r}: there are {', '.join(sorted(processors))}"
        return f"is {value!r}: must be one of {', '.join(TAKE)}, or processor/pattern"

    return check


def _head(processors: Collection[str]) -> dict[str, Check]:
    return {
        "title!": _text,
        "title_zh": _text,
        "text": _text,
        "text_zh": _text,
        "audience!": _one_of(*AUDIENCES),
        "selection!": _selection,
        "take": _list_of(_take(processors)),
        "languages": _list_of(_one_of(*LANGUAGES)),
        "publisher": _text,
        "date": _date,
        "web_address": _address,
        "pictures": _section,
        "highlight": _section,
        "signature": _section,
        "override": _overrides,
    }


_SECTIONS: dict[str, dict[str, Check]] = {
    "pictures": {
        "longest_side_px!": _list_of(_number(16, 32768, whole=True)), "format": _one_of("jpeg", "webp", "png"),
        "quality": _number(1, 95, whole=True),
    },
    "highlight": {"seconds_each": _number(0.5, 60, whole=False), "longest_side_px": _number(160, 3840, whole=True)},
    "signature": {"certificate!": _text, "key!": _text},
}  # fmt: skip
_OVERRIDE: dict[str, Check] = {"source!": _text, "who!": _text, "why!": _text}


class _Checker:
    """Collects mistakes; a key that ends in `!` must be there."""

    def __init__(self, text: str, name: str) -> None:
        self._lines = text.split("\n")
        self._name = name
        self._mistakes: list[tuple[int, str]] = []

    def table(self, table: dict[str, Any], checks: dict[str, Check], section: str, number: int) -> None:
        """Check one table: the head, a section, or the `number`th of the sections of one name."""
        first, end = self._span(section, number)
        known = {key.rstrip("!"): check for key, check in checks.items()}
        for key, value in table.items():
            line = self._line(key, first, end)
            if key not in known:
                self._mistakes.append((line, f"{key}: no such key; known are {', '.join(known)}"))
            elif wrong := known[key](value):
                self._mistakes.append((line, f"{key} {wrong}"))
        for key in checks:
            if key.endswith("!") and key[:-1] not in table:
                self._mistakes.append((first + 1, f"{section + ': ' if section else ''}{key[:-1]} is missing"))

    def finish(self) -> None:
        """Raise `RequestError` with all mistakes, in the order of lines."""
        if self._mistakes:
            told = [f"{self._name}, line {line}: {what}" for line, what in sorted(self._mistakes)]
            raise RequestError("\n".join(told))

    def _span(self, section: str, number: int) -> tuple[int, int]:
        starts = [
            n for n, line in enumerate(self._lines) if re.match(r"\s*\[", line) and not line.rstrip().endswith(",")
        ]
        if not section:
            return 0, starts[0] if starts else len(self._lines)
        heads = [n for n in starts if re.match(rf"\s*\[\[?\s*{section}\s*\]", self._lines[n])]
        first = heads[number - 1] if number <= len(heads) else 0
        return first, next((n for n in starts if n > first), len(self._lines))

    def _line(self, key: str, first: int, end: int) -> int:
        pattern = re.compile(rf"\s*\[*\s*[\"']?{re.escape(key)}[\"']?\s*[=\]]")
        lines = [*range(first, end), *range(len(self._lines))]
        return next((n + 1 for n in lines if pattern.match(self._lines[n])), first + 1)
