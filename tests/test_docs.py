"""Every file that CONTRIBUTING and the pages name exists, and is the only one that the name can mean."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flows.recipes import ON_REQUEST, RECIPES
from processors.languages.language import translated_keys
from processors.metadata.release.release_model import FileTable, HeadTable

PROJECT = Path(__file__).resolve().parents[1]
NAMED = re.compile(r"(?:flows|processors|tests)/[a-z0-9_/]+\.(?:py|toml|json|jpg)")
MODULE = re.compile(r"[a-z0-9_/]+\.py\b")


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/processors.md"])
def test_files_named_in_the_docs_exist(page: str) -> None:
    names = set(NAMED.findall((PROJECT / page).read_text(encoding="utf-8")))
    assert names
    assert {name for name in names if not (PROJECT / name).is_file()} == set()


def test_each_module_named_in_contributing_is_one_file() -> None:
    files = [
        f"/{path.relative_to(PROJECT)}"
        for top in ("flows", "processors", "marsmedia", "benchmarks", "tests")
        for path in (PROJECT / top).rglob("*.py")
    ]
    names = set(MODULE.findall((PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8"))) - {"__init__.py"}
    meant = {name: [file for file in files if file.endswith(f"/{name}")] for name in names}
    assert len(names) > 50
    assert {name: found for name, found in meant.items() if len(found) != 1} == {}


def test_every_processor_has_a_row_on_the_page_of_processors() -> None:
    rows = re.findall(r"^\| (`.+?) \|", (PROJECT / "docs/processors.md").read_text(encoding="utf-8"), re.M)
    described = {name for row in rows for name in re.findall(r"`([a-z_.]+)`", row)}
    recipes = [recipe for book in (RECIPES, ON_REQUEST) for recipe in book.values()]
    assert {processor.name for recipe in recipes for processor in recipe} - described == set()


def test_rooms_drawn_in_contributing_are_the_rooms_of_the_code() -> None:
    house = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("```")[1]
    rooms = {
        p.name for top in ("flows", "processors") for p in (PROJECT / top).iterdir() if (p / "__init__.py").exists()
    }
    assert {room for room in rooms if f"{room}/" not in house} == set()


def test_keys_of_a_release_in_the_docs_are_those_that_are_read() -> None:
    rows = [
        line.split("|")[1:4]
        for line in (PROJECT / "docs/releases.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    ]
    for column, model in ((1, HeadTable), (2, FileTable)):
        told = {key for row in rows if row[column].strip() for key in re.findall(r"`(\w+)`", row[0])}
        translated = {one for key in told for one in translated_keys(key)}
        assert told == model.model_fields.keys() - translated
