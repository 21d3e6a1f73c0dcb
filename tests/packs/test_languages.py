"""Languages are data: one file adds one, for packs and for the page, and what it leaves out is said in English."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from processors.languages.language import FOLDER, LANGUAGES, language, phrase
from processors.languages.text import Text
from tests.conftest import PROJECT

FRENCH = """\
tag = "fr"
[labels]
"photo.preview" = "Photographie"
[pack]
label = "{kind} : {title}"
credit = "Crédit"
readme = "{title}, {day}, public : {audience}"
[page]
name = "Français"
switch = "Passer au français"
search = "Rechercher"
"""
BUILD = """\
import sys
import tomllib
from pathlib import Path
from processors.packs.build import build
from processors.packs.gallery.page import write_gallery
from processors.languages.text import Text
from processors.packs.recipe.pack_recipe_file import read_recipe
from tests.helpers.pack_store import filled
folder = Path(sys.argv[1])
recipe = read_recipe(folder / "pack.toml", frozenset())
build(recipe, folder / "pack", filled(folder).store, asked=lambda row: frozenset(), gallery=write_gallery)
"""
RECIPE = """\
title = "Tracks"
title_fr = "Traces"
audience = "internal"
selection = ["*"]
languages = ["fr", "zh"]
"""


def test_one_file_adds_a_language_to_packs_and_page(tmp_path: Path) -> None:
    code = tmp_path / "copy"
    shutil.copytree(PROJECT / "processors", code / "processors", ignore=shutil.ignore_patterns("__pycache__"))
    (code / "processors/languages/fr.toml").write_text(FRENCH, encoding="utf-8")
    (tmp_path / "pack.toml").write_text(RECIPE)
    environment = {**os.environ, "PYTHONPATH": f"{code}{os.pathsep}{PROJECT}"}
    subprocess.run([sys.executable, "-c", BUILD, str(tmp_path)], check=True, env=environment, cwd=tmp_path)
    pack = tmp_path / "pack"
    readme = (pack / "README.txt").read_text(encoding="utf-8")
    assert readme.startswith("Traces, 2026-03-04, public : internal")
    assert "对象" in readme
    assert "Credit / Crédit / 来源: " in (pack / "data/CREDITS.txt").read_text(encoding="utf-8")
    manifest = json.loads((pack / "data/iiif-manifest.json").read_bytes())
    assert manifest["label"] == {"fr": ["Traces"]}
    labels = [canvas["label"]["fr"] for canvas in manifest["items"]]
    assert ["Photographie : Wheel tracks"] in labels
    assert ["Contact sheet: frames spread over the clip, each with its time : Descent"] in labels
    page = (pack / "data/index.html").read_text(encoding="utf-8")
    assert '<html lang="fr">' in page
    assert "<title>Traces</title>" in page
    words = data(pack / "data/data/words.js")
    assert list(words) == ["fr", "zh"]
    assert (words["fr"]["search"], words["fr"]["filters"], words["zh"]["search"]) == ("Rechercher", "Filters", "搜索")


def data(place: Path) -> Any:
    found = re.fullmatch(r'gallery\.take\("[\w-]+",(.*)\);\n', place.read_text(encoding="ascii"))
    assert found
    return json.loads(found[1])


def test_every_language_has_every_phrase_with_the_same_things_put_in() -> None:
    english = tomllib.loads((FOLDER / "en.toml").read_text(encoding="utf-8"))
    for code in LANGUAGES:
        other = tomllib.loads((FOLDER / f"{code}.toml").read_text(encoding="utf-8"))
        assert other["labels"].keys() == english["labels"].keys()
        assert other["pack"].keys() == english["pack"].keys()
        assert other["page"].keys() - {"precisions"} == english["page"].keys()  # English says them as they are written
        assert not [name for name, text in other["pack"].items() if put_in(text) - put_in(english["pack"][name])]


def put_in(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_a_text_falls_back_to_english_and_then_to_any_language() -> None:
    both, one = Text(zh="车辙", en="Tracks"), Text(zh="车辙", fr=None)
    assert (both.best("zh"), both.best("fr"), one.best("fr"), Text().best()) == ("车辙", "Tracks", "车辙", None)
    assert list(both) == ["en", "zh"]
    assert one.record() == {"en": None, "zh": "车辙"}
    assert Text.of_keys({"title": "a", "title_zh": "b", "title_page": "c"}, "title") == Text(en="a", zh="b")


def test_a_phrase_puts_in_texts_of_its_own_language() -> None:
    found = phrase("label", kind=Text(en="Frame", zh="画面"), title="a.mp4")
    assert (found["en"], found["zh"]) == ("Frame: a.mp4", "a.mp4：画面")
    assert list(found) == list(LANGUAGES)


@pytest.mark.parametrize("name", ["tag", "iso_639_2"])
def test_no_two_languages_have_the_same_code(name: str) -> None:
    codes = {code: getattr(language(code), name) for code in LANGUAGES}
    assert len(set(codes.values())) == len(codes), f"{name} was copied from another language: {codes}"
