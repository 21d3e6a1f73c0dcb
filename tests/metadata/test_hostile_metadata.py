"""Metadata that lies, loops or grows is told as a problem; it never stops the rest and is never followed."""

from __future__ import annotations

import contextlib
import functools
import io
import struct
import tracemalloc
import zlib
from pathlib import Path

import pytest
from PIL import Image

from processors.errors import DamagedMedia, MediaError
from processors.identify import identify
from processors.metadata.tags.ifd import Directories
from processors.metadata.tags.iptc import iptc_tags
from processors.metadata.tags.photograph import read_photograph
from processors.metadata.tags.tag_records import MAX_TEXT_CHARACTERS, MetadataRecord
from processors.metadata.tags.xmp import xmp_tags
from processors.photo.reading.photo_reader import PhotoReader
from processors.sources.read_at import read_at

XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="T"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">%s</rdf:Description></rdf:RDF></x:xmpmeta>"""


def directory(entries: list[tuple[int, int, int, int]], following: int = 0) -> bytes:
    table = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + table + struct.pack("<I", following)


def read(data: bytes) -> tuple[list, list[str]]:
    directories = Directories(lambda offset, size: data[offset : offset + size])
    return list(directories.tags()), directories.problems


def with_exif(exif: bytes) -> MetadataRecord:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", exif=b"Exif\0\0" + exif)
    file.seek(0)
    return read_photograph(file, sha256="0" * 64, size_bytes=1, medium="photo")


def test_a_directory_that_names_itself_is_not_followed() -> None:
    tags, problems = read(directory([(0x0112, 3, 1, 6)], following=8))
    assert [(tag.name, tag.value) for tag in tags] == [("Orientation", 6)]
    assert problems == ["the directory at 8 is referenced again: a loop, not followed"]
    assert read(directory([(0x8769, 4, 1, 8)]))[1] == problems


def test_lengths_and_offsets_outside_the_data_are_reported() -> None:
    tags, problems = read(directory([(0x010F, 2, 4_000_000_000, 100), (0x0110, 2, 4, 0x00434241)]))
    assert [(tag.name, tag.value) for tag in tags] == [("Make", ""), ("Model", "ABC")]
    assert problems == ["exif 0x010f: 1048576 of its 1048576 bytes are missing"]
    assert read(directory([(0x8825, 4, 1, 9_999_999)]))[1] == [
        "the exif.gps directory at 9999999 lies outside the data"
    ]
    assert "claims 65535 entries" in read(b"II*\0\x08\0\0\0\xff\xff")[1][0]


@pytest.mark.parametrize("offset", [1 << 45, 1 << 62, (1 << 63) - 1, (1 << 64) - 1])
def test_offsets_beyond_any_file_are_reported_and_cost_no_other_tag(tmp_path: Path, offset: int) -> None:
    entries = struct.pack("<HHQ8s", 0x0110, 2, 4, b"ABC\0") + struct.pack("<HHQQ", 0x010F, 2, 20, offset)
    path = tmp_path / "big.tif"
    path.write_bytes(b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 2) + entries + struct.pack("<Q", offset))
    with path.open("rb") as file:
        directories = Directories(functools.partial(read_at, file))
        assert [(tag.name, tag.value) for tag in directories.tags()] == [("Model", "ABC"), ("Make", "")]
        assert directories.problems == [
            "exif 0x010f: 20 of its 20 bytes are missing",
            f"the exif.thumbnail directory at {offset} lies outside the data",
        ]


def test_the_directory_after_one_with_too_many_entries_is_found() -> None:
    first = directory([(0x0112, 3, 1, 6)] * 4001, following=8 + 2 + 12 * 4001 + 4)
    tags, problems = read(first + directory([(0x0112, 3, 1, 3)])[8:])
    assert (len(tags), tags[-1].namespace, tags[-1].value) == (4001, "exif.thumbnail", 3)
    assert problems == ["the exif directory claims 4001 entries: only 4000 are read"]


def test_many_entries_with_the_same_place_take_no_more_memory_than_a_few() -> None:
    entries = [(0xC000 + number, 7, 1 << 20, 0x4000) for number in range(400)]
    data = directory(entries).ljust(0x4000, b"\0") + bytes(1 << 20)
    tracemalloc.start()
    tags, problems = read(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(tags), len(problems)) == (64, 336)
    assert problems[0] == "exif 0xc040: not read: the values of all entries are over 64 MB"
    assert peak < 100 << 20


def test_one_broken_part_leaves_the_others_and_is_named() -> None:
    record = with_exif(directory([(0x0112, 3, 1, 6), (0x9999, 99, 1, 0)]))
    assert record.known.orientation is not None
    assert record.problems == ("EXIF: exif 0x9999: no such type as 99",)
    assert with_exif(b"nonsense").problems == ("EXIF: no TIFF header (while reading EXIF)",)


@pytest.mark.parametrize(
    "declaration", [b'<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>', b'<!DOCTYPE a SYSTEM "http://x/y.dtd">']
)
def test_entities_in_xmp_are_refused(declaration: bytes) -> None:
    with pytest.raises(ValueError, match="it declares a document type or entities: refused"):
        list(xmp_tags(declaration + XMP % b""))


@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-16-le", "utf-16", "utf-32-be", "utf-32-le"])
def test_a_packet_of_another_encoding_is_read(encoding: str) -> None:
    packet = (XMP % b"<dc:title>Zhurong \xe7\xa5\x9d\xe8\x9e\x8d</dc:title>").decode()
    assert [tag.value for tag in xmp_tags(packet.encode(encoding))][1:] == ["Zhurong \u795d\u878d"]
    with pytest.raises(ValueError, match="declares a document type or entities"):
        list(xmp_tags(("<!DOCTYPE a SYSTEM 'http://x/y.dtd'>" + packet).encode(encoding)))


def test_markup_and_control_characters_stay_text() -> None:
    (kit, title) = xmp_tags(XMP % b"<dc:title>&lt;script&gt;alert(1)&lt;/script&gt;\xc2\x9b</dc:title>")
    assert (kit.name, title.name, title.value) == ("x:xmptk", "dc:title", "<script>alert(1)</script>\\x9b")


def test_nested_lists_and_deep_trees() -> None:
    tags = {
        tag.name: tag.value
        for tag in xmp_tags(XMP % b"<dc:subject><rdf:Bag><rdf:li>a</rdf:li><rdf:li>b</rdf:li></rdf:Bag></dc:subject>")
    }
    assert tags["dc:subject"] == ["a", "b"]
    with pytest.raises(ValueError, match="nested deeper"):
        list(xmp_tags(XMP % (b"<dc:a>" * 60 + b"x" + b"</dc:a>" * 60)))


def test_a_gigantic_text_is_marked_as_truncated() -> None:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", comment=b"x" * 65_000)
    text = "y" * 300_000
    tags = list(iptc_tags(b"\x1c\x02\x78\x80\x04" + struct.pack(">I", len(text)) + text.encode()))
    assert (len(str(tags[0].value)), tags[0].length) == (MAX_TEXT_CHARACTERS, 300_000)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_every_hostile_picture_is_read_or_refused_with_a_message(samples: Path) -> None:
    seen = 0
    for path in sorted((samples / "hostile").rglob("*")):
        if not path.is_file():
            continue
        with path.open("rb") as file:
            if identify(file, path.name).medium != "photo":
                continue
            file.seek(0)
            with contextlib.suppress(MediaError):
                read_photograph(file, sha256="0" * 64, size_bytes=1, medium="photo")
            seen += 1
    assert seen > 5


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_with(*chunks: bytes, header: bytes | None = None) -> io.BytesIO:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG")
    data = file.getvalue()
    return io.BytesIO(data[:8] + (header or data[8:33]) + b"".join(chunks) + data[33:])


@pytest.mark.parametrize("kind", [b"zTXtComment\0\0", b"iCCPx\0\0", b"iTXtXML:com.adobe.xmp\0\1\0\0\0"])
def test_a_text_that_unpacks_to_hundreds_of_megabytes_is_refused_unread(kind: bytes) -> None:
    bomb = png_chunk(kind[:4], kind[4:] + zlib.compress(bytes(100 << 20), 9))
    for read_it in (lambda file: read_photograph(file, sha256="0" * 64, size_bytes=1, medium="photo"), PhotoReader):
        with pytest.raises(DamagedMedia, match="Decompressed data too large"):
            read_it(png_with(bomb))


def test_wrong_dimensions_give_no_picture() -> None:
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 4000, 4000, 8, 2, 0, 0, 0))
    with pytest.raises(DamagedMedia, match="truncated"):
        PhotoReader(png_with(header=header)).photo()
