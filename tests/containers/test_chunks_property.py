"""Walkers of containers and readers of labels meet bytes that nobody thought of: they raise what they declare."""

from __future__ import annotations

import io
import struct
from contextlib import suppress
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from processors.audio.reading.declared_length import declared_length
from processors.audio.reading.trailing_data import unread_because
from processors.containers.audio.flac import stream_info
from processors.containers.audio.id3 import behind_id3
from processors.containers.audio.mp3 import first_frame
from processors.containers.audio.ogg import Page, checksum, pages
from processors.containers.audio.ogg_timeline import ogg_summary
from processors.containers.chunks import ChunkFile
from processors.containers.video.matroska import look_at
from processors.errors import MediaError
from processors.metadata.tags.riff import riff_tags
from processors.planetary.open_image import attached_format, described_by, files_named, other_data, read_header
from processors.planetary.samples import read_samples
from processors.sources.source_file import SourceFile
from tests.containers.test_parsers_property import sizes, steady
from tests.fuzz.oracles import ogg_crc
from tests.helpers.made_pds4 import label


def chunk(order: str, names: list[bytes]) -> st.SearchStrategy[bytes]:
    """A chunk that says its true size, or another."""
    bodies = st.one_of(st.binary(max_size=64), st.binary(min_size=350, max_size=700))
    return st.builds(
        lambda name, body, lie: struct.pack(order + "4sI", name, len(body) if lie is None else lie) + body,
        st.sampled_from(names),
        bodies,
        st.one_of(st.none(), st.none(), sizes),
    )


def riff(order: str, form: bytes, kind: bytes, names: list[bytes]) -> st.SearchStrategy[bytes]:
    return st.lists(chunk(order, names), max_size=8).map(
        lambda parts: form + struct.pack(order + "I", 4 + sum(map(len, parts))) + kind + b"".join(parts)
    )


WAVE = [b"fmt ", b"data", b"bext", b"LIST", b"iXML", b"cue ", b"_PMX", b"ds64", b"guan", b"wamd", b"axml", b"xxxx"]
FILES = st.one_of(
    riff("<", b"RIFF", b"WAVE", WAVE), riff(">", b"RIFX", b"WAVE", WAVE), riff("<", b"RF64", b"WAVE", WAVE),
    riff(">", b"FORM", b"AIFF", [b"COMM", b"SSND", b"MARK", b"NAME", b"COMT", b"ID3 "]), st.binary(max_size=200),
    st.binary(max_size=200).map(lambda rest: b"caff\x00\x01\x00\x00" + rest),
    st.binary(max_size=200).map(lambda rest: b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00" + rest),
)  # fmt: skip
LONG = b"RF64\xff\xff\xff\xffWAVE" + struct.pack("<4sIQQ", b"ds64", 28, 2**64 - 1, 2**64 - 1) + bytes(12)
LONG += struct.pack("<4sI", b"data", 0xFFFFFFFF) + b"abcd"


def opened(folder: Path, data: bytes) -> SourceFile:
    path = folder / "file"
    path.write_bytes(data)
    stat = path.stat()
    return SourceFile(path=path, size_bytes=stat.st_size, mtime_ns=stat.st_mtime_ns)


@steady
@given(FILES)
@example(LONG)
def test_chunks_follow_each_other_within_the_file(data: bytes) -> None:
    behind = 0
    for found in ChunkFile(io.BytesIO(data), problems := []).chunks():
        assert behind <= found.place < found.start <= len(data)
        assert found.held_bytes <= len(data) - found.start
        behind = found.start
    assert all(isinstance(problem, str) for problem in problems)


@steady
@given(FILES)
@example(LONG)
def test_chunks_give_tags_and_lengths_or_problems(tmp_path: Path, data: bytes) -> None:
    problems: list[str] = []
    assert all(tag.name for tag in riff_tags(io.BytesIO(data), problems))
    file = opened(tmp_path, data)
    for form in ("wav", "w64", "aiff", "caf", "flac", "mp3"):
        declared = declared_length(file, form)
        assert declared is None or declared.sample_count is None or declared.sample_count >= 0
        assert isinstance(unread_because(file, form), str | None)


def page(flags: int, granule: int, number: int, lengths: bytes, body: bytes, crc: int | None) -> bytes:
    head = struct.pack("<4sBBqII", b"OggS", 0, flags, granule, 1, number)
    whole = bytearray(head + bytes(4) + bytes([len(lengths)]) + lengths + body[: sum(lengths)])
    whole[22:26] = struct.pack("<I", checksum(bytes(whole)) if crc is None else crc)
    return bytes(whole)


PAGES = st.builds(
    page, st.integers(0, 7), st.integers(-(2**63), 2**63 - 1), st.integers(0, 5), st.binary(max_size=8),
    st.one_of(st.binary(min_size=2040, max_size=2040), st.binary(max_size=100),
              st.just(b"OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0" + bytes(2040))),
    st.one_of(st.none(), st.none(), st.integers(0, 2**32 - 1)),
)  # fmt: skip


@steady
@given(st.lists(PAGES, max_size=6), st.binary(max_size=40))
def test_pages_of_ogg_cover_the_file_and_give_a_summary_or_what_it_declares(
    tmp_path: Path, made: list[bytes], rest: bytes
) -> None:
    data = b"".join(made) + rest
    place = 0
    for found in pages(io.BytesIO(data)):
        assert found.place == place
        place += found.size_bytes
    assert place == len(data)
    with suppress(MediaError):
        ogg_summary(opened(tmp_path, data))


@steady
@given(st.integers(0, 5), st.binary(min_size=1, max_size=20), st.binary(min_size=1, max_size=50))
def test_a_page_that_is_written_is_read_back_whole(number: int, lengths: bytes, body: bytes) -> None:
    body *= 5100 // len(body) + 1
    data = page(0, 7, number, lengths, body, None)
    (found,) = pages(io.BytesIO(data))
    assert isinstance(found, Page)
    assert (found.is_whole, found.sequence, found.lengths, found.body) == (True, number, lengths, body[: sum(lengths)])


@steady
@given(st.binary(min_size=27, max_size=200))
def test_the_checksum_of_a_page_is_that_of_the_standard(data: bytes) -> None:
    assert checksum(data) == ogg_crc(data)


@steady
@given(
    st.binary(max_size=200), st.sampled_from([b"", b"fLaC\x00\x00\x00\x22", b"ID3\x04\x00\x00", b"\xff\xfb\x90\x64"])
)
def test_heads_of_flac_and_mp3_take_any_bytes(rest: bytes, mark: bytes) -> None:
    file = io.BytesIO(mark + rest)
    info = stream_info(file)
    assert info is None or info.sample_count is None or info.sample_count > 0
    assert behind_id3(file) >= 0
    first_frame(file)


@steady
@given(st.binary(max_size=80))
@example(b"\x01\x00\x10\x00\x00\x00\x00\x00")
def test_any_bytes_of_matroska_are_walked_to_their_end(tmp_path: Path, data: bytes) -> None:
    found = look_at(opened(tmp_path, b"\x1a\x45\xdf\xa3" + data), "matroska,webm")
    assert all(one.start_byte < one.end_byte for one in found.damaged)


KEYS = st.sampled_from([
    "^IMAGE", "RECORD_BYTES", "FILE_RECORDS", "LABEL_RECORDS", "OBJECT", "END_OBJECT", "LINES", "LINE_SAMPLES", "BANDS",
    "SAMPLE_BITS", "SAMPLE_TYPE", "BAND_STORAGE_TYPE", "MISSING_CONSTANT", "OFFSET", "SCALING_FACTOR", "GROUP",
    "LINE_PREFIX_BYTES", "LINE_DISPLAY_DIRECTION", "SAMPLE_BIT_MASK", "CHECKSUM", "BAND_SEQUENCE",
])  # fmt: skip
VALUES = st.one_of(
    st.sampled_from([
        "IMAGE", "8", "16", "2", "MSB_UNSIGNED_INTEGER", "UNSIGNED_INTEGER", '("A.IMG", 2)', "2 <BYTES>", "UP",
        "16#FFFF#", "1.0E400", "-1", "99999999999999999999", "SAMPLE_INTERLEAVED", '"A.IMG"', "(RED, GREEN)", "{}",
        "NaN", "2#101#", "(", '"', "/* x", "10 <BITS>", "1e9999", "16#", "((1))",
    ]),
    st.text(max_size=12),
)  # fmt: skip


@steady
@given(st.lists(st.tuples(KEYS, VALUES), max_size=25), st.integers(0, 300))
def test_pds3_labels_describe_an_image_or_raise_what_they_declare(entries: list[tuple[str, str]], pixels: int) -> None:
    text = "PDS_VERSION_ID = PDS3\r\n" + "".join(f"{key} = {value}\r\n" for key, value in entries) + "END\r\n"
    data = text.encode() + bytes(pixels)
    file = io.BytesIO(data)
    assert attached_format(file, "A.IMG") in (None, "pds3")
    assert isinstance(other_data(file), str | None)
    with suppress(MediaError):
        image = read_header(file, "A.IMG")
        assert image.width_px > 0
        assert image.height_px > 0
        if image.width_px * image.height_px * image.band_count < 10_000:
            read_samples(file, image)
    with suppress(MediaError):
        described_by(text.encode(), "A.IMG", pixels)
    with suppress(MediaError):
        files_named(text.encode())


@steady
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["LBLSIZE", "FORMAT", "NL", "NS", "NB", "ORG", "INTFMT", "REALFMT", "NBB", "NLB", "EOL"]),
            st.one_of(
                st.sampled_from(["200", "'BYTE'", "'HALF'", "'REAL'", "2", "'BSQ'", "'LOW'", "'VAX'", "-1", "1"]),
                st.text(max_size=8),
            ),
        ),
        max_size=14,
    ),
    st.integers(0, 300),
)
def test_vicar_labels_describe_an_image_or_raise_what_they_declare(entries: list[tuple[str, str]], pixels: int) -> None:
    text = "LBLSIZE=200 " + " ".join(f"{key}={value}" for key, value in entries)
    file = io.BytesIO(text.encode()[:200].ljust(200, b"\0") + bytes(pixels))
    with suppress(MediaError):
        image = read_header(file, "a.vic")
        assert min(image.width_px, image.height_px, image.band_count) >= 1
        assert image.offset_bytes >= image.label_end_bytes == 200
        if image.width_px * image.height_px * image.band_count < 10_000:
            values = read_samples(file, image).values
            assert values.shape == (image.height_px, image.width_px, image.band_count)[: values.ndim]
            assert values.size == image.width_px * image.height_px * image.band_count


@steady
@given(
    st.integers(0, 4000),
    st.integers(0, 40),
    st.sampled_from([b"", b"x", b"-1", b"99999999999999999999", b"<a>", b"1.5"]),
)
def test_pds4_labels_with_something_else_in_them_raise_what_they_declare(place: int, length: int, other: bytes) -> None:
    data = bytearray(label())
    place %= len(data)
    data[place : place + length] = other
    with suppress(MediaError):
        image = described_by(bytes(data), "a.raw", 48)
        assert min(image.width_px, image.height_px, image.band_count) >= 1
        assert 0 <= image.offset_bytes < image.end_bytes <= 48
    with suppress(MediaError):
        names = files_named(bytes(data))
        assert len(set(names)) == len(names) <= 1
        assert all(name == name.strip() != "" for name in names)
