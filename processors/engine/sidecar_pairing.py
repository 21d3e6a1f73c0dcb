"""Pairing of XMP sidecars with the files they describe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from processors.store.catalogue.source_row import SourceRow


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """Sidecars with their files, and those without one."""

    of_file: dict[str, tuple[SourceRow, ...]]
    """Sidecars by the path of their file; one with the file's whole name comes first."""
    strays: tuple[tuple[SourceRow, str], ...]
    """Sidecars whose file is missing or unknown, and how to fix it."""


def paired(sidecars: Sequence[SourceRow], rows: Iterable[SourceRow]) -> Pairing:
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
            folder = row.path.rpartition("/")[0]
            whole.setdefault((folder, row.name.casefold()), []).append(row)
            stems.setdefault((folder, _stem(row.name).casefold()), []).append(row)
    of_file: dict[str, list[tuple[bool, str, SourceRow]]] = {}
    strays: list[tuple[SourceRow, str]] = []
    for sidecar in sidecars:
        base = _stem(sidecar.name)
        place = (sidecar.path.rpartition("/")[0], base.casefold())
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


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name
