"""Output of a pack in a bucket: sent from a local folder, and not taken for a pack before it is whole.

Servers create a small object for one of several writers only, but do not agree on large ones, which are sent in parts.
So the first object of a pack is a small one that follows from all of its bytes, and whoever creates it writes the pack:
beside a zip `june.zip.sha256`, as `sha256sum` writes and checks it; in a folder `tagmanifest-sha256.txt`. A zip appears
as a whole when its last part is there; in a folder `bagit.txt` is last, without which it is no bag.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from processors.errors import RequestError
from processors.packs.archive.output import AGENT, is_zip, scratch_beside
from processors.packs.archive.pack_reader import bag_info
from processors.sources.source_file import sha256_of
from processors.store.bucket.bucket_traffic import Traffic
from processors.store.bucket.item_cache import cache_folder
from processors.store.open_store import open_bucket

FIRST, LAST = "tagmanifest-sha256.txt", "bagit.txt"
"""First and last object of a pack in a folder."""
SENT_AT_ONCE = 4


class BucketOutput:
    """A pack at an address: a zip, or a folder."""

    def __init__(self, address: str, *, force: bool) -> None:
        """Make sure that the bucket can be read; nothing is written yet.

        Raises
        ------
        RequestError : not the address of a pack, or what is there cannot be replaced.
        StoreError : the bucket cannot be used.
        """
        self.location = address.rstrip("/")
        self._force = force
        self.traffic = Traffic()
        self._bucket = open_bucket(self.location, self.traffic)
        above, _, self.name = self.location.rpartition("/")
        if above.endswith("/"):
            raise RequestError(
                f"{address}: not a pack's name; give -o {self.location}/FOLDER or -o {self.location}/FILE.zip"
            )
        self._is_zip = is_zip(Path(self.name))
        self._note = f"{self.name}.sha256"
        if self._is_zip:
            self._bucket = open_bucket(above, self.traffic)
            with suppress(FileNotFoundError):  # unlike a look, a missing object and a missing bucket differ here
                self._bucket.get(self._note)
            if force and self._zip_is_there():
                self._check_is_pack()
        elif (there := self._names_there()) and FIRST not in there:
            raise RequestError(f"{self.location}: already holds other objects; choose another name")

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Yield a folder on this machine for building the pack; it is removed at the end in any case."""
        folder = cache_folder() / "packs" / hashlib.sha256(self.location.encode()).hexdigest()[:16]
        folder.mkdir(parents=True, exist_ok=True)
        with scratch_beside(folder / self.name, force=False) as scratch:
            yield scratch

    def put_in_place(self, made: Path, scratch: Path) -> bool:
        """Send the finished pack; return False if it is there already, with the same bytes.

        Raises
        ------
        RequestError : another pack is there, and is not to be replaced or cannot be.
        StoreError : the bucket cannot be used, or its server does not create objects once.
        """
        return self._sent_zip(made) if self._is_zip else self._sent_folder(made)

    def _sent_zip(self, made: Path) -> bool:
        digest = sha256_of(made)
        if self._zip_is_there():
            if self._bucket.digest(self.name) == digest:
                return False
            if not self._force:
                raise RequestError(
                    f"{self.location}: already exists with other bytes; choose another name, or replace it with --force"
                )
            self._check_is_pack()  # again: building took a while
        stated = f"{digest}  {self.name}\n".encode()
        if self._force:
            self._bucket.put(self._note, stated)
        elif not self._bucket.create(self._note, stated):
            raise RequestError(
                f"{self.location}: another pack is being written there, or was begun ({self._note}); choose another "
                "name, or replace it with --force"
            )
        self._bucket.check_creates_once(self._note, stated)
        self._bucket.put(self.name, made)
        return True

    def _sent_folder(self, made: Path) -> bool:
        files = {path.relative_to(made).as_posix(): path for path in made.rglob("*") if path.is_file()}
        there = self._names_there()
        stated = files[FIRST].read_bytes()
        if (there and FIRST not in there) or not self._bucket.create(FIRST, stated):
            raise RequestError(
                f"{self.location}: already holds another pack, and a folder in a bucket cannot be replaced as a whole; "
                "choose another name"
            )
        self._bucket.check_creates_once(FIRST, stated)
        if extra := sorted(there - files.keys()):
            raise RequestError(f"{self.location}: holds {extra[0]}, which is not of this pack; choose another name")

        def sent(name: str) -> bool:
            if name in there and self._bucket.digest(name) == sha256_of(files[name]):
                return False
            self._bucket.put(name, files[name])
            return True

        with ThreadPoolExecutor(SENT_AT_ONCE) as pool:
            new = [*pool.map(sent, sorted(files.keys() - {FIRST, LAST}))]
        return any([*new, sent(LAST)])

    def _zip_is_there(self) -> bool:
        try:
            self._bucket.look(self.name)
        except FileNotFoundError:
            return False
        return True

    def _check_is_pack(self) -> None:
        """Raise `RequestError` unless marsmedia made the zip there."""
        if AGENT.encode() not in bag_info(self.location, self.traffic):
            raise RequestError(f"{self.location}: exists and is not a marsmedia pack; --force does not replace it")

    def _names_there(self) -> set[str]:
        return {one.name for one in self._bucket.list("")}
