"""Language in which a text is written, as its letters tell it."""

from __future__ import annotations

import re

CHINESE = "zh"
"""Its code among the languages of packs and pages."""

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_OTHER = re.compile("[\u3040-\u30ff\uac00-\ud7a3]")
"""Kana and Hangul: a text with these is Japanese or Korean."""
_LATIN_WORD = re.compile("[A-Za-z\u00c0-\u024f]{2,}")


def is_chinese(text: str) -> bool:
    """Return whether a text has more Chinese characters than words in Latin letters, and is not Japanese or Korean."""
    return not _OTHER.search(text) and len(_HAN.findall(text)) > len(_LATIN_WORD.findall(text))
