"""The commands that make, compare and adopt results, or do so by schedule."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from flows.cli.options import JSON, MEMORY, QUIET, RETRY, STORE, TIME, WORKERS


@click.command()
@click.argument("selection", nargs=-1)
@click.option("--processor", "processors", multiple=True, metavar="NAME", help="Only this one; may be repeated.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Another value; may be repeated.")
@STORE
@click.option("--dry-run", is_flag=True, help="Say what would be made, why, and how long it should take.")
@click.option("--strict", is_flag=True, help="Refused results, and failures of earlier runs, make this run fail too.")
@RETRY
@WORKERS
@MEMORY
@TIME
@QUIET
@JSON
def reprocess(
    selection: tuple[str, ...],
    processors: tuple[str, ...],
    settings: tuple[str, ...],
    store_folder: Path,
    dry_run: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Make results of SELECTION again with other parameters; those that are there stay.

    The words of SELECTION are those of `marsmedia items`; none means every source. What a result is made of
    has parameters too: --set shots.cut_ratio=4 with video.stills.

    \b
    marsmedia reprocess medium=video --processor video.frames --set every_seconds=0.5 --dry-run
    marsmedia reprocess 'drive-off*' --processor audio.spectrogram --set window_samples=4096 --set window=hamming
    marsmedia reprocess sol=10..40 --processor photo.preview --set longest_sides_px=640,1600
    """
    from flows.cli import reprocess as run
    from flows.run.options import Options

    sys.exit(
        run.reprocess(
            selection, processors, settings, store_folder, Options(**options), dry_run=dry_run, as_json=as_json
        )
    )


@click.command()
@click.argument("source")
@click.argument("processor")
@click.argument("keys", nargs=-1)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder for difference pictures.")
@STORE
@JSON
def diff(
    source: str, processor: str, keys: tuple[str, ...], output: Path | None, store_folder: Path, as_json: bool
) -> None:
    """Compare two results of PROCESSOR on SOURCE: by the first characters of their KEYS, else the two newest.

    Facts stand side by side, pictures are compared in levels, spectrograms in dB, other files by their bytes.

    \b
    marsmedia diff descent.mp4 video.frames
    marsmedia diff drive-off.mp4 audio.spectrogram 3fa9 c01d -o difference
    """
    from flows.cli import diff as run

    run.diff(source, processor, keys, store_folder, out=output, as_json=as_json)


@click.command()
@click.argument("processor")
@click.argument("key", required=False)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Another value; may be repeated.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@STORE
def adopt(processor: str, key: str | None, settings: tuple[str, ...], yes: bool, store_folder: Path) -> None:
    """Make a parameter set the recipe's own: that of the result with KEY, or the recipe's with other values.

    Shows the change in flows/recipes.py, and asks; the next ingest makes what is due by it.

    \b
    marsmedia adopt video.frames --set every_seconds=0.5
    marsmedia adopt audio.spectrogram 3fa94c01
    """
    from flows.cli import adopt as run

    run.adopt(processor, key, settings, store_folder, yes=yes)


@click.command()
@click.argument("raw", type=click.Path(path_type=Path), default=Path("raw"))
@STORE
@click.option("--schedule", "schedules", multiple=True, metavar="NAME=SCHEDULE", help="Another time; may be repeated.")
@click.option("--port", type=click.IntRange(1, 65535), default=4200, show_default=True, help="Of Prefect's page.")
def serve(raw: Path, store_folder: Path, schedules: tuple[str, ...], port: int) -> None:
    """Run the timetable of prefect.yaml on this machine, until Ctrl-C: nightly ingest, weekly verify, packs.

    A SCHEDULE is five cron fields, 'every 6 h', or 'never'. A run that would overlap another is refused;
    of the runs that were missed, one is made up for at the start. With PREFECT_API_URL set, that server is used.

    \b
    marsmedia serve
    marsmedia serve /archive/releases --store /archive/mars --schedule 'nightly-ingest=30 1 * * *'
    """
    from flows.cli import serve as run

    run.serve(raw, store_folder, schedules, port=port)


@click.command()
@click.argument("raw", type=click.Path(exists=True, file_okay=False, path_type=Path), default=Path("raw"))
@STORE
@click.option(
    "--settle",
    "settle_seconds",
    type=click.FloatRange(0.5),
    default=30.0,
    show_default=True,
    help="Seconds without a change before a release is ingested.",
)
@WORKERS
def watch(raw: Path, store_folder: Path, settle_seconds: float, workers: int | None) -> None:
    """Ingest each release in RAW when its files have stopped growing, until Ctrl-C.

    \b
    marsmedia watch
    marsmedia watch /mnt/incoming --store /archive/mars --settle 120
    """
    from flows.cli import watch as run

    run.watch(raw, store_folder, settle_seconds=settle_seconds, workers=workers)


@click.command()
@click.argument("selection", nargs=-1, metavar="SELECTION|PACK", required=True)
@STORE
@WORKERS
@MEMORY
@TIME
@JSON
def prove(
    selection: tuple[str, ...],
    store_folder: Path,
    workers: int | None,
    memory_mb: int | None,
    time_limit_factor: float,
    as_json: bool,
) -> None:
    """Make results again from their sources, elsewhere, and compare: identical, within tolerance or different, and why.

    The words of SELECTION are those of `marsmedia items`; a PACK is one that was built of this store. Pictures are
    within tolerance from 45 dB of signal to noise, power arrays to 0.01 dB. Exit code 1: something is different, or
    could not be made again.

    \b
    marsmedia prove descent.mp4 processor=video.frames
    marsmedia prove june.zip
    """
    from flows.cli import prove as run
    from flows.run.options import Options

    options = Options(workers=workers, memory_mb=memory_mb, time_limit_factor=time_limit_factor)
    sys.exit(run.prove(selection, store_folder, options=options, as_json=as_json))
