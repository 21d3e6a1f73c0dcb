"""Fixity check of the store: hashes every file again and reports damaged, missing and extra ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from processors.errors import ResultCorrupt, ResultNewer
from processors.sources.source_file import sha256_of
from processors.store.catalogue.catalogue import Catalogue
from processors.store.fixity.fixity_findings import FixityCheck, FixityFault
from processors.store.manifest import CHECK_IT
from processors.store.parallel_map import ParallelMap, in_this_process
from processors.store.progress_steps import Steps, silently
from processors.store.store import Store


def verify_results(
    store: Store,
    *,
    after: str = "",
    wanted: Callable[[Path], bool] = lambda path: True,
    steps: Steps = silently,
    parallel_map: ParallelMap | None = None,
) -> Iterator[FixityCheck]:
    """Verify every result in the store; a result whose whole folder vanished leaves no trace and is due again.

    Parameters
    ----------
    after : path of the last result already verified; only later ones are verified.
    wanted : decides from a result's folder whether it is verified.
    parallel_map : who hashes; None: this process.
    """
    parallel_map = parallel_map or in_this_process(store)
    if not store.is_in_folder:
        from processors.store.bucket.bucket_fixity import verify_bucket

        yield from verify_bucket(store, after=after, wanted=wanted, steps=steps, parallel_map=parallel_map)
        return
    known = 0 if steps is silently else Catalogue(store).count("results")
    paths = steps("Hashing results", store.manifest_paths(), known or None, noun="result")
    places = (path.parent.relative_to(store.root) for path in paths if wanted(path.parent))
    yield from parallel_map(_checked, (str(place) for place in places if not after or place > Path(after)))


def _checked(store: Store, where: str) -> FixityCheck:
    """Verify one result by its folder, relative to the store: another process may have that open by another path."""
    folder = store.root / where
    path = folder / "manifest.json"
    try:
        manifest = store.read_manifest(path)
    except ResultCorrupt as error:
        reason = str(error).removeprefix(f"{where}/manifest.json: ").removesuffix(CHECK_IT)
        kind = "newer" if isinstance(error, ResultNewer) else "damaged"
        fault = FixityFault(path=f"{where}/manifest.json", kind=kind, reason=reason)
        return FixityCheck(path=where, faults=(fault,))
    faults, size = [], 0
    if store.folder(manifest.ref) != folder:
        faults.append(FixityFault(path=f"{where}/manifest.json", kind="damaged", reason="it names another result"))
    for item in manifest.items:
        place = folder / item.name
        try:
            digest = sha256_of(place)
        except OSError as error:
            kind = "missing" if isinstance(error, FileNotFoundError) else "damaged"
            faults.append(FixityFault(path=f"{where}/{item.name}", kind=kind, reason=error.strerror or str(error)))
            continue
        size += item.size_bytes
        if digest != item.sha256:
            reason = f"SHA-256 is {digest[:16]}..., the manifest says {item.sha256[:16]}..."
            faults.append(FixityFault(path=f"{where}/{item.name}", kind="damaged", reason=reason))
    listed = {"manifest.json", *(item.name for item in manifest.items)}
    there = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() or p.is_symlink()}
    faults += [
        FixityFault(path=f"{where}/{name}", kind="extra", reason="no manifest names it")
        for name in sorted(there - listed)
    ]
    return FixityCheck(path=where, item_count=len(manifest.items), size_bytes=size, faults=tuple(faults))
