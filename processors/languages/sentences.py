"""Sentences that processors write into results, in other languages, by the templates of the language files.

Results are in English, as they are the record. A template is a whole sentence with names in braces for its variable
parts and `(s)` for a plural: `{count} frame(s) in {seconds} s.`
"""

from __future__ import annotations

import functools
import re

from processors.languages.language import LANGUAGES, language
from processors.languages.text import FALLBACK, Text

_BETWEEN_SENTENCES = re.compile(r"(?<=\.) (?=[A-Z0-9])")
_BETWEEN_REASONS = "; "


def translated(text: str) -> Text:
    """Return a text of one or more sentences in every language; a sentence without a template stays English."""
    return Text({code: text if code == FALLBACK else _in(code, text) for code in LANGUAGES})


def is_translated(text: str, code: str) -> bool:
    """Return whether every sentence of a text has a template in a language; inserted texts do not count."""
    return all(_one(code, sentence) is not None for sentence in _BETWEEN_SENTENCES.split(text))


def _in(code: str, text: str) -> str:
    said = [(_one(code, sentence), sentence) for sentence in _BETWEEN_SENTENCES.split(text)]
    return "".join(found if found is not None else f"{sentence} " for found, sentence in said).strip()


def _one(code: str, sentence: str) -> str | None:
    """Return a sentence by the first template that it matches; inserted texts may be reasons with templates."""
    for pattern, template in _templates(code):
        if found := pattern.fullmatch(sentence):
            return template.format(**{name: _reasons(code, value) for name, value in found.groupdict().items()})
    return None


def _reasons(code: str, text: str) -> str:
    said = [_one(code, reason) for reason in text.split(_BETWEEN_REASONS)]
    return (
        language(code).sentences.get(_BETWEEN_REASONS, _BETWEEN_REASONS).join(map(str, said))
        if None not in said
        else text
    )


@functools.cache
def _templates(code: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((_pattern(english), other) for english, other in language(code).sentences.items())


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}|(\(s\))", template)
    written = ""
    for literal, name, plural in zip(parts[::3], [*parts[1::3], None], [*parts[2::3], None], strict=True):
        written += re.escape(literal) + (f"(?P<{name}>.+?)" if name else "") + ("s?" if plural else "")
    return re.compile(written)
