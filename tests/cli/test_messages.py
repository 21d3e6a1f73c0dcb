"""What the command says when it cannot start, and in its help."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from processors.store.store import Store
from tests.conftest import PROJECT, Run
from tests.helpers.interrupting import interrupt_reader
from tests.helpers.made_media import MediaMaker


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ingest", "nowhere"], "nowhere: no such folder; create it and put a release into it, or choose another one"),
        (["ingest", "pyproject.toml"], "pyproject.toml: not a folder; name the folder that holds the release"),
        (["ingest", "tests", "--store", "tests/store"], "the store tests/store is inside tests"),
        (["ingest", "tests", "--store", "Makefile/store"], "Makefile/store: the store cannot be opened"),
        (["status", "--store", "nowhere"], "no store found at nowhere; run `marsmedia ingest` or pass --store"),
        (["ingest", "--workers", "0"], "0 is not in the range"),
        (["ingets"], "No such command 'ingets'"),
        (["query", "", "--store", "STORE"], "0 statements; give exactly one"),
        (["items", "processor=nope", "--store", "STORE"], "no source matches the selection"),
    ],
)
def test_a_command_that_cannot_start_says_why_in_one_line(
    marsmedia: Run, tmp_path: Path, arguments: list[str], message: str
) -> None:
    run = marsmedia(*[str(Store(tmp_path / "store").root) if word == "STORE" else word for word in arguments])
    assert run.returncode in (1, 2)
    assert message in run.stderr
    assert "Traceback" not in run.stderr


def test_help_answers_at_once_and_shows_examples(marsmedia: Run) -> None:
    for command in ("ingest", "show", "items", "why", "query"):
        run = marsmedia(command, "--help")
        assert run.returncode == 0
        assert f"marsmedia {command} " in run.stdout.partition("Options:")[0]


def test_a_mistake_in_the_recipes_is_one_line_that_names_the_file(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.photo("photo.jpg")
    copy = tmp_path / "checkout"
    shutil.copytree(PROJECT / "flows", copy / "flows")
    recipes = copy / "flows/recipes.py"
    recipes.write_text(recipes.read_text().replace("every_seconds=1.0", "every_seconds=0"))
    environment = {**os.environ, "PYTHONPATH": f"{copy}:{PROJECT}"}
    command = [sys.executable, "-m", "flows.cli", "ingest", str(raw), "--store", str(tmp_path / "store")]
    run = subprocess.run(command, env=environment, cwd=copy, capture_output=True, text=True, check=False)
    begun, *told = run.stderr.splitlines()
    assert begun == f"marsmedia: a new store was begun in {tmp_path}/store"
    assert (run.returncode, told) == (2, ["marsmedia: flows/recipes.py: every_seconds is 0: must be above 0"])


@pytest.mark.parametrize("words", [["status"], ["pack", "*", "-o", "june"]])
def test_ctrl_c_at_the_beginning_of_a_command_is_one_line(tmp_path: Path, words: list[str]) -> None:
    os.mkfifo(tmp_path / "marsmedia.toml")  # the command waits for what it says
    command = subprocess.Popen(
        [sys.executable, "-m", "flows.cli", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    with (tmp_path / "marsmedia.toml").open("wb"):
        interrupt_reader(command)
    told = command.communicate(timeout=60)
    assert (command.returncode, told) == (130, ("", "marsmedia: interrupted; run the same command again\n"))
