"""Marks set in a recording: cue points, regions and labels, with their samples and seconds."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar

from processors.audio.cue_points import Mark, aiff_marks, wave_marks
from processors.containers.text.unknown_text import unescaped
from processors.contract import Item, OpenSource, Reads
from processors.decoding.open_media import decoder_errors, open_container
from processors.tables import Column, Table, csv_item

MARKS = Table(
    item="marks.csv",
    title="Marks",
    row="a mark, in order of time; texts are written so that a spreadsheet takes none for a formula",
    columns=(
        Column("kind", "text", "cue, region, mark or chapter"),
        Column("start_seconds", "s", "start, from the first sample of the file"),
        Column("end_seconds", "s", "end; empty for a point"),
        Column("start_sample", "samples", "start; empty for a chapter, which is stored in seconds"),
        Column("end_sample", "samples", "end; empty for a point or a chapter"),
        Column("label", "text", "label"),
        Column("note", "text", "additional text"),
    ),
)
MAX_MARKS = 200
"""Maximum number of marks in the facts; the files hold all."""
FORMULA_STARTS = ("=", "+", "-", "@", "'")
TURNS_TEXT = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, kw_only=True)
class MarksFacts:
    """All marks, in the order of their start."""

    mark_count: int
    marks: tuple[Mark, ...]
    """First marks, at most 200; all are in marks.csv."""
    problems: tuple[str, ...]
    """Parts that could not be read."""


@dataclass(frozen=True, kw_only=True)
class Marks:
    """Cue points of WAV and RF64, marks of AIFF, and chapters of any container; as CSV and Audacity labels."""

    name: ClassVar[str] = "audio.marks"
    version: ClassVar[int] = 5
    reads: ClassVar[Reads] = "file"
    tables: ClassVar[tuple[Table, ...]] = (MARKS,)

    def items(self, opened: OpenSource, scratch: Path) -> Iterator[Item]:
        problems: list[str] = []
        with opened.file.open() as file:
            readers = {"wav": wave_marks, "w64": wave_marks, "aiff": aiff_marks}
            read = readers.get(opened.source.format)
            marks = read(file, problems) if read else list(_chapters(file))
        marks.sort(key=lambda mark: (mark.start_seconds, mark.label))
        facts = MarksFacts(mark_count=len(marks), marks=tuple(marks[:MAX_MARKS]), problems=tuple(problems))
        yield csv_item(MARKS, ([_cell(getattr(mark, name)) for name in MARKS.names] for mark in marks), facts=facts)
        yield Item(name="marks.labels.txt", media_type="text/plain", data=_labels(marks))


def _chapters(file: BinaryIO) -> Iterator[Mark]:
    with open_container(file) as container, decoder_errors("reading the chapters"):
        for chapter in container.chapters():
            base = chapter["time_base"] or 0
            yield Mark(
                kind="chapter",
                start_seconds=float(chapter["start"] * base),
                end_seconds=float(chapter["end"] * base),
                label=unescaped(chapter["metadata"].get("title")) or "",
            )


def _cell(value: str | int | float | None) -> str:
    """Return a value as written in the table, safe to open in a spreadsheet and to print.

    A text that a spreadsheet would take for a formula gets an apostrophe in front, as does one that begins with an
    apostrophe itself: to read it back, remove the first apostrophe and then undo `_visible`.
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6f}"
    if not isinstance(value, str):
        return str(value)
    text = _visible(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _visible(text: str) -> str:
    """Return text with control characters other than line breaks, and those that change its direction, as `\\x1b`
    or `\\u202e`; a backslash becomes two."""
    return "".join(_escaped(letter) for letter in text)


def _escaped(letter: str) -> str:
    if letter == "\\":
        return "\\\\"
    if letter != "\n" and unicodedata.category(letter) == "Cc":
        return f"\\x{ord(letter):02x}"
    return f"\\u{ord(letter):04x}" if letter in TURNS_TEXT else letter


def _labels(marks: list[Mark]) -> bytes:
    """Return Audacity's label track: start, end, text."""
    lines = []
    for mark in marks:
        end = mark.start_seconds if mark.end_seconds is None else mark.end_seconds
        lines.append(f"{mark.start_seconds:.6f}\t{end:.6f}\t{_visible(' '.join(mark.label.split()))}\n")
    return "".join(lines).encode()
