"""Helpers of several commands: open a store, print JSON, count."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from processors.sources.scan import printable
from processors.store.bucket.bucket_traffic import Traffic
from processors.store.open_store import Location
from processors.store.open_store import open_store as open_any
from processors.store.store import Store

REMARKS_SHOWN = 20


def open_existing_store(location: Location) -> Store:
    """Open an existing store; a command that reads creates none."""
    return open_any(location, writes=False)


def no_such_folder(folder: Path, todo: str | None = None) -> str:
    """Return the message for a folder of releases that is not there.

    It names the folder of that name in raw where there is one; else what to do, if anything is known.
    """
    meant = Path(os.environ.get("MARSMEDIA_RAW", "raw")) / folder
    advice = f"did you mean {meant}?" if meant.is_dir() else todo
    return f"{folder}: no such folder{f'; {advice}' if advice else ''}"


def print_json(value: Any) -> None:
    """Print a value, which may hold records, as one line of JSON."""
    click.echo(json.dumps(value, ensure_ascii=False, default=asdict))


def counted(count: int, noun: str, *, zero: str = "0") -> str:
    """Return "1 fault" or "2 faults"."""
    return f"{count or zero} {noun}{'' if count == 1 else 's'}"


def megabytes(size_bytes: int) -> str:
    """Return a size as "12.3 MB"."""
    return f"{size_bytes / 1e6:.1f} MB"


def traffic_in_words(traffic: Traffic) -> str:
    """Return requests and bytes: `12 requests, 3.4 MB sent, 0.1 MB received`."""
    sent, received = megabytes(traffic.sent_bytes), megabytes(traffic.received_bytes)
    return f"{counted(traffic.requests, 'request')}, {sent} sent, {received} received"


def print_some(lines: Sequence[str], at_most: int, more: str, *, err: bool = False) -> None:
    """Print lines, one each; of those above a limit only their number, as `... and 3 more files`."""
    for line in lines[:at_most]:
        click.echo(line, err=err)
    if (left := len(lines) - at_most) > 0:
        click.echo(more.format(left), err=err)


def print_remarks(remarks: Sequence[str]) -> None:
    """Print the remarks on a selection, separate from the output."""
    lines = [f"marsmedia: {printable(one)}" for one in remarks]
    print_some(lines, REMARKS_SHOWN, "marsmedia: ... and {} more names of files that are elsewhere", err=True)


def print_note(note: str | None) -> None:
    """Print a note about the work, separate from its output."""
    if note:
        click.echo(f"marsmedia: {note}", err=True)
