"""What a file itself says of credit, rights and terms is stronger than what is said of all files at once."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from flows.run.build_pack import build_pack, recipe_of
from processors.engine.wanted_results import Recipes
from processors.errors import RequestError
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.metadata.label_statements import said_by_label
from processors.metadata.statements import credit_statements
from processors.metadata.tags.tag_records import Tag
from processors.packs.embedded.file_credits import sentences
from processors.photo.photo_preview import PhotoPreview
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.selection import parse, select
from processors.store.store import Store
from tests.helpers.command import in_this_process
from tests.helpers.runs import ingest

RECIPES: Recipes = {"photo": (Metadata(), Evidence(), PhotoPreview(longest_sides_px=(64,)))}
HEAD = 'title = "July"\ncredit = "NASA/JPL-Caltech"\nrights = "NASA guidelines"\nredistribute = true\n'
CREDIT, COPYRIGHT, INSTRUCTIONS = (2, 110), (2, 116), (2, 40)
OBJECT_NAME, HEADLINE = (2, 5), (2, 105)
XMP = (
    "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
    "<rdf:Description xmlns:xmpRights='http://ns.adobe.com/xap/1.0/rights/'><xmpRights:UsageTerms><rdf:Alt>"
    "<rdf:li xml:lang='x-default'>{terms}</rdf:li><rdf:li xml:lang='de'>Sperrfrist</rdf:li></rdf:Alt>"
    "</xmpRights:UsageTerms></rdf:Description></rdf:RDF></x:xmpmeta>"
)


def photo(path: Path, iptc: dict[tuple[int, int], str], terms: str | None = None) -> None:
    """A JPEG with records of IPTC, and usage terms in XMP."""
    record = b"".join(
        struct.pack(">BBBH", 0x1C, *number, len(text.encode())) + text.encode() for number, text in iptc.items()
    )
    block = (
        b"Photoshop 3.0\0" + b"8BIM" + struct.pack(">HHI", 0x0404, 0, len(record)) + record + b"\0" * (len(record) % 2)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    more: dict[str, Any] = {"extra": b"\xff\xed" + struct.pack(">H", len(block) + 2) + block} if iptc else {}
    if terms:
        more["xmp"] = XMP.format(terms=terms).encode()
    Image.new("RGB", (96, 64), "brown").save(path, **more)


def said_of(record: dict[str, Any], term: str) -> list[tuple[object, str]]:
    return [(one["value"], one["source"]) for one in record["statements"] if one["term"] == term]


@pytest.fixture
def july(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A release of one photo that says otherwise of itself than the lines at the top of release.toml."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "raw/july"
    iptc = {CREDIT: "ESA/DLR", COPYRIGHT: "(c) DLR, all rights reserved", INSTRUCTIONS: "Embargoed until 1 July"}
    photo(folder / "dunes.jpg", iptc, "Editorial use only")
    (folder / "release.toml").write_text(HEAD)
    return folder


def ingested() -> dict[str, Any]:
    """The evidence record of the only photo."""
    store = Store(Path("store"))
    ingest(Path("raw"), store.root, RECIPES)
    (row,) = (row for row in Catalogue(store).sources().values() if row.kind == "media")
    (found,) = (one for one in store.manifests(row.digest) if one.ref.key == row.evidence_key)
    return json.loads(store.item_path(found.ref, "evidence.json").read_bytes())


def refusal() -> str:
    with pytest.raises(RequestError) as caught:
        build_pack(recipe_of(["*.jpg"], audience="public"), Path("public"), Store(Path("store")))
    return str(caught.value)


def test_a_public_pack_refuses_what_a_file_says_otherwise_of_itself(july: Path) -> None:
    record = ingested()
    assert said_of(record, "photoshop:Credit") == [
        ("ESA/DLR", "file:iptc:Credit"),
        ("NASA/JPL-Caltech", "release.toml:credit"),
    ]
    assert said_of(record, "xmpRights:UsageTerms") == [("Editorial use only", "file:xmp:xmpRights:UsageTerms")]
    assert said_of(record, "photoshop:Instructions") == [("Embargoed until 1 July", "file:iptc:SpecialInstructions")]
    lines = refusal().split("\n")
    assert lines[0] == "a public pack cannot contain sources that may not be redistributed:"
    assert lines[1].partition(": ")[2] == (
        "the file itself says credit 'ESA/DLR' (file:iptc:Credit), against 'NASA/JPL-Caltech' (release.toml:credit); "
        "rights '(c) DLR, all rights reserved' (file:iptc:CopyrightNotice), against 'NASA guidelines' "
        "(release.toml:rights); "
        "usage terms 'Editorial use only' (file:xmp:xmpRights:UsageTerms), although release.toml says redistribute = "
        "true; instructions 'Embargoed until 1 July' (file:iptc:SpecialInstructions), although release.toml says "
        "redistribute = true: settle it in its [[file]] of release.toml"
    )
    with pytest.raises(RequestError, match="no source matches the selection"):
        select(parse(["redistribute=true"]), Catalogue(Store(Path("store"))))


def test_an_ingest_says_which_files_state_otherwise_of_themselves(july: Path) -> None:
    told = (
        "against what is stated for all files: ask the rights holder, and settle it in the [[file]] of release.toml; "
    )
    for number in range(11):
        photo(july / f"more{number:02}.jpg", {INSTRUCTIONS: f"Embargoed until {number + 1} August"})
    report = ingest(Path("raw"), Path("store"), RECIPES)
    names = ", ".join(f"july/more{number:02}.jpg" for number in range(10))
    assert sorted(report.advice) == [
        f"july/dunes.jpg: evidence: the file itself states credit, rights, usage terms and instructions {told}"
        "`marsmedia show` has both",
        f"{names} and 1 more: evidence: the file itself states instructions {told}`marsmedia show` has both",
    ]


def test_a_press_pack_warns_and_the_file_keeps_its_credit_terms_and_instructions(july: Path) -> None:
    ingested()
    told = in_this_process("pack", "*.jpg", "--audience", "press", "-o", "press", "--store", "store")
    assert told.returncode == 0, told.stderr
    assert "marsmedia: rights are not cleared for 1 of 1 source: july/dunes.jpg;" in told.stderr
    listed = Path("press/data/documents/CREDITS.txt").read_text()
    assert "  Credit / 来源: ESA/DLR\n" in listed
    assert "  Terms of use / 使用条款: Editorial use only\n" in listed
    assert "  Instructions / 使用说明: Embargoed until 1 July\n" in listed
    (packed,) = Path("press/data/photos").glob("*.jpg")
    photo_folder = Path("again/raw/x")
    photo_folder.mkdir(parents=True)
    (photo_folder / "packed.jpg").write_bytes(packed.read_bytes())
    again = Store(Path("again/store"))
    ingest(Path("again/raw"), again.root, RECIPES)
    (made,) = (one for one in again.manifests() if one.ref.processor == "evidence")
    record = json.loads(again.item_path(made.ref, "evidence.json").read_bytes())
    assert {value for value, _ in said_of(record, "photoshop:Credit")} == {"ESA/DLR"}
    assert {value for value, _ in said_of(record, "dc:rights")} == {"(c) DLR, all rights reserved"}
    ((terms, _),) = said_of(record, "xmpRights:UsageTerms")
    assert str(terms).startswith("Editorial use only. Not cleared for passing on: ask the rights holder")
    ((instructions, _),) = said_of(record, "photoshop:Instructions")
    assert str(instructions).startswith("Embargoed until 1 July. Editorial use only. Not cleared for passing on")
    differs = "Its own mission, credit, rights or terms differ from those stated for the whole release."
    assert str(terms).endswith(differs)
    shown = in_this_process("show", "dunes.jpg", "--store", "store").stdout
    assert "terms of use: Editorial use only (from file:xmp:xmpRights:UsageTerms)\n" in shown
    assert "instructions: Embargoed until 1 July (from file:iptc:SpecialInstructions)\n" in shown


@pytest.mark.parametrize(
    "entry",
    [
        "redistribute = true",
        'credit = "ESA/DLR"\nrights = "by agreement"\nusage_terms = "by agreement"\ninstructions = "none"',
    ],
)
def test_a_statement_for_the_file_counts_without_a_word(july: Path, entry: str) -> None:
    (july / "release.toml").write_text(f'{HEAD}[[file]]\npath = "dunes.jpg"\n{entry}\n')
    assert ingested()["against_general"] == []
    built = build_pack(recipe_of(["*.jpg"], audience="public"), Path("public"), Store(Path("store")))
    assert built.about("not cleared") == ()


@pytest.mark.parametrize("audience", ["public", "press", "internal", "research", "archive"])
def test_terms_and_instructions_of_release_toml_are_told_for_every_audience(july: Path, audience: str) -> None:
    for name in ("a", "b"):
        photo(july / f"{name}.jpg", {CREDIT: "NASA" if name == "a" else "JPL"})
    (july / "release.toml").write_text(
        f'{HEAD}usage_terms = "CC BY 4.0"\n[[file]]\npath = "dunes.jpg"\nredistribute = true\n'
        'instructions = "Embargoed until 1 July"\nusage_terms = "By agreement"\n'
        '[[file]]\npath = "a.jpg"\ninstructions = "By agreement"\n'
        '[[file]]\npath = "b.jpg"\nusage_terms = "NASA guidelines"\n'
    )
    ingest(Path("raw"), Path("store"), RECIPES)
    take = "originals" if audience == "archive" else "stills"
    Path("p.toml").write_text(f'title = "July"\naudience = "{audience}"\nselection = ["*.jpg"]\ntake = ["{take}"]\n')
    told = in_this_process("pack", "p.toml", "-o", "pack", "--store", "store")
    assert told.returncode == 0, told.stderr
    assert [line for line in told.stderr.splitlines() if "instructions" in line] == [
        'marsmedia: instructions or terms of use of 2 of 3 sources: july/a.jpg: "By agreement"; '
        'july/dunes.jpg: "Embargoed until 1 July; By agreement": heed them before publishing'
    ]
    record = in_this_process("pack", "p.toml", "-o", "again", "--store", "store", "--json").stdout
    assert json.loads(record)["terms"] == {
        "july/a.jpg": "By agreement",
        "july/dunes.jpg": "Embargoed until 1 July; By agreement",
    }


def test_an_embargo_at_another_path_of_the_same_bytes_is_told_too(july: Path) -> None:
    photo(july / "dunes.jpg", {})
    (july / "release.toml").write_text(HEAD)
    photo(Path("raw/june/early.jpg"), {})
    Path("raw/june/release.toml").write_text(f'{HEAD}instructions = "Embargoed until 1 July"\n')
    ingest(Path("raw"), Path("store"), RECIPES)
    told = in_this_process("pack", "july/dunes.jpg", "--audience", "public", "-o", "public", "--store", "store")
    assert told.stderr.splitlines()[0] == (
        'marsmedia: instructions or terms of use of 1 of 1 source: july/dunes.jpg: "Embargoed until 1 July": '
        "heed them before publishing"
    )
    said = "Credit: NASA/JPL-Caltech; Rights: NASA guidelines; redistribute: true; Embargoed until 1 July\n"
    assert f"june/early.jpg: {said}" in Path("public/data/documents/CREDITS.txt").read_text()


def test_terms_of_one_path_that_are_instructions_of_another_are_told_once(july: Path) -> None:
    (july / "release.toml").write_text(f'{HEAD}[[file]]\npath = "dunes.jpg"\ninstructions = "Print only"\n')
    photo(july / "dunes.jpg", {})
    photo(Path("raw/june/early.jpg"), {})
    Path("raw/june/release.toml").write_text(f'{HEAD}instructions = "No crops"\nusage_terms = "Print only"\n')
    ingest(Path("raw"), Path("store"), RECIPES)
    told = in_this_process("pack", "july/dunes.jpg", "--audience", "press", "-o", "press", "--store", "store", "--json")
    assert json.loads(told.stdout)["terms"] == {"july/dunes.jpg": "Print only; No crops"}


@pytest.mark.parametrize(
    ("iptc", "terms"),
    [
        ({CREDIT: "nasa/jpl-caltech "}, None),
        ({CREDIT: "NASA"}, None),
        ({COPYRIGHT: "Public domain"}, None),
        ({}, "CC BY 4.0"),
        ({}, "NASA guidelines"),
    ],
)
def test_what_agrees_or_is_freer_is_no_contradiction(july: Path, iptc: dict[tuple[int, int], str], terms: str) -> None:
    photo(july / "dunes.jpg", iptc, terms)
    assert ingested()["against_general"] == []
    assert (
        build_pack(recipe_of(["*.jpg"], audience="public"), Path("public"), Store(Path("store"))).about("not cleared")
        == ()
    )


def test_rights_of_a_file_contradict_a_permission_that_names_none(july: Path) -> None:
    photo(july / "dunes.jpg", {COPYRIGHT: "(c) DLR"})
    (july / "release.toml").write_text("redistribute = true\n")
    assert ingested()["against_general"] == [
        {"about": "rights", "says": [["(c) DLR", "file:iptc:CopyrightNotice"], ["true", "release.toml:redistribute"]]}
    ]


@pytest.mark.parametrize(("name", "title"), [(None, "Dunes of Utopia"), ("Job 7", "Job 7")])
def test_a_headline_is_the_title_of_a_file_without_another(july: Path, name: str | None, title: str) -> None:
    photo(july / "dunes.jpg", {**({OBJECT_NAME: name} if name else {}), HEADLINE: "Dunes of Utopia"})
    assert said_of(ingested(), "dc:title")[0][0] == title
    build_pack(recipe_of(["*.jpg"], audience="public"), Path("public"), Store(Path("store")))
    (packed,) = Path("public/data/photos").glob("*.jpg")
    assert b"\x1c\x02\x69" + struct.pack(">H", len(title)) + title.encode() in packed.read_bytes()


@pytest.mark.parametrize(
    ("stated", "of_xmp", "of_iptc"),
    [
        ('"2021-05-30T23:30"\ndate_zone = "Beijing"', b"2021-05-30T23:30+08:00", b"\x1c\x02\x3c\x00\x0b233000+0800"),
        ('"2021-05-30T23:30:05"\ndate_zone = "UTC"', b"2021-05-30T23:30:05Z", b"\x1c\x02\x3c\x00\x0b233005+0000"),
        ('"2021-05-30T23:30-03:30"', b"2021-05-30T23:30-03:30", b"\x1c\x02\x3c\x00\x0b233000-0330"),
        ('"2021-05-30T23:30"', b"2021-05-30T23:30", None),
        ('"2021-05-30"\ndate_zone = "Beijing"', b"2021-05-30", None),
    ],
)
def test_a_moment_has_the_offset_of_its_clock_wherever_that_is_stated(
    july: Path, stated: str, of_xmp: bytes, of_iptc: bytes | None
) -> None:
    (july / "release.toml").write_text(f'{HEAD}[[file]]\npath = "dunes.jpg"\nredistribute = true\ndate = {stated}\n')
    ingested()
    build_pack(recipe_of(["*.jpg"], audience="public"), Path("public"), Store(Path("store")))
    packed = next(Path("public/data/photos").glob("*.jpg")).read_bytes()
    found = re.search(rb"photoshop:DateCreated[>=]['\"]?([^'\"<]*)", packed)
    assert found is not None
    assert found[1] == of_xmp
    assert (of_iptc or b"") in packed
    assert (b"\x1c\x02\x3c" in packed) == (of_iptc is not None)
    crate = json.loads(next(Path("public").rglob("ro-crate-metadata.json")).read_bytes())
    assert of_xmp.decode() in [one.get("dateCreated") for one in crate["@graph"]]


def test_a_sidecar_speaks_for_its_file(july: Path) -> None:
    photo(july / "dunes.jpg", {})
    (july / "dunes.xmp").write_text(XMP.format(terms="Embargoed"))
    assert ingested()["against_general"][0]["says"][0] == [
        "Embargoed",
        "XMP sidecar dunes.xmp:xmp:xmpRights:UsageTerms",
    ]
    assert "usage terms 'Embargoed'" in refusal()


def test_init_writes_a_files_own_credit_rights_and_terms_into_its_entry(july: Path) -> None:
    (july / "release.toml").unlink()
    told = in_this_process("release", "init", "raw/july")
    assert told.returncode == 0, told.stderr
    entry = (july / "release.toml").read_text().partition("[[file]]\npath")[2]
    assert entry.splitlines()[1:] == [
        'credit = "ESA/DLR"  # file:iptc:Credit',
        'rights = "(c) DLR, all rights reserved"  # file:iptc:CopyrightNotice',
        'usage_terms = "Editorial use only"  # file:xmp:xmpRights:UsageTerms',
        'instructions = "Embargoed until 1 July"  # file:iptc:SpecialInstructions',
        "redistribute = false  # true only where its rights, usage terms, instructions allow it",
    ]


@pytest.mark.parametrize(
    ("namespace", "name", "term"),
    [
        ("container", "LICENSE", "xmpRights:UsageTerms"),
        ("container", "TERMS_OF_USE", "xmpRights:UsageTerms"),
        ("png", "Disclaimer", "xmpRights:UsageTerms"),
        ("ape", "License", "xmpRights:UsageTerms"),
        ("xmp", "photoshop:Instructions", "photoshop:Instructions"),
    ],
)
def test_terms_of_sound_video_and_png_are_read(namespace: str, name: str, term: str) -> None:
    (said,) = credit_statements((Tag(namespace=namespace, name=name, value="Ask first"),), "file")
    assert (said.term, said.value, said.source) == (term, "Ask first", f"file:{namespace}:{name}")


def test_the_licence_in_a_pds4_label_is_its_rights() -> None:
    place = "Product_Observational/Identification_Area/License_Information/name"
    (said,) = said_by_label((Tag(namespace="pds4", name=place, value="CC BY-NC 4.0"),), "mic.xml")
    assert (said.term, said.value, said.source) == ("dc:rights", "CC BY-NC 4.0", f"label mic.xml:{place}")


def test_a_pack_among_the_releases_is_refused(july: Path) -> None:
    ingested()
    for place in ("raw/pp", "raw/july/pp.zip", "raw/july/../july/pp"):
        with pytest.raises(RequestError) as caught:
            build_pack(recipe_of(["*.jpg"], audience="internal"), Path(place), Store(Path("store")))
        assert str(caught.value) == (
            f"{place}: inside the releases, where the next run would take it for one; "
            f"choose a place outside {Path('raw').absolute()}"
        )
    assert sorted(path.name for path in july.iterdir()) == ["dunes.jpg", "release.toml"]
    build_pack(recipe_of(["*.jpg"], audience="internal"), Path("rawer"), Store(Path("store")))


def test_a_pack_among_other_releases_of_the_store_is_refused(july: Path) -> None:
    ingested()
    other = Path("other/august/dawn.jpg")
    photo(other, {}, "Free")
    ingest(Path("other"), Path("store"), RECIPES)
    recipe = recipe_of(["release=july"], audience="internal")
    with pytest.raises(RequestError) as caught:
        build_pack(recipe, Path("other/pp"), Store(Path("store")))
    assert str(caught.value) == (
        "other/pp: inside the releases, where the next run would take it for one; "
        f"choose a place outside {Path('other').absolute()}"
    )
    assert [path.name for path in Path("other").iterdir()] == ["august"]


def test_why_names_the_item_from_which_a_pack_made_a_file(july: Path) -> None:
    ingested()
    build_pack(recipe_of(["*.jpg"], audience="press"), Path("press"), Store(Path("store")))
    (packed,) = Path("press/data/photos").glob("*.jpg")
    told = in_this_process("why", packed, "--store", "store")
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("preview_64.jpg, of photo.preview version ")
    assert "  made of  dunes.jpg, SHA-256 " in told.stdout


def test_a_syntax_error_is_all_that_check_names(july: Path) -> None:
    (july / "release.toml").write_text('title = "July" and more"\n[[file]]\npath = "dunes.jpg"\n')
    told = in_this_process("release", "check", "raw/july")
    assert (told.returncode, len(told.stdout.splitlines())) == (1, 1)
    assert told.stdout.startswith("release.toml, line 1: ")


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (["Editorial use only", "Not cleared."], "Editorial use only. Not cleared."),
        (["No resale!", 'Say "CNSA."', "Ask (twice)", "Then print"], 'No resale! Say "CNSA." Ask (twice). Then print'),
        (
            ["仅供编辑使用", "须署名（国家航天局）", "未获转发许可。"],
            "仅供编辑使用。 须署名（国家航天局）。 未获转发许可。",
        ),
        (["", " Alone "], "Alone"),
        ([], ""),
    ],
)
def test_a_full_stop_stands_between_what_is_stated_and_what_is_added(parts: list[str], said: str) -> None:
    assert sentences(parts) == said
