"""XMP sidecars are evidence of the file that they describe, or are reported."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from flows.cli.main import main
from flows.run.reporting.report import Report
from processors.containers.text.sidecar import is_sidecar_file
from processors.contract import RecordedStart
from processors.engine.release_index import ReleaseIndex
from processors.engine.wanted_results import Recipes
from processors.errors import DamagedMedia, MediaError, RefusedMedia
from processors.identify import identify
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.metadata.statements import said_by_sidecar
from processors.metadata.tags.sidecar_tags import sidecar_tags
from processors.store.catalogue.catalogue import Catalogue
from processors.store.store import Store
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest

RECIPE = (Metadata(), Evidence())
RECIPES: Recipes = {"video": RECIPE, "audio": RECIPE, "photo": RECIPE}
NAMESPACES = """xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/" """
WORDS = """<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Tracks behind the rover</rdf:li></rdf:Alt></dc:title>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">Two tracks in sand</rdf:li></rdf:Alt></dc:description>
<dc:creator><rdf:Seq><rdf:li>Li</rdf:li><rdf:li>Wang</rdf:li></rdf:Seq></dc:creator>
<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">All rights reserved</rdf:li></rdf:Alt></dc:rights>
<dc:subject><rdf:Bag><rdf:li>tracks</rdf:li><rdf:li>sand</rdf:li></rdf:Bag></dc:subject>"""
VALUES = """xmp:Rating="4" photoshop:Credit="CNSA/CLEP" photoshop:City="Utopia"
 exif:DateTimeOriginal="2021-06-16T12:30:00+08:00" exif:GPSLatitude="25,3.96N" exif:GPSLongitude="109,55.5E" """


def packet(words: str = WORDS, values: str = VALUES, *, head: str = "") -> bytes:
    return (
        f'{head}<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {NAMESPACES}{values}>{words}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


class Raw:
    """A release, ingested as often as is wanted."""

    def __init__(self, folder: Path) -> None:
        self.maker = MediaMaker(folder)
        self.release, self.store = folder / "raw" / "r", folder / "store"
        self.release.mkdir(parents=True)

    def photo(self, name: str = "IMG.jpg", size: tuple[int, int] = (32, 24)) -> Path:
        return self.maker.photo(name, size=size).rename(self.release / name)

    def write(self, name: str, data: bytes) -> None:
        (self.release / name).write_bytes(data)

    def ingest(self) -> Report:
        return ingest(self.release.parent, self.store, RECIPES)

    def record(self, name: str = "IMG.jpg") -> dict[str, Any]:
        row = next(row for row in Catalogue(Store(self.store)).sources().values() if row.name == name)
        ref = next(
            manifest.ref for manifest in Store(self.store).manifests(row.digest) if manifest.ref.key == row.evidence_key
        )
        return json.loads(Store(self.store).item_path(ref, "evidence.json").read_text())


@pytest.fixture
def raw(tmp_path: Path) -> Raw:
    return Raw(tmp_path)


def said(record: dict[str, Any], term: str) -> list[tuple[str | float, str]]:
    return [(one["value"], one["source"]) for one in record["statements"] if one["term"] == term]


def problems(report: Report) -> list[tuple[str, str, str]]:
    return [(problem.file, problem.verdict, problem.reason) for problem in report.problems]


def test_every_statement_of_a_sidecar_is_evidence_of_its_file(raw: Raw) -> None:
    sidecar = "img.JPG.XMP"
    raw.photo()
    raw.write(sidecar, packet())
    report = raw.ingest()
    assert (report.state, problems(report), report.companions) == ("completed", [], 1)
    record, voice = raw.record(), f"XMP sidecar {sidecar}"
    assert {term: said(record, term) for term in sorted({one["term"] for one in record["statements"]})} == {
        "dc:creator": [("Li; Wang", f"{voice}:xmp:dc:creator")],
        "dc:description": [("Two tracks in sand", f"{voice}:xmp:dc:description")],
        "dc:rights": [("All rights reserved", f"{voice}:xmp:dc:rights")],
        "dc:subject": [("tracks", f"{voice}:xmp:dc:subject"), ("sand", f"{voice}:xmp:dc:subject")],
        "dc:title": [("Tracks behind the rover", f"{voice}:xmp:dc:title")],
        "exif:GPSLatitude": [(25.066, f"{voice}:xmp:exif:GPSLatitude")],
        "exif:GPSLongitude": [(109.925, f"{voice}:xmp:exif:GPSLongitude")],
        "photoshop:City": [("Utopia", f"{voice}:xmp:photoshop:City")],
        "photoshop:Credit": [("CNSA/CLEP", f"{voice}:xmp:photoshop:Credit")],
        "xmp:Rating": [("4", f"{voice}:xmp:xmp:Rating")],
    }
    assert (record["taken"]["utc"], record["taken"]["source"]) == (
        "2021-06-16T04:30:00Z", f"{voice}:xmp:exif:DateTimeOriginal",
    )  # fmt: skip
    assert ("xmp", "xmp:Rating", "4") in [
        (tag["namespace"], tag["name"], tag["value"]) for tag in record["labels"][sidecar]
    ]


@pytest.mark.parametrize(
    "head",
    ["", "\ufeff", '<?xml version="1.0" encoding="UTF-8"?>\n<!-- of darktable -->\n', '<?xpacket begin="" id="W"?>'],
)
def test_xmp_is_a_sidecar_whatever_precedes_it(head: str) -> None:
    for name in ("IMG.xmp", "IMG.xml"):
        found = identify(io.BytesIO(packet(head=head)), name)
        assert (found.kind, found.format) == ("companion", "XMP sidecar")
        assert is_sidecar_file(name, packet(head=head))
    wide = packet().decode().encode("utf-16")
    assert is_sidecar_file("IMG.xml", wide)
    assert not is_sidecar_file("IMG.xml", b"<?xml version='1.0'?><Product_Observational/>")


def test_sidecars_of_videos_and_sound_are_evidence_and_start_their_clocks(raw: Raw) -> None:
    wave = raw.maker.tone("wind.wav")
    wave.rename(raw.release / "wind.wav")
    raw.write("wind.xmp", packet(values='exif:DateTimeOriginal="2021-06-16T12:30:00+08:00"'))
    raw.ingest()
    assert said(raw.record("wind.wav"), "dc:creator") == [("Li; Wang", "XMP sidecar wind.xmp:xmp:dc:creator")]
    rows = Catalogue(Store(raw.store)).sources().values()
    told = ReleaseIndex(rows).of(next(row for row in rows if row.name == "wind.wav"))
    assert told.recorded_start() == RecordedStart(utc="2021-06-16T04:30:00Z", named_by="wind.xmp")


def test_the_release_comes_first_then_the_sidecar_then_the_file_and_conflicts_are_shown(raw: Raw) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Embedded"
    Image.new("RGB", (32, 24)).save(raw.release / "IMG.jpg", exif=exif)
    raw.write("IMG.xmp", packet())
    raw.write("release.toml", b"rights = 'CC0'\n[[file]]\npath = 'IMG.jpg'\ncredit = 'Release'\ntitle = 'Words'\n")
    raw.ingest()
    record, voice = raw.record(), "XMP sidecar IMG.xmp:xmp:"
    assert [value for value, _ in said(record, "dc:title")] == ["Words", "Tracks behind the rover"]
    assert [(one["about"], [tuple(says) for says in one["says"]]) for one in record["disagreements"]] == [
        ("creator", [("Li; Wang", f"{voice}dc:creator"), ("Embedded", "file:exif:Artist")]),
        ("rights", [("All rights reserved", f"{voice}dc:rights"), ("CC0", "release.toml:rights")]),
        ("credit", [("Release", "release.toml:file.credit"), ("CNSA/CLEP", f"{voice}photoshop:Credit")]),
    ]
    shown = CliRunner().invoke(main, ["show", "IMG.jpg", "--store", str(raw.store)])
    assert "rights: All rights reserved (from XMP sidecar IMG.xmp:xmp:dc:rights)" in shown.output


def test_a_changed_sidecar_makes_the_evidence_of_its_file_due_and_nothing_else(raw: Raw) -> None:
    raw.photo()
    raw.photo("other.jpg", size=(40, 24))
    raw.write("IMG.xmp", packet())
    raw.ingest()
    assert raw.ingest().results.due == 0
    raw.write("IMG.xmp", packet(values='xmp:Rating="2"'))
    report = raw.ingest()
    assert [(one["file"], one["processor"]) for one in report.new_results] == [("r/IMG.jpg", "evidence")]
    assert said(raw.record(), "xmp:Rating") == [("2", "XMP sidecar IMG.xmp:xmp:xmp:Rating")]
    (raw.release / "IMG.xmp").unlink()
    raw.ingest()
    assert said(raw.record(), "xmp:Rating") == []


@pytest.mark.parametrize(
    ("data", "error", "reason"),
    [
        (packet()[:-30], DamagedMedia, "XMP sidecar IMG.xmp: not well-formed XML: unclosed token: line 7, column 88"),
        (b"\n", DamagedMedia, "XMP sidecar IMG.xmp: not well-formed XML: no element found: line 1, column 0"),
        (b"<a>Sign in</a>", DamagedMedia, "XMP sidecar IMG.xmp holds no XMP property"),
        (
            b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", DamagedMedia,
            "XMP sidecar IMG.xmp: it declares a document type or entities: refused",
        ),
        (packet() + b" " * (4 << 20), RefusedMedia, "XMP sidecar IMG.xmp is over the limit of 4 MB"),
    ],
)  # fmt: skip
def test_a_sidecar_that_cannot_be_used_is_refused_with_the_reason(
    data: bytes, error: type[MediaError], reason: str
) -> None:
    with pytest.raises(error) as told:
        sidecar_tags("IMG.xmp", data)
    assert told.value.args[0] == reason


def test_sidecars_that_cannot_be_used_are_reported(raw: Raw) -> None:
    raw.photo()
    raw.photo("IMG.png", size=(40, 24))
    raw.photo("cut.jpg", size=(44, 24))
    for name, data in (("IMG.xmp", packet()), ("gone.jpg.xmp", packet()), ("cut.xmp", packet()[:-30])):
        raw.write(name, data)
    report = raw.ingest()
    assert sorted(problems(report)) == [
        ("r/IMG.xmp", "unmatched", "may describe IMG.jpg or IMG.png: rename it to IMG.jpg.xmp or IMG.png.xmp"),
        (
            "r/cut.jpg", "failed", "XMP sidecar cut.xmp: not well-formed XML: unclosed token: line 7, column 88: "
            "correct or remove it and run again",
        ),
        ("r/gone.jpg.xmp", "unmatched", "no file next to it is named gone.jpg: put that file next to it, or rename it"),
    ]  # fmt: skip
    assert (report.files, report.sources, report.companions, report.not_taken) == (6, 3, 3, 0)
    assert (raw.record()["statements"], raw.record("IMG.png")["statements"]) == ([], [])


def test_two_sidecars_of_one_file_are_both_heard_and_the_one_with_its_whole_name_first(raw: Raw) -> None:
    raw.photo()
    raw.write("IMG.xmp", packet("", 'photoshop:Credit="Adobe"'))
    raw.write("IMG.jpg.xmp", packet("", 'photoshop:Credit="darktable"'))
    raw.ingest()
    record = raw.record()
    voices = [("darktable", "XMP sidecar IMG.jpg.xmp:xmp:photoshop:Credit"),
              ("Adobe", "XMP sidecar IMG.xmp:xmp:photoshop:Credit")]  # fmt: skip
    assert said(record, "photoshop:Credit") == voices
    assert [(one["about"], [tuple(says) for says in one["says"]]) for one in record["disagreements"]] == [
        ("credit", voices)
    ]


def test_the_same_bytes_in_two_places_have_each_their_own_sidecar(raw: Raw) -> None:
    photo = raw.photo()
    raw.write("again.jpg", photo.read_bytes())
    raw.write("again.xmp", packet("", 'photoshop:Credit="Another"'))
    raw.ingest()
    assert said(raw.record(), "photoshop:Credit") == []
    assert said(raw.record("again.jpg"), "photoshop:Credit") == [
        ("Another", "XMP sidecar again.xmp:xmp:photoshop:Credit")
    ]  # fmt: skip


def test_credit_and_rating_in_a_files_own_xmp_are_evidence(raw: Raw) -> None:
    Image.new("RGB", (32, 24)).save(raw.release / "IMG.jpg", xmp=packet())
    raw.ingest()
    assert said(raw.record(), "photoshop:Credit") == [("CNSA/CLEP", "file:xmp:photoshop:Credit")]
    assert said(raw.record(), "xmp:Rating") == [("4", "file:xmp:xmp:Rating")]


@pytest.mark.parametrize("end", ["x", "<svg/>", "<x:xmpmeta"])
def test_text_of_many_comments_is_identified_at_once(end: str) -> None:
    assert identify(io.BytesIO(("<!--a-->" * 500 + end).encode()), "a.xml").medium is None


def test_texts_of_a_sidecar_keep_their_languages() -> None:
    words = """<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Tracks</rdf:li><rdf:li xml:lang="zh-CN">车辙</rdf:li>
<rdf:li xml:lang="tlh">He</rdf:li></rdf:Alt></dc:title><dc:rights><rdf:Alt><rdf:li xml:lang="zh">版权</rdf:li></rdf:Alt>
</dc:rights>"""
    tags = sidecar_tags("a.xmp", packet(words, ""))
    assert [(tag.name, tag.value) for tag in tags if "[" in tag.name] == [
        ("dc:title[zh-CN]", "车辙"), ("dc:title[tlh]", "He"), ("dc:rights[zh]", "版权"),
    ]  # fmt: skip
    said = [(one.term, one.value, one.language) for one in said_by_sidecar(tags, "XMP sidecar a.xmp")]
    assert said == [("dc:title", "Tracks", None), ("dc:rights", "版权", None), ("dc:title", "车辙", "zh")]


CORE = 'xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"'
ALTERNATIVES = """
<dc:title><rdf:Alt>
 <rdf:li xml:lang="zh-CN">车辙</rdf:li><rdf:li xml:lang="en-GB">Tracks</rdf:li>
</rdf:Alt></dc:title>
<dc:description><rdf:Alt>
 <rdf:li xml:lang="x-default">In sand</rdf:li><rdf:li xml:lang="zh">沙地</rdf:li>
</rdf:Alt></dc:description>"""


@pytest.mark.parametrize(
    ("alternatives", "found"),
    [
        ({"x-default": "Two tracks"}, [("Two tracks", None)]),
        ({"x-default": "Two tracks", "zh": "两条"}, [("两条", "zh"), ("Two tracks", None)]),
        ({"x-default": "Two tracks", "en": "Two tracks"}, [("Two tracks", "en")]),
        ({"fr": "Deux traces"}, []),
    ],
)
def test_alternative_text_of_file_and_sidecar_needs_no_language(
    raw: Raw, alternatives: dict[str, str], found: list[tuple[str, str | None]]
) -> None:
    items = "".join(f'<rdf:li xml:lang="{code}">{text}</rdf:li>' for code, text in alternatives.items())
    name = "Iptc4xmpCore:AltTextAccessibility"
    words = f"<{name} {CORE}><rdf:Alt>{items}</rdf:Alt></{name}>"
    tags = sidecar_tags("a.xmp", packet(words, ""))
    beside = [(one.value, one.language) for one in said_by_sidecar(tags, "XMP sidecar a.xmp")]
    Image.new("RGB", (32, 24)).save(raw.release / "IMG.jpg", xmp=packet(words, ""))
    raw.ingest()
    inside = [(one["value"], one["language"]) for one in raw.record("IMG.jpg")["statements"] if one["term"] == name]
    assert (beside, inside) == (found, found)


@pytest.mark.parametrize("name", ["IMG.jpg", "IMG.png", "IMG.tif", "IMG.webp"])
def test_texts_in_a_photos_own_xmp_keep_their_languages(raw: Raw, name: str) -> None:
    own = packet(ALTERNATIVES, "")
    with Image.new("RGB", (32, 24)) as picture:
        if name.endswith(".png"):
            written = PngInfo()
            written.add_itxt("XML:com.adobe.xmp", own.decode())
            picture.save(raw.release / name, pnginfo=written)
        elif name.endswith(".tif"):
            picture.save(raw.release / name, tiffinfo={700: own})
        else:
            picture.save(raw.release / name, xmp=own)
    raw.ingest()
    found = [(one["term"], one["value"], one["language"], one["source"]) for one in raw.record(name)["statements"]]
    assert found == [
        ("dc:title", "Tracks", None, "file:xmp:dc:title"),
        ("dc:description", "In sand", None, "file:xmp:dc:description"),
        ("dc:title", "车辙", "zh", "file:xmp:dc:title[zh-CN]"),
        ("dc:title", "Tracks", "en", "file:xmp:dc:title[en-GB]"),
        ("dc:description", "沙地", "zh", "file:xmp:dc:description[zh]"),
    ]
