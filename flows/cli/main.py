"""The command `marsmedia`. Everything heavy is imported inside the commands, so that help answers at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from flows.cli.cli_pack import pack
from flows.cli.cli_release import mars_time, release
from flows.cli.cli_runs import adopt, diff, prove, reprocess, serve, watch
from flows.cli.options import JSON, MEMORY, QUIET, RETRY, STORE, TIME, WORKERS


class _Group(click.Group):
    """Turns the errors that a user can mend into one line and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        from processors.errors import RecipeError, RequestError, StoreError

        try:
            return super().invoke(ctx)
        except RecipeError as error:
            click.echo(f"marsmedia: flows/recipes.py: {error}", err=True)
        except (RequestError, StoreError) as error:
            click.echo(f"marsmedia: {error}", err=True)
        except OSError as error:
            if error.errno is None:
                raise
            from processors.errors import machine_reason
            from processors.sources.scan import printable

            where = f"{printable(str(error.filename))}: " if error.filename is not None else ""
            click.echo(f"marsmedia: {where}{machine_reason(error)}", err=True)
        ctx.exit(2)
        return None


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="marsmedia")
def main() -> None:
    """Released mission media in; exact frames, spectrograms and complete metadata out, with every loss told.

    \b
    marsmedia demo                      the built-in sample release, start to end
    marsmedia ingest                    everything in raw/ into processed/
    marsmedia ingest ~/releases --store ~/store
    marsmedia show descent.mp4          what is known of one source
    marsmedia why descent.mp4           what is due, and why
    marsmedia pack medium=photo -o photos
    """


@main.command()
@click.argument("raw", type=click.Path(path_type=Path), default=Path("raw"))
@STORE
@click.option("--dry-run", is_flag=True, help="Say what is due, and why, and make nothing.")
@click.option(
    "--strict", is_flag=True, help="Refused, damaged or unsupported files, and earlier failures, fail this run too."
)
@click.option("--hash-all", is_flag=True, help="Hash every file again, even if size and date are unchanged.")
@RETRY
@WORKERS
@MEMORY
@TIME
@QUIET
@JSON
def ingest(raw: Path, store_folder: Path, dry_run: bool, as_json: bool, **options: Any) -> None:
    """Make what is due of every file below RAW (default: raw).

    \b
    Exit code 0: everything was made, reused, or refused for a stated reason;
    1: something failed; 2: could not start; 3: a fault in marsmedia ended the run;
    130: interrupted by Ctrl-C; 143: by SIGTERM; 129: by SIGHUP.

    \b
    marsmedia ingest --dry-run
    marsmedia ingest ../releases/june --store /archive/mars --workers 8
    """
    from flows.cli import ingest as run
    from flows.run.options import Options

    sys.exit(run.ingest(raw, store_folder, Options(**options), dry_run=dry_run, as_json=as_json))


@main.command()
@click.option(
    "--raw", type=click.Path(path_type=Path), default=Path("raw"), show_default=True, help="Where the sample goes."
)
@STORE
def demo(raw: Path, store_folder: Path) -> None:
    """Write the built-in synthetic sample release into RAW and ingest it."""
    from flows.cli import ingest as run

    sys.exit(run.demo(raw, store_folder))


@main.command()
@STORE
@JSON
def status(store_folder: Path, as_json: bool) -> None:
    """What the store holds, and what went wrong."""
    from flows.cli import look

    look.status(store_folder, as_json=as_json)


@main.command()
@click.argument("selection", nargs=-1)
@STORE
@JSON
def failures(selection: tuple[str, ...], store_folder: Path, as_json: bool) -> None:
    """List the files with problems: the root cause, the results concerned, whose fault it is, and what to do.

    The words of SELECTION are those of `marsmedia items`; none means every file.

    \b
    marsmedia failures
    marsmedia failures release=june
    """
    from flows.cli import failures as run

    run.failures(selection, store_folder, as_json=as_json)


@main.command()
@click.argument("source")
@STORE
@JSON
def show(source: str, store_folder: Path, as_json: bool) -> None:
    """What is known of SOURCE: a path, a name, or the first characters of a digest.

    \b
    marsmedia show raw/june/descent.mp4
    marsmedia show 3fa94c --json
    """
    from flows.cli import show as run

    run.show(source, store_folder, as_json=as_json)


@main.command()
@click.argument("selection", nargs=-1)
@STORE
@JSON
def items(selection: tuple[str, ...], store_folder: Path, as_json: bool) -> None:
    """List items. Every word of SELECTION narrows the list.

    A word is a source (path, name, a pattern such as '*.mp4', first characters of a digest) or
    processor=NAME, medium=video|audio|photo, release=NAME, mission=NAME, sol=32 or sol=10..40,
    event=NAME, camera=NAME, date=2021-06 (overlaps it), sql='duration_seconds > 60'
    (a condition on the view `known`, see `marsmedia query`).

    \b
    marsmedia items medium=video processor=video.frames
    marsmedia items sol=10..40 camera=rear
    marsmedia items descent.mp4 --json
    """
    from flows.cli import look

    look.items(selection, store_folder, as_json=as_json)


@main.command()
@click.argument("selection", nargs=-1)
@click.option(
    "-o",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the page.  [default: gallery, in the store]",
)
@click.option("--no-open", is_flag=True, help="Only write the page.")
@STORE
def browse(selection: tuple[str, ...], folder: Path | None, no_open: bool, store_folder: Path) -> None:
    """Write a page over the store, and open it in a browser; no server, no network.

    SELECTION as in `marsmedia items`, or the folder of a pack, whose own page is opened. The page over a store shows
    the files where they lie: to give it away, build a pack.

    \b
    marsmedia browse mission=tianwen-1 sol=1..40
    marsmedia browse '*.mp4' -o ~/videos --no-open
    """
    from flows.cli import browse as run

    run.browse(selection, store_folder, folder, show=not no_open)


@main.command()
@click.argument("source")
@click.argument("processor", required=False)
@STORE
@JSON
def why(source: str, processor: str | None, store_folder: Path, as_json: bool) -> None:
    """Why each result of SOURCE is due or not; of an item, which bytes made it how, and what has changed since.

    SOURCE is a path, a name, or the first characters of a digest, or the path of any file in the store.

    \b
    marsmedia why descent.mp4
    marsmedia why descent.mp4 video.frames
    marsmedia why processed/by-name/june/descent.mp4/video.frames/frame_000003.jpg
    """
    from flows.cli import look

    look.why(source, processor, store_folder, as_json=as_json)


@main.command()
@click.argument("sql")
@STORE
@JSON
def query(sql: str, store_folder: Path, as_json: bool) -> None:
    """Ask the catalogue in SQL (DuckDB); tables: sources, results, items, known.

    `known` has one row a source: medium, camera, event, first_sol, last_sol,
    earliest_utc, latest_utc, mission, title, disagreement_count, audit, and more.

    \b
    marsmedia query "SELECT name, event FROM known WHERE 32 BETWEEN first_sol AND last_sol"
    marsmedia query "SELECT medium, count(*) FROM sources GROUP BY medium"
    marsmedia query "SELECT name, facts->>'time_seconds' FROM items WHERE processor = 'video.frames'"
    """
    from flows.cli import look

    look.query(sql, store_folder, as_json=as_json)


@main.command()
@click.option("--sample", "percent", type=click.FloatRange(0, 100, min_open=True), help="Only so many in a hundred.")
@click.option("--seed", type=int, help="Chooses the sample.  [default: the day]")
@click.option("--raw-only", is_flag=True, help="Only hash the raw files.")
@click.option("--store-only", is_flag=True, help="Only hash the stored files.")
@STORE
@JSON
def verify(
    percent: float | None, seed: int | None, raw_only: bool, store_only: bool, store_folder: Path, as_json: bool
) -> None:
    """Hash every stored file and every raw file again; exit code 1 if one is not as it was.

    Names each stored file that is damaged, missing or extra, and each raw file that has changed or is missing since it
    was ingested. A raw file that is new is named, too, and is no fault.

    A run that was interrupted goes on where it was.

    \b
    marsmedia verify
    marsmedia verify --sample 5
    """
    from flows.cli import keep

    if raw_only and store_only:
        raise click.UsageError("--raw-only and --store-only exclude each other: give one, or none for both")
    which = "raw" if raw_only else "store" if store_only else "all"
    sys.exit(keep.verify(store_folder, percent=percent, seed=seed, which=which, as_json=as_json))


@main.command()
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@STORE
@JSON
def prune(dry_run: bool, yes: bool, store_folder: Path, as_json: bool) -> None:
    """Remove results that no recipe asks for and no pack holds, after showing them."""
    from flows.cli import keep

    keep.prune(store_folder, dry_run=dry_run, yes=yes, as_json=as_json)


@main.command()
@STORE
@JSON
def links(store_folder: Path, as_json: bool) -> None:
    """Find what sources have in common, with a score, and keep it with both.

    Photos that were scaled, recompressed, converted or cropped; photos that are a frame of a video, with its number;
    the same sound in a clip and in a file of its own, with the offset. Compares what was made of them: previews,
    frames, video.measurements (which knows every frame) and spectrograms.
    """
    from flows.cli import links as run

    run.links(store_folder, as_json=as_json)


@main.command()
@STORE
@click.option(
    "--bits",
    "at_most_bits",
    type=click.IntRange(0, 15),
    default=6,
    show_default=True,
    help="How many of 64 bits of two frames' perceptual hashes may differ.",
)
@JSON
def duplicates(store_folder: Path, at_most_bits: int, as_json: bool) -> None:
    """Which stretches of film come again, in the same video or in another.

    Every frame is compared, by the hashes in the results of `video.measurements`; `links` compares stored pictures.
    """
    from flows.cli import duplicates as run

    run.duplicates(store_folder, at_most_bits=at_most_bits, as_json=as_json)


@main.command()
@STORE
@JSON
def rebuild(store_folder: Path, as_json: bool) -> None:
    """Make the catalogue and the by-name view anew from the plain files."""
    from flows.cli import keep

    sys.exit(keep.rebuild(store_folder, as_json=as_json))


for command in (reprocess, diff, adopt, prove, serve, watch, pack, release, mars_time):
    main.add_command(command)

if __name__ == "__main__":
    main()
