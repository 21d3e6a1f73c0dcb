"""A checkout's `flows` with few recipes, so that tests of the command are quick and count the same results always."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from flows.cli.main import main

PROJECT = Path(__file__).resolve().parents[2]

FEW_RECIPES = """
from all_recipes import ON_REQUEST as MORE, RECIPES as ALL
from processors.audio.spectrogram.spectrogram_picture import SpectrogramPicture
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.metadata import Metadata
from processors.photo.photo_preview import PhotoPreview
from processors.video.frames.contact_sheet import ContactSheet
from processors.video.frames.frames import Frames

RECIPES = {
    "video": (Metadata(), Frames(every_seconds=1.0), ContactSheet(), Spectrogram(), SpectrogramPicture()),
    "audio": (Metadata(), Spectrogram(), SpectrogramPicture()),
    "photo": (Metadata(), PhotoPreview()),
}
ON_REQUEST = {medium: (*ALL[medium], *MORE[medium]) for medium in ALL}
"""


def write_checkout(folder: Path) -> Path:
    """Copy `flows` and give it few recipes; all others can be asked for."""
    shutil.copytree(PROJECT / "flows", folder / "flows", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "flows/recipes.py").rename(folder / "all_recipes.py")
    (folder / "flows/recipes.py").write_text(FEW_RECIPES)
    return folder


def command_line(*arguments: str | Path) -> list[str]:
    """The command line; where `flows` comes from is said by `PYTHONPATH`, not by the folder it runs in."""
    return [sys.executable, "-P", "-m", "flows.cli", *map(str, arguments)]


def in_this_process(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command as shipped, with all recipes, where the libraries are loaded already: saves a second a call."""
    run = CliRunner().invoke(main, [str(word) for word in arguments], prog_name="marsmedia")
    return subprocess.CompletedProcess(arguments, run.exit_code, run.stdout, run.stderr)
