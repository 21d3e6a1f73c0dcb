"""A label belongs to the files in its folder that it names, whatever its own name, and to those that have its name."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from deltalake import write_deltalake
from PIL import Image

from flows.cli.main import main
from flows.run.options import Options
from flows.run.reporting.report import Report
from flows.run.run import in_threads, run_ingest
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.photo.photo_preview import PhotoPreview
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.rebuild_catalogue import rebuild_catalogue
from processors.store.store import Store
from tests.helpers.made_media import MediaMaker
from tests.helpers.made_pds3 import detached
from tests.helpers.made_pds4 import label, numbers

SOUND = (Metadata(), Evidence())
RECIPES = {"video": (), "audio": SOUND, "photo": (PhotoPreview(longest_sides_px=(320,)), Metadata(), Evidence())}
HEAD = 'title = "June"\nmission = "tianwen-1"\ncredit = "CNSA"\nrights = "CNSA"\nredistribute = true\n'
SETTLE = (
    'tianwen-1 by release.toml, but its label names MRO: give its [[file]] mission = "tianwen-1" if that is the same, '
    'else mission = "" and its own credit, rights and redistribute'
)
UNTIL = "; until then no permission, credit or sol of tianwen-1 counts for it"


def ingest(raw: Path, store: Path) -> Report:
    return run_ingest(raw, store, RECIPES, Options(workers=1), in_threads, name="test")  # type: ignore[arg-type]


def command(*words: object) -> tuple[int, str]:
    answer = CliRunner().invoke(main, [str(word) for word in words])
    return answer.exit_code, answer.output


def titled(title: str, *names: str, area: str = "Browse", more: str = "") -> bytes:
    """A PDS4 label of pictures of another mission."""
    files = "".join(
        f"<File_Area_{area}><File><file_name>{name}</file_name>{more}</File><Encoded_Image/></File_Area_{area}>"
        for name in names
    )
    return f"""<?xml version="1.0"?><Product_Browse xmlns="http://pds.nasa.gov/pds4/pds/v1"><Identification_Area>
<title>{title}</title></Identification_Area><Context_Area><Investigation_Area><name>MRO</name><type>Mission</type>
</Investigation_Area></Context_Area>{files}</Product_Browse>""".encode()


def photo(path: Path, shade: int = 90) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (64, 48), (shade, 40, 20)).save(path)


def records(store: Path) -> dict[str, dict[str, Any]]:
    """Return the evidence record of each file."""
    found: dict[str, dict[str, Any]] = {}
    for row in Catalogue(Store(store)).sources().values():
        if row.kind == "media":
            assert row.evidence_key
            (one,) = [m for m in Store(store).manifests(row.digest) if m.ref.key == row.evidence_key]
            found[row.relative] = json.loads(Store(store).item_path(one.ref, "evidence.json").read_bytes())
    return found


def titles(store: Path) -> dict[str, list[tuple[str, str]]]:
    """Return the titles in labels of each file, with the label."""
    return {
        name: [
            (str(one["value"]), one["source"].partition(":")[0].removeprefix("label "))
            for one in record["statements"]
            if one["term"] == "dc:title" and one["source"].startswith("label ")
        ]
        for name, record in records(store).items()
    }


@pytest.fixture
def june(tmp_path: Path) -> Path:
    folder = tmp_path / "raw" / "june"
    folder.mkdir(parents=True)
    (folder / "release.toml").write_text(HEAD)
    return folder


@pytest.mark.parametrize("name", ["a.b.xml", "product.lblx", "PRODUCT.XML"])
def test_a_label_of_another_name_belongs_to_the_file_that_it_names(june: Path, tmp_path: Path, name: str) -> None:
    photo(june / "a.jpg")
    photo(june / "b.jpg", 30)
    (june / name).write_bytes(titled("Crater", "A.jpg"))
    report = ingest(june.parent, tmp_path / "store")
    assert titles(tmp_path / "store") == {"june/a.jpg": [("Crater", name)], "june/b.jpg": []}
    assert f"june/a.jpg: evidence: {SETTLE}{UNTIL}" in report.advice
    checked = command("release", "check", june)[1].splitlines()
    assert checked[:2] == [f"a.jpg: {SETTLE}", "not described: a.jpg"]
    assert len(checked) == 4
    code, told = command("pack", "a.jpg", "--store", tmp_path / "store", "--audience", "public", "-o", tmp_path / "p")
    assert (code, "june/a.jpg" in told, (tmp_path / "p").exists()) == (2, True, False)


def test_release_init_takes_what_such_a_label_says(june: Path) -> None:
    photo(june / "a.jpg")
    (june / "odd.lblx").write_bytes(titled("Crater", "a.jpg"))
    (june / "release.toml").unlink()
    assert command("release", "init", june, "--mission", "tianwen-1")[0] == 0
    written = (june / "release.toml").read_text()
    assert written.count("[[file]]") == 1
    assert 'title = "Crater"  # label odd.lblx:Identification_Area/title\n' in written
    assert 'mission = ""  # label odd.lblx:' in written


def test_no_label_or_subtitle_file_is_listed_as_a_medium(june: Path) -> None:
    photo(june / "a.png")
    for name in ("a.xml", "a.lbl", "a.LBLX", "a.srt", "a.vtt", "p.2BL", "p.2B", "model.stl"):
        (june / name).write_bytes(b"x")
    told = command("release", "check", june)[1].splitlines()
    assert told[:-1] == ["not described: a.png", "not described: model.stl", "not described: p.2B"]


def test_a_label_of_several_files_belongs_to_each(june: Path, tmp_path: Path) -> None:
    photo(june / "a.jpg")
    photo(june / "browse.jpg", 30)
    (june / "a.xml").write_bytes(titled("Crater", "a.jpg", "browse.jpg"))
    ingest(june.parent, tmp_path / "store")
    assert titles(tmp_path / "store") == {"june/a.jpg": [("Crater", "a.xml")], "june/browse.jpg": [("Crater", "a.xml")]}
    pack = tmp_path / "pack"
    asked = ("pack", "release=june", "--store", tmp_path / "store", "--audience", "archive", "-o", pack)
    assert command(*asked)[0] == 0
    found = sorted(path.parent.parent.name for path in pack.rglob("a.xml"))
    assert (found, list(pack.rglob("pds4-original*"))) == (["a.jpg", "browse.jpg"], [])


def timed(label: bytes, sol: int, start: str, stop: str = "") -> bytes:
    """The label with times of its recording."""
    end = f"<stop_date_time>{stop}</stop_date_time>" if stop else ""
    times = f"<Time_Coordinates><start_date_time>{start}</start_date_time>{end}</Time_Coordinates>"
    return label.replace(b"</Context_Area>", f"{times}<sol_number>{sol}</sol_number></Context_Area>".encode())


def test_times_and_title_of_a_set_are_not_those_of_a_file_with_a_label_of_its_own(june: Path, tmp_path: Path) -> None:
    for number, name in enumerate(("p1.jpg", "p2.jpg", "p3.jpg", "p4.jpg")):
        photo(june / name, 40 * number)
    md5 = "<md5_checksum>" + "0" * 32 + "</md5_checksum>"
    every = titled("Set", "p1.jpg", "p2.jpg", "p3.jpg", "p4.jpg", more=md5)
    (june / "p1.xml").write_bytes(timed(titled("One", "p1.jpg"), 19, "2021-06-02T00:00:00Z"))
    (june / "second.xml").write_bytes(timed(titled("Two", "p2.jpg"), 20, "2021-06-03T00:00:00Z"))
    (june / "p3.xml").write_bytes(titled("Three", "p3.jpg"))
    (june / "set.xml").write_bytes(timed(every, 18, "2021-06-01T00:00:00Z", "2021-06-09T00:00:00Z"))
    ingest(june.parent, tmp_path / "store")
    found = {
        name: (
            [(one["meaning"], one["written"][:10]) for one in record["dates"]],
            [one["value"] for one in record["statements"] if one["term"] == "marsmedia:sol"],
            [one["about"] for one in record["disagreements"]],
        )
        for name, record in records(tmp_path / "store").items()
    }
    of_set = [("recorded", "2021-06-01"), ("recording ended", "2021-06-09")]
    assert found == {
        "june/p1.jpg": ([("recorded", "2021-06-02")], ["19"], ["mission", "MD5 checksum"]),
        "june/p2.jpg": ([("recorded", "2021-06-03")], ["20"], ["mission", "MD5 checksum"]),
        "june/p3.jpg": (of_set, ["18"], ["mission", "MD5 checksum"]),
        "june/p4.jpg": (of_set, ["18"], ["mission", "MD5 checksum"]),
    }
    assert titles(tmp_path / "store") == {
        "june/p1.jpg": [("One", "p1.xml")],
        "june/p2.jpg": [("Two", "second.xml")],
        "june/p3.jpg": [("Three", "p3.xml")],
        "june/p4.jpg": [("Set", "set.xml")],
    }


def test_a_label_that_names_another_file_gives_way_to_one_that_names_this(june: Path, tmp_path: Path) -> None:
    for number, name in enumerate(("a.jpg", "b.jpg", "c.jpg")):
        photo(june / name, 50 * number)
    (june / "a.xml").write_bytes(titled("B", "b.jpg"))
    (june / "b.xml").write_bytes(titled("A", "a.jpg"))
    (june / "c.xml").write_bytes(titled("C", "c-as-delivered.jpg"))
    (june / "d.xml").write_bytes(titled("A and C", "a.jpg", "c.jpg"))
    ingest(june.parent, tmp_path / "store")
    assert titles(tmp_path / "store") == {
        "june/a.jpg": [("A", "b.xml")],
        "june/b.jpg": [("B", "a.xml")],
        "june/c.jpg": [("C", "c.xml"), ("A and C", "d.xml")],
    }


def test_a_name_is_that_of_the_file_that_has_it_exactly(june: Path, tmp_path: Path) -> None:
    for number, name in enumerate(("A.jpg", "a.jpg", "caf\u00e9.jpg", "cafe\u0301.jpg", "e\u0301.jpg")):
        photo(june / name, 40 * number)
    (june / "1.xml").write_bytes(titled("A", "A.jpg"))
    (june / "2.xml").write_bytes(titled("Cafe", "caf\u00e9.jpg"))
    (june / "3.xml").write_bytes(titled("E", "\u00c9.JPG"))
    ingest(june.parent, tmp_path / "store")
    assert {name.partition("/")[2]: said for name, said in titles(tmp_path / "store").items()} == {
        "A.jpg": [("A", "1.xml")],
        "a.jpg": [],
        "caf\u00e9.jpg": [("Cafe", "2.xml")],
        "cafe\u0301.jpg": [],
        "e\u0301.jpg": [("E", "3.xml")],
    }


def test_a_pds3_label_names_its_files_with_a_version_too(june: Path, tmp_path: Path) -> None:
    photo(june / "a.jpg")
    image = ("LINES = 4", "LINE_SAMPLES = 6")
    (june / "product.lbl").write_bytes(
        detached('^IMAGE = "A.JPG;1"', *image, top=('MISSION_NAME = "MRO"', 'PRODUCT_NAME = "CRATER"'))
    )
    report = ingest(june.parent, tmp_path / "store")
    assert f"june/a.jpg: evidence: {SETTLE}{UNTIL}" in report.advice
    assert command("release", "check", june)[1].splitlines()[0] == f"a.jpg: {SETTLE}"


def test_the_md5_in_a_label_of_another_name_is_compared(june: Path, tmp_path: Path) -> None:
    sound = MediaMaker(june).tone("mic.wav")
    md5 = hashlib.md5(sound.read_bytes(), usedforsecurity=False).hexdigest()
    (june / "mic_label.xml").write_bytes(titled("Wind", "mic.wav", more=f"<md5_checksum>{'0' * 32}</md5_checksum>"))
    report = ingest(june.parent, tmp_path / "store")
    assert [(one.file, one.verdict, one.reason) for one in report.problems] == [
        (
            "june/mic.wav",
            "damaged",
            f"MD5 of the file is {md5}, but label mic_label.xml:file/md5_checksum gives {'0' * 32}",
        )
    ]


@pytest.mark.parametrize("name", ["a.raw", "a.mp3", "a.jpg"])
def test_numbers_are_read_by_a_label_of_another_name_whatever_they_look_like(
    june: Path, tmp_path: Path, name: str
) -> None:
    data = (numbers(shape=(40, 60)) + 30000).astype(">u2").tobytes()
    begin = {"a.raw": b"", "a.mp3": bytes.fromhex("fffb9064") * 400, "a.jpg": b"\xff\xd8\xff\xe0"}[name]
    (june / name).write_bytes(begin + data[len(begin) :])
    (june / "product.xml").write_bytes(label(axes=(("Line", 40), ("Sample", 60)), name=name))
    (june / "twice.xml").write_bytes(label(axes=(("Line", 40), ("Sample", 60)), name=name))
    ingest(june.parent, tmp_path / "store")

    def found() -> tuple[str, str, str | None, str | None]:
        row = Catalogue(Store(tmp_path / "store")).sources()[str(june / name)]
        return row.kind, row.format, row.note, row.label_name

    if name == "a.raw":
        note = "2 labels describe it (product.xml, twice.xml): keep only one"
        assert found() == ("unsupported", "unknown", note, None)
    (june / "twice.xml").unlink()
    ingest(june.parent, tmp_path / "store")
    (june / "product.xml").touch()
    ingest(june.parent, tmp_path / "store")
    assert found()[:2] == ("media", "PDS4 image")
    assert found()[3] == "product.xml"


def test_a_label_that_comes_to_name_another_file_makes_both_due(june: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    photo(june / "a.jpg")
    photo(june / "b.jpg", 30)
    (june / "product.xml").write_bytes(titled("Crater", "a.jpg"))
    assert ingest(june.parent, store).results.made == 6
    (june / "product.xml").write_bytes(titled("Crater", "b.jpg"))
    assert ingest(june.parent, store).results.made == 2
    assert titles(store) == {"june/a.jpg": [], "june/b.jpg": [("Crater", "product.xml")]}
    assert ingest(june.parent, store).results.made == 0


def test_a_store_of_an_earlier_version_learns_what_its_labels_name(june: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    photo(june / "a.jpg")
    ingest(june.parent, store.root)
    (june / "product.xml").write_bytes(b"not a label yet")
    ingest(june.parent, store.root)
    before = Catalogue(store).sources()[str(june / "a.jpg")].evidence_key
    (june / "product.xml").write_bytes(titled("Crater", "a.jpg"))
    ingest(june.parent, store.root)
    rows = Catalogue(store).table("sources")
    old = [name for name in rows.column_names if name != "named_files"]
    keys = rows.column_names.index("evidence_key")
    known = [before if one else None for one in rows["evidence_key"].to_pylist()]
    earlier = rows.set_column(keys, "evidence_key", [known]).select(old)
    shutil.rmtree(store.catalogue_folder / "sources")
    write_deltalake(str(store.catalogue_folder / "sources"), earlier)
    (record,) = [m for m in store.manifests() if m.ref.processor == "evidence" and m.ref.key != before]
    store.remove(record.ref)
    rebuild_catalogue(store)
    plan = command("ingest", june.parent, "--store", store.root, "--recipe", "light", "--dry-run", "--json")[1]
    whys = {one["processor"]: one["why"] for one in json.loads(plan)["plan"]}
    assert "labels.1.name None -> 'product.xml'" in whys["evidence"]
    assert ingest(june.parent, store.root).results.made == 1
    assert titles(store.root) == {"june/a.jpg": [("Crater", "product.xml")]}
    assert ingest(june.parent, store.root).results.made == 0


def test_a_public_pack_waits_for_the_ingest_of_a_label_of_another_name(june: Path, tmp_path: Path) -> None:
    photo(june / "a.jpg")
    (june / "product.xml").write_bytes(titled("Crater", "a.jpg"))
    (june / "release.toml").write_text(
        'title = "June"\n[[file]]\npath = "a.jpg"\ncredit = "NASA"\nredistribute = true\n'
    )
    ingest(june.parent, tmp_path / "store")
    (june / "product.xml").write_bytes(titled("Crater of another name", "a.jpg"))
    code, told = command("pack", "a.jpg", "--store", tmp_path / "store", "--audience", "public", "-o", tmp_path / "p")
    assert (code, "  june/product.xml has changed since the last ingest" in told.splitlines()) == (2, True)


def test_a_label_of_a_picture_in_another_folder_is_told(june: Path, tmp_path: Path) -> None:
    photo(june / "pictures" / "a.jpg")
    (june / "labels").mkdir()
    (june / "labels" / "a.xml").write_bytes(titled("Crater", "a.jpg"))
    report = ingest(june.parent, tmp_path / "store")
    assert [(one.file, one.reason) for one in report.problems] == [
        ("june/labels/a.xml", "describes a.jpg, missing from its folder: put both into one folder")
    ]
