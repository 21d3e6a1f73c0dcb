"""Browsable view of the store: disposable links named release / path in the release / processor."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import shutil
import threading
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from processors.errors import Verdict
from processors.store.flush import replace_file
from processors.store.manifest import ResultRef
from processors.store.progress_steps import Steps, silently
from processors.store.store import Store

NAME_BYTES = 120
FORBIDDEN = set('<>:"/\\|?*')
PLAIN = re.compile(rf"\w(?:[\w.~+-]{{0,{NAME_BYTES - 2}}}\w)?", re.ASCII)
"""Names that no file system refuses, unless they are reserved."""
RESERVED = {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))}

SHOWN = ".shown"
"""File in the view that records the last link targets of each folder."""
Links = list[tuple[str, ResultRef]]
LINKED_AT_ONCE = 16
"""Threads that correct links during a rebuild: a disk answers many requests in the time of one."""


def safe_name(name: str) -> str:
    """Return a name valid on every file system: no separator, control character or leading dash or dot; short."""
    if PLAIN.fullmatch(name) and name.partition(".")[0].lower() not in RESERVED:
        return name  # nearly every name, and this is checked for every file of a store
    clean = "".join("_" if c in FORBIDDEN or not c.isprintable() else c for c in name).strip(" .")
    clean = clean.encode()[:NAME_BYTES].decode(errors="ignore").rstrip(" .")
    if not clean or clean.startswith("-") or clean.partition(".")[0].lower() in RESERVED:
        clean = "_" + clean
    return clean


@dataclass(frozen=True, kw_only=True)
class NamedResult:
    """Result that the view shows under its own name, next to the results of the recipes."""

    name: str
    """Processor and changed parameters: `video.frames~every_seconds=0.5`."""
    ref: ResultRef


@dataclass(frozen=True, kw_only=True)
class ByNameEntry:
    """File with the results that the view shows for it."""

    release: str
    name: str
    folder: str = ""
    """Folder of the file below its release, with `/` between its parts."""
    refs: tuple[ResultRef, ...]
    others: tuple[NamedResult, ...] = ()
    is_gone: bool = False
    """True if the file is gone, so that the view no longer shows it."""
    digest: str | None = None
    """Its SHA-256, if it is gone: the name in the view may have the first characters of it."""

    @classmethod
    def at(
        cls,
        relative: str,
        release: str,
        refs: tuple[ResultRef, ...] = (),
        *,
        others: tuple[NamedResult, ...] = (),
        is_gone: bool = False,
        digest: str | None = None,
    ) -> ByNameEntry:
        """Return the entry of a file, given its path relative to the folder of releases."""
        *folders, name = relative.split("/")
        below = folders[folders.index(release) + 1 :] if release in folders else folders
        return cls(
            release=release, folder="/".join(below), name=name, refs=refs, others=others, is_gone=is_gone, digest=digest
        )

    @property
    def links(self) -> Links:
        """Return the name of each link, with its result."""
        return [*((ref.processor, ref) for ref in self.refs), *((other.name, other.ref) for other in self.others)]

    @property
    def safe(self) -> str:
        """Return the file's name in the view."""
        return safe_name(self.name)

    def possible_folders(self, store: Store) -> tuple[Path, Path]:
        """Return `links_folder` and, for a file in a subfolder of its release, the folder of earlier versions."""
        return self.links_folder(store), store.by_name_folder / safe_name(self.release) / self.safe

    def links_folder(self, store: Store) -> Path:
        """Return the folder of the file's links, unless another file of the same name has it."""
        parts = [safe_name(part) for part in self.folder.split("/")] if self.folder else []
        return store.by_name_folder.joinpath(safe_name(self.release), *parts, safe_name(self.name))


def refresh_by_name(store: Store, shown: Sequence[ByNameEntry]) -> None:
    """Point every file's links to the given results; missing and failed results get no link.

    Files of one release whose names coincide in the view are distinguished by the first characters of their digests.
    Links of files not given, and a file's links to other results, stay until `rebuild_by_name` removes them. Only
    files whose results differ from those shown last are checked on disk. A store in a bucket has no view.
    """
    if not store.is_in_folder:
        return
    known = _shown(store)
    now = dict(known)
    taken: dict[Path, str] = {}
    told_apart: set[Path] = set()
    looked_at: list[ByNameEntry] = []
    for one in shown:
        links = one.links
        folder = _own_folder(one, links, taken, store)
        if links and folder not in taken:
            told_apart.add(folder)
        place = str(folder.relative_to(store.by_name_folder))
        state = _state(links)
        if known.get(place) == state and not one.is_gone:
            continue
        looked_at.append(one)
        are_final = [_point(folder / name, ref, store) for name, ref in links]
        now[place] = state if links and all(are_final) else ""
    for one in looked_at:
        folder, flat = one.possible_folders(store)
        if one.is_gone and folder not in taken:
            _remove(folder, store)
        if one.is_gone and one.digest and (own := _told_apart(folder, one.digest)) not in told_apart and own.exists():
            _remove(own, store)
            now.pop(str(own.relative_to(store.by_name_folder)), None)
        if one.folder and flat not in taken and any(map(Path.is_symlink, flat.glob("*"))):
            shutil.rmtree(flat)  # earlier versions left out a file's subfolder
    if now != known:
        _write_shown(store, now)


def remove_links(store: Store, entry: ByNameEntry, refs: Collection[ResultRef]) -> None:
    """Remove the links of a file to these results."""
    if not refs or not store.is_in_folder:
        return
    folder = entry.links_folder(store)
    targets = {os.path.realpath(store.folder(ref)) for ref in refs}
    for one in (folder, *(folder.with_name(f"{folder.name}~{source[:8]}") for source in {ref.source for ref in refs})):
        for link in one.glob("*"):
            if link.is_symlink() and os.path.realpath(link) in targets:
                link.unlink()


def shown_before(store: Store) -> bool:
    """Return True if the store's view was written by this version, or if the store cannot have a view."""
    return not store.is_in_folder or (store.by_name_folder / SHOWN).exists()


def state_of_view(store: Store) -> str:
    """Return text that changes whenever links of the view change; empty without a view."""
    try:
        seen = (store.by_name_folder / SHOWN).stat()
    except FileNotFoundError:
        return ""
    return f"{seen.st_size} {seen.st_mtime_ns}"


def _shown(store: Store) -> dict[str, str]:
    """Return a hash of the last link targets of each folder in the view; older views have no list."""
    try:
        lines = (store.by_name_folder / SHOWN).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return {place: state for state, _, place in (line.partition(" ") for line in lines)}


def rebuild_by_name(
    store: Store, shown: Iterable[ByNameEntry], not_made: Mapping[str, Verdict], steps: Steps = silently
) -> None:
    """Correct every link of the view and remove what else is in it, without reading a manifest.

    What is right stays, so that a view that needs no change is compared only, and one that is cut off is never gone.

    Parameters
    ----------
    not_made : verdicts of results in the store that were refused or failed, by key.
    """
    view = str(store.by_name_folder)
    (store.by_name_folder / SHOWN).unlink(missing_ok=True)  # until the end, no folder counts as right
    links_of: dict[str, dict[str, ResultRef]] = {}
    taken: dict[Path, str] = {}
    for one in shown:
        if links := one.links:  # another file with these bytes may have the same folder
            links_of.setdefault(str(_own_folder(one, links, taken, store)), {}).update(links)
    above = {view}
    for folder in links_of:
        while (folder := os.path.dirname(folder)) not in above:  # noqa: PTH120 - no `Path`, as in `_correct`
            above.add(folder)
    for folder in sorted(above):
        _remove_others(folder, links_of.get(folder, ()), keep=lambda path: path in links_of or path in above)
    now: dict[str, str] = {}
    folders = steps("Naming results", links_of.items(), len(links_of), noun="file")
    with ThreadPoolExecutor(LINKED_AT_ONCE) as pool:
        while some := list(itertools.islice(folders, LINKED_AT_ONCE * 100)):
            corrected = [pool.submit(_correct, *one, store, not_made, is_leaf=one[0] not in above) for one in some]
            for (folder, links), correct in zip(some, corrected, strict=True):
                if correct.result():
                    now[os.path.relpath(folder, view)] = _state([*links.items()])
    for folder in sorted(above - {view}, reverse=True):
        with suppress(OSError):  # not empty, nearly always
            os.rmdir(folder)  # noqa: PTH106
    if now:
        _write_shown(store, now)


def _correct(
    folder: str, links: Mapping[str, ResultRef], store: Store, not_made: Mapping[str, Verdict], *, is_leaf: bool
) -> bool:
    """Correct the links of one folder, of which there may be 100,000, so no `Path` is built.

    Returns
    -------
    bool : False if a result is missing, or is a failure that may be retried.
    """
    verdicts = {name: not_made.get(ref.key, "made") if store.has(ref) else None for name, ref in links.items()}
    made = {name: links[name] for name, verdict in verdicts.items() if verdict == "made"}
    if made:
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103
    present = _remove_others(folder, made, keep=lambda _: not is_leaf)
    results = os.path.relpath(store.results_folder, folder)
    for name, ref in made.items():
        link, target = f"{folder}/{name}", f"{results}/{ref.source[:2]}/{ref.source}/{ref.processor}/{ref.key[:16]}"
        if name in present:
            if os.readlink(link) == target:  # noqa: PTH115
                continue
            os.unlink(link)  # noqa: PTH108
        os.symlink(target, link)  # noqa: PTH211
    if not made and is_leaf:
        with suppress(FileNotFoundError):
            os.rmdir(folder)  # noqa: PTH106
    return all(verdict in ("made", "refused") for verdict in verdicts.values())


def _remove_others(folder: str, names: Container[str], keep: Callable[[str], bool]) -> set[str]:
    """Remove everything in a folder but links of these names, and subfolders to keep; return the links that stay."""
    stay: set[str] = set()
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return stay
    for entry in entries:
        if entry.is_symlink() and entry.name in names:
            stay.add(entry.name)
        elif not entry.is_dir(follow_symlinks=False):
            os.unlink(entry.path)  # noqa: PTH108
        elif not keep(entry.path):
            shutil.rmtree(entry.path)
    return stay


def _own_folder(one: ByNameEntry, links: Links, taken: dict[Path, str], store: Store) -> Path:
    """Return the folder of a file's links; `taken` holds the source of each assigned folder."""
    folder = one.links_folder(store)
    if links and taken.setdefault(folder, links[0][1].source) != links[0][1].source:
        return _told_apart(folder, links[0][1].source)
    return folder


def _told_apart(folder: Path, digest: str) -> Path:
    """Return the folder of a file's links where another file has the one of its name."""
    return folder.with_name(f"{folder.name}~{digest[:8]}")


def _state(links: Links) -> str:
    return hashlib.sha256("".join(name + ref.key for name, ref in links).encode()).hexdigest()[:16]


def _write_shown(store: Store, shown: Mapping[str, str]) -> None:
    store.by_name_folder.mkdir(exist_ok=True)
    lines = (f"{state} {place}\n" for place, state in shown.items() if state)
    replace_file(store.by_name_folder / SHOWN, "".join(lines).encode())


def _remove(folder: Path, store: Store) -> None:
    """Remove a file's links, and parent folders that this leaves empty."""
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        while folder.parent != store.by_name_folder:
            folder = folder.parent
            folder.rmdir()


def _point(link: Path, ref: ResultRef, store: Store) -> bool:
    """Correct one link; return False if there is no result, or a failure that may be retried."""
    target = os.path.relpath(store.folder(ref), link.parent)
    if link.is_symlink() and os.readlink(link) == target and link.exists():  # noqa: PTH115 - the text, not its target
        return True
    verdict = store.manifest(ref).verdict if store.has(ref) else None
    if verdict != "made":
        link.unlink(missing_ok=True)
        return verdict == "refused"
    link.parent.mkdir(parents=True, exist_ok=True)
    temporary = link.with_name(f".{link.name}-{os.getpid()}-{threading.get_ident()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(link)
    return True
