"""The command `marsmedia`. Everything heavy is imported inside the commands, so that help answers at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from flows.cli_options import JSON, MEMORY, QUIET, RETRY, STORE, WORKERS
from flows.cli_runs import adopt, diff, reprocess, serve, watch


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
            if error.errno is None or error.filename is None:
                raise
            from processors.errors import machine_reason
            from processors.survey import printable

            click.echo(f"marsmedia: {printable(str(error.filename))}: {machine_reason(error)}", err=True)
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
    """


@main.command()
@click.argument("raw", type=click.Path(path_type=Path), default=Path("raw"))
@STORE
@click.option("--dry-run", is_flag=True, help="Say what is due, and why, and make nothing.")
@click.option("--strict", is_flag=True, help="Refused files, and failures of earlier runs, make this run fail too.")
@click.option("--hash-all", is_flag=True, help="Hash every file again, even if size and date are unchanged.")
@RETRY
@WORKERS
@MEMORY
@QUIET
@JSON
def ingest(raw: Path, store_folder: Path, dry_run: bool, as_json: bool, **options: Any) -> None:
    """Make what is due of every file below RAW (default: raw).

    \b
    Exit code 0: everything was made, reused, or refused for a stated reason;
    1: something failed; 2: could not start; 130: interrupted.

    \b
    marsmedia ingest --dry-run
    marsmedia ingest ../releases/june --store /archive/mars --workers 8
    """
    from flows.commands import ingest as run
    from flows.options import Options

    sys.exit(run.ingest(raw, store_folder, Options(**options), dry_run=dry_run, as_json=as_json))


@main.command()
@click.option(
    "--raw", type=click.Path(path_type=Path), default=Path("raw"), show_default=True, help="Where the sample goes."
)
@STORE
def demo(raw: Path, store_folder: Path) -> None:
    """Write the built-in synthetic sample release into RAW and ingest it."""
    from flows.commands import ingest as run

    sys.exit(run.demo(raw, store_folder))


@main.command()
@STORE
@JSON
def status(store_folder: Path, as_json: bool) -> None:
    """What the store holds, and what went wrong."""
    from flows.commands import look

    look.status(store_folder, as_json=as_json)


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
    from flows.commands import look

    look.show(source, store_folder, as_json=as_json)


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
    from flows.commands import look

    look.items(selection, store_folder, as_json=as_json)


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
    from flows.commands import look

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
    from flows.commands import look

    look.query(sql, store_folder, as_json=as_json)


@main.command()
@STORE
@JSON
def verify(store_folder: Path, as_json: bool) -> None:
    """Hash every stored file again; names each that is damaged, missing or extra. Exit code 1 if there is one."""
    from flows.commands import keep

    sys.exit(keep.verify(store_folder, as_json=as_json))


@main.command()
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@STORE
@JSON
def prune(dry_run: bool, yes: bool, store_folder: Path, as_json: bool) -> None:
    """Remove results that no recipe asks for and no pack holds, after showing them."""
    from flows.commands import keep

    keep.prune(store_folder, dry_run=dry_run, yes=yes, as_json=as_json)


@main.command("mars-time")
@click.argument("utc")
@click.option("--longitude", type=float, help="Degrees east, planetocentric.  [default: 0]")
@click.option("--mission", help="A mission profile: its site and its count of sols.")
@JSON
def mars_time(utc: str, longitude: float | None, mission: str | None, as_json: bool) -> None:
    """Solar longitude, sol date and local solar time on Mars at UTC.

    A time without a zone is taken as UTC; a day is answered with its beginning and its end.

    \b
    marsmedia mars-time 2021-05-14T23:18Z --mission tianwen-1
    marsmedia mars-time 2021-06-16 --mission tianwen-1
    marsmedia mars-time 2012-08-06T05:14:39 --longitude 137.4417 --json
    """
    from flows.commands import mission as run

    run.mars_time_of(utc, longitude, mission, as_json=as_json)


@main.group()
def release() -> None:
    """Describe a release: what its agency says of each file."""


@release.command("init")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--mission", help="A mission profile, as tianwen-1.")
@click.option("--force", is_flag=True, help="Replace a release.toml that is there.")
def release_init(folder: Path, mission: str | None, force: bool) -> None:
    """Write a template FOLDER/release.toml that lists the files in FOLDER.

    \b
    marsmedia release init raw/june --mission tianwen-1
    """
    from flows.commands import mission as run

    run.release_init(folder, mission=mission, force=force)


@release.command("check")
@click.argument("folder", type=click.Path(path_type=Path))
def release_check(folder: Path) -> None:
    """Check FOLDER/release.toml: every mistake with its line. Exit code 1 if there is one."""
    from flows.commands import mission as run

    sys.exit(run.release_check(folder))


@main.command()
@STORE
@JSON
def links(store_folder: Path, as_json: bool) -> None:
    """Which photos and video frames show the same picture, with a score.

    Copies that were scaled, recompressed or converted are found; crops are not.
    """
    from flows.commands import links as run

    run.links(store_folder, as_json=as_json)


@main.command()
@STORE
@JSON
def rebuild(store_folder: Path, as_json: bool) -> None:
    """Make the catalogue and the by-name view anew from the plain files."""
    from flows.commands import keep

    sys.exit(keep.rebuild(store_folder, as_json=as_json))


for command in (reprocess, diff, adopt, serve, watch):
    main.add_command(command)

if __name__ == "__main__":
    main()
