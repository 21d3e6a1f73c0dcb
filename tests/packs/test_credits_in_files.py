"""Copies for readers carry caption, credit and rights, and the pixels and samples of what was stored."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import h5netcdf
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import xarray
from PIL import Image

from processors.containers.audio.ogg import Page, pages
from processors.contract import Item
from processors.languages.language import translated_keys
from processors.languages.text import Text
from processors.metadata.tags.iptc import iptc_in_photoshop, iptc_tags
from processors.metadata.tags.xmp import xmp_tags
from processors.packs.build import build
from processors.packs.contents.subject import subject as source_record
from processors.packs.embedded.file_credits import FileCredits
from processors.packs.embedded.in_containers import write_tagged
from processors.packs.embedded.in_pictures import credited_picture, own_xmp
from processors.packs.embedded.iptc_record import PHOTOSHOP, photoshop_block
from processors.packs.embedded.xmp_packet import MAX_PACKET_BYTES, xmp_packet
from processors.packs.recipe.pack_recipe import PackRecipe
from processors.packs.records.captions import camera_in_words
from processors.tables import MEDIA_TYPE, ParquetTable
from processors.video.motion.motion_table import MOTION
from processors.video.motion.shot_summary import summary_of
from tests.helpers.pack_store import HOSTILE, PackStore, evidence, filled, make_pack, picture

SAID = FileCredits(
    title=Text(en="Wheel tracks", zh="车辙"),
    caption=Text(en='Two tracks & "dunes" <far>', zh="两条车辙"),
    alternative=Text(en="Two tracks."),
    creator="CNSA",
    credit="CNSA/PEC",
    source="China National Space Administration",
    rights="unresolved",
    rights_address="http://rightsstatements.org/vocab/UND/1.0/",
    notice=Text(en="Not cleared.", zh="未获许可。"),
    date="2021-06-16T02:40Z",
    digital_source_type="http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia",
    published_at="https://example.org/june",
    source_sha256="ab" * 32,
    keywords=("Zhurong", "火星", "a,b;c"),
)
XMP = {
    "xmp:dc:title": ["Wheel tracks", "Wheel tracks", "车辙"],
    "xmp:photoshop:Headline": "Wheel tracks",
    "xmp:dc:subject": ["Zhurong", "火星", "a,b;c"],
    "xmp:dc:description": ['Two tracks & "dunes" <far>'] * 2 + ["两条车辙"],
    "xmp:photoshop:Credit": "CNSA/PEC",
    "xmp:photoshop:Source": "China National Space Administration",
    "xmp:photoshop:Instructions": "Not cleared.",
    "xmp:photoshop:DateCreated": "2021-06-16T02:40Z",
    "xmp:Iptc4xmpExt:DigitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia",
    "xmp:xmpRights:WebStatement": "http://rightsstatements.org/vocab/UND/1.0/",
    "xmp:dc:source": "sha256:" + "ab" * 32,
}
OWN = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="sha256:old" '
    b'xmlns:marsmedia="https://marsmedia.example/ns/frame/1.0/" marsmedia:Pts="101888"/></rdf:RDF></x:xmpmeta>'
)


def xmp_of(packet: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for tag in xmp_tags(packet):
        found[f"{tag.namespace}:{tag.name}"] = list(tag.value) if isinstance(tag.value, tuple | list) else tag.value
    return found


@pytest.mark.parametrize(
    ("form", "mode", "options"),
    [
        ("JPEG", "RGB", {"quality": 80}),
        ("PNG", "RGB", {}),
        ("WEBP", "RGB", {"quality": 70}),
        ("WEBP", "RGBA", {"lossless": True}),
        ("WEBP", "RGBA", {"quality": 70}),
    ],
)
@pytest.mark.parametrize("has_own", [False, True])
def test_a_picture_carries_its_credit_and_its_pixels_are_not_encoded_again(
    form: str, mode: str, options: dict[str, Any], has_own: bool
) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (30, 41, len(mode)), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, form, **options)
    data, media_type = buffer.getvalue(), f"image/{form.lower()}"
    if has_own:
        data = credited_picture(data, media_type, SAID) or b""
    made = credited_picture(data, media_type, SAID)
    assert made is not None
    with Image.open(io.BytesIO(data)) as before, Image.open(io.BytesIO(made)) as after:
        assert np.array_equal(np.asarray(before), np.asarray(after))
        assert (after.size, after.mode) == ((41, 30), mode)
    packet = own_xmp(made, media_type)
    assert packet is not None
    found = xmp_of(packet)
    assert {name: found.get(name) for name in XMP} == XMP
    assert credited_picture(made, media_type, SAID) == made, "said twice, it is said once"


def test_metadata_of_a_picture_are_kept() -> None:
    found = xmp_of(xmp_packet(SAID, OWN))
    assert [value for name, value in found.items() if name.endswith("Pts")] == ["101888"]
    assert found["xmp:dc:source"] == "sha256:" + "ab" * 32


def test_a_press_desks_record_is_in_a_jpeg_in_the_lengths_of_its_standard() -> None:
    long = replace(SAID, credit="国家航天局" * 9, caption=Text(en="x" * 5000), keywords=(*SAID.keywords, "火" * 22))
    block = photoshop_block(long)
    record = iptc_in_photoshop(block.removeprefix(PHOTOSHOP))
    assert record is not None
    names = {
        (2, 5): "title",
        (2, 55): "day",
        (2, 60): "time",
        (2, 110): "credit",
        (2, 116): "rights",
        (2, 120): "caption",
    }
    found = {tag.name: tag.value for tag in iptc_tags(record, names)}
    assert (found["title"], found["rights"]) == ("Wheel tracks", "unresolved")
    assert (found["day"], found["time"]) == ("20210616", "024000+0000")
    assert "credit" not in found, "more than 32 bytes, and a part of a name is another name"
    assert found["caption"] == "x" * 1997 + "…"
    keywords = [tag.value for tag in iptc_tags(record, {(2, 25): "keywords"}) if tag.name == "keywords"]
    assert keywords == ["Zhurong", "火星", "a,b;c"], "a part of a longer one is another keyword"


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("word " * 400, "word " * 399 + "word"),
        ("word " * 400 + "end", "word " * 398 + "word…"),
        ("longer, words " * 200, "longer, words " * 142 + "longer…"),
        ("火" * 666, "火" * 666),
        ("火" * 667, "火" * 665 + "…"),
        ("火星 " + "火" * 700, "火星 " + "火" * 663 + "…"),
        ("a" + "火" * 700, "a" + "火" * 665 + "…"),
    ],
)
def test_a_caption_longer_than_its_iptc_field_ends_with_an_ellipsis_after_a_word(caption: str, expected: str) -> None:
    said = replace(SAID, caption=Text(en=caption))
    record = iptc_in_photoshop(photoshop_block(said).removeprefix(PHOTOSHOP))
    (found,) = [tag.value for tag in iptc_tags(record or b"", {(2, 120): "caption"}) if tag.name == "caption"]
    assert found == expected
    assert len(expected.encode()) <= 2000
    assert " ".join(caption.split()) in " ".join(xmp_packet(said).decode().split())


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("祝融号火星车着陆平台与巡视区影像图全景拼接图发布", "祝融号火星车着陆平台与巡视区影像图全景拼…"),
        ("MoMIC 天问一号着陆巡视器拍摄的火星表面影像图拼接版", "MoMIC 天问一号着陆巡视器拍摄的火星表面影像…"),
        ("祝融号拍摄的着陆平台，天问一号着陆巡视器，Perseverance", "祝融号拍摄的着陆平台，天问一号着陆巡视器…"),
        ("火" * 18 + "Perseverance", "火" * 18 + "…"),
        ("Unbroken" * 10, ("Unbroken" * 10)[:61] + "…"),
    ],
)
def test_a_title_longer_than_its_iptc_field_keeps_as_much_as_fits(title: str, expected: str) -> None:
    record = iptc_in_photoshop(photoshop_block(replace(SAID, title=Text(zh=title))).removeprefix(PHOTOSHOP))
    (found,) = [tag.value for tag in iptc_tags(record or b"", {(2, 5): "title"}) if tag.name == "title"]
    assert found == expected
    assert len(expected.encode()) <= 64


@pytest.mark.parametrize(
    ("languages", "title", "caption", "to_read"),
    [
        (("zh", "en"), "车辙", "两条车辙", "未获许可。"),
        (("en", "zh"), "Wheel tracks", 'Two tracks & "dunes" <far>', "Not cleared."),
    ],
)
def test_what_holds_one_language_has_the_first_of_the_pack(
    tmp_path: Path, languages: tuple[str, ...], title: str, caption: str, to_read: str
) -> None:
    said = replace(SAID, languages=languages)
    record = iptc_in_photoshop(photoshop_block(said).removeprefix(PHOTOSHOP))
    names = {(2, 5): "title", (2, 40): "instructions", (2, 105): "headline", (2, 120): "caption"}
    assert {tag.name: tag.value for tag in iptc_tags(record or b"", names) if tag.name in names.values()} == {
        "title": title,
        "instructions": to_read,
        "headline": title,
        "caption": caption,
    }
    found = xmp_of(xmp_packet(said))
    assert found["xmp:dc:title"] == [title, "Wheel tracks", "车辙"]
    assert (found["xmp:photoshop:Headline"], found["xmp:photoshop:Instructions"]) == (title, to_read)
    for suffix in ("m4a", "wav", "flac"):
        made = tmp_path / f"made.{suffix}"
        write_tagged(coded(tmp_path, suffix), made, TAGGED[suffix], said)
        with av.open(str(made)) as after:
            tags = {name.lower(): value for name, value in after.metadata.items()}
        assert tags["title"].partition(";")[0] == title
        assert tags["comment"].startswith(caption)


def test_the_first_of_very_many_keywords_are_in_a_picture() -> None:
    many = replace(SAID, keywords=tuple(f"keyword & {number:05}" for number in range(9000)))
    packet = xmp_packet(many, OWN)
    assert len(packet) <= MAX_PACKET_BYTES
    assert xmp_of(packet)["xmp:dc:subject"] == list(many.keywords[:355])
    buffer = io.BytesIO()
    Image.new("L", (8, 8)).save(buffer, "JPEG")
    made = credited_picture(buffer.getvalue(), "image/jpeg", many)
    assert made is not None
    block = made[made.index(PHOTOSHOP) :]
    assert (b"keyword & 00799" in block, b"keyword & 00800" in block) == (True, False)


def test_a_packet_fits_into_a_segment_whatever_its_texts() -> None:
    long = replace(SAID, caption=Text(en="&" * 90000, zh="车" * 90000), alternative=Text(en="\x00" * 90000))
    assert len(xmp_packet(long, OWN)) <= MAX_PACKET_BYTES
    assert xmp_of(xmp_packet(long, OWN))["xmp:photoshop:Credit"] == "CNSA/PEC"


TAGGED = {
    "wav": "audio/wav",
    "flac": "audio/flac",
    "m4a": "audio/mp4",
    "opus": "audio/ogg",
    "ogg": "audio/ogg",
    "mka": "audio/x-matroska",
    "mp4": "video/mp4",
}
CODERS = {"flac": "flac", "opus": "libopus", "ogg": "libvorbis", "wav": "pcm_s24le"}


def coded(folder: Path, suffix: str) -> Path:
    """Return two seconds of noise, in a video for MP4, that say by which chain they were made."""
    path = folder / f"a.{suffix}"
    sound = ["-f", "lavfi", "-i", "anoisesrc=amplitude=0.3:duration=2:seed=3", "-c:a", CODERS.get(suffix, "aac")]
    picture = ["-f", "lavfi", "-i", "testsrc=duration=2:size=64x48"] if suffix == "mp4" else []
    comment = ["-metadata", "comment=made audible"]
    subprocess.run(["ffmpeg", "-v", "error", *picture, *sound, *comment, path], check=True)
    return path


def decoded(path: Path) -> str:
    """Return the MD5 of all samples and pictures."""
    command = ["ffmpeg", "-v", "error", "-i", path, "-map", "0", "-f", "md5", "-"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stderr == ""
    return run.stdout


@pytest.mark.parametrize("suffix", TAGGED)
def test_a_copy_carries_its_credit_and_its_coded_data_are_kept(tmp_path: Path, suffix: str) -> None:
    stored = coded(tmp_path, suffix)
    for number in range(2):
        write_tagged(stored, tmp_path / f"{number}.{suffix}", TAGGED[suffix], SAID)
    made = tmp_path / f"0.{suffix}"
    assert made.read_bytes() == (tmp_path / f"1.{suffix}").read_bytes()
    assert decoded(made) == decoded(stored)
    with av.open(str(made)) as after:
        tags = {**after.streams[0].metadata, **after.metadata}
    said = {key.lower(): value for key, value in tags.items()}
    assert said["title"] in ("Wheel tracks", "Wheel tracks;车辙")
    assert (said["artist"], said["copyright"], said["date"]) == ("CNSA/PEC", "unresolved", "2021-06-16T02:40Z")
    assert said["comment"].startswith('Two tracks & "dunes" <far>. Not cleared.')
    write_tagged(made, tmp_path / f"2.{suffix}", TAGGED[suffix], SAID)
    if suffix in ("flac", "opus", "ogg"):
        assert (tmp_path / f"2.{suffix}").read_bytes() == made.read_bytes(), "said twice, it is said once"
    else:
        assert said["comment"].endswith("Not cleared. made audible"), "what the file said of itself stays"


@pytest.mark.parametrize("suffix", TAGGED)
def test_an_independent_reader_finds_every_language_in_video_and_sound(tmp_path: Path, suffix: str) -> None:
    tool = shutil.which("exiftool") or pytest.skip("needs exiftool")
    made = tmp_path / f"made.{suffix}"
    write_tagged(coded(tmp_path, suffix), made, TAGGED[suffix], SAID)
    command = [tool, "-G1", "-a", "-s", "-validate", "-warning", "-all", made]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    found = {re.sub(r"^\[(\S+)\]\s+(\S+)\s+: ", r"\1:\2=", one) for one in lines}
    assert "ExifTool:Validate=OK" in found
    title, caption = "Wheel tracks", 'Two tracks & "dunes" <far>'
    in_xmp = {
        f"XMP-dc:Title={title}",
        "XMP-dc:Title-zh=车辙",
        "XMP-dc:Description-zh=两条车辙",
        "XMP-dc:Rights=unresolved",
        "XMP-dc:Subject=Zhurong, 火星, a,b;c",
        *({"ItemList:Keyword=Zhurong, 火星, a,b;c"} if suffix != "wav" else ()),
        "XMP-photoshop:Credit=CNSA/PEC",
        "XMP-xmpRights:UsageTerms-zh=未获许可。",
    }
    repeated = {
        f"Vorbis:Title={title}",
        "Vorbis:Title=车辙",
        f"Vorbis:Description={caption}. Not cleared.",
        "Vorbis:Description=两条车辙。 未获许可。",
        "Vorbis:Copyright=unresolved",
        "Vorbis:Keywords=Zhurong",
        "Vorbis:Keywords=火星",
        "Vorbis:Keywords=a,b;c",
    }
    with_language = {
        f"Matroska:Title-eng={title}",
        "Matroska:Title-chi=车辙",
        "Matroska:Description-chi=两条车辙",
        "Matroska:TermsOfUse-chi=未获许可。",
        "Matroska:Keywords=Zhurong, 火星, a,b;c",
    }
    assert {"flac": repeated, "opus": repeated, "ogg": repeated, "mka": with_language}.get(suffix, in_xmp) <= found
    assert (suffix == "wav") == (b"IKEY\x17\0\0\0Zhurong; \xe7\x81\xab\xe6\x98\x9f; a,b;c\0" in made.read_bytes())


def test_long_credits_take_more_pages_and_those_of_the_sound_follow(tmp_path: Path) -> None:
    stored, made = coded(tmp_path, "opus"), tmp_path / "made.opus"
    write_tagged(stored, made, "audio/ogg", replace(SAID, caption=Text(en="x" * 100_000, zh="车" * 30_000)))
    assert decoded(made) == decoded(stored)
    with made.open("rb") as file:
        every = [one for one in pages(file) if isinstance(one, Page)]
    assert all(one.is_whole for one in every)
    assert [one.sequence for one in every] == list(range(len(every)))
    with stored.open("rb") as file:
        sound = [one.body for one in pages(file) if isinstance(one, Page)][2:]
    assert [one.body for one in every][4:] == sound, "comments of 190 kB take three pages, which took one"
    with av.open(str(made)) as after:
        assert after.streams[0].metadata["comment"].startswith("x" * 100_000)


@pytest.mark.parametrize("media_type", ["audio/flac", "audio/ogg", "audio/wav", "video/mp4"])
def test_what_is_not_of_its_type_is_not_tagged(tmp_path: Path, media_type: str) -> None:
    (tmp_path / "a").write_bytes(b"OggS no sound at all" * 9)
    with pytest.raises(ValueError, match=r"."):
        write_tagged(tmp_path / "a", tmp_path / "b", media_type, SAID)


@pytest.fixture
def press(tmp_path: Path) -> Path:
    made: PackStore = filled(tmp_path)
    digest = made.source("still.png", "photo", "png", picture(8, 8, 9, "PNG"))
    said = {"redistribute": None, "recorded_by": "rear hazard-avoidance camera"}
    made.said(digest, evidence("China's first tracks, seen from behind the rover", **said))
    names = {f"still_0001_{n:02}.jpg": (640, 360) for n in (1, 2)}
    made.pictures(digest, "video.stills", names)
    page = Item(name="preview.webp", media_type="image/webp", data=picture(64, 36, 3, "WEBP"), facts={})
    made.result(digest, "photo.enhanced", page)
    recipe = {"audience": "press", "selection": ("still.png", "tracks.jpg"), "take": ()}
    make_pack(made, tmp_path / "pack", **recipe)
    return tmp_path / "pack" / "data"


def test_a_caption_for_print_begins_with_nothing_technical(press: Path) -> None:
    (still, *_, photo) = sorted((press / "photos").glob("*.jpg"))
    said = [xmp_of(own_xmp(one.read_bytes(), "image/jpeg") or b"")["xmp:dc:description"][1] for one in (still, photo)]
    title = "China's first tracks, seen from behind the rover"
    assert said == [
        f"{title}. Recorded by rear hazard-avoidance camera. Recorded on 16 June 2021, sol 32 or 33.",
        HOSTILE,
    ]


def test_a_press_pack_has_folders_and_names_that_people_read(press: Path) -> None:
    names = sorted(str(p.relative_to(press)) for p in press.rglob("*") if p.is_file())
    assert names == [
        "documents/CREDITS.txt",
        "photos/2021-06-16_chinas-first-tracks-seen-from-behind-the-rover_01_640.jpg",
        "photos/2021-06-16_chinas-first-tracks-seen-from-behind-the-rover_02_640.jpg",
        "photos/2021-06-16_wheel-tracks_1024.jpg",
        "ro-crate-metadata.json",
        "technical/iiif-manifest.json",
        "technical/recipe.json",
    ]


def test_an_independent_reader_finds_the_credits_of_a_press_pack(press: Path) -> None:
    tool = shutil.which("exiftool") or pytest.skip("needs exiftool")
    place = press / "photos/2021-06-16_wheel-tracks_1024.jpg"
    wanted = ("IPTC:Credit", "IPTC:Caption-Abstract", "XMP-photoshop:Credit", "XMP-dc:Rights", "IPTC:DateCreated")
    options = ["-j", "-validate", "-warning", "-G1", *(f"-{name}" for name in wanted)]
    (found,) = json.loads(subprocess.run([tool, *options, place], capture_output=True, check=True).stdout)
    assert found["ExifTool:Validate"] == "OK"
    assert {name: found.get(name) for name in wanted} == {
        "IPTC:Credit": "CNSA",
        "IPTC:Caption-Abstract": HOSTILE,
        "XMP-photoshop:Credit": "CNSA",
        "XMP-dc:Rights": "unresolved",
        "IPTC:DateCreated": "2021:06:16",
    }


@pytest.mark.parametrize("audience", ["research", "archive"])
def test_an_array_takes_the_words_of_the_day_with_it_but_into_an_archive(tmp_path: Path, audience: str) -> None:
    made: PackStore = filled(tmp_path)
    array = tmp_path / "spectrogram.nc"
    with h5netcdf.File(array, "w") as file:
        file.dimensions = {"time": 3}
        file.create_variable("power", ("time",), "f4")[:] = np.arange(3)
        file.attrs.update({"title": "Power spectrogram of wind.wav", "time_coverage_start": "2021-06-16T02:40Z"})
    digest = made.source("wind2.wav", "audio", "wav", b"RIFF not really a sound either")
    made.said(digest, evidence("Wind", redistribute=True))
    item = Item(name=array.name, media_type="application/x-netcdf", file=array)
    made.result(digest, "audio.spectrogram", item, damage="truncated: 8 samples are missing")
    for name in ("one", "two"):
        pack = {"audience": audience, "selection": ("wind2.wav",), "take": ("measurements",)}
        make_pack(made, tmp_path / name, **pack)
    places = [next((tmp_path / name).rglob("spectrogram.nc")) for name in ("one", "two")]
    stored = next((tmp_path / "store/results").rglob("spectrogram.nc"))
    assert places[0].read_bytes() == places[1].read_bytes()
    if audience == "archive":
        assert places[0].read_bytes() == stored.read_bytes()
        return
    with xarray.open_dataset(places[0], engine="h5netcdf") as opened:
        assert opened.power.values.tolist() == [0, 1, 2]
        told = {name: str(value) for name, value in opened.attrs.items()}
    assert told == {
        "title": "Power spectrogram of Wind",
        "title_zh": "车辙",
        "source_name": "wind2.wav",
        "summary": "Wind. Recorded by rear camera. Recorded on 16 June 2021, sol 32 or 33.",
        **{name: told[name] for name in translated_keys("summary")},
        "institution": "China National Space Administration",
        "creator_name": "China National Space Administration",
        "credit": "CNSA",
        "license": "unresolved",
        "project": "tianwen-1",
        "release": "june",
        "date_recorded": "2021-06-16",
        "time_coverage_start": "2021-06-16T02:40Z",
        "damage": "truncated: 8 samples are missing",
    }
    graph = json.loads((tmp_path / "one/data/ro-crate-metadata.json").read_text())["@graph"]
    (entry,) = (one for one in graph if one["@id"].endswith("spectrogram.nc") and "sha256" in one)
    assert entry["sha256"] == hashlib.sha256(places[0].read_bytes()).hexdigest()


@pytest.mark.parametrize("audience", ["research", "archive"])
def test_a_table_says_what_it_is_as_one_from_a_notebook_but_in_an_archive(tmp_path: Path, audience: str) -> None:
    made: PackStore = filled(tmp_path)
    path = tmp_path / MOTION.item
    row = dict.fromkeys(MOTION.schema().names) | {"shot": 1, "segment": 0, "pts": 512, "time_seconds": 0.5}
    with ParquetTable(path, MOTION) as file:
        file.add([row])
        file.add([row])
    digest = made.source("fall.mp4", "video", "mp4", b"nothing that anybody could play")
    said = evidence("Fall", redistribute=True)
    terms = {"xmpRights:UsageTerms": "Non-commercial only", "photoshop:Instructions": "Embargoed until 1 July"}
    for term, words in terms.items():
        said["statements"].append({"term": term, "value": words, "language": None, "source": "release.toml:x"})
    made.said(digest, {**said, "taken": {**said["taken"], "utc": "2021-06-16T02:40:00.5Z", "precision": "subsecond"}})
    weak = replace(summary_of(2, []), refused_because=None, weak_because="in 83% of the steps few features agree")
    facts = {"shots": [summary_of(1, []), weak]}
    made.result(digest, "video.motion", Item(name=path.name, media_type=MEDIA_TYPE, file=path, facts=facts))
    stored = next((tmp_path / "store/results").rglob(MOTION.item))
    recipe = PackRecipe(title=Text(en="T"), audience=audience, selection=("fall.mp4",), take=("measurements",))  # type: ignore[arg-type]
    for name in ("one", "two"):
        build(recipe, tmp_path / name, made.store, asked=lambda row: frozenset(), tables={"video.motion": (MOTION,)})
    one, two = (next((tmp_path / name).rglob(MOTION.item)) for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    if audience == "archive":
        assert one.read_bytes() == stored.read_bytes()
        return
    frame = pd.read_parquet(one)
    pd.testing.assert_frame_equal(frame, pd.read_parquet(stored))
    assert pq.ParquetFile(one).num_row_groups == 2
    columns = frame.attrs.pop("columns")
    assert list(columns) == list(frame)
    assert columns["time_seconds"] == {"units": "s", "description": "presentation time, as printed by ffprobe"}
    assert {name: frame.attrs[name] for name in frame.attrs if name not in ("key", "software")} == {
        "title": "Motion inside each shot of Fall",
        "source": "fall.mp4",
        "source_sha256": digest,
        "release": "june",
        "credit": "CNSA",
        "license": "unresolved",
        "usage_terms": "Non-commercial only",
        "instructions": "Embargoed until 1 July",
        "mission": "tianwen-1",
        "start_utc": "2021-06-16T02:40:00.500000Z",
        "start_precision": "subsecond",
        "processor": "video.motion",
        "processor_version": 1,
        "processor_parameters": '{"size": 1.5}',
        "refused_because": "shot 1: no two frames could be registered",
        "weak_because": "shot 2: in 83% of the steps few features agree",
    }


@pytest.mark.parametrize(("credit", "agency"), [("CNSA", None), ("NASA/JPL-Caltech", "NASA")])
def test_a_file_with_a_credit_of_its_own_is_not_signed_by_the_agency_of_its_release(
    tmp_path: Path, credit: str, agency: str | None
) -> None:
    row = next(row for row in filled(tmp_path).catalogue.sources().values() if row.medium)
    said = {"dc:publisher": ("NASA", "release.toml:agency"), "photoshop:Credit": (credit, "release.toml:file.credit")}
    statements = [
        {"term": term, "value": value, "language": None, "source": source} for term, (value, source) in said.items()
    ]
    found = source_record(row, {"statements": statements}, None)
    assert (found.agency, found.credit) == (agency, credit)
    own = {"term": "dc:publisher", "value": "PEC", "language": None, "source": "release.toml:file.agency"}
    assert source_record(row, {"statements": [own, *statements]}, None).agency == "PEC"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([("着巡合影", None)], Text(zh="着巡合影")),
        ([("着巡合影", "en")], Text(zh="着巡合影")),
        ([("着巡合影", None), ("Group photo", "en")], Text(zh="着巡合影")),
        ([("着巡合影", "en"), ("合影", "zh")], Text(zh="合影")),
        ([("Group photo", None), ("合影", None)], Text(en="Group photo")),
        ([("Group photo", "en"), ("合影", "zh-Hans")], Text(en="Group photo", zh="合影")),
        ([("探査車の写真", None)], Text(en="探査車の写真")),
        ([("月面探査機", None)], Text(en="月面探査機")),
    ],
)
def test_chinese_without_a_stated_language_is_not_taken_for_english(
    tmp_path: Path, texts: list[tuple[str, str | None]], expected: Text
) -> None:
    row = next(row for row in filled(tmp_path).catalogue.sources().values() if row.medium)
    statements = [
        {"term": "dc:title", "value": value, "language": language, "source": "file:iptc:ObjectName"}
        for value, language in texts
    ]
    assert source_record(row, {"statements": statements}, None).title == expected


@pytest.mark.parametrize(
    ("recorded_by", "camera", "device", "expected"),
    [
        (None, "NAVCAM LEFT", ("NAVCAM LEFT", "label a.lbl:INSTRUMENT_NAME"), "Navcam Left"),
        ("NAVCAM LEFT", "NAVCAM LEFT", ("NAVCAM LEFT", "label a.lbl:INSTRUMENT_NAME"), "Navcam Left"),
        ("NAVCAM LEFT", "navigation camera", ("NAVCAM LEFT", "label a.lbl:INSTRUMENT_NAME"), "Navcam Left"),
        ("SONY ILCE-7M3", "NAVCAM LEFT", ("NAVCAM LEFT", "label a.lbl:INSTRUMENT_NAME"), "SONY ILCE-7M3"),
        ("SONY ILCE-7M3", None, ("ILCE-7M3", "file:exif:Model"), "SONY ILCE-7M3"),
        ("NIKON D850", None, ("NIKON D850", "file:exif:Model"), "NIKON D850"),
        (None, "NIKON D850", ("NIKON D850", "file:exif:Model"), "NIKON D850"),
        (None, "navigation camera", ("NAVCAM LEFT", "label a.lbl:INSTRUMENT_NAME"), "navigation camera"),
        (None, None, ("NIKON D850", "file:exif:Model"), None),
    ],
)
def test_only_the_capitals_of_a_label_are_written_as_words(
    tmp_path: Path, recorded_by: str | None, camera: str | None, device: tuple[str, str], expected: str | None
) -> None:
    row = next(row for row in filled(tmp_path).catalogue.sources().values() if row.medium)
    value, source = device
    statement = {"term": "exif:Model", "value": value, "language": None, "source": source}
    evidence = {"recorded_by": recorded_by, "camera": camera, "statements": [statement]}
    assert camera_in_words(source_record(row, evidence, None)) == expected


def test_a_file_has_text_in_a_language_only_where_somebody_gave_some(tmp_path: Path) -> None:
    made = PackStore(tmp_path)
    for name, without in (("a.jpg", True), ("b.jpg", False)):
        photo = made.source(name, "photo", "jpeg", picture(64, 48, ord(name[0])))
        said = evidence("Rear deck of Opportunity", redistribute=True, caption="The deck." if without else None)
        if without:
            said["statements"] = [one for one in said["statements"] if one["language"] != "zh"]
        made.said(photo, said)
        made.pictures(photo, "photo.preview", {"preview_1024.jpg": (64, 48)})
    make_pack(made, tmp_path / "pack", audience="press", take=("stills",))
    packets = {one.name: one.read_bytes() for one in (tmp_path / "pack/data/photos").glob("*.jpg")}
    assert len(packets) == 2
    languages = {
        name: sorted(
            {code for code in (b'xml:lang="en"', b'xml:lang="zh"') if code in data.partition(b"<dc:description")[2]}
        )
        for name, data in packets.items()
    }
    assert [found for _, found in sorted(languages.items())] == [
        [b'xml:lang="en"'],
        [b'xml:lang="en"', b'xml:lang="zh"'],
    ]
    assert "。".encode() not in next(data for data in packets.values() if b"The deck." in data)


@pytest.mark.parametrize("languages", [("en", "zh"), ("zh",)])
def test_a_caption_for_print_is_only_in_the_languages_in_which_the_agency_has_one(
    tmp_path: Path, languages: tuple[str, ...]
) -> None:
    made = PackStore(tmp_path)
    photo = made.source("a.jpg", "photo", "jpeg", picture(64, 48, 1))
    made.said(photo, evidence("Depot", redistribute=True, caption="Ten tubes."))
    made.pictures(photo, "photo.preview", {"preview_1024.jpg": (64, 48)})
    make_pack(made, tmp_path / "pack", audience="press", take=("stills",), languages=languages)
    (place,) = (tmp_path / "pack/data/photos").glob("*.jpg")
    said = xmp_of(own_xmp(place.read_bytes(), "image/jpeg") or b"")
    assert said["xmp:dc:description"] == ["Ten tubes."] * 2, "none in Chinese, though the title is"
    assert "车辙" in said["xmp:dc:title"]
