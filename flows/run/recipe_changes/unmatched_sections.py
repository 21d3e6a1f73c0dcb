"""Sections `[[for]]` of the recipe file that apply to no source, as a misspelt camera or release makes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from processors.engine.recipe_book import RecipeBook, RecipeChange, Recipes
from processors.engine.release_index import ReleaseIndex
from processors.errors import closest
from processors.store.catalogue.source_row import SourceRow

NAMES_SHOWN = 10


def unmatched_sections(
    recipes: Recipes, rows: Iterable[SourceRow], releases: ReleaseIndex, others: Sequence[SourceRow] = ()
) -> tuple[str, ...]:
    """Return one line for each section that no source matches, with its place in the file and the known names.

    Parameters
    ----------
    rows : the files of the run.
    releases : the index of their descriptions.
    others : files of the store in other folders, with their descriptions, which a section may be meant for.
    """
    sections = [one for one in recipes.changes if not one.is_for_all] if isinstance(recipes, RecipeBook) else []
    asks_camera = any(one.camera is not None for one in sections)
    known = _known(rows, releases, asks_camera) if sections else set[tuple[str, str | None]]()
    if others and any(_matches_none(one, known) for one in sections):
        known |= _known(others, ReleaseIndex(others), asks_camera)
    return tuple(_words(one, known) for one in sections if known and _matches_none(one, known))


def _known(rows: Iterable[SourceRow], releases: ReleaseIndex, asks_camera: bool) -> set[tuple[str, str | None]]:
    """Return the releases and cameras of the media."""
    media = (row for row in rows if row.kind == "media")
    return {(row.release, releases.camera_of(row) if asks_camera else None) for row in media}


def _matches_none(section: RecipeChange, known: Iterable[tuple[str, str | None]]) -> bool:
    return not any(section.applies(*one) for one in known)


def _words(section: RecipeChange, known: set[tuple[str, str | None]]) -> str:
    of_release = RecipeChange(release=section.release)
    cameras = [camera for release, camera in known if of_release.applies(release, None)]
    if not cameras:
        names = {release for release, _ in known}
        what, kind, asked = f'no source is in a release "{section.release}"', "releases", str(section.release)
    else:
        names = {name for camera in cameras if camera for name in camera.split("\n")}
        where = f' of "{section.release}"' if section.release is not None else ""
        what, kind, asked = f'no source{where} has camera "{section.camera}"', "cameras", str(section.camera)
    if not names:
        return f"{section.place}: {what}; no camera is known here: name it with recorded_by in release.toml"
    shown = sorted(names)
    more = f" and {len(shown) - NAMES_SHOWN} more" if len(shown) > NAMES_SHOWN else ""
    return f"{section.place}: {what}; {kind} known here: {', '.join(shown[:NAMES_SHOWN])}{more}{_near(asked, names)}"


def _near(asked: str, names: Iterable[str]) -> str:
    """Return a question for the name, or the word of a name, that is most like the one asked for, in any case."""
    words = {part.casefold(): part for name in sorted(names) for part in (*name.split(), name)}
    near = closest(asked.casefold(), words)
    return f"; did you mean {words[near]}?" if near else ""
