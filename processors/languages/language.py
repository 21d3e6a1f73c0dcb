"""Languages and their phrases: each is one TOML file in this folder, named by its code."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from processors.languages.text import FALLBACK, Text

FOLDER = Path(__file__).parent
LANGUAGES = tuple(sorted((path.stem for path in FOLDER.glob("*.toml")), key=lambda code: (code != FALLBACK, code)))
"""Codes of ISO 639; the fallback first."""
OTHER_LANGUAGES = LANGUAGES[1:]


@dataclass(frozen=True, kw_only=True)
class Language:
    """One language; phrases missing from its file are those of the fallback."""

    tag: str
    """BCP 47, for HTML: `zh-Hans`."""
    iso_639_2: str
    """Three letters, for Matroska: `zho`."""
    page: dict[str, Any]
    """Phrases of the gallery's page."""
    pack: dict[str, str]
    """Phrases of packs, with names in braces for inserted texts."""
    labels: dict[str, str]
    """Description of a processor's results, by the processor's name."""
    sentences: dict[str, str] = field(default_factory=dict)
    """Sentences that processors write into results, by the English template: see `sentences.py`."""
    missions: dict[str, str] = field(default_factory=dict)
    """Titles of missions and events that the profiles lack in this language: see `processors/mission/titles.py`."""


@functools.cache
def language(code: str) -> Language:
    """Return the language for one of the codes in `LANGUAGES`."""
    table = tomllib.loads((FOLDER / f"{code}.toml").read_text(encoding="utf-8"))
    if code == FALLBACK:
        return Language(**table)
    fallback = language(FALLBACK)
    parts = {part: {**getattr(fallback, part), **table.get(part, {})} for part in ("page", "pack", "labels")}
    return Language(**{"tag": code, "iso_639_2": code, **table, **parts})


def translated_keys(key: str) -> tuple[str, ...]:
    """Return the keys beside `key` in a release or recipe: `title_zh` ..., one for each language but the fallback."""
    return tuple(f"{key}_{code}" for code in OTHER_LANGUAGES)


def phrase(name: str, **values: str | Text) -> Text:
    """Return a phrase for packs in every language. Inserted texts use the same language if available."""

    def said(code: str) -> str:
        inside = {key: value.best(code) or "" if isinstance(value, Text) else value for key, value in values.items()}
        return language(code).pack[name].format(**inside)

    return Text({code: said(code) for code in LANGUAGES})


def label(processor: str) -> Text:
    """Return the label of a processor in every language; its name if no language has one."""
    return Text({code: language(code).labels.get(processor, processor) for code in LANGUAGES})


def joined(texts: Iterable[Text]) -> Text:
    """Return texts, one after the other, in every language."""
    parts = list(texts)
    return Text({code: "".join(part.get(code, "") for part in parts) for code in LANGUAGES})


def in_all_languages(text: Text) -> str:
    """Return one text as that of every language, on one line."""
    return " / ".join(one.strip() for one in text.values())
