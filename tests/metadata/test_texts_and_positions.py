"""Texts are read in their own encoding, and a position wherever it is written."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from processors.metadata.position import position_of
from processors.metadata.tags.container import read_container
from processors.metadata.tags.ifd import utf_16_of
from processors.metadata.tags.photograph import read_photograph
from processors.metadata.tags.tag_records import MetadataRecord, Tag, known_from, text_tag


def jpeg(path: Path, exif: bytes) -> MetadataRecord:
    Image.new("RGB", (8, 8)).save(path, exif=b"Exif\0\0" + exif)
    with path.open("rb") as file:
        return read_photograph(file, sha256="0" * 64, size_bytes=1, medium="photo")


def directory(order: str, entries: list[tuple[int, int, bytes]]) -> bytes:
    """One Exif directory of texts (type 2) and bytes (type 7), all longer than 4 bytes."""
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    place = 8 + 2 + 12 * len(entries) + 4
    table, data = struct.pack(order + "H", len(entries)), b""
    for number, kind, value in entries:
        table += struct.pack(order + "HHII", number, kind, len(value), place + len(data))
        data += value
    return head + table + bytes(4) + data


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("text", ["祝融号 rover", "rover", "Größe 12 µm", "着陆"])
def test_a_user_comment_is_read_in_its_own_byte_order(tmp_path: Path, order: str, text: str) -> None:
    encoded = text.encode("utf-16-le" if order == "<" else "utf-16-be")
    record = jpeg(tmp_path / "a.jpg", directory(order, [(0x9286, 7, b"UNICODE\0" + encoded)]))
    assert [tag.value for tag in record.tags if tag.name == "UserComment"] == [text]


def test_utf_16_that_does_not_follow_its_block_is_recognised() -> None:
    assert utf_16_of("a longer text".encode("utf-16-le"), ">") == "utf-16-le"
    assert utf_16_of("a longer text".encode("utf-16-be"), "<") == "utf-16-be"
    assert utf_16_of("\ufeffA".encode("utf-16-be"), "<") == "utf-16"


def test_a_text_ends_at_its_nul_and_a_copyright_has_two_parts(tmp_path: Path) -> None:
    entries = [(0x0110, 2, b"ION230\0\x0fF\0"), (0x8298, 2, b"A. Photographer\0An Editor\0")]
    known = jpeg(tmp_path / "a.jpg", directory("<", entries)).known
    assert known.device is not None
    assert known.rights is not None
    assert (known.device.value, known.rights.value) == ("ION230", "A. Photographer; An Editor")


def test_a_jpeg_comment_is_text(tmp_path: Path) -> None:
    for number, (data, text) in enumerate(
        ((b"Adobe Photoshop\xa8 4.0", "Adobe Photoshop¨ 4.0"), ("着陆".encode(), "着陆"))
    ):
        path = tmp_path / f"{number}.jpg"
        Image.new("RGB", (8, 8)).save(path, comment=data)
        with path.open("rb") as file:
            caption = read_photograph(file, sha256="0" * 64, size_bytes=1, medium="photo").known.caption
        assert caption is not None
        assert caption.value == text


@pytest.mark.parametrize(("form", "name"), [("GIF", "a.gif"), ("PNG", "a.png"), ("JPEG2000", "a.jp2")])
def test_a_comment_of_any_format_is_the_caption(tmp_path: Path, form: str, name: str) -> None:
    path = tmp_path / name
    told: dict[str, object] = {"comment": "着陆 touchdown" if form != "GIF" else "着陆 touchdown".encode()}
    if form == "PNG":
        told = {"pnginfo": PngInfo()}
        told["pnginfo"].add_itxt("Comment", "着陆 touchdown")  # type: ignore[attr-defined]
    Image.new("L", (8, 8)).save(path, form, **told)  # type: ignore[arg-type]
    with path.open("rb") as file:
        caption = read_photograph(file, sha256="0" * 64, size_bytes=1, medium="photo").known.caption
    assert caption is not None
    assert caption.value == "着陆 touchdown"


@pytest.mark.parametrize(
    "tags",
    [
        (Tag(namespace="xmp", name="dc:creator", value=["First", "Second", "First"]),),
        tuple(Tag(namespace="iptc", name="By-line", value=value) for value in ("First", "Second", "First")),
    ],
)
def test_every_creator_is_named(tags: tuple[Tag, ...]) -> None:
    creator = known_from(tags).creator
    assert creator is not None
    assert creator.value == "First; Second"


POSITIONS = [
    ({"xmp:exif:GPSLatitude": "33,26.934S", "xmp:exif:GPSLongitude": "70,40.158W"}, (-33.4489, -70.6693)),
    ({"xmp:exif:GPSLatitude": "33,26,56.04S", "xmp:exif:GPSLongitude": "70,40,9.48W"}, (-33.4489, -70.6693)),
    ({"container:location": "+25.1+109.9/"}, (25.1, 109.9)),
    ({"container:location-eng": "+2506+10954/"}, (25.1, 109.9)),
    ({"container:LOCATION": "-33.4489-070.6693/"}, (-33.4489, -70.6693)),
    ({"container:com.apple.quicktime.location.ISO6709": "-33.4489-070.6693+520.000/"}, (-33.4489, -70.6693)),
    ({"container:location": "+250600-1095400/"}, (25.1, -109.9)),
    ({"guano:Loc Position": "25.1 109.9"}, (25.1, 109.9)),
    (
        {
            "xmp:Iptc4xmpExt:LocationCreated/exif:GPSLatitude": "25,6.0N",
            "xmp:Iptc4xmpExt:LocationCreated/exif:GPSLongitude": "109,54.0E",
            "xmp:Iptc4xmpExt:LocationShown/exif:GPSLatitude": "1,0.0S",
            "xmp:Iptc4xmpExt:LocationShown/exif:GPSLongitude": "2,0.0W",
        },
        (25.1, 109.9),
    ),
]


@pytest.mark.parametrize(("tags", "position"), POSITIONS)
def test_a_position_is_read_wherever_it_is_written(tags: dict[str, str], position: tuple[float, float]) -> None:
    found = position_of(text_tag(*place.split(":", 1), value) for place, value in tags.items())  # type: ignore[arg-type]
    assert {name: value and value.value for name, value in found.items()} == {
        "latitude_degrees_north": pytest.approx(position[0], abs=1e-6),
        "longitude_degrees_east": pytest.approx(position[1], abs=1e-6),
    }


@pytest.mark.parametrize(
    "tags",
    [
        {"container:location": "+91.0+010.0/"}, {"container:location": "the landing site"},
        {"xmp:exif:GPSLatitude": "33,26.934S"}, {"xmp:exif:GPSLatitude": "333,0.0S", "xmp:exif:GPSLongitude": "0,0.0E"},
    ],
)  # fmt: skip
def test_an_impossible_position_is_none(tags: dict[str, str]) -> None:
    assert position_of(text_tag(*place.split(":", 1), value) for place, value in tags.items()) == {}  # type: ignore[arg-type]


def test_a_position_has_no_trace_of_binary_fractions() -> None:
    tags = exif_position(Latitude=[33.0, 26.0, 56.04], LatitudeRef="S", Longitude=[70.0, 40.0, 9.48], LongitudeRef="W")
    found = position_of(tags)
    assert [value and value.value for value in found.values()] == [-33.4489, -70.6693]


def exif_position(**tags: object) -> list[Tag]:
    return [Tag(namespace="exif.gps", name=f"GPS{name}", value=value) for name, value in tags.items()]  # type: ignore[arg-type]


HERE = {"Longitude": [109.0, 54.0, 0.0], "LongitudeRef": "E"}


@pytest.mark.parametrize(
    ("tags", "problem"),
    [
        (exif_position(Latitude=[133.0, 30.0, 0.0], LatitudeRef="S", **HERE),
         "exif.gps:GPSLatitude: a latitude of -133.5 degrees is over 90; the position is not used"),
        (exif_position(Latitude=[25.0, 6.0, 0.0], **HERE),
         "exif.gps:GPSLatitude: its reference, N or S, is missing; the position is not used"),
        (exif_position(Latitude=[25.0, 6.0, 0.0], LatitudeRef="X\0", **HERE),
         "exif.gps:GPSLatitude: its reference 'X' is neither N nor S; the position is not used"),
        (exif_position(**HERE), "exif.gps:GPSLongitude: there is no latitude with it; the position is not used"),
        ([text_tag("xmp", "exif:GPSLatitude", "33.4489"), text_tag("xmp", "exif:GPSLongitude", "70,40.158W")],
         "xmp:exif:GPSLatitude: '33.4489' is not like 109,54.5N; the position is not used"),
        ([text_tag("container", "location", "+95.0+010.0/"), text_tag("container", "location-eng", "+95.0+010.0/")],
         "container:location: a latitude of 95 degrees is over 90; the position is not used"),
        ([text_tag("container", "location-und", "+4540.4/")],
         "container:location-und: '+4540.4/' is not like +25.1+109.9/; the position is not used"),
        ([text_tag("guano", "Loc Position", "north")],
         "guano:Loc Position: 'north' is not a latitude and longitude; the position is not used"),
        ([text_tag("guano", "Loc Position", "25.1")],
         "guano:Loc Position: '25.1' is not a latitude and longitude; the position is not used"),
    ],
)  # fmt: skip
def test_a_position_that_cannot_be_is_reported(tags: list[Tag], problem: str) -> None:
    problems: list[str] = []
    assert position_of(tags, problems) == {}
    assert problems == [problem]


def test_no_fix_and_no_words_about_a_place_are_no_problem() -> None:
    problems: list[str] = []
    unset = exif_position(Latitude=[None, None, None], LatitudeRef="\0", Longitude=[None] * 3)
    assert position_of([*unset, text_tag("container", "location", "Utopia Planitia")], problems) == {}
    assert problems == []


def test_a_bad_place_gives_way_to_a_good_one_and_is_reported() -> None:
    problems: list[str] = []
    good = [text_tag("xmp", "exif:GPSLatitude", "25,6.0N"), text_tag("xmp", "exif:GPSLongitude", "109,54.0E")]
    found = position_of([*exif_position(Latitude=[91.0], LatitudeRef="N", **HERE), *good], problems)
    assert {name: value and value.source for name, value in found.items()} == {
        "latitude_degrees_north": "xmp:exif:GPSLatitude",
        "longitude_degrees_east": "xmp:exif:GPSLongitude",
    }
    assert problems == ["exif.gps:GPSLatitude: a latitude of 91 degrees is over 90; the position is not used"]


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_the_comments_of_ogg_are_the_files_own(tmp_path: Path, subtype: str) -> None:
    path = tmp_path / "a.ogg"
    with soundfile.SoundFile(path, "w", 48_000, 1, subtype, format="OGG") as sound:
        sound.title, sound.artist, sound.date = "The sound", "CNSA", "2021-05-22"
        sound.write(np.zeros(48_000, np.float32))
    with path.open("rb") as file:
        known = read_container(file, sha256="0" * 64, size_bytes=1, medium="audio").known
    assert [value and value.value for value in (known.title, known.creator, known.created)] == [
        "The sound",
        "CNSA",
        "2021-05-22",
    ]
