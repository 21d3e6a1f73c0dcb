"""An archive's pack holds what belongs to a release as a whole, and says when it was packed only if somebody does."""

from __future__ import annotations

import hashlib
import importlib
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import bagit
import pytest
from click.testing import CliRunner, Result

from flows.cli.main import main
from flows.run.options import Options
from flows.run.run import in_threads, run_ingest
from processors.metadata.evidence import Evidence
from processors.packs.contents.release_files import MAX_FILE_BYTES
from processors.photo.photo_preview import PhotoPreview
from tests.helpers.made_pds4 import label, numbers
from tests.helpers.pack_store import filled, make_pack
from tests.helpers.pack_store import picture as jpeg
from tests.packs.test_records import check_all

etree: Any = importlib.import_module("lxml.etree")  # compiled, and without types
PREMIS = {"p": "http://www.loc.gov/premis/v3"}
BUNDLE = '<?xml version="1.0"?><Product_Bundle xmlns="http://pds.nasa.gov/pds4/pds/v1"/>'
LABEL = '<?xml version="1.0"?><Product_Observational xmlns="http://pds.nasa.gov/pds4/pds/v1"/>'
FOLDERS = ("data", "labels")
OF_RELEASE = {
    "bundle.xml": BUNDLE.encode(),
    "data/collection.xml": BUNDLE.replace("Bundle", "Collection").encode(),
    "data/collection_inventory.csv": b"P,urn:nasa:pds:a::1.0\r\n",
    "map.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "data/\u65b0\u95fb\u7a3f.pdf": b"%PDF-1.4\n%%EOF\n",
    "empty.dat": b"",
    "table.bin": b"\x81\x92\xa3\xb4" * 64,
    "mic.toml": b'name = "lab"\nsource = "x"\nfull_scale_pascals = 2.0\n',
    "release.toml": b'title = "June"\ncredit = "CNSA"\nredistribute = true\ncalibrations = ["mic.toml"]\n',
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    photos = {f"data/{name}.jpg": jpeg(64, 48, seed) for seed, name in enumerate(("a", "b"))}
    more = {"data/b.xml": LABEL.encode(), ".DS_Store": b"\0\0\0\1Bud1"}
    for name, data in {**OF_RELEASE, **photos, **more}.items():
        place = folder / "raw/june" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    with (folder / "raw/june/large.fits").open("wb") as file:
        file.write(b"SIMPLE  =")
        file.truncate(MAX_FILE_BYTES + 1)
    recipes = {"photo": (PhotoPreview(longest_sides_px=(320,)), Evidence())}
    run_ingest(folder / "raw", folder / "store", recipes, Options(), in_threads, name="i")  # type: ignore[arg-type]
    return folder


def packed(folder: Path, output: Path, *words: str) -> Result:
    run = ["pack", "a.jpg", "-o", str(output), "--audience", "archive", "--store", str(folder / "store"), *words]
    return CliRunner().invoke(main, run)


def packing_event(pack: Path) -> Any:
    events = etree.parse(pack / "data/premis.xml").iterfind("p:event", PREMIS)
    return next(one for one in events if one.findtext("p:eventType", None, PREMIS) == "packing")


def test_files_of_the_release_are_in_the_pack_and_what_is_not_is_named(folder: Path, tmp_path: Path) -> None:
    run = packed(folder, tmp_path / "pack")
    assert run.exit_code == 0, run.output
    place = tmp_path / "pack/data/releases/june"
    found = {path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*") if path.is_file()}
    assert found == OF_RELEASE, "the label of b.jpg, which is not selected, is no part of the pack"
    not_taken = "june/large.fits: larger than 256 MB"
    assert f"marsmedia: not in the pack: {not_taken}" in run.stderr
    note = packing_event(tmp_path / "pack").findtext(".//p:eventOutcomeDetailNote", None, PREMIS)
    assert note == f"Not in the bag: {not_taken}"
    words = f"\nFiles of the release that are not in this pack, as they are too large:\n{not_taken}\n"
    assert words in (tmp_path / "pack/README.txt").read_text()
    assert bagit.Bag(str(tmp_path / "pack")).validate()
    check_all(tmp_path / "pack")


def test_files_that_only_a_label_of_the_release_names_are_absent_by_name(tmp_path: Path) -> None:
    june = tmp_path / "raw/june"
    june.mkdir(parents=True)
    (june / "a.jpg").write_bytes(jpeg(64, 48, 1))
    for area, name in (("Ancillary", "sound"), ("Observational", "image")):
        inside = f"<File><file_name>{name}.wav</file_name></File><Encoded_Audio/>"
        area_of = f"File_Area_{area}"
        text = LABEL.replace("/>", f"><{area_of}>{inside}</{area_of}></Product_Observational>")
        (june / f"{name}.xml").write_text(text)
    run_ingest(tmp_path / "raw", tmp_path / "store", {"photo": (Evidence(),)}, Options(), in_threads, name="i")
    run = packed(tmp_path, tmp_path / "pack")
    assert run.exit_code == 0, run.output
    absent = [f"{name}.wav (described by june/{name}.xml)" for name in ("image", "sound")]
    for one in absent:
        assert f"marsmedia: not in the pack: {one}: not in the release\n" in run.stderr
    words = "\nDescribed by a label of the release, but not in the release:\n" + "".join(f"{one}\n" for one in absent)
    assert words in (tmp_path / "pack/README.txt").read_text()
    note = packing_event(tmp_path / "pack").findtext(".//p:eventOutcomeDetailNote", None, PREMIS)
    assert note == f"Not in the bag: {'; '.join(f'{one}: not in the release' for one in absent)}"


@pytest.mark.parametrize("suffix", ["jpg", "raw"])
def test_a_label_in_another_folder_than_its_files_makes_none_of_them_absent(tmp_path: Path, suffix: str) -> None:
    area = "<File_Area_Observational><File><file_name>{}</file_name></File></File_Area_Observational>"
    end = "</Product_Observational>"
    for number in (1, 2):
        name = f"p{number}.{suffix}"
        described = label(name=name) if suffix == "raw" else LABEL.replace("/>", f">{area.format(name)}{end}").encode()
        data = (numbers() + number).tobytes() if suffix == "raw" else jpeg(64, 48, number)
        for path, content in ((f"data/{name}", data), *((f"{one}/p{number}.xml", described) for one in FOLDERS)):
            (tmp_path / "raw/june" / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "raw/june" / path).write_bytes(content)
    mixed = described.replace(end.encode(), f"{area.format('lost.jpg')}{end}".encode())
    (tmp_path / "raw/june/labels/mix.xml").write_bytes(mixed)
    run_ingest(tmp_path / "raw", tmp_path / "store", {"photo": (Evidence(),)}, Options(), in_threads, name="i")
    store = str(tmp_path / "store")
    run = CliRunner().invoke(
        main, ["pack", "release=june", "-o", str(tmp_path / "p"), "--audience", "archive", "--store", store]
    )
    assert run.exit_code == 0, run.output
    absent = "lost.jpg (described by june/labels/mix.xml)"
    lines = [line for line in run.stderr.splitlines() if "not in the release" in line]
    assert lines == [f"marsmedia: not in the pack: {absent}: not in the release"]
    words = f"\nDescribed by a label of the release, but not in the release:\n{absent}\n"
    assert words in (tmp_path / "p/README.txt").read_text()
    note = packing_event(tmp_path / "p").findtext(".//p:eventOutcomeDetailNote", None, PREMIS)
    assert note.partition(". To be noted")[0] == f"Not in the bag: {absent}: not in the release"


def test_files_of_the_release_have_fixity_an_event_and_an_entry(folder: Path, tmp_path: Path) -> None:
    assert packed(folder, tmp_path / "pack").exit_code == 0
    document = etree.parse(tmp_path / "pack/data/premis.xml")
    details = [one.text for one in document.iterfind("p:event//p:eventDetail", PREMIS)]
    assert "Identified as inventory and hashed (SHA-256) at: june/data/collection_inventory.csv" in details
    places = [
        one.findtext("p:objectIdentifier[2]/p:objectIdentifierValue", None, PREMIS)
        for one in document.iterfind("p:object", PREMIS)
    ]
    assert {f"data/releases/june/{name}" for name in OF_RELEASE} <= set(places)
    graph = json.loads((tmp_path / "pack/data/ro-crate-metadata.json").read_text())["@graph"]
    (entry,) = (one for one in graph if one["@id"] == "releases/june/release.toml")
    assert (entry["name"], entry["encodingFormat"]) == (
        "File of the release june: release description",
        "application/toml",
    )


def test_documents_that_marsmedia_does_not_read_have_fixity_a_format_and_an_event(folder: Path, tmp_path: Path) -> None:
    assert packed(folder, tmp_path / "pack").exit_code == 0
    document = etree.parse(tmp_path / "pack/data/premis.xml")
    graph = json.loads((tmp_path / "pack/data/ro-crate-metadata.json").read_text())["@graph"]
    details = {one.text for one in document.iterfind("p:event//p:eventDetail", PREMIS)}
    for name, form, media_type in (
        ("data/\u65b0\u95fb\u7a3f.pdf", "PDF document", "application/pdf"),
        ("map.svg", "SVG drawing", "image/svg+xml"),
        ("empty.dat", "empty file", "application/octet-stream"),
        ("table.bin", "unknown", "application/octet-stream"),
    ):
        (one,) = (
            one
            for one in document.iterfind("p:object", PREMIS)
            if one.findtext("p:originalName", None, PREMIS) == f"june/{name}"
        )
        values = [found.text for found in one.iterfind("p:objectIdentifier/p:objectIdentifierValue", PREMIS)]
        sha256 = hashlib.sha256(OF_RELEASE[name]).hexdigest()
        assert values[1:] == [f"data/releases/june/{name}", f"june/{name}"]
        assert one.findtext(".//p:messageDigest", None, PREMIS) == sha256
        known = form if media_type == "application/octet-stream" else media_type
        assert one.findtext(".//p:formatName", None, PREMIS) == known
        assert f"Identified as {form} and hashed (SHA-256) at: june/{name}" in details
        entries = [entry for entry in graph if unquote(entry["@id"]) == f"releases/june/{name}"]
        assert [(entry["name"], entry["encodingFormat"]) for entry in entries] == [
            (f"File of the release june: {form}", media_type)
        ]


def test_a_label_says_where_a_file_is_that_marsmedia_does_not_read(tmp_path: Path) -> None:
    june = tmp_path / "raw/june"
    june.mkdir(parents=True)
    (june / "a.jpg").write_bytes(jpeg(64, 48, 1))
    (june / "t.bin").write_bytes(OF_RELEASE["table.bin"])
    files = "".join(f"<File><file_name>{name}</file_name></File>" for name in ("a.jpg", "t.bin"))
    (june / "a.xml").write_text(LABEL.replace("/>", f">{files}</Product_Observational>"))
    run_ingest(tmp_path / "raw", tmp_path / "store", {"photo": (Evidence(),)}, Options(), in_threads, name="i")
    run = packed(tmp_path, tmp_path / "pack")
    assert run.exit_code == 0, run.output
    assert [line for line in run.stderr.splitlines() if " describes " in line] == [
        "marsmedia: june/a.xml describes 2 files: t.bin is data/releases/june/t.bin"
    ]


@pytest.mark.parametrize("audience", ["public", "press", "research", "internal"])
def test_no_pack_but_that_of_an_archive_takes_documents(folder: Path, tmp_path: Path, audience: str) -> None:
    words = ["pack", "release=june", "-o", str(tmp_path / "pack"), "--store", str(folder / "store")]
    run = CliRunner().invoke(main, [*words, "--audience", audience])
    assert run.exit_code == 0, run.output
    names = {path.name for path in (tmp_path / "pack").rglob("*")}
    assert not names & {"\u65b0\u95fb\u7a3f.pdf", "map.svg", "empty.dat", "table.bin"}


def test_the_documented_script_gives_the_release_back(folder: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["pack", "release=june", "-o", "june-aip", "--audience", "archive", "--store", str(folder / "store")]
    assert CliRunner().invoke(main, words).exit_code == 0
    text = (Path(__file__).parents[2] / "docs/archive.md").read_text()
    (script,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(script, {})
    june = folder / "raw/june"
    released = {path.relative_to(june): path.read_bytes() for path in june.rglob("*") if path.is_file()}
    del released[Path(".DS_Store")], released[Path("large.fits")]
    back = tmp_path / "restored/june"
    assert {path.relative_to(back): path.read_bytes() for path in back.rglob("*") if path.is_file()} == released


@pytest.mark.parametrize(
    ("title", "names"), [("June", ["release.toml"]), ("Other", ["release-ac86f0e4.toml", "release.toml"])]
)
def test_a_release_that_is_known_in_two_folders_is_packed(tmp_path: Path, title: str, names: list[str]) -> None:
    for root, said in (("raw", "June"), ("moved", title)):
        june = tmp_path / root / "june"
        june.mkdir(parents=True)
        (june / "a.jpg").write_bytes(jpeg(64, 48, 1))
        (june / "release.toml").write_text(f'title = "{said}"\n')
        run_ingest(tmp_path / root, tmp_path / "store", {"photo": (Evidence(),)}, Options(), in_threads, name=root)
    run = packed(tmp_path, tmp_path / "pack")
    assert run.exit_code == 0, run.output
    assert sorted(path.name for path in (tmp_path / "pack/data/releases/june").iterdir()) == names
    assert bagit.Bag(str(tmp_path / "pack")).validate()


def test_a_description_edited_since_the_last_run_stops_the_pack(folder: Path, tmp_path: Path) -> None:
    place = folder / "raw/june/release.toml"
    place.write_bytes(OF_RELEASE["release.toml"] + b"# edited\n")
    run = packed(folder, tmp_path / "pack")
    place.write_bytes(OF_RELEASE["release.toml"])
    assert run.exit_code == 2
    assert "\n  june/release.toml has changed since the last ingest\n" in run.stderr


def test_a_pack_has_a_date_of_packing_only_where_somebody_gives_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = filled(tmp_path)
    make_pack(made, tmp_path / "undated", audience="archive")
    info, event = bagit.Bag(str(tmp_path / "undated")).info, packing_event(tmp_path / "undated")
    assert ("Bagging-Date" in info, info["Contents-Up-To"]) == (False, "2026-03-04T05:06:07Z")
    assert event.findtext(".//p:eventDetail", None, PREMIS).endswith(
        ". Packed from results up to 2026-03-04T05:06:07Z; the packing date was not given"
    )
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1780000000")
    make_pack(made, tmp_path / "dated", audience="archive")
    info, event = bagit.Bag(str(tmp_path / "dated")).info, packing_event(tmp_path / "dated")
    assert (info["Bagging-Date"], "Contents-Up-To" in info) == ("2026-05-28", False)
    assert event.findtext("p:eventDateTime", None, PREMIS) == "2026-05-28T20:26:40Z"
    assert "Packed from" not in event.findtext(".//p:eventDetail", None, PREMIS)
    assert make_pack(made, tmp_path / "same", audience="archive", date="2026-03-04").misdated == ()
    built = make_pack(made, tmp_path / "by_recipe", audience="archive", date="2026-02-01")
    event = packing_event(tmp_path / "by_recipe")
    identifier = event.findtext(".//p:eventIdentifierValue", None, PREMIS)
    assert event.findtext("p:eventDateTime", None, PREMIS) == "2026-02-01"
    assert identifier == f"packing-{built.identity.digest[:16]}-20260201"
    told = "stated as packed on 2026-02-01, before the newest event of its files on 2026-03-04: correct the date"
    assert built.misdated == (told,)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1772600766")  # a second before the newest result
    (told,) = make_pack(made, tmp_path / "early", audience="archive").misdated
    assert told.startswith(
        "stated as packed on 2026-03-04T05:06:06Z, before the newest event of its files on 2026-03-04T"
    )
    assert bagit.Bag(str(tmp_path / "by_recipe")).info["Bagging-Date"] == "2026-02-01", "the recipe is stronger"


def test_a_date_of_the_environment_that_is_no_time_is_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    run = packed(folder, tmp_path / "pack")
    assert isinstance(run.exception, Exception | SystemExit)
    assert "SOURCE_DATE_EPOCH=yesterday: not a time in seconds since 1970; give one, or unset it" in (
        run.stderr + str(run.exception)
    )


def test_decoding_checksums_of_labels_and_a_replaced_file_are_events(tmp_path: Path) -> None:
    june = tmp_path / "raw/june"
    june.mkdir(parents=True)
    data = jpeg(64, 48, 1)

    def ingest() -> None:
        recipes = {"photo": (PhotoPreview(longest_sides_px=(320,)), Evidence())}
        run_ingest(tmp_path / "raw", tmp_path / "store", recipes, Options(hash_all=True), in_threads, name="i")  # type: ignore[arg-type]

    (june / "a.jpg").write_bytes(jpeg(64, 48, 2))
    ingest()
    before = hashlib.sha256((june / "a.jpg").read_bytes()).hexdigest()
    (june / "a.jpg").write_bytes(data)
    (june / "cut.jpg").write_bytes(jpeg(64, 48, 3)[:-700])
    for name, md5 in (("a", hashlib.md5(data).hexdigest()), ("cut", "0" * 32)):
        area = f"<File><file_name>{name}.jpg</file_name><md5_checksum>{md5}</md5_checksum></File>"
        (june / f"{name}.xml").write_text(LABEL.replace("/>", f">{area}</Product_Observational>"))
    ingest()
    words = ["pack", "*", "-o", str(tmp_path / "pack"), "--audience", "archive", "--store", str(tmp_path / "store")]
    run = CliRunner().invoke(main, words)
    assert run.exit_code == 0, run.output
    events = [
        tuple(one.findtext(f".//p:{name}", None, PREMIS) for name in ("eventType", "eventDetail", "eventOutcome"))
        for one in etree.parse(tmp_path / "pack/data/premis.xml").iterfind("p:event", PREMIS)
    ]
    checked = f"Checked for damage by photo.preview {PhotoPreview.version}"
    assert [one for one in events if one[0] == "validation"] == [
        ("validation", checked, "success"),
        ("validation", checked, "incomplete or damaged"),
    ]
    assert [one for one in events if one[0] == "fixity check"] == [
        ("fixity check", "MD5 compared with that in june/a.xml, file/md5_checksum", "success"),
        ("fixity check", "MD5 compared with that in june/cut.xml, file/md5_checksum", "failure"),
    ]
    ((_, detail, _),) = [one for one in events if one[0] == "replacement"]
    assert detail.startswith(f"Found at june/a.jpg in place of the file with SHA-256 {before}, seen ")
    check_all(tmp_path / "pack")
