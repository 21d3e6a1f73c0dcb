"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

STORE = click.option(
    "--store", "store_folder", type=click.Path(path_type=Path), default=Path("processed"), show_default=True,
    help="Folder of the processed store.",
)  # fmt: skip
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
WORKERS = click.option(
    "--workers", type=click.IntRange(1, 256), help="Processes that decode.  [default: one for each core]"
)
MEMORY = click.option(
    "--memory-mb", type=click.IntRange(300), help="Memory that one file may use.  [default: up to 4000]"
)
TIME = click.option(
    "--time-limit-factor", type=click.FloatRange(0.1, 1000), default=1.0, show_default=True,
    help="Multiply the time that one file may take; the limit grows with its size and duration.",
)  # fmt: skip
QUIET = click.option("--quiet", is_flag=True, help="No progress bar.")
RETRY = click.option("--retry-failed", is_flag=True, help="Try again what failed in an earlier run.")
