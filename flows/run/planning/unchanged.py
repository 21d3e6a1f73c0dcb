"""Runs that find nothing changed since the last run: they repeat its report, and nothing is planned.

A plan is determined by the files' paths, sizes and dates, the catalogue, the recipes, the program, and the results
in the store. At its end a run records the state of all these, with its counts and problems, in a disposable file in
the catalogue's folder. A later run that finds the same state only checks that each manifest exists; it needs no row of
the catalogue, no recipe, and no library that reads either.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flows.run.options import RECIPES_FILE, Options
from flows.run.planning.raw_survey import RawSurvey
from flows.run.reporting.report import Report
from processors.engine.program_files import PROCESSORS, state_of_files
from processors.json_records import from_json
from processors.store.by_name_view import state_of_view
from processors.store.catalogue.complete_sources import newest_folders
from processors.store.fixity.absent_folders import is_gone
from processors.store.lost_record_note import noted_lost
from processors.store.store import Store, newest_commit_in

FLOWS = Path(__file__).resolve().parents[2]
TABLES = ("sources", "results")
"""Tables from which a plan is made."""


@dataclass(frozen=True, kw_only=True)
class LastRun:
    """Findings of a run, and the state at its end."""

    state: str
    """Digest of everything that determines a plan, except the recipes and the results in the store."""
    recipes: str
    """Digest of the recipes as they were loaded, from whatever files."""
    recipe_files: str | None
    """Digest of the files from which the recipes were loaded, which is compared without loading them; None if the
    caller supplied the recipes."""
    report: Report
    """Its report, as a run repeats it that finds nothing changed: nothing was due, and no problem is new."""
    complete: int
    """Number of complete sources in the run."""
    not_of_run: tuple[str, ...]
    """Digests of complete sources outside the run: gone, or from another folder."""
    other_folders: tuple[str, ...]
    """Other folders of releases, which existed: one that is gone may have been moved below this one."""
    others: dict[str, str]
    """Folders of the results of sources that are not complete, by digest, separated by spaces."""


def unchanged(
    survey: RawSurvey, store: Store, options: Options, has_same_recipes: Callable[[LastRun], bool]
) -> LastRun | None:
    """Return the findings of the last run over this folder if a plan would find the same; None if one must be made.

    Parameters
    ----------
    has_same_recipes : returns whether the last run had the recipes of this one, by `LastRun.recipes` or, before any
        recipe is loaded, by `LastRun.recipe_files`.
    """
    if options.hash_all or options.retry_failed or options.releases is not None or noted_lost(store):
        return None
    last = _read(note_path(survey, store, options))
    if last is None or not has_same_recipes(last):
        return None
    if (
        last.state != state_of(survey, store)
        or any(map(is_gone, last.other_folders))
        or not _results_are_there(last, store)
    ):
        return None
    return last


def recipe_files(recipe: str | None) -> str:
    """Return the digest of the recipe's name and the recipe file, from which recipes are loaded besides the program."""
    path = os.environ.get(RECIPES_FILE)
    content = b""
    if path:
        with suppress(OSError):  # loading the recipes reports this
            content = Path(path).read_bytes()
    return hashlib.sha256(repr((recipe, path, content)).encode()).hexdigest()


def state_of(survey: RawSurvey, store: Store) -> str:
    """Return the digest of everything that determines a plan, except the recipes and the results in the store."""
    program = [sys.version, state_of_files(PROCESSORS), state_of_files(FLOWS)]
    tables = [str(newest_commit_in(store.catalogue_folder / table)) for table in TABLES]
    return hashlib.sha256("\n".join([survey.digest, *program, *tables, state_of_view(store)]).encode()).hexdigest()


def _results_are_there(last: LastRun, store: Store) -> bool:
    store.look_at_all()
    complete = newest_folders(store)
    for digest in last.not_of_run:
        complete.pop(digest, None)
    folders = complete | last.others
    return len(complete) == last.complete and len(store.with_all(folders)) == len(folders)


def note_path(survey: RawSurvey, store: Store, options: Options) -> Path:
    """Return the path of the note on runs over this folder, or this shard of it, with this recipe."""
    asked = f"{survey.folder}\n{options.recipe}\n{options.shard or ''}"
    name = hashlib.sha256(asked.encode("utf-8", "surrogateescape")).hexdigest()
    return store.catalogue_folder / f"unchanged-{name[:16]}.json"


def _read(path: Path) -> LastRun | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        return from_json(LastRun, json.loads(path.read_bytes()), is_strict=True)
    return None
