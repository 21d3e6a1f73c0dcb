"""Results that print the name of a file are made again when it is renamed; no other result depends on the name."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import h5py
import pytest
from click.testing import CliRunner

from flows.cli.main import main
from flows.recipes import ON_REQUEST, RECIPES
from flows.run.reporting.report import Report
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.audio.spectrogram.spectrogram_picture import SpectrogramPicture
from processors.audio.waveform import Waveform
from processors.contract import Medium, Processor, ReleaseContext, for_release
from processors.engine.recipe_book import Recipes
from processors.metadata.evidence import Evidence
from processors.video.frames.contact_sheet import ContactSheet
from processors.video.shots.shots import Shots
from processors.video.shots.timeline import Timeline
from tests.helpers.derived import derived, with_used
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import counts, ingest
from tests.helpers.video_scenes import scene, write

PRINTS_NAME = {"audio.spectrogram_picture", "audio.waveform", "evidence", "video.contact_sheet", "video.timeline"}
RECIPE: Recipes = {
    "video": (Evidence(), ContactSheet(shots=Shots()), Timeline(), SpectrogramPicture(), Waveform()),
    "audio": (Evidence(), SpectrogramPicture(title=False), Waveform(title=False)),
    "photo": (),
}


def made(report: Report) -> int:
    """Number of results that a run made; it made all that were due."""
    _, new, _, _, failed = counts(report)
    assert failed == 0
    return new


def results(store: Path) -> dict[str, list[str]]:
    """Keys of all results in the store, by processor."""
    found: dict[str, list[str]] = {}
    for manifest in store.glob("results/*/*/*/*/manifest.json"):
        found.setdefault(manifest.parent.parent.name, []).append(manifest.parent.name)
    return found


def item(store: Path, name: str, words: str) -> str:
    """Text of the only item of this name that has these words."""
    (found,) = (text for path in store.glob(f"results/*/*/*/*/{name}") if words in (text := path.read_text()))
    return found


def test_a_renamed_video_has_its_new_name_in_every_result_and_is_not_measured_again(raw: Path, tmp_path: Path) -> None:
    MediaMaker(raw / "june").video("A.mp4", list(range(25)), sound_hz=1000)
    store = tmp_path / "store"
    ingest(raw, store, RECIPE)
    first = results(store)
    (raw / "june/A.mp4").rename(raw / "june/着陆 B.mp4")
    assert made(ingest(raw, store, RECIPE)) == len(PRINTS_NAME)
    then = results(store)
    assert {name for name, keys in then.items() if len(keys) > len(first[name])} == PRINTS_NAME
    assert item(store, "shots.edl", "着陆").splitlines()[0] == "TITLE: 着陆 B.mp4"
    timeline = json.loads(item(store, "shots.otio", "%E7%9D%80"))
    (track,) = timeline["tracks"]["children"]
    media = {clip["media_references"]["DEFAULT_MEDIA"]["target_url"] for clip in track["children"]}
    assert media == {"%E7%9D%80%E9%99%86%20B.mp4"}
    assert json.loads(item(store, "evidence.json", "着陆"))["name"] == "着陆 B.mp4"
    fresh = tmp_path / "fresh"
    ingest(raw, fresh, RECIPE)
    assert all(set(keys) <= set(then[name]) for name, keys in results(fresh).items()), "a restored store has the same"
    shutil.move(raw / "june", raw / "july")
    assert made(ingest(raw, store, RECIPE)) == 0


def test_a_sound_without_titles_is_drawn_once_under_every_name(raw: Path, tmp_path: Path) -> None:
    path = MediaMaker(raw / "june").tone("A.wav", hz=500.0, seconds=1.0)
    ingest(raw, tmp_path / "store", RECIPE)
    path.rename(raw / "june/B.wav")
    assert made(ingest(raw, tmp_path / "store", RECIPE)) == 1
    assert len(results(tmp_path / "store")["evidence"]) == 2


def test_a_copy_elsewhere_changes_no_name_and_every_path_has_its_own_timeline(raw: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    MediaMaker(raw / "june").video("descent.mp4", list(range(25)), sound_hz=1000)
    (raw / "june/release.toml").write_text('title = "June"\n')
    ingest(raw, store, RECIPE)
    first = results(store)
    (raw / "backup").mkdir()
    for name in ("IMG_0001.mp4", "IMG_0002.mp4"):
        for earlier in (raw / "backup").iterdir():
            earlier.unlink()
        shutil.copy(raw / "june/descent.mp4", raw / "backup" / name)
        (raw / "backup/release.toml").write_text('title = "June"\n')
        assert made(ingest(raw, store, RECIPE)) == 2
        assert made(ingest(raw, store, RECIPE)) == 0
    then = results(store)
    assert {one: len(keys) - len(first[one]) for one, keys in then.items() if keys != first[one]} == {
        "evidence": 2,
        "video.timeline": 2,
    }
    assert title_in_view(store, "june/descent.mp4") == "TITLE: descent.mp4"
    assert title_in_view(store, "backup/IMG_0002.mp4") == "TITLE: IMG_0002.mp4"
    result = CliRunner().invoke(
        main,
        [
            "pack",
            "build",
            "release=june",
            "--store",
            str(store),
            "-o",
            str(tmp_path / "pack"),
            "--audience",
            "research",
        ],
    )
    assert result.exit_code == 0, result.output
    (timeline,) = (tmp_path / "pack").rglob("shots.edl")
    assert timeline.read_text().splitlines()[0] == "TITLE: descent.mp4"
    assert not any(b"IMG_" in path.read_bytes() for path in (tmp_path / "pack").rglob("*") if path.is_file())


def test_runs_over_one_release_and_over_all_give_the_same_names(raw: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    (raw / "april").mkdir()
    MediaMaker(raw / "april").video("a.mp4", list(range(25)), sound_hz=1000)
    shutil.copy(raw / "april/a.mp4", raw / "june/zz.mp4")
    for folder, due in ((raw / "june", True), (raw, True), (raw / "june", False), (raw, False), (raw / "april", False)):
        assert (made(ingest(folder, store, RECIPE)) > 0) == due, folder
        assert title_in_view(store, "june/zz.mp4") == "TITLE: zz.mp4"
    assert title_in_view(store, "april/a.mp4") == "TITLE: a.mp4"
    found = results(store)
    assert {one: len(keys) for one, keys in found.items() if len(keys) > 1} == {"evidence": 2, "video.timeline": 2}
    shutil.rmtree(raw / "june")
    assert made(ingest(raw, store, RECIPE)) == len(PRINTS_NAME - {"evidence", "video.timeline"})


def test_a_timeline_of_other_cuts_has_its_name_in_the_view(raw: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    MediaMaker(raw / "june").video("A.mp4", list(range(25)))
    ingest(raw, store, {"video": (Timeline(),), "audio": (), "photo": ()})
    words = ["reprocess", "A.mp4", "--processor", "video.timeline", "--set", "shots.cut_ratio=5"]
    result = CliRunner().invoke(main, [*words, "--store", str(store)])
    assert result.exit_code == 0, result.output
    edl = store / "by-name/june/A.mp4/video.timeline~shots.cut_ratio=5/shots.edl"
    assert edl.read_text().splitlines()[0] == "TITLE: A.mp4"
    words = ["reprocess", "A.mp4", "--processor", "video.shots", "--set", "cut_ratio=5", "--store", str(store)]
    assert CliRunner().invoke(main, words).stderr.splitlines()[-1] == (
        "marsmedia: video.shots: video.timeline makes some of its former items now; "
        "`marsmedia processors video.timeline` lists its parameters"
    )
    words = ["fetch", "processor=video.shots", "-o", str(tmp_path / "fetched"), "--store", str(store)]
    assert CliRunner().invoke(main, words).stderr.splitlines() == [
        "marsmedia: processor=video.shots: video.timeline makes some of its former items now; "
        "processor=video.timeline copies them"
    ]


def test_a_pack_by_kind_names_timelines_after_shots(raw: Path, tmp_path: Path) -> None:
    MediaMaker(raw / "june").video("A.mp4", list(range(25)))
    ingest(raw, tmp_path / "store", {"video": (Timeline(),), "audio": (), "photo": ()})
    recipe = tmp_path / "pack.toml"
    recipe.write_text('audience = "research"\ntitle = "T"\nselection = ["*"]\ntake = ["metadata"]\nlayout = "kind"\n')
    words = ["pack", "build", str(recipe), "--store", str(tmp_path / "store"), "-o", str(tmp_path / "pack")]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    found = (path.name for path in (tmp_path / "pack/data/technical").iterdir() if path.suffix in (".edl", ".otio"))
    assert sorted(found) == ["a_shots.edl", "a_shots.otio"]


def test_shards_give_the_same_names_as_a_run_over_all(raw: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    (raw / "april").mkdir()
    first = MediaMaker(raw / "april").tone("a.wav", hz=500.0, seconds=0.5)
    for number in range(8):
        (raw / f"copy {number}").mkdir()
        shutil.copy(first, raw / f"copy {number}/{9 - number}.wav")
    for number in (3, 1, 2):
        ingest(raw, store, RECIPE, shard=f"{number}/3")
    assert made(ingest(raw, store, RECIPE)) == 0
    for number in (1, 2, 3):
        assert made(ingest(raw, store, RECIPE, shard=f"{number}/3")) == 0


def title_in_view(store: Path, name: str) -> str:
    """First line of the edit decision list of a video in the view by names."""
    return (store / "by-name" / name / "video.timeline/shots.edl").read_text().splitlines()[0]


def test_of_copies_the_described_one_names_the_results(raw: Path, tmp_path: Path) -> None:
    MediaMaker(raw / "june").video("a copy.mp4", list(range(5)), sound_hz=1000)
    shutil.copy(raw / "june/a copy.mp4", raw / "june/descent.mp4")
    (raw / "june/release.toml").write_text('title = "June"\n[[file]]\npath = "descent.mp4"\ntitle = "Descent"\n')
    recipe: Recipes = {"video": (Timeline(), Evidence(), Waveform()), "audio": (), "photo": ()}
    ingest(raw, tmp_path / "store", recipe)
    (of_bytes,) = results(tmp_path / "store")["audio.waveform"]
    (drawn,) = tmp_path.glob(f"store/results/*/*/audio.waveform/{of_bytes}/manifest.json")
    assert json.loads(drawn.read_text())["parameters"]["file_name"] == "descent.mp4"
    for name in ("a copy.mp4", "descent.mp4"):
        assert title_in_view(tmp_path / "store", f"june/{name}") == f"TITLE: {name}"
    records = tmp_path.glob("store/results/*/*/evidence/*/evidence.json")
    names = [json.loads(path.read_text())["name"] for path in records]
    assert sorted(names) == ["a copy.mp4", "descent.mp4"]


def test_why_names_the_renaming(raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    MediaMaker(raw / "june").video("A.mp4", list(range(5)))
    ingest(raw, tmp_path / "processed", RECIPE)
    (raw / "june/A.mp4").rename(raw / "june/B.mp4")
    ingest(raw, tmp_path / "processed", {"video": (), "audio": (), "photo": ()})
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(main, ["why", "B.mp4", "video.timeline"]).output
    assert ": file_name 'A.mp4' -> 'B.mp4'\n" in told
    assert "  since    the recipe: it requests file_name 'A.mp4' -> 'B.mp4'\n" in told


def test_a_recipe_that_adopts_a_result_takes_no_name_from_it(raw: Path, tmp_path: Path) -> None:
    MediaMaker(raw / "june").tone("A.wav", hz=500.0, seconds=0.5)
    ingest(raw, tmp_path / "store", {"video": (), "audio": (Waveform(),), "photo": ()})
    (key,) = results(tmp_path / "store")["audio.waveform"]
    told = CliRunner().invoke(main, ["adopt", "audio.waveform", key, "--store", str(tmp_path / "store")]).output
    assert told.endswith("write `Waveform()` there by hand\n"), told


def test_a_pack_writes_the_present_name_into_an_array(raw: Path, tmp_path: Path) -> None:
    path, store = MediaMaker(raw / "june").tone("A.wav", hz=500.0, seconds=0.5), tmp_path / "store"
    recipe: Recipes = {"video": (), "audio": (Spectrogram(), Evidence()), "photo": ()}
    ingest(raw, store, recipe)
    path.rename(raw / "june/B.wav")
    assert made(ingest(raw, store, recipe)) == 1, "the sound is not measured again"
    result = CliRunner().invoke(
        main, ["pack", "B.wav", "--store", str(store), "-o", str(tmp_path / "pack"), "--audience", "research"]
    )
    assert result.exit_code == 0, result.output
    (array,) = (tmp_path / "pack").rglob("spectrogram.nc")
    with h5py.File(array) as file:
        assert (file.attrs["title"], file.attrs["source_name"]) == ("Power spectrogram of B.wav", "B.wav")


@pytest.mark.slow
@pytest.mark.parametrize("medium", ["video", "audio", "photo"])
def test_a_name_that_is_no_parameter_is_in_no_result(medium: Medium, tmp_path: Path) -> None:
    """Under two names in raw, but with one as a parameter, all items have the same bytes."""
    make = MediaMaker(tmp_path)
    if medium == "video":
        path = write(tmp_path / "a.mp4", [scene(3, k) for k in range(30)])
    elif medium == "audio":
        path = make.tone("a.wav", hz=500.0, seconds=2.0)
    else:
        path = make.photo("a.png", size=(500, 400))
    context = ReleaseContext(file_name="stated name")
    every = [for_release(one, context) for one in (*RECIPES[medium], *ON_REQUEST[medium])]
    every = [one for one in every if medium != "video" or not one.name.startswith("audio.")]
    other = path.with_name(f"another{path.suffix}")
    shutil.copy(path, other)
    first, second = (items_of(one, tmp_path / f"store of {one.name}", every) for one in (path, other))
    assert first == second
    assert len(first) > 10


def items_of(path: Path, store: Path, processors: list[Processor]) -> dict[tuple[str, str], str]:
    """Digest of every item of every result, or why there is none."""
    found: dict[tuple[str, str], str] = {}
    for one in derived(path, store, *with_used(processors)):
        name = one.manifest.ref.processor
        found[name, "reason"] = str(one.manifest.reason)
        found |= {(name, item): hashlib.sha256(one.path(item).read_bytes()).hexdigest() for item in one.names}
    return found
