"""`marsmedia ingest` and `marsmedia demo`: plan without Prefect, and start the flow only when something is due."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from flows.prepare import Prepared, prepare
from flows.progress import RunProgress
from flows.recipes import RECIPES
from flows.report import Report, make_report
from flows.workers import warm_up
from processors.plan import why
from processors.store.by_name import safe_name
from processors.store.results import Store
from processors.survey import printable

PROBLEMS_SHOWN = 40


def ingest(
    raw: Path,
    store_folder: Path,
    *,
    dry_run: bool,
    strict: bool,
    hash_all: bool,
    retry_failed: bool,
    workers: int | None,
    memory_mb: int | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Run it; gives the exit code."""
    _check_apart(raw, store_folder)
    started = datetime.now(UTC)
    store = Store(store_folder)
    quiet = quiet or as_json
    try:
        with RunProgress(quiet=quiet) as progress:
            count = workers or os.cpu_count() or 1
            prepared = prepare(
                raw, store, RECIPES, progress, workers=count, hash_all=hash_all, retry_failed=retry_failed
            )
    except KeyboardInterrupt:
        click.echo("marsmedia: interrupted while hashing; nothing was made: run again", err=True)
        return 130
    if dry_run:
        return _tell_plan(prepared, store, as_json=as_json)
    if not prepared.plan.due:
        run = started.strftime("%Y%m%dT%H%M%S-nothing-due")
        report = make_report(prepared, [], run=run, raw=raw, store=store, started=started, strict=strict)
        report.save()
    else:
        due = prepared.plan.due
        warm_up(
            has_sound=any(one.source.has_sound or one.source.medium == "audio" for one in due)
        )  # while Prefect starts
        report = _through_prefect(raw, store_folder, strict=strict, retry_failed=retry_failed, workers=workers,
                                  memory_mb=memory_mb, quiet=quiet)  # fmt: skip
    if as_json:
        click.echo(json.dumps(asdict(report), ensure_ascii=False))
    else:
        _tell(report)
    return report.exit_code


def _through_prefect(raw: Path, store_folder: Path, **options: object) -> Report:
    if not options["quiet"]:
        click.echo("starting Prefect (about 10 s with its embedded server, longer the first time) ...", err=True)
    from flows.ingest import ingest as flow

    state = flow(raw=str(raw), store=str(store_folder), return_state=True, **options)  # type: ignore[call-overload]
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
    for problem in report.problems[:PROBLEMS_SHOWN]:
        known = "" if problem.is_new or problem.verdict == "unsupported" else " (known from an earlier run)"
        about = f" {problem.processor}" if problem.processor else ""
        click.echo(f"  {problem.verdict}:{about} {printable(problem.file)}: {printable(problem.reason)}{known}")
    if len(report.problems) > PROBLEMS_SHOWN:
        click.echo(f"  ... and {len(report.problems) - PROBLEMS_SHOWN} more, in the report")
    click.echo(f"report: {report.report}")
    click.echo(f"browse: {report.store}/by-name")


def demo(raw: Path, store_folder: Path) -> int:
    """Write the sample, ingest it, and say what to look at."""
    from processors.sample import write_release

    folder = raw / "sample-release"
    click.echo(f"writing the synthetic sample release to {folder} ...", err=True)
    write_release(folder)
    code = ingest(
        raw, store_folder, dry_run=False, strict=False, hash_all=False, retry_failed=False, workers=None,
        memory_mb=None, quiet=False, as_json=False,
    )  # fmt: skip
    view = store_folder / "by-name" / safe_name("sample-release")
    looks = {
        "descent.mp4/video.contact_sheet/contact_sheet.jpg": "the descent, three cameras",
        "drive-off.mp4/audio.spectrogram/spectrogram.png": "motor hum, wheel impacts, wind",
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
