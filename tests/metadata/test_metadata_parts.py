"""What stands beside the usual tags is read too: profiles, maker notes, chunks, boxes, the second part of long XMP."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms

from processors.metadata.tags.icc import icc_tags
from processors.metadata.tags.mp4_metadata import XMP_UUID, box_tags
from processors.metadata.tags.photograph import read_photograph
from processors.metadata.tags.riff import riff_tags
from processors.metadata.tags.tag_records import MetadataRecord
from processors.metadata.tags.xmp import EXTENSION, extended_packet
from tests.helpers.made_pds3 import LINES, SAMPLES, picture, vicar

XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:title="Tracks"/></rdf:RDF></x:xmpmeta>"""


def record(path: Path) -> MetadataRecord:
    with path.open("rb") as file:
        return read_photograph(file, sha256="0" * 64, size_bytes=1, medium="photo")


def values(tags: Any, namespace: str) -> dict[str, Any]:
    return {tag.name: tag.value for tag in tags if tag.namespace == namespace}


def chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def wav(*chunks: bytes) -> io.BytesIO:
    body = b"WAVE" + b"".join(chunks) + chunk(b"data", bytes(64))
    return io.BytesIO(b"RIFF" + struct.pack("<I", len(body)) + body)


def bext(version: int = 2, loudness: tuple[int, ...] = (-2310, 840, -130, 0x7FFF, 0x7FFF)) -> bytes:
    fixed = b"drive-off".ljust(256, b"\0") + b"CNSA".ljust(32, b"\0") + b"ref".ljust(32, b"\0") + b"2021-05-2202:40:00"
    fixed += struct.pack("<QH", 48_000, version) + bytes(64) + struct.pack("<5h", *loudness)
    return chunk(b"bext", fixed.ljust(602, b"\0") + b"A=PCM,F=48000\r\n")


def test_the_broadcast_extension_ixml_and_list_info_of_a_wav() -> None:
    ixml = b"<BWFXML><PROJECT>Mars</PROJECT><SPEED><NOTE>none</NOTE></SPEED></BWFXML>"
    info = b"INFO" + chunk(b"IART", b"MCS\0") + chunk(b"ICOP", "©".encode())
    problems: list[str] = []
    tags = list(riff_tags(wav(bext(), chunk(b"iXML", ixml), chunk(b"LIST", info), chunk(b"_PMX", XMP)), problems))
    assert problems == []
    assert values(tags, "bext") == {
        "Description": "drive-off",
        "Originator": "CNSA",
        "OriginatorReference": "ref",
        "OriginationDate": "2021-05-22",
        "OriginationTime": "02:40:00",
        "TimeReference": 48_000,
        "Version": 2,
        "LoudnessValue": -23.1,
        "LoudnessRange": 8.4,
        "MaxTruePeakLevel": -1.3,
        "CodingHistory": "A=PCM,F=48000",
    }
    assert values(tags, "ixml") == {"PROJECT": "Mars", "SPEED/NOTE": "none"}
    assert values(tags, "riff.info") == {"IART": "MCS", "ICOP": "©"}
    assert values(tags, "xmp") == {"dc:title": "Tracks"}


@pytest.mark.parametrize(
    ("data", "problem"),
    [(chunk(b"bext", b"short"), "chunk bext: 5 bytes are too short for a broadcast extension"),
     (chunk(b"iXML", b'<!DOCTYPE a [<!ENTITY a "b">]><a/>'), "chunk iXML: it declares a document type or entities"),
     (chunk(b"iXML", b"<a>" * 40 + b"</a>" * 40), "chunk iXML: nested deeper than 20"),
     (chunk(b"iXML", b"<a>"), "chunk iXML: not well-formed XML"),
     (chunk(b"LIST", b"INFO" + bytes(5 << 20)), "chunk LIST: only 4194304 of 5242884 bytes read")],
)  # fmt: skip
def test_a_broken_chunk_is_reported_and_the_next_is_read(data: bytes, problem: str) -> None:
    problems: list[str] = []
    tags = list(riff_tags(wav(data, chunk(b"LIST", b"INFO" + chunk(b"IART", b"MCS"))), problems))
    assert [one[: len(problem)] for one in problems] == [problem]
    assert values(tags, "riff.info")["IART"] == "MCS"


def test_chunks_that_never_end_are_bounded() -> None:
    problems: list[str] = []
    assert list(riff_tags(wav(*[chunk(b"junk", b"")] * 10_001), problems)) == []
    assert problems == ["more than 10000 chunks: the rest is not read"]
    assert list(riff_tags(io.BytesIO(b"RIFF\xff\xff\xff\xffWAVEjunk\xff\xff\xff\xff"), [])) == []


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content


def test_gpmf_and_xmp_in_the_boxes_of_an_mp4() -> None:
    described = box(b"stsd", bytes(4) + struct.pack(">I", 1) + box(b"gpmd", bytes(8)))
    track = box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", described))))
    moov = box(b"moov", track + box(b"udta", box(b"GPMF", b"DEVC") + box(b"XMP_", XMP)))
    tags = list(box_tags(io.BytesIO(box(b"ftyp", b"mp42") + moov), []))
    assert values(tags, "gpmf") == {"present": ["a telemetry track (gpmd)", "a GPMF box of settings"]}
    assert values(tags, "xmp") == {"dc:title": "Tracks"}
    assert values(box_tags(io.BytesIO(box(b"uuid", XMP_UUID + XMP)), []), "xmp") == {"dc:title": "Tracks"}
    assert list(box_tags(io.BytesIO(box(b"ftyp", b"mp42") + box(b"moov", b"")), [])) == []


def test_boxes_with_wrong_sizes_or_endless_nesting_are_skipped() -> None:
    problems: list[str] = []
    for data in (b"\0\0\0\x01moov" + b"\xff" * 8, b"\0\0\0\x02moov", b"\xff\xff\xff\xffmoov", box(b"moov", b"\0" * 40)):
        assert list(box_tags(io.BytesIO(data), problems)) == []
    nested = b""
    for _ in range(3000):
        nested = box(b"moov", nested)
    assert list(box_tags(io.BytesIO(nested), problems)) == []
    assert list(box_tags(io.BytesIO(box(b"XMP_", b"<a>")), problems)) == []
    assert problems == ["XMP: not well-formed XML: no element found: line 1, column 3"]


def test_header_and_texts_of_a_colour_profile_are_read() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    told = values(icc_tags(profile), "icc")
    assert told["ProfileSize"] == len(profile)
    assert (told["ProfileClass"], told["ColorSpaceData"], told["ProfileConnectionSpace"]) == (
        "display device",
        "RGB",
        "XYZ",
    )
    assert (told["RenderingIntent"], told["ProfileDescription"]) == ("perceptual", "sRGB built-in")
    with pytest.raises(ValueError, match="it has no profile signature"):
        list(icc_tags(b"nonsense"))


def test_the_second_part_of_a_long_xmp_packet_is_read(samples: Path) -> None:
    told = values(record(samples / "formats/photo/exiftool/ExtendedXMP.jpg").tags, "xmp")
    assert len(told) > 5
    guid = b"0123456789ABCDEF0123456789ABCDEF"
    main = b'<x xmpNote:HasExtendedXMP="' + guid + b'"/>'
    pieces = [("APP1", EXTENSION + guid + struct.pack(">II", 6, at) + data) for at, data in ((3, b"def"), (0, b"abc"))]
    assert extended_packet(pieces, main) == b"abcdef"
    assert extended_packet(pieces, b"<x/>") is None
    with pytest.raises(ValueError, match="3 of the 6 bytes of the extended packet are present"):
        extended_packet(pieces[:1], main)
    huge = [("APP1", EXTENSION + guid + struct.pack(">II", 1 << 30, 0))]
    with pytest.raises(ValueError, match="over the limit"):
        extended_packet(huge, main)


@pytest.mark.parametrize(
    ("name", "maker", "number", "value"),
    [("exif-samples/DSCN0010.jpg", "nikon", "0x0004", "FINE   "), ("exiftool/FujiFilm.jpg", "fujifilm", "0x1001", 3),
     ("exiftool/Olympus.jpg", "olympus", "0x0201", 1)],
)  # fmt: skip
def test_maker_notes_are_read_entry_by_entry(samples: Path, name: str, maker: str, number: str, value: object) -> None:
    (path,) = (samples / "formats/photo").rglob(Path(name).name)
    assert values(record(path).tags, f"exif.maker.{maker}")[number] == value


def test_a_maker_note_that_points_outside_is_reported() -> None:
    note = b"FUJIFILM" + struct.pack("<I", 9_999)
    table = struct.pack("<H", 1) + struct.pack("<HHII", 0x927C, 7, len(note), 26) + struct.pack("<I", 0)
    exif = b"II*\0" + struct.pack("<I", 8) + table + note
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", exif=b"Exif\0\0" + exif)
    file.seek(0)
    told = read_photograph(file, sha256="0" * 64, size_bytes=1, medium="photo")
    assert told.problems == ("EXIF: the exif.maker.fujifilm directory at 9999 lies outside the data",)


def test_items_of_a_vicar_label_are_called_so() -> None:
    file = io.BytesIO(vicar(picture().tobytes(), f"FORMAT='BYTE' NL={LINES} NS={SAMPLES} TARGET='MARS'"))
    tags = read_photograph(file, sha256="0" * 64, size_bytes=1, medium="photo").tags
    assert {tag.namespace for tag in tags} == {"vicar"}
    assert ("vicar", "TARGET", "MARS") in [(tag.namespace, tag.name, tag.value) for tag in tags]
