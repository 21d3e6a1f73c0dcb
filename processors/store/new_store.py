"""Beginning of a new store where there is none, or where only its disk is missing."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from typing import Literal

from processors.errors import StoreAway

NewStore = Literal["auto", "always", "never"]
"""When to begin a new store where there is none: `auto`, unless `/etc/fstab` lists a disk there that is not mounted."""
FSTAB, MOUNTS = Path("/etc/fstab"), Path("/proc/self/mounts")
"""Disks that are to be mounted, and those that are; both in the form of fstab(5)."""
ALWAYS = "`marsmedia ingest --new-store always` begins a new one"


def check_new_store(location: Path | str, new: NewStore, *, fstab: Path = FSTAB, mounts: Path = MOUNTS) -> None:
    """Check that a new store may be begun in a folder without one, or at an address in a bucket.

    Raises
    ------
    StoreAway : it may not, with the reason.
    """
    is_folder = isinstance(location, Path)
    if new == "never":
        asked = ": is its disk mounted? " if is_folder else "; "
        raise StoreAway(errno.ENOENT, f"no store is there{asked}{ALWAYS}", str(location))
    if new == "auto" and is_folder and (disk := unmounted_disk(location, fstab=fstab, mounts=mounts)):
        reason = f"no store is there, and the disk of {disk} in /etc/fstab is not mounted: mount it ({ALWAYS})"
        raise StoreAway(errno.ENOENT, reason, str(location))


def unmounted_disk(folder: Path, *, fstab: Path = FSTAB, mounts: Path = MOUNTS) -> str | None:
    """Return where the disk of a folder, which need not exist, is to be mounted and is not; None if it is, or unknown.

    Of disks one below the other, the folder is on the deepest.
    """
    mounted = _mount_points(mounts)
    if not mounted:
        return None
    place = os.path.realpath(folder)
    above = {one for one in _mount_points(fstab) | mounted if f"{place}/".startswith(f"{one.rstrip('/')}/")}
    deepest = max(above, key=len, default="/")
    return deepest if deepest not in mounted and deepest != "/" else None


def _mount_points(table: Path) -> set[str]:
    """Return the folders in the second field of each line; none where there is no such file."""
    try:
        lines = table.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return set()
    fields = [line.split() for line in lines if not line.lstrip().startswith("#")]
    places = (re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), some[1]) for some in fields if len(some) > 2)
    return {os.path.realpath(place) for place in places if place.startswith("/")}
