"""`marsmedia status`: counts of sources and results, and the last run."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from flows.cli.common import counted, megabytes, open_existing_store, print_json
from flows.cli.printing.print_table import aligned, size
from flows.cli.shared_options import JSON, STORE
from processors.errors import Verdict
from processors.store.manifest import ResultRef
from processors.well_known_names import EVIDENCE

if TYPE_CHECKING:
    from flows.run.reporting.problems import FileProblems
    from processors.store.catalogue.source_row import SourceRow
    from processors.store.store import Store

COUNTED = ("verdict", "reason", "item_count", "size_bytes")
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


@click.command()
@STORE
@JSON
def status(store_folder: Path, as_json: bool) -> None:
    """Show what the store holds and how the last run ended.

    Runs that are at work are listed.

    \b
    marsmedia status
    marsmedia status --store /archive/mars --json
    """
    summary = _summary(store_folder)
    if as_json:
        print_json(summary)
    else:
        _print(summary)


def _summary(store_folder: Path) -> dict[str, Any]:
    """Return the counts of sources and results, and the end of the last run, as `--json` prints them."""
    from flows.run.reporting.at_work import runs_at_work
    from flows.run.reporting.recorded_problems import current_results, files_with_problems
    from flows.run.reporting.run_record import LOST, RUNNING, last_run
    from processors.store.catalogue.catalogue import Catalogue

    store = open_existing_store(store_folder)
    catalogue = Catalogue(store)
    rows = list(catalogue.sources().values())
    media = {row.digest: row.medium for row in rows if row.kind == "media"}
    current = {r["key"] for _, r in current_results(catalogue, [row for row in rows if row.kind == "media"])}
    results = catalogue.table("results", ["source", "processor", "key", *COUNTED]).to_pylist()
    results = [r for r in results if r["verdict"] == "made" or r["key"] in current]  # not what a later result replaced
    evidence_keys = {row.evidence_key for row in rows}
    told = [r for r in results if r["processor"] != EVIDENCE or r["key"] in evidence_keys]
    last, at_work = last_run(store), runs_at_work(store)
    if at_work or (last and last["state"] in (RUNNING, LOST)):
        results += _uncatalogued(store, results)
    return {
        "store": str(store_folder),
        "sources": dict(Counter(str(medium) for medium in media.values())),
        "companions": sum(row.kind == "companion" for row in rows),
        "unsupported": sum(row.kind == "unsupported" for row in rows),
        "damaged": len({r["source"] for r in told if r["verdict"] == "made" and r["reason"]} & media.keys()),
        "changed": sum(row.changed_to is not None for row in rows),
        "files_with_problems": _problem_counts(files_with_problems(store)),
        "results": {
            name: dict(Counter(r["verdict"] for r in results if r["processor"] == name))
            for name in sorted({r["processor"] for r in results})
        },
        "items": sum(r["item_count"] for r in results),
        "size_bytes": sum(r["size_bytes"] for r in results),
        "size_bytes_of_processors": _space(results, lambda r: [r["processor"]]),
        "releases": _releases(rows, results),
        "runs_at_work": [{**asdict(who), "message": f"at work: {who}"} for who in at_work],
        "last_run": {name: last[name] for name in ("run", "state", "message", "started_utc", "report")}
        if last
        else None,
    }


def _print(summary: dict[str, Any]) -> None:
    from flows.run.reporting.run_record import RUNNING

    counts = ", ".join(f"{count} {medium}" for medium, count in sorted(summary["sources"].items()))
    click.echo(
        f"{summary['store']}: {counts or 'no sources'}; {summary['items']} items, {megabytes(summary['size_bytes'])}"
    )
    _print_table(summary["results"], summary["size_bytes_of_processors"])
    if len(summary["releases"]) > 1:
        for line in aligned(
            [
                (
                    name,
                    counted(one["files"], "file"),
                    f"{size(one['file_bytes'])} raw",
                    f"{size(one['size_bytes'])} made",
                )
                for name, one in summary["releases"].items()
            ],
            right=(1, 2, 3),
            indent="  ",
        ):
            click.echo(line)
    troubled = [f"{count} {verdict}" for verdict, count in sorted(summary["files_with_problems"].items())]
    if troubled:
        more = shlex.join(["marsmedia", "failures", "--store", summary["store"]])
        click.echo(f"files with problems: {', '.join(troubled)}; for details: {more}")
    for one in summary["runs_at_work"]:
        click.echo(f"a run is {one['message']}")
    last = summary["last_run"]
    if last and last["state"] != RUNNING:
        when = f" ({last['started_utc']})" if last["started_utc"] else ""
        click.echo(f"last run: {last['message']}{when}")
    elif not last and not summary["runs_at_work"]:
        click.echo("no run yet")


def _problem_counts(found: Iterable[FileProblems]) -> dict[str, int]:
    """Return the numbers of files by the verdict of their gravest problem."""
    counts: Counter[str] = Counter()
    for one in found:
        counts[one.causes[0].verdict] += one.file_count
    return dict(counts)


def _space(results: list[dict[str, Any]], owners: Callable[[dict[str, Any]], Iterable[str]]) -> dict[str, int]:
    """Return the bytes of results by what they belong to."""
    space: Counter[str] = Counter()
    for result in results:
        for owner in owners(result):
            space[owner] += result["size_bytes"]
    return dict(sorted(space.items()))


def _releases(rows: list[SourceRow], results: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """Return files and space by release; results of the same bytes in two releases count in both."""
    media = [row for row in rows if row.kind == "media"]
    owners: dict[str, set[str]] = {}
    for row in media:
        owners.setdefault(row.digest, set()).add(row.release)
    made = _space(results, lambda r: owners.get(r["source"], ()))
    return {
        name: {
            "files": sum(row.release == name for row in media),
            "file_bytes": sum(row.size_bytes for row in media if row.release == name),
            "size_bytes": made.get(name, 0),
        }
        for name in sorted({row.release for row in media})
    }


def _print_table(results: dict[str, dict[str, int]], space: dict[str, int]) -> None:
    """Print a line for each processor, with a column for each verdict and its space."""
    verdicts = sorted({verdict for counts in results.values() for verdict in counts}, key=VERDICTS.index)
    name_width = max(map(len, results), default=0)
    widths = {v: max(len(f"{counts.get(v, 0)} {v}") for counts in results.values()) for v in verdicts}
    for name, counts in results.items():
        cells = [f"{counts[v]} {v}".rjust(widths[v]) if v in counts else " " * widths[v] for v in verdicts]
        click.echo(f"  {name:{name_width}}  {'  '.join(cells)}  {size(space[name]):>8}")


def _uncatalogued(store: Store, known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return results that an unfinished or killed run has committed but not catalogued yet."""
    refs = {ResultRef(source=r["source"], processor=r["processor"], key=r["key"]) for r in known}
    new = [manifest for manifest in store.manifests() if manifest.ref not in refs]
    return [
        {
            "source": m.ref.source,
            "processor": m.ref.processor,
            "reason": m.reason,
            "verdict": m.verdict,
            "item_count": len(m.items),
            "size_bytes": sum(item.size_bytes for item in m.items),
        }
        for m in new
    ]
