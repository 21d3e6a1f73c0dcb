"""Terms of use and instructions, such as an embargo, are where PREMIS, RO-Crate, IIIF and PDS4 have such words."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from flows.run.options import Options
from flows.run.run import in_threads, run_ingest
from processors.metadata.evidence import Evidence
from processors.photo.photo_preview import PhotoPreview
from tests.helpers.command import in_this_process
from tests.helpers.made_media import MediaMaker
from tests.helpers.pack_store import picture
from tests.packs.test_records import check_all, check_iiif

etree: Any = importlib.import_module("lxml.etree")  # compiled, and without types
PREMIS = {"p": "http://www.loc.gov/premis/v3"}
PDS4 = {"p": "http://pds.nasa.gov/pds4/pds/v1"}
RECIPES = {"photo": (PhotoPreview(longest_sides_px=(64,)), Evidence())}
EMBARGO = "Embargoed until 1 January 2030"
RELEASE = f"""\
title = "June"
credit = "CNSA"
rights = "CNSA"
redistribute = true
[[file]]
path = "bound.jpg"
usage_terms = "Non-commercial only"
instructions = "{EMBARGO}"
[[file]]
path = "forbidden.jpg"
redistribute = false
instructions = "Internal only"
[[file]]
path = "idle.jpg"
usage_terms = "CC BY 4.0"
"""
NAMES = ("bound", "forbidden", "free", "idle")


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive's pack of a file with terms, one that is forbidden, one without terms, and one with a licence."""
    monkeypatch.chdir(tmp_path)
    june = tmp_path / "raw/june"
    june.mkdir(parents=True)
    for number, name in enumerate(NAMES):
        (june / f"{name}.jpg").write_bytes(picture(64, 48, number))
    (june / "release.toml").write_text(RELEASE)
    run_ingest(tmp_path / "raw", tmp_path / "store", RECIPES, Options(), in_threads, name="i")  # type: ignore[arg-type]
    done = in_this_process("pack", "release=june", "-o", "june-aip", "--audience", "archive", "--store", "store")
    assert done.returncode == 0, done.stderr
    check_all(tmp_path / "june-aip")
    return tmp_path / "june-aip/data"


def test_premis_restricts_the_act_that_the_rights_grant(pack: Path) -> None:
    document = etree.parse(pack / "premis.xml")
    of_file = {
        one.findtext("p:objectIdentifier/p:objectIdentifierValue", None, PREMIS): Path(
            one.findtext("p:originalName", "", PREMIS)
        ).stem
        for one in document.iterfind("p:object", PREMIS)
        if one.findtext("p:originalName", "", PREMIS).startswith("june/")
    }
    stated = {
        of_file[one.findtext(".//p:linkingObjectIdentifierValue", None, PREMIS)]: (
            [note.text for note in one.iterfind(".//p:otherRightsNote", PREMIS)][2:],
            [[part.text for part in granted] for granted in one.iterfind("p:rightsGranted", PREMIS)],
        )
        for one in document.iterfind("p:rights/p:rightsStatement", PREMIS)
    }
    bound = ["Terms of use: Non-commercial only", f"Instructions: {EMBARGO}"]
    assert stated == {
        "bound": ([*bound, "may be passed on, subject to its terms"], [["disseminate", *bound]]),
        "forbidden": (["Instructions: Internal only", "may not be passed on"], []),
        "free": (["may be passed on"], [["disseminate"]]),
        "idle": (["Terms of use: CC BY 4.0", "may be passed on"], [["disseminate"]]),
    }
    (first,) = (
        one for one in document.iterfind("p:rights/p:rightsStatement", PREMIS) if "until" in "".join(one.itertext())
    )
    assert [etree.QName(one).localname for one in first] == [
        "rightsStatementIdentifier",
        "rightsBasis",
        "otherRightsInformation",
        "rightsGranted",
        "linkingObjectIdentifier",
    ]


def test_the_crate_has_them_on_each_file_and_on_its_rights(pack: Path) -> None:
    graph = {one["@id"]: one for one in json.loads((pack / "ro-crate-metadata.json").read_bytes())["@graph"]}
    both = {"usageInfo": "Non-commercial only", "conditionsOfAccess": EMBARGO}

    def terms(entity: dict[str, Any]) -> dict[str, Any]:
        return {name: entity[name] for name in ("usageInfo", "conditionsOfAccess") if name in entity}

    of_bound = [one for name, one in graph.items() if name.startswith("media/bound.jpg/") and "license" in one]
    folders = {Path(one["@id"]).parent.name.partition(" ")[0] for one in of_bound}
    assert folders == {"original", "photo.preview", "metadata", "evidence"}
    assert all(terms(one) == both for one in of_bound)
    originals = {name: graph[f"media/{name}.jpg/original/{name}.jpg"] for name in NAMES}
    assert {name: terms(graph[one["license"]["@id"]]) for name, one in originals.items()} == {
        "bound": both,
        "forbidden": {
            "usageInfo": "Not cleared for passing on when it was archived.",
            "conditionsOfAccess": "Internal only",
        },
        "free": {},
        "idle": {"usageInfo": "CC BY 4.0"},
    }


def test_viewers_must_show_them_with_the_credit(pack: Path) -> None:
    manifest = json.loads((pack / "iiif-manifest.json").read_bytes())
    (canvas,) = (one for one in manifest["items"] if one["id"].endswith("/bound.jpg/original/bound.jpg"))
    heading = {"en": ["Rights"], "zh": ["权利"]}
    assert canvas["requiredStatement"] == {
        "label": heading,
        "value": {
            "en": ["Credit: CNSA", "Terms of use: Non-commercial only", f"Instructions: {EMBARGO}"],
            "zh": ["来源: CNSA", "使用条款: Non-commercial only", f"使用说明: {EMBARGO}"],
        },
    }
    told = {one["label"]["en"][0]: one["value"] for one in canvas["metadata"]}
    assert (told["Terms of use"], told["Instructions"]) == ({"none": ["Non-commercial only"]}, {"none": [EMBARGO]})
    (free,) = (one for one in manifest["items"] if one["id"].endswith("/free.jpg/original/free.jpg"))
    credit = {"label": {"en": ["Credit"], "zh": ["来源"]}, "value": {"none": ["CNSA"]}}
    assert free["requiredStatement"] == credit
    assert manifest["requiredStatement"]["label"] == heading
    assert manifest["requiredStatement"]["value"]["en"] == [
        "Credit: CNSA",
        "Terms of use: Non-commercial only (bound.jpg)",
        "Terms of use: CC BY 4.0 (idle.jpg)",
        f"Instructions: {EMBARGO} (bound.jpg)",
        "Instructions: Internal only (forbidden.jpg)",
    ]


def test_labels_of_the_pack_have_them_after_credit_and_rights(pack: Path) -> None:
    said = {
        name: etree.parse(pack / f"media/{name}.jpg/original/pds4-original.xml").findtext(
            ".//p:Citation_Information/p:description", None, PDS4
        )
        for name in NAMES
    }
    rights = "Credit: CNSA. Rights: CNSA."
    assert {name: text.partition("Credit")[1] + text.partition("Credit")[2] for name, text in said.items()} == {
        "bound": f"{rights} Terms of use: Non-commercial only. Instructions: {EMBARGO}.",
        "forbidden": f"{rights} Instructions: Internal only.",
        "free": rights,
        "idle": f"{rights} Terms of use: CC BY 4.0.",
    }


def test_viewers_show_terms_of_the_whole_release_once_and_those_of_many_files_with_their_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    june = tmp_path / "raw/june"
    june.mkdir(parents=True)
    for number in range(7):
        (june / f"{number}.jpg").write_bytes(picture(64, 48, number))
    head = 'credit = "CNSA"\nredistribute = true\nusage_terms = "Editorial use only"\ninstructions = "No crops"\n'
    (june / "release.toml").write_text(f'{head}[[file]]\npath = "6.jpg"\ninstructions = "{EMBARGO}"\n')
    run_ingest(tmp_path / "raw", tmp_path / "store", RECIPES, Options(), in_threads, name="i")  # type: ignore[arg-type]
    done = in_this_process("pack", "release=june", "-o", "june", "--audience", "press", "--store", "store")
    assert done.returncode == 0, done.stderr
    check_iiif(tmp_path / "june")
    manifest = json.loads(next((tmp_path / "june").rglob("iiif-manifest.json")).read_bytes())
    assert manifest["requiredStatement"]["value"] == {
        "en": [
            "Credit: CNSA",
            "Terms of use: Editorial use only",
            "Instructions: No crops (6 of 7 files)",
            f"Instructions: {EMBARGO} (6.jpg)",
        ],
        "zh": [
            "来源: CNSA",
            "使用条款: Editorial use only",
            "使用说明: No crops（7 个文件中的 6 个）",
            f"使用说明: {EMBARGO} (6.jpg)",
        ],
    }
    assert {tuple(one["requiredStatement"]["value"]["en"]) for one in manifest["items"]} == {
        ("Credit: CNSA", "Terms of use: Editorial use only", f"Instructions: {words}")
        for words in ("No crops", EMBARGO)
    }


def test_subtitles_next_to_a_video_have_its_credit_and_terms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    june = tmp_path / "raw/june"
    june.mkdir(parents=True)
    MediaMaker(june).video("a.mp4", [0, 1, 2])
    (june / "a.en.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nTouchdown\n")
    (june / "release.toml").write_text(
        f'credit = "CNSA"\nredistribute = true\nusage_terms = "Editorial use only"\ninstructions = "{EMBARGO}"\n'
    )
    for words in (
        ("ingest", "raw", "--recipe", "light", "--quiet"),
        ("pack", "release=june", "-o", "june-aip", "--audience", "archive"),
    ):
        done = in_this_process(*words, "--store", "store")
        assert done.returncode == 0, done.stderr
    check_all(tmp_path / "june-aip")
    crate = json.loads((tmp_path / "june-aip/data/ro-crate-metadata.json").read_bytes())
    graph = {one["@id"]: one for one in crate["@graph"]}
    names = ("creditText", "license", "usageInfo", "conditionsOfAccess")
    video, subtitles = (
        [graph[f"media/a.mp4/original/{name}"].get(term) for term in names] for name in ("a.mp4", "a.en.srt")
    )
    assert subtitles == video
    assert subtitles[0] == "CNSA"
    assert subtitles[2:] == ["Editorial use only", EMBARGO]
