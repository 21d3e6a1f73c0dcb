"""Commands that list what there is, names that are nearly right, and settings of a folder."""

from __future__ import annotations

import json
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

import marsmedia
from flows.cli.main import main
from processors.engine.wanted_results import Recipes
from processors.metadata import Metadata
from processors.mission.profile import profile_names
from processors.photo.photo_preview import PhotoPreview
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest


def run(*words: str | Path, columns: int = 80) -> tuple[int, str]:
    answer = CliRunner(env={"COLUMNS": str(columns)}).invoke(main, [str(word) for word in words])
    return answer.exit_code, answer.output


@pytest.fixture
def store(tmp_path: Path) -> Path:
    (tmp_path / "raw" / "june").mkdir(parents=True)
    MediaMaker(tmp_path / "raw" / "june").photo("descent.jpg", size=(64, 48))
    ingest(tmp_path / "raw", tmp_path / "store", {"photo": (Metadata(),), "video": (), "audio": ()})
    return tmp_path / "store"


@pytest.mark.parametrize("name", ["pack", "pack.zip"])
def test_a_pack_on_its_shelf_is_reproduced_by_its_identifier(store: Path, tmp_path: Path, name: str) -> None:
    words = ["--audience", "archive", "--store", store]
    code, text = run("pack", "descent.jpg", "-o", tmp_path / name, *words)
    assert code == 0, text
    (tmp_path / "shelf").mkdir()
    moved = (tmp_path / name).rename(tmp_path / f"shelf/of-june{Path(name).suffix}")
    code, text = run("reproduce", moved, "--store", store)
    assert (code, text.splitlines()[-1]) == (0, "1 identical, 0 within tolerance, 0 different, 0 not rebuilt")
    (tmp_path / "raw/july").mkdir()
    MediaMaker(tmp_path / "raw/july").photo("turn.jpg", size=(48, 64))
    ingest(tmp_path / "raw", tmp_path / "other", {"photo": (Metadata(),), "video": (), "audio": ()})
    code, text = run("reproduce", moved, "--store", tmp_path / "other")
    said = f"marsmedia: {moved}: forgotten, or built from another store; name its own with --store\n"
    assert (code, text) == (2, said)


@pytest.mark.parametrize("name", ["pack", "pack.zip"])
def test_a_pack_that_is_damaged_is_not_said_to_be_reproduced(store: Path, tmp_path: Path, name: str) -> None:
    pack, words = tmp_path / name, ["--audience", "archive", "--store", store]
    assert run("pack", "descent.jpg", "-o", pack, *words)[0] == 0
    counts = "1 identical, 0 within tolerance, 0 different, 0 not rebuilt"
    assert run("reproduce", pack, "--store", store) == (0, f"identical: descent.jpg metadata\n{counts}\n")
    inside = "data/media/descent.jpg/original/descent.jpg"
    if pack.is_dir():
        place = pack / inside
        place.write_bytes(place.read_bytes()[:-1] + b"!")
    else:
        with zipfile.ZipFile(pack) as whole, zipfile.ZipFile(tmp_path / "copy.zip", "w") as copy:
            for one in whole.namelist():
                copy.writestr(one, whole.read(one)[:-1] + b"!" if one.endswith(inside) else whole.read(one))
        (tmp_path / "copy.zip").replace(pack)
    for word in (pack, name):
        code, text = run("reproduce", word, "--store", store)
        fault, *rest = text.splitlines()
        assert fault.startswith(f"changed in the pack: {inside}: sha256 is "), text
        told = "the pack has 1 fault, named above; results were compared with those of the store"
        assert (code, rest) == (1, ["identical: descent.jpg metadata", told, counts])
    code, text = run("reproduce", pack, "--json", "--store", store)
    assert [json.loads(line).get("kind") for line in text.splitlines()] == ["changed", None]
    pack.rename(tmp_path / "elsewhere")
    code, text = run("reproduce", name, "--store", store)
    assert (code, text.splitlines()[0]) == (
        0,
        f"marsmedia: {name}: not there, so its files were not compared with its manifests",
    )


def test_words_beside_a_pack_choose_the_part_of_it_that_is_reproduced(store: Path, tmp_path: Path) -> None:
    MediaMaker(tmp_path / "raw/june").photo("turn.jpg", size=(48, 64))
    recipes: Recipes = {"photo": (Metadata(), PhotoPreview(longest_sides_px=(32,))), "video": (), "audio": ()}
    ingest(tmp_path / "raw", store, recipes)
    code, text = run("pack", "release=june", "-o", tmp_path / "aip", "--audience", "archive", "--store", store)
    assert code == 0, text
    both = ["identical: descent.jpg photo.preview", "identical: turn.jpg photo.preview"]
    for words, found in (
        (["aip"], 4),
        (["aip", "processor=photo.preview"], both),
        (["processor=photo.preview", "aip"], both),
        (["aip", "june/turn.jpg", "processor=photo.preview"], both[1:]),
        (["aip", "june/turn.jpg"], 2),
    ):
        code, text = run("reproduce", *words, "--store", store)
        told = text.splitlines()[:-1]
        assert (code, len(told) if isinstance(found, int) else sorted(told)) == (0, found), text
    code, text = run("reproduce", "aip", "processor=video.frames", "--store", store)
    said = "the pack has no such results; it holds those of metadata, photo.preview"
    assert (code, text) == (2, f"marsmedia: aip processor=video.frames: {said}\n")


def test_processors_are_listed_within_80_columns() -> None:
    code, text = run("processors")
    assert code == 0
    assert max(map(len, text.splitlines())) <= 80
    by_default, on_request = text.split("Made on request (marsmedia reprocess):")
    assert "video.frames" in by_default
    assert "video.stabilised" in on_request


def test_a_processor_is_listed_with_its_parameters_and_their_meaning() -> None:
    code, text = run("processors", "video.frames")
    assert code == 0
    assert "every_seconds = 1.0\n      For `interval`: presentation time between two kept frames; above 0.\n" in text
    code, text = run("processors", "photo.web_preview")  # its parameters are those of photo.preview
    assert "max_pixels = 300000000\n      Maximum size; larger photos are refused from their header.\n" in text


def test_lists_as_json_are_one_object_a_line() -> None:
    records = [json.loads(line) for line in run("processors", "--json")[1].splitlines()]
    frames = next(one for one in records if one["processor"] == "video.frames")
    assert (frames["media"], frames["by_default"]) == (["video"], True)
    missions = [json.loads(line)["mission"] for line in run("missions", "--json")[1].splitlines()]
    assert missions == profile_names()


def test_a_mission_is_found_by_its_rovers_name_with_its_events() -> None:
    code, text = run("missions", "Zhurong")
    assert code == 0
    assert "touchdown            2021-05-14T23:18Z" in text


def test_an_event_for_whose_time_there_is_no_source_is_listed_as_unknown() -> None:
    code, text = run("missions", "perseverance")
    assert code == 0
    assert "  touchdown  unknown  No source was found for its time\n" in text
    record = json.loads(run("missions", "perseverance", "--json")[1])
    assert record["events_without_time"] == ["launch", "touchdown"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["processors", "video.frame"], "video.frame: no such processor; did you mean video.frames?"),
        (["items", "mediun=photo"], "mediun=photo: no such key; did you mean medium?"),
        (["show", "Descent"], "Descent: no such source in the store; did you mean descent.jpg?"),
        (["show", "decsent.jpg"], "decsent.jpg: no such source in the store; did you mean descent.jpg?"),
        (["missions", "apollo"], f"mission is 'apollo': must be one of {', '.join(profile_names())}"),
    ],
)
def test_a_name_that_is_nearly_right_is_met_with_the_right_one(store: Path, words: list[str], message: str) -> None:
    where = ["--store", str(store)] if words[0] in ("items", "show") else []
    code, text = run(*words, *where)
    assert (code, text) == (2, f"marsmedia: {message}\n")


def test_packs_of_a_store_are_listed_until_they_are_forgotten(store: Path, tmp_path: Path) -> None:
    assert run("packs", "--store", store) == (0, "no pack was built from this store\n")
    assert run("pack", "*", "-o", tmp_path / "june", "--store", store)[0] == 0
    (record,) = [json.loads(line) for line in run("packs", "--store", store, "--json")[1].splitlines()]
    assert (record["pack"], record["is_there"]) == (str(tmp_path / "june"), True)
    (line,) = run("packs", "--store", store, columns=200)[1].splitlines()
    assert line.startswith(str(tmp_path / "june"))
    assert run("pack", "forget", "june", "--store", store)[0] == 0
    assert run("packs", "--store", store)[1] == "no pack was built from this store\n"


def test_the_store_of_the_environment_is_used_and_the_option_is_stronger(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARSMEDIA_STORE", str(store))
    assert run("status")[0] == 0
    assert run("status", "--store", tmp_path / "none")[0] == 2


def test_a_store_whose_name_is_nearly_right_is_met_with_the_right_one(store: Path) -> None:
    near = store.with_name(f"{store.name}s")
    said = f"no store found at {near}; did you mean {store}?"
    assert run("status", "--store", near) == (2, f"marsmedia: {said}\n")
    with pytest.raises(marsmedia.RequestError) as caught:
        marsmedia.open(near)
    assert str(caught.value) == said


def test_a_folders_settings_hold_for_commands_started_in_it(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "marsmedia.toml").write_text('store = "store"\n[verify]\nsample = 100\n')
    monkeypatch.chdir(tmp_path)
    assert run("status")[1].startswith(f"{tmp_path / 'store'}: 1 photo")
    assert run("verify")[0] == 0
    assert run("pack", "forget", "x") == (2, "marsmedia: x: unknown pack; known packs: none\n")


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ('stor = "x"\n', "stor: no such key; did you mean store?"),
        ("[status]\njsn = true\n", "[status] jsn: no such option; did you mean json?"),
        ("[pack.buld]\n", "[pack] buld: no such command; did you mean build?"),
        ('[pack.build]\naudiense = "press"\n', "[pack.build] audiense: no such option; did you mean audience?"),
        ("store = \n", "Invalid value (at line 1, column 9)"),
    ],
)
def test_a_mistake_in_a_folders_settings_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, message: str
) -> None:
    (tmp_path / "marsmedia.toml").write_text(written)
    monkeypatch.chdir(tmp_path)
    command = "pack" if "[pack" in written else "status"
    assert run(command, "forget", "x") == (2, f"marsmedia: {tmp_path / 'marsmedia.toml'}: {message}\n")


def test_the_time_of_a_sol_is_given_in_utc() -> None:
    code, text = run("mars-time", "--mission", "zhurong", "--sol", "50", "--lmst", "14:30")
    assert code == 0
    assert text.startswith("Tianwen-1 sol 50\n2021-07-04T08:10:09")
    assert "LMST 14:30:00" in text


@pytest.mark.parametrize("part", ["12.8", "12.800", "12"])
def test_a_local_time_may_have_fractions_of_a_second(part: str) -> None:
    def moment_of(lmst: str) -> datetime:
        record = json.loads(run("mars-time", "--mission", "perseverance", "--sol", "114", "--lmst", lmst, "--json")[1])
        return datetime.fromisoformat(record["times"][0]["utc"])

    later = (moment_of(f"20:00:{part}") - moment_of("20:00")).total_seconds()
    assert later == pytest.approx(float(part) * 1.02749125, abs=0.002)


def test_a_local_time_that_is_none_is_refused() -> None:
    code, text = run("mars-time", "--mission", "perseverance", "--sol", "114", "--lmst", "20:00:12.")
    assert (code, "lmst is '20:00:12.': must be a time of day such as 14:30" in text) == (2, True)


def test_the_time_on_mars_now_is_given_without_an_argument() -> None:
    record = json.loads(run("mars-time", "--mission", "祝融", "--json")[1])
    assert record["mission"] == "tianwen-1"
    assert record["first_sol"] > 1900
