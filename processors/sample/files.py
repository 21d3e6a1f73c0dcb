"""Atomic writing of files, only if their bytes have changed."""

from __future__ import annotations

import filecmp
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

Told = TypeVar("Told")


@dataclass(frozen=True, kw_only=True)
class Tags:
    """Metadata embedded in a media file."""

    title: str
    comment: str


def put(folder: Path, name: str, write: Callable[[Path], Told]) -> Told:
    """Let `write` fill a temporary file, rename it to `name`, and return the value returned by `write`.

    An existing file with the same bytes is left alone.
    """
    target = folder / name
    temporary = folder / f".{name}.{secrets.token_hex(4)}.part"
    try:
        told = write(temporary)
        if not (target.exists() and filecmp.cmp(temporary, target, shallow=False)):
            temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return told


def put_text(folder: Path, name: str, text: str) -> None:
    """Write UTF-8 text as `put` does."""
    put(folder, name, lambda path: path.write_bytes(text.encode()))
