"""An archive's pack says who sent it, what happened to each file, and what is said at every place of its bytes."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import json
import re
import struct
from pathlib import Path
from typing import Any

import bagit
import pytest

from flows.run.options import Options
from flows.run.run import in_threads, run_ingest
from processors.languages.text import Text
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.packs.build import build
from processors.packs.recipe.pack_recipe import BagInfo, PackRecipe
from processors.packs.records.pronom import pronom_of
from processors.store.store import Store
from tests.helpers.pack_store import PackStore, filled, make_pack, picture, tree
from tests.helpers.runs import ingest
from tests.packs.test_records import check_all

etree: Any = importlib.import_module("lxml.etree")  # compiled, and without types
PREMIS = {"p": "http://www.loc.gov/premis/v3"}


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    made: PackStore = filled(tmp_path)
    info = BagInfo(
        contact_name="Li Hua", contact_email="li@example.org", bag_group_identifier="June", bag_count="2 of 5"
    )
    make_pack(made, tmp_path / "pack", audience="archive", take=(), bag_info=info, publisher="A museum")
    return tmp_path / "pack"


def texts(document: Any, path: str) -> list[str]:
    return [one.text for one in document.iterfind(path, PREMIS)]


def test_bag_info_has_what_only_people_know(pack: Path) -> None:
    info = bagit.Bag(str(pack)).info
    assert {name: info[name] for name in ("Contact-Name", "Contact-Email", "Bag-Group-Identifier", "Bag-Count")} == {
        "Contact-Name": "Li Hua",
        "Contact-Email": "li@example.org",
        "Bag-Group-Identifier": "June",
        "Bag-Count": "2 of 5",
    }
    assert info["Source-Organization"] == "A museum"
    assert info["Bag-Size"].endswith(" MB")
    check_all(pack)


def test_premis_has_fixity_and_format_of_each_file_and_every_reference_leads_somewhere(pack: Path) -> None:
    document = etree.parse(pack / "data/premis.xml")
    digests = {line.split()[0] for line in (pack / "manifest-sha256.txt").read_text().splitlines() if "/media/" in line}
    assert set(texts(document, "p:object//p:messageDigest")) == digests
    objects = set(texts(document, "p:object/p:objectIdentifier/p:objectIdentifierValue"))
    agents = set(texts(document, "p:agent/p:agentIdentifier/p:agentIdentifierValue"))
    events = set(texts(document, "p:event/p:eventIdentifier/p:eventIdentifierValue"))
    assert set(texts(document, "p:event/p:linkingObjectIdentifier/p:linkingObjectIdentifierValue")) <= objects
    assert set(texts(document, "p:event/p:linkingAgentIdentifier/p:linkingAgentIdentifierValue")) <= agents
    assert set(texts(document, ".//p:relatedObjectIdentifierValue")) <= objects
    assert set(texts(document, ".//p:relatedEventIdentifierValue")) <= events
    kinds = texts(document, "p:event/p:eventType")
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "ingestion": 3,
        "validation": 3,
        "metadata extraction": 2,
        "creation": 3,
        "packing": 1,
    }
    assert texts(document, "p:event/p:eventDateTime")[0] == "2026-01-01T00:00:00Z"
    assert "fmt/43" in texts(document, "p:object//p:formatRegistryKey")
    assert texts(document, "p:rights//p:otherRightsBasis").count("unresolved") == 2


def test_the_labels_that_a_pack_writes_have_their_origin_in_its_records(pack: Path) -> None:
    labels = {
        path.relative_to(pack / "data").as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (pack / "data").rglob("pds4-*.xml")
    }
    assert len(labels) == 4
    document = etree.parse(pack / "data/premis.xml")
    (event,) = (
        one
        for one in document.iterfind("p:event", PREMIS)
        if one.findtext(".//p:eventIdentifierValue", "", PREMIS).startswith("labels-")
    )
    assert event.findtext(".//p:eventDetail", "", PREMIS) == (
        f"PDS4 labels of files in the bag, written by marsmedia pack {importlib.metadata.version('marsmedia')}"
    )
    links = [
        (one.findtext("p:linkingObjectIdentifierValue", "", PREMIS), one.findtext("p:linkingObjectRole", "", PREMIS))
        for one in event.iterfind("p:linkingObjectIdentifier", PREMIS)
    ]
    assert {urn for urn, role in links if role == "outcome"} == {f"urn:sha256:{one}" for one in labels.values()}
    original = hashlib.sha256((pack / "data/media/wind.wav/original/wind.wav").read_bytes()).hexdigest()
    assert (f"urn:sha256:{original}", "source") in links
    (wind,) = (
        one
        for one in document.iterfind("p:object", PREMIS)
        if "data/media/wind.wav/original/pds4-original.xml" in [text.text for text in one.iter(f"{{{PREMIS['p']}}}*")]
    )
    assert wind.findtext(".//p:relatedObjectIdentifierValue", "", PREMIS) == f"urn:sha256:{original}"
    assert wind.findtext(".//p:relatedEventIdentifierValue", "", PREMIS) == event.findtext(
        ".//p:eventIdentifierValue", "", PREMIS
    )
    crate = json.loads((pack / "data/ro-crate-metadata.json").read_bytes())["@graph"]
    actions = {one["result"]["@id"]: one for one in crate if one["@id"].startswith("#label/")}
    assert sorted(actions) == sorted(labels)
    action = actions["media/wind.wav/original/pds4-original.xml"]
    assert (action["object"], action["instrument"]) == (
        {"@id": "media/wind.wav/original/wind.wav"},
        {"@id": "#marsmedia-pack"},
    )


def test_premis_names_a_format_that_has_no_media_type_of_its_own(tmp_path: Path) -> None:
    made = PackStore(tmp_path)
    made.source("1N491020376.IMG", "photo", "pds3", b"PDS_VERSION_ID = PDS3")
    make_pack(made, tmp_path / "pack", audience="archive", take=("originals",))
    document = etree.parse(tmp_path / "pack/data/premis.xml")
    assert "PDS3 image" in texts(document, "p:object//p:formatName")
    assert "application/octet-stream" not in texts(document, "p:object//p:formatName")


def test_an_archive_keeps_the_statements_at_every_place_of_the_same_bytes(tmp_path: Path) -> None:
    for release in ("june", "july"):
        folder = tmp_path / "raw" / release
        folder.mkdir(parents=True)
        (folder / "tracks.jpg").write_bytes(picture(64, 48, 1))
        (folder / "release.toml").write_text(f'agency = "Agency of {release}"\n[[file]]\npath = "tracks.jpg"\n')
    run_ingest(tmp_path / "raw", tmp_path / "store", {"photo": (Evidence(),)}, Options(), in_threads, name="i")
    recipe = PackRecipe(title=Text(en="T"), audience="archive", selection=("release=june",))
    build(recipe, tmp_path / "pack", Store(tmp_path / "store"), asked=lambda row: frozenset())
    found = [path.read_text() for path in (tmp_path / "pack/data/media/tracks.jpg").glob("evidence*/evidence.json")]
    assert sorted(name for text in found for name in ("june", "july") if f"Agency of {name}" in text) == [
        "july",
        "june",
    ]
    document = etree.parse(tmp_path / "pack/data/premis.xml")
    found = [detail for detail in texts(document, "p:event//p:eventDetail") if detail.endswith(".jpg")]
    assert found == [
        f"Identified as jpeg and hashed (SHA-256) at: {release}/tracks.jpg" for release in ("july", "june")
    ]


def wave(size: int, form: int) -> bytes:
    """The beginning of a WAVE with a format chunk of a size and a form."""
    chunk = struct.pack("<4sIH", b"fmt ", size, form) + bytes(size - 2)
    return b"RIFF" + bytes(4) + b"WAVE" + chunk + b"data" + bytes(8)


@pytest.mark.parametrize(
    ("media_type", "head", "puid"),
    [
        ("image/jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x02\0\0", "fmt/44"),
        ("image/jpeg", b"\xff\xd8\xff\xe1\0\x10Exif\0\0\x01\x01\0\0", None),
        ("image/gif", b"GIF89a", "fmt/4"),
        ("image/png", b"\x89PNG\r\n\x1a\n", None),
        ("video/mp4", b"", "fmt/199"),
        ("audio/wav", wave(16, 1), "fmt/141"),
        ("audio/wav", wave(18, 3), "fmt/142"),
        ("audio/wav", wave(40, 0xFFFE), "fmt/143"),
        ("audio/wav", wave(16, 0x55), "fmt/6"),
        ("audio/wav", wave(16, 1).replace(b"data", b"JUNK"), "fmt/6"),
        ("audio/wav", b"RIFF\0\0\0\0WAVEJUNK\x04\0\0\0\0\0\0\0" + wave(16, 1)[12:], "fmt/6"),
        ("audio/wav", wave(16, 1).replace(b"data", b"bext"), None),
        ("audio/wav", b"RF64" + wave(16, 1)[4:], None),
        ("audio/ogg", b"OggS\0\2" + bytes(22) + b"\x01vorbis" + bytes(23) + b"OggS", "fmt/203"),
        ("audio/ogg", b"OggS\0\2" + bytes(22) + b"OpusHead" + bytes(11) + b"OggS", "fmt/946"),
        ("audio/ogg", b"OggS\0\2" + bytes(22) + b"\x7fFLAC" + bytes(46) + b"OggS", None),
        ("video/ogg", b"OggS\0\2" + bytes(22) + b"\x01vorbis" + bytes(23) + b"OggS", None),
    ],
)
def test_pronom_names_a_format_only_where_its_version_is_sure(media_type: str, head: bytes, puid: str | None) -> None:
    assert pronom_of(media_type, head) == puid


def test_the_folder_of_releases_comes_back_from_a_pack_with_the_lines_of_the_docs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = tmp_path / "raw"
    for release in ("june", "july"):
        (raw / release / "图片/100% b").mkdir(parents=True)
        (raw / release / "release.toml").write_text(f'title = "{release}"\ncredit = "CNSA"\n')
        (raw / release / "图片/100% b/车辙.jpg").write_bytes(picture(64, 48, 1))
    (raw / "june/a.jpg").write_bytes(picture(64, 48, 2))
    (raw / "june/b.jpg").write_bytes(picture(64, 48, 2))
    (raw / "june/a.xmp").write_text('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')
    (raw / "june/notes.txt").write_text("a note\n")
    ingest(raw, tmp_path / "store", {"photo": (Metadata(), Evidence()), "video": (), "audio": ()})
    recipe = PackRecipe(title=Text(en="T"), audience="archive", selection=("release=june",))
    build(recipe, tmp_path / "june-aip", Store(tmp_path / "store"), asked=lambda row: frozenset())
    page = (Path(__file__).resolve().parents[2] / "docs/archive.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "archive.md", "exec"), {})
    assert tree(tmp_path / "restored/june") == tree(raw / "june")
    assert [path.name for path in (tmp_path / "restored").iterdir()] == ["june"]


def test_the_readme_of_an_archive_names_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "raw/june").mkdir(parents=True)
    (tmp_path / "raw/june/release.toml").write_text('title = "june"\ncredit = "CNSA"\n')
    (tmp_path / "raw/june/a.jpg").write_bytes(picture(64, 48, 2))
    ingest(tmp_path / "raw", tmp_path / "store", {"photo": (Metadata(), Evidence()), "video": (), "audio": ()})
    recipe = PackRecipe(title=Text(en="T"), audience="archive", selection=("release=june",), languages=("en",))
    build(recipe, tmp_path / "pack", Store(tmp_path / "store"), asked=lambda row: frozenset())
    lines = (tmp_path / "pack/README.txt").read_text().splitlines()
    assert [line.partition(" ")[0] for line in lines if line.startswith("data/")] == [
        "data/media/",
        "data/releases/",
        "data/premis.xml",
        "data/CREDITS.txt",
        "data/ro-crate-metadata.json",
        "data/media/*/*/pds4-*.xml",
    ]
