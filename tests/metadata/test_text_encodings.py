"""No text of a file reaches title, caption or evidence in the wrong encoding, whatever holds it."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import soundfile
from PIL import Image, PngImagePlugin

from processors.containers.text.unknown_text import sixteen_bit
from processors.metadata.tags.container import read_container
from processors.metadata.tags.label import label_tags
from processors.metadata.tags.photograph import read_photograph
from processors.metadata.tags.tag_records import MetadataRecord
from tests.helpers.golden_media import chunk
from tests.metadata.test_evidence import evidence
from tests.metadata.test_texts_and_positions import directory

TITLE, UNKNOWN = "祝融号着陆", b"\x81\x8d\x90\xff\xfe\x9d"
ENCODINGS = ("utf-8", "gb18030", "big5")


def sound(data: bytes) -> MetadataRecord:
    return read_container(io.BytesIO(data), sha256="0" * 64, size_bytes=len(data), medium="audio")


def photo(data: bytes) -> MetadataRecord:
    return read_photograph(io.BytesIO(data), sha256="0" * 64, size_bytes=len(data), medium="photo")


def wave(*chunks: bytes) -> bytes:
    form = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
    body = b"WAVE" + chunk(b"fmt ", form) + b"".join(chunks) + chunk(b"data", bytes(16000))
    return b"RIFF" + struct.pack("<I", len(body)) + body


def picture(picture_format: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("L", (8, 8), 9).save(out, picture_format, **options)  # type: ignore[arg-type]
    return out.getvalue()


def mp3(text: bytes) -> bytes:
    out = io.BytesIO()
    soundfile.write(out, np.zeros(8000), 8000, format="MP3")
    frame = b"TIT2" + struct.pack(">IH", 1 + len(text), 0) + b"\0" + text  # declared as Latin-1
    return b"ID3\x03\0\0\0\0\0" + bytes([len(frame)]) + frame + out.getvalue()


def png(text: bytes) -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", text.decode("latin-1"))
    return picture("PNG", pnginfo=info)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("make", [lambda text: sound(wave(chunk(b"LIST", b"INFO" + chunk(b"INAM", text)))),
                                  lambda text: sound(mp3(text)), lambda text: photo(png(text))])  # fmt: skip
def test_a_title_is_read_in_the_encoding_of_its_writer(make, encoding: str) -> None:
    title = TITLE.translate(str.maketrans("号着陆", "號著陸")) if encoding == "big5" else TITLE
    record = make(title.encode(encoding))
    assert record.known.title is not None
    assert (record.known.title.value, record.problems) == (title, ())
    assert not [tag for tag in record.tags if "\ufffd" in str(tag.value)]


def exif(number: int, kind: int, data: bytes) -> bytes:
    return picture("JPEG", exif=b"Exif\0\0" + directory("<", [(number, kind, data)]))


def iptc(data: bytes) -> bytes:
    record = b"\x1c\x02\x78" + struct.pack(">H", len(data)) + data
    block = b"8BIM" + struct.pack(">HHI", 0x0404, 0, len(record)) + record + bytes(len(record) % 2)
    segment = b"Photoshop 3.0\0" + block
    whole = picture("JPEG")
    return whole[:2] + b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment + whole[2:]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize(
    "make",
    [lambda text: picture("JPEG", comment=text), lambda text: exif(0x010E, 2, text + b"\0"), lambda text: iptc(text)],
)
def test_a_caption_is_read_in_the_encoding_of_its_writer(make, encoding: str) -> None:
    record = photo(make(TITLE.encode(encoding)))
    assert record.known.caption is not None
    assert (record.known.caption.value, record.problems) == (TITLE, ())


@pytest.mark.parametrize("code", [b"ASCII\0\0\0", bytes(8)])
def test_a_user_comment_is_read_in_the_encoding_of_its_writer(code: bytes) -> None:
    record = photo(exif(0x9286, 7, code + TITLE.encode("gb18030")))
    assert [tag.value for tag in record.tags if tag.name == "UserComment"] == [TITLE]


@pytest.mark.parametrize(
    ("record", "place", "size"),
    [
        (lambda: sound(wave(chunk(b"LIST", b"INFO" + chunk(b"INAM", UNKNOWN)))), "container:title", 6),
        (lambda: photo(picture("JPEG", comment=UNKNOWN)), "jpeg:comment", 6),
        (lambda: photo(exif(0x010E, 2, UNKNOWN + b"\0")), "exif:ImageDescription", 6),
        (lambda: photo(iptc(UNKNOWN)), "iptc:Caption", 6),
        (lambda: photo(exif(0x9286, 7, b"JIS\0\0\0\0\0" + UNKNOWN)), "exif:UserComment", 6),
        (lambda: photo(exif(0x9286, 7, b"UNICODE\0" + b"A\0\0\xd8")), "exif:UserComment", 4),
    ],
)
def test_a_text_in_no_known_encoding_is_named_and_not_passed_on(record, place: str, size: int) -> None:
    read = record()
    assert f"{place}: its {size} bytes are text in no known encoding: not read" in read.problems
    assert (read.known.title, read.known.caption) == (None, None)
    assert not [tag for tag in read.tags if "\ufffd" in str(tag.value) or "×" in str(tag.value)]


def test_a_keyword_in_no_known_encoding_is_no_statement() -> None:
    assert evidence(tags=(("iptc", "Keywords", None), ("iptc", "Credit", None)), mission=None).statements == ()


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "big5", "shift_jis"])
def test_a_label_is_read_in_its_own_encoding(encoding: str) -> None:
    words = {"big5": "國家航天局", "shift_jis": "火星の風"}.get(encoding, "国家航天局")
    text = f'PDS_VERSION_ID = PDS3\nPRODUCER_INSTITUTION_NAME = "{words}"\nEND\n'.encode(encoding)
    assert [tag.value for tag in label_tags(text)] == ["PDS3", words]
    declared = "GB2312" if encoding == "gb18030" else encoding
    xml = f'<?xml version="1.0" encoding="{declared}"?><a><title>{words}</title></a>'.encode(encoding)
    assert [tag.value for tag in label_tags(xml)] == [words]


def test_one_unreadable_entry_of_a_label_is_named_and_the_others_are_read() -> None:
    label = b'MISSION_NAME = "MARS 2020"\nPRODUCER_INSTITUTION_NAME = "' + UNKNOWN + b'"\nEND\n'
    record = evidence(mission=None, labels={"a.lbl": label})
    assert record.mission == "perseverance"
    assert record.problems == (
        "label a.lbl: pds3:PRODUCER_INSTITUTION_NAME: its 6 bytes are text in no known encoding: not read",
    )
    assert not [one for one in record.statements if one.term == "dc:creator"]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_the_label_inside_a_file_is_read_in_its_own_encoding(encoding: str) -> None:
    head = (
        'PDS_VERSION_ID = PDS3\r\nNOTE = "栅格火星"\r\nRECORD_BYTES = 512\r\n^IMAGE = 2\r\n'
        "OBJECT = IMAGE\r\nLINES = 2\r\nLINE_SAMPLES = 2\r\nSAMPLE_BITS = 8\r\nSAMPLE_TYPE = UNSIGNED_INTEGER\r\n"
        "END_OBJECT = IMAGE\r\nEND\r\n"
    ).encode(encoding)
    record = photo(head.ljust(512) + bytes(4))
    assert [tag.value for tag in record.tags if tag.name == "NOTE"] == ["栅格火星"]
    assert record.problems == ()


def test_titles_of_windows_reach_title_creator_and_caption() -> None:
    entries = [(0x9C9B, "祝融号着陆"), (0x9C9C, "火星表面"), (0x9C9D, "国家航天局"), (0x9C9E, "火星; 祝融号")]
    block = directory("<", [(number, 1, f"{text}\0".encode("utf-16-le")) for number, text in entries])
    known = photo(picture("JPEG", exif=b"Exif\0\0" + block)).known
    assert known.title is not None
    assert known.caption is not None
    assert known.creator is not None
    assert (known.title.value, known.title.source) == ("祝融号着陆", "exif:XPTitle")
    assert (known.caption.value, known.caption.source) == ("火星表面", "exif:XPComment")
    assert (known.creator.value, known.creator.source) == ("国家航天局", "exif:XPAuthor")
    said = evidence(tags=(("exif", "XPKeywords", "火星; 祝融号"),), mission=None).statements
    assert [one.value for one in said] == ["火星", "祝融号"]


SIXTEEN_BIT = ["火星", "祝融号着陆", "Mars rover", "火星探査車 1", "우주 탐사", "Été à Paris", "Марсоход"]


@pytest.mark.parametrize("text", SIXTEEN_BIT)
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16"])
@pytest.mark.parametrize("end", [b"", b"\0\0", bytes(9)])
def test_16_bit_text_in_chunks_is_read_with_and_without_a_mark(text: str, encoding: str, end: bytes) -> None:
    data = text.encode(encoding) + end
    record = sound(wave(chunk(b"LIST", b"INFO" + chunk(b"INAM", data) + chunk(b"IART", data))))
    tags = {f"{tag.namespace}:{tag.name}": tag.value for tag in record.tags}
    assert tags["riff.info:INAM"] == tags["container:title"] == tags["container:artist"] == text
    assert record.known.title
    assert record.known.title.value == text
    described = data[:256].ljust(256, b"\0") + bytes(346)
    record = sound(wave(chunk(b"bext", described)))
    assert [tag.value for tag in record.tags if tag.name == "Description"] == [text]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Bush hid the facts", "ascii"), ("AB", "ascii"), ("two\nlines\tof it", "ascii"), ("Café au lait", "cp1252"),
        ("祝融号火星车", "gb18030"), ("天問一號", "big5"), ("화성 탐사선", "cp949"), ("Марсоход", "cp1251"),
        ("火星探査", "shift_jis"), ("着陆", "utf-8"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", [b"", b"\0", b"\0\0", b"\0left from before", bytes(9)])
def test_8_bit_text_is_not_taken_for_16_bits(text: str, encoding: str, end: bytes) -> None:
    assert sixteen_bit(text.encode(encoding) + end) is None
