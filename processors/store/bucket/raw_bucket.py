"""Releases in a bucket: a survey of the objects, and local copies of them, which decoders read as files.

An object's path is its address; its copy has the same name below the user's cache, so that labels and sidecars are
next to the files that they describe. The date of an object has the server's whole seconds and, below them, nine digits
of a digest of the object's ETag, so that another version has another date. A copy has its object's size and date.
"""

from __future__ import annotations

import errno
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from processors.contract import LabelRef
from processors.errors import RequestError, SourceChanged
from processors.sources.scan import (
    DESCRIPTION,
    PASSED_OVER,
    FoundFile,
    PassedOver,
    SkippedFile,
    Surveyed,
    inner_folders,
    release_of,
)
from processors.sources.source_file import sha256_of
from processors.store.bucket.bucket_traffic import RELEASES
from processors.store.bucket.item_cache import Growth, cache_folder, cache_limit_bytes, replacing
from processors.store.open_store import is_address, open_bucket

if TYPE_CHECKING:
    from processors.store.bucket.bucket import Bucket, Seen
    from processors.store.catalogue.source_row import SourceRow

MAX_NAME_BYTES = 255
"""Longest file name that file systems allow."""
DATE_DIGITS = 10**9

NO_PATH = "no path on a disk can have this name: rename or remove the object"

_growth = Growth()


def survey_bucket(address: str, root: str | None = None) -> Iterator[Surveyed]:
    """List the objects below an address in name order, by the rules of `scan.survey`.

    Parameters
    ----------
    root : address of the folder of releases: the default is the same, else one above it.

    Raises
    ------
    RequestError : not an address, no object there, or the name of one cannot be a path.
    StoreError : the bucket cannot be used.
    """
    address = address.rstrip("/")
    bucket = open_bucket(address, RELEASES)
    seen = _listed(bucket)
    if not seen:
        raise RequestError(f"{address}: no object there; check the address")
    folders = {folder for one in seen for folder in _folders(one.name.rstrip("/"))}
    root = (root or address).rstrip("/")
    part = address[len(root) + 1 :]
    prefix = f"{part}/" if part else ""
    described = {one for one in inner_folders(part)[:-1] if is_described(f"{root}/{one}".rstrip("/"))}
    named = (f"/{prefix}{one.name}".rpartition("/") for one in seen)
    described |= {folder[1:] for folder, _, name in named if name == DESCRIPTION}
    passed_over: set[str] = set()
    for one in seen:
        parts = one.name.split("/")
        if one.name.endswith("/") and not one.size_bytes:  # it marks a folder
            continue
        if {"", ".", ".."} & set(parts):
            yield SkippedFile(relative=prefix + one.name, reason=NO_PATH, is_refused=True)
            continue
        hidden = next((at for at, part in enumerate(parts) if PASSED_OVER.fullmatch(part)), None)
        if hidden is not None:
            path = "/".join(parts[: hidden + 1])
            if path not in passed_over:
                passed_over.add(path)
                yield PassedOver(relative=prefix + path)
        elif one.name in folders:
            if one.size_bytes:  # an empty one marks a folder
                reason = "it is a file and a folder at once, which no disk can have: rename it"
                yield SkippedFile(relative=prefix + one.name, reason=reason, is_refused=True)
        elif max(len(part.encode()) for part in parts) > MAX_NAME_BYTES:
            reason = f"its name is longer than {MAX_NAME_BYTES} bytes, which no disk can have: rename it"
            yield SkippedFile(relative=prefix + one.name, reason=reason, is_refused=True)
        else:
            folder = f"{prefix}{one.name}".rpartition("/")[0]
            yield FoundFile(
                path=f"{address}/{one.name}",
                relative=prefix + one.name,
                release=release_of(folder, described, root.rpartition("/")[2]),
                size_bytes=one.size_bytes,
                mtime_ns=date_ns(one),
            )


def is_described(folder: str) -> bool:
    """Return whether a folder, or a place in a bucket, has a `release.toml`.

    Raises
    ------
    StoreError : the bucket cannot be used.
    """
    path = f"{folder}/{DESCRIPTION}"
    return present(path) is not None if is_address(folder) else os.path.lexists(path)


def _listed(bucket: Bucket) -> list[Seen]:
    """List all objects; raises `RequestError` at a name that no path can have, where boto3 is missing."""
    try:
        seen = list(bucket.list(""))
    except RequestError as error:  # the usual listing ends there, without what comes before and after
        every = bucket.list_any_name()
        if every is None:
            raise RequestError(f"{error}; or `pip install boto3`, to go on without it") from error
        return every
    seen = _as_named(seen)
    folders = {folder for one in seen for folder in _folders(one.name.rstrip("/"))}
    return [one for one in seen if one.size_bytes or one.name in folders or _is_there(bucket, one.name)]


def _as_named(seen: list[Seen]) -> list[Seen]:
    """Return objects with their last `/`, which the listing leaves out, where another one has the name without it."""
    named: set[str] = set()
    for at, one in enumerate(seen):
        if one.name in named:  # names are listed in order, so that the shorter one was first
            seen[at] = one._replace(name=f"{one.name}/")
        named.add(one.name)
    return seen


def ends_in_slash(path: str) -> bool:
    """Return whether the object that was listed at an address has a `/` after it, which no path can have.

    Raises
    ------
    StoreError : the bucket cannot be used.
    """
    bucket, name = _bucket_of(path)
    return next((one.name for one in bucket.list(name)), None) == name


def _is_there(bucket: Bucket, name: str) -> bool:
    """Return whether an empty object is more than the mark of a folder, which is listed without its last `/`."""
    try:
        bucket.look(name)
    except FileNotFoundError:
        return False
    return True


def date_ns(seen: Seen) -> int:
    """Return the date of an object, in ns; the digits below a second identify its version."""
    version = int.from_bytes(sha256(seen.e_tag.encode()).digest()[:8], "big") % DATE_DIGITS
    return int(seen.modified.timestamp()) * DATE_DIGITS + version


def local_path(path: str) -> Path:
    """Return the file at a source's path, or the path of its copy, which may not exist yet."""
    if not is_address(path):
        return Path(path)
    parts = urlsplit(path)
    return cache_folder() / "raw" / parts.scheme / parts.netloc / path.partition(f"{parts.netloc}/")[2]


def at_hand(path: str, size_bytes: int, mtime_ns: int) -> Path:
    """Return the file at a source's path, or a copy of the object there, fetched if it does not exist yet.

    Raises
    ------
    SourceChanged : the object is gone, or no longer has this size and date.
    StoreError : the bucket cannot be used.
    """
    copy = local_path(path)
    if not is_address(path):
        return copy
    with suppress(FileNotFoundError):
        stat = copy.stat()
        if (stat.st_size, stat.st_mtime_ns) == (size_bytes, mtime_ns):
            os.utime(copy, ns=(time.time_ns(), mtime_ns))
            return copy
    _fetch(path, copy, (size_bytes, mtime_ns))
    return copy


def to_read(row: SourceRow) -> Path:
    """Return the file of a row, or a copy of the object as it was ingested; of one that changed since, as it is now.

    Of an object that is gone it is the path of the last copy, if there is one.

    Raises
    ------
    StoreError : the bucket cannot be used, so that it is unknown what the object says.
    """
    try:
        return at_hand(row.path, row.size_bytes, row.mtime_ns)
    except SourceChanged:
        with suppress(SourceChanged):
            return as_it_is(row.path)
    return local_path(row.path)


def present(path: str) -> tuple[int, int] | None:
    """Return size and date, in ns, of the file or object at a source's path; None if there is none.

    Raises
    ------
    StoreError : the bucket cannot be used.
    """
    try:
        if is_address(path):
            bucket, name = _bucket_of(path)
            seen = bucket.look(name)
            return seen.size_bytes, date_ns(seen)
        stat = Path(path).stat()
        return stat.st_size, stat.st_mtime_ns
    except OSError:
        return None


def as_it_is(path: str) -> Path:
    """Return the file at a source's path, or a copy of the current version of the object there.

    Raises
    ------
    SourceChanged : neither exists.
    StoreError : the bucket cannot be used.
    """
    if not is_address(path):
        return Path(path)
    seen = present(path)
    if seen is None:
        raise SourceChanged(errno.ENOENT, "no longer there: restore it", path)
    return at_hand(path, *seen)


def hash_again(path: str) -> str:
    """Return the SHA-256 of the file or object at a source's path, without using a local copy.

    Raises
    ------
    OSError : it cannot be read.
    StoreError : the bucket cannot be used.
    """
    if not is_address(path):
        return sha256_of(Path(path))
    bucket, name = _bucket_of(path)
    with tempfile.NamedTemporaryFile() as file:
        return bucket.fetch_whole(name, Path(file.name))[0]


def label_at_hand(path: str, label: LabelRef) -> None:
    """Fetch the label next to an object, unless its copy exists; raises as `at_hand`."""
    beside = f"{path.rpartition('/')[0]}/{label.name}"
    if not is_address(path):
        return
    with suppress(FileNotFoundError):
        if sha256(local_path(beside).read_bytes()).hexdigest() == label.sha256:
            return
    _fetch(beside, local_path(beside), None)


def _fetch(path: str, copy: Path, wanted: tuple[int, int] | None) -> None:
    bucket, name = _bucket_of(path)
    with replacing(copy) as temporary:
        try:
            _, seen = bucket.fetch_whole(name, temporary)
        except FileNotFoundError as error:
            raise SourceChanged(error.errno, "vanished during the run: restore it and run again", path) from error
        found = (seen.size_bytes, date_ns(seen))
        if wanted not in (None, found):
            raise SourceChanged(None, "changed during the run: run again when it no longer changes", path)
        os.utime(temporary, ns=(time.time_ns(), found[1]))
    _growth.add(found[0], cache_limit_bytes(), (cache_folder() / "raw").rglob("*"), "st_atime")


def _bucket_of(path: str) -> tuple[Bucket, str]:
    parts = urlsplit(path)
    address = f"{parts.scheme}://{parts.netloc}"
    return _opened(address, os.environ.get("AWS_ENDPOINT_URL"), os.getpid()), path[len(address) + 1 :]


@lru_cache(maxsize=4)
def _opened(address: str, _endpoint: str | None, _process: int) -> Bucket:
    return open_bucket(address, RELEASES)


def _folders(name: str) -> list[str]:
    """Return the folders above an object, the outermost first."""
    parts = name.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
