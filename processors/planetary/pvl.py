"""Parser of PDS3 labels: `KEY = VALUE` statements in nested objects and groups (PDS3 Standards Reference, 12)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from processors.errors import RefusedMedia

MAX_DEPTH = 100
MAX_STEPS = 200_000
"""Limit on statements, comments and other lines; hostile text is not read further."""
MAX_COMMENTS = 50
"""Comments removed from one sequence; further ones stay in its text."""
MAX_SEQUENCE_CHARS = 20_000
ABSENT = ("", "N/A", "NULL", "UNK", "NONE", "UNKNOWN", "NOT APPLICABLE")
"""Words that labels use for a missing value."""

MAX_SFDU_CHARS = 4096
BARE_SFDU = re.compile(rb"(?:\s*+(?:CCSD|NJPL)[0-9A-Z]{16}(?!\s*=))+")
"""Labels of Standard Formatted Data Units (CCSDS 620.0-B-2) before the actual label."""
_END = re.compile(r"^[ \t]*END[ \t]*(?:[^\x20-\x7e]|;|/\*|\Z)", re.MULTILINE)
_BLANK = re.compile(r"[\s;\x00]*")
_WORD = re.compile(r"[^\s=]+")
_EQUALS = re.compile(r"[ \t]*=")
_KEY = re.compile(r"\^?[A-Za-z][\w:]*")
_STATEMENT = re.compile(r"\^?[A-Za-z][\w:]*\s*=")
_UNIT = re.compile(r"[ \t]*<[^>\n]*>")
_REST = re.compile(r"[^\n]*")
_INSIDE = re.compile(r"[^\"'(){}]+|\"[^\"]*\"|'[^'\n]*'|.", re.DOTALL)
_COMMENT = re.compile(r"(\"[^\"]*\"|'[^'\n]*')|/\*.*?\*/", re.DOTALL)
_NUMBER_IN_BASE = re.compile(r"([+-]?)(\d{1,2})#([0-9A-Fa-f]{1,64})#")


def _without_sfdu(text: str) -> str:
    """Return a label's text with blanks for the leading 20-character SFDU labels that are not `KEY = VALUE`."""
    found = BARE_SFDU.match(text.encode("latin-1", "replace")[:MAX_SFDU_CHARS])
    return " " * found.end() + text[found.end() :] if found else text


def label_text(data: bytes) -> tuple[str, int | None]:
    """Return the text before the label's END, and the byte after that line; None without an END."""
    text = data.decode("latin-1").replace("\r\n", " \n").replace("\r", "\n")  # offsets are unchanged
    text = _without_sfdu(text)
    found = _END.search(text)
    return (text[: found.start()], found.end()) if found else (text, None)


def as_utf8(text: str) -> str:
    """Return a label's text in UTF-8 if its bytes, which `label_text` keeps as Latin-1, are that."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


@dataclass(eq=False)
class Block:
    """An object or group of a label, or the label itself."""

    name: str
    """Name in upper case; empty for the label itself."""
    path: str
    parent: Block | None
    values: dict[str, str] = field(default_factory=dict)
    """Values by upper-case key; the first of several applies."""
    blocks: list[Block] = field(default_factory=list)

    def nearest(self, key: str) -> str | None:
        """Return the value from this block or the nearest enclosing one that has it."""
        block: Block | None = self
        while block:
            if key in block.values:
                return block.values[key]
            block = block.parent
        return None

    def walk(self) -> Iterator[Block]:
        """Yield this block and every one below, in label order."""
        yield self
        for block in self.blocks:
            yield from block.walk()


def statements(text: str) -> Iterator[tuple[str, str]]:
    """Yield every `KEY = VALUE` up to END: (names of enclosing objects and its own, joined by `/`; unquoted value).

    Raises
    ------
    RefusedMedia : as `blocks_of`, at the statement that is over the limit.
    """
    text = _without_sfdu(text.replace("\r\n", "\n").replace("\r", "\n"))
    found = _END.search(text)
    for block, name, value in _in_blocks(text[: found.start()] if found else text, _label()):
        yield f"{block.path}{name}", value


def blocks_of(text: str) -> Block:
    """Return the label as nested blocks.

    Raises
    ------
    RefusedMedia : the label has too many statements or is nested too deep.
    """
    root = _label()
    for block, name, value in _in_blocks(text, root):
        block.values.setdefault(name.upper(), value)
    return root


def _label() -> Block:
    return Block(name="", path="", parent=None)


def _in_blocks(text: str, root: Block) -> Iterator[tuple[Block, str, str]]:
    """Yield the key and value of each statement with the block that it is in; each block is added to the one above."""
    here, depth = root, 0
    for name, value in _Scanner(text).pairs():
        kind = name.upper()
        if kind in ("OBJECT", "GROUP", "BEGIN_OBJECT", "BEGIN_GROUP"):
            depth += 1
            if depth > MAX_DEPTH:
                raise RefusedMedia(f"the label is nested deeper than {MAX_DEPTH}", "flatten it")
            here.blocks.append(Block(name=value.upper(), path=f"{here.path}{value}/", parent=here))
            here = here.blocks[-1]
        elif kind in ("END_OBJECT", "END_GROUP"):
            here, depth = here.parent or here, max(0, depth - 1)
        else:
            yield here, name, value


class _Scanner:
    """Scanner of a text's pairs in one pass; an unclosed mark is searched to the end once, then only in its line."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._last_comment_end = text.rfind("*/")
        self._last_quote = text.rfind('"')
        self._is_balanced = True
        self._steps = 0
        self._line_end = -1

    def pairs(self) -> Iterator[tuple[str, str]]:
        text = self._text
        while True:
            self._skip()
            self._step()
            word = _WORD.match(text, self._at)
            if word is None:
                if self._at >= len(text):
                    return
                self._at += 1  # equals sign without a name
                continue
            equals = _EQUALS.match(text, word.end())
            if equals and _KEY.fullmatch(word[0]):
                self._at = equals.end()
                yield word[0], self._value()
            elif not equals and word[0].upper().rstrip(";") in ("END_OBJECT", "END_GROUP"):
                self._at = word.end()
                yield word[0].rstrip(";"), ""
            else:
                self._line()

    def _skip(self) -> None:
        text = self._text
        while True:
            blank = _BLANK.match(text, self._at)
            self._at = blank.end() if blank else self._at
            if not text.startswith("/*", self._at):
                return
            self._step()
            if self._at + 2 <= self._last_comment_end:
                self._at = text.index("*/", self._at + 2) + 2
            else:
                self._line()

    def _step(self) -> None:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise RefusedMedia(
                f"a label of more than {MAX_STEPS} statements and comments is over the limit", "shorten it"
            )

    def _end_of_line(self) -> int:
        if self._at > self._line_end:  # searched once per line, as a hostile text may be a single line
            self._line_end = self._text.find("\n", self._at)
            self._line_end = len(self._text) if self._line_end < 0 else self._line_end
        return self._line_end

    def _line(self) -> str:
        rest = _REST.match(self._text, self._at)
        assert rest is not None
        self._at = rest.end()
        return rest[0]

    def _value(self) -> str:
        text, line_end = self._text, self._end_of_line()
        self._skip()
        if line_end < self._at and (_STATEMENT.match(text, self._at) or self._at >= len(text)):
            return ""
        first = text[self._at : self._at + 1]
        if first == '"' and self._at < self._last_quote:
            value = self._quoted('"')
        elif first == "'" and text.find("'", self._at + 1, self._end_of_line()) > 0:
            value = f"'{self._quoted(chr(39))}'"
        elif first in ("(", "{") and self._is_balanced:
            value = self._sequence()
        else:
            return " ".join(self._line().partition("/*")[0].strip().strip('"').rstrip(";").split())
        unit = _UNIT.match(text, self._at)
        if unit:
            self._at = unit.end()
            value += f" {unit[0].strip()}"
        return " ".join(value.split())

    def _quoted(self, mark: str) -> str:
        start = self._at + 1
        end = self._text.index(mark, start)
        self._at = end + 1
        return self._text[start:end]

    def _sequence(self) -> str:
        start, depth = self._at, 0
        for token in _INSIDE.finditer(self._text, start):
            depth += (token[0] in ("(", "{")) - (token[0] in (")", "}"))
            if depth == 0:
                self._at = token.end()
                return _without_comments(self._text[start : self._at])
        self._is_balanced = False
        return self._line().strip()


def _without_comments(value: str) -> str:
    """Return a sequence without comments, unless it has implausibly many."""
    return _COMMENT.sub(r"\1", value) if 0 < value.count("/*") <= MAX_COMMENTS else value


def items_of(value: str) -> list[str]:
    """Return the items of a sequence or set, or the single value; each without quotes, with its unit."""
    value = value.strip()[:MAX_SEQUENCE_CHARS]
    if value[:1] in ("(", "{"):
        value = value[1:-1] if value[-1:] in (")", "}") else value[1:]
    items = re.findall(r"(?:\"[^\"]*\"|'[^']*'|[^,\"'])+", value)
    return [unquoted(item) for item in items]


def unquoted(value: str) -> str:
    """Return a value without surrounding quotes."""
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1].strip()
    return value


def without_unit(value: str) -> str:
    """Return a value without its unit: `8` for `8 <BITS>`."""
    return value.partition("<")[0].strip()


def word_of(value: str) -> str:
    """Return a word in upper case with single underscores: `SAMPLE_INTERLEAVED` for `"Sample Interleaved"`."""
    return re.sub(r"[\s_-]+", "_", unquoted(value)).upper()


def is_absent(value: str) -> bool:
    """Return whether the label states that it has no value."""
    return unquoted(value).upper().replace("_", " ") in ABSENT


def number_of(value: str) -> float | int:
    """Return a number, with or without quotes or unit, in any base.

    Raises
    ------
    ValueError : the value is not a number.
    """
    text = without_unit(unquoted(value))
    if len(text) > 100:
        raise ValueError(f"{text[:20]}... is not a number")
    if in_base := _NUMBER_IN_BASE.fullmatch(text):
        return int(in_base[1] + in_base[3], int(in_base[2]))
    if re.fullmatch(r"0[xX][0-9A-Fa-f]+", text):
        return int(text, 16)
    try:
        return int(text)
    except ValueError:
        return float(text.replace("D", "E").replace("d", "e"))
