"""A pack says which photos it has in fewer pixels than they were released with, unless that was asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from processors.engine.wanted_results import Recipes
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.photo.photo_preview import PhotoPreview
from tests.helpers.command import in_this_process
from tests.helpers.runs import ingest

RECIPES: Recipes = {"photo": (Metadata(), Evidence(), PhotoPreview(longest_sides_px=(32, 64)))}
HEAD = 'title = "June"\naudience = "press"\nselection = ["*"]\n'


@pytest.fixture(autouse=True)
def june(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A release of photos of 200 and 50 px."""
    monkeypatch.chdir(tmp_path)
    Path("raw/june").mkdir(parents=True)
    Image.new("RGB", (150, 200), (90, 60, 40)).save("raw/june/big.png")
    Image.new("RGB", (50, 40), (40, 60, 90)).save("raw/june/small.png")
    Path("raw/june/release.toml").write_text('title = "June"\nredistribute = true\n')
    ingest(Path("raw"), Path("store"), RECIPES)


@pytest.mark.parametrize(
    ("more", "sides_px"),
    [
        ("", "[200]"),
        ("[pictures]\nlongest_side_px = [32, 128]\n", "[128]"),
        ("[pictures]\nlongest_side_px = [9000]\n", "[200]"),
        ("[pictures]\nlongest_side_px = [32, 64]\n", None),
        ('[pictures]\nlongest_side_px = [128]\naspect = "1:1"\nfit = "crop"\n', "[128]"),
        ('[pictures]\nlongest_side_px = [64]\naspect = "1:1"\nfit = "crop"\n', None),
        ('take = ["stills", "originals"]\n', None),
        ('take = ["metadata"]\n', None),
    ],
)
def test_photos_smaller_than_released_and_asked_for_are_named(more: str, sides_px: str | None) -> None:
    Path("pack.toml").write_text(HEAD + more)
    told = (
        "marsmedia: 1 photo is smaller in the pack than as released: june/big.png, 64 of 200 px: "
        f"`longest_sides_px = {sides_px}` under [photo.preview] in a file for --recipes makes it larger"
    )
    built = in_this_process("pack", "pack.toml", "-o", "out", "--store", "store")
    lines = [line for line in built.stderr.splitlines() if "smaller in the pack" in line]
    assert lines == ([told] if sides_px else [])
    found = json.loads(in_this_process("pack", "pack.toml", "-o", "out2", "--store", "store", "--json").stdout)
    expected = [{"relative": "june/big.png", "packed_px": 64, "released_px": 200}] if sides_px else []
    assert found["smaller_photos"] == expected


@pytest.mark.parametrize("fit", ["crop", "pad"])
def test_a_preview_of_full_size_is_not_smaller_in_another_shape(fit: str) -> None:
    ingest(Path("raw"), Path("store"), {"photo": (Metadata(), Evidence(), PhotoPreview(longest_sides_px=(200,)))})
    Path("pack.toml").write_text(f'{HEAD}[pictures]\nlongest_side_px = [4000]\naspect = "1:1"\nfit = "{fit}"\n')
    built = in_this_process("pack", "pack.toml", "-o", "out", "--store", "store")
    assert [line for line in built.stderr.splitlines() if "smaller in the pack" in line] == []


def test_the_advised_previews_of_a_very_wide_photo_are_made_as_jpeg() -> None:
    Image.new("RGB", (17_000, 40), (90, 60, 40)).save("raw/june/wide.png")
    ingest(Path("raw"), Path("store"), RECIPES)
    Path("pack.toml").write_text(HEAD.replace("*", "wide.png"))
    (line,) = in_this_process("pack", "pack.toml", "-o", "out", "--store", "store").stderr.splitlines()[-1:]
    assert "june/wide.png, 64 of 17000 px: `longest_sides_px = [320, 1024, 2048, 17000]`" in line
    advised = PhotoPreview(longest_sides_px=(320, 1024, 2048, 17_000))
    report = ingest(Path("raw"), Path("store"), {"photo": (Metadata(), Evidence(), advised)})
    assert not report.problems
    assert not in_this_process("pack", "pack.toml", "-o", "out2", "--store", "store").stderr.count(
        "smaller in the pack"
    )
