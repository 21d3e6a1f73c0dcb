"""`marsmedia browse`: a static page over the store, opened in a browser."""

from __future__ import annotations

import shutil
import webbrowser
from pathlib import Path

import click

from flows.cli.look import open_store
from processors.errors import RequestError
from processors.packs.contents.subject import Text, subjects
from processors.packs.gallery.page import LANGUAGES, MARK, write_gallery
from processors.packs.gallery.store_gallery import shown_of_store
from processors.sources.scan import printable
from processors.store.catalogue import Catalogue
from processors.store.selection import parse, select

MAX_NAMED = 3
"""More releases than these do not fit into the page's heading."""

UNFINISHED = f"<!DOCTYPE html>{MARK}<title>unfinished</title><p>Not finished: run `marsmedia browse` again.\n"
"""What a run that was killed leaves, so that the next one knows the folder as its own."""


def browse(words: tuple[str, ...], store_folder: Path, folder: Path | None, *, show: bool) -> None:
    """Write the page over what the words select, and open it; a pack has its own page, which is opened."""
    if len(words) == 1 and (Path(words[0]) / "bagit.txt").is_file():
        page = Path(words[0]) / "data" / "index.html"
        if not page.is_file():
            raise RequestError(f"{words[0]}: a pack without a page of its own: build it again")
        _open(page, 0, show=show)
        return
    store = open_store(store_folder)
    catalogue = Catalogue(store)
    folder = folder or store_folder / "gallery"
    rows = select(parse(words), catalogue)
    _clear(folder)
    releases = list(dict.fromkeys(row.release for row in rows))
    title = Text(en=", ".join(releases), zh="、".join(releases))
    if len(releases) > MAX_NAMED:
        title = Text(en=f"{len(releases)} releases", zh=f"{len(releases)} 次发布")
    found = subjects(rows, store, catalogue)
    write_gallery(folder, shown_of_store(found, store, folder), title=title, languages=LANGUAGES)
    _open(folder / "index.html", len(rows), show=show)


def _open(page: Path, source_count: int, *, show: bool) -> None:
    counted = f"{source_count} source{'s' if source_count != 1 else ''}: " if source_count else ""
    click.echo(f"{counted}{printable(str(page))}")
    if show and not webbrowser.open(page.absolute().as_uri()):
        click.echo("no browser could be started here: open that file in one", err=True)


def _clear(folder: Path) -> None:
    """Make room for the page: thumbnails of an earlier one stay, a folder of anything else is left alone."""
    page = folder / "index.html"
    if folder.exists() and any(folder.iterdir()):
        if not page.is_file() or MARK not in page.read_text(encoding="utf-8", errors="replace"):
            raise RequestError(f"{folder}: holds something else than a gallery: name another folder with -o")
        for part in ("assets", "data", "tiles"):
            shutil.rmtree(folder / part, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    page.write_text(UNFINISHED, encoding="utf-8")
