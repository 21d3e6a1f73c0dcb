"""All that a file says of itself is in the record; what is known has its source; nothing in it can bite."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import IFDRational

from processors.contract import OpenSource
from processors.json_records import Json
from processors.metadata.metadata import Metadata
from processors.metadata.tags.container import read_container
from processors.metadata.tags.photograph import read_photograph
from processors.metadata.tags.tag_records import MetadataRecord, bytes_tag, text_tag
from processors.sources.source_file import SourceFile
from tests.conftest import SAMPLES
from tests.helpers.made_media import MediaMaker


def photograph(path: Path) -> MetadataRecord:
    with path.open("rb") as file:
        return read_photograph(file, sha256="0" * 64, size_bytes=path.stat().st_size, medium="photo")


def container(path: Path) -> MetadataRecord:
    with path.open("rb") as file:
        return read_container(file, sha256="0" * 64, size_bytes=path.stat().st_size, medium="video")


def tag(record: MetadataRecord, namespace: str, name: str) -> object:
    return next(tag.value for tag in record.tags if (tag.namespace, tag.name) == (namespace, name))


def with_xmp(folder: Path, packet: str) -> Path:
    path = folder / "xmp.jpg"
    Image.new("RGB", (32, 24)).save(path, xmp=packet.encode())
    return path


XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="x">
<dc:title><rdf:Alt><rdf:li xml:lang="zh">车辙</rdf:li></rdf:Alt></dc:title>
<dc:subject><rdf:Bag><rdf:li>Mars</rdf:li><rdf:li>Zhurong</rdf:li></rdf:Bag></dc:subject>
</rdf:Description></rdf:RDF></x:xmpmeta>"""


def test_exif_with_its_meaning_and_place(tmp_path: Path) -> None:
    image = Image.new("RGB", (40, 30))
    exif = image.getexif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "CNSA", "NaTeCam", 6
    exif.get_ifd(0x8769)[0x9003] = "2021:06:16 12:00:00"
    exif.get_ifd(0x8769)[0x829A] = IFDRational(1, 250)
    exif.get_ifd(0x8825).update({1: "S", 2: (25.0, 3.0, 57.6), 3: "E", 4: (109.0, 55.0, 30.0)})
    image.save(tmp_path / "photo.jpg", exif=exif)
    record = photograph(tmp_path / "photo.jpg")
    assert tag(record, "exif", "Make") == "CNSA"
    assert tag(record, "exif", "ExposureTime") == 0.004
    known = record.known
    assert known.device is not None
    assert (known.device.value, known.device.source) == ("NaTeCam", "exif:Model")
    assert known.created is not None
    assert (known.created.value, known.created.source) == ("2021:06:16 12:00:00", "exif:DateTimeOriginal")
    assert known.latitude_degrees_north is not None
    assert known.latitude_degrees_north.value == pytest.approx(-25.066)
    assert known.longitude_degrees_east is not None
    assert known.longitude_degrees_east.value == pytest.approx(109.925)
    assert known.title is None
    assert record.problems == ()


def test_xmp_with_lists_and_languages(tmp_path: Path) -> None:
    record = photograph(with_xmp(tmp_path, XMP))
    assert tag(record, "xmp", "dc:title") == "车辙"
    assert tag(record, "xmp", "dc:subject") == ["Mars", "Zhurong"]
    assert record.known.title is not None
    assert (record.known.title.value, record.known.title.source) == ("车辙", "xmp:dc:title")


@pytest.mark.parametrize(
    "packet",
    [
        '<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;&a;">]><x:xmpmeta xmlns:x="adobe:ns:meta/">&c;</x:xmpmeta>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x:xmpmeta xmlns:x="adobe:ns:meta/">&a;</x:xmpmeta>',
    ],
)
def test_xmp_that_declares_entities_is_refused_and_the_rest_is_read(tmp_path: Path, packet: str) -> None:
    record = photograph(with_xmp(tmp_path, packet))
    assert record.problems == ("XMP: it declares a document type or entities: refused (while reading XMP)",)
    assert record.picture is not None
    assert (record.picture.width_px, record.picture.height_px) == (32, 24)


def test_png_text_is_kept_as_text(tmp_path: Path) -> None:
    info = PngInfo()
    info.add_text("Title", "<script>alert(1)</script>")
    info.add_itxt("Description", "尾迹\x1b[31m")
    Image.new("L", (9, 9)).save(tmp_path / "text.png", pnginfo=info)
    record = photograph(tmp_path / "text.png")
    assert tag(record, "png", "Title") == "<script>alert(1)</script>"
    assert tag(record, "png", "Description") == "尾迹\\x1b[31m"


def test_long_values_are_cut_and_say_how_long_they_were() -> None:
    assert text_tag("exif", "x", "a" * 70_000).length == 70_000
    assert bytes_tag("exif", "x", bytes(range(256))).length == 256
    assert bytes_tag("exif", "x", b"plain\x00").value == "plain"


def test_a_container_lists_streams_tags_and_times(make: MediaMaker) -> None:
    record = container(make.video("clip.mp4", list(range(50)), sound_hz=440).path)
    assert record.container == "mov,mp4,m4a,3gp,3g2,mj2"
    video, audio = record.streams
    assert (video.kind, video.codec, video.width_px, video.height_px, video.frame_count_from_header) == (
        "video",
        "h264",
        128,
        96,
        50,
    )
    assert (audio.kind, audio.codec, audio.rate_hz, audio.channel_count) == ("audio", "aac", 48000, 1)
    assert video.duration_seconds_from_header == 2
    assert tag(record, "container", "major_brand") == "isom"


def test_the_item_is_complete_json_with_unknown_as_null(make: MediaMaker, tmp_path: Path) -> None:
    from processors.contract import Source

    path = make.photo("photo.png")
    source = Source(digest="1" * 64, size_bytes=1, name="photo.png", medium="photo", format="png", has_sound=False)
    (item,) = Metadata().items(OpenSource(source=source, file=SourceFile.at(path)), tmp_path)
    record: dict[str, Json] = json.loads(item.data or b"")
    assert (record["sha256"], record["container"]) == ("1" * 64, "png")
    assert record["known"] == dict.fromkeys(record["known"])  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "path", sorted((SAMPLES / "formats/photo").rglob("*.jp*g")) if SAMPLES.is_dir() else [], ids=lambda path: path.name
)
def test_every_real_jpeg_gives_its_exif(path: Path) -> None:
    record = photograph(path)
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        expected = len(image.getexif())
    pointers = 4
    assert len([tag for tag in record.tags if tag.namespace == "exif"]) >= expected - pointers
