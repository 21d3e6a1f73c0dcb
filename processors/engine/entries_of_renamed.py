"""Entries of `release.toml` that name an earlier path of a file: they count for it until someone corrects the path."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from processors.metadata.release.release_file import Release
from processors.store.catalogue.source_row import SourceRow
from processors.store.findings.paired_places import paired_places

DESCRIPTION = "/release.toml"


def entries_of_renamed(
    releases: Mapping[str, tuple[SourceRow, Release | None]],
    rows: Iterable[SourceRow],
    gone: Mapping[str, SourceRow],
    folder_of_release: Callable[[SourceRow], str | None],
) -> dict[str, str]:
    """Return the `SourceRow.entry_path` of each file that has one, by its path.

    Of several entries for copies each counts for the copy whose path agrees; where there are fewer copies than
    entries, the one that forbids counts.

    One that counted in the last run counts on, whatever became of its release's folder and description.

    Parameters
    ----------
    releases : file and content of each description, by its folder.
    rows : every file that is there, as the last run knew it.
    gone : last contents of each path that has lost some.
    folder_of_release : returns the folder of the description that applies to a file.
    """
    rows = list(rows)
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
        entries: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for path in sorted(missing, key=lambda path, ours=release: _forbids(ours, path)):
            last = [gone[f"{one}/{path}"] for one in folders if f"{one}/{path}" in gone][:1]
            last += [row for row in counted.get(path, ()) if row.path.startswith(inside)]
            for row in last:
                entries[row.digest][path] = None
        for digest, of_bytes in entries.items():
            copies = [row.path for row in held[digest] if folder_of_release(row) == folder]
            found |= _shared_out(folder, release, list(of_bytes), copies)
    return found


def _shared_out(folder: str, release: Release, entries: Sequence[str], copies: Sequence[str]) -> dict[str, str]:
    """Return the entry that counts for each copy of the same bytes, by its path; none for one with an entry of its own.

    Where there are fewer other copies than entries, one counts for all copies, so that none that forbids is lost.

    Parameters
    ----------
    entries : entries that name an earlier place of these bytes; the last of them forbids, if any does.
    """
    last = entries[-1]
    unnamed = [path for path in copies if path.removeprefix(f"{folder}/") not in release.lines]
    if len(entries) > len(unnamed):  # one would count for none
        return dict.fromkeys(copies, last)
    pairs = paired_places([f"{folder}/{path}" for path in entries], unnamed)
    own = {new: old.removeprefix(f"{folder}/") for old, new in pairs.items()}
    return {path: own.get(path, last) for path in unnamed}


def _forbids(release: Release, path: str) -> bool:
    return path in release.forbidden or release.files.get(path, {}).get("redistribute") is False
