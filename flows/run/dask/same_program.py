"""The program that a driver and its workers must share: its own files, and the libraries that affect the bytes."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

from processors.engine.plan import differing
from processors.engine.program_files import PROCESSORS, digest_of_program
from processors.engine.result_records import software

FLOWS = Path(__file__).resolve().parents[2]
RECIPES = FLOWS / "recipes.py"
"""File that operators edit; only the driver reads it."""
FILES = "files"
DIGITS = 12
"""Number of digits of a digest or commit that a message shows."""
OF_MARSMEDIA = ("marsmedia", FILES, "commit")


@functools.cache
def program() -> dict[str, str]:
    """Return versions as `software` does, and the digest of marsmedia's files when this process first asked.

    A worker asks when it loads them: files that are replaced later are not those that it runs.
    """
    return {**software(), FILES: digest_of_program((PROCESSORS, FLOWS), without=(RECIPES,))}


def difference(there: Mapping[str, str], here: Mapping[str, str]) -> str | None:
    """Return how the program of a worker differs from the driver's, and what to do; None if results are the same.

    The commit is only told: a program that was installed without its repository does not know it.
    """
    apart = differing(there, here)
    parts = [
        f"{name} {theirs or 'none'} (here {ours or 'none'})"
        for name, (theirs, ours) in apart.items()
        if name not in OF_MARSMEDIA
    ]
    if apart.keys() & {"marsmedia", FILES}:
        parts.insert(0, f"marsmedia {_in_words(there)} (here {_in_words(here)})")
    if not parts:
        return None
    return f"has different versions: {', '.join(parts)}: {_advice(there, here)}, or results would differ"


def _in_words(program: Mapping[str, str]) -> str:
    version, files, commit = (program.get(name) for name in OF_MARSMEDIA)
    known = f" of commit {commit[:DIGITS]}" if commit else ""
    return f"{version}{known} with files {files[:DIGITS] if files else 'unknown'}"


def _advice(there: Mapping[str, str], here: Mapping[str, str]) -> str:
    if there.get(FILES) == here.get(FILES):
        return "install the same there"
    is_same_commit = there.get("commit") == here.get("commit") is not None
    changed = "files have been changed since that commit; " if is_same_commit else ""
    return f"{changed}install the same files there and start the worker again"
