"""Bucket, or folder in one, where a store keeps its objects; the only module that uses obstore.

It relies on one thing only: that the server creates an object once, for one of several writers (`If-None-Match: *`).
Neither ETags, nor renaming, nor conditional uploads of several parts are used; servers differ in all of them.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, InvalidPathError
from obstore.store import HTTPStore, from_url

from processors.errors import RequestError, StoreError
from processors.sources.source_file import sha256_of
from processors.store.bucket.aws_profile import is_profile_used
from processors.store.bucket.bucket_traffic import Traffic
from processors.store.bucket.s3_errors import (
    BAD_SERVER,
    CHECK_FILES,
    CHECK_PROFILE,
    CREDENTIALS_IN_ADDRESS,
    DELETED_VERSION,
    MORE_IN_ADDRESS,
    NO_ADDRESS,
    VERSIONED,
    code_of,
    in_words,
    why_not_opened,
)
from processors.store.forked_process import refuse_if_forked

PART_BYTES = 16 * 1024 * 1024
"""Size from which a file is sent in parts, and size of the parts in which files are sent and fetched."""
MAX_PARTS = 10_000
"""Parts of one object: the limit of S3. Files above 160 GB have larger parts."""
PARTS_AT_ONCE = 4
LISTED_AT_ONCE = 1_000
"""Names in one answer of a listing: the limit of S3."""
RETRIES, RETRY_SECONDS = 6, 60.0
"""Maximum retries of a request without an answer or with a server error, and the time after which none is retried."""
READ_BYTES = 1024 * 1024
"""Part of an object that is read at once if it is opened as a file."""
CONFLICT_TRIES = 5
ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT")
"""Variables from which the library takes the address of a server that speaks S3."""
ENDPOINT = re.compile(r"(?i:https?)://([^\s/?#@]*@)?([\w.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?(/[^\s?#]*)?")


class Seen(NamedTuple):
    name: str
    size_bytes: int
    modified: datetime
    e_tag: str = ""
    """Server's identifier of the version; empty if there is none."""


class Bucket:
    """Objects below one address. Its own names use only letters, digits, `-`, `.`, `_`, `~` and `/`.

    Every method raises `StoreError`, with what to do, if the server cannot be reached or refuses.
    """

    def __init__(self, address: str, traffic: Traffic | None = None) -> None:
        """Take credentials from the environment; no request is made yet.

        Parameters
        ----------
        traffic : gets the count of requests and bytes; None: a count of its own.

        Raises
        ------
        RequestError : not an address of a bucket, or a profile is used and boto3, which reads it, is missing.
        """
        self.address = address.rstrip("/")
        _check(self.address, address)
        self._store: Any = _opened(self.address)
        self.traffic = Traffic() if traffic is None else traffic

    def get(self, name: str) -> bytes:
        """Return an object; raises `FileNotFoundError` if there is none."""
        with self._asking(name):
            data = bytes(obstore.get(self._store, name).bytes())
        self._count(received_bytes=len(data))
        return data

    def part(self, name: str, start: int, length: int) -> bytes:
        """Return some bytes of an object; raises `FileNotFoundError` if there is none."""
        if length == 0:
            return b""
        with self._asking(name):
            data = bytes(obstore.get_range(self._store, name, start=start, length=length))
        self._count(received_bytes=len(data))
        return data

    def fetch(self, name: str, to: Path, start: int = 0, length: int | None = None) -> str:
        """Write an object, or some bytes of it, to a file, and return the SHA-256 of the written bytes."""
        digest = hashlib.sha256()
        with to.open("wb") as file:
            for data in self._pieces(name, start, length):
                digest.update(data)
                file.write(data)
        return digest.hexdigest()

    def fetch_whole(self, name: str, to: Path) -> tuple[str, Seen]:
        """Write an object to a file, and return the SHA-256 of the written bytes, and the object's version.

        Raises
        ------
        FileNotFoundError : there is none.
        """
        digest = hashlib.sha256()
        with to.open("wb") as file, self._asking(name):
            answer = obstore.get(self._store, name)
            for piece in answer.stream(min_chunk_size=1024 * 1024):
                data = bytes(piece)
                self._count(received_bytes=len(data))
                digest.update(data)
                file.write(data)
        return digest.hexdigest(), _seen(answer.meta)

    def digest(self, name: str) -> str:
        """Return the SHA-256 of an object; raises `FileNotFoundError` if there is none."""
        digest = hashlib.sha256()
        for data in self._pieces(name, 0, None):
            digest.update(data)
        return digest.hexdigest()

    def look(self, name: str) -> Seen:
        """Return an object's entry, as in a listing; raises `FileNotFoundError` if there is none."""
        with self._asking(name):
            return _seen(obstore.head(self._store, name))

    def _pieces(self, name: str, start: int, length: int | None) -> Iterator[bytes]:
        if length is not None:
            for at in range(start, start + length, PART_BYTES):
                yield self.part(name, at, min(PART_BYTES, start + length - at))
            return
        with self._asking(name):
            answer = obstore.get(self._store, name)
            for piece in answer.stream(min_chunk_size=1024 * 1024):
                data = bytes(piece)
                self._count(received_bytes=len(data))
                yield data

    def open(self, name: str, size_bytes: int) -> BinaryIO:
        """Open an object for reading from any position, a part at a time."""
        return io.BufferedReader(_ObjectFile(self, name, size_bytes), min(max(size_bytes, 1), READ_BYTES))

    def put(self, name: str, content: Path | bytes) -> None:
        """Write an object, replacing an existing one; a large file is sent in parts and appears as a whole."""
        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        part = max(PART_BYTES, -(-size // MAX_PARTS))
        parts = 2 + -(-size // part) if size > PART_BYTES else 1  # a beginning, parts and an end
        try:
            with self._asking(name, requests=parts):
                obstore.put(
                    self._store, name, content, chunk_size=part, use_multipart=parts > 1, max_concurrency=PARTS_AT_ONCE
                )
        except FileNotFoundError as error:  # the server no longer knows the upload: the answer to its end was lost
            if not self._holds(name, content):
                raise StoreError(f"{self.address}/{name}: its upload was ended by the server; run again") from error
        self._count(sent_bytes=size)

    def _holds(self, name: str, content: Path | bytes) -> bool:
        digest = hashlib.sha256(content).hexdigest() if isinstance(content, bytes) else sha256_of(content)
        with suppress(FileNotFoundError):
            return self.digest(name) == digest
        return False

    def create(self, name: str, data: bytes) -> bool:
        """Write a small object unless there is one; return False if there is another one.

        If the bytes are the same, an earlier request of ours succeeded and its answer was lost.
        """
        is_gone = False
        for attempt in range(CONFLICT_TRIES):
            try:
                with self._asking(name):
                    self._count(sent_bytes=len(data))
                    obstore.put(self._store, name, data, mode="create", use_multipart=False)
                return True
            except AlreadyExistsError:
                try:
                    return self.get(name) == data
                except FileNotFoundError:  # it was removed at this moment, or only its versions are left
                    is_gone = True
            except _Conflict:  # another writer is at work: the next try shows who was first
                is_gone = False
            time.sleep(0.1 * 2**attempt)
        why = DELETED_VERSION if is_gone else "is constantly being written by others; run again"
        raise StoreError(f"{self.address}/{name}: {why}")

    def list(self, prefix: str) -> Iterator[Seen]:
        """Yield the objects below a folder, at any depth, in the order of their names."""
        with self._asking(prefix):
            for number, some in enumerate(obstore.list(self._store, prefix, chunk_size=LISTED_AT_ONCE)):
                self._count(requests=min(number, 1))  # the first answer is counted already, and comes even if empty
                for one in some:
                    yield _seen(one)

    def list_any_name(self) -> list[Seen] | None:
        """Return all objects, also those whose names no path can have; None where boto3 cannot list them.

        It is missing, or the bucket is not on a server that speaks S3.

        Raises
        ------
        StoreError : the bucket cannot be listed.
        """
        try:
            import boto3
            from botocore.exceptions import BotoCoreError, ClientError
        except ModuleNotFoundError:
            return None
        parts = urlsplit(self.address)
        if parts.scheme != "s3":
            return None
        above = f"{parts.path.strip('/')}/".lstrip("/")
        found: list[Seen] = []
        try:
            s3 = boto3.client("s3", region_name=os.environ.get("AWS_REGION"))
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=parts.netloc, Prefix=above):
                self._count(requests=1)
                for one in page.get("Contents", ()):
                    found.append(Seen(one["Key"][len(above) :], one["Size"], one["LastModified"], one["ETag"]))
        except (BotoCoreError, ClientError) as error:
            raise StoreError(f"{self.address}: {str(error).splitlines()[0]}") from error
        return found

    def delete(self, names: Collection[str]) -> None:
        """Remove objects, one by one, as some servers refuse lists; a missing one is no error."""
        for name in names:
            with suppress(FileNotFoundError), self._asking(name):
                obstore.delete(self._store, name)

    def check_creates_once(self, name: str, data: bytes) -> None:
        """Check that an object with these bytes exists, or create it, and that the server refuses to create it again.

        Raises
        ------
        StoreError : the server ignores the condition, everywhere or in versioned buckets, so that a store would not be
            safe there.
        """
        is_versioned = False
        for _ in range(2):
            try:
                with self._asking(name):
                    self._count(sent_bytes=len(data))
                    made = obstore.put(self._store, name, data, mode="create", use_multipart=False)
                    is_versioned = made["version"] is not None
            except (AlreadyExistsError, _Conflict):
                return
        raise StoreError(f"{self.address}: {VERSIONED if is_versioned else BAD_SERVER}")

    @contextmanager
    def _asking(self, name: str, requests: int = 1) -> Iterator[None]:
        """Count requests, and raise errors of the library as `StoreError`, except for a missing or existing object."""
        refuse_if_forked()
        self._count(requests=requests)
        try:
            yield
        except AlreadyExistsError:
            raise
        except InvalidPathError as error:
            found = re.search(r'path: "(.*)"', str(error))
            named = f"{urlsplit(self.address).scheme}://{urlsplit(self.address).netloc}/{found[1]}" if found else name
            raise RequestError(f"{named}: no path on a disk can have this name; rename or remove the object") from error
        except (BaseError, OSError) as error:
            text = str(error)
            code = code_of(text)
            if code == "ConditionalRequestConflict":
                raise _Conflict from error
            if isinstance(error, FileNotFoundError) and code != "NoSuchBucket":
                raise FileNotFoundError(f"{self.address}/{name}: no such object") from error
            raise StoreError(f"{self.address}: {in_words(text, code)}") from error

    def add_traffic(self, traffic: Traffic) -> None:
        """Count the traffic of another process."""
        self.traffic.add_all(traffic)

    def _count(self, *, requests: int = 0, sent_bytes: int = 0, received_bytes: int = 0) -> None:
        self.traffic.add(requests=requests, sent_bytes=sent_bytes, received_bytes=received_bytes)


class _ObjectFile(io.RawIOBase):
    """An object as a file; every read is a request."""

    def __init__(self, bucket: Bucket, name: str, size_bytes: int) -> None:
        self._bucket, self._name, self._size, self._at = bucket, name, size_bytes, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        data = self._bucket.part(self._name, self._at, max(0, min(len(buffer), self._size - self._at)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def _seen(one: Any) -> Seen:
    return Seen(one["path"], one["size"], one["last_modified"], one["e_tag"] or "")


class _Conflict(Exception):
    """Two writers at once; the server rejected both."""


def _check(address: str, typed: str) -> None:
    """Raise RequestError unless this is an address of a bucket, without credentials in it.

    `typed` is the address as a user wrote it; one that may hold a secret is not repeated.
    """
    parts = urlsplit(address)
    shown = f"{parts.scheme}://{parts.hostname}"
    if parts.username or parts.password:
        raise RequestError(f"{shown}: {CREDENTIALS_IN_ADDRESS}")
    if parts.query or parts.fragment:
        raise RequestError(f"{shown}: {MORE_IN_ADDRESS}")
    if not parts.netloc or "//" in parts.path or {".", ".."} & set(parts.path.split("/")):
        raise RequestError(f"{typed}: {NO_ADDRESS}")


def _opened(address: str) -> Any:
    """Return the library's store; it takes credentials from the environment, so that no object here holds them."""
    options: Any = {"connect_timeout": "5s", "timeout": "300s"}
    if os.environ.get("AWS_ENDPOINT_URL", "").lower().startswith("http://"):
        options["allow_http"] = True
    retry: Any = {"max_retries": RETRIES, "retry_timeout": timedelta(seconds=RETRY_SECONDS)}
    more: dict[str, Any] = {}
    if address.startswith("s3://"):
        _check_endpoints()
        more["config"] = {"disable_bulk_delete": "true"}
        if is_profile_used():
            more["credential_provider"] = _profile()
    try:
        opened = from_url(address, client_options=options, retry_config=retry, **more)
    except BaseError as error:
        raise RequestError(f"{address}: {why_not_opened(str(error))}") from error
    if isinstance(opened, HTTPStore):  # pages of a web server, which lists and creates nothing
        raise RequestError(f"{address}: {NO_ADDRESS}, and set AWS_ENDPOINT_URL to the address of its server")
    return opened


def _check_endpoints() -> None:
    """Raise RequestError for a variable that is no address of a server; the library would end the process."""
    for name in ENDPOINTS:
        endpoint = os.environ.get(name)
        if endpoint is not None and not ENDPOINT.fullmatch(endpoint):
            shown = repr(endpoint.rpartition("@")[2])  # credentials may be in front of it
            raise RequestError(
                f"{name} is {shown}, not the address of a server; write https://host or http://host:port"
            )


def _profile() -> Any:
    """Return the provider of the profile's credentials; raises `RequestError` if it has none."""
    name = os.environ.get("AWS_PROFILE")
    named = f"AWS_PROFILE={name}" if name else "the profile [default]"
    try:
        import boto3
        from botocore.exceptions import BotoCoreError
        from obstore.auth.boto3 import Boto3CredentialProvider
    except ModuleNotFoundError as error:
        raise RequestError(f"{'AWS_PROFILE' if name else named} is read by boto3; pip install boto3") from error
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")  # above the profile's
    try:
        return Boto3CredentialProvider(boto3.Session(region_name=region))
    except (BotoCoreError, ValueError) as error:  # a ValueError of obstore: the profile has no credentials
        what = str(error).splitlines()[0].rstrip(": .") if isinstance(error, BotoCoreError) else "no credentials in it"
        raise RequestError(f"{named}: {what}; {CHECK_PROFILE if name else CHECK_FILES}") from error
