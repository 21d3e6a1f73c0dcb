"""`marsmedia query`: SQL over the catalogue."""

from __future__ import annotations

import json
from pathlib import Path

import click

from flows.cli.common import open_store
from flows.cli.shared_options import JSON, STORE
from processors.sources.scan import printable


@click.command()
@click.argument("sql")
@STORE
@JSON
def query(sql: str, store_folder: Path, as_json: bool) -> None:
    """Query the catalogue with SQL.

    SQL is one statement of DuckDB; it can read nothing but the tables sources, results, items and known.
    `known` has one row for each source: medium, camera, event, first_sol, last_sol, earliest_utc,
    latest_utc, mission, title, disagreement_count, audit, and more.

    \b
    marsmedia query "SELECT medium, count(*) FROM sources GROUP BY medium"
    marsmedia query "SELECT name, event FROM known
      WHERE 32 BETWEEN first_sol AND last_sol"
    marsmedia query "SELECT name, facts->>'time_seconds' FROM items
      WHERE processor = 'video.frames'"
    """
    import duckdb

    from processors.store.catalogue import Catalogue
    from processors.store.sql import connect

    with connect(Catalogue(open_store(store_folder))) as connection:
        try:
            statements = connection.extract_statements(sql)
            if len(statements) != 1:
                raise click.ClickException(f"{len(statements)} statements; give exactly one")
            answer = connection.execute(statements[0])
            columns = [column[0] for column in answer.description or []]
            rows = answer.fetchall()
        except duckdb.Error as error:
            raise click.ClickException(str(error)) from error
    if as_json:
        for row in rows:
            click.echo(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False, default=str))
        return
    click.echo("\t".join(columns))
    for row in rows:
        click.echo("\t".join("" if value is None else printable(str(value)) for value in row))
