"""Marks in the chunks of WAV and AIFF files; declared sizes are never trusted beyond the end of the file."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO, Literal

from processors.containers.chunks import ChunkFile
from processors.containers.text.unknown_text import decoded


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Point, or span if it has an end."""

    kind: Literal["cue", "region", "mark", "chapter"]
    start_seconds: float
    """Start in s from the first sample of the file."""
    end_seconds: float | None = None
    start_sample: int | None = None
    """Start in samples; None for a chapter, which is stored in seconds."""
    end_sample: int | None = None
    label: str = ""
    note: str = ""
    """Additional text of this mark."""


def _wanted(file: BinaryIO, names: frozenset[bytes], problems: list[str]) -> Iterator[tuple[ChunkFile, bytes, bytes]]:
    walked = ChunkFile(file, problems)
    for chunk in walked.chunks():
        if chunk.name in names:
            if chunk.is_cut:
                problems.append(f"chunk {chunk.title} says {chunk.declared_bytes} bytes, but the file ends earlier")
            yield walked, chunk.name, chunk.read(file)


def wave_marks(file: BinaryIO, problems: list[str]) -> list[Mark]:
    """Return cue points, with labels and lengths from `adtl` (Microsoft, Multimedia Programming Interface 1.0)."""
    rate_hz, marks, texts, lengths = 0, dict[int, Mark](), dict[int, list[str]](), dict[int, int]()
    for walked, name, data in _wanted(file, frozenset({b"fmt ", b"cue ", b"LIST"}), problems):
        if name == b"fmt " and len(data) >= 8:
            rate_hz = walked.number("I", data, 4)
        elif name == b"cue ":
            for number, sample in _cues(data, walked, problems):
                marks[number] = Mark(kind="cue", start_seconds=0.0, start_sample=sample)
        elif name == b"LIST" and data[:4] == b"adtl":
            _adtl(data[4:], walked, texts, lengths)
    if marks and not rate_hz:
        problems.append("no sampling rate, so the marks have no time")
        return []
    return [_placed(mark, rate_hz, lengths.get(number, 0), texts.get(number, [])) for number, mark in marks.items()]


def _cues(data: bytes, walked: ChunkFile, problems: list[str]) -> Iterator[tuple[int, int]]:
    if len(data) < 4:
        return
    declared, held = walked.number("I", data), (len(data) - 4) // 24
    if declared > held:
        problems.append(f"chunk cue says {declared} points and holds {held}")
    for place in range(4, 4 + 24 * min(declared, held), 24):
        yield walked.number("I", data, place), walked.number("I", data, place + 20)


def _adtl(data: bytes, walked: ChunkFile, texts: dict[int, list[str]], lengths: dict[int, int]) -> None:
    """Collect texts (`labl` first, then `note` and `ltxt`) and lengths in samples, by the cue point's number."""
    place = 0
    while place + 12 <= len(data):
        name, size, number = (
            data[place : place + 4],
            walked.number("I", data, place + 4),
            walked.number("I", data, place + 8),
        )
        body = data[place + 12 : place + 8 + size]
        if name == b"ltxt" and len(body) >= 4:
            lengths[number] = walked.number("I", body)
        written = {b"labl": body, b"note": body, b"ltxt": body[16:]}.get(name, b"")
        if text := _text(written.split(b"\0")[0]):
            known = texts.setdefault(number, [])
            known.insert(0 if name == b"labl" else len(known), text)
        place += 8 + size + size % 2


def aiff_marks(file: BinaryIO, problems: list[str]) -> list[Mark]:
    """Return the marks of the `MARK` chunk (Apple, Audio Interchange File Format 1.3)."""
    rate_hz, marks = 0.0, list[Mark]()
    for _, name, data in _wanted(file, frozenset({b"COMM", b"MARK"}), problems):
        if name == b"COMM" and len(data) >= 18:
            rate_hz = _extended(data[8:18])
        elif name == b"MARK" and len(data) >= 2:
            (count,), place = struct.unpack(">H", data[:2]), 2
            while len(marks) < count and place + 7 <= len(data):
                _, sample, length = struct.unpack(">HIB", data[place : place + 7])
                label = _text(data[place + 7 : place + 7 + length])
                marks.append(Mark(kind="mark", start_seconds=0.0, start_sample=sample, label=label))
                place += 6 + length + 1 + (length + 1) % 2
    if marks and not rate_hz > 0:
        problems.append("no sampling rate, so the marks have no time")
        return []
    return [_placed(mark, rate_hz, 0, [mark.label]) for mark in marks]


def _extended(data: bytes) -> float:
    """Return an 80-bit IEEE 754 number, in which AIFF stores its rate; 0 if it cannot be a rate."""
    exponent, mantissa = struct.unpack(">HQ", data)
    return mantissa * 2.0 ** (exponent - 16383 - 63) if 16383 <= exponent < 16383 + 40 else 0.0


def _placed(mark: Mark, rate_hz: float, length_samples: int, texts: list[str]) -> Mark:
    assert mark.start_sample is not None
    end = mark.start_sample + length_samples if length_samples else None
    return replace(
        mark,
        kind="region" if end else mark.kind,
        start_seconds=mark.start_sample / rate_hz,
        end_sample=end,
        end_seconds=end / rate_hz if end else None,
        label=texts[0] if texts else "",
        note="; ".join(texts[1:]),
    )


def _text(data: bytes) -> str:
    """Decode text in whatever encoding, as escapes if it is unknown."""
    return (decoded(data) or data.decode("ascii", "backslashreplace")).strip()
