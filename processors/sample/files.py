"""Files that appear whole, and only when their bytes are new."""

from __future__ import annotations

import filecmp
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

Told = TypeVar("Told")


@dataclass(frozen=True, kw_only=True)
class Tags:
    """What a media file says of itself."""

    title: str
    comment: str


def put(folder: Path, name: str, write: Callable[[Path], Told]) -> Told:
    """Let `write` fill a temporary file, then rename it to `name`, and give what `write` gave.

    A file that is there with the same bytes is left alone.
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
    """As `put`, for UTF-8 text."""

    def write(path: Path) -> None:
        path.write_bytes(text.encode())

    put(folder, name, write)


def put_json(folder: Path, name: str, value: object) -> None:
    """As `put`, for JSON."""
    put_text(folder, name, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
