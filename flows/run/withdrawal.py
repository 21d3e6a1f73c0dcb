"""Confirmation that files were taken out of raw on purpose, also before a run has missed them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from flows.run.ended_links import remove_ended_links
from flows.run.options import Options
from flows.run.planning.raw_survey import survey_raw
from flows.run.reporting.since_last_run import gone_from
from processors.store.by_name_view import ByNameEntry, refresh_by_name
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.source_row import SourceRow, utc_now
from processors.store.findings.withdrawn import as_written_there, confirm, means
from processors.store.fixity.absent_folders import is_gone
from processors.store.open_store import is_address
from processors.store.store import Store


def withdraw(words: Sequence[str], store: Store, *, reason: str | None) -> list[SourceRow]:
    """Confirm the withdrawal of files, as `confirm` does; what is gone and no run has missed is looked for at once.

    Raises
    ------
    RequestError : a word means no withdrawn file, or the bucket of the releases cannot be listed.
    OSError : the folder of releases cannot be listed.
    """
    catalogue = Catalogue(store)
    known = list(catalogue.sources().values())
    confirmed = confirm(words, catalogue, reason=reason, just_gone=_just_gone(words, known))
    _take_from_view(confirmed, known, store)
    remove_ended_links([row.path for row in confirmed if row.kind != "media"], known, store)
    return confirmed


def _just_gone(words: Sequence[str], known: Sequence[SourceRow]) -> list[SourceRow]:
    """Return the files with these names that a run would find gone now."""
    words = as_written_there(words, known)
    meant = [row for row in known if any(means(word, row) for word in words)]
    gone: list[SourceRow] = []
    for folder in sorted({row.raw_folder for row in meant}):
        if is_gone(folder):  # as where a disk is not mounted: nothing is known of its files
            continue
        surveyed = survey_raw(folder if is_address(folder) else Path(folder), Options())
        unlisted = [entry.relative for entry in (*surveyed.unreadable, *surveyed.empty)]
        gone += gone_from(meant, surveyed, unlisted, None, utc_now())
    return gone


def _take_from_view(confirmed: Iterable[SourceRow], known: Iterable[SourceRow], store: Store) -> None:
    """Remove withdrawn files from the by-name view, unless another file has the same name there."""
    gone = {row.path for row in confirmed}
    entries = [(row, ByNameEntry.at(row.relative, row.release, is_gone=True)) for row in known if row.kind == "media"]
    kept = {entry.links_folder(store) for row, entry in entries if row.path not in gone}
    ours = [entry for row, entry in entries if row.path in gone and entry.links_folder(store) not in kept]
    refresh_by_name(store, ours)
