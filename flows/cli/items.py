"""`marsmedia items`: the items of selected sources."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows.cli.common import counted, open_existing_store, print_json, print_remarks
from flows.cli.printing.print_table import aligned, size
from flows.cli.shared_options import JSON, SELECTION, STORE
from processors.errors import RequestError
from processors.sources.scan import printable
from processors.store.by_name_view import ByNameEntry
from processors.store.manifest import ResultRef
from processors.well_known_names import EVIDENCE

if TYPE_CHECKING:
    from flows.run.recipe_changes.names_in_view import NamesInView
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.catalogue.source_row import SourceRow
    from processors.store.store import Store

MIN_SERIES = 3
"""Fewer items whose names differ only in a number are listed one by one."""
NO_PATHS = "items in a bucket are no files: `marsmedia fetch SELECTION -o FOLDER` makes files of them"


@click.command()
@SELECTION
@click.option("--paths", is_flag=True, help="Print only the path of each item, for another program.")
@STORE
@JSON
def items(selection: tuple[str, ...], paths: bool, store_folder: Path, as_json: bool) -> None:
    """List the items of the selected sources.

    Items that are numbered, such as frames, are one line. Every word of SELECTION narrows the list;
    several sources widen it. A word is

    \b
      a source          path, name, pattern such as '*.mp4', or first
                        characters of a digest
      processor=NAME    items of this processor only
      medium=           video, audio or photo
      release=NAME
      mission=NAME
      sol=32            or sol=10..40
      event=NAME
      camera=PART       part of the camera's name
      date=2021-06      overlaps this time
      redistribute=true what may be passed on; false: what is forbidden, or
                        has no stated permission
      sql='duration_seconds > 60'
                        condition on the view `known` (marsmedia query --help)

    \b
    marsmedia items medium=video processor=video.frames
    marsmedia items sol=10..40 camera=rear
    marsmedia items descent.mp4 --json
    """
    from flows.run.recipe_changes.names_in_view import NamesInView
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.catalogue.selection import find_selected, parse

    store = open_existing_store(store_folder)
    catalogue = Catalogue(store)
    wanted = parse(selection)
    if paths and not store.is_in_folder:
        raise RequestError(NO_PATHS)
    found = find_selected(wanted, catalogue)
    print_remarks(found.remarks)
    rows = {row.digest: row for row in found.rows}
    names = NamesInView(rows.values(), store, catalogue)
    count = 0
    for digest, of_source in groupby(_items_of(rows, wanted.processor, catalogue), key=lambda item: item["source"]):
        row, listed = rows[digest], list(of_source)
        count += len(listed)
        if as_json:
            for item in listed:
                print_json(_record(item, row, store))
        elif paths:
            for item in listed:
                click.echo(str(_path(item, store)))
        else:
            _print_source(row, listed, store, names)
    if wanted.processor is not None and not count:
        raise RequestError(f"processor={wanted.processor}: the selected sources have no items of this processor")


def _items_of(rows: dict[str, SourceRow], processor: str | None, catalogue: Catalogue) -> Iterator[dict[str, Any]]:
    """Yield the items of these sources in order, of one processor or of all; of evidence, those of the same paths."""
    from processors.store.catalogue.catalogue import NAMED_AT_MOST, among
    from processors.store.catalogue.sql import connect

    few = among("source", rows) if len(rows) <= NAMED_AT_MOST else "TRUE"
    is_planned = all(row.evidence_key for row in rows.values())
    with connect(catalogue, has_statements=not is_planned) as connection:
        connection.execute(
            "CREATE TABLE wanted AS SELECT unnest(?::VARCHAR[]) AS source, unnest(?::VARCHAR[]) AS path, "
            "unnest(?::VARCHAR[]) AS evidence_key",
            [list(rows), [row.path for row in rows.values()], [row.evidence_key for row in rows.values()]],
        )
        if not is_planned:
            connection.execute(
                "UPDATE wanted SET evidence_key = s.evidence_key FROM sightings s "
                "WHERE wanted.source = s.source AND wanted.path = s.path AND wanted.evidence_key IS NULL"
            )
        found = connection.execute(
            "SELECT items.* FROM items JOIN wanted USING (source) WHERE processor = coalesce(?, processor) "
            f"AND (processor <> '{EVIDENCE}' OR key = evidence_key) AND {few} ORDER BY source, processor, key, name",
            [processor],
        )
        columns = [column[0] for column in found.description]
        for batch in iter(lambda: found.fetchmany(1000), []):
            for values in batch:
                yield dict(zip(columns, values, strict=True))


def _path(item: dict[str, Any], store: Store) -> Path:
    ref = ResultRef(source=item["source"], processor=item["processor"], key=item["key"])
    return store.item_path(ref, item["name"])


def _record(item: dict[str, Any], row: SourceRow, store: Store) -> dict[str, Any]:
    return item | {
        "source_name": row.name,
        "release": row.release,
        "path": str(_path(item, store)) if store.is_in_folder else None,
        "facts": json.loads(item["facts"]),
    }


def _split(
    series: dict[tuple[str, str], list[dict[str, Any]]],
) -> Iterator[tuple[tuple[str, str], list[dict[str, Any]]]]:
    """Yield series of at least MIN_SERIES items as they are, and the items of others one by one."""
    for (result, name), same in series.items():
        if len(same) >= MIN_SERIES:
            yield (result, name), same
        else:
            yield from (((result, item["name"]), [item]) for item in same)


def _print_source(row: SourceRow, listed: list[dict[str, Any]], store: Store, names: NamesInView) -> None:
    """Print the folder of a source, and a line for each item or each series of numbered ones."""
    folder = ByNameEntry.at(row.relative, row.release).links_folder(store)
    series: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for item in listed:
        ref = ResultRef(source=item["source"], processor=item["processor"], key=item["key"])
        result = names.of(row, ref) or f"{ref.processor}~{ref.key[:8]}"
        series.setdefault((result, re.sub(r"[0-9]{4,}", "*", item["name"])), []).append(item)
    series = dict(_split(series))
    lines = [
        (
            f"{result}/{name if len(same) > 1 else same[0]['name']}",
            f"{len(same)} files" if len(same) > 1 else "",
            size(sum(item["size_bytes"] for item in same)),
        )
        for (result, name), same in series.items()
    ]
    total = size(sum(item["size_bytes"] for item in listed))
    click.echo(printable(f"{folder if folder.is_dir() else row.relative}: {counted(len(listed), 'item')}, {total}"))
    for line in aligned(lines, right=(1, 2), indent="  "):
        click.echo(line)
