"""Hashes and identifies a file that has not been seen before."""

from __future__ import annotations

import hashlib

from processors.identify import Identity, identify
from processors.sources.source_file import SourceFile


def inspect(file: SourceFile, name: str) -> tuple[str, Identity]:
    """SHA-256 of the bytes, and what they are.

    Raises
    ------
    SourceChanged : the file changed or vanished meanwhile.
    OSError : the machine will not give it.
    """
    with file.open() as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()  # type: ignore[arg-type]
        opened.seek(0)
        identity = identify(opened, name)
    file.check_unchanged()
    return digest, identity
