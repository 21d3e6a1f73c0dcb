"""Identity of this machine, or container, to which the identifiers of its processes belong."""

from __future__ import annotations

import hashlib
import platform
from contextlib import suppress
from functools import cache
from pathlib import Path


@cache
def this_machine() -> str:
    """Return a short name for the machine; two containers differ, even if they share a host name."""
    identity = [platform.node()]
    with suppress(OSError):
        identity.append(Path("/etc/machine-id").read_text())
    with suppress(OSError):
        identity.append(str(Path("/proc/self/ns/pid").readlink()))
    return hashlib.sha256("\n".join(identity).encode()).hexdigest()[:8]


def is_alive_here(process: str) -> bool:
    """Return whether this machine has a process of that number."""
    return Path(f"/proc/{process}").exists()
