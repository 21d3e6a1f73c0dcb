"""One table says how results are presented; a processor that it does not know goes through packs and gallery too."""

from __future__ import annotations

import json
from pathlib import Path

from flows.recipes import ON_REQUEST, RECIPES
from processors.contract import Item
from processors.languages.language import LANGUAGES, language
from processors.languages.text import Text
from processors.packs.build import build
from processors.packs.contents.subject import subjects
from processors.packs.gallery.page import write_gallery
from processors.packs.gallery.store_gallery import shown_of_store
from processors.packs.presentation import PRESENTATIONS, TAKE_WORDS, faces, is_taken, presentation_of, takes_any
from processors.packs.recipe.pack_recipe import PackRecipe
from processors.store.catalogue.selection import parse, select
from tests.helpers.pack_store import filled, picture


def test_table_and_labels_name_processors_of_the_recipes_alone() -> None:
    every = [*RECIPES.values(), *ON_REQUEST.values()]
    names = {processor.name for processors in every for processor in processors}
    assert PRESENTATIONS.keys() <= names
    assert all(language(code).labels.keys() <= names for code in LANGUAGES)
    assert {word for one in PRESENTATIONS.values() for word in one.take} | {"originals", "other"} == set(TAKE_WORDS)


def test_faces_come_in_their_order_and_the_brighter_one_first_where_it_is_dark() -> None:
    assert faces()[:3] == ["photo.preview", "photo.enhanced", "video.stills"]
    assert faces(is_dark=True)[:3] == ["photo.enhanced", "photo.preview", "video.stills"]


def test_other_is_what_no_other_word_takes() -> None:
    assert is_taken("video.stills", "still_000001.jpg", ["stills"])
    assert not is_taken("video.stills", "still_000001.jpg", ["other", "frames"])
    assert is_taken("video.stills", "stills.json", ["other"])
    assert is_taken("video.subtitles", "subtitles_2_eng.vtt", ["full video"])
    assert not is_taken("video.subtitles", "subtitles.json", ["full video", "subtitles"])
    assert is_taken("photo.preview", "preview_320.jpg", ["photo.preview/*_320.*"])
    assert is_taken("photo.web_preview", "preview_320.webp", ["photo.preview/*.webp"])  # as when one made both
    assert not is_taken("photo.web_preview", "preview_320.webp", ["stills"])
    assert presentation_of("photo.web_preview").file_word == ""  # and under the same names
    assert presentation_of("photo.made_up") == presentation_of("photo.salvaged")


def test_a_made_up_processor_goes_through_pack_and_gallery(tmp_path: Path) -> None:
    made = filled(tmp_path)
    digest = next(row.digest for row in made.catalogue.sources().values() if row.name == "tracks.jpg")
    shown = Item(name="made.png", media_type="image/png", data=picture(40, 30, 9, "PNG"), facts={"width_px": 40})
    made.result(digest, "photo.made_up", shown)
    recipe = PackRecipe(title=Text(en="Made up"), selection=("tracks.jpg",), take=("other",))
    build(recipe, tmp_path / "pack", made.store, asked=lambda row: frozenset(), has_page=True)
    (place,) = (tmp_path / "pack/data/media").rglob("made.png")
    assert place.parent.name == "photo.made_up"
    manifest = json.loads((tmp_path / "pack/data/iiif-manifest.json").read_bytes())
    (canvas,) = manifest["items"]
    assert (canvas["label"]["en"], canvas["label"]["zh"]) == (["photo.made_up: Wheel tracks"], ["车辙：photo.made_up"])
    rows = select(parse(["tracks.jpg"]), made.catalogue)
    found = list(shown_of_store(subjects(rows, made.store, made.catalogue), made.store, tmp_path / "page"))
    write_gallery(tmp_path / "page", found, title=Text(en="x"), languages=LANGUAGES)
    assert "made.png" in (tmp_path / "page/data/details-0000.js").read_text()


def test_a_recipe_takes_items_by_the_name_of_the_processor_that_made_them_before() -> None:
    for word in ("video.motion/motion_*.png", "video.motion_plot/*", "measurements"):
        assert is_taken("video.motion_plot", "motion_0001.png", [word])
        assert takes_any("video.motion_plot", [word])
    assert not is_taken("video.motion_plot", "motion_0001.png", ["video.motion/*.json", "stills"])
    assert not is_taken("video.motion", "motion.json", ["video.motion_plot/*"])
