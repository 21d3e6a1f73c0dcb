"""A processed store: its sources by the words of a selection, SQL over its catalogue, and packs."""

from __future__ import annotations

import shlex
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack

from marsmedia.arguments import as_text
from marsmedia.live_source import LiveSelection, LiveSource, LiveStore
from marsmedia.optional import needed
from marsmedia.source_view import SourceView
from processors.errors import NoSuchSource, RequestError

if TYPE_CHECKING:
    import pandas as pd

    from processors.packs.built import Built
    from processors.store.store import Store


class Conditions(TypedDict, total=False):
    """Conditions that narrow a selection, as the words of the command `marsmedia items`."""

    release: str
    mission: str
    sol: int | str
    """One sol, or a range such as `10..40`."""
    event: str
    camera: str
    """Part of the camera's name."""
    date: str
    """A year, month, day or moment that the recording overlaps: `2021-06`."""
    redistribute: Literal["true", "false"] | bool
    """`true` for what may be passed on, `false` for what is forbidden or has no stated permission."""
    sql: str
    """Condition on the columns of the view `known`: `duration_seconds > 60`."""


def open(folder: str | Path | None = None) -> StoreView:  # noqa: A001
    """Open a processed store for reading, in a folder or in a bucket: `marsmedia.open("s3://bucket/mars")`.

    Of a store in a bucket the items that are read are copied to this machine.

    Parameters
    ----------
    folder : None: the store that commands take, which `MARSMEDIA_STORE` names, or marsmedia.toml in the current folder,
        or else `processed`.

    Raises
    ------
    RequestError : no store is there.
    StoreError : it was written by a newer version, or cannot be read.
    """
    from flows.run.folder_defaults import store_location
    from processors.store.open_store import is_store, location_of, open_store, store_like

    place = location_of(str(folder or store_location()))
    if not is_store(place):
        near = store_like(Path(place))
        advice = f"did you mean {near}?" if near else "run `marsmedia ingest`, or open another folder"
        raise RequestError(f"no store found at {place}; {advice}")
    if isinstance(place, str):
        open_store(place, writes=False)
    return StoreView(folder=place)


@dataclass(frozen=True, kw_only=True)
class StoreView:
    """A processed store, as it is on the disk or in the bucket at each call."""

    folder: Path | str
    """Folder, or address in a bucket."""

    def __getstate__(self) -> dict[str, object]:
        """Return what another process gets: where the store is."""
        return {"folder": self.folder}

    def sources(self, words: str | Sequence[str] = "", /, **conditions: Unpack[Conditions]) -> list[SourceView]:
        """Return the selected sources, in order of release and name; without conditions all that are in raw.

        Parameters
        ----------
        words : words of a selection, as on the command line: `"medium=audio mission=tianwen-1"`, `"*.mp4 sol=10..40"`;
            in a text, a name with spaces is put in quotes; a list has one word in each text.

        A name, a pattern or a release whose files are elsewhere now means them, with a warning that says where; another
        one says by which bytes a source was replaced.

        Raises
        ------
        RequestError : a word is invalid, or nothing is selected.
        """
        split = _split(words)
        try:
            return self._select(split, conditions)
        except NoSuchSource as error:
            if isinstance(words, str) and len(split) > 1:
                raise NoSuchSource(f"{error}; put a name with spaces in quotes, or give a list of names") from error
            raise

    def videos(self, **conditions: Unpack[Conditions]) -> list[SourceView]:
        """Return the selected videos; see `sources`."""
        return self._select(["medium=video"], conditions)

    def sounds(self, **conditions: Unpack[Conditions]) -> list[SourceView]:
        """Return the selected sounds; see `sources`. A video's sound is a result of the video."""
        return self._select(["medium=audio"], conditions)

    def photos(self, **conditions: Unpack[Conditions]) -> list[SourceView]:
        """Return the selected photos; see `sources`."""
        return self._select(["medium=photo"], conditions)

    def source(self, name: str) -> SourceView:
        """Return the one source with this path, name, or beginning of its SHA-256 (4 characters or more).

        An earlier path or name leads to it, with a warning; see `sources`.

        Raises
        ------
        RequestError : no source or several match; the message says which.
        """
        found = self._select([as_text("name", name)], {})
        if len(found) > 1:
            raise RequestError(f"{name}: matches {len(found)} sources: {', '.join(one.name for one in found[:10])}")
        return found[0]

    def query(self, sql: str) -> pd.DataFrame:
        """Return the rows of one SQL statement over the catalogue, as `marsmedia query`; begin with the view `known`.

        Raises
        ------
        RequestError : the SQL is invalid.
        """
        needed("pandas")
        from processors.store.catalogue.catalogue import Catalogue
        from processors.store.catalogue.sql import connect

        with connect(Catalogue(self._store())) as connection:
            import duckdb

            try:
                return connection.execute(as_text("sql", sql)).df()
            except duckdb.Error as error:
                raise RequestError(f"{sql}: {str(error).splitlines()[0]}") from error

    def pack(
        self,
        words: str | Sequence[str],
        output: str | Path,
        *,
        audience: Literal["internal", "press", "public", "research", "archive"] | None = None,
        title: str | None = None,
        force: bool = False,
    ) -> Built:
        """Build a pack, as `marsmedia pack` does; the returned record's `path` is its location.

        Parameters
        ----------
        words : a recipe file (`press.toml`), or the words of a selection, as for `sources`.
        output : folder, or a name that ends in `.zip`; a text may be an address, as `s3://bucket/june.zip`.
        force : replace an existing pack.

        Raises
        ------
        RequestError : recipe, selection or output is invalid, or rights forbid it; the message lists all problems.
        StoreError : a packed file does not match the store's record; no pack is left.
        """
        from flows.run.build_pack import build_pack, recipe_of
        from processors.store.open_store import location_of

        recipe = recipe_of(_split(words), audience=audience, title=title)
        return build_pack(recipe, location_of(str(output)), self._store(), force=force)

    @cached_property
    def _live(self) -> LiveStore:
        return LiveStore(self.folder)

    def _store(self) -> Store:
        from processors.store.open_store import open_store

        return open_store(self.folder, writes=False)

    def _select(self, words: list[str], conditions: Mapping[str, object]) -> list[SourceView]:
        """Return the selected sources; what it warns of is at the line that calls the caller."""
        from processors.store.catalogue.selection import find_selected, parse

        live = LiveSelection(self._live)
        opened = live.now()
        wanted = parse([*words, *(f"{name}={_word(value)}" for name, value in conditions.items())])
        selected = find_selected(wanted, opened.read.catalogue)
        for remark in selected.remarks:
            warnings.warn(remark, stacklevel=3)
        return [SourceView.of(row, LiveSource(live, opened.known(row))) for row in selected.rows]


def _word(value: object) -> str:
    """Return a condition's value as a selection has it: True is `true`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _split(words: str | Sequence[str]) -> list[str]:
    """Return the words of a selection; raises `RequestError` for an open quotation."""
    if isinstance(words, list | tuple):
        return [as_text("words", word) for word in words]
    try:
        return shlex.split(as_text("words", words))
    except ValueError as error:
        raise RequestError(f"{words}: {error}; put a name with quotes or spaces in quotes") from error
