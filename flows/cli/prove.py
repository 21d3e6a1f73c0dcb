"""`marsmedia prove`: makes results again from their sources and says whether they come out the same."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from flows.cli.look import open_store
from flows.run.options import Options
from flows.run.reproduce import VERDICTS
from flows.run.reproduce import reproduce as made_again
from processors.errors import RequestError
from processors.packs.registry import results_of
from processors.sources.scan import printable
from processors.store.catalogue import Catalogue
from processors.store.manifest import Manifest
from processors.store.selection import parse, select
from processors.store.store import Store


def prove(words: Sequence[str], folder: Path, *, options: Options, as_json: bool) -> int:
    """Tell of each result; 1 where one is different or could not be made again."""
    store = open_store(folder)
    counts: Counter[str] = Counter()
    for one in made_again(_meant(words, store), store, options):
        counts[one.verdict] += 1
        if as_json:
            click.echo(json.dumps(asdict(one), ensure_ascii=False))
        else:
            why = f": {one.reason}" if one.reason else ""
            click.echo(printable(f"{one.verdict}: {one.source_name} {one.processor}{why}"))
    if not as_json:
        click.echo(", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS))
    return 1 if counts["different"] or counts["not rebuilt"] else 0


def _meant(words: Sequence[str], store: Store) -> list[Manifest]:
    """The made results of one pack, or of a selection."""
    packed = results_of(store, words[0]) if len(words) == 1 else []
    if packed:
        return [store.manifest(ref) for ref in packed]
    selection = parse(words)
    sources = {row.digest for row in select(selection, Catalogue(store))}
    found = [
        manifest
        for digest in sorted(sources)
        for manifest in store.manifests(digest)
        if manifest.verdict == "made" and selection.processor in (None, manifest.ref.processor)
    ]
    if not found:
        raise RequestError(f"{' '.join(words)}: nothing was made of that: `marsmedia items` lists what was")
    return found
