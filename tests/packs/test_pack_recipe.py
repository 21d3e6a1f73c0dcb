"""A pack recipe is checked whole: every mistake is listed with its line, and the template has none."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from processors.errors import RequestError
from processors.languages.language import translated_keys
from processors.languages.text import Text
from processors.packs.presentation import TAKE_WORDS
from processors.packs.recipe.audience import PRESETS
from processors.packs.recipe.pack_recipe import BagInfo, Highlight, Override, PackRecipe, Pictures, Signature
from processors.packs.recipe.pack_recipe_file import RecipeTable, read_recipe
from processors.packs.recipe.recipe_template import TEMPLATE

PROCESSORS = frozenset({"video.frames", "photo.enhanced"})


def read(folder: Path, text: str | bytes) -> PackRecipe:
    place = folder / "pack.toml"
    place.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_recipe(place, PROCESSORS)


def mistakes(folder: Path, text: str | bytes) -> list[str]:
    with pytest.raises(RequestError) as caught:
        read(folder, text)
    return str(caught.value).split("\n")


HEAD = 'title="a"\naudience="public"\nselection=["*"]\n'
WHOLE = """\
title = "Wheel tracks"
title_zh = "车辙"
text = "Sixteen photos."
audience = "press"
selection = ["medium=photo", "sol=1..20"]
take = ["originals", "photo.enhanced/*.jpg"]
languages = ["zh"]
layout = "source"
credits_in_files = false
publisher = "A museum"
date = 2026-01-31
web_address = "https://example.org/packs/tracks"

[pictures]
longest_side_px = [2048, 1024]
format = "webp"

[highlight]
seconds_each = 2

[signature]
certificate = "chain.pem"
key = "key.pem"

[bag_info]
contact_name = "Li Hua"
bag_count = "2 of 5"

[[override]]
source = "a.jpg"
who = "Li Hua"
why = "letter"
"""


def test_every_key_of_a_recipe_reaches_the_pack(tmp_path: Path) -> None:
    """A key that the table knows and the recipe does not get would be accepted and dropped."""
    translations = (*translated_keys("title"), *translated_keys("text"))
    assert tomllib.loads(WHOLE).keys() | {*translations} == RecipeTable.model_fields.keys()
    recipe, plain = read(tmp_path, WHOLE), PackRecipe(title=Text())
    unchanged = {one.name for one in fields(PackRecipe) if getattr(recipe, one.name) == getattr(plain, one.name)}
    assert unchanged == set()


def test_a_whole_recipe_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, WHOLE) == PackRecipe(
        title=Text(en="Wheel tracks", zh="车辙"),
        text=Text(en="Sixteen photos."),
        audience="press",
        selection=("medium=photo", "sol=1..20"),
        take=("originals", "photo.enhanced/*.jpg"),
        languages=("zh",),
        layout="source",
        credits_in_files=False,
        publisher="A museum",
        date="2026-01-31",
        web_address="https://example.org/packs/tracks/",
        pictures=Pictures(longest_side_px=(1024, 2048), picture_format="webp"),
        highlight=Highlight(seconds_each=2),
        signature=Signature(certificate=tmp_path / "chain.pem", key=tmp_path / "key.pem"),
        overrides=(Override(source="a.jpg", who="Li Hua", why="letter"),),
        bag_info=BagInfo(contact_name="Li Hua", bag_count="2 of 5"),
    )


def test_the_template_is_a_recipe_and_so_is_all_of_it(tmp_path: Path) -> None:
    assert read(tmp_path, TEMPLATE).completed().take == PRESETS["press"].take
    assert read(tmp_path, TEMPLATE.replace("# take", "take")).take == PRESETS["press"].take
    assert not [word for word in TAKE_WORDS if word not in TEMPLATE]
    lines = [line.removeprefix("# ") for line in TEMPLATE.split("\n")[1:] if not line.startswith("# A pack's")]
    wanted = Highlight(sound="station.wav", font=tmp_path / "NotoSansSC.otf")
    assert read(tmp_path, "\n".join(lines)).highlight == wanted


def test_every_mistake_is_listed_with_its_line(tmp_path: Path) -> None:
    text = """\
title = ""
audience = "friends"
selection = ["sol=x"]
take = ["frames", "video.frame/*"]
colour = "red"
date = "yesterday"
[pictures]
longest_side_px = [8]
format = "gif"
[[override]]
source = "a"
who = "b"
why = "c"
[[override]]
source = "a"
"""
    assert mistakes(tmp_path, text) == [
        "pack.toml, line 1: title: empty (''); write a text",
        "pack.toml, line 2: audience: unknown value ('friends'); use internal, press, public, research or archive",
        "pack.toml, line 3: selection: no selection (sol=x: must be a number or a range such as 10..40); "
        "`marsmedia items --help` lists the words",
        "pack.toml, line 4: take: unknown processor ('video.frame'); use one of photo.enhanced, video.frames",
        "pack.toml, line 5: colour: unknown key; use one of title, text, audience, selection, take, layout, "
        "credits_in_files, languages, publisher, date, web_address, pictures, highlight, signature, "
        f"override, bag_info, {', '.join((*translated_keys('title'), *translated_keys('text')))}",
        "pack.toml, line 6: date: not a day ('yesterday'); write it without quotes, as 2026-01-31",
        "pack.toml, line 8: longest_side_px: out of range (8); use 16 or more",
        "pack.toml, line 9: format: unknown value ('gif'); use jpeg, webp or png",
        "pack.toml, line 14: override: who: missing; add it",
        "pack.toml, line 14: override: why: missing; add it",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('audience = "public"\nselection = ["*"]', ["pack.toml, line 1: title: missing; add it"]),
        ("", [f"pack.toml, line 1: {key}: missing; add it" for key in ("audience", "selection", "title")]),
        ("title = \n", ["pack.toml, line 1: Invalid value"]),
        (b"[pictures]\n[pictures]\n", ["pack.toml, line 2: pictures: stated twice (lines 1 and 2); keep one of them"]),
        (b'title = "a"\nx = "\xff"', ["pack.toml, line 2: not UTF-8; save it as UTF-8"]),
        (HEAD.replace('"*"', ""), ["pack.toml, line 3: selection: too few entries ([]); give at least 1"]),
        (f"{HEAD}pictures=3",
         ["pack.toml, line 4: pictures: not a section (3); write [pictures] on a line of its own"]),
        (f"{HEAD}[pictures]\nlongest_side_px=[99, 16384]\nformat=\"webp\"",
         ["pack.toml, line 5: longest_side_px: 16384 px is more than WebP can have; give at most 16383, or "
          "another format"]),
        (f'{HEAD}[pictures]\nlongest_side_px=[99]\naspect="1:9"\nfit="cut"',
         ["pack.toml, line 6: aspect: no aspect ('1:9'); give width and height, such as "
          '"1:1", "4:5" or "1200:630"',
          "pack.toml, line 7: fit: unknown value ('cut'); use pad or crop"]),
        (f"{HEAD}[highlight]\nseconds_each=true",
         ["pack.toml, line 5: seconds_each: not a number (true); write digits without quotes"]),
        (f'{HEAD}[override]\nwho="x"',
         ["pack.toml, line 4: override: not a list of sections; write [[override]] above each"]),
        (f'{HEAD}take=["film"]',
         ["pack.toml, line 4: take: unknown word ('film'); use one of originals, stills, frames, contact "
          "sheets, spectrograms, clips, full video, subtitles, sound, web sound, metadata, "
          "measurements, other, or processor/pattern"]),
    ],
)  # fmt: skip
def test_a_mistake_is_reported(tmp_path: Path, text: str | bytes, told: list[str]) -> None:
    assert mistakes(tmp_path, text) == told


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("https://example.org/六月 2021/", "write a blank in it as %20, and no quotes or angle brackets"),
        ("example.org/june", "begin it with https:// or http://"),
    ],
)
def test_an_address_that_is_none_is_refused_for_what_is_wrong_with_it(tmp_path: Path, address: str, told: str) -> None:
    text = f'title = "a"\naudience = "press"\nselection = ["*"]\nweb_address = "{address}"\n'
    assert mistakes(tmp_path, text) == [f"pack.toml, line 4: web_address: not an address ({address!r}); {told}"]


def test_an_endlessly_nested_recipe_is_reported(tmp_path: Path) -> None:
    (line,) = mistakes(tmp_path, "a = " + "[" * 5000)
    assert line.startswith("pack.toml")


def test_a_mistyped_key_is_met_with_the_one_that_was_meant(tmp_path: Path) -> None:
    text = f"{HEAD}[pictures]\nlongest_side_px = [1024]\nqualty = 80\n"
    assert mistakes(tmp_path, text) == ["pack.toml, line 6: qualty: unknown key; did you mean quality?"]


def test_lines_are_counted_past_values_of_many_lines(tmp_path: Path) -> None:
    text = 'title = "a"\ntext = """\naudience = 1\n[x]"""\nselection = [\n  "*", # ]\n]\n'
    assert mistakes(tmp_path, f"{text}audience = 1\r\n'date' = 3\r\n") == [
        "pack.toml, line 8: audience: unknown value (1); use internal, press, public, research or archive",
        "pack.toml, line 9: date: not a day (3); write it without quotes, as 2026-01-31",
    ]


def test_every_key_of_a_recipe_file_is_a_field_of_the_recipe() -> None:
    of_recipe = {field.name for field in fields(PackRecipe)} | {"override"}
    translations = (*translated_keys("title"), *translated_keys("text"))
    assert RecipeTable.model_fields.keys() - {*translations} <= of_recipe, "a key that is no field would be lost"
