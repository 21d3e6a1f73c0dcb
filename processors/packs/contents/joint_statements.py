"""Statements on several sources at once: each different one once, with the sources that it is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from processors.languages.text import Text
from processors.packs.contents.rights import terms
from processors.packs.contents.subject import SourceRecord

_S = TypeVar("_S", str, Text)


def by_statement(
    statement: Callable[[SourceRecord], _S | None], sources: Iterable[SourceRecord]
) -> dict[_S, list[SourceRecord]]:
    """Return each different statement with the sources that it is made of, in the order given; empty ones left out."""
    found: dict[_S, list[SourceRecord]] = {}
    for one in sources:
        if said := statement(one):
            found.setdefault(said, []).append(one)
    return found


def joint_terms(sources: Sequence[SourceRecord]) -> dict[str, dict[str, list[SourceRecord]]]:
    """Return the different terms of use and instructions of sources, as `by_statement` does, under the names of their
    phrases (`usage_terms`, `instructions`); without what no source has.
    """
    found = {
        name: by_statement(lambda one, name=name: terms(one).get(name), sources)
        for name in ("usage_terms", "instructions")
    }
    return {name: statements for name, statements in found.items() if statements}


def with_names(statements: Mapping[str, Sequence[SourceRecord]]) -> list[str]:
    """Return each statement with the files that it is made of behind it, in brackets."""
    return [f"{said} ({_names(sources)})" for said, sources in statements.items()]


def with_names_of_some(statements: Mapping[str, Sequence[SourceRecord]], sources: Sequence[SourceRecord]) -> list[str]:
    """Return each statement as `with_names` does; one that is made of all the sources without their names."""
    return [said if len(found) == len(sources) else f"{said} ({_names(found)})" for said, found in statements.items()]


def texts_with_names(statements: Mapping[Text, Sequence[SourceRecord]]) -> list[Text]:
    """Return each statement with the files that it is made of behind it, in each of its languages."""
    return [
        Text({code: f"{words} ({_names(sources)})" for code, words in said.items()})
        for said, sources in statements.items()
    ]


def _names(sources: Iterable[SourceRecord]) -> str:
    return ", ".join(one.name for one in sources)
