"""Entries of `release.toml` that name an earlier path of a file: they count for it until someone corrects the path."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from processors.metadata.release.release_file import Release
from processors.store.catalogue.source_row import SourceRow

DESCRIPTION = "/release.toml"


def entries_of_renamed(
    releases: Mapping[str, tuple[SourceRow, Release | None]],
    rows: Iterable[SourceRow],
    gone: Mapping[str, SourceRow],
    folder_of_release: Callable[[SourceRow], str | None],
) -> dict[str, str]:
    """Return the `SourceRow.entry_path` of each file that has one, by its path; of several the one that forbids.

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
        files, by_digest = release.files, dict[str, str]()
        for path in sorted(missing, key=lambda path, files=files: files.get(path, {}).get("redistribute") is False):
            last = [gone[f"{one}/{path}"] for one in folders if f"{one}/{path}" in gone][:1]
            last += [row for row in counted.get(path, ()) if row.path.startswith(inside)]
            by_digest.update((row.digest, path) for row in last)
        for digest, path in by_digest.items():
            found.update((row.path, path) for row in held[digest] if folder_of_release(row) == folder)
    return found
