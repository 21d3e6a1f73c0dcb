"""Reader of untrusted packs, as a folder or a zip, on a disk or in a bucket: files by name, nothing unpacked."""

from __future__ import annotations

import os
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from processors.errors import RequestError
from processors.store.bucket.bucket_traffic import Traffic
from processors.store.open_store import Location, is_address, open_bucket

GREATEST_RATIO = 1100
"""Maximum compression ratio; deflate reaches at most 1032 to 1 (zlib's documentation), so more is an attack."""
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError)
"""What `zipfile` raises for a damaged or hostile zip, besides `OSError`.

`ValueError`: a name that is not UTF-8, or an impossible offset. `RuntimeError`: a member that needs a password or a
newer version. `EOFError`: one that ends early.
"""
ENCRYPTED, PATCH, STRONGLY_ENCRYPTED = 1 << 0, 1 << 5, 1 << 6
"""Bits of a member's flags (APPNOTE 6.3.10, section 4.4.4)."""
BAG_INFO = "bag-info.txt"
MAX_INFO_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class PackReader:
    names: frozenset[str]
    """Paths relative to the pack, with `/`, in composed Unicode (NFC)."""
    open: Callable[[str], IO[bytes]]
    refused: tuple[tuple[str, str], ...]
    """(name, reason) of files that are not opened: links, names that escape the pack, bombs."""


@contextmanager
def opened(location: Location, traffic: Traffic | None = None) -> Iterator[PackReader]:
    """Open a pack for reading; of one in a bucket nothing is copied, and `traffic` counts the requests.

    Raises
    ------
    RequestError : the pack is missing, or is neither a folder nor a zip.
    StoreError : the bucket cannot be read.
    """
    if is_address(location):
        with _in_bucket(str(location), traffic) as reader:
            yield reader
        return
    location = Path(location)
    if location.is_dir():
        yield _folder(location)
        return
    try:
        archive = _opened_zip(location, location)
    except FileNotFoundError as error:
        raise RequestError(f"{location}: no such pack") from error
    with archive:
        yield _zip(archive, location)


def bag_info(location: Location, traffic: Traffic | None = None) -> bytes:
    """Return the first MB of a pack's `bag-info.txt`; empty if there is no pack, or it cannot be read.

    Raises
    ------
    StoreError : the bucket cannot be read.
    """
    try:
        if not is_address(location) and (folder := Path(location)).is_dir():
            with (folder / BAG_INFO).open("rb") as file:
                return file.read(MAX_INFO_BYTES)
        with opened(location, traffic) as pack, pack.open(BAG_INFO) as file:
            return file.read(MAX_INFO_BYTES)
    except (RequestError, KeyError, OSError, *ZIP_ERRORS):
        return b""


def reason_of(error: Exception) -> str:
    """Return in words why a file of a pack cannot be read."""
    return str(error) or "the zip ends before the file does"  # `EOFError` has no words


@contextmanager
def _in_bucket(address: str, traffic: Traffic | None) -> Iterator[PackReader]:
    bucket = open_bucket(address, traffic)
    if found := {_composed(one.name): one for one in bucket.list("")}:
        names = frozenset(found)
        yield PackReader(
            names=names, open=lambda name: bucket.open(found[name].name, found[name].size_bytes), refused=()
        )
        return
    above, _, name = bucket.address.rpartition("/")
    bucket = open_bucket(above, traffic)
    try:
        size = bucket.look(name).size_bytes
    except FileNotFoundError as error:
        raise RequestError(f"{address}: no such pack") from error
    with _opened_zip(bucket.open(name, size), address) as archive:
        yield _zip(archive, address)


def _opened_zip(file: Path | IO[bytes], location: Location) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except ZIP_ERRORS as error:
        raise RequestError(f"{location}: neither a folder nor a readable zip ({reason_of(error)})") from error


def _folder(pack: Path) -> PackReader:
    found: dict[str, str] = {}
    refused: list[tuple[str, str]] = []
    for folder, folders, files in os.walk(pack, onerror=_raise):
        for name in [*folders, *files]:
            path = os.path.join(folder, name)  # noqa: PTH118 - once a file: no `Path` is built
            inside = os.path.relpath(path, pack).replace(os.sep, "/")
            mode = os.lstat(path).st_mode
            if stat.S_ISREG(mode):
                found[_composed(inside)] = path
            elif not stat.S_ISDIR(mode):
                refused.append((inside, "a link or device, not a file"))
    return PackReader(names=frozenset(found), open=lambda name: open(found[name], "rb"), refused=tuple(refused))  # noqa: PTH123


def _raise(error: OSError) -> None:
    raise error


def _zip(archive: zipfile.ZipFile, location: Location) -> PackReader:
    members = [member for member in archive.infolist() if not member.is_dir()]
    tops = {member.filename.partition("/")[0] for member in members if "/" in member.filename}
    if len(tops) != 1:
        raise RequestError(f"{location}: not a pack (its zip holds {len(tops)} folders in place of one)")
    top = f"{tops.pop()}/"
    found: dict[str, zipfile.ZipInfo] = {}
    refused: list[tuple[str, str]] = []
    for member in members:
        inside = _composed(member.filename.removeprefix(top))
        if wrong := _wrong(member, top):
            refused.append((member.filename, wrong))
        elif inside in found:
            refused.append((member.filename, "named twice in the zip"))
        else:
            found[inside] = member
    return PackReader(names=frozenset(found), open=lambda name: archive.open(found[name]), refused=tuple(refused))


def _wrong(member: zipfile.ZipInfo, top: str) -> str | None:
    """Return the reason why a member is not opened; None if it is fine."""
    name, kind = member.filename, stat.S_IFMT(member.external_attr >> 16)
    if not name.startswith(top) or ".." in name.split("/") or "\\" in name or name.startswith("/"):
        return "its name escapes the pack"
    if kind not in (0, stat.S_IFREG):
        return "a link or device, not a file"
    if member.flag_bits & (ENCRYPTED | STRONGLY_ENCRYPTED):
        return "encrypted"
    if member.flag_bits & PATCH:
        return "a patch of another file"
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "compressed by a method other than deflate"
    if member.file_size > GREATEST_RATIO * max(member.compress_size, 1):
        return f"claims {member.file_size} bytes out of {member.compress_size}: a bomb"
    return None


def _composed(name: str) -> str:
    """Return the name in composed Unicode; macOS may return decomposed names."""
    return unicodedata.normalize("NFC", name)
