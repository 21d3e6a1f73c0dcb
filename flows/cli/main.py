"""The command `marsmedia`: a table of its commands. Each is loaded from the file of its name when it is called."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from flows.cli.end_process import end_process
from flows.cli.folder_settings import settings_for

COMMANDS = {
    "Make results": {
        "demo": "Write the built-in sample release into RAW and ingest it.",
        "ingest": "Make everything that is due for the files below RAW.",
        "reprocess": "Make results again with other parameters.",
        "adopt": "Change a processor's parameters in flows/recipes.py.",
        "watch": "Ingest each release in RAW once its files stop changing.",
        "serve": "Run the schedules of prefect.yaml on this machine.",
    },
    "Look at the store": {
        "status": "Show what the store holds and how the last run ended.",
        "failures": "List files with problems, whose fault it is and what to do.",
        "show": "Show what is known about SOURCE.",
        "items": "List the items of the selected sources.",
        "why": "Explain why results are due or not, or where an item is from.",
        "query": "Query the catalogue with SQL.",
        "browse": "Write a page over the store and open it in a browser.",
        "processors": "List the processors, or the parameters of NAME.",
        "packs": "List the packs built from this store.",
        "fetch": "Copy the items of the selected sources into a folder.",
    },
    "Compare": {
        "diff": "Compare two results of PROCESSOR on SOURCE.",
        "reproduce": "Make results again from their sources and compare.",
        "links": "Find sources that share pictures or sound.",
        "duplicates": "Find footage that is repeated, within a video or in another.",
    },
    "Maintain the store": {
        "verify": "Hash every stored and raw file again and report changes.",
        "keep": "Protect results from `prune`.",
        "prune": "Remove results that no recipe requests and no pack holds.",
        "rebuild": "Rebuild the catalogue and the by-name view.",
    },
    "Share": {
        "pack": "Bundle selected items for someone.",
        "release": "Describe a release: what its agency says about each file.",
        "missions": "List the missions with a profile, or the events of NAME.",
        "mars-time": "Show the solar longitude, sol date and local time on Mars.",
    },
}
"""By heading, in the order of the help: each command with its one-line help, so that help loads none of them."""

ALIASES = {"prove": "reproduce"}
"""Earlier names, which still work."""


class _LazyGroup(click.Group):
    """Loads a command when it is called, and turns errors that a user can fix into one line and exit code 2."""

    def __init__(self, **attributes: Any) -> None:
        named = [click.Command(name, help=text) for part in COMMANDS.values() for name, text in part.items()]
        super().__init__(commands=named, **attributes)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        name = ALIASES.get(cmd_name, cmd_name)
        if name not in self.commands:
            return None
        command = load(name)
        ctx.default_map = {name: settings_for(command, name, Path.cwd())}
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for heading, commands in COMMANDS.items():
            with formatter.section(heading):
                formatter.write_dl([(f"{name:10}", text) for name, text in commands.items()])

    def main(self, args: Sequence[str] | None = None, *more: Any, **extra: Any) -> Any:
        try:
            return super().main(args, *more, **extra)
        except SystemExit as end:
            if args is None and isinstance(end.code, int | None):  # the command is all that this process does
                end_process(end.code or 0)
            raise

    def invoke(self, ctx: click.Context) -> Any:
        from processors.errors import RecipeError, RequestError, StoreError
        from processors.sources.scan import in_words

        try:
            return super().invoke(ctx)
        except (RecipeError, RequestError, StoreError, OSError) as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:  # a closed pipe: click ends quietly
                raise
            click.echo(f"marsmedia: {in_words(error)}", err=True)
        except KeyboardInterrupt as error:
            from flows.run.interrupt import EXIT_CODES, signal_of

            click.echo("marsmedia: interrupted; run the same command again", err=True)
            ctx.exit(EXIT_CODES[signal_of(error) or "SIGINT"])
        ctx.exit(2)
        return None


def load(name: str) -> click.Command:
    word = name.replace("-", "_")
    return getattr(import_module(f"flows.cli.{word}"), word)


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="marsmedia")
def main() -> None:
    """Released mission media in; exact frames, spectrograms and complete metadata out, with every loss reported.

    \b
    marsmedia demo                    process the built-in sample release
    marsmedia ingest                  process everything in raw/ into processed/
    marsmedia ingest ~/releases --store ~/store
    marsmedia show descent.mp4        what is known about one source
    marsmedia why descent.mp4         what is due, and why
    marsmedia pack medium=photo -o photos

    MARSMEDIA_STORE, MARSMEDIA_RAW and MARSMEDIA_RECIPES set the defaults of all commands, and so does
    marsmedia.toml in a folder, for commands started there. To complete words in Bash (or Zsh, Fish):

    \b
    eval "$(_MARSMEDIA_COMPLETE=bash_source marsmedia)"
    """
