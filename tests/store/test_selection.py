"""A selection means sources by what is known of them; what means nothing is told; audits travel with the items."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from processors.errors import RequestError
from processors.languages.text import Text
from processors.packs.contents.subject import item_records, subjects
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.selection import parse, select
from processors.store.catalogue.source_row import SourceRow
from processors.store.catalogue.sql import connect
from processors.store.manifest import Manifest, ResultRef, StoredItem
from processors.store.store import Store


def row(digest: str, name: str, medium: str | None = "photo", release: str = "june", **fields: object) -> SourceRow:
    known: dict[str, object] = {
        "path": f"/raw/{release}/{name}",
        "digest": digest * 64,
        "release": release,
        "relative": f"{release}/{name}",
        "name": name,
        "size_bytes": 10,
        "mtime_ns": 1,
        "kind": "media",
        "medium": medium,
        "format": "x",
        "codec": None,
        "has_sound": False,
        "duration_seconds": None,
        "note": None,
        "seen_utc": "2026-01-01T00:00:00Z",
    }
    return SourceRow(**(known | fields))  # type: ignore[arg-type]


def result(store: Store, digest: str, processor: str, item: str, facts: dict[str, object], key: str = "k") -> Manifest:
    manifest = Manifest(
        ref=ResultRef(source=digest * 64, processor=processor, key=key * 64),
        version=1,
        parameters={},
        verdict="made",
        reason=None,
        source_name="x",
        release="june",
        source_facts=None,
        software={},
        host="h",
        items=(StoredItem(name=item, media_type="application/json", size_bytes=2, sha256="0" * 64, facts=facts),),  # type: ignore[arg-type]
        started_utc=f"2026-01-0{1 + 'jk'.index(key)}T00:00:00Z",
        seconds=1.0,
    )
    with store.scratch() as scratch:
        (scratch / "r").mkdir()
        (scratch / "r" / item).write_text(json.dumps(facts.get("record", {})))
        store.commit(scratch / "r", manifest)
    return manifest


@pytest.fixture
def filled(tmp_path: Path) -> tuple[Store, Catalogue]:
    store = Store(tmp_path / "store")
    catalogue = Catalogue(store)
    catalogue.add_sources(
        [
            row("a", "one.jpg"),
            row("b", "two.mp4", "video", duration_seconds=90.0),
            row("c", "three.wav", "audio", "july", duration_seconds=5.0),
            row("d", "release.toml", kind="companion", medium=None),
        ]
    )
    statements = [
        {"term": "dc:title", "value": "Tracks", "language": "en", "source": "release.toml:title"},
        {"term": "dc:title", "value": "车辙", "language": "zh", "source": "release.toml:title_zh"},
        {"term": "marsmedia:redistribute", "value": "false", "language": None, "source": "release.toml:redistribute"},
    ]
    seen = {
        "mission": "tianwen-1",
        "event": "drive-off",
        "camera": "rear camera",
        "recorded_by": "rear Hazard-avoidance camera",
        "title": "Tracks",
        "earliest_utc": "2021-05-22T02:40:00Z",
        "latest_utc": "2021-05-22T02:41:00Z",
        "precision": "minute",
        "first_sol": 8,
        "last_sol": 9,
        "record": {
            "statements": statements,
            "mission": "tianwen-1",
            "disagreements": [{"about": "sol", "says": [["8", "file name"], ["9", "label x.xml"]]}],
        },
    }
    audit = {"words": "It is stop-motion.", "motion_may_be_measured": False}
    catalogue.add_results(
        [
            result(store, "a", "evidence", "evidence.json", seen),
            result(store, "b", "video.integrity", "integrity.json", {"words": "An older word."}, key="j"),
            result(store, "b", "video.integrity", "integrity.json", audit),
            result(store, "b", "video.frames", "0.jpg", {"time_seconds": 1.5}),
        ]
    )
    return store, catalogue


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ([], ["three.wav", "one.jpg", "two.mp4"]),
        (["medium=video"], ["two.mp4"]),
        (["one.jpg", "two.mp4"], ["one.jpg", "two.mp4"]),
        (["*.wav"], ["three.wav"]),
        (["june/*"], ["one.jpg", "two.mp4"]),
        (["a" * 8], ["one.jpg"]),
        (["release=july"], ["three.wav"]),
        (["sol=9"], ["one.jpg"]),
        (["sol=1..8", "mission=tianwen-1"], ["one.jpg"]),
        (["event=drive-off", "camera=rear camera"], ["one.jpg"]),
        (["camera=REAR"], ["one.jpg"]),
        (["camera=hazard"], ["one.jpg"]),
        (["date=2021-05"], ["one.jpg"]),
        (["sql=duration_seconds > 10"], ["two.mp4"]),
        (["sql=NOT motion_may_be_measured"], ["two.mp4"]),
    ],
)
def test_words_narrow_and_names_widen(filled: tuple[Store, Catalogue], words: list[str], names: list[str]) -> None:
    assert [row.name for row in select(parse(words), filled[1])] == names


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["sol=10"], "no source matches the selection"),
        (["camera=r%r"], "no source matches the selection"),
        (["camera=rear_camera"], "no source matches the selection"),
        (["sol=x"], "sol=x: must be a number or a range such as 10..40"),
        (["sol=9..1"], "sol=9..1: the range ends before it begins"),
        (["medium=film"], "medium=film: must be video, audio or photo"),
        (["date=summer"], "date=summer: .*must be like 2021-06-16"),
        (["mission=tianwen"], r"mission=tianwen: no such mission in the store; did you mean tianwen-1\?"),
        (["event=landing"], "event=landing: no such event in the store; use one of drive-off"),
        (["release=june", "medium=audio"], "no source matches the selection, which every word narrows; list sources"),
        (["one.jpg", "medium=video"], "no source matches the selection, which every word narrows; list sources"),
        (["nope.jpg"], "nope.jpg: no such source in the store"),
        (["redistribute=yes"], "redistribute=yes: must be true or false"),
        (["event=a", "event=b"], "event=b: event= is given twice; give it once"),
        (
            ["release=june", "release=7 月"],
            r"release=7 月: release= is given twice; give it once, or write 'june/\*' '7 月/\*' for files of both",
        ),
        (["sql=nope > 1"], 'sql=nope > 1: .*"nope" not found'),
        (["sql=true); DROP TABLE sources; SELECT (1"], r"sql=.*: give one condition"),
        (["sql=name IN (SELECT content FROM read_text('/etc/passwd'))"], "sql=.*disabled"),
    ],
)
def test_a_meaningless_word_is_reported(filled: tuple[Store, Catalogue], words: list[str], message: str) -> None:
    with pytest.raises(RequestError, match=f"(?s){message}"):
        select(parse(words), filled[1])


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("june", "release=june"),
        ("raw/june/", "release=june"),
        ("rover", "*/rover/*"),
        ("rover/left/", "*/rover/left/*"),
        ("raw/june/rover", "june/rover/*"),
    ],
)
def test_for_the_name_of_a_folder_the_words_for_what_is_in_it_are_proposed(
    filled: tuple[Store, Catalogue], word: str, near: str
) -> None:
    catalogue = filled[1]
    catalogue.add_sources(
        [row("e", "four.jpg", path="/raw/june/rover/left/four.jpg", relative="june/rover/left/four.jpg")]
    )
    with pytest.raises(
        RequestError, match=f"^{re.escape(f'{word}: no such source in the store; did you mean {near}?')}$"
    ):
        select(parse([word]), catalogue)
    assert "four.jpg" in [one.name for one in select(parse([near]), catalogue)]


def test_the_latest_audit_travels_in_the_facts_of_every_item(filled: tuple[Store, Catalogue]) -> None:
    store, catalogue = filled
    with connect(catalogue) as connection:
        facts = connection.execute("SELECT facts FROM items WHERE processor = 'video.frames'").fetchall()
    assert json.loads(facts[0][0]) == {
        "time_seconds": 1.5,
        "audit": {"words": "It is stop-motion.", "motion_may_be_measured": False},
    }
    video = next(iter(subjects(select(parse(["two.mp4"]), catalogue), store, catalogue)))
    frames = next(e for e in item_records(video, store.manifests(video.digest), store) if e.name == "0.jpg")
    assert frames.facts == json.loads(facts[0][0])


def test_a_subject_has_both_languages_and_what_disagrees(filled: tuple[Store, Catalogue]) -> None:
    store, catalogue = filled
    one = next(iter(subjects(select(parse(["one.jpg"]), catalogue), store, catalogue)))
    assert (one.title, one.redistribute, one.audit) == (Text(en="Tracks", zh="车辙"), False, None)
    assert one.disagreements == ("sol: 8 (file name); 9 (label x.xml)",)
