"""Marks come out with the samples at which they were set, and lying sizes end in a word about them."""

from __future__ import annotations

import csv
import io
import struct
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from processors.audio.marks import Marks
from processors.contract import Item, OpenSource, Source
from processors.sources.source_file import SourceFile


def marks_of(path: Path, file_format: str) -> tuple[Item, str]:
    source = Source(
        digest="0" * 64,
        size_bytes=path.stat().st_size,
        name=path.name,
        medium="audio",
        format=file_format,
        has_sound=True,
    )
    table, labels = Marks().items(OpenSource(source=source, file=SourceFile.at(path)), path.parent)
    assert labels.data is not None
    return table, labels.data.decode()


def chunk(name: bytes, data: bytes, size: int | None = None) -> bytes:
    return name + struct.pack("<I", len(data) if size is None else size) + data + b"\0" * (len(data) % 2)


def cue(*points: tuple[int, int], declared: int | None = None) -> bytes:
    rows = b"".join(struct.pack("<II4sIII", number, sample, b"data", 0, 0, sample) for number, sample in points)
    return chunk(b"cue ", struct.pack("<I", len(points) if declared is None else declared) + rows)


def wave(path: Path, extra: bytes, kind: bytes = b"RIFF") -> Path:
    soundfile.write(path, np.zeros(96_001), 48_000)
    data = path.read_bytes() + b"\0" * (path.stat().st_size % 2)
    if kind == b"RF64":
        body = data[12:].replace(b"data" + struct.pack("<I", 192_002), b"data" + b"\xff" * 4)
        ds64 = chunk(b"ds64", struct.pack("<QQQI", len(data) + len(extra) + 28, 192_002, 96_001, 0))
        data = kind + b"\xff" * 4 + b"WAVE" + ds64 + body
    path.write_bytes(data + extra)
    return path


@pytest.mark.parametrize("kind", [b"RIFF", b"RF64"])
def test_cues_and_regions_have_their_samples_and_labels(tmp_path: Path, kind: bytes) -> None:
    adtl = chunk(b"ltxt", struct.pack("<II4sHHHH", 2, 4800, b"rgn ", 0, 0, 0, 0) + b"left front")
    adtl += chunk(b"labl", struct.pack("<I", 2) + b"wheel on ramp" + b"\0")
    adtl += chunk(b"note", struct.pack("<I", 2) + b"second try" + b"\0")
    adtl += chunk(b"note", struct.pack("<I", 1) + "départ".encode("cp1252") + b"\0")
    extra = cue((2, 72_000), (1, 24_000)) + chunk(b"LIST", b"adtl" + adtl)
    item, labels = marks_of(wave(tmp_path / "marked.wav", extra, kind), "wav")
    assert item.data is not None
    assert item.data.decode().splitlines() == [
        "kind,start_seconds,end_seconds,start_sample,end_sample,label,note",
        "cue,0.500000,,24000,,départ,",
        "region,1.500000,1.600000,72000,76800,wheel on ramp,left front; second try",
    ]
    assert labels == "0.500000\t0.500000\tdépart\n1.500000\t1.600000\twheel on ramp\n"
    assert item.facts.problems == ()


def test_wrong_sizes_are_reported(tmp_path: Path) -> None:
    item, _ = marks_of(wave(tmp_path / "a.wav", cue((1, 480), declared=4_000_000_000)), "wav")
    assert [mark.start_sample for mark in item.facts.marks] == [480]
    assert item.facts.problems == ("chunk cue says 4000000000 points and holds 1",)
    item, _ = marks_of(wave(tmp_path / "b.wav", chunk(b"cue ", b"\1\0\0\0", size=3_000_000_000)), "wav")
    assert item.facts.mark_count == 0
    assert item.facts.problems == (
        "chunk cue says 3000000000 bytes, but the file ends earlier",
        "chunk cue says 1 points and holds 0",
    )
    endless = b"".join(chunk(b"junk", b"") for _ in range(10_001))
    item, _ = marks_of(wave(tmp_path / "c.wav", endless), "wav")
    assert item.facts.problems == ("more than 10000 chunks: the rest is not read",)


def test_marks_of_aiff(tmp_path: Path) -> None:
    path = tmp_path / "marked.aiff"
    soundfile.write(path, np.zeros(9600), 48_000)
    marks = b"".join(
        struct.pack(">HIB", number, sample, len(label)) + label + b"\0" * ((len(label) + 1) % 2)
        for number, sample, label in ((1, 4800, b"ramp"), (2, 9000, b"end"))
    )
    body = struct.pack(">H", 2) + marks
    path.write_bytes(path.read_bytes() + b"MARK" + struct.pack(">I", len(body)) + body)
    item, _ = marks_of(path, "aiff")
    found = [(mark.kind, mark.start_sample, mark.start_seconds, mark.label) for mark in item.facts.marks]
    assert found == [("mark", 4800, 0.1, "ramp"), ("mark", 9000, 0.1875, "end")]


def test_chapters_are_marks_too(samples: Path) -> None:
    item, _ = marks_of(samples / "formats/audio/mutagen/nero-chapters.m4b", "mov,mp4")
    with av.open(str(samples / "formats/audio/mutagen/nero-chapters.m4b")) as container:
        assert item.facts.mark_count == len(container.chapters()) > 0
    assert {mark.kind for mark in item.facts.marks} == {"chapter"}


def test_labels_are_safe_to_open_in_a_spreadsheet_and_can_be_read_back(tmp_path: Path) -> None:
    texts = ["=1+1", "+1", "-2", "@SUM(1)", "'quoted", "red \x1b[31m", "a\\b", "\u202egnp", "plain, with comma"]
    adtl = b"".join(
        chunk(b"labl", struct.pack("<I", number) + text.encode() + b"\0") for number, text in enumerate(texts)
    )
    points = cue(*((number, number * 480) for number in range(len(texts))))
    item, labels = marks_of(wave(tmp_path / "a.wav", points + chunk(b"LIST", b"adtl" + adtl)), "wav")
    assert item.data is not None
    written = [row["label"] for row in csv.DictReader(io.StringIO(item.data.decode()))]
    assert written == [
        "'=1+1",
        "'+1",
        "'-2",
        "'@SUM(1)",
        "''quoted",
        r"red \x1b[31m",
        r"a\\b",
        r"\u202egnp",
        "plain, with comma",
    ]
    back = [text.removeprefix("'").encode("latin-1").decode("unicode_escape") for text in written]
    assert back == texts
    assert "\x1b" not in labels
    assert [mark.label for mark in item.facts.marks] == texts


def test_cues_of_rifx_and_wave64_have_their_samples(tmp_path: Path) -> None:
    fmt = struct.pack(">HHIIHH", 1, 1, 48_000, 96_000, 2, 16)
    point = struct.pack(">IIII4sIII", 1, 7, 0, 0, b"data", 0, 0, 24_000)
    parts = ((b"fmt ", fmt), (b"cue ", point[:4] + point[4:8] + point[12:]), (b"data", bytes(960)))
    body = b"WAVE" + b"".join(name + struct.pack(">I", len(data)) + data for name, data in parts)
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFX" + struct.pack(">I", len(body)) + body)
    item, _ = marks_of(path, "wav")
    assert ([mark.start_seconds for mark in item.facts.marks], item.facts.problems) == ([0.5], ())
    path = tmp_path / "a.w64"
    soundfile.write(path, np.zeros(960), 48_000, format="W64", subtype="PCM_16")
    rest = cue((1, 24_000))[8:]
    tail = b"\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
    path.write_bytes(
        path.read_bytes() + b"cue " + tail + struct.pack("<Q", 24 + len(rest)) + rest + bytes(-len(rest) % 8)
    )
    item, _ = marks_of(path, "w64")
    assert [mark.start_seconds for mark in item.facts.marks] == [0.5]
