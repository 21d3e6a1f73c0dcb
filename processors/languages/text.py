"""A text by language, and the fallback for readers of a language that it lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

FALLBACK = "en"
RECORDED = ("en", "zh")
"""Languages that a stored text always lists, even without a text, so that packs keep their digests."""


class Text(Mapping[str, str]):
    """One text by language code: the fallback first, then by code; languages without a text are missing."""

    def __init__(self, texts: Mapping[str, str | None] | None = None, /, **more: str | None) -> None:
        given = {code: text for code, text in {**(texts or {}), **more}.items() if text}
        self._texts = {code: given[code] for code in sorted(given, key=lambda code: (code != FALLBACK, code))}

    @classmethod
    def of_keys(cls, record: Mapping[str, Any], key: str) -> Text:
        """Return the text of `key` and its translations `key_zh`, `key_fr` ... in a record; `key` alone is English."""
        languages = {name.removeprefix(f"{key}_"): text for name, text in record.items() if is_translation(name, key)}
        return cls({FALLBACK: record.get(key), **languages})

    def best(self, language: str = FALLBACK) -> str | None:
        """Return the text in this language, else in the fallback, else in the first one; None if there is none."""
        return self.get(language) or next(iter(self._texts.values()), None)

    def within(self, languages: Iterable[str]) -> Text:
        """Return the text in these languages alone; as it is if it is in none of them."""
        return Text({code: self[code] for code in languages if code in self}) or self

    def first(self, languages: Iterable[str]) -> str | None:
        """Return the text in the first of these languages that it has; `best` if it has none of them."""
        return next((self[code] for code in languages if code in self), None) or self.best()

    def record(self) -> dict[str, str | None]:
        """Return the text as it is stored: None for a language of `RECORDED` without a text."""
        return {**dict.fromkeys(RECORDED), **self._texts}

    def keys_of(self, key: str) -> dict[str, str | None]:
        """Return the text as keys of a record, as `of_keys` reads them: those of `RECORDED` always."""
        return {key if code == FALLBACK else f"{key}_{code}": text for code, text in self.record().items()}

    def __getitem__(self, language: str) -> str:
        return self._texts[language]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def __hash__(self) -> int:
        return hash(tuple(self._texts.items()))

    def __repr__(self) -> str:
        return f"Text({self._texts})"


def is_translation(name: str, key: str) -> bool:
    """Return whether a name is that of `key` in some language: the key and a code of two or three letters."""
    code = name.removeprefix(f"{key}_")
    return code != name and len(code) in (2, 3) and code.isascii() and code.islower() and code.isalpha()
