"""`marsmedia failures`: every file with a problem, its root cause, whose fault it is, and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click

from flows.cli.common import counted, open_existing_store, print_json, print_remarks
from flows.cli.shared_options import JSON, SELECTION, STORE
from flows.run.reporting.problems import OF_DAMAGE, Cause, FileProblems, by_file
from processors.errors import RecipeError, RequestError
from processors.sources.scan import printable
from processors.store.catalogue.catalogue import Catalogue
from processors.store.store import Store

LIMIT = "raise the limit that the reason names"
VERSION = "convert it to a supported format, or take it out of the release"
MACHINE = "follow the reason; the next run tries again"
MARSMEDIA = "report it, with the traceback in its manifest; after an update, run `marsmedia ingest --retry-failed`"
TO_DO = {
    "failed": "fix or replace the file; the same bytes are tried again only with `marsmedia ingest --retry-failed`",
    "damaged": OF_DAMAGE,
    "refused": "nothing, unless the reason names a limit or a setting that you can change",
    "unsupported": "download it again, or take it out of the release",
    "changed": "restore it from a copy, or touch it so that it is ingested as a new file",
    "missing": "restore it from a copy, or mount its disk; if it was moved, remove its old folder where that is empty, "
    "and run `marsmedia ingest`; if it was removed on purpose, "
    "confirm it with `marsmedia release withdraw`",
    "replaced": "restore it from a copy; if it was replaced on purpose, run `marsmedia ingest`",
    "withdrawn": "restore it from a copy; if it was intended, confirm it with the given command",
    "not taken": "put a copy of the file itself in its place, or take it out of the release",
    "unmatched": "correct it, or put the file that it names into the release",
}
"""Advice by verdict, if the file is at fault."""
DISPUTED = "state the same about both in release.toml"
WaysOfFiles = Mapping[tuple[str, str], Sequence[str]]
"""What to do about damaged results, by file and processor."""
NO_WAYS: WaysOfFiles = MappingProxyType({})


@click.command()
@SELECTION
@STORE
@click.option("--new", is_flag=True, help="List only files with a problem that the last run was the first to report.")
@JSON
def failures(selection: tuple[str, ...], store_folder: Path, new: bool, as_json: bool) -> None:
    """List files with problems, whose fault it is and what to do.

    SELECTION is as in `marsmedia items`; without it, every file is considered. The most urgent
    problems come first; files with refused results only come last.

    \b
    marsmedia failures
    marsmedia failures --new
    marsmedia failures release=june
    """
    from flows.run.reporting.at_work import runs_at_work
    from flows.run.reporting.recorded_problems import new_in_last_run, of_last_run, stop_of_last_run, stored
    from processors.store.catalogue.selection import find_selected, parse

    store = open_existing_store(store_folder)
    if selection:
        with suppress(RequestError):  # it may mean labels alone
            print_remarks(find_selected(parse(selection), Catalogue(store)).remarks)
    found = by_file([*stored(selection, store), *([] if selection else of_last_run(store))])
    ways = _ways_out(found, store)
    every = found
    if new:
        files = new_in_last_run(store)
        found = [one for one in found if one.file in files]
    stopped = None if selection else stop_of_last_run(store)
    if as_json:
        print_json({"files": [_record(one, ways) for one in found], "stopped": stopped})
        return
    for one in found:
        _print(one, ways)
    if not selection:
        _print_confirmations(found, every)
    unsuited = sum(one.has_findings_only for one in found)
    troubled = _troubled(found)
    others = f", and {counted(unsuited, 'file')} with refused results only" if unsuited else ""
    earlier = _troubled(every) - troubled
    known = f"; {earlier} known before: `marsmedia failures` lists all" if earlier else ""
    click.echo(f"{counted(troubled, 'new file' if new else 'file', zero='no')} with problems{others}{known}")
    if stopped:
        click.echo(f"the last run did not finish: {printable(stopped)}")
    for one in runs_at_work(store):
        click.echo(f"a run is at work: {one}; its report will name what it finds")


def _print_confirmations(found: Iterable[FileProblems], every: Iterable[FileProblems]) -> None:
    """Print for each release in which several files are withdrawn the command that confirms them all at once."""
    from processors.store.findings.withdrawn import withdraw_release_command

    counts = Counter(_releases_of_withdrawn(every))
    for release in dict.fromkeys(_releases_of_withdrawn(found)):
        if counts[release] > 1:
            command = withdraw_release_command(release)
            click.echo(
                f"{counts[release]} withdrawn files in {printable(release)}: "
                f"if that was intended, confirm them at once with `{command}`"
            )


def _releases_of_withdrawn(every: Iterable[FileProblems]) -> Iterator[str]:
    """Yield the release of each withdrawn file; a release that is gone as a whole has a command of its own."""
    for one in every:
        if one.causes[0].verdict == "withdrawn" and "/" in one.file:
            yield one.file.partition("/")[0]


def _troubled(found: Iterable[FileProblems]) -> int:
    """Return the number of files with more than refused results."""
    return sum(one.file_count for one in found if not one.has_findings_only)


def _ways_out(found: Iterable[FileProblems], store: Store) -> WaysOfFiles:
    """Return what to do about each damaged result, by file and processor."""
    from flows.run.checking.damaged_results import damaged_results
    from flows.run.checking.ways_out import WaysOut

    if not any(cause.verdict == "damaged result" for one in found for cause in one.causes):
        return {}
    ways, by_place = WaysOut(store), dict[tuple[str, str], list[str]]()
    for one in damaged_results(Catalogue(store)):
        try:
            way = ways.of(one.ref)
        except (RecipeError, RequestError) as error:  # such as a recipe file of an earlier run that is gone
            way = f"what makes it again is unknown: {error}"
        by_place.setdefault((one.row.relative, one.ref.processor), []).append(way)
    return by_place


def _print(one: FileProblems, ways: WaysOfFiles) -> None:
    """Print a line for the root cause, then the affected results and further causes."""
    first, *others = one.causes
    click.echo(f"{first.verdict}: {printable(one.file)}: {printable(first.reason)}")
    if first.processors:
        click.echo(f"  results: {', '.join(first.processors)}")
    for cause in others:
        concerned = f" [{', '.join(cause.processors)}]" if cause.processors else ""
        click.echo(f"  also {cause.verdict}: {printable(cause.reason)}{concerned}")
    click.echo(f"  fault: {first.fault}")
    for to_do in things_to_do(one, ways):
        click.echo(f"  to do: {printable(to_do)}")


def things_to_do(one: FileProblems, ways: WaysOfFiles = NO_WAYS) -> Iterable[str]:
    """Return what to do about the gravest cause and causes outside the file; fixing the file fixes the others."""
    first, *others = one.causes
    chosen = (cause for cause in (first, *others) if cause is first or not _is_of_file(cause))
    return dict.fromkeys(to_do for cause in chosen for to_do in _to_do(one.file, cause, ways))


def _is_of_file(cause: Cause) -> bool:
    return cause.blame in ("file", "version") and not cause.names_limit


def _record(one: FileProblems, ways: WaysOfFiles) -> dict[str, Any]:
    causes = [
        {
            "verdict": cause.verdict,
            "reason": cause.reason,
            "blame": cause.blame,
            "processors": cause.processors,
            "to_do": "; ".join(_to_do(one.file, cause, ways)),
        }
        for cause in one.causes
    ]
    return {"file": one.file, "file_count": one.file_count, "causes": causes}


def _to_do(file: str, cause: Cause, ways: WaysOfFiles) -> list[str]:
    if cause.names_limit:
        return [LIMIT]
    if cause.verdict == "damaged result":
        return list(dict.fromkeys(way for name in cause.processors for way in ways.get((file, name), ())))
    if cause.verdict == "unmatched" and "`marsmedia release withdraw " in cause.reason:  # what it names is gone
        return [TO_DO["withdrawn"]]
    if cause.verdict == "unmatched" and cause.reason.endswith("; describe both alike"):
        return [DISPUTED]
    return [{"version": VERSION, "machine": MACHINE, "marsmedia": MARSMEDIA}.get(cause.blame) or TO_DO[cause.verdict]]
