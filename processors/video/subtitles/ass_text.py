"""Text of one event of Advanced SubStation Alpha, the form in which FFmpeg gives every text subtitle, as WebVTT.

Italics, bold, underlining and a place at the top of the picture are kept; fonts, colours, other places and drawings
are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from processors.containers.text.webvtt import escaped

FIELDS_BEFORE_TEXT = 8
"""ReadOrder, Layer, Style, Name, MarginL, MarginR, MarginV, Effect."""
AT_TOP = "line:0"
_PART = re.compile(r"\{(?P<codes>[^}]*)\}|\\(?P<break>[Nn])|\\(?P<space>h)|\\(?P<literal>[{}\\])|(?P<text>[^\\{]+|.)")
_CODE = re.compile(r"\\(?:(?P<style>[biu])(?P<value>\d*)(?![a-z])|(?P<reset>r)|p(?P<drawing>\d+))")
_TOP = re.compile(r"\\an[789](?!\d)|\\a(?:5|6|7)(?!\d)")


def webvtt_text(event: str) -> tuple[str, str]:
    """Return text and settings of a cue; the text is empty if the event shows none.

    Parameters
    ----------
    event : `ReadOrder,Layer,Style,Name,MarginL,MarginR,MarginV,Effect,Text`.
    """
    fields = event.split(",", FIELDS_BEFORE_TEXT)
    text = fields[FIELDS_BEFORE_TEXT] if len(fields) > FIELDS_BEFORE_TEXT else ""
    lines = "".join(_tagged(text)).splitlines()
    shown = [line.strip(" \t") for line in lines if re.sub(r"<[^>]*>", "", line).strip()]
    return "\n".join(shown), AT_TOP if _TOP.search(text) else ""


def _tagged(text: str) -> Iterator[str]:
    """Yield the text with tags, which are closed at the end of each line: no line depends on another."""
    wanted: list[str] = []
    written: list[str] = []
    is_drawing = False
    for part in _PART.finditer(text):
        if part["codes"] is not None:
            for code in _CODE.finditer(part["codes"]):
                if code["reset"]:
                    wanted = []
                elif code["drawing"]:
                    is_drawing = code["drawing"] != "0"
                elif code["value"] in ("", "0"):
                    wanted = [tag for tag in wanted if tag != code["style"]]
                elif code["style"] not in wanted:
                    wanted = [*wanted, code["style"]]
        elif part["break"] or part["text"] == "\n":
            yield from (f"</{tag}>" for tag in reversed(written))
            written = []
            yield "\n"
        elif not is_drawing:
            if written != wanted:
                yield from (f"</{tag}>" for tag in reversed(written))
                yield from (f"<{tag}>" for tag in wanted)
                written = wanted
            yield "\N{NO-BREAK SPACE}" if part["space"] else escaped(part["literal"] or part["text"])
    yield from (f"</{tag}>" for tag in reversed(written))
