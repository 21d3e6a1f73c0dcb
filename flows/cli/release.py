"""`marsmedia release`: write and check what a release's agency says about its files."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from flows.cli.common import counted
from flows.cli.shared_options import FORCE
from processors.sources.scan import printable


@click.group()
def release() -> None:
    """Describe a release: what its agency says of each file.

    \b
    marsmedia release init raw/june --mission tianwen-1
    marsmedia release check raw/june
    """


@release.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--mission", help="Name of a mission profile, such as tianwen-1.")
@FORCE
def init(folder: Path, mission: str | None, force: bool) -> None:
    """Write a template FOLDER/release.toml that lists the files in FOLDER.

    \b
    marsmedia release init raw/june --mission tianwen-1
    """
    from processors.metadata.release_template import template

    target = folder / "release.toml"
    if not folder.is_dir():
        raise click.UsageError(f"{folder}: no such folder")
    if target.exists() and not force:
        raise click.UsageError(f"{target}: already exists; edit it, or replace it with --force")
    try:
        text = template(folder, mission=mission)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    target.write_text(text, encoding="utf-8")
    click.echo(f"wrote {target}; fill in what the agency says and remove the rest")


@release.command()
@click.argument("folder", type=click.Path(path_type=Path))
def check(folder: Path) -> None:
    """Check FOLDER/release.toml and name every mistake with its line.

    Exit code 1 if there is a mistake.

    \b
    marsmedia release check raw/june
    """
    from processors.metadata.release_file import read_release

    described = read_release((folder / "release.toml").read_bytes())
    mistakes = [(problem.line, str(problem)) for problem in described.problems]
    mistakes += [
        (line, f"release.toml, line {line}: {path!r} is not in the release")
        for path, line in described.lines.items()
        if not (folder / path).is_file()
    ]
    for _, mistake in sorted(mistakes):
        click.echo(printable(mistake))
    if not mistakes:
        click.echo(f"{folder / 'release.toml'}: {counted(len(described.files), 'file')} described, no mistakes")
    sys.exit(1 if mistakes else 0)
