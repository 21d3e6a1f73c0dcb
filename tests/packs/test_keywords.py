"""Keywords of a release or a file come out wherever a picture desk searches: files, records, page, `show`, `packs`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from flows.cli.main import main
from flows.run.recipe_changes.load_recipes import wanted_today
from processors.packs.registry import built_packs
from processors.store.catalogue.catalogue import Catalogue
from tests.helpers.headings import headed
from tests.helpers.releases import Releases

STATED = "redistribute = true\n[[file]]\npath = 'b.jpg'\nkeywords = ['Zhurong', ' a,b;  c', '火星', 'Zhurong']\n"


@pytest.fixture
def releases(tmp_path: Path) -> Releases:
    return Releases(tmp_path)


def packed(releases: Releases) -> list[str]:
    return releases.pack("release=june", audience="press").splitlines()


def test_keywords_are_in_pictures_records_page_and_show(releases: Releases) -> None:
    releases.add("june", STATED)
    releases.ingest()
    assert releases.subject("release=june").keywords == ("Zhurong", "a,b; c", "火星")
    assert f"  {headed('keywords')}: Zhurong; a,b; c; 火星" in packed(releases)
    (picture,) = (releases.out / "data").rglob("*_80.jpg")
    in_iptc = b"\x1c\x02\x19\0\x07Zhurong\x1c\x02\x19\0\x06a,b; c\x1c\x02\x19\0\x06\xe7\x81\xab\xe6\x98\x9f"
    assert in_iptc in picture.read_bytes()
    crate = json.loads((releases.out / "data/ro-crate-metadata.json").read_text())
    assert {one["keywords"] for one in crate["@graph"] if "keywords" in one} == {"Zhurong, a,b; c, 火星"}
    page = "".join(path.read_text() for path in (releases.out / "data").rglob("index*.js"))
    page += "".join(path.read_text() for path in (releases.out / "data").rglob("subjects-*.js"))
    assert '"a,b; c"' in page, "searched for"
    details = "".join(path.read_text() for path in (releases.out / "data").rglob("details-*.js"))
    assert '"keywords":' in details
    shown = CliRunner().invoke(main, ["show", "b.jpg", "--store", str(releases.store_folder)]).output
    assert "    keywords: Zhurong;  a,b;  c; 火星; Zhurong (from release.toml:file.keywords)\n" in shown


def test_keywords_of_the_release_come_in_place_of_those_of_the_file(releases: Releases, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x9C9E] = "tracks;dust\0".encode("utf-16-le")  # XPKeywords
    Image.new("RGB", (80, 60), (90, 40, 20)).save(tmp_path / "own.jpg", exif=exif)
    releases.bytes = (tmp_path / "own.jpg").read_bytes()
    releases.add("june", None)
    releases.add("july", STATED)
    releases.add("none", "redistribute = true\n[[file]]\npath = 'b.jpg'\nkeywords = []\ncaption = ''\n")
    releases.ingest()
    assert releases.subject("release=june").keywords == ("tracks", "dust")
    assert releases.subject("release=none").keywords == ()
    assert releases.subject("release=july").keywords == ("Zhurong", "a,b; c", "火星")
    shown = CliRunner().invoke(main, ["show", "none/b.jpg", "--store", str(releases.store_folder)]).output
    assert "    keywords: none (from release.toml:file.keywords)\n" in shown
    assert "    caption: none (from release.toml:file.caption)\n" in shown


def test_a_pack_with_earlier_keywords_is_named(releases: Releases) -> None:
    releases.add("june", STATED)
    releases.ingest()
    packed(releases)
    (releases.raw / "june/release.toml").write_text(STATED.replace("火星", "Mars"))
    releases.ingest()
    today = wanted_today(Catalogue(releases.store).sources().values())
    ((change,),) = (one.changed for one in built_packs(releases.store, today.of))
    assert (change.source, change.kind, change.about) == ("june/b.jpg", "corrected", ("keywords",))
