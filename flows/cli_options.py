"""Options that many commands have."""

from __future__ import annotations

from pathlib import Path

import click

STORE = click.option(
    "--store", "store_folder", type=click.Path(path_type=Path), default=Path("processed"), show_default=True,
    help="Folder of the processed store.",
)  # fmt: skip
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
