"""Short texts in tags whose format declares no encoding, or whose writer did not keep to it.

Nearly any bytes are valid in several encodings. A text counts as Chinese or Japanese if its characters are among the
common ones of that writing, as Western or Cyrillic if its letters form words; otherwise it is not read, since a wrong
text is worse than none. Korean, and short texts in Big5, are read as such where more of their characters are common
ones than of those of the other reading. Japanese without kana in EUC cannot be distinguished from Chinese, which is
assumed.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass

from processors.containers.text.common_characters import HANGUL, HANZI, KANJI, TRADITIONAL

MIN_SHARE = 0.6
"""Minimum of the mean weight of the characters that are not ASCII, 0 to 1; names have some that are not common. Also
the minimum share of common characters in a less likely reading."""
MAX_CHARACTERS = 2000
"""Characters whose weights count."""
RARE, VERY_RARE = 0.5, 0.3
CLEARLY_COMMONER = 0.3
"""How much larger the share of common characters must be, 0 to 1, for the less likely of two readings."""
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\uf8ff\ufffd]")
_PUNCTUATION = re.compile(r"[\u2014\u2018-\u201d\u2026\u3000-\u301f\u30fb\uff01-\uff5e·]")
_KANA = re.compile(r"[\u3041-\u30ff]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_WESTERN = re.compile(r"[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ffŒœŠšŽžŸ]")
_SIGNS = re.compile(r"[\u00a0-\u00bf×÷‘’“”„†‡•…–—‹›€™‰]")
_INSIDE_A_WORD = re.compile(r"[a-z][^\x00-\x7f]+[a-z]")
"""Characters of another writing inside a word: those of a European code page."""
SIGN_IN_A_WORD = re.compile(r"[A-Za-z\u00c0-\u00ff][¢-©¬®±-´¶¹¼-¿×÷][A-Za-z\u00c0-\u00ff]")
"""Signs of Windows-1252 where other code pages have letters."""
_CONTROL_BYTES = re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1f]")
_EUROPEAN = re.compile(r"[\u00a0-\u024f\u0370-\u04ff]")
_COMMONEST = (HANZI, KANJI, TRADITIONAL, HANGUL)
MIN_UNMARKED = 2
"""Characters from which a text may be one in UTF-16 without a mark."""
_CYRILLIC_WORD = re.compile(r"[А-ЯЁ]?[а-яё]*|[A-Za-z]+")


def decoded(data: bytes) -> str | None:
    """Return the text of bytes in UTF-8, UTF-16 with its mark, or an encoding that can be determined; None for others.

    A character of several bytes that a field of fixed length cuts off is left out.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _valid(data, "utf-16")
    text = _valid(data.removeprefix(codecs.BOM_UTF8), "utf-8")
    if text is not None and (data.isascii() or not text.isascii()):  # the end of `caf\xe9` is no cut character
        return text
    if not re.search(rb"[\x80-\xff]{2}", data) and (text := _western(data)):
        return text
    readings = [one for one in _readings(data) if one.weight >= MIN_SHARE]
    return _likeliest(readings) if readings else _western(data)


def sixteen_bit(field: bytes) -> str | None:
    """Return the text of a field in UTF-16, up to its first zero, with or without a mark; None if it is in 8 bits.

    Without a mark it must hold zeros or control characters, or be no UTF-8, and consist of ASCII, European letters or
    the commonest characters of a writing.
    """
    if field.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _sixteen_bit(field, "utf-16")
    held = field.rstrip(b"\0")
    is_suspect = b"\0" in held or _CONTROL_BYTES.search(held) or _valid(held, "utf-8") is None
    if not is_suspect or len(field) < 2 * MIN_UNMARKED:
        return None
    texts = [text for encoding in ("utf-16-le", "utf-16-be") if (text := _sixteen_bit(field, encoding))]
    return next((text for text in texts if _is_text_of_16_bits(text)), None)


def _sixteen_bit(field: bytes, encoding: str) -> str | None:
    text = _valid(field[: len(field) // 2 * 2], encoding)
    return None if text is None else text.partition("\0")[0].strip()


def _is_text_of_16_bits(text: str) -> bool:
    letters = _PUNCTUATION.sub("", text)
    if len(text) < MIN_UNMARKED or not letters or _CONTROLS.search(text):
        return False
    plain = sum(one.isascii() or _EUROPEAN.match(one) is not None for one in letters)
    common = sum(_is_kana(one) or any(one in writing for writing in _COMMONEST) for one in letters)
    return (plain + common) / len(letters) >= MIN_SHARE


def unescaped(text: str | None) -> str | None:
    """Return a tag of FFmpeg as text; None for None, and if it is in no known encoding.

    Containers are opened so that bytes which are not UTF-8 stay in their tags as surrogates.
    """
    return None if text is None else decoded(text.encode("utf-8", "surrogateescape"))


def text_bytes(text: str) -> bytes:
    """Return the bytes of a text that was read as Latin-1, or as another encoding if it is not Latin-1."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape")


def as_latin_1(text: str) -> str:
    """Return a text that is declared as Latin-1 in the encoding that its writer used, if that can be determined."""
    return text if text.isascii() else decoded(text_bytes(text)) or text


def _valid(data: bytes, encoding: str) -> str | None:
    """Decode all but a cut character at the end; None if the bytes are not valid."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data, final=False)
    except UnicodeDecodeError:
        return None


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """A text as bytes read in one encoding."""

    text: str
    weight: float
    """Mean weight of the characters that are not ASCII, 0 to 1."""
    preference: int
    """Larger: assumed if the weights are equal."""
    common: float
    """Share of those characters, without punctuation, that are among the commonest of their writing, 0 to 1."""


def _readings(data: bytes) -> list[_Reading]:
    """Return the text in each encoding in which it may be one."""
    found: list[_Reading] = []
    for number, (encoding, weight, commonest) in enumerate(_ENCODINGS):
        text = _valid(data, encoding)
        foreign = re.sub(r"[\x00-\x7f]", "", text or "")[:MAX_CHARACTERS]
        if text is None or len(foreign) < 2 or _CONTROLS.search(text) or _INSIDE_A_WORD.search(text):
            continue
        letters = _PUNCTUATION.sub("", foreign)
        if any(weight(character) == 1 for character in letters):
            mean = sum(map(weight, foreign)) / len(foreign)
            common = sum(map(commonest, letters)) / len(letters)
            found.append(_Reading(text=text, weight=mean, preference=-number, common=common))
    text = data.decode("cp1251", "replace")
    words = re.findall(r"[A-Za-zА-яЁё]+", text)
    is_cyrillic = re.search("[а-яё]{3}", text) and re.fullmatch(r"[\x09-\x7eА-яЁё«»№“”„–—…]*", text)
    if is_cyrillic and all(map(_CYRILLIC_WORD.fullmatch, words)):
        found.append(_Reading(text=text, weight=1.0, preference=1, common=1.0))
    return found


def _likeliest(readings: list[_Reading]) -> str | None:
    """Return the text of the largest weight, or one of clearly more common characters; None if it may be Korean too."""
    first = max(readings, key=lambda one: (one.weight, one.preference))
    other = max(readings, key=lambda one: one.common)
    if other.common >= MIN_SHARE and other.common - first.common >= CLEARLY_COMMONER:
        return other.text
    is_korean_too = any(
        one.weight == 1 and one.common >= max(MIN_SHARE, first.common)
        for one in readings
        if one is not first and _HANGUL.search(one.text)
    )
    return None if is_korean_too else first.text


def _weight(encoding: str, first: int, last: int) -> Callable[[str], float]:
    """Return the weight of a character: 1 for punctuation, and if its first byte is one of the common characters'."""

    def weight(character: str) -> float:
        if _PUNCTUATION.match(character):
            return 1.0
        data = character.encode(encoding, "ignore")
        if len(data) < 2:
            return VERY_RARE if "\u4e00" <= character <= "\u9fff" else 0.0
        return 1.0 if first <= data[0] <= last else RARE if "\u4e00" <= character <= "\u9fff" else 0.0

    return weight


def _western(data: bytes) -> str | None:
    """Decode Windows-1252, the superset of Latin-1, if most letters are ASCII, or it is one sign or letter alone."""
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        return None
    foreign = re.sub(r"[\x00-\x7f]", "", text)
    letters = len(_WESTERN.findall(foreign))
    ascii_letters = len(re.findall("[A-Za-z]", text))
    is_known = letters + len(_SIGNS.findall(foreign)) == len(foreign)
    is_known = is_known and not SIGN_IN_A_WORD.search(text)
    return text if is_known and (letters <= ascii_letters or len(foreign) == 1) else None


def _is_kana(character: str) -> bool:
    return _KANA.match(character) is not None


_kanji = _weight("shift_jis", 0x88, 0x97)
_ENCODINGS: tuple[tuple[str, Callable[[str], float], Callable[[str], bool]], ...] = (
    ("gb18030", _weight("gb2312", 0xB0, 0xD7), HANZI.__contains__),
    ("shift_jis", lambda one: 1.0 if _is_kana(one) else _kanji(one), lambda one: _is_kana(one) or one in KANJI),
    ("euc_jp", lambda one: 1.0 if _is_kana(one) else _kanji(one), lambda one: _is_kana(one) or one in KANJI),
    ("big5", _weight("big5", 0xA4, 0xC6), TRADITIONAL.__contains__),
    ("cp949", lambda one: 1.0 if _HANGUL.match(one) else 0.0, HANGUL.__contains__),
)
"""Encodings with the weights of their characters, and whether a character is one of the commonest; the weights of those
of level 1 in each standard are 1."""
