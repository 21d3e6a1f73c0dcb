"""The table of commands, their help, and their options."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner
from prefect import Flow

from flows.cli.main import ALIASES, COMMANDS, load, main
from flows.ingest import ingest
from flows.reprocess import reprocess
from flows.run.options import Options
from flows.verify import verify

HELP = {name: text for commands in COMMANDS.values() for name, text in commands.items()}


def every_command(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield words
    if isinstance(command, click.Group):
        for name in command.commands:
            found = command.get_command(click.Context(command), name)
            assert found
            yield from every_command(found, (*words, name))


@pytest.mark.parametrize("name", HELP)
def test_each_command_is_in_the_file_of_its_name_and_has_the_help_of_the_table(name: str) -> None:
    command = load(name)
    assert isinstance(command, click.Command)
    assert command.name == name
    assert command.get_short_help_str(limit=200) == HELP[name]


def test_each_file_of_a_command_is_in_the_table() -> None:
    folder = Path(inspect.getfile(load)).parent
    declared = {path.stem for path in folder.glob("*.py") if "\n@click." in path.read_text()} - {"main"}
    assert declared == {name.replace("-", "_") for name in HELP}


@pytest.mark.parametrize("words", list(every_command(main)), ids=" ".join)
def test_help_is_whole_at_80_columns(words: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(main, [*words, "--help"], terminal_width=80)
    assert shown.exit_code == 0
    assert [line for line in shown.output.splitlines()[1:] if len(line) > 80 or line.endswith("...")] == []


@pytest.mark.parametrize("name", HELP)
def test_the_help_of_a_command_shows_an_example(name: str) -> None:
    shown = CliRunner().invoke(main, [name, "--help"])
    assert f"  marsmedia {name}" in shown.output.partition("Options:")[0]


def test_an_earlier_name_of_a_command_still_works_and_is_not_listed() -> None:
    assert ALIASES == {"prove": "reproduce"}
    assert CliRunner().invoke(main, ["prove", "--help"]).output.startswith("Usage: main prove [OPTIONS] SELECTION|PACK")
    assert "prove" not in main.list_commands(click.Context(main))


def test_a_mistyped_command_is_answered_with_the_nearest() -> None:
    answer = CliRunner().invoke(main, ["ingets"])
    assert answer.exit_code == 2
    assert "No such command 'ingets'." in answer.output
    assert "ingest" in answer.output


def test_the_shell_completes_commands_and_options() -> None:
    complete = ShellComplete(main, {}, "marsmedia", "_MARSMEDIA_COMPLETE")
    assert [one.value for one in complete.get_completions([], "re")] == ["rebuild", "release", "reprocess", "reproduce"]
    assert [one.value for one in complete.get_completions(["ingest"], "--ret")] == ["--retry-failed"]
    assert [one.value for one in complete.get_completions(["pack"], "v")] == ["verify"]


def test_the_package_runs_as_the_command() -> None:
    run = subprocess.run([sys.executable, "-m", "flows.cli", "-h"], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("Usage: marsmedia [OPTIONS] COMMAND [ARGS]...\n")


@pytest.mark.parametrize("flow", [ingest, reprocess, verify], ids=lambda flow: flow.name)
def test_the_options_of_a_flow_have_the_defaults_of_a_run(flow: Flow[..., Any]) -> None:
    written: Any = flow.fn  # its signature is the form's
    own = dict(zip(written.__code__.co_varnames, written.__defaults__, strict=False))
    shared = [name for name in inspect.signature(Options).parameters if name in own]
    assert "workers" in shared
    assert [own[name] for name in shared] == [getattr(Options(), name) for name in shared]


def test_options_of_a_run_are_the_same_on_the_command_line_and_in_the_form() -> None:
    form = ingest.parameters.properties
    options = {option.name: option for option in load("ingest").params if isinstance(option, click.Option)}
    shared = options.keys() & inspect.signature(Options).parameters.keys()
    assert len(shared) == 12
    assert all(form[str(name)]["description"].startswith(options[name].help) for name in shared)
    workers, integer = options["workers"].type, form["workers"]
    assert isinstance(workers, click.IntRange)
    assert (workers.min, workers.max) == (1, 256)
    assert (integer["minimum"], integer["maximum"], integer["default"]) == (0, 256, 0)  # 0 is what stays unset
    assert integer["description"] == "Number of worker processes. 0: one per processor core."


def test_a_reader_that_has_heard_enough_is_no_fault(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-P", "-m", "flows.cli", "mars-time", "2021-05-22T00:00:00Z"]
    ended = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (ended.returncode, ended.stderr) == (1, b"")
