"""Reader of untrusted packs, as a folder or a zip, on a disk or in a bucket: files by name, nothing unpacked."""

from __future__ import annotations

import os
import stat
import unicodedata
import zipfile
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
        with zipfile.ZipFile(location) as archive:
            yield _zip(archive, location)
    except FileNotFoundError as error:
        raise RequestError(f"{location}: no such pack") from error
    except zipfile.BadZipFile as error:
        raise RequestError(f"{location}: neither a folder nor a readable zip ({error})") from error


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
    try:
        with zipfile.ZipFile(bucket.open(name, size)) as archive:
            yield _zip(archive, address)
    except zipfile.BadZipFile as error:
        raise RequestError(f"{address}: neither a folder nor a readable zip ({error})") from error


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
    if member.flag_bits & 1:
        return "encrypted"
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "compressed by a method other than deflate"
    if member.file_size > GREATEST_RATIO * max(member.compress_size, 1):
        return f"claims {member.file_size} bytes out of {member.compress_size}: a bomb"
    return None


def _composed(name: str) -> str:
    """Return the name in composed Unicode; macOS may return decomposed names."""
    return unicodedata.normalize("NFC", name)
