"""Named recipes and recipe files: what each makes, of everything, of a release, of a camera."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from flows.cli.main import main
from flows.recipes import ON_REQUEST, RECIPES
from flows.run.checking.check_store import check_up
from flows.run.options import RECIPES_FILE, Options
from flows.run.planning.select import ReprocessRequest, prepare_chosen
from flows.run.recipe_changes.load_recipes import every_processor, load_recipes, on_request, recipe_names
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.engine.recipe_book import RecipeBook, Recipes, recipes_of
from processors.errors import RecipeError, RequestError
from processors.photo.photo_preview import PhotoPreview
from processors.store.store import Store
from processors.video.frames.frames import Frames
from processors.video.frames.web import WebVideo
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest


def names(recipes: Recipes, medium: str) -> list[str]:
    return [processor.name for processor in recipes[medium]]  # type: ignore[index]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "recipes.toml"
    monkeypatch.setenv(RECIPES_FILE, str(path))
    return path


def test_the_light_recipe_makes_what_separate_tools_make() -> None:
    light = load_recipes("light")
    sound = ["audio.levels", "audio.spectrogram", "audio.spectrogram_picture"]
    video = ["video.integrity", "video.frames", "video.contact_sheet", "video.shots", "video.timeline"]
    assert names(light, "video") == ["metadata", "evidence", *video, "video.subtitles", *sound]
    assert names(light, "audio") == ["metadata", "evidence", *sound]
    assert names(light, "photo") == ["metadata", "evidence", "photo.preview"]


def test_results_of_the_light_recipe_are_those_of_the_full_one() -> None:
    for medium, processors in load_recipes("light").items():
        assert set(processors) < set(load_recipes()[medium])


def test_an_unknown_recipe_is_refused_with_the_nearest() -> None:
    assert recipe_names() == ["full", "light"]
    with pytest.raises(RequestError, match=r"^ligth: no such recipe; did you mean light\?$"):
        load_recipes("ligth")


def test_without_a_file_the_recipes_are_those_of_the_checkout() -> None:
    assert dict(load_recipes()) == RECIPES
    assert on_request() == ON_REQUEST


def test_a_file_changes_parameters_and_what_is_made(file: Path) -> None:
    file.write_text(
        'recipe = "light"\nalso = ["audio.film"]\nwithout = ["video.contact_sheet"]\n'
        '[video.frames]\nevery_seconds = 0.5\n["photo.preview"]\nlongest_sides_px = [640, 1600]\n'
        '[audio.spectrogram]\nwindow = "hamming"\n'
    )
    made = load_recipes()
    assert Frames(every_seconds=0.5) in made["video"]
    assert PhotoPreview(longest_sides_px=(640, 1600)) in made["photo"]
    assert "video.contact_sheet" not in names(made, "video")
    assert names(made, "audio")[-1] == "audio.film"
    film = made["audio"][-1]
    assert film.picture.spectrogram == Spectrogram(window="hamming")  # type: ignore[attr-defined]
    assert "video.motion" in names(load_recipes("full"), "video")  # what is asked for counts
    assert Frames(every_seconds=0.5) in every_processor()[0]["video"]


def test_what_a_file_leaves_out_is_still_known_and_made_again_for_comparison(tmp_path: Path, file: Path) -> None:
    (tmp_path / "raw").mkdir()
    MediaMaker(tmp_path / "raw").photo("photo.png")
    file.write_text('recipe = "light"\n')
    store = tmp_path / "store"
    ingest(tmp_path / "raw", store, load_recipes())
    file.write_text('recipe = "light"\nwithout = ["photo.preview"]\n["photo.preview"]\nlongest_sides_px = [77]\n')
    words = ["--store", str(store)]
    again = CliRunner().invoke(main, ["reproduce", "photo.png", "processor=photo.preview", *words])
    assert again.stdout.splitlines() == [
        "identical: photo.png photo.preview",
        "1 identical, 0 within tolerance, 0 different, 0 not rebuilt",
    ]
    checked = check_up(Store(store), sample=9, seed=1, options=Options())
    assert {one.verdict for one in checked.sample} == {"identical"}
    listed = CliRunner().invoke(main, ["processors", "photo.preview"]).stdout
    assert "  longest_sides_px = (77,)\n" in listed
    due = CliRunner().invoke(main, ["reprocess", "photo.png", "--processor", "photo.preview", "--dry-run", *words])
    assert (due.exit_code, "photo.preview" in due.stdout) == (0, True), due.output


def test_a_file_changes_recipes_of_a_release_and_of_a_camera(file: Path) -> None:
    file.write_text(
        "[video.frames]\nevery_seconds = 2.0\n"
        '[[for]]\nrelease = "june-*"\nrecipe = "light"\nvideo.frames = {every_seconds = 0.25}\n'
        '[[for]]\ncamera = "Rear"\nwithout = ["photo.enhanced"]\n'
    )
    book = load_recipes()
    assert Frames(every_seconds=2.0) in book["video"]
    june = recipes_of(book, "june-27", None)
    assert Frames(every_seconds=0.25) in june["video"]
    assert "video.motion" in names(book, "video")
    assert "video.motion" not in names(june, "video")
    rear = recipes_of(book, "may", "the rear hazard-avoidance camera")
    assert "photo.enhanced" not in names(rear, "photo")
    assert Frames(every_seconds=2.0) in rear["video"]


def test_reprocessing_one_processor_keeps_the_parameters_of_a_release(file: Path) -> None:
    file.write_text('[[for]]\nrelease = "june"\nvideo.frames = {every_seconds = 0.25}\n')
    recipes = ReprocessRequest(words=(), processors=("video.frames",), settings={"quality": "70"}).recipes()
    assert isinstance(recipes, RecipeBook)
    assert recipes["video"] == (Frames(quality=70),)
    assert recipes.of("june", None)["video"] == (Frames(every_seconds=0.25, quality=70),)


def test_what_is_made_on_request_keeps_the_parameters_of_a_release_too(file: Path) -> None:
    file.write_text('[[for]]\nrelease = "june"\nvideo.web = {longest_side_px = 640}\n')
    recipes = ReprocessRequest(words=(), processors=("video.web",), settings={}).recipes()
    assert isinstance(recipes, RecipeBook)
    assert recipes.of("june", None)["video"] == (WebVideo(longest_side_px=640),)
    assert recipes["video"] == on_request()["video"][:1] == (WebVideo(),)
    assert on_request().set_for("june", None) == {"video.web"}
    assert on_request().set_for("may", None) == frozenset()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('recipe = "lite"', "recipe = lite: no such recipe; did you mean light?"),
        ("recipes = 5", "line 1: recipes: unknown key; did you mean recipe?"),
        ("recipe = 'light'\n\n[[photo]]\nx = 1\n[[photo]]", "line 3: photo: unknown key; use one of"),
        ("\n[for.release]\nx = 1", "line 2: for: not a list of sections; write [[for]] above each"),
        ("\nfor.release = 'june'", "line 2: for: not a list of sections; write [[for]] above each"),
        ("recipe = 5", "line 1: recipe: not text (5); write it in quotes"),
        ('\nalso = "audio.film"', 'line 2: also: not a list of names; write it as ["video.motion"]'),
        ('also = ["audio.flim"]', "audio.flim: no such processor; did you mean audio.film?"),
        ("[video.frame]\nquality = 5", "video.frame: no such processor; did you mean video.frames?"),
        ("[video.frames]\nevery_seconds = 0", "video.frames: every_seconds is 0.0: must be above 0"),
        ("[[for]]\nrecipe = 'light'", "line 1: for: neither release nor camera; add one of them"),
        (
            "[[for]]\ncamera = ''\nwithout = ['photo.deep']",
            "line 2: camera: empty; give it a value, or remove the line",
        ),
        ("recipe = ' '", "line 1: recipe: empty; give it a value, or remove the line"),
        ("for = 3", "line 1: for: not a list of sections; write [[for]] above each"),
        ("[[for]]\nrelease = 'x'\nvideo.frames = {quality = 'a'}", "quality is 'a': must be a whole number"),
        ("x = ", "line 1: Invalid value"),
    ],
)
def test_a_mistake_in_a_file_is_named_with_its_place(file: Path, text: str, message: str) -> None:
    file.write_text(text)
    with pytest.raises(RecipeError) as raised:
        load_recipes()
    assert str(raised.value).startswith(str(file))
    assert message in str(raised.value)


def test_a_file_that_is_missing_is_named(file: Path) -> None:
    with pytest.raises(RecipeError, match=r"recipes.toml: the file no longer exists"):
        load_recipes()


def test_the_release_of_a_photo_decides_what_is_made_of_it(tmp_path: Path, file: Path) -> None:
    for release, shade in (("june", 40), ("may", 90)):
        (tmp_path / "raw" / release).mkdir(parents=True)
        Image.new("L", (64, 48), shade).save(tmp_path / f"raw/{release}/{release}.png")
    file.write_text('recipe = "light"\n[[for]]\nrelease = "june"\nwithout = ["photo.preview"]\n')
    report = ingest(tmp_path / "raw", tmp_path / "store", load_recipes())
    made = {(Path(str(one["file"])).name, one["processor"]) for one in report.new_results}
    assert {name for file_name, name in made if file_name == "june.png"} == {"evidence", "metadata"}
    assert {name for file_name, name in made if file_name == "may.png"} == {"evidence", "metadata", "photo.preview"}


def test_the_command_takes_a_recipe_and_a_recipe_file(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "bad.toml").write_text("[video.frames]\nquality = 500\n")
    words = ["ingest", str(tmp_path / "raw"), "--store", str(tmp_path / "store"), "--dry-run"]
    refused = CliRunner().invoke(main, [*words, "--recipes", str(tmp_path / "bad.toml")])
    assert refused.exit_code == 2
    assert refused.output == f"marsmedia: {tmp_path}/bad.toml: video.frames: quality is 500: must be from 1 to 95\n"
    assert CliRunner().invoke(main, [*words, "--recipe", "light"]).exit_code == 0
    unknown = CliRunner().invoke(main, [*words, "--recipe", "lihgt"])
    assert unknown.output == "marsmedia: lihgt: no such recipe; did you mean light?\n"


def test_adopt_edits_no_recipes_that_a_file_overrides(file: Path) -> None:
    file.write_text("")
    answer = CliRunner().invoke(main, ["adopt", "video.frames", "--set", "every_seconds=0.5"])
    told = f"marsmedia: {file} is in use, which `adopt` does not edit; write [video.frames] and its parameters there\n"
    assert (answer.exit_code, answer.output) == (2, told)


LABEL = (
    b'PDS_VERSION_ID = PDS3\r\nINSTRUMENT_NAME = "NAVIGATION CAMERA LEFT"\r\nOBJECT = X\r\nEND_OBJECT = X\r\nEND\r\n'
)


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """One photo of release june, whose label alone names its camera, and one of may, with release.toml."""
    for release, shade in (("june", 40), ("may", 90)):
        (tmp_path / "raw" / release).mkdir(parents=True)
        Image.new("L", (64, 48), shade).save(tmp_path / f"raw/{release}/{release}.png")
    (tmp_path / "raw/june/june.lbl").write_bytes(LABEL)
    (tmp_path / "raw/may/release.toml").write_text('[[file]]\npath = "may.png"\nrecorded_by = "rear camera"\n')
    return tmp_path / "raw"


SECTIONS = """recipe = "light"
[[for]]
camera = "navigation camera"
without = ["photo.preview"]
[[for]]
camera = "NAVIGATOIN"
without = ["metadata"]
[[for]]
release = "juni"
without = ["metadata"]
[[for]]
release = "ma*"
camera = "front"
without = ["metadata"]
[[for]]
release = "may"
camera = "REAR"
without = ["metadata"]
"""


def unmatched_in(file: Path) -> tuple[str, ...]:
    return (
        f'{file}, line 5: no source has camera "NAVIGATOIN"; cameras known here: NAVIGATION CAMERA LEFT, rear camera; '
        "did you mean NAVIGATION?",
        f'{file}, line 8: no source is in a release "juni"; releases known here: june, may; did you mean june?',
        f'{file}, line 11: no source of "ma*" has camera "front"; cameras known here: rear camera',
    )


def test_the_camera_of_a_label_decides_what_is_made(tmp_path: Path, file: Path, labelled: Path) -> None:
    file.write_text(SECTIONS)
    report = ingest(labelled, tmp_path / "store", load_recipes())
    made = {(Path(str(one["file"])).name, one["processor"]) for one in report.new_results}
    assert {name for file_name, name in made if file_name == "june.png"} == {"evidence", "metadata"}
    assert ("may.png", "photo.preview") in made


def test_a_section_that_no_source_matches_is_told_by_every_run(tmp_path: Path, file: Path, labelled: Path) -> None:
    file.write_text(SECTIONS)
    store = tmp_path / "store"
    first = ingest(labelled, store, load_recipes(), strict=True)
    assert (first.state, first.advice) == ("completed", unmatched_in(file))
    again = ingest(labelled, store, load_recipes())
    assert (again.results.due, again.advice) == (0, unmatched_in(file))
    chosen = prepare_chosen(ReprocessRequest(words=("june.png",), settings={}), Store(store), retry_failed=False)
    assert chosen.unmatched_sections == unmatched_in(file)


def test_a_section_for_another_folder_of_the_store_is_no_mistake(tmp_path: Path, file: Path, labelled: Path) -> None:
    file.write_text('[[for]]\nrelease = "june"\ncamera = "left"\nrecipe = "light"\n')
    ingest(labelled, tmp_path / "store", load_recipes("light"))
    (tmp_path / "more/july").mkdir(parents=True)
    Image.new("L", (64, 48), 7).save(tmp_path / "more/july/july.png")
    assert ingest(tmp_path / "more", tmp_path / "store", load_recipes("light")).advice == ()
    assert ingest(tmp_path / "more", tmp_path / "other", load_recipes("light")).advice == (
        f'{file}, line 1: no source is in a release "june"; releases known here: july',
    )


def test_without_any_camera_the_place_to_name_it_is_told(tmp_path: Path, file: Path) -> None:
    (tmp_path / "raw/june").mkdir(parents=True)
    Image.new("L", (64, 48), 7).save(tmp_path / "raw/june/a.png")
    file.write_text('recipe = "light"\n[[for]]\ncamera = "NAVCAMM"\nrecipe = "full"\n')
    line = (
        f'{file}, line 2: no source has camera "NAVCAMM"; no camera is known here: name it with recorded_by in '
        "release.toml"
    )
    words = ["ingest", str(tmp_path / "raw"), "--store", str(tmp_path / "store"), "--recipes", str(file)]
    told = CliRunner().invoke(main, [*words, "--dry-run"])
    assert (told.exit_code, line in told.output.splitlines()) == (0, True)
    for _ in range(2):
        told = CliRunner().invoke(main, words)
        assert (told.exit_code, line in told.output.splitlines()) == (0, True)


def test_results_for_the_camera_of_a_label_stay_while_the_label_is_away(
    tmp_path: Path, file: Path, labelled: Path
) -> None:
    file.write_text('recipe = "light"\n[[for]]\ncamera = "left"\nphoto.preview = {longest_sides_px = [64]}\n')
    words = ["--store", str(tmp_path / "store"), "--recipes", str(file)]
    assert CliRunner().invoke(main, ["ingest", str(labelled), *words]).exit_code == 0
    labelled.rename(tmp_path / "away")
    told = CliRunner().invoke(main, ["prune", "--dry-run", "--json", *words])
    assert json.loads(told.stdout)["results"] == []
