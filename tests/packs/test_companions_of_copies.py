"""Copies of a file with labels, sidecars and subtitles of their own: an archive's pack holds those of every copy."""

from __future__ import annotations

import hashlib
import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.command import in_this_process
from tests.helpers.made_media import MediaMaker
from tests.helpers.pack_store import picture as jpeg
from tests.packs.test_records import check_all

etree: Any = importlib.import_module("lxml.etree")  # compiled, and without types
PREMIS = {"p": "http://www.loc.gov/premis/v3"}
DOCS = Path(__file__).parents[2] / "docs/archive.md"
HEAD = b'title = "June"\ncredit = "CNSA"\nrights = "CC BY 4.0"\nredistribute = true\n'
PHOTO = jpeg(64, 48, 1)


def sidecar(headline: str) -> bytes:
    return (
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        f"<rdf:Description xmlns:photoshop='http://ns.adobe.com/photoshop/1.0/' photoshop:Headline='{headline}'/>"
        "</rdf:RDF></x:xmpmeta>"
    ).encode()


def label(name: str, md5: str) -> bytes:
    file = f"<File><file_name>{name}</file_name><md5_checksum>{md5}</md5_checksum></File>"
    namespace = 'xmlns="http://pds.nasa.gov/pds4/pds/v1"'
    return f'<?xml version="1.0"?><Product_Observational {namespace}>{file}</Product_Observational>'.encode()


def cue(text: str) -> bytes:
    return f"1\n00:00:00,000 --> 00:00:01,000\n{text}\n".encode()


def filled(files: dict[str, bytes]) -> None:
    for name, data in files.items():
        place = Path("raw", name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)


def run(*words: str, code: int = 0) -> str:
    done = in_this_process(*words)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def ingest(raw: str = "raw", store: str = "store") -> None:
    run("ingest", raw, "--store", store, "--recipe", "light", "--quiet")


def packed(*selection: str, store: str = "store") -> str:
    """What `pack` says of an archive's pack in `june-aip`."""
    told = run("pack", *selection, "--audience", "archive", "-o", "june-aip", "--force", "--store", store)
    check_all(Path("june-aip"))
    return told


def identifier() -> str:
    return re.findall("External-Identifier: (.*)", Path("june-aip/bag-info.txt").read_text())[0]


def contents(folder: str) -> dict[str, bytes]:
    files = (path for path in Path(folder).rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def restored() -> dict[str, bytes]:
    """What the script of the documentation makes of the pack."""
    (script,) = re.findall("```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    exec(script, {})
    return contents("restored")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("described", [b"", b'[[file]]\npath = "press/b.jpg"\ntitle = "B"\n'])
def test_a_release_with_copies_is_restored_whole_and_packed_under_the_same_identifier(described: bytes) -> None:
    own = hashlib.md5(PHOTO).hexdigest()
    files = {
        "june/release.toml": HEAD + described,
        "june/photos/a.jpg": PHOTO,
        "june/photos/a.xmp": sidecar("Wheel tracks"),
        "june/photos/a.xml": label("a.jpg", own),
        "june/press/a.jpg": PHOTO,
        "june/press/a.xmp": sidecar("Traces"),
        "june/press/b.jpg": PHOTO,
        "june/press/b.xmp": sidecar("Wheel tracks"),
        "june/press/b.xml": label("b.jpg", own),
        "june/web/a.jpg": PHOTO,
        "june/web/a.xml": label("a.jpg", own),
    }
    filled(files)
    ingest()
    packed("release=june")
    first = identifier()
    assert restored() == files
    ingest("restored", "again")
    packed("release=june", store="again")
    assert identifier() == first


def test_subtitles_of_every_copy_are_in_the_pack_with_their_results() -> None:
    MediaMaker(Path()).video("a.mp4", [0, 1, 2])
    film = Path("a.mp4").read_bytes()
    files = {
        "june/release.toml": HEAD + b'[[file]]\npath = "a.mp4"\ntitle = "A"\n',
        "june/a.mp4": film,
        "june/press/a.mp4": film,
        "june/press/a.en.srt": cue("Touchdown"),
        "june/zh/b.mp4": film,
        "june/zh/b.zh.srt": cue("着陆"),
    }
    filled(files)
    ingest()
    packed("release=june")
    texts = [path.read_text() for path in sorted(Path("june-aip/data/media").rglob("*.vtt"))]
    assert [[word in text for word in ("Touchdown", "着陆")] for text in texts] in (
        [[True, False], [False, True]],
        [[False, True], [True, False]],
    )
    assert restored() == files


def test_a_label_of_a_copy_says_which_file_it_describes_and_has_its_own_check() -> None:
    own = hashlib.md5(PHOTO).hexdigest()
    filled({"june/a.jpg": PHOTO, "june/a.xml": label("a.jpg", own), "june/release.toml": HEAD})
    filled({"june/b.jpg": PHOTO, "june/b.xml": label("b.jpg", "0" * 32), "june/c.jpg": PHOTO})
    filled({"june/c.xmp": sidecar("C")})
    ingest()
    where = "describes 1 file: b.jpg is data/media/a.jpg/original/a.jpg"
    assert f"marsmedia: june/b.xml {where}\n" in packed("release=june")
    events = [*etree.parse("june-aip/data/premis.xml").iterfind("p:event", PREMIS)]
    checks = {
        one.findtext(".//p:eventDetail", None, PREMIS): one.findtext(".//p:eventOutcome", None, PREMIS)
        for one in events
        if one.findtext("p:eventType", None, PREMIS) == "fixity check"
    }
    assert {detail.partition(", ")[0]: outcome for detail, outcome in checks.items()} == {
        "MD5 compared with that in june/a.xml": "success",
        "MD5 compared with that in june/b.xml": "failure",
    }
    graph = {one["@id"]: one for one in json.loads(Path("june-aip/data/ro-crate-metadata.json").read_text())["@graph"]}
    said = {
        name: (graph[f"media/a.jpg/original/{name}"]["name"], graph[f"media/a.jpg/original/{name}"]["description"])
        for name in ("a.xml", "b.xml", "c.xmp")
    }
    assert said == {
        "a.xml": ("PDS4 label of a.jpg", "Describes a.jpg, next to it."),
        "b.xml": ("PDS4 label of b.jpg", where),
        "c.xmp": ("XMP sidecar of c.jpg", "Describes c.jpg, a copy of a.jpg, next to it."),
    }


@pytest.mark.parametrize(
    ("selection", "whole"),
    [(("*",), ("july", "june")), (("july/b.jpg", "june/a.jpg"), ("july", "june")), (("release=june",), ("june",))],
)
def test_copies_in_every_selected_release_are_packed(selection: tuple[str, ...], whole: tuple[str, ...]) -> None:
    files = {
        "july/b.jpg": PHOTO,
        "july/b.xmp": sidecar("B"),
        "july/release.toml": HEAD,
        "june/a.jpg": PHOTO,
        "june/a.xmp": sidecar("A"),
        "june/release.toml": HEAD + b'instructions = "Ask first"\n',
    }
    filled(files)
    ingest()
    packed(*selection)
    assert restored() == {name: data for name, data in files.items() if name.startswith(whole)}


@pytest.mark.parametrize("audience", ["public", "research", "archive"])
@pytest.mark.parametrize(
    ("selected", "expected"),
    [("june/public/*", ["a.jpg", "a.xmp", "film.mp4"]), ("june/public/film.mp4", ["film.mp4"])],
)
def test_nothing_next_to_a_copy_that_is_not_selected_is_packed(
    audience: str, selected: str, expected: list[str]
) -> None:
    MediaMaker(Path()).video("film.mp4", [0, 1, 2])
    film = Path("film.mp4").read_bytes()
    filled({"june/public/a.jpg": PHOTO, "june/public/a.xmp": sidecar("Wheel tracks"), "june/public/film.mp4": film})
    filled({"june/internal/draft.jpg": PHOTO, "june/internal/draft.xmp": sidecar("INTERNAL: suspected damage")})
    filled({"june/internal/draft.xml": label("draft.jpg", hashlib.md5(PHOTO).hexdigest())})
    filled({"june/internal/cut.mp4": film, "june/internal/cut.en.srt": cue("INTERNAL"), "june/release.toml": HEAD})
    ingest()
    Path("rec.toml").write_text(
        f'title = "P"\naudience = "{audience}"\nselection = ["{selected}"]\n'
        'take = ["originals", "subtitles"]\nlayout = "source"\n'
    )
    run("pack", "rec.toml", "-o", "p", "--store", "store")
    beside = sorted(path.name for path in Path("p/data/media").glob("*/original/*"))
    assert [name for name in beside if name != "pds4-original.xml"] == expected  # that one the pack itself writes
    assert list(Path("p").rglob("*.vtt")) == []
    held = [path for path in Path("p/data/media").rglob("*") if path.is_file() and b"INTERNAL" in path.read_bytes()]
    assert {path.name for path in held} <= {"evidence.json"}  # an archive's has what is said at every place


def test_a_changed_companion_of_a_copy_makes_the_pack_out_of_date() -> None:
    filled({"june/a.jpg": PHOTO, "june/a.xmp": sidecar("A"), "june/release.toml": HEAD})
    filled({"june/b.jpg": PHOTO, "june/b.xmp": sidecar("B")})
    ingest()
    packed("release=june")
    verify = ("pack", "verify", "june-aip", "--store", "store")
    assert "no source has changed since it was built" in run(*verify)
    filled({"june/b.xmp": sidecar("Other")})
    assert "june/b.xmp has changed since the last ingest" in run(*verify)
    said = run("ingest", "raw", "--store", "store", "--recipe", "light")
    assert re.search("^replaced: june/b.xmp.*; in the pack june-aip$", said, re.MULTILINE)
    assert "1 source changed since: sidecar of june/b.jpg" in run(*verify)
    filled({"june/b.xmp": sidecar("B")})
    ingest()
    assert "no source has changed since it was built" in run(*verify)
