"""`marsmedia ingest` and `marsmedia demo`."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from flows.cli.print_plan import tell_plan
from flows.cli.run_flow import conduct
from flows.run.load_recipes import load_recipes
from flows.run.options import Options
from flows.run.prepare import Prepared, prepare
from flows.run.progress import RunProgress
from processors.store.by_name import safe_name
from processors.store.store import Store


def ingest(raw: Path, store_folder: Path, options: Options, *, dry_run: bool, as_json: bool) -> int:
    """Run it; gives the exit code."""
    _check_apart(raw, store_folder)
    options = replace(options, quiet=options.quiet or as_json)
    if dry_run:
        return _look(raw, store_folder, options, as_json=as_json)

    def look(store: Store, progress: RunProgress) -> Prepared:
        return prepare(raw, store, load_recipes(), progress, options)

    def flow() -> Any:
        from flows.ingest import ingest as flow

        return flow(raw=str(raw), store=str(store_folder), return_state=True, **asdict(options))  # type: ignore[call-overload]

    return conduct(look, store_folder, options, flow, asked=str(raw), as_json=as_json)


def _look(raw: Path, store_folder: Path, options: Options, *, as_json: bool) -> int:
    """Say what is due; where there is no store yet, plan against an empty one elsewhere."""
    with ExitStack() as stack:
        if not (store_folder / "store.json").exists():
            store_folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store = Store(store_folder)
        try:
            with RunProgress(quiet=options.quiet) as progress:
                prepared = prepare(raw, store, load_recipes(), progress, options, remember=False)
        except KeyboardInterrupt:
            click.echo("marsmedia: interrupted while hashing: run again", err=True)
            return 130
        for line in () if as_json else (*prepared.gone, *([prepared.is_empty] if prepared.is_empty else [])):
            click.echo(line)
        return tell_plan(prepared, store, options.worker_count, as_json=as_json)


def _check_apart(raw: Path, store_folder: Path) -> None:
    inside, outside = Path(os.path.realpath(store_folder)), Path(os.path.realpath(raw))
    if inside.is_relative_to(outside):
        raise click.UsageError(f"the store {store_folder} lies inside {raw}: choose another place with --store")
    if not raw.exists():
        raise click.UsageError(f"{raw}: no such folder: create it, put a release into it, or name another one")
    if not raw.is_dir():
        raise click.UsageError(f"{raw}: not a folder: name the folder that holds the release")


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
