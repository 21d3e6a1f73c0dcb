"""Detection of text in Unicode, GBK or another code page; numbers that happen to be letters are not text."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable
from functools import partial
from typing import BinaryIO

from processors.containers.text.unknown_text import SIGN_IN_A_WORD

MAX_BYTES = 1 << 20
"""Bytes examined from the start; in longer files the end as well."""
END_BYTES = 1 << 16
HEAD_BYTES = 1 << 12
"""Bytes that already reveal most files that are not text."""
MAX_LINE_CHARACTERS = 10_000
"""Maximum of characters per line end in text that is not named as text."""
MIN_ENCODED_CHARACTERS = 8
"""Minimum of non-ASCII characters that is evidence of an encoding without distinguishing marks."""

_NAMES = re.compile(
    r"\.(txt|md|rst|csv|tsv|tab|lbl|xml|toml|json|ya?ml|ini|cfg|log|asc|cat|fmt|srt|vtt|htm|html|sha\d*|md5|lst|nfo|rtf|xmp)$"
    r"|^(readme|read_me|license|licence|copying|changes|notes|credits|说明|自述|版权)",
    re.IGNORECASE,
)
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ASIAN = r"[\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uffee“”‘’…—·]"
_CYRILLIC = r"[А-яЁё«»№“”„’–—…°§©]"
_OF_NAMED_TEXT = (
    ("big5", _ASIAN),
    ("shift_jis", _ASIAN),
    ("euc_kr", _ASIAN),
    ("cp1251", _CYRILLIC),
    ("koi8_r", _CYRILLIC),
)
"""Encodings tried only where the name is that of a text, with their letters: nearly any bytes are valid in them."""
_CONTROLS = re.compile(
    r"[\x00-\x08\x0b\x0e-\x19\x1c-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff]"
)
"""Characters that no text contains; U+000C, U+001A (end of file in DOS), U+001B and U+0085 are accepted."""


def whole_text(data: bytes, name: str) -> str | None:
    """Return all characters of a text file, by the rule of `text_of`; None if it is not text up to its end."""
    found = _detected(io.BytesIO(data), name)
    if found is None:
        return None
    begins, encoding, _ = found
    return _decoded(data[begins:], encoding, is_whole=True)


def text_of(file: BinaryIO, name: str) -> str | None:
    """Return the first characters of a text file, with its line ends; None if it is not text.

    The rule: all examined bytes (`MAX_BYTES` and the end) decode without a control character. UTF-8 and
    files with a byte order mark need no more. Other encodings accept nearly any bytes: their characters must be
    typical of texts, with line ends or punctuation between them unless the file is named as text. Encodings of
    other agencies are tried where it is.

    Raises
    ------
    OSError : the file cannot be read.
    """
    found = _detected(file, name)
    return found[2] if found else None


def _detected(file: BinaryIO, name: str) -> tuple[int, str, str] | None:
    """Return where text begins behind a byte order mark, its encoding, and its first characters."""
    file.seek(0)
    data = file.read(MAX_BYTES)
    is_whole = len(data) < MAX_BYTES
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            text = _decoded(data[len(mark) :], encoding, is_whole)
            if text is None or not _end_is_text(file, encoding):
                return None
            return len(mark), encoding, text
    is_named = _NAMES.search(name) is not None
    encodings: list[tuple[str, Callable[[str], bool]]] = [
        ("utf-8", lambda text: is_named or _is_written(text)),
        ("utf-16-le", _is_wide),
        ("utf-16-be", _is_wide),
        ("gb18030", lambda text: _is_chinese(text, is_named)),
        ("cp1252", lambda text: _is_european(text, is_named)),
    ]
    if is_named:
        encodings += [(encoding, partial(_is_of_letters, letters)) for encoding, letters in _OF_NAMED_TEXT]
    for encoding, is_likely in encodings:
        if _decoded(data[:HEAD_BYTES], encoding, is_whole=len(data) <= HEAD_BYTES) is None:
            continue
        text = _decoded(data, encoding, is_whole)
        if text is not None and is_likely(text) and _end_is_text(file, encoding):
            return 0, encoding, text
    return None


def _decoded(data: bytes, encoding: str, is_whole: bool) -> str | None:
    """Decode the bytes; None if they are invalid in this encoding or hold a control character."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(data, final=is_whole)
    except UnicodeDecodeError:
        return None
    return None if _CONTROLS.search(text) else text


def _end_is_text(file: BinaryIO, encoding: str) -> bool:
    """Return whether the end of a long file is text; it may begin within a character."""
    if file.seek(0, 2) <= MAX_BYTES:
        return True
    file.seek(-END_BYTES, 2)
    end = file.read()
    skipped = (0, 2) if encoding.startswith("utf-16") else range(4)
    return any(_decoded(end[start:], encoding, is_whole=True) is not None for start in skipped)


def _is_written(text: str) -> bool:
    """Return whether the text has line ends (JSON and XML need none); a grey picture of letters has none."""
    if len(text) <= 200 or re.fullmatch(r"\s*([{\[]\s*[\"\[{\d\]}tfn-].*[}\]]|<[?!A-Za-z].*>)\s*", text, re.DOTALL):
        return True
    return len(text) <= MAX_LINE_CHARACTERS * len(re.findall(r"[\n\r]", text))


def _is_wide(text: str) -> bool:
    """Detect UTF-16 without a mark: alphabetic and Chinese letters with spaces or line ends at typical distances.

    Most 16-bit numbers are outside these ranges or have no spaces between them.
    """
    known = len(
        re.findall(r"[\t\n\r -~\u00a0-\u024f\u0370-\u052f\u2010-\u2030\u3000-\u303f\u4e00-\u9fff\uff00-\uffee]", text)
    )
    alphabetic = len(re.findall(r"[A-Za-z0-9]", text))
    breaks = len(re.findall(r"[\n\r ，。、：；\u3000]", text))
    letters = alphabetic + len(re.findall(r"[\u00c0-\u024f\u0370-\u052f\u4e00-\u9fff]", text))
    return len(text) >= 2 and known >= 0.98 * len(text) and letters >= 0.5 * len(text) and breaks * 40 >= len(text)


def _is_chinese(text: str, is_named: bool) -> bool:
    """Detect GBK: nearly all of it among the 6,763 characters of GB 2312, with punctuation or line ends."""
    foreign = re.sub(r"[\x00-\x7f]", "", text)
    if not foreign:
        return False
    common = sum(_is_common(character) for character in foreign)
    if common < 0.95 * len(foreign):
        return False
    breaks = len(re.findall(r"[\n\r，。、：；！？“”《》（） ]", text))
    return is_named or (len(foreign) >= MIN_ENCODED_CHARACTERS and breaks * 60 >= len(text))


def _is_common(character: str) -> bool:
    try:
        return len(character.encode("gb2312")) == 2
    except UnicodeEncodeError:
        return False


def _is_european(text: str, is_named: bool) -> bool:
    """Detect a 256-letter code page: mostly ASCII in words, other characters among letters.

    Of a file named as text its words suffice: most of subtitles and tables may be times and figures.
    """
    if not is_named:
        return _is_in_words(text, max_foreign=0.1) and len(re.findall(r"\s", text)) * 20 >= len(text)
    words = re.sub(r"[\x00-@\[-`{-\x7f]", "", text)
    return _is_in_words(text, max_foreign=0.3) or (
        _is_in_words(words, max_foreign=0.3) and not SIGN_IN_A_WORD.search(text)
    )


def _is_in_words(text: str, *, max_foreign: float) -> bool:
    foreign, letters = re.findall(r"[^\x00-\x7f]", text), re.findall(r"[A-Za-zÀ-ÿ]", text)
    return len(foreign) <= max_foreign * len(text) and len(letters) >= 0.5 * len(text)


def _is_of_letters(letters: str, text: str) -> bool:
    """Detect another code page: all but ASCII is letters of its writing, with spaces or line ends between them."""
    foreign = re.sub(r"[\x00-\x7f]", "", text)
    breaks = len(re.findall(r"[\s，。、：；]", text))
    return (
        len(foreign) >= MIN_ENCODED_CHARACTERS
        and len(re.findall(letters, foreign)) >= 0.95 * len(foreign)
        and breaks * 60 >= len(text)
    )
