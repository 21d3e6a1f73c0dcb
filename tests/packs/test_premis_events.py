"""An event in PREMIS has one identifier and one time in every pack: found, replaced and withdrawn, at each place."""

from __future__ import annotations

import hashlib
import importlib
import json
import re
import shutil
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from flows.cli.main import main
from flows.run.options import Options
from flows.run.run import in_threads, run_ingest
from processors.metadata.evidence import Evidence
from processors.packs.contents.names import FORBIDDEN
from processors.photo.photo_preview import PhotoPreview
from processors.store.catalogue.catalogue import Catalogue
from processors.store.store import Store
from tests.conftest import PROJECT
from tests.helpers.pack_store import picture
from tests.packs.test_records import check_all

etree: Any = importlib.import_module("lxml.etree")  # compiled, and without types
NOTE = "p:eventOutcomeDetailNote"
PREMIS = {"p": "http://www.loc.gov/premis/v3"}
LABEL = '<?xml version="1.0"?><Product_Observational xmlns="http://pds.nasa.gov/pds4/pds/v1"/>'
RECIPES = {"photo": (PhotoPreview(longest_sides_px=(320,)), Evidence())}


def put(folder: Path, **files: bytes | str) -> None:
    for name, data in files.items():
        place = folder / "raw" / re.sub("__", "/", name).replace("_", ".")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data.encode() if isinstance(data, str) else data)


def ingest(folder: Path) -> None:
    run_ingest(folder / "raw", folder / "store", RECIPES, Options(), in_threads, name="i")  # type: ignore[arg-type]


def packed(folder: Path, release: str) -> Result:
    words = [f"release={release}", "-o", str(folder / release), "--audience", "archive"]
    run = CliRunner().invoke(main, ["pack", *words, "--store", str(folder / "store")])
    assert run.exit_code == 0, run.output
    check_all(folder / release)
    return run


def events(folder: Path, release: str) -> dict[str, Any]:
    """Every event of a pack, by its identifier."""
    found = list(etree.parse(folder / release / "data/premis.xml").iterfind("p:event", PREMIS))
    named = {one.findtext(".//p:eventIdentifierValue", None, PREMIS): one for one in found}
    assert len(named) == len(found)
    return named


def told(folder: Path, release: str, *kinds: str) -> list[tuple[str, str]]:
    """Time and detail of the events of some kinds."""
    return [
        (one.findtext("p:eventDateTime", None, PREMIS), one.findtext(".//p:eventDetail", None, PREMIS))
        for one in events(folder, release).values()
        if one.findtext("p:eventType", None, PREMIS) in kinds
    ]


def seen(folder: Path) -> dict[str, tuple[str, str | None]]:
    """When the latest contents of each path were first seen, and when they were gone."""
    rows = Catalogue(Store(folder / "store")).sightings()
    return {row.relative: (in_seconds(row.seen_utc), row.gone_utc and in_seconds(row.gone_utc)) for row in rows}


def in_seconds(utc: str) -> str:
    return utc[:19] + "Z"


def sha256(data: bytes | str) -> str:
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def test_each_place_of_the_same_bytes_has_an_event_that_is_the_same_in_every_pack(tmp_path: Path) -> None:
    put(tmp_path, june__a_jpg=picture(64, 48, 1))
    ingest(tmp_path)
    time.sleep(1.1)
    put(tmp_path, july__b_jpg=picture(64, 48, 1), july__c_jpg=picture(64, 48, 2))
    ingest(tmp_path)
    for release in ("june", "july"):
        packed(tmp_path, release)
    times = {name: seen_utc for name, (seen_utc, _) in seen(tmp_path).items()}
    assert times["june/a.jpg"] < times["july/b.jpg"]
    found = "Identified as jpeg and hashed (SHA-256) at: "
    shared = [(times[name], found + name) for name in ("june/a.jpg", "july/b.jpg")]
    assert told(tmp_path, "june", "ingestion") == shared
    assert told(tmp_path, "july", "ingestion") == [*shared, (times["july/c.jpg"], found + "july/c.jpg")]
    june, july = events(tmp_path, "june"), events(tmp_path, "july")
    both = june.keys() & july.keys()
    kinds = [june[name].findtext("p:eventType", None, PREMIS) for name in sorted(both)]
    assert sorted(kinds) == [
        "creation",
        "ingestion",
        "ingestion",
        "metadata extraction",
        "metadata extraction",  # the evidence of each place names its file
        "metadata extraction",
        "validation",
    ]
    for name in both:
        assert etree.tostring(june[name]).strip() == etree.tostring(july[name]).strip()


def test_every_replaced_file_has_an_event_also_labels_descriptions_and_bytes_known_elsewhere(tmp_path: Path) -> None:
    one, two = picture(64, 48, 1), picture(64, 48, 2)
    put(tmp_path, a__one_jpg=one, a__two_jpg=two, a__one_xml=LABEL, a__release_toml='title = "A"\n')
    ingest(tmp_path)
    before = {name: seen_utc for name, (seen_utc, _) in seen(tmp_path).items()}
    put(tmp_path, a__two_jpg=one, a__one_xml=LABEL + "\n", a__release_toml='title = "A, corrected"\n')
    ingest(tmp_path)
    packed(tmp_path, "a")
    was = {"a/two.jpg": sha256(two), "a/one.xml": sha256(LABEL), "a/release.toml": sha256('title = "A"\n')}
    replaced = told(tmp_path, "a", "replacement")
    assert [re.sub(r", seen .*", "", detail) for _, detail in replaced] == [
        f"Found at {name} in place of the file with SHA-256 {digest}" for name, digest in was.items()
    ]
    assert [when for when, _ in replaced] == [seen(tmp_path)[name][0] for name in was]
    assert [in_seconds(detail.rpartition("seen ")[2]) for _, detail in replaced] == [before[name] for name in was]


def history(folder: Path, release: str) -> dict[str, tuple[str, str, str]]:
    """Kind, time and detail of every event at a place, by its identifier."""
    found = {
        name: tuple(one.findtext(f".//p:{tag}", None, PREMIS) for tag in ("eventType", "eventDateTime", "eventDetail"))
        for name, one in events(folder, release).items()
    }
    return {
        name: one
        for name, one in found.items()
        if one[0] in ("ingestion", "replacement", "deaccession", "fixity check")
    }


def test_no_event_of_a_place_is_lost_when_files_leave_come_back_and_are_replaced(tmp_path: Path) -> None:
    put(tmp_path, june__b_jpg=picture(64, 48, 2))
    contents: dict[str, tuple[bytes, bytes]] = {
        "a.jpg": (picture(64, 48, 1), picture(64, 48, 3)),
        "a.xml": (LABEL.encode(), f"{LABEL}\n".encode()),
        "release.toml": (b'title = "A"\n', b'title = "B"\n'),
    }
    told: dict[str, tuple[str, str, str]] = {}
    for step, which in enumerate((0, None, 0, 1, 0, 1)):
        for name, both in contents.items():
            place = tmp_path / "raw/june" / name
            place.unlink() if which is None else place.write_bytes(both[which])
        ingest(tmp_path)
        (tmp_path / str(step)).mkdir()
        (tmp_path / str(step) / "store").symlink_to(tmp_path / "store")
        packed(tmp_path / str(step), "june")
        now = history(tmp_path / str(step), "june")
        assert {identifier: now.get(identifier) for identifier in told} == told
        told = now
        time.sleep(1.0)  # times in PREMIS are whole seconds
    for name, both in contents.items():
        was = [sha256(data) for data in both]
        ours = [(kind, detail) for kind, _, detail in told.values() if f"june/{name}" in detail]
        assert [kind for kind, _ in ours].count("ingestion") == 5
        assert [detail for kind, detail in ours if kind == "fixity check"] == [
            f"Missing: no longer found at june/{name}"
        ]
        assert [detail for kind, detail in ours if kind == "deaccession"] == [
            *(f"Replaced at june/{name} by the file with SHA-256 {was[number]}" for number in (1, 0, 1))
        ]
        assert [re.sub(", seen .*", "", detail) for kind, detail in ours if kind == "replacement"] == [
            f"Found at june/{name} in place of the file with SHA-256 {was[number]}" for number in (0, 1, 0)
        ]


@pytest.mark.parametrize(
    ("contents", "missing_count"), [((0, 1, 2, 1), 0), ((0, 1, 0, 2, 1), 0), ((0, 1, 2, None, 1, 0), 1)]
)
def test_a_file_replaced_by_several_of_which_one_is_back_was_never_missing(
    tmp_path: Path, contents: tuple[int | None, ...], missing_count: int
) -> None:
    """Only where a run found nothing there (None) was anything missing."""
    put(tmp_path, june__b_jpg=picture(64, 48, 4))
    files = {
        "a.jpg": [picture(64, 48, number) for number in range(3)],
        "a.xml": [(LABEL + "\n" * number).encode() for number in range(3)],
        "release.toml": [f'title = "{number}"\n'.encode() for number in range(3)],
    }
    told: dict[str, tuple[str, str, str]] = {}
    for step, which in enumerate(contents):
        for name, data in files.items():
            place = tmp_path / "raw/june" / name
            place.unlink() if which is None else place.write_bytes(data[which])
        ingest(tmp_path)
        (tmp_path / str(step)).mkdir()
        (tmp_path / str(step) / "store").symlink_to(tmp_path / "store")
        packed(tmp_path / str(step), "june")
        now = history(tmp_path / str(step), "june")
        assert {identifier: now.get(identifier) for identifier in told} == told
        told = now
        time.sleep(1.0)  # times in PREMIS are whole seconds
    steps = [(before, after) for before, after in pairwise(contents) if before is not None and after is not None]
    for name, data in files.items():
        ours = [(kind, detail) for kind, _, detail in told.values() if f"june/{name}" in detail]
        assert [kind for kind, _ in ours].count("fixity check") == missing_count
        assert sorted(detail for kind, detail in ours if kind == "deaccession") == sorted(
            f"Replaced at june/{name} by the file with SHA-256 {sha256(data[after])}" for _, after in steps
        )
        assert sorted(re.sub(", seen .*", "", detail) for kind, detail in ours if kind == "replacement") == sorted(
            f"Found at june/{name} in place of the file with SHA-256 {sha256(data[before])}" for before, _ in steps
        )


def test_a_withdrawn_file_is_named_after_its_release_was_renamed(tmp_path: Path) -> None:
    put(tmp_path, june__a_jpg=picture(64, 48, 1), june__gone_jpg=picture(64, 48, 2), june__b_jpg=picture(64, 48, 3))
    put(tmp_path, may__lost_jpg=picture(64, 48, 4))
    ingest(tmp_path)
    raw, store = tmp_path / "raw", str(tmp_path / "store")
    (raw / "june/gone.jpg").unlink()
    (raw / "may/lost.jpg").unlink()
    confirmed = CliRunner().invoke(main, ["release", "withdraw", "june/gone.jpg", "--store", store])
    assert confirmed.exit_code == 0, confirmed.output
    ingest(tmp_path)
    packed(tmp_path, "june")
    before = events(tmp_path, "june")
    ended = told(tmp_path, "june", "deaccession")
    (gone,) = (row for row in Catalogue(Store(tmp_path / "store")).sightings() if row.name == "gone.jpg")
    line = f"june/gone.jpg: withdrawn from its release since {str(gone.gone_utc)[:10]}, confirmed on "
    for name in ("tianwen", "tianwen-2021-06"):
        (raw / "june" if name == "tianwen" else raw / "tianwen").rename(raw / name)
        time.sleep(1)  # events have whole seconds
        ingest(tmp_path)
        run = packed(tmp_path, name)
        assert f"marsmedia: not in the pack: {line}" in run.stderr
        assert "lost.jpg" not in run.stderr
        assert told(tmp_path, name, "deaccession") == ended
        now = events(tmp_path, name)
        of_files = [one for one in before if not one.startswith(("packing-", "labels-"))]
        assert [one for one in of_files if one not in now] == []
    shutil.copytree(raw / "tianwen-2021-06", raw / "june")
    ingest(tmp_path)
    shutil.rmtree(tmp_path / name)
    assert "gone.jpg" not in packed(tmp_path, name).stderr, "another release has its name now"


@pytest.mark.parametrize("name", ["gone.jpg", "gone.xml", "read.me.txt"])
def test_a_withdrawn_file_is_named_by_the_pack_of_its_release(tmp_path: Path, name: str) -> None:
    content = {"gone.jpg": picture(64, 48, 2), "gone.xml": LABEL, "read.me.txt": "a note\n"}[name]
    put(tmp_path, june__a_jpg=picture(64, 48, 1), june__moved_jpg=picture(64, 48, 3))
    (tmp_path / "raw/june" / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    ingest(tmp_path)
    (tmp_path / "raw/june" / name).unlink()
    (tmp_path / "raw/june/moved.jpg").rename(tmp_path / "raw/june/here.jpg")
    ingest(tmp_path)
    run = packed(tmp_path, "june")
    gone_utc = seen(tmp_path)[f"june/{name}"][1]
    assert gone_utc
    line = f"june/{name}: missing since {gone_utc[:10]}, not confirmed as withdrawn"
    assert [one for one in run.stderr.splitlines() if "not in the pack" in one] == [
        f"marsmedia: not in the pack: {line}",
        "marsmedia: not in the pack: photo.quality of 2 sources: not made yet: run `marsmedia ingest`, then build the "
        "pack again",
    ]
    moved = (seen(tmp_path)["june/moved.jpg"][1], "Moved: june/moved.jpg is now june/here.jpg")
    assert (told(tmp_path, "june", "filename change"), told(tmp_path, "june", "deaccession")) == ([moved], [])
    lost = (gone_utc, f"Missing: no longer found at june/{name}")
    assert told(tmp_path, "june", "fixity check") == [lost]
    ((_, detail),) = [one for one in told(tmp_path, "june", "ingestion") if one[1].endswith(f" at: june/{name}")]
    assert detail.startswith("Identified as ")
    document = etree.parse(tmp_path / "june/data/premis.xml")
    objects = {one.text for one in document.iterfind("p:object/p:objectIdentifier/p:objectIdentifierValue", PREMIS)}
    assert f"urn:sha256:{sha256(content)}" in objects
    linked = document.iterfind("p:event/p:linkingObjectIdentifier/p:linkingObjectIdentifierValue", PREMIS)
    assert {one.text for one in linked} <= objects
    readme = (tmp_path / "june/README.txt").read_text()
    what = "Missing from the release and from this pack, not confirmed as withdrawn (day on which a run found that):"
    assert f"\n{what}\njune/{name} ({gone_utc[:10]})\n" in readme
    assert f"撤下未经确认（括号内为运行发现缺失的日期）：\njune/{name} ({gone_utc[:10]})\n" in readme
    assert "withdrawn from the release" not in readme
    confirmed = CliRunner().invoke(main, ["release", "withdraw", f"june/{name}", "--store", str(tmp_path / "store")])
    assert confirmed.exit_code == 0, confirmed.output
    (tmp_path / "next").mkdir()
    (tmp_path / "next/store").symlink_to(tmp_path / "store")
    run = packed(tmp_path / "next", "june")
    (row,) = [row for row in Catalogue(Store(tmp_path / "store")).sightings() if row.name == name]
    assert row.confirmed_utc
    day = row.confirmed_utc[:10]
    line = f"june/{name}: withdrawn from its release since {gone_utc[:10]}, confirmed on {day}"
    assert f"marsmedia: not in the pack: {line}\n" in run.stderr
    readme = (tmp_path / "next/june/README.txt").read_text()
    what = "Not in this pack, because withdrawn from the release (day on which this was confirmed):"
    assert f"\n{what}\njune/{name} ({day})\n" in readme
    assert "not confirmed" not in readme
    detail = f"Withdrawn, confirmed by a user: no longer found at june/{name} since {gone_utc[:10]}"
    ended = (in_seconds(row.confirmed_utc), detail)
    assert told(tmp_path / "next", "june", "deaccession") == [ended]
    assert told(tmp_path / "next", "june", "filename change") == [moved]
    assert told(tmp_path / "next", "june", "fixity check") == [lost]
    before, after = events(tmp_path, "june"), events(tmp_path / "next", "june")
    for one in before.keys() & after.keys():
        assert etree.tostring(before[one]) == etree.tostring(after[one]), "an event never says another thing"
    kinds = [events[one].findtext("p:eventType", None, PREMIS) for events in (before, after) for one in events]
    assert kinds.count("packing") == 2
    assert not [one for one in before.keys() & after.keys() if one.startswith("packing-")]
    shown = CliRunner().invoke(main, ["show", name, "--store", str(tmp_path / "store")]).output
    assert f"  gone     withdrawn, confirmed on {day}\n" in shown


def test_a_planned_withdrawal_is_no_failed_check(tmp_path: Path) -> None:
    put(tmp_path, june__a_jpg=picture(64, 48, 1), june__b_jpg=picture(64, 48, 2), june__b_xml=LABEL)
    ingest(tmp_path)
    for name in ("b.jpg", "b.xml"):
        (tmp_path / "raw/june" / name).unlink()
    words = ["june/b.*", "--reason", "recalled", "--store", str(tmp_path / "store")]
    assert CliRunner().invoke(main, ["release", "withdraw", *words]).exit_code == 0
    run = packed(tmp_path, "june")
    ends = [(seen(tmp_path)[f"june/{name}"][1] or "", name) for name in ("b.jpg", "b.xml")]
    assert sorted(told(tmp_path, "june", "deaccession", "fixity check")) == sorted(
        (when, f"Withdrawn, confirmed by a user: no longer found at june/{name} since {when[:10]}")
        for when, name in ends
    )
    notes = [
        one.findtext(".//p:eventOutcomeDetailNote", None, PREMIS)
        for one in events(tmp_path, "june").values()
        if one.findtext("p:eventType", None, PREMIS) == "deaccession"
    ]
    assert notes == ["recalled", "recalled"]
    readme = (tmp_path / "june/README.txt").read_text()
    for when, name in ends:
        assert f"\njune/{name} ({when[:10]}: recalled)\n" in readme
        line = f"june/{name}: withdrawn from its release since {when[:10]}, confirmed on {when[:10]}: recalled"
        assert f"marsmedia: not in the pack: {line}\n" in run.stderr


@pytest.mark.parametrize("is_planned", [True, False])
def test_a_confirmed_withdrawal_stays_in_every_pack_after_the_file_is_back(tmp_path: Path, is_planned: bool) -> None:
    put(tmp_path, june__a_jpg=picture(64, 48, 1), june__b_jpg=picture(64, 48, 2))
    ingest(tmp_path)
    store, place = tmp_path / "store", tmp_path / "raw/june/b.jpg"
    told: dict[str, tuple[str, str, str]] = {}
    whys = ("recalled / by 50 % of \u706b", "recalled again")
    time.sleep(1.1)  # identifiers of events have seconds: the return is not the first ingestion
    for step, (why, back) in enumerate(zip(whys, ("b.jpg", "c.jpg"), strict=True)):
        whole = place.read_bytes()
        place.unlink()
        if not is_planned:
            ingest(tmp_path)
        words = ["june/b.jpg", "--reason", why, "--store", str(store)]
        assert CliRunner().invoke(main, ["release", "withdraw", *words]).exit_code == 0
        (row,) = [one for one in Catalogue(Store(store)).sightings() if one.name == "b.jpg"]
        day = str(row.confirmed_utc)[:10]
        for what in ("gone", "back"):
            if what == "back":
                place.with_name(back).write_bytes(whole)
                run = run_ingest(tmp_path / "raw", store, RECIPES, Options(), in_threads, name="i")  # type: ignore
                changes = [str(one) for one in run.changes]
                assert (run.state, changes) == (
                    "completed with warnings",
                    [f"back: june/{back}: though withdrawn on {day}: {why}"],
                )
                ingest(tmp_path)
                assert CliRunner().invoke(main, ["rebuild", "--store", str(store)]).exit_code == 0
            folder = tmp_path / f"{what}{step}"
            folder.mkdir()
            (folder / "store").symlink_to(store)
            said = packed(folder, "june").stderr.splitlines()
            line = f"june/{back}: back, though withdrawn on {day}: {why}" if what == "back" else ""
            assert [one for one in said if ": back, " in one] == [f"marsmedia: {line}"] * bool(line)
            head = "In this pack, though withdrawn from the release before (day on which that was confirmed):"
            assert (f"\n{head}\n{line}\n" in (folder / "june/README.txt").read_text()) == bool(line)
            now = history(folder, "june")
            assert {identifier: now.get(identifier) for identifier in told} == told
            kinds = [one.findtext("p:eventType", None, PREMIS) for one in events(folder, "june").values()]
            stays = [one.stays for one in Catalogue(Store(store)).sightings() if one.relative.startswith("june/b")]
            assert kinds.count("deaccession") == step + 1, (what, stays, list(now))
            assert kinds.count("fixity check") == (0 if is_planned else step + 1)
            notes = [one.text for one in etree.parse(folder / "june/data/premis.xml").iterfind(f".//{NOTE}", PREMIS)]
            assert [note for note in notes if note.startswith("recalled")] == list(whys[: step + 1])
            told = now
        time.sleep(1.1)  # identifiers of events have seconds
    (row,) = [one for one in Catalogue(Store(store)).sightings() if one.name == "b.jpg"]
    first = row.stays[0]
    span = (
        f"{first.seen_utc[:19]}Z until {(first.gone_utc or '')[:19]}Z (withdrawn on {(first.confirmed_utc or '')[:10]}"
    )
    shown = CliRunner().invoke(main, ["show", "june/b.jpg", "--store", str(store)]).output
    assert f"  seen     {place} ({span}: {whys[0]}), " in shown
    as_json = json.loads(CliRunner().invoke(main, ["show", "june/b.jpg", "--json", "--store", str(store)]).stdout)
    assert [[one["confirmed_reason"] for one in seen["times"]] for seen in as_json["seen"]] == [list(whys), [None]]


def test_a_moved_file_ends_as_moved_also_after_its_new_place_is_gone(tmp_path: Path) -> None:
    put(tmp_path, june__a_jpg=picture(64, 48, 1), june__b_jpg=picture(64, 48, 2))
    ingest(tmp_path)
    (tmp_path / "raw/june/b.jpg").rename(tmp_path / "raw/june/c.jpg")
    ingest(tmp_path)
    gone_utc = seen(tmp_path)["june/b.jpg"][1]
    time.sleep(1.1)
    (tmp_path / "raw/june/c.jpg").unlink()
    ingest(tmp_path)
    packed(tmp_path, "june")
    assert told(tmp_path, "june", "deaccession") == []
    lost = (seen(tmp_path)["june/c.jpg"][1], "Missing: no longer found at june/c.jpg")
    assert told(tmp_path, "june", "fixity check") == [lost]
    moved = (gone_utc, "Moved: june/b.jpg is now june/c.jpg")
    put(tmp_path, june__d_jpg=picture(64, 48, 2))
    ingest(tmp_path)
    (tmp_path / "back").mkdir()
    (tmp_path / "back/store").symlink_to(tmp_path / "store")
    packed(tmp_path / "back", "june")
    assert told(tmp_path / "back", "june", "filename change") == [moved]
    assert told(tmp_path / "back", "june", "fixity check") == [lost], "a loss stays when the bytes are back elsewhere"


@pytest.mark.parametrize("is_lost_meanwhile", [False, True])
def test_labels_and_files_of_a_release_keep_their_events_when_they_are_moved(
    tmp_path: Path, is_lost_meanwhile: bool
) -> None:
    put(tmp_path, july__b_jpg=picture(64, 48, 1), july__b_xml=LABEL, july__note_txt="1", july__release_toml="")
    ingest(tmp_path)
    put(tmp_path, july__note_txt="2", july__release_toml='title = "July"\n')
    for where, which in (("edited", ()), ("lost", ("b.xml", "note.txt")), ("back", ("b.xml", "note.txt"))):
        for name in which if is_lost_meanwhile else ():
            sides = (tmp_path / "raw/july" / name, tmp_path / name)
            sides[where == "back"].rename(sides[where == "lost"])
        ingest(tmp_path)
        time.sleep(1.1)
    earlier = tmp_path / "earlier"
    for moves in ((), (("july/b.xml", "july/x/b.xml"), ("july/x", "july/y")), (("july", "august"),)):
        for old, new in moves:
            (tmp_path / "raw" / new).parent.mkdir(exist_ok=True)
            (tmp_path / "raw" / old).rename(tmp_path / "raw" / new)
            ingest(tmp_path)
        folder = tmp_path / str(len(list(tmp_path.glob("[0-9]"))))
        folder.mkdir()
        (folder / "store").symlink_to(tmp_path / "store")
        release = "august" if (tmp_path / "raw/august").exists() else "july"
        packed(folder, release)
        now = history(folder, release)
        if earlier.exists():
            assert json.loads(earlier.read_text()).items() <= {name: list(one) for name, one in now.items()}.items()
        earlier.write_text(json.dumps(now))
        time.sleep(1.1)
    moved = {detail for _, detail in told(folder, "august", "filename change")}
    assert {
        "Moved: july/b.xml is now july/x/b.xml",
        "Moved: july/x/b.xml is now july/y/b.xml",
        "Moved: july/y/b.xml is now august/y/b.xml",
        "Moved: july/note.txt is now august/note.txt",
        "Moved: july/release.toml is now august/release.toml",
    } <= moved


def test_a_comparison_with_a_label_keeps_its_words_after_the_release_is_renamed_twice(tmp_path: Path) -> None:
    photo = picture(64, 48, 1)
    area = f"<File><file_name>a.jpg</file_name><md5_checksum>{hashlib.md5(photo).hexdigest()}</md5_checksum></File>"
    put(tmp_path, june__a_jpg=photo, june__a_xml=LABEL.replace("/>", f">{area}</Product_Observational>"))
    ingest(tmp_path)
    packed(tmp_path, "june")
    compared = {name: text for name, text in history(tmp_path, "june").items() if "MD5 compared" in text[2]}
    assert [text[2] for text in compared.values()] == ["MD5 compared with that in june/a.xml, file/md5_checksum"]
    for before, after in (("june", "2021-06"), ("2021-06", "2021")):
        (tmp_path / "raw" / before).rename(tmp_path / "raw" / after)
        ingest(tmp_path)
        packed(tmp_path, after)
        now = history(tmp_path, after)
        assert {name: text for name, text in now.items() if "MD5 compared" in text[2]} == compared


def test_equal_files_of_other_releases_leave_no_events_in_a_pack_to_which_they_were_not_moved(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    put(tmp_path, june__note_txt="hello", july__note_txt="hello", june__a_jpg=picture(64, 48, 1))
    ingest(tmp_path)
    (raw / "june/note.txt").rename(raw / "june/n2.txt")
    ingest(tmp_path)
    (raw / "july/note.txt").unlink()
    ingest(tmp_path)
    put(tmp_path, august__b_jpg=picture(64, 48, 2), august__readme_txt="hello")
    ingest(tmp_path)
    packed(tmp_path, "august")
    details = [one.findtext(".//p:eventDetail", None, PREMIS) for one in events(tmp_path, "august").values()]
    assert [one for one in details if "june" in one or "july" in one] == []
    assert sum("at: august/readme.txt" in one for one in details) == 1
    (raw / "august/readme.txt").unlink()  # and put back under another name, while june has a copy
    ingest(tmp_path)
    put(tmp_path, august__liesmich_txt="hello")
    ingest(tmp_path)
    shutil.rmtree(tmp_path / "august")
    packed(tmp_path, "august")
    details = [one.findtext(".//p:eventDetail", None, PREMIS) for one in events(tmp_path, "august").values()]
    assert sum("at: august/readme.txt" in one for one in details) == 1
    assert not any("at: july/note.txt" in one for one in details)


def test_a_removed_copy_ends_as_withdrawn_with_the_place_of_the_other(tmp_path: Path) -> None:
    put(tmp_path, june__a_jpg=picture(64, 48, 1), june__b_jpg=picture(64, 48, 1))
    ingest(tmp_path)
    (tmp_path / "raw/june/b.jpg").unlink()
    ingest(tmp_path)
    packed(tmp_path, "june")
    detail = "Withdrawn: no longer found at june/b.jpg; june/a.jpg has the same bytes"
    assert told(tmp_path, "june", "deaccession") == [(seen(tmp_path)["june/b.jpg"][1], detail)]


def test_the_event_that_made_a_file_says_what_went_in_and_what_came_out(tmp_path: Path) -> None:
    data = picture(640, 480, 1)
    put(tmp_path, june__a_jpg=data)
    ingest(tmp_path)
    packed(tmp_path, "june")
    roles: dict[str, list[tuple[str | None, bool]]] = {}
    for name, one in events(tmp_path, "june").items():
        kind = "labels" if name.startswith("labels-") else one.findtext("p:eventType", None, PREMIS)
        for link in one.iterfind("p:linkingObjectIdentifier", PREMIS):
            is_original = link.findtext("p:linkingObjectIdentifierValue", None, PREMIS) == f"urn:sha256:{sha256(data)}"
            roles.setdefault(kind, []).append((link.findtext("p:linkingObjectRole", None, PREMIS), is_original))
    assert set(roles["labels"]) == {("source", True), ("source", False), ("outcome", False)}
    for kind in ("creation", "metadata extraction"):
        assert set(roles[kind]) == {("source", True), ("outcome", False)}
    assert {role for kind in ("ingestion", "packing") for role, _ in roles[kind]} == {None}


def test_a_file_that_is_not_in_the_bag_has_the_format_that_it_had(tmp_path: Path) -> None:
    gone: dict[str, tuple[bytes | str, str, str | None]] = {
        "b.tif": (picture(64, 48, 2, "TIFF"), "image/tiff", "fmt/353"),
        "c.jpg": (picture(64, 48, 3), "image/jpeg", None),  # whose version only its bytes would tell
        "b.xml": (LABEL, "application/xml", "fmt/101"),
        "read.me.txt": ("a note\n", "text/plain", "x-fmt/111"),
        "table.csv": ("a,b\n1,2\n", "text/csv", "x-fmt/18"),
    }
    put(tmp_path, june__a_jpg=picture(64, 48, 1))
    for name, (data, _, _) in gone.items():
        (tmp_path / "raw/june" / name).write_bytes(data.encode() if isinstance(data, str) else data)
    ingest(tmp_path)
    put(tmp_path, june__c_jpg=picture(64, 48, 4))  # replaced; the others are missing
    for name in gone.keys() - {"c.jpg"}:
        (tmp_path / "raw/june" / name).unlink()
    ingest(tmp_path)
    packed(tmp_path, "june")
    objects = {
        one.findtext(".//p:objectIdentifierValue", None, PREMIS): one
        for one in etree.parse(tmp_path / "june/data/premis.xml").iterfind("p:object", PREMIS)
    }
    of_gone = {name: objects[f"urn:sha256:{sha256(data)}"] for name, (data, _, _) in gone.items()}
    tags = ("p:formatName", "p:formatRegistryKey")
    found = {name: tuple(one.findtext(f".//{tag}", None, PREMIS) for tag in tags) for name, one in of_gone.items()}
    assert found == {name: (media_type, puid) for name, (_, media_type, puid) in gone.items()}


def test_what_is_noted_of_files_as_they_are_packed_changes_no_earlier_event(tmp_path: Path) -> None:
    """Neither a new stay of the files, nor a statement that settles a disagreement."""
    files = "".join(f"<File><file_name>{name}</file_name></File>" for name in ("a.jpg", "b.csv"))
    date = "<start_date_time>2021-06-02T00:00:00Z</start_date_time>"
    label = LABEL.replace("/>", f">{date}{files}</Product_Observational>")
    entry = '[[file]]\npath = "a.jpg"\ndate = "{}"\n'
    put(tmp_path, june__a_jpg=picture(64, 48, 1), june__a_xml=label, june__release_toml=entry.format("2021-05-01"))
    ingest(tmp_path)
    packed(tmp_path, "june")
    before = events(tmp_path, "june")
    (packing,) = (name for name in before if name.startswith("packing-"))
    noted = before.pop(packing).findtext(f".//{NOTE}", None, PREMIS)
    assert noted.startswith("To be noted: june/a.jpg: "), noted
    assert noted.endswith("; june/a.xml describes 2 files: b.csv is not in the pack")
    (tmp_path / "raw/june/a.jpg").rename(tmp_path / "a.jpg")
    (tmp_path / "raw/june/a.xml").rename(tmp_path / "a.xml")
    time.sleep(1)  # events have whole seconds
    ingest(tmp_path)
    (tmp_path / "a.jpg").rename(tmp_path / "raw/june/a.jpg")
    (tmp_path / "a.xml").rename(tmp_path / "raw/june/a.xml")
    put(tmp_path, june__release_toml=entry.format("2021-06-02"))
    time.sleep(1)
    ingest(tmp_path)
    shutil.rmtree(tmp_path / "june")
    packed(tmp_path, "june")
    now = events(tmp_path, "june")
    assert {name: etree.tostring(one) for name, one in before.items() if name.startswith("ingestion-")} == {
        name: etree.tostring(one) for name, one in now.items() if name in before and name.startswith("ingestion-")
    }
    assert len([name for name in now if name.startswith("ingestion-")]) > 3
    (note,) = (one.findtext(f".//{NOTE}", None, PREMIS) for name, one in now.items() if name.startswith("packing-"))
    assert note == "To be noted: june/a.xml describes 2 files: b.csv is not in the pack"


def test_a_name_that_a_pack_makes_portable_is_kept_in_premis(tmp_path: Path) -> None:
    put(tmp_path, june__a_jpg=picture(64, 48, 1))
    (tmp_path / "raw/june/READ ME 100%.txt").write_text("a note\n")
    (tmp_path / "raw/june/火星 %41.jpg").write_bytes(picture(64, 48, 2))
    ingest(tmp_path)
    packed(tmp_path, "june")
    assert {place.name for place in (tmp_path / "june/data").rglob("*_*") if place.suffix in (".txt", ".jpg")} >= {
        "READ ME 100_.txt",
        "火星 _41.jpg",
    }
    document = etree.parse(tmp_path / "june/data/premis.xml")
    names = {
        one.findtext("p:objectIdentifier[2]/p:objectIdentifierValue", None, PREMIS): one.findtext(
            "p:originalName", None, PREMIS
        )
        for one in document.iterfind("p:object", PREMIS)
    }
    assert names["data/releases/june/READ ME 100_.txt"] == "june/READ ME 100%.txt"
    assert [name for path, name in names.items() if path and path.endswith("/original/火星 _41.jpg")] == [
        "june/火星 %41.jpg"
    ]


def test_the_page_on_archives_names_every_character_that_a_pack_replaces() -> None:
    told = (PROJECT / "docs/archive.md").read_text().partition("**Names.**")[2].partition("**Labels.**")[0]
    assert "each of ``" + " ".join(sorted(FORBIDDEN, key="%#&;=+$,~^{}[]`".index)) + " ``" in told
