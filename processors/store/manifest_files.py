"""Files of the manifests in a store's folder, found without a `Path` for each: there may be 1,000,000."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def all_manifest_files(root: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the path of each manifest in a store, relative to it, and its bytes: source by source, in name order."""
    for group in folders_in(f"{root}/results"):
        for digest in sources_in(root, group):
            yield from manifest_files(root, digest)


def sources_in(root: Path, group: str) -> list[str]:
    """Return the digests of the sources in one folder of results, in order."""
    return folders_in(f"{root}/results/{group}")


def manifest_files(root: Path, digest: str) -> list[tuple[str, bytes]]:
    """Return the path of each manifest of a source, relative to the store, and its bytes, in name order."""
    found: list[tuple[str, bytes]] = []
    source = f"{root}/results/{digest[:2]}/{digest}"
    for processor in folders_in(source):
        for key in folders_in(f"{source}/{processor}"):
            place = manifest_place(digest, processor, key)
            with suppress(FileNotFoundError), open(f"{root}/{place}", "rb") as file:  # noqa: PTH123
                found.append((place, file.read()))
    return found


def manifest_place(digest: str, processor: str, key: str) -> str:
    """Return the path of a manifest, relative to the store; `key` is the name of its folder."""
    return f"results/{digest[:2]}/{digest}/{processor}/{key}/manifest.json"


def folders_in(folder: str) -> list[str]:
    """Return the names of the folders in one, in order; none if it does not exist."""
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir())
    return []
