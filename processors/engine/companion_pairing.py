"""Pairing of XMP sidecars, and of subtitle files, with the files whose names they have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from processors.containers.text.subtitle_names import described_names, is_subtitle_file
from processors.sources.unicode_forms import folded
from processors.store.catalogue.source_row import SourceRow


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """Companions with their files, and those without one."""

    of_file: dict[str, tuple[SourceRow, ...]]
    """Companions by the path of their file, in order of names; a sidecar with the file's whole name comes first."""
    strays: tuple[tuple[SourceRow, str], ...]
    """Companions whose file is missing or unknown, and how to fix it."""


def sidecars_paired(sidecars: Sequence[SourceRow], rows: Iterable[SourceRow]) -> Pairing:
    """Find the file of each sidecar: `IMG.jpg.xmp` and `IMG.xmp` describe `IMG.jpg` in the same folder.

    A sidecar without the suffix of its file is used only if exactly one file matches.

    Parameters
    ----------
    rows : every file; companions are skipped.
    """
    if not sidecars:
        return Pairing(of_file={}, strays=())
    whole: dict[tuple[str, str], list[SourceRow]] = {}
    stems: dict[tuple[str, str], list[SourceRow]] = {}
    for row in rows:
        if row.kind != "companion":
            folder = _folder(row)
            whole.setdefault((folder, folded(row.name)), []).append(row)
            stems.setdefault((folder, folded(_stem(row.name))), []).append(row)
    of_file: dict[str, list[tuple[bool, str, SourceRow]]] = {}
    strays: list[tuple[SourceRow, str]] = []
    for sidecar in sidecars:
        base = _stem(sidecar.name)
        place = (_folder(sidecar), folded(base))
        named = whole.get(place, [])
        found = named or stems.get(place, [])
        same_case = [row for row in found if base in (row.name, _stem(row.name))]
        meant = same_case if len(same_case) == 1 else found
        if len(meant) == 1:
            of_file.setdefault(meant[0].path, []).append((not named, sidecar.name, sidecar))
        elif meant:
            names = sorted(row.name for row in meant)
            others = " or ".join(f"{name}.xmp" for name in names)
            strays.append((sidecar, f"may describe {' or '.join(names)}: rename it to {others}"))
        else:
            strays.append((sidecar, f"no file next to it is named {base}: put that file next to it, or rename it"))
    return Pairing(
        of_file={
            path: tuple(row for _, _, row in sorted(found, key=lambda one: one[:2])) for path, found in of_file.items()
        },
        strays=tuple(strays),
    )


def subtitles_paired(rows: Iterable[SourceRow]) -> Pairing:
    """Find the video of each subtitle file: the one in its folder that has its name.

    `descent.srt` and `descent.zh.srt` belong to `descent.mp4`, and `descent.mp4.srt` does where `descent.mov` exists as
    well. A subtitle file without a video is any other text of its release.
    """
    rows = list(rows)
    files = [row for row in rows if row.kind == "companion" and is_subtitle_file(row.name)]
    videos: dict[tuple[str, str, bool], list[SourceRow]] = {}
    """Videos by folder, name in lower case, and whether its Unicode form is that of the video's name."""
    for row in rows if files else ():
        if row.medium == "video":
            names = (row.name, row.name.rpartition(".")[0])
            for name in {*((one.casefold(), True) for one in names), *((folded(one), False) for one in names)}:
                videos.setdefault((_folder(row), *name), []).append(row)
    found: dict[str, list[SourceRow]] = {}
    strays: list[tuple[SourceRow, str]] = []
    for file in sorted(files, key=lambda row: row.name):
        named = (
            videos.get((_folder(file), name.casefold(), True)) or videos.get((_folder(file), folded(name), False))
            for name in described_names(file.name)
        )
        meant = next(filter(None, named), [])
        if len(meant) == 1:
            found.setdefault(meant[0].path, []).append(file)
        elif meant:
            names = sorted(row.name for row in meant)
            suffix = file.name.rpartition(".")[2]
            others = " or ".join(f"{name}.{suffix}" for name in names)
            strays.append((file, f"may belong to {' or '.join(names)}: rename it to {others}"))
    return Pairing(of_file={path: tuple(some) for path, some in found.items()}, strays=tuple(strays))


def _folder(row: SourceRow) -> str:
    return row.path.rpartition("/")[0]


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name
