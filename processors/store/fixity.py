"""Fixity check of the store: hashes every file again and reports damaged, missing and extra ones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from processors.errors import ResultCorrupt
from processors.store.catalogue import Catalogue
from processors.store.checked import Checked, FixityFault
from processors.store.steps import Steps, silently
from processors.store.store import Store


def verify(
    store: Store, *, after: str = "", wanted: Callable[[Path], bool] = lambda path: True, steps: Steps = silently
) -> Iterator[Checked]:
    """Verify every result in the store; a result whose whole folder vanished leaves no trace and is due again.

    Parameters
    ----------
    after : path of the last result already verified; only later ones are verified.
    wanted : decides from a result's folder whether it is verified.
    """
    if not store.is_in_folder:
        from processors.store.bucket_fixity import verify_bucket

        yield from verify_bucket(store, after=after, wanted=wanted, steps=steps)
        return
    known = 0 if steps is silently else Catalogue(store).table("results", ["verdict"]).num_rows
    for path in steps("Hashing results", store.manifest_paths(), known or None, noun="result"):
        folder = path.parent
        where = str(folder.relative_to(store.root))
        if (after and Path(where) <= Path(after)) or not wanted(folder):
            continue
        try:
            manifest = store.read_manifest(path)
        except ResultCorrupt as error:
            reason = str(error).removeprefix(f"{where}/manifest.json: ")
            fault = FixityFault(path=f"{where}/manifest.json", kind="damaged", reason=reason)
            yield Checked(path=where, item_count=0, size_bytes=0, faults=(fault,))
            continue
        faults, size = [], 0
        if store.folder(manifest.ref) != folder:
            faults.append(FixityFault(path=f"{where}/manifest.json", kind="damaged", reason="it names another result"))
        for item in manifest.items:
            place = folder / item.name
            try:
                with place.open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
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
        yield Checked(path=where, item_count=len(manifest.items), size_bytes=size, faults=tuple(faults))
