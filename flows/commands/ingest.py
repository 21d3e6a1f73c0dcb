"""`marsmedia ingest` and `marsmedia demo`: plan without Prefect, and start the flow only when something is due."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import click

from flows.options import Options
from flows.prepare import Prepared, prepare
from flows.progress import RunProgress
from flows.recipe_book import load_recipes
from flows.report import Report, make_report
from flows.server import prefect_server
from flows.workers import warm_up
from processors.plan import why
from processors.store.by_name import refresh_by_name, safe_name
from processors.store.results import Store
from processors.survey import printable

PROBLEMS_SHOWN = 40


def ingest(raw: Path, store_folder: Path, options: Options, *, dry_run: bool, as_json: bool) -> int:
    """Run it; gives the exit code."""
    _check_apart(raw, store_folder)
    started = datetime.now(UTC)
    options = replace(options, quiet=options.quiet or as_json)
    try:
        if dry_run:
            return _look(raw, store_folder, options, as_json=as_json)
        store = Store(store_folder)
        with RunProgress(quiet=options.quiet) as progress:
            prepared = prepare(raw, store, load_recipes(), progress, options)
    except KeyboardInterrupt:
        click.echo("marsmedia: interrupted while hashing; nothing was made: run again", err=True)
        return 130
    if prepared.plan.due:
        warm_up(has_sound=prepared.plan.has_sound_due)  # while Prefect starts
        report = _through_prefect(raw, store_folder, options)
    else:
        refresh_by_name(store, prepared.view)
        name = started.strftime("%Y%m%dT%H%M%S-nothing-due")
        report = make_report(prepared, [], run=name, raw=raw, store=store, started=started, strict=options.strict)
        report.save()
    if as_json:
        click.echo(json.dumps(asdict(report), ensure_ascii=False))
    else:
        _tell(report)
    return report.exit_code


def _look(raw: Path, store_folder: Path, options: Options, *, as_json: bool) -> int:
    """Say what is due; where there is no store yet, plan against an empty one elsewhere."""
    with ExitStack() as stack:
        if not (store_folder / "store.json").exists():
            store_folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store = Store(store_folder)
        with RunProgress(quiet=options.quiet) as progress:
            prepared = prepare(raw, store, load_recipes(), progress, options, remember=False)
        return _tell_plan(prepared, store, as_json=as_json)


def _through_prefect(raw: Path, store_folder: Path, options: Options) -> Report:
    with prefect_server(announce=not options.quiet):
        from flows.ingest import ingest as flow

        chosen = {name: value for name, value in asdict(options).items() if name != "hash_all"}  # hashed just now
        state = flow(raw=str(raw), store=str(store_folder), return_state=True, **chosen)  # type: ignore[call-overload]
        return state.result(raise_on_failure=False)


def _check_apart(raw: Path, store_folder: Path) -> None:
    inside, outside = Path(os.path.realpath(store_folder)), Path(os.path.realpath(raw))
    if inside.is_relative_to(outside):
        raise click.UsageError(f"the store {store_folder} lies inside {raw}: choose another place with --store")
    if not raw.exists():
        raise click.UsageError(f"{raw}: no such folder: create it, put a release into it, or name another one")
    if not raw.is_dir():
        raise click.UsageError(f"{raw}: not a folder: name the folder that holds the release")


def _tell_plan(prepared: Prepared, store: Store, *, as_json: bool) -> int:
    due = [
        {
            "file": one.relative,
            "source": one.source.digest,
            "processor": processor.name,
            "why": why(one.source, processor, store),
        }
        for one in prepared.plan.due
        for processor in one.processors
    ]
    plan = prepared.plan
    if as_json:
        counts = {"due": plan.due_count, "reused": plan.reused, "earlier": len(plan.earlier)}
        click.echo(json.dumps({"plan": due, "results": counts}, ensure_ascii=False))
        return 0
    for entry in due:
        click.echo(f"{printable(entry['file'])}  {entry['processor']}  {entry['why']}")
    click.echo(
        f"{plan.due_count} results are due, {plan.reused} are there already, "
        f"{len(plan.earlier)} were refused or failed before"
    )
    return 0


def _tell(report: Report) -> None:
    click.echo(report.message)
    click.echo(
        f"{report.files} files: {report.sources} sources, {report.duplicates} duplicates, "
        f"{report.companions} companions, {report.unsupported} unsupported, {report.not_taken} not taken"
    )
    lines = _problem_lines(report)
    for line in lines[:PROBLEMS_SHOWN]:
        click.echo(f"  {line}")
    if len(lines) > PROBLEMS_SHOWN:
        click.echo(f"  ... and {len(lines) - PROBLEMS_SHOWN} more, in the report")
    click.echo(f"report: {report.report}")
    click.echo(f"browse: {report.store}/by-name")


def _problem_lines(report: Report) -> list[str]:
    """One line for each file and reason, naming the processors concerned."""
    concerned: dict[tuple[str, str, str, bool], list[str]] = {}
    for problem in report.problems:
        key = problem.verdict, problem.file, problem.reason, problem.is_new
        concerned.setdefault(key, []).extend([problem.processor] if problem.processor else [])
    lines = []
    for (verdict, file, reason, is_new), processors in concerned.items():
        known = "" if is_new or verdict == "unsupported" else " (known from an earlier run)"
        about = f" {', '.join(processors)}" if processors else ""
        lines.append(f"{verdict}:{about} {printable(file)}: {printable(reason)}{known}")
    return lines


def demo(raw: Path, store_folder: Path) -> int:
    """Write the sample, ingest it, and say what to look at."""
    from processors.sample import write_release

    folder = raw / "sample-release"
    click.echo(f"writing the synthetic sample release to {folder} ...", err=True)
    write_release(folder)
    code = ingest(raw, store_folder, Options(quiet=False), dry_run=False, as_json=False)
    view = store_folder / "by-name" / safe_name("sample-release")
    looks = {
        "descent.mp4/video.contact_sheet/contact_sheet.jpg": "the descent, three cameras",
        "drive-off.mp4/audio.spectrogram_picture/spectrogram.png": "motor hum, wheel impacts, wind",
        "rear-camera-tracks.png/photo.preview/preview_1024.jpg": "wheel tracks",
        "descent.mp4/video.frames/frames.csv": "every kept frame with its presentation time",
        "descent.mp4/metadata/metadata.json": "all that the file says of itself",
    }
    click.echo("\nlook at:")
    for path, what in looks.items():
        if (view / path).exists():
            click.echo(f"  {view / path}  ({what})")
    click.echo("then try:\n  .venv/bin/marsmedia show descent.mp4\n  .venv/bin/marsmedia why descent.mp4")
    return code
