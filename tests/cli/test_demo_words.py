"""What `demo` prints to try next can be typed as it stands."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from flows.cli.demo import command, store_option
from flows.cli.shared_options import STORE


@click.command()
@STORE
def told(store_folder: Path) -> None:
    click.echo(f"browse{store_option(store_folder)}")


def test_a_store_that_other_commands_would_not_find_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CliRunner().invoke(told, []).output == "browse\n"
    assert CliRunner().invoke(told, ["--store", "my store"]).output == "browse --store 'my store'\n"
    monkeypatch.setenv("MARSMEDIA_STORE", "elsewhere")
    assert CliRunner().invoke(told, []).output == "browse\n"


def test_the_command_is_named_as_the_shell_finds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / ".venv/bin/marsmedia"
    installed.parent.mkdir(parents=True)
    installed.write_text("")
    installed.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.executable", str(installed.with_name("python")))
    monkeypatch.setenv("PATH", "/nowhere")
    assert command() == ".venv/bin/marsmedia"
    monkeypatch.setenv("PATH", str(installed.parent))
    assert command() == "marsmedia"
