"""What a label claims of a file is a problem of the file at that path, not at other paths of the same bytes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from flows.run.options import Options
from flows.run.reporting.recorded_problems import stored
from flows.run.reporting.report import Report
from flows.run.run import in_threads, run_ingest
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.photo.photo_preview import PhotoPreview
from processors.planetary.whole_file import size_named
from processors.store.store import Store
from tests.helpers.made_pds4 import label, numbers

RECIPES = {"video": (), "audio": (), "photo": (PhotoPreview(longest_sides_px=(320,)), Metadata(), Evidence())}
DATA = (numbers() + 30000).astype(">u2").tobytes()


PDS3 = b"""PDS_VERSION_ID = PDS3\r\nRECORD_TYPE = FIXED_LENGTH\r\nRECORD_BYTES = 16\r\nFILE_RECORDS = %d\r
^IMAGE = 257 <BYTES>\r\nOBJECT = IMAGE\r\nLINES = 4\r\nLINE_SAMPLES = 6\r\nSAMPLE_TYPE = MSB_UNSIGNED_INTEGER\r
SAMPLE_BITS = 16\r\nEND_OBJECT = IMAGE\r\nEND\r\n"""


def ingest(raw: Path, store: Path) -> Report:
    return run_ingest(raw, store, RECIPES, Options(workers=1), in_threads, name="test")  # type: ignore[arg-type]


def told(report: Report) -> list[tuple[str, str, str]]:
    return sorted((one.file, one.verdict, one.reason) for one in report.problems)


def recorded(store: Path, *words: str) -> list[tuple[str, str, str]]:
    return sorted((one.file, one.verdict, one.reason) for one in stored(words, Store(store)))


def show(name: str, store: Path) -> str:
    return CliRunner().invoke(main, ["show", name, "--store", str(store)]).output


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    (tmp_path / "raw" / "june").mkdir(parents=True)
    return tmp_path / "raw"


def put(raw: Path, name: str, claim: str = "") -> None:
    """Write the same picture under a name, with a label that claims something of it."""
    (raw / "june" / f"{name}.img").write_bytes(DATA)
    (raw / "june" / f"{name}.xml").write_bytes(label(name=f"{name}.img", md5=claim))


def test_a_wrong_md5_damages_no_other_path_of_the_same_bytes(raw: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    put(raw, "a")
    put(raw, "b", f"<md5_checksum>{'0' * 32}</md5_checksum>")
    put(raw, "c")
    damage = [one for one in told(ingest(raw, store)) if one[1] == "damaged"]
    assert [(file, reason.endswith(f"gives {'0' * 32}")) for file, _, reason in damage] == [("june/b.img", True)]
    assert recorded(store) == recorded(store, "june/b.img") == damage == told(ingest(raw, store))
    assert recorded(store, "june/a.img") == recorded(store, "c.img") == []
    assert "damaged: MD5 of the file" in show("b.img", store)
    for whole in ("a.img", "c.img"):
        assert "verdict  no damage found" in show(whole, store)
    (raw / "june" / "b.xml").write_bytes(label(name="b.img"))
    assert told(ingest(raw, store)) == recorded(store) == []
    status = json.loads(CliRunner().invoke(main, ["status", "--store", str(store), "--json"]).output)
    assert (status["damaged"], status["files_with_problems"]) == (0, {})


def test_a_size_that_does_not_fit_is_a_problem_of_the_file(raw: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    put(raw, "a", f'<file_size unit="byte">{len(DATA)}</file_size>')
    put(raw, "b", '<file_size unit="byte">9999</file_size>')
    (raw / "june" / "c.img").write_bytes((PDS3 % 19).ljust(256) + DATA)
    (raw / "june" / "d.img").write_bytes((PDS3 % 38).ljust(256) + DATA)
    damage = told(ingest(raw, store))
    assert damage == [
        (f"june/{name}.img", "damaged", f"size of the file is {size} bytes, but label {place} gives {named} bytes")
        for name, size, place, named in (
            ("b", 48, "b.xml:file/file_size", 9999),
            ("d", 304, "inside:FILE_RECORDS x RECORD_BYTES", 608),
        )
    ]
    assert recorded(store) == damage
    assert "damaged: size of the file is 48 bytes" in show("b.img", store)


@pytest.mark.parametrize(
    ("named", "size"),
    [
        (b"RECORD_TYPE = FIXED_LENGTH; RECORD_BYTES = 16; FILE_RECORDS = 3", 48),
        (b"RECORD_TYPE = FIXED_LENGTH; RECORD_BYTES = 16 <BYTES>; FILE_RECORDS = 3", 48),
        (b"RECORD_TYPE = STREAM; RECORD_BYTES = 16; FILE_RECORDS = 3", None),
        (b"RECORD_TYPE = FIXED_LENGTH; RECORD_BYTES = 16; FILE_RECORDS = NULL", None),
        (b'RECORD_TYPE = FIXED_LENGTH; RECORD_BYTES = 16; FILE_RECORDS = 3; ^TABLE = "b.tab"', None),
    ],
)
def test_sizes_of_pds3_are_exact_for_records_of_a_fixed_length_alone(named: bytes, size: int | None) -> None:
    found = size_named(b'^IMAGE = "a.img"\n' + named.replace(b"; ", b"\n") + b"\nEND\n", "A.IMG")
    assert (found and found.size_bytes) == size


ENCODED = "<{0}><File><file_name>lost.{1}</file_name></File><{2}/></{0}>"


def test_a_label_whose_image_is_missing_is_a_problem(raw: Path, tmp_path: Path) -> None:
    store, june = tmp_path / "store", raw / "june"
    put(raw, "a")
    (june / "gone.xml").write_bytes(label(name="lost.img"))
    (june / "sound.lbl").write_text('PDS_VERSION_ID = PDS3\n^SOUND = "lost.wav"\nEND\n')
    (june / "table.lbl").write_text('PDS_VERSION_ID = PDS3\n^TABLE = "lost.tab"\n^BROWSE_IMAGE = "lost.jpg"\nEND\n')
    for name, area, suffix, what in (
        ("table", "File_Area_Observational", "csv", "Table_Delimited"),
        ("browse", "File_Area_Browse", "jpg", "Encoded_Image"),
    ):
        inside = ENCODED.format(area, suffix, what)
        (june / f"{name}.xml").write_text(f'<?xml version="1.0"?><!-- pds.nasa.gov/pds4 --><Product>{inside}</Product>')
    missing = [
        (f"june/{file}", "unmatched", f"describes {name}, missing from its folder: put both into one folder")
        for file, name in (("gone.xml", "lost.img"), ("sound.lbl", "lost.wav"))
    ]
    report = ingest(raw, store)
    assert (told(report), report.state) == (missing, "completed with warnings")
    assert recorded(store) == told(ingest(raw, store)) == missing
    assert recorded(store, "june/gone.xml") == missing[:1]
    (june / "lost.img").write_bytes(DATA)
    assert told(ingest(raw, store)) == recorded(store) == missing[1:]


def named(area: str, *files: str) -> str:
    inside = "".join(f"<{area}><File><file_name>{one}</file_name></File></{area}>" for one in files)
    return f'<?xml version="1.0"?><!-- pds.nasa.gov/pds4 --><Product>{inside}</Product>'


def test_labels_none_of_whose_files_came_are_one_line_and_no_warning(raw: Path, tmp_path: Path) -> None:
    store, june = tmp_path / "store", raw / "june"
    put(raw, "a")
    (june / "release.toml").write_text('title = "June"\n[[file]]\npath = "a.img"\n')
    (june / "far").mkdir()
    (june / "far" / "there.txt").write_text("x")
    for name, area, files in (
        ("sound", "File_Area_Ancillary", ("lost.wav",)),
        ("tables", "File_Area_Observational", ("lost.tab", "more.csv")),
        ("half", "File_Area_Document", ("lost.pdf", "there.txt")),
    ):
        (june / f"{name}.xml").write_text(named(area, *files))
    (june / "old.lbl").write_text('PDS_VERSION_ID = PDS3\n^TABLE = "gone.tab"\nEND\n')
    line = (
        "3 labels describe only what is not in the release: june/old.lbl (gone.tab), june/sound.xml (lost.wav), "
        "june/tables.xml (lost.tab, more.csv): ask for it if the delivery should be complete"
    )
    report = ingest(raw, store)
    assert (report.state, told(report), report.advice) == ("completed", [], (line,))
    assert recorded(store) == recorded(store, "june/sound.xml") == []
    assert "  note     describes what is not in the release: lost.wav\n" in show("sound.xml", store)
    check = CliRunner().invoke(main, ["release", "check", str(june)])
    assert check.exit_code == 0
    assert check.output.splitlines()[:3] == [
        "old.lbl: describes what is not in the release: gone.tab",
        "sound.xml: describes what is not in the release: lost.wav",
        "tables.xml: describes what is not in the release: lost.tab, more.csv",
    ]
    for name in ("gone.tab", "lost.wav", "more.csv"):
        (june / name).write_bytes(b"1,2\n")
    assert ingest(raw, store).advice == ()
    assert "note  " not in show("tables.xml", store)
