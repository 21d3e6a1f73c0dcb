"""Editing of one processor's parameters in `flows/recipes.py`; the rest, including comments and order, is unchanged."""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path
from typing import Any

from processors.contract import Processor
from processors.engine.wanted_results import Recipes
from processors.errors import RequestError


def edited(text: str, where: Path, wanted: Processor) -> str:
    """Return the text of the recipes with other parameters for a processor, in every medium that has it.

    Raises
    ------
    RequestError : the processor has no entry, or several in one medium, or its new parameters cannot be written as
        plain values; the message holds the entry to write by hand.
    """
    kind = type(wanted).__name__
    by_hand = f"write `{_call(wanted)}` there by hand"
    lists = _lists(text, where)
    spots: list[ast.Call] = []
    for medium, entries in lists.items():
        calls = [e for e in entries if isinstance(e, ast.Call) and ast.unparse(e.func) == kind]
        if len(calls) > 1:
            raise RequestError(f"{where}: {medium} has {len(calls)} entries {kind}(...); {by_hand}")
        spots += calls
    if not spots:
        raise RequestError(f"{where}: no entry {kind}(...) in RECIPES; {by_hand}")
    if any(dataclasses.is_dataclass(value) for value in _changed(wanted).values()):
        raise RequestError(
            f"{where}: {wanted.name} has nested parameters that cannot be written automatically; {by_hand}"
        )
    lines = text.encode().splitlines(keepends=True)
    for call in sorted(spots, key=lambda call: (call.lineno, call.col_offset), reverse=True):
        assert call.end_lineno is not None
        assert call.end_col_offset is not None
        before = lines[call.lineno - 1][: call.col_offset]
        after = lines[call.end_lineno - 1][call.end_col_offset :]
        lines[call.lineno - 1 : call.end_lineno] = [before + _call(wanted).encode() + after]
    new = b"".join(lines).decode()
    _check(new, where, wanted, len(spots))
    return new


def _lists(text: str, where: Path) -> dict[str, list[ast.expr]]:
    """Return the entries of `RECIPES`, by medium."""
    for node in ast.parse(text, str(where)).body:
        targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
        if any(isinstance(t, ast.Name) and t.id == "RECIPES" for t in targets) and isinstance(
            value := getattr(node, "value", None), ast.Dict
        ):
            return {
                ast.literal_eval(key): list(entries.elts)
                for key, entries in zip(value.keys, value.values, strict=True)
                if isinstance(key, ast.Constant) and isinstance(entries, ast.Tuple | ast.List)
            }
    return {}


def _changed(processor: Processor) -> dict[str, Any]:
    """Return the parameters that differ from the defaults."""
    default = type(processor)()
    values = {f.name: getattr(processor, f.name) for f in dataclasses.fields(processor)}  # type: ignore[arg-type]
    return {name: value for name, value in values.items() if value != getattr(default, name)}


def _call(processor: Processor) -> str:
    words = ", ".join(f"{name}={value!r}" for name, value in _changed(processor).items())
    return f"{type(processor).__name__}({words})"


def _check(text: str, where: Path, wanted: Processor, count: int) -> None:
    """Run the edited text and check that it yields exactly the wanted processors."""
    names: dict[str, Any] = {}
    exec(compile(text, str(where), "exec"), names)  # the operator's own file; the next run imports it too
    recipes: Recipes = names["RECIPES"]
    found = [p for processors in recipes.values() for p in processors if p.name == wanted.name]
    if found != [wanted] * count:
        raise RequestError(
            f"{where}: the edited recipe does not evaluate to the requested parameters; edit it manually"
        )
