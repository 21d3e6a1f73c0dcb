"""`marsmedia failures`: every file with a problem, its root cause, whose fault it is, and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from flows.cli.common import counted, open_store, print_json
from flows.cli.shared_options import JSON, SELECTION, STORE
from flows.run.problems import FAULT_OF, Cause, FileProblems, by_file
from processors.sources.scan import printable

MACHINE = "nothing; the next run tries it again"
MARSMEDIA = "report it, with the traceback in its manifest; after an update, run `marsmedia ingest --retry-failed`"
TO_DO = {
    "failed": "fix or replace the file; the same bytes are tried again only with `marsmedia ingest --retry-failed`",
    "damaged": "get the whole file, or use what was made of the rest",
    "refused": "nothing, unless the reason names a limit or a setting that you can change",
    "unsupported": "convert it or fetch it again, or take it out of the release",
    "not taken": "put a copy of the file itself in its place, or take it out of the release",
}
"""By verdict, where the file is at fault."""


@click.command()
@SELECTION
@STORE
@JSON
def failures(selection: tuple[str, ...], store_folder: Path, as_json: bool) -> None:
    """List files with problems, whose fault it is and what to do.

    SELECTION is as in `marsmedia items`; without it, every file is considered.

    \b
    marsmedia failures
    marsmedia failures release=june
    """
    from flows.run.known_problems import of_last_run, stored

    store = open_store(store_folder)
    found = by_file([*stored(selection, store), *([] if selection else of_last_run(store))])
    if as_json:
        print_json({"files": [_record(one) for one in found]})
        return
    for one in found:
        _tell(one)
    click.echo(f"{counted(len(found), 'file', zero='no')} with problems")


def _tell(one: FileProblems) -> None:
    for cause in one.causes:
        click.echo(f"{cause.verdict}: {printable(one.file)}: {printable(cause.reason)}")
        if cause.processors:
            click.echo(f"  results: {', '.join(cause.processors)}")
        click.echo(f"  fault: {FAULT_OF[cause.blame]}")
        click.echo(f"  to do: {_to_do(cause)}")


def _record(one: FileProblems) -> dict[str, Any]:
    causes = [
        {
            "verdict": cause.verdict,
            "reason": cause.reason,
            "blame": cause.blame,
            "processors": cause.processors,
            "to_do": _to_do(cause),
        }
        for cause in one.causes
    ]
    return {"file": one.file, "causes": causes}


def _to_do(cause: Cause) -> str:
    return {"machine": MACHINE, "marsmedia": MARSMEDIA}.get(cause.blame) or TO_DO[cause.verdict]
