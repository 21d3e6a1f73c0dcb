"""Commands and recipes of docs/press-pack.md and docs/archive.md are run as they are printed."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import bagit
import pytest

from processors.packs.recipe.pack_recipe import PackRecipe
from processors.packs.recipe.pack_recipe_file import read_recipe
from tests.conftest import PROJECT
from tests.helpers.pack_store import filled

DOCS = PROJECT / "docs"


def blocks(name: str, kind: str = "") -> list[str]:
    text = (DOCS / name).read_text(encoding="utf-8")
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [block for one, block in found if one == kind]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["press-pack.md", "archive.md"])
def test_every_command_of_the_page_works(name: str, tmp_path: Path) -> None:
    made = filled(tmp_path)
    video = next(row.digest for row in made.catalogue.sources().values() if row.medium == "video")
    made.pictures(video, "video.web", {"poster.jpg": (64, 36)})  # or the pack would have the made-up video copied
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "MARSMEDIA_STORE": "store"}
    for line in "".join(blocks(name)).splitlines():
        words = shlex.split(line, comments=True)
        command = [sys.executable, "-m", "flows.cli", *words[1:]]
        if words[1:3] not in (["pack", "init"], ["pack", "verify"]):
            command += ["--store", "store"]
        run = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert run.returncode == 0, f"{line}: {run.stderr}"
    for place in tmp_path.glob("june*/bagit.txt"):
        bagit.Bag(str(place.parent)).validate()


def test_the_recipe_of_the_page_is_one(tmp_path: Path) -> None:
    (text,) = blocks("archive.md", "toml")
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    recipe: PackRecipe = read_recipe(tmp_path / "a.toml", ())
    assert recipe.audience == "archive"
    assert recipe.bag_info is not None
    assert dict(recipe.bag_info.lines())["Internal-Sender-Identifier"] == "TW1-2021-06"
