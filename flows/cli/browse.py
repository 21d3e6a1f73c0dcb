"""`marsmedia browse`: a page over the store, opened in a browser; over a bucket it is served on this machine."""

from __future__ import annotations

import shutil
import webbrowser
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.cli.common import counted, open_existing_store, print_remarks
from flows.cli.shared_options import SELECTION, STORE, run_options
from processors.errors import RequestError
from processors.sources.scan import printable

if TYPE_CHECKING:
    from flows.run.page_server import PageServer
    from processors.packs.gallery.store_gallery import Links
    from processors.packs.gallery.thumbnails import Thumbnails
    from processors.store.catalogue.source_row import SourceRow
    from processors.store.store import Store

UNFINISHED = "<!DOCTYPE html>{mark}<title>unfinished</title><p>Not finished: run `marsmedia browse` again.\n"
"""Page that an interrupted run leaves, so that the next one recognises the folder as its own."""


@click.command()
@SELECTION
@click.option(
    "-o",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the page.  [default: gallery, in the store]",
)
@click.option("--no-open", is_flag=True, help="Only write the page.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port of the page over a bucket.  [default: a free one]"
)
@run_options("quiet")
@STORE
def browse(
    selection: tuple[str, ...], folder: Path | None, no_open: bool, port: int, quiet: bool, store_folder: Path
) -> None:
    """Write a page over the store and open it in a browser.

    It needs no server and no network. SELECTION is as in `marsmedia items`, or the folder of a pack,
    whose own page is then opened. The page shows files where they are in the store: to give it to
    somebody, build a pack.

    Over a store in a bucket the page is served, to this machine only, until Ctrl-C, and files are
    fetched when they are looked at.

    \b
    marsmedia browse mission=tianwen-1 sol=1..40
    marsmedia browse '*.mp4' -o ~/videos --no-open
    """
    from flows.run.page_server import PageServer, served_links
    from processors.packs.gallery.store_gallery import links_on_disk
    from processors.packs.gallery.thumbnails import Thumbnails
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.catalogue.selection import find_selected, parse

    if len(selection) == 1 and (Path(selection[0]) / "bagit.txt").is_file():
        _open(_page_of_pack(selection[0]), 0, show=not no_open)
        return
    store = open_existing_store(store_folder)
    folder = folder or store.root / "gallery"
    found = find_selected(parse(selection), Catalogue(store))
    print_remarks(found.remarks)
    rows = found.rows
    _clear(folder)
    links = links_on_disk(folder) if store.is_in_folder else served_links()
    thumbnails = Thumbnails(folder, links.item, when_asked=not store.is_in_folder)
    _write(folder, rows, store, links, thumbnails, quiet=quiet)
    if store.is_in_folder:
        _open(folder / "index.html", len(rows), show=not no_open)
    else:
        _serve(PageServer(folder, store, rows, thumbnails, port), len(rows), show=not no_open)


def _write(
    folder: Path, rows: list[SourceRow], store: Store, links: Links, thumbnails: Thumbnails, *, quiet: bool
) -> None:
    """Write the page, and warn of descriptions that have changed since."""
    from flows.run.planning.current_results import CurrentResults, ResultsElsewhere
    from flows.run.progress import RunProgress
    from processors.languages.language import LANGUAGES
    from processors.packs.contents.changed_descriptions import changed_descriptions
    from processors.packs.contents.subject import subjects
    from processors.packs.gallery.page import write_gallery
    from processors.packs.gallery.store_gallery import selection_title, shown_of_store, with_places
    from processors.store.catalogue.catalogue import Catalogue

    catalogue = Catalogue(store)
    title = selection_title(rows, catalogue)
    today, elsewhere = CurrentResults(catalogue), ResultsElsewhere(catalogue)
    by_path = {row.path: row for row in rows}
    found = with_places(subjects(rows, store, catalogue, today.of), catalogue)
    for one in changed_descriptions(rows, catalogue):
        click.echo(f"marsmedia: {one}: the page shows the earlier {one.states}: {one.remedy}", err=True)
    with RunProgress(quiet=quiet) as progress:
        store.fetch_manifests(row.digest for row in rows)
        written = progress.each("Writing the page", found, len(rows), noun="source", name=lambda one: one.name)
        shown = shown_of_store(
            written,
            store,
            folder,
            links,
            {row.path: elsewhere.of(row) for row in rows},
            thumbnails,
            asked=lambda subject: today.of(by_path[subject.path]),
            of_own=lambda subject, results: today.companions.counting(results, by_path[subject.path]),
        )
        write_gallery(folder, shown, title=title, languages=LANGUAGES)


def _page_of_pack(pack: str) -> Path:
    page = Path(pack) / "data" / "index.html"
    if not page.is_file():
        raise RequestError(f"{pack}: this pack has no page; build it again")
    return page


def _serve(server: PageServer, source_count: int, *, show: bool) -> None:
    """Serve the page until the command is interrupted."""
    click.echo(f"{counted(source_count, 'source')}: {server.address} (press Ctrl-C to stop)")
    if show and not webbrowser.open(server.address):
        click.echo("could not start a browser; open this address yourself", err=True)
    with server, suppress(KeyboardInterrupt):
        server.serve_forever()


def _open(page: Path, source_count: int, *, show: bool) -> None:
    prefix = f"{counted(source_count, 'source')}: " if source_count else ""
    click.echo(f"{prefix}{printable(str(page))}")
    if show and not webbrowser.open(page.absolute().as_uri()):
        click.echo("could not start a browser; open this file yourself", err=True)


def _clear(folder: Path) -> None:
    """Make room for the page, but keep thumbnails of an earlier one; refuse a folder that holds anything else."""
    from processors.packs.gallery.page import MARK

    page = folder / "index.html"
    if folder.exists() and any(folder.iterdir()):
        if not page.is_file() or MARK not in page.read_text(encoding="utf-8", errors="replace"):
            raise RequestError(f"{folder}: not a gallery folder; choose another with -o")
        for part in ("assets", "data", "tiles"):
            shutil.rmtree(folder / part, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    page.write_text(UNFINISHED.format(mark=MARK), encoding="utf-8")
