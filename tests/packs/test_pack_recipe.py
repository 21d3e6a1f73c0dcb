"""A pack's recipe is checked whole: every mistake is listed with its line, and the template has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from processors.errors import RequestError
from processors.packs.contents.subject import Text
from processors.packs.recipe.pack_recipe import DEFAULT_TAKE, Highlight, Override, Pictures, Recipe, Signature
from processors.packs.recipe.recipe_file import read_recipe
from processors.packs.recipe.recipe_template import TEMPLATE

PROCESSORS = frozenset({"video.frames", "photo.enhanced"})


def read(folder: Path, text: str | bytes) -> Recipe:
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

[[override]]
source = "a.jpg"
who = "Li Hua"
why = "letter"
"""


def test_a_whole_recipe_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, WHOLE) == Recipe(
        title=Text(en="Wheel tracks", zh="车辙"),
        text=Text(en="Sixteen photos."),
        audience="press",
        selection=("medium=photo", "sol=1..20"),
        take=("originals", "photo.enhanced/*.jpg"),
        languages=("zh",),
        publisher="A museum",
        date="2026-01-31",
        web_address="https://example.org/packs/tracks/",
        pictures=Pictures(longest_side_px=(1024, 2048), picture_format="webp"),
        highlight=Highlight(seconds_each=2),
        signature=Signature(certificate=tmp_path / "chain.pem", key=tmp_path / "key.pem"),
        overrides=(Override(source="a.jpg", who="Li Hua", why="letter"),),
    )


def test_the_template_is_a_recipe_and_so_is_all_of_it(tmp_path: Path) -> None:
    assert read(tmp_path, TEMPLATE).take == DEFAULT_TAKE
    lines = [line.removeprefix("# ") for line in TEMPLATE.split("\n")[1:] if not line.startswith("# A pack's")]
    assert read(tmp_path, "\n".join(lines)).highlight == Highlight()


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
        "pack.toml, line 1: title is '': must be a text that is not empty",
        "pack.toml, line 2: audience is 'friends': must be one of internal, press, public",
        "pack.toml, line 3: selection means nothing: sol=x: must be a number or a range such as 10..40",
        "pack.toml, line 4: take has an entry that names the processor 'video.frame': there are photo.enhanced, "
        "video.frames",
        "pack.toml, line 5: colour: no such key; known are title, title_zh, text, text_zh, audience, selection, take, "
        "languages, publisher, date, web_address, pictures, highlight, signature, override",
        "pack.toml, line 6: date is 'yesterday': must be a day without quotes, as 2026-01-31",
        "pack.toml, line 8: longest_side_px has an entry that is 8: must be a whole number, 16 to 32768",
        "pack.toml, line 9: format is 'gif': must be one of jpeg, webp, png",
        "pack.toml, line 14: override: who is missing",
        "pack.toml, line 14: override: why is missing",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('audience = "public"\nselection = ["*"]', ["pack.toml, line 1: title is missing"]),
        ("", [f"pack.toml, line 1: {key} is missing" for key in ("audience", "selection", "title")]),
        ("title = \n", ["pack.toml, line 1: Invalid value"]),
        (b'title = "a"\nx = "\xff"', ["pack.toml, line 2: not UTF-8: save it as UTF-8"]),
        (HEAD.replace('"*"', ""), ["pack.toml, line 3: selection is []: must be a list with at least one entry"]),
        (f"{HEAD}pictures=3", ["pack.toml, line 4: pictures must be a section, written [name] on a line of its own"]),
        (f"{HEAD}[highlight]\nseconds_each=true",
         ["pack.toml, line 5: seconds_each is True: must be a number, 0.5 to 60"]),
        (f'{HEAD}[override]\nwho="x"', ["pack.toml, line 4: override must be written as [[override]]"]),
        (f'{HEAD}take=["film"]',
         ["pack.toml, line 4: take has an entry that is 'film': must be one of originals, stills, frames, contact "
          "sheets, spectrograms, clips, sound, web sound, metadata, or processor/pattern"]),
    ],
)  # fmt: skip
def test_a_mistake_is_told(tmp_path: Path, text: str | bytes, told: list[str]) -> None:
    assert mistakes(tmp_path, text) == told


def test_a_recipe_nested_without_end_is_told(tmp_path: Path) -> None:
    (line,) = mistakes(tmp_path, "a = " + "[" * 5000)
    assert line.startswith("pack.toml")
