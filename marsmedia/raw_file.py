"""The file of a source in raw, with the bytes that were ingested."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from processors.errors import RequestError, SourceChanged

if TYPE_CHECKING:
    from processors.sources.source_file import SourceFile
    from processors.store.catalogue.source_row import SourceRow


def file_in_raw(row: SourceRow) -> SourceFile:
    """Return the file, or a copy of the object, that was ingested; of another date, its SHA-256 is compared.

    Raises
    ------
    RequestError : it is gone, cannot be read, or has other bytes.
    StoreError : the bucket cannot be used.
    """
    from processors.sources.source_file import SourceFile
    from processors.store.bucket.raw_bucket import as_it_is, at_hand

    try:
        path = at_hand(row.path, row.size_bytes, row.mtime_ns)
        file = SourceFile(path=path, size_bytes=row.size_bytes, mtime_ns=row.mtime_ns)
        file.check_unchanged()
        return file
    except SourceChanged:  # gone, or another date
        pass
    try:
        now = SourceFile.at(as_it_is(row.path))
        if now.size_bytes == row.size_bytes and _sha256(now.path, now.mtime_ns) == row.digest:
            return now
    except FileNotFoundError as error:
        raise RequestError(
            f"{row.path}: no longer where it was ingested; run `marsmedia ingest` on the folder that holds it now"
        ) from error
    except OSError as error:
        raise RequestError(f"{row.path}: {error.strerror}") from error
    raise RequestError(f"{row.path}: changed since it was ingested; run `marsmedia ingest` first")


@lru_cache(maxsize=256)
def _sha256(path: Path, mtime_ns: int) -> str:
    from processors.sources.source_file import sha256_of

    return sha256_of(path)
