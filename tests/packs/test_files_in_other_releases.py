"""Files that were sorted into another release: the pack of the former says where, not that they were withdrawn."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from processors.store.catalogue.catalogue import Catalogue
from processors.store.store import Store
from tests.packs.test_premis_events import PREMIS, events, ingest
from tests.packs.test_withdrawn_from_renamed_releases import confirm, move, not_in_pack, release, remove

etree: Any = importlib.import_module("lxml.etree")  # compiled, and without types
HEAD = (
    "Not in this pack, because moved to another release, or left only there (day on which a run found that, and place):"
)


def day_gone(folder: Path, relative: str) -> str:
    (day,) = {
        str(row.gone_utc)[:10] for row in Catalogue(Store(folder / "store")).sightings() if row.relative == relative
    }
    return day


def packing(folder: Path, name: str) -> str:
    root = etree.parse(folder / name / "data/premis.xml")
    (event,) = (
        one for one in root.iterfind("p:event", PREMIS) if one.findtext("p:eventType", None, PREMIS) == "packing"
    )
    return "".join(event.itertext())


def test_a_pack_says_where_a_file_of_its_release_was_moved_in_readme_event_and_terminal(tmp_path: Path) -> None:
    release(tmp_path, "june", 4)
    release(tmp_path, "july", 1, first=9)
    (tmp_path / "raw/july/copy.jpg").write_bytes((tmp_path / "raw/june/p3.jpg").read_bytes())
    ingest(tmp_path)
    move(tmp_path, "june/p2.jpg", "july/p2.jpg")
    remove(tmp_path, "june/p3.jpg", "june/p4.jpg")
    ingest(tmp_path)
    since = f"since {day_gone(tmp_path, 'june/p2.jpg')}"
    moved = f"june/p2.jpg: gone from its release {since}, moved to july/p2.jpg"
    left = f"june/p3.jpg: gone from its release {since}, while july/copy.jpg has the same bytes"
    missing = f"june/p4.jpg: missing {since}, not confirmed as withdrawn"
    assert not_in_pack(tmp_path, "june") == [moved, left, missing]
    readme = (tmp_path / "june/README.txt").read_text()
    assert f"\n{HEAD}\n{moved}\n{left}\n" in readme
    assert "withdrawn from" not in readme
    assert f"Not in the bag: {moved}; {left}; {missing}" in packing(tmp_path, "june")
    told = [one.findtext(".//p:eventDetail", None, PREMIS) for one in events(tmp_path, "june").values()]
    assert "Moved: june/p2.jpg is now july/p2.jpg" in told
    assert not_in_pack(tmp_path, "july") == []


def test_a_file_that_was_moved_on_or_lost_there_was_not_withdrawn_from_its_first_release(tmp_path: Path) -> None:
    for name, first in (("june", 1), ("july", 8), ("may", 9)):
        release(tmp_path, name, 3 if name == "june" else 1, first=first)
    ingest(tmp_path)
    for number in (2, 3):
        move(tmp_path, f"june/p{number}.jpg", f"july/p{number}.jpg")
    ingest(tmp_path)
    move(tmp_path, "july/p2.jpg", "may/p2.jpg")
    remove(tmp_path, "july/p3.jpg")
    ingest(tmp_path)
    since = f"since {day_gone(tmp_path, 'june/p2.jpg')}"
    lines = [f"june/p{number}.jpg: gone from its release {since}, moved to " for number in (2, 3)]
    assert not_in_pack(tmp_path, "june") == [f"{lines[0]}may/p2.jpg", f"{lines[1]}july/p3.jpg"]
    confirm(tmp_path, "july/p3.jpg")
    (tmp_path / "june").rename(tmp_path / "before")
    assert not_in_pack(tmp_path, "june") == [f"{lines[0]}may/p2.jpg", f"{lines[1]}july/p3.jpg"]
    (moved, lost) = not_in_pack(tmp_path, "july")
    assert moved == f"july/p2.jpg: gone from its release {since}, moved to may/p2.jpg"
    assert lost.startswith(f"july/p3.jpg: withdrawn from its release {since}, confirmed on ")


def test_a_withdrawal_that_was_confirmed_stays_one_though_the_file_came_to_another_release(tmp_path: Path) -> None:
    release(tmp_path, "june", 2)
    ingest(tmp_path)
    whole = (tmp_path / "raw/june/p2.jpg").read_bytes()
    remove(tmp_path, "june/p2.jpg")
    ingest(tmp_path)
    confirm(tmp_path, "june/p2.jpg")
    (tmp_path / "raw/july").mkdir()
    (tmp_path / "raw/july/p2.jpg").write_bytes(whole)
    ingest(tmp_path)
    (line,) = not_in_pack(tmp_path, "june")
    assert line.startswith(
        f"june/p2.jpg: withdrawn from its release since {day_gone(tmp_path, 'june/p2.jpg')}, confirmed on "
    )
