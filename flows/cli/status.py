"""`marsmedia status`: counts of sources and results, and the last run."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from flows.cli.common import counted, megabytes, open_existing_store, print_json
from flows.cli.printing.print_table import aligned, size
from flows.cli.shared_options import JSON, STORE
from processors.errors import Verdict
from processors.well_known_names import EVIDENCE

if TYPE_CHECKING:
    import pyarrow as pa

    from flows.run.reporting.problems import FileProblems
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.catalogue.source_row import SourceRow
    from processors.store.store import Store

NOT_MADE = "verdict <> 'made'"
COLUMNS = ("source", "processor", "verdict", "item_count", "size_bytes")
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
    from flows.run.reporting.last_run import last_run
    from flows.run.reporting.recorded_problems import files_with_problems
    from flows.run.reporting.run_record import LOST, RUNNING
    from processors.store.catalogue.catalogue import Catalogue

    store = open_existing_store(store_folder)
    catalogue = Catalogue(store)
    problems = _problem_counts(files_with_problems(store))
    rows = list(catalogue.sources().values())
    media = [row for row in rows if row.kind == "media"]
    last, at_work = last_run(store), runs_at_work(store)
    is_behind = bool(at_work) or (last is not None and last["state"] in (RUNNING, LOST))
    results = _results(store, catalogue, media, is_behind=is_behind)
    return {
        "store": str(store_folder),
        "sources": dict(Counter({row.digest: str(row.medium) for row in media}.values())),
        "companions": sum(row.kind == "companion" for row in rows),
        "unsupported": sum(row.kind == "unsupported" for row in rows),
        "damaged": len(_damaged(catalogue, media)),
        "changed": sum(row.changed_to is not None for row in rows),
        "files_with_problems": problems,
        "results": _verdicts(results),
        "items": sum(results["item_count"].to_pylist()),
        "size_bytes": sum(results["size_bytes"].to_pylist()),
        "size_bytes_of_processors": _space(results, "processor"),
        "releases": _releases(media, _space(results, "source")),
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


def _results(store: Store, catalogue: Catalogue, media: Sequence[SourceRow], *, is_behind: bool) -> pa.Table:
    """Return the results that count, without those that were not made and that a later one replaced.

    Parameters
    ----------
    is_behind : a run has not written the catalogue yet: results that only the store has are included.
    """
    import pyarrow as pa

    from flows.run.reporting.recorded_problems import current_of_troubled

    made = catalogue.table("results", COLUMNS, "verdict = 'made'")
    current = {result["key"] for _, result in current_of_troubled(store, catalogue, media)}
    others = [r for r in catalogue.rows("results", [*COLUMNS, "key"], NOT_MADE) if r["key"] in current]
    others += _uncatalogued(store, catalogue) if is_behind else []
    return pa.concat_tables([made, pa.Table.from_pylist(others, made.schema)])


def _damaged(catalogue: Catalogue, media: Iterable[SourceRow]) -> set[str]:
    """Return the sources of which a result was made with a loss."""
    evidence_of = {row.digest: set[str | None]() for row in media}
    for row in media:
        evidence_of[row.digest].add(row.evidence_key)
    return {
        one["source"]
        for one in catalogue.rows("results", ["source", "processor", "key"], "verdict = 'made' AND reason <> ''")
        if one["source"] in evidence_of and (one["processor"] != EVIDENCE or one["key"] in evidence_of[one["source"]])
    }


def _verdicts(results: pa.Table) -> dict[str, dict[str, int]]:
    """Return the numbers of results by processor and verdict."""
    counts: dict[str, dict[str, int]] = {}
    grouped = results.group_by(["processor", "verdict"]).aggregate([([], "count_all")])
    for one in sorted(grouped.to_pylist(), key=lambda one: (one["processor"], one["verdict"])):
        counts.setdefault(one["processor"], {})[one["verdict"]] = one["count_all"]
    return counts


def _space(results: pa.Table, owner: str) -> dict[str, int]:
    """Return the bytes of results by a column."""
    grouped = results.group_by(owner).aggregate([("size_bytes", "sum")])
    return dict(sorted(zip(grouped[owner].to_pylist(), grouped["size_bytes_sum"].to_pylist(), strict=True)))


def _releases(media: Sequence[SourceRow], space: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Return files and space by release; results of the same bytes in two releases count in both."""
    releases = {name: {"files": 0, "file_bytes": 0, "size_bytes": 0} for name in sorted({row.release for row in media})}
    for row in media:
        releases[row.release]["files"] += 1
        releases[row.release]["file_bytes"] += row.size_bytes
    for digest, release in {(row.digest, row.release) for row in media}:
        releases[release]["size_bytes"] += space.get(digest, 0)
    return releases


def _print_table(results: dict[str, dict[str, int]], space: dict[str, int]) -> None:
    """Print a line for each processor, with a column for each verdict and its space."""
    verdicts = sorted({verdict for counts in results.values() for verdict in counts}, key=VERDICTS.index)
    name_width = max(map(len, results), default=0)
    widths = {v: max(len(f"{counts.get(v, 0)} {v}") for counts in results.values()) for v in verdicts}
    for name, counts in results.items():
        cells = [f"{counts[v]} {v}".rjust(widths[v]) if v in counts else " " * widths[v] for v in verdicts]
        click.echo(f"  {name:{name_width}}  {'  '.join(cells)}  {size(space[name]):>8}")


def _uncatalogued(store: Store, catalogue: Catalogue) -> list[dict[str, Any]]:
    """Return results that an unfinished or killed run has committed but not catalogued yet."""
    known = {row["key"] for row in catalogue.rows("results", ["key"])}
    return [
        {
            "source": m.ref.source,
            "processor": m.ref.processor,
            "verdict": m.verdict,
            "item_count": len(m.items),
            "size_bytes": sum(item.size_bytes for item in m.items),
        }
        for m in store.manifests()
        if m.ref.key not in known
    ]
