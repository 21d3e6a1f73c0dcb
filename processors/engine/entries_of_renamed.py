"""Entries of `release.toml` that name an earlier path of a file: they count for it until someone corrects the path."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from processors.metadata.release.release_file import Release
from processors.store.catalogue.source_row import SourceRow
from processors.store.findings.moves import Moves
from processors.store.findings.paired_places import paired_places

DESCRIPTION = "/release.toml"


def entries_of_renamed(
    releases: Mapping[str, tuple[SourceRow, Release | None]],
    rows: Iterable[SourceRow],
    moves: Moves,
    folder_of_release: Callable[[SourceRow], str | None],
) -> dict[str, str]:
    """Return the `SourceRow.entry_path` of each file that has one, by its path.

    Of several entries for copies each counts where its own file was moved; where several were moved to one place, the
    one that forbids counts.

    One that counted in the last run counts on, whatever became of its release's folder and description.

    Parameters
    ----------
    releases : file and content of each description, by its folder.
    rows : every file that is there, as the last run knew it.
    moves : moves of files until now, also those that this run finds.
    folder_of_release : returns the folder of the description that applies to a file.
    """
    rows, gone = list(rows), moves.gone
    paths = {row.path for row in rows}
    held: defaultdict[str, list[SourceRow]] = defaultdict(list)
    counted: defaultdict[str, list[SourceRow]] = defaultdict(list)
    """Files, present or gone, for which an entry that names an earlier place counted, by that entry."""
    earlier: defaultdict[str, list[str]] = defaultdict(list)
    """Folders that a description has left, by its digest."""
    for row in rows:
        if row.kind != "companion":  # a label may yet make it media
            held[row.digest].append(row)
    for row in gone.values():
        if row.path.endswith(DESCRIPTION):
            earlier[row.digest].append(row.path.removesuffix(DESCRIPTION))
    for row in (*rows, *gone.values()):
        if row.entry_path:
            counted[row.entry_path].append(row)
    found: dict[str, str] = {}
    for folder, (description, release) in releases.items():
        if release is None:
            continue
        folders = (folder, *earlier[description.digest])  # its own name, and those that it had before
        inside = tuple(f"{one}/" for one in folders)
        missing = [path for path in release.lines if f"{folder}/{path}" not in paths]
        entries: defaultdict[str, defaultdict[str, list[SourceRow]]] = defaultdict(lambda: defaultdict(list))
        for path in sorted(missing, key=lambda path, ours=release: _forbids(ours, path)):
            last = [gone[f"{one}/{path}"] for one in folders if f"{one}/{path}" in gone][:1]
            last += [row for row in counted.get(path, ()) if row.path.startswith(inside)]
            for row in last:
                entries[row.digest][path].append(row)
        for digest, of_bytes in entries.items():
            copies = [row.path for row in held[digest] if folder_of_release(row) == folder]
            found |= _shared_out(folder, release, of_bytes, copies, moves)
    return found


def _shared_out(
    folder: str, release: Release, entries: Mapping[str, Sequence[SourceRow]], copies: Sequence[str], moves: Moves
) -> dict[str, str]:
    """Return the entry that counts for each copy of the same bytes, by its path; none for one that was there before.

    Parameters
    ----------
    entries : files for which each entry counted that names an earlier place of these bytes; the last of them forbids,
        if any does.
    """
    found: dict[str, str] = {}
    removed: dict[str, Sequence[SourceRow]] = {}
    for entry, rows in entries.items():
        at_entry = [row for row in rows if row.entry_path != entry]
        counted = [row for row in rows if row.entry_path == entry]
        here = _places(at_entry, moves).intersection(copies) or _places(counted, moves).intersection(copies)
        found |= dict.fromkeys(here, entry)
        if not here:
            removed[entry] = rows
    if not removed:
        return found
    return _with_removed(folder, release, removed, copies, found, moves)


def _places(rows: Iterable[SourceRow], moves: Moves) -> set[str]:
    return {one.path for row in rows for one in moves.present(row)}


def _with_removed(
    folder: str,
    release: Release,
    removed: Mapping[str, Sequence[SourceRow]],
    copies: Sequence[str],
    found: Mapping[str, str],
    moves: Moves,
) -> dict[str, str]:
    """Return the entries that count, also those of files that were removed, or of which no run saw the move.

    They count for copies that came later, else for those that nothing else describes. Where these are fewer, one counts
    for all of them; where there are none, for all copies, so that none that forbids is lost.
    """
    last = list(removed)[-1]
    later = {one.path for rows in removed.values() for row in rows for one in moves.found_later(row)}
    rest = [path for path in copies if path not in found and path.removeprefix(f"{folder}/") not in release.lines]
    rest = [path for path in rest if path in later] or rest
    if not rest:
        others = dict.fromkeys(copies, last)
        return {**found, **others} if _forbids(release, last) else {**others, **found}
    pairs = paired_places([f"{folder}/{path}" for path in removed], rest) if len(removed) <= len(rest) else {}
    own = {new: old.removeprefix(f"{folder}/") for old, new in pairs.items()}
    return {**found, **{path: own.get(path, last) for path in rest}}


def _forbids(release: Release, path: str) -> bool:
    return path in release.forbidden or release.files.get(path, {}).get("redistribute") is False
