"""`marsmedia items`: the items of selected sources."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows.cli.common import open_store, print_json
from flows.cli.shared_options import JSON, SELECTION, STORE
from processors.errors import RequestError
from processors.sources.scan import printable
from processors.store.manifest import ResultRef

if TYPE_CHECKING:
    from processors.store.catalogue import SourceRow
    from processors.store.store import Store


@click.command()
@SELECTION
@STORE
@JSON
def items(selection: tuple[str, ...], store_folder: Path, as_json: bool) -> None:
    """List the items of the selected sources.

    Every word of SELECTION narrows the list; several sources widen it. A word is

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
      sql='duration_seconds > 60'
                        condition on the view `known` (marsmedia query --help)

    \b
    marsmedia items medium=video processor=video.frames
    marsmedia items sol=10..40 camera=rear
    marsmedia items descent.mp4 --json
    """
    from processors.store.catalogue import Catalogue
    from processors.store.selection import parse, select
    from processors.store.sql import connect

    store = open_store(store_folder)
    catalogue = Catalogue(store)
    wanted = parse(selection)
    rows = {row.digest: row for row in select(wanted, catalogue)}
    with connect(catalogue) as connection:
        places = [[row.path for row in rows.values()], list(rows)]
        connection.execute("CREATE TABLE places AS SELECT unnest(?) AS path, unnest(?) AS source", places)
        connection.execute(
            "CREATE TABLE wanted AS SELECT source, evidence_key FROM places JOIN sightings USING (path, source)"
        )
        asked = (
            "SELECT items.* FROM items JOIN wanted USING (source) WHERE processor = coalesce(?, processor) "
            "AND (processor <> 'evidence' OR key = evidence_key)"
        )
        found = connection.execute(f"{asked} ORDER BY source, processor, key, name", [wanted.processor])
        columns = [column[0] for column in found.description]
        some = False
        while batch := found.fetchmany(1000):
            some = True
            for values in batch:
                item = dict(zip(columns, values, strict=True))
                _tell_item(item, rows[item["source"]], store, as_json=as_json)
    if wanted.processor is not None and not some:
        raise RequestError(f"processor={wanted.processor}: the selected sources have no items of this processor")


def _tell_item(item: dict[str, Any], row: SourceRow, store: Store, *, as_json: bool) -> None:
    path = store.item_path(ResultRef(source=row.digest, processor=item["processor"], key=item["key"]), item["name"])
    if not as_json:
        click.echo(f"{printable(row.name)}  {item['processor']}  {path}")
        return
    item |= {"source_name": row.name, "release": row.release, "path": str(path), "facts": json.loads(item["facts"])}
    print_json(item)
