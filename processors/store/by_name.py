"""A readable view of the store for people who browse folders: release / file name / processor; links, disposable."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from processors.store.manifest import Manifest
from processors.store.results import Store

NAME_BYTES = 120
FORBIDDEN = set('<>:"/\\|?*')
RESERVED = {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))}


def safe_name(name: str) -> str:
    """A name that every file system takes: no separators or control characters, no leading dash or dot, not long."""
    clean = "".join("_" if c in FORBIDDEN or not c.isprintable() else c for c in name).strip(" .")
    clean = clean.encode()[:NAME_BYTES].decode(errors="ignore").rstrip(" .")
    if not clean or clean.startswith("-") or clean.partition(".")[0].lower() in RESERVED:
        clean = "_" + clean
    return clean


def link_results(store: Store, manifests: Iterable[Manifest]) -> None:
    """Add links for results that were made; the newest result of a processor has the plain name."""
    for manifest in manifests:
        if manifest.verdict != "made":
            continue
        folder = _folder_for(store, manifest)
        folder.mkdir(parents=True, exist_ok=True)
        _link(folder / manifest.ref.processor, store.folder(manifest.ref))


def rebuild_by_name(store: Store) -> None:
    """Throw the view away and make it anew."""
    shutil.rmtree(store.by_name_folder, ignore_errors=True)
    link_results(store, sorted(store.manifests(), key=lambda manifest: manifest.started_utc))


def _folder_for(store: Store, manifest: Manifest) -> Path:
    """The source's folder; two sources of one release with one name are told apart by their digests."""
    release = store.by_name_folder / safe_name(manifest.release)
    plain = release / safe_name(manifest.source_name)
    taken_by = {link.resolve().parent.parent.name for link in plain.glob("*")} if plain.is_dir() else set()
    same = not taken_by or manifest.ref.source in taken_by
    return plain if same else release / f"{plain.name}~{manifest.ref.source[:8]}"


def _link(link: Path, target: Path) -> None:
    relative = os.path.relpath(target, link.parent)
    temporary = link.with_name(f".{link.name}-{os.getpid()}")
    with suppress(FileNotFoundError):
        temporary.unlink()
    temporary.symlink_to(relative)
    temporary.replace(link)
