"""What recorders and programs write into chunks arrives in the metadata; a chunk that nobody knows is named."""

from __future__ import annotations

import io
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from processors.audio.reading.audio_reader import FileReader
from processors.containers.chunks import MAX_CHUNK_BYTES, WAVE64_IDS, WAVE64_START
from processors.metadata.position import position_of
from processors.metadata.tags.container import read_container
from processors.metadata.tags.riff import riff_tags
from processors.metadata.tags.tag_records import Tag
from processors.metadata.times.times import dates_of_file
from processors.sources.source_file import SourceFile


def chunk(name: bytes, data: bytes, order: str = "<") -> bytes:
    return name + struct.pack(f"{order}I", len(data)) + data + b"\0" * (len(data) % 2)


def wave(*chunks: bytes, form: bytes = b"RIFF", order: str = "<") -> io.BytesIO:
    fmt = struct.pack(f"{order}HHIIHH", 1, 1, 48_000, 96_000, 2, 16)
    body = b"WAVE" + chunk(b"fmt ", fmt, order) + b"".join(chunks) + chunk(b"data", bytes(960), order)
    return io.BytesIO(form + struct.pack(f"{order}I", len(body)) + body)


def tags_of(file: io.BytesIO) -> tuple[dict[str, Any], list[str]]:
    problems: list[str] = []
    return {f"{tag.namespace}:{tag.name}": tag.value for tag in riff_tags(file, problems)}, problems


GUANO = (
    b"GUANO|Version: 1.0\nTimestamp: 2021-05-15T07:18:00+08:00\nLoc Position: -25.1 109.9\n"
    b"Make: CNSA\nModel: MCS\nNote: a\\nb\n"
)


def wamd(*entries: tuple[int, bytes]) -> bytes:
    return chunk(b"wamd", b"".join(struct.pack("<HI", number, len(data)) + data for number, data in entries))


def test_the_notes_of_a_recorder_say_when_where_and_with_what(tmp_path: Path) -> None:
    path = tmp_path / "guano.wav"
    path.write_bytes(wave(chunk(b"guan", GUANO)).read())
    with path.open("rb") as opened:
        record = read_container(opened, sha256="0" * 64, size_bytes=path.stat().st_size, medium="audio")
    known = {name: value.value for name, value in vars(record.known).items() if value}
    assert known == {
        "device": "MCS",
        "created": "2021-05-15T07:18:00+08:00",
        "caption": "a\nb",
        "latitude_degrees_north": -25.1,
        "longitude_degrees_east": 109.9,
    }
    problems: list[str] = []
    ((date, when),) = dates_of_file(record.tags, problems)
    assert (date.meaning, date.source, problems) == ("recorded", "file:guano:Timestamp", [])
    assert str(when.earliest_utc) == "2021-05-14 23:18:00+00:00"


def test_the_chunk_of_wildlife_acoustics_is_read() -> None:
    data = wamd(
        (0, struct.pack("<H", 1)),
        (1, b"SM4\0"),
        (2, b"S4A03895"),
        (5, b"2019-05-22 00:00:00-07:00"),
        (6, b"WGS84,53.1234,N,117.5,W,1200"),
        (0x0F, struct.pack("<H", 10)),
        (0x15, b"\1\2"),
        (0xFFFF, b"\0"),
    )
    tags, problems = tags_of(wave(data))
    assert problems == []
    assert tags == {
        "wamd:Version": 1,
        "wamd:Model": "SM4",
        "wamd:Serial Number": "S4A03895",
        "wamd:Timestamp": "2019-05-22 00:00:00-07:00",
        "wamd:GPS First": "WGS84,53.1234,N,117.5,W,1200",
        "wamd:Time Expansion": 10,
        "wamd:Entry 0x15": "0102",
    }
    assert tags_of(wave(wamd((1, b"SM4")).replace(b"\3\0\0\0", b"\x63\0\0\0")))[1] == [
        "chunk wamd: entry 0x01 says 99 bytes, but the chunk ends earlier"
    ]


@pytest.mark.parametrize(
    ("place", "text", "found"),
    [
        ("guano:Loc Position", "25.1 109.9", (25.1, 109.9)),
        ("guano:Loc Position", "32.1878016, -86.1057312", (32.1878016, -86.1057312)),
        ("wamd:GPS First", "WGS84,53.5,S,117.5,E", (-53.5, 117.5)),
        ("wamd:GPS First", "WGS84, -53.5, 117.5, 1200", (-53.5, 117.5)),
        ("guano:Loc Position", "125.1 109.9", None),
        ("guano:Loc Position", "25.1", None),
    ],
)
def test_positions_are_read_as_recorders_write_them(place: str, text: str, found: tuple[float, float] | None) -> None:
    namespace, name = place.split(":")
    values = position_of((Tag(namespace=namespace, name=name, value=text),))
    assert tuple(one.value for one in values.values() if one) == (found or ())


IXML = '<?xml version="1.0" encoding="{}"?>\n<BWFXML><PROJECT>Mars 火星</PROJECT><SCENE no="4">1</SCENE></BWFXML>'


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16", "UTF-16LE", "UTF-16BE"])
@pytest.mark.parametrize("declared", ["UTF-8", "UTF-16"])
@pytest.mark.parametrize("name", [b"iXML", b"axml"])
def test_xml_is_read_in_8_and_in_16_bits(encoding: str, declared: str, name: bytes) -> None:
    if (encoding, declared) == ("UTF-8", "UTF-16"):
        return
    tags, problems = tags_of(wave(chunk(name, IXML.format(declared).encode(encoding) + b"\0\0")))
    space = name.decode().lower()
    assert problems == []
    assert tags == {f"{space}:PROJECT": "Mars 火星", f"{space}:SCENE": "1", f"{space}:SCENE@no": "4"}


def test_an_unknown_chunk_is_named_with_its_size() -> None:
    tags, problems = tags_of(wave(chunk(b"weth", b"abc"), *[chunk(b"odd%c" % (33 + n % 90), b"") for n in range(200)]))
    assert tags["chunk:weth"] == "3 bytes at byte 36"
    assert sum(name.startswith("chunk:") for name in tags) <= 100
    assert problems == ["201 chunks that are not read; 100 of them are listed"]


def test_a_chunk_without_a_readable_name_is_named_or_its_bytes_are_reported() -> None:
    odd = chunk(b"\1\2\3\4", b"0123456789")
    found, problems = tags_of(wave(odd, chunk(b"bext", b"A title".ljust(602, b"\0"))))
    assert (found["chunk:01020304"], found["bext:Description"]) == ("10 bytes at byte 36", "A title")
    assert problems == []
    behind = io.BytesIO(wave().read() + b"\1\2\3\4\xff\xff\xff\xff" + b"some bytes")
    assert tags_of(behind)[1] == ["18 bytes at byte 1004 belong to no chunk: not read"]


def test_big_endian_chunks_are_read() -> None:
    bext = b"drive-off".ljust(256, b"\0") + bytes(64) + b"2021-05-2202:40:00" + struct.pack(">QH", 48_000, 1)
    tags, problems = tags_of(wave(chunk(b"bext", bext.ljust(602, b"\0"), ">"), form=b"RIFX", order=">"))
    assert problems == []
    assert (tags["bext:Description"], tags["bext:TimeReference"], tags["bext:Version"]) == ("drive-off", 48_000, 1)


def test_cart_and_sampler_chunks_are_read() -> None:
    cart = b"0101" + b"Descent".ljust(64, b"\0") + b"MCS".ljust(64, b"\0")
    cart = cart.ljust(2048, b"\0") + b"spoken"
    loop = struct.pack("<9I6I", 0, 0, 20_833, 60, 0, 0, 0, 1, 0, 0, 0, 100, 200, 0, 0)
    tags, problems = tags_of(wave(chunk(b"cart", cart), chunk(b"smpl", loop)))
    assert problems == []
    assert (tags["cart:Title"], tags["cart:Artist"], tags["cart:TagText"]) == ("Descent", "MCS", "spoken")
    assert (tags["smpl:MIDIUnityNote"], tags["smpl:Loop 0"]) == (60, [100, 200])


def test_texts_of_aiff_and_caf_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.aiff"
    soundfile.write(path, np.zeros(100), 48_000)
    comment = struct.pack(">HIHH", 1, 0, 0, 6) + b"dust d"
    more = [
        chunk(b"NAME", b"Descent", ">"),
        chunk(b"AUTH", b"CNSA", ">"),
        chunk(b"(c) ", b"2021", ">"),
        chunk(b"ANNO", b"first", ">"),
        chunk(b"COMT", comment, ">"),
    ]
    tags, problems = tags_of(io.BytesIO(path.read_bytes() + b"".join(more)))
    assert problems == []
    assert tags == {
        "aiff:Name": "Descent",
        "aiff:Author": "CNSA",
        "aiff:Copyright": "2021",
        "aiff:Annotation": "first",
        "aiff:Comment": "dust d",
    }
    path = tmp_path / "a.caf"
    soundfile.write(path, np.zeros(100), 48_000)
    info = struct.pack(">I", 2) + b"title\0Descent\0artist\0CNSA\0"
    data = path.read_bytes()
    tags, problems = tags_of(
        io.BytesIO(data[:8] + data[8:52] + b"info" + struct.pack(">q", len(info)) + info + data[52:])
    )
    assert problems == []
    assert (tags["caf.info:title"], tags["caf.info:artist"]) == ("Descent", "CNSA")


def test_a_wrong_byte_in_a_chunk_leaves_the_tags_of_the_others() -> None:
    chunks = {
        "guano": chunk(b"guan", GUANO),
        "wamd": wamd((1, b"SM4"), (5, b"2019")),
        "ixml": chunk(b"iXML", IXML.format("UTF-8").encode()),
        "cart": chunk(b"cart", b"0101Descent".ljust(2048, b"\0")),
        "smpl": chunk(b"smpl", bytes(36)),
    }
    whole = wave(*chunks.values()).read()
    tags, problems = tags_of(io.BytesIO(whole))
    assert ({name.partition(":")[0] for name in tags}, problems) == (set(chunks), [])
    chance = np.random.default_rng(3)
    for name, data in chunks.items():
        others = {tag: value for tag, value in tags.items() if not tag.startswith(f"{name}:")}
        for _ in range(100):
            wrong = bytearray(whole)
            wrong[whole.index(data) + int(chance.integers(8, len(data)))] = int(chance.integers(256))
            found, _ = tags_of(io.BytesIO(bytes(wrong)))
            assert {tag: value for tag, value in found.items() if not tag.startswith(f"{name}:")} == others


def test_a_wrong_byte_in_the_name_of_a_chunk_is_never_silent() -> None:
    whole = wave(chunk(b"guan", GUANO), chunk(b"cart", bytes(2048))).read()
    for place in (*range(12, 16), *range(whole.index(b"guan"), whole.index(b"guan") + 4)):
        for value in range(256):
            file = io.BytesIO(whole[:place] + bytes([value]) + whole[place + 1 :])
            tags, problems = tags_of(file)
            has_unknown = any(tag.startswith("chunk:") for tag in tags)
            assert tags.get("guano:Make") == "CNSA" or problems or has_unknown


MASKS = [
    (2, 0x3, "stereo", None),
    (2, 0x3F, "stereo", "0x3F names 6 loudspeakers for 2 channels; only the first 2 count: FL FR"),
    (3, 0xFFFFFFFF, "3.0", "0xFFFFFFFF names 32 loudspeakers for 3 channels; only the first 3 count: FL FR FC"),
    (1, 0x3, "1 channels (FL)", "0x3 names 2 loudspeakers for 1 channel; only the first 1 counts: FL"),
    (4, 0x3, "4 channels", "0x3 names 2 loudspeakers for 4 channels; channels 3 to 4 are for none"),
    (2, 0x80000000, "2 channels", "0x80000000 names 1 loudspeaker for 2 channels; channel 2 is for none"),
    (2, 0, "2 channels", None),
]


@pytest.mark.parametrize("kind", ["RIFF", "Wave64"])
@pytest.mark.parametrize(("channels", "bits", "layout", "misfit"), MASKS)
def test_a_channel_mask_that_does_not_fit_is_reported_and_costs_no_channel(
    tmp_path: Path, kind: str, channels: int, bits: int, layout: str, misfit: str | None
) -> None:
    samples = np.arange(1, channels + 1)[None] * np.full((480, 1), 1000)
    head = (0xFFFE, channels, 48_000, 96_000 * channels, 2 * channels, 16, 22, 16, bits)
    guid = struct.pack("<IHH", 1, 0, 16) + bytes.fromhex("800000aa00389b71")
    parts = (b"fmt ", struct.pack("<HHIIHHHHI", *head) + guid), (b"data", samples.astype("<i2").tobytes())
    path = tmp_path / "a.wav"
    if kind == "Wave64":
        inside = b"".join(
            name + WAVE64_IDS[0] + struct.pack("<Q", 24 + len(data)) + data.ljust(-(-len(data) // 8) * 8, b"\0")
            for name, data in parts
        )
        path.write_bytes(WAVE64_START + struct.pack("<Q", 40 + len(inside)) + b"wave" + WAVE64_IDS[0] + inside)
    else:
        inside = b"WAVE" + b"".join(chunk(name, data) for name, data in parts)
        path.write_bytes(b"RIFF" + struct.pack("<I", len(inside)) + inside)
    with path.open("rb") as file:
        record = read_container(file, sha256="0" * 64, size_bytes=1, medium="audio")
    assert record.problems == ((f"chunk fmt: channel mask {misfit}",) if misfit else ())
    assert [(stream.channel_count, stream.channel_layout) for stream in record.streams] == [(channels, layout)]
    reader = FileReader(SourceFile.at(path), "w64" if kind == "Wave64" else "wav")
    (block,) = reader.blocks()
    assert (block.samples[:, 0] * 32768).tolist() == [1000.0 * number for number in range(1, channels + 1)]
    assert reader.report().damage is None


def test_a_long_list_of_frames_is_no_problem_of_the_metadata(tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    coding = ("-f", "lavfi", "-i", "testsrc=s=640x480:d=0.4", "-c:v", "rawvideo", "-pix_fmt", "yuv420p", str(path))
    subprocess.run(["ffmpeg", "-v", "error", *coding], check=True)
    assert path.stat().st_size > MAX_CHUNK_BYTES
    with path.open("rb") as file:
        assert read_container(file, sha256="0" * 64, size_bytes=1, medium="video").problems == ()
