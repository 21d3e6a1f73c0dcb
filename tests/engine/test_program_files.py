"""The digest of the program's files: what changes it, and what does not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from processors.engine.program_files import digest_of_program


def program(folder: Path) -> Path:
    """A package of a module, a table and a page."""
    (folder / "package/inner").mkdir(parents=True)
    (folder / "package/inner/module.py").write_text("VERSION = 1\n")
    (folder / "package/table.toml").write_text("a = 1\n")
    (folder / "package/page.html").write_text("<p>\n")
    return folder / "package"


def test_copies_at_another_place_and_time_have_the_same_digest(tmp_path: Path) -> None:
    one, other = program(tmp_path / "one"), program(tmp_path / "other")
    os.utime(other / "table.toml", (0, 0))
    assert digest_of_program([one]) == digest_of_program([other])


@pytest.mark.parametrize(
    "name", ["page.html", "inner/__pycache__/module.py", ".hidden/module.py", "inner/.#module.py", "module.py~"]
)
def test_files_that_are_no_code_do_not_count(tmp_path: Path, name: str) -> None:
    one, other = program(tmp_path / "one"), program(tmp_path / "other")
    (other / name).parent.mkdir(exist_ok=True)
    (other / name).write_text("other\n")
    assert digest_of_program([one]) == digest_of_program([other])


@pytest.mark.parametrize("name", ["inner/module.py", "table.toml", "inner/new.py"])
def test_a_changed_or_new_file_changes_the_digest_unless_it_is_left_out(tmp_path: Path, name: str) -> None:
    one, other = program(tmp_path / "one"), program(tmp_path / "other")
    (other / name).write_text("VERSION = 2\n")
    assert digest_of_program([one]) != digest_of_program([other])
    assert digest_of_program([one], without=[one / name]) == digest_of_program([other], without=[other / name])


def test_a_moved_file_changes_the_digest(tmp_path: Path) -> None:
    one, other = program(tmp_path / "one"), program(tmp_path / "other")
    (other / "inner/module.py").rename(other / "module.py")
    assert digest_of_program([one]) != digest_of_program([other])
