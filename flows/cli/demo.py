"""`marsmedia demo`: the built-in sample release, from writing it to looking at its results."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from shlex import quote

import click
from click.core import ParameterSource

from flows.cli.ingest import ingest_folder
from flows.cli.shared_options import STORE
from flows.run.options import Options

LOOK_AT = {
    "descent.mp4/video.contact_sheet/contact_sheet.jpg": "the descent, three cameras",
    "drive-off.mp4/audio.spectrogram_picture/spectrogram.png": "motor hum, wheel impacts, wind",
    "rear-camera-tracks.png/photo.preview/preview_1024.jpg": "wheel tracks",
    "descent.mp4/video.frames/frames.csv": "every kept frame with its presentation time",
    "descent.mp4/metadata/metadata.json": "the file's own metadata",
}


@click.command()
@click.option(
    "--raw",
    type=click.Path(path_type=Path),
    default=Path("raw"),
    show_default=True,
    help="Folder to write the sample release into.",
)
@STORE
def demo(raw: Path, store_folder: Path) -> None:
    """Write the built-in sample release into RAW and ingest it.

    The release is synthetic: what its videos, sounds and photos show is known exactly.

    \b
    marsmedia demo
    marsmedia demo --raw /tmp/raw --store /tmp/store
    """
    from processors.errors import RequestError
    from processors.sample import write_release
    from processors.store.by_name_view import safe_name
    from processors.store.open_store import is_address

    if is_address(store_folder):
        raise RequestError("the sample is made in a folder; then `marsmedia ingest --store s3://...` makes it again")
    folder = raw / "sample-release"
    click.echo(f"writing the synthetic sample release to {folder} ...", err=True)
    write_release(folder)
    code = ingest_folder(raw, store_folder, Options(quiet=False))
    view = store_folder / "by-name" / safe_name("sample-release")
    click.echo("\nlook at:")
    for path, what in LOOK_AT.items():
        if (view / path).exists():
            click.echo(f"  {view / path}  ({what})")
    click.echo("then try:")
    for words in ("browse", "show descent.mp4", "why descent.mp4"):
        click.echo(f"  {command()} {words}{store_option(store_folder)}")
    sys.exit(code)


def command() -> str:
    """Return how the shell finds this command: by its name, else by its path, as before a checkout's `activate`."""
    installed = Path(sys.executable).with_name("marsmedia")
    return "marsmedia" if shutil.which("marsmedia") or not installed.exists() else os.path.relpath(installed)


def store_option(store_folder: Path) -> str:
    """Return the option that names this store; empty if other commands find it without."""
    source = click.get_current_context().get_parameter_source("store_folder")
    return f" --store {quote(str(store_folder))}" if source is ParameterSource.COMMANDLINE else ""
