"""Marks in the chunks of WAV and AIFF files, read within bounds: no size in the file is believed beyond its end."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO, Literal

MOST_CHUNKS = 10_000
MOST_BYTES = 1 << 22
"""Of one chunk that holds marks; 4 MiB are 170,000 cue points."""
UNKNOWN_SIZE = 0xFFFFFFFF
"""In RF64 and BW64 (EBU Tech 3306, ITU-R BS.2088) the size stands in the `ds64` chunk."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A point, or a span where it has an end."""

    kind: Literal["cue", "region", "mark", "chapter"]
    start_seconds: float
    """From the first sample of the file."""
    end_seconds: float | None = None
    start_sample: int | None = None
    """None for a chapter, which is written in seconds."""
    end_sample: int | None = None
    label: str = ""
    note: str = ""
    """What else is written at it."""


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """One chunk that was looked at."""

    name: bytes
    data: bytes


def chunks(file: BinaryIO, size_bytes: int, wanted: frozenset[bytes], problems: list[str]) -> Iterator[Chunk]:
    """The wanted chunks of a RIFF, RF64, BW64 or AIFF file, in order; what breaks the format is told in `problems`."""
    file.seek(0)
    order = ">" if file.read(4) in (b"FORM",) else "<"
    place, data_size = 12, None
    for _ in range(MOST_CHUNKS):
        if place + 8 > size_bytes:
            return
        file.seek(place)
        name, size = struct.unpack(order + "4sI", file.read(8))
        if name == b"data" and size == UNKNOWN_SIZE and data_size is not None:
            size = data_size
        if place + 8 + size > size_bytes and (name in wanted or name == b"ds64"):
            problems.append(f"chunk {_text(name)} says {size} bytes, the file ends before")
        if name in wanted or name == b"ds64":
            data = file.read(min(size, MOST_BYTES, size_bytes - place - 8))
            if name == b"ds64" and len(data) >= 16:
                (data_size,) = struct.unpack("<Q", data[8:16])
            if name in wanted:
                yield Chunk(name=name, data=data)
        place += 8 + size + size % 2
    problems.append(f"more than {MOST_CHUNKS} chunks: the rest is not read")


def wave_marks(file: BinaryIO, size_bytes: int, problems: list[str]) -> list[Mark]:
    """Cue points, with labels and lengths from the `adtl` list (Microsoft, Multimedia Programming Interface 1.0)."""
    rate_hz, marks, texts, lengths = 0, dict[int, Mark](), dict[int, list[str]](), dict[int, int]()
    for chunk in chunks(file, size_bytes, frozenset({b"fmt ", b"cue ", b"LIST"}), problems):
        if chunk.name == b"fmt " and len(chunk.data) >= 8:
            (rate_hz,) = struct.unpack("<I", chunk.data[4:8])
        elif chunk.name == b"cue ":
            for number, sample in _cues(chunk.data, problems):
                marks[number] = Mark(kind="cue", start_seconds=0.0, start_sample=sample)
        elif chunk.name == b"LIST" and chunk.data[:4] == b"adtl":
            _adtl(chunk.data[4:], texts, lengths)
    if marks and not rate_hz:
        problems.append("no sampling rate, so the marks have no time")
        return []
    return [_placed(mark, rate_hz, lengths.get(number, 0), texts.get(number, [])) for number, mark in marks.items()]


def _cues(data: bytes, problems: list[str]) -> Iterator[tuple[int, int]]:
    """Number and sample of each cue point."""
    if len(data) < 4:
        return
    (declared,) = struct.unpack("<I", data[:4])
    held = (len(data) - 4) // 24
    if declared > held:
        problems.append(f"chunk cue says {declared} points and holds {held}")
    for place in range(4, 4 + 24 * min(declared, held), 24):
        number, _, _, _, _, sample = struct.unpack("<II4sIII", data[place : place + 24])
        yield number, sample


def _adtl(data: bytes, texts: dict[int, list[str]], lengths: dict[int, int]) -> None:
    """Texts (`labl` first, then `note` and that of `ltxt`) and lengths in samples, by the cue point's number."""
    place = 0
    while place + 12 <= len(data):
        name, size, number = struct.unpack("<4sII", data[place : place + 12])
        body = data[place + 12 : place + 8 + size]
        if name == b"ltxt" and len(body) >= 4:
            (lengths[number],) = struct.unpack("<I", body[:4])
        written = {b"labl": body, b"note": body, b"ltxt": body[16:]}.get(name, b"")
        if text := _text(written.split(b"\0")[0]):
            known = texts.setdefault(number, [])
            known.insert(0 if name == b"labl" else len(known), text)
        place += 8 + size + size % 2


def aiff_marks(file: BinaryIO, size_bytes: int, problems: list[str]) -> list[Mark]:
    """Marks of the `MARK` chunk (Apple, Audio Interchange File Format 1.3)."""
    rate_hz, marks = 0.0, list[Mark]()
    for chunk in chunks(file, size_bytes, frozenset({b"COMM", b"MARK"}), problems):
        if chunk.name == b"COMM" and len(chunk.data) >= 18:
            rate_hz = _extended(chunk.data[8:18])
        elif chunk.name == b"MARK" and len(chunk.data) >= 2:
            (count,), place = struct.unpack(">H", chunk.data[:2]), 2
            while len(marks) < count and place + 7 <= len(chunk.data):
                _, sample, length = struct.unpack(">HIB", chunk.data[place : place + 7])
                label = _text(chunk.data[place + 7 : place + 7 + length])
                marks.append(Mark(kind="mark", start_seconds=0.0, start_sample=sample, label=label))
                place += 6 + length + 1 + (length + 1) % 2
    if marks and not rate_hz > 0:
        problems.append("no sampling rate, so the marks have no time")
        return []
    return [_placed(mark, rate_hz, 0, [mark.label]) for mark in marks]


def _extended(data: bytes) -> float:
    """An 80-bit number of IEEE 754, as AIFF writes its rate; 0 for what no rate can be."""
    exponent, mantissa = struct.unpack(">HQ", data)
    return mantissa * 2.0 ** (exponent - 16383 - 63) if 16383 <= exponent < 16383 + 40 else 0.0


def _placed(mark: Mark, rate_hz: float, length_samples: int, texts: list[str]) -> Mark:
    assert mark.start_sample is not None
    end = mark.start_sample + length_samples if length_samples else None
    return replace(
        mark, kind="region" if end else mark.kind, start_seconds=mark.start_sample / rate_hz, end_sample=end,
        end_seconds=end / rate_hz if end else None, label=texts[0] if texts else "", note="; ".join(texts[1:]),
    )  # fmt: skip


def _text(data: bytes) -> str:
    """UTF-8, or Windows-1252 where it is not that."""
    try:
        return data.decode().strip()
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace").strip()
