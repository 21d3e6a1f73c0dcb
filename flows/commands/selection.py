"""Finds the sources and results that a person means."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from processors.store.catalogue import SourceRow


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Every set field narrows."""

    sources: frozenset[str] | None = None
    """Digests."""
    medium: str | None = None
    processor: str | None = None
    release: str | None = None


def find_source(word: str, rows: Sequence[SourceRow]) -> SourceRow:
    """The one source that is meant by a path, a name or the first characters of a digest.

    Raises
    ------
    click.ClickException : none is, or several are; the message names them.
    """
    place = os.path.realpath(word)
    found = [row for row in rows if row.path == place or row.path == str(Path(word).absolute())]
    found = found or [row for row in rows if word in (row.name, row.relative)]
    if not found and re.fullmatch(r"[0-9a-f]{4,64}", word):
        found = [row for row in rows if row.digest.startswith(word)]
    if not found:
        raise click.ClickException(f"{word}: no such source in the store: `marsmedia items` lists what there is")
    if len({row.digest for row in found}) > 1:
        choices = ", ".join(sorted(f"{row.relative} ({row.digest[:8]})" for row in found)[:10])
        raise click.ClickException(f"{word}: several sources are called that: {choices}: use the digest")
    return found[0]


def parse(words: Sequence[str], rows: Sequence[SourceRow]) -> Selection:
    """Read the words of a selection; raises `click.ClickException` for one that means nothing."""
    fields: dict[str, str] = {}
    digests: set[str] = set()
    for word in words:
        name, equals, value = word.partition("=")
        if equals and name in ("medium", "processor", "release"):
            fields[name] = value
        else:
            digests.add(find_source(word, rows).digest)
    if fields.get("medium", "video") not in ("video", "audio", "photo"):
        raise click.ClickException(f"medium={fields['medium']}: must be video, audio or photo")
    return Selection(sources=frozenset(digests) or None, **fields)
