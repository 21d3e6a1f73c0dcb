"""`marsmedia query`: SQL over the catalogue."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import click

from flows.cli.common import open_existing_store
from flows.cli.printing.print_table import aligned
from flows.cli.shared_options import JSON, STORE
from processors.sources.scan import printable

QUERIES = ("SELECT", "MULTI")
"""DuckDB's kinds of statements that only read; MULTI is a PIVOT. COPY could overwrite the catalogue's files."""


@click.command()
@click.argument("sql")
@STORE
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values.")
@JSON
def query(sql: str, store_folder: Path, as_csv: bool, as_json: bool) -> None:
    """Query the catalogue with SQL.

    The answer is aligned on a terminal, and separated by tabs elsewhere. SQL is one statement of
    DuckDB; it reads the tables sources, sightings, results, items, known and links, and nothing else.
    `known` has one row for each source: medium, camera, event, first_sol, last_sol, earliest_utc,
    latest_utc, mission, title, rights, redistribute, disagreement_count, audit, and more.
    In each of them `source` is the SHA-256 of a file; `key` names a result.
    `sources` has one row for each place at which a source was seen, also places it has left:
    count sources with `known`.

    \b
    marsmedia query "SELECT medium, count(*) FROM known GROUP BY medium"
    marsmedia query "SELECT name, event FROM known
      WHERE 32 BETWEEN first_sol AND last_sol"
    marsmedia query "SELECT k.name AS video, i.name AS frame,
      i.facts->>'time_seconds' AS seconds
      FROM items i JOIN known k USING (source)
      WHERE processor = 'video.frames'" --csv
    """
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.catalogue.sql import connect

    with connect(Catalogue(open_existing_store(store_folder))) as connection:
        import duckdb

        try:
            statements = connection.extract_statements(sql)
            if len(statements) != 1:
                raise click.ClickException(f"{len(statements)} statements; give exactly one")
            if statements[0].type.name not in QUERIES:
                raise click.ClickException(f"{statements[0].type.name} is not a query; give one, such as SELECT")
            answer = connection.execute(statements[0])
            columns = [column[0] for column in answer.description or []]
            rows = answer.fetchall()
        except duckdb.Error as error:
            hint = "; the SHA-256 of a file is in the column `source`" if "sha256" in sql.casefold() else ""
            raise click.ClickException(f"{error}{hint}") from error
    if as_json:
        for row in rows:
            click.echo(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False, default=str))
        return
    cells = [columns, *(["" if value is None else str(value) for value in row] for row in rows)]
    if as_csv:
        csv.writer(sys.stdout, lineterminator="\n").writerows(cells)
    elif sys.stdout.isatty():
        numeric = [n for n in range(len(columns)) if rows and all(isinstance(row[n], int | float) for row in rows)]
        for line in aligned(cells, right=numeric):
            click.echo(line)
    else:
        for row in cells:
            click.echo("\t".join(map(printable, row)))
