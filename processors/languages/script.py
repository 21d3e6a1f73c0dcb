"""Language in which a text is written, as its letters tell it."""

from __future__ import annotations

import re

CHINESE = "zh"
"""Its code among the languages of packs and pages."""

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_OTHER = re.compile("[\u3040-\u30ff\uac00-\ud7a3]")
"""Kana and Hangul: a text with these is Japanese or Korean."""
_JAPANESE_FORMS = re.compile(
    "[亜悪圧囲営応価壊拡覚楽観関帰気拠挙駆経継撃検権顕験険厳広鉱済査実渉従処図戦総対帯択単団弾遅庁聴鉄転読売発変辺満訳薬様覧両霊歴労込駅絵県戻釈増廃圏]"
)
"""Common characters in the forms that only Japan writes: in China they are simplified otherwise, or not at all."""
_LATIN_WORD = re.compile("[A-Za-z\u00c0-\u024f]{2,}")


def is_chinese(text: str) -> bool:
    """Return whether a text has more Chinese characters than words in Latin letters, and is not Japanese or Korean.

    Japanese without kana and without a form of its own, such as `月面着陸`, cannot be distinguished.
    """
    is_of_others = _OTHER.search(text) or _JAPANESE_FORMS.search(text)
    return not is_of_others and len(_HAN.findall(text)) > len(_LATIN_WORD.findall(text))
