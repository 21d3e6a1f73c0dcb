"""`marsmedia failures`: every file with a problem, its root cause, whose fault it is, and what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import click

from flows.cli.look import open_store
from flows.run.problems import FAULT_OF, Cause, FileProblem, FileProblems, blame_of, by_file
from processors.errors import RequestError, ResultMissing
from processors.sources.scan import printable
from processors.store.catalogue import Catalogue, SourceRow
from processors.store.manifest import ResultRef
from processors.store.selection import Selection, parse, select
from processors.store.store import Store

MACHINE = "nothing: the next run tries it again"
MARSMEDIA = "report it, with the traceback in its manifest; after an update, run `marsmedia ingest --retry-failed`"
TO_DO = {
    "failed": "fix or replace the file; the same bytes are tried again only with `marsmedia ingest --retry-failed`",
    "damaged": "get the whole file, or use what was made of the rest",
    "refused": "nothing, unless the reason names a limit or a setting that you can change",
    "unsupported": "convert it or fetch it again, or take it out of the release",
    "not taken": "put a copy of the file itself in its place, or take it out of the release",
}
"""By verdict, where the file is at fault."""


def failures(words: Sequence[str], folder: Path, *, as_json: bool) -> None:
    """List the files of a selection with problems, one by one."""
    store = open_store(folder)
    found = by_file([*_stored(words, store), *([] if words else _of_last_run(store))])
    if as_json:
        click.echo(json.dumps({"files": [_record(one) for one in found]}, ensure_ascii=False))
        return
    for one in found:
        _tell(one)
    count = len(found)
    click.echo(f"{count or 'no'} {'file' if count == 1 else 'files'} with problems")


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


def _stored(words: Sequence[str], store: Store) -> Iterator[FileProblem]:
    """What the store knows: of each source the newest result of each processor, and files of no use."""
    catalogue, selection = Catalogue(store), parse(words)
    every = list(catalogue.sources().values())
    unusable = [row for row in every if row.kind == "unsupported" and _means(selection, row)]
    for row in unusable:
        yield FileProblem(
            file=row.relative, processor=None, verdict="unsupported", reason=f"{row.format}: {row.note}", is_new=False
        )
    try:
        media = select(selection, catalogue) if words else [row for row in every if row.kind == "media"]
    except RequestError:
        if not unusable:
            raise
        return
    rows = {row.digest: row for row in media}
    damaged: dict[str, dict[str, None]] = {}
    for result in _newest(catalogue):
        row, reason = rows.get(result["source"]), result["reason"] or ""
        if row is None:
            continue
        if result["verdict"] == "made" and reason:
            damaged.setdefault(row.relative, {})[reason] = None
        elif result["verdict"] != "made" and (problem := _problem(row, result, store)):
            yield problem
    for file, reasons in damaged.items():
        yield FileProblem(file=file, processor=None, verdict="damaged", reason="; ".join(reasons), is_new=False)


def _newest(catalogue: Catalogue) -> list[dict[str, Any]]:
    columns = ["source", "processor", "key", "verdict", "reason", "started_utc"]
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    for result in sorted(catalogue.table("results", columns).to_pylist(), key=lambda one: one["started_utc"]):
        newest[result["source"], result["processor"]] = result
    return list(newest.values())


def _problem(row: SourceRow, result: dict[str, Any], store: Store) -> FileProblem | None:
    """The problem of a stored result; None where it was removed since it was catalogued."""
    ref = ResultRef(source=result["source"], processor=result["processor"], key=result["key"])
    try:
        blame = store.manifest(ref).blame
    except ResultMissing:
        return None
    reason = result["reason"] or ""
    return FileProblem(
        file=row.relative,
        processor=ref.processor,
        verdict=result["verdict"],
        reason=reason,
        is_new=False,
        blame=blame_of(reason, blame),
    )


def _means(selection: Selection, row: SourceRow) -> bool:
    """Does a selection mean a file of no medium? Only a name or a release can."""
    if selection == Selection(names=selection.names, release=selection.release):
        by_release = selection.release in (None, row.release)
        names = selection.names
        return by_release and (
            not names or any(fnmatchcase(name, word) for word in names for name in (row.name, row.relative, row.path))
        )
    return False


def _of_last_run(store: Store) -> Iterator[FileProblem]:
    """What is stored nowhere, for the next run tries it again: faults of the machine, and files that were not taken."""
    reports = sorted(store.runs_folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in reports:
        last = json.loads(path.read_bytes())
        if "problems" in last:
            for one in last["problems"]:
                is_untaken = one["processor"] is None and one["verdict"] in ("failed", "not taken")
                if is_untaken or one.get("blame") == "machine":
                    yield FileProblem(**{"blame": "file", **one, "is_new": False})
            return
