"""A file whose label names another mission is not passed on as the release's own until its entry states a mission."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from processors.audio.spectrogram.spectrogram_picture import SpectrogramPicture
from processors.contract import ReleaseWords, for_release
from processors.engine.release_index import ReleaseIndex
from processors.engine.wanted_results import Recipes
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.photo.photo_preview import PhotoPreview
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.source_row import SourceRow
from processors.store.store import Store
from tests.helpers.command import in_this_process
from tests.helpers.runs import ingest

RECIPES: Recipes = {
    "photo": (Metadata(), Evidence(), PhotoPreview(longest_sides_px=(64,))),
    "audio": (Metadata(), Evidence(), SpectrogramPicture()),
}
HEAD = 'title = "June"\nmission = "tianwen-1"\ncredit = "CNSA"\nrights = "© CNSA 2021"\nredistribute = true\n'
SETTLE = (
    "tianwen-1 by release.toml, but its label names MARS EXPLORATION ROVER: "
    'give its [[file]] mission = "tianwen-1" if that is the same, else mission = "" and its own credit, rights and '
    "redistribute"
)


@pytest.fixture
def june(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A photo of the release's mission, and one whose label names Opportunity's."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "raw/june"
    folder.mkdir(parents=True)
    for name, shade in (("ours", 90), ("theirs", 60)):
        Image.new("RGB", (64, 48), (shade, 40, 20)).save(folder / f"{name}.png")
    (folder / "theirs.lbl").write_text(
        'PDS_VERSION_ID = PDS3\n^IMAGE = "theirs.png"\nMISSION_NAME = "MARS EXPLORATION ROVER"\n'
        "START_TIME = 2015-07-24T14:41:01\nPLANET_DAY_NUMBER = 4087\nEND\n"
    )
    (folder / "release.toml").write_text(HEAD)
    return folder


def test_a_run_a_check_and_a_public_pack_name_it(june: Path) -> None:
    report = ingest(Path("raw"), Path("store"), RECIPES)
    until = "until then no permission, credit or sol of tianwen-1 counts for it"
    assert report.advice == (f"june/theirs.png: evidence: {SETTLE}; {until}",)
    assert in_this_process("release", "check", "raw/june").stdout.splitlines()[0] == f"theirs.png: {SETTLE}"
    told = in_this_process("pack", "*.png", "--audience", "public", "-o", "public", "--store", "store")
    assert told.returncode == 2
    assert told.stderr.splitlines()[1].partition(": ")[2] == (
        "the file itself says mission 'MARS EXPLORATION ROVER' (label theirs.lbl:MISSION_NAME), against 'tianwen-1' "
        "(release.toml:mission): settle it in its [[file]] of release.toml"
    )
    shown = in_this_process("show", "theirs.png", "--store", "store").stdout
    assert "sol: 4087 (from label theirs.lbl:PLANET_DAY_NUMBER)\n" in shown
    assert "mission: MARS EXPLORATION ROVER (from label theirs.lbl:MISSION_NAME)\n" in shown


def test_a_press_pack_prints_nothing_of_the_releases_mission_with_it(june: Path) -> None:
    ingest(Path("raw"), Path("store"), RECIPES)
    told = in_this_process("pack", "theirs.png", "--audience", "press", "-o", "press", "--store", "store")
    assert told.returncode == 0, told.stderr
    texts = {path.name: path.read_text() for path in Path("press/data").rglob("*.*") if path.suffix in TEXTS}
    assert "  Credit / 来源: unknown: no credit line is given\n" in texts["CREDITS.txt"]
    differs = "Its own mission, credit, rights or terms differ from those stated for the whole release.\n"
    assert differs in texts["CREDITS.txt"]
    for words in ("before landing", "© CNSA", "Zhurong"):
        assert [name for name, text in texts.items() if words in text] == []


TEXTS = (".txt", ".xml", ".csv", ".md", ".html")


@pytest.mark.parametrize(("entry", "credit"), [("", None), ("tianwen-1", "CNSA")])
def test_a_mission_in_its_entry_settles_it(june: Path, entry: str, credit: str | None) -> None:
    may = "" if credit else "redistribute = true\n"
    (june / "release.toml").write_text(f'{HEAD}[[file]]\npath = "theirs.png"\nmission = "{entry}"\n{may}')
    assert ingest(Path("raw"), Path("store"), RECIPES).advice == ()
    assert "its label names" not in in_this_process("release", "check", "raw/june").stdout
    told = in_this_process("pack", "theirs.png", "--audience", "public", "-o", "public", "--store", "store")
    assert told.returncode == 0, told.stderr
    credits_file = Path("public/data/documents/CREDITS.txt").read_text()
    assert f"  Credit / 来源: {credit or 'unknown: no credit line is given'}\n" in credits_file


OWN = {
    "a": 'MISSION_NAME = "TIANWEN-1 MISSION"',
    "b": 'INSTRUMENT_HOST_NAME = "Tianwen-1 Lander"',
    "c": 'INSTRUMENT_HOST_NAME = "祝融号火星车"',
    "d": 'INSTRUMENT_HOST_NAME = "ROVER"',
    "e": 'MISSION_NAME = "N/A"',
}
"""Entries that name the release's mission in other words, or no mission."""


def test_a_label_that_names_the_releases_mission_in_other_words_changes_nothing(june: Path) -> None:
    for number, (name, words) in enumerate(OWN.items()):
        Image.new("RGB", (64, 48), (100 + number, 40, 20)).save(june / f"{name}.png")
        (june / f"{name}.lbl").write_text(f'PDS_VERSION_ID = PDS3\n^IMAGE = "{name}.png"\n{words}\nEND\n')
    assert [one.split(":")[0] for one in ingest(Path("raw"), Path("store"), RECIPES).advice] == ["june/theirs.png"]
    names = [f"{name}.png" for name in OWN]
    told = in_this_process("pack", *names, "--audience", "public", "-o", "public", "--store", "store")
    assert told.returncode == 0, told.stderr
    assert "its label names" not in "".join(in_this_process("show", one, "--store", "store").stdout for one in names)
    (june / "release.toml").unlink()
    told = in_this_process("release", "init", "raw/june", "--mission", "tianwen-1")
    assert "labels of 1 file name another mission (MARS EXPLORATION ROVER), such as theirs.png" in told.stderr
    assert (june / "release.toml").read_text().count("\nmission =") == 2


@pytest.mark.parametrize(
    ("words", "settle", "entry"),
    [
        (
            "Mars Helicopter Ingenuity",
            'mission = "perseverance" and its own credit, rights and redistribute, or mission = "tianwen-1" if the '
            "label is wrong",
            'mission = "perseverance"\ncredit = "NASA"\nrights = "CC0"\nredistribute = true',
        ),
        (
            "Mars probe of China",
            'mission = "tianwen-1" if that is the same, else mission = "" and its own credit, rights and redistribute',
            'mission = "tianwen-1"',
        ),
    ],
)
def test_what_the_advice_says_settles_it(june: Path, words: str, settle: str, entry: str) -> None:
    label = june / "theirs.lbl"
    label.write_text(label.read_text().replace("MARS EXPLORATION ROVER", words))
    (advice,) = ingest(Path("raw"), Path("store"), RECIPES).advice
    assert f"tianwen-1 by release.toml, but its label names {words}: give its [[file]] {settle}; until then" in advice
    (june / "release.toml").write_text(f'{HEAD}[[file]]\npath = "theirs.png"\n{entry}\n')
    assert ingest(Path("raw"), Path("store"), RECIPES).advice == ()
    told = in_this_process("pack", "theirs.png", "--audience", "public", "-o", "public", "--store", "store")
    assert told.returncode == 0, told.stderr


def test_a_permission_in_its_entry_counts_and_its_mission_stays_to_be_settled(june: Path) -> None:
    (june / "release.toml").write_text(f'{HEAD}[[file]]\npath = "theirs.png"\nredistribute = true\n')
    (advice,) = ingest(Path("raw"), Path("store"), RECIPES).advice
    assert SETTLE in advice
    told = in_this_process("pack", "theirs.png", "--audience", "public", "-o", "public", "--store", "store")
    assert told.returncode == 0, told.stderr
    shown = in_this_process("show", "theirs.png", "--store", "store").stdout
    assert "against tianwen-1 (release.toml:mission): settle it in its [[file]] of release.toml\n" in shown


def test_the_picture_of_a_sound_has_words_and_solar_time_of_the_mission_that_its_label_names(
    june: Path, samples: Path
) -> None:
    for path in (samples / "release/edl-microphone").glob("mic_00000170_000_000000.*"):
        shutil.copy(path, june)
    store = Store(Path("store"))
    ingest(Path("raw"), store.root, RECIPES)
    (made,) = (one for one in store.manifests() if one.ref.processor == SpectrogramPicture.name)
    asked: dict[str, Any] = dict(made.parameters)
    assert asked["longitude_degrees_east"] == 77.4508
    assert (asked["words"]["mission"], asked["words"]["credit"]) == ("Mars 2020 Perseverance", "NASA/JPL-Caltech")


def test_a_label_is_read_for_a_plan_only_where_something_depends_on_the_mission_that_it_names(june: Path) -> None:
    ingest(Path("raw"), Path("store"), RECIPES)
    rows, read = list(Catalogue(Store(Path("store"))).sources().values()), list[str]()

    def local_path(row: SourceRow) -> Path:
        read.append(row.name)
        return Path(row.path)

    context = ReleaseIndex(rows, local_path).of(next(row for row in rows if row.name == "theirs.png"))
    for processor in RECIPES["photo"]:
        for_release(processor, context)
    assert read == ["release.toml"]
    by_label = for_release(SpectrogramPicture(), context)
    assert by_label.words == ReleaseWords(release_title="June")  # type: ignore[attr-defined]
    assert (context.by_mission().unsettled_mission, set(read)) == (
        "MARS EXPLORATION ROVER",
        {"release.toml", "theirs.lbl"},
    )
