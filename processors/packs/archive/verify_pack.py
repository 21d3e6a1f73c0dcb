"""Verification of a pack against its own manifests: reports every missing, changed or extra file."""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import Literal

from processors.errors import RequestError
from processors.packs.archive.bagit import ALGORITHMS, BLOCK_BYTES, DECLARATION
from processors.packs.archive.pack_reader import PackReader, opened
from processors.store.open_store import Location
from processors.store.progress_steps import Steps, silently

MAX_LISTING_BYTES = 1 << 28
"""Maximum size of one manifest: a million files take 150 MB."""

PackFaultKind = Literal["missing", "changed", "extra", "refused", "unreadable"]


@dataclass(frozen=True, kw_only=True)
class PackFault:
    """Fault of a pack."""

    path: str
    kind: PackFaultKind
    reason: str


@dataclass(frozen=True, kw_only=True)
class CheckedPack:
    """Outcome of verifying a pack."""

    file_count: int
    size_bytes: int
    faults: tuple[PackFault, ...]


def verify_pack(location: Location, steps: Steps = silently) -> CheckedPack:
    """Hash every file of a pack again.

    Raises
    ------
    RequestError : there is no pack, or its zip cannot be read.
    StoreError : its bucket cannot be read.
    """
    with opened(location) as pack:
        listings = {f"{kind}-{algorithm}.txt" for kind in ("manifest", "tagmanifest") for algorithm in ALGORITHMS}
        if not pack.names & {"bagit.txt", "bag-info.txt", *listings}:
            raise RequestError(f"{location}: not a pack (no bagit.txt, bag-info.txt or manifest)")
        return _Verifier(pack, steps).checked()


class _Verifier:
    def __init__(self, pack: PackReader, steps: Steps) -> None:
        self._pack, self._steps = pack, steps
        self._faults = [PackFault(path=path, kind="refused", reason=reason) for path, reason in pack.refused]
        self._size = 0
        self._payload = (0, 0)

    def checked(self) -> CheckedPack:
        """Verify declaration, tag files and payload."""
        if self._read("bagit.txt") not in (None, DECLARATION):
            self._report("bagit.txt", "changed", "not the BagIt 1.0 declaration in UTF-8")
        listed = {f"{kind}-{algorithm}.txt" for kind in ("manifest", "tagmanifest") for algorithm in ALGORITHMS}
        tags = self._listings("tagmanifest")
        payload = self._listings("manifest")
        unlisted = {f"tagmanifest-{algorithm}.txt" for algorithm in ALGORITHMS}
        for path in sorted(self._pack.names - tags.keys() - payload.keys() - unlisted):
            self._report(path, "extra", "not listed in any manifest")
        for path in sorted((listed - unlisted) & self._pack.names - tags.keys()):
            self._report(path, "extra", "not listed in the tag manifests")
        every = sorted({**tags, **payload}.items())
        for path, digests in self._steps("Hashing files", every, len(every), name=lambda one: one[0]):
            self._file(path, digests, is_payload=path in payload)
        self._oxum()
        faults = list({(one.path, one.kind, one.reason): one for one in self._faults}.values())
        return CheckedPack(file_count=len(self._pack.names), size_bytes=self._size, faults=tuple(faults))

    def _listings(self, kind: str) -> dict[str, dict[str, str]]:
        """Return digests by algorithm for each path, from all manifests of one kind."""
        found: dict[str, dict[str, str]] = {}
        for algorithm in ALGORITHMS:
            name = f"{kind}-{algorithm}.txt"
            data = self._read(name)
            if data is None:
                continue
            for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
                if match := re.fullmatch(r"([0-9a-f]+) +\*?(\S.*)", line):
                    found.setdefault(match[2], {})[algorithm] = match[1]
                elif line:
                    self._report(name, "changed", f"line {number} is not a digest and a name")
        for path, digests in found.items():
            if len(digests) < len(ALGORITHMS):
                self._report(path, "changed", f"listed only in {kind}-{next(iter(digests))}.txt")
        return found

    def _read(self, name: str) -> bytes | None:
        if name not in self._pack.names:
            self._report(name, "missing", "required in every pack")
            return None
        try:
            with self._pack.open(name) as file:
                data = file.read(MAX_LISTING_BYTES + 1)
        except (zipfile.BadZipFile, zlib.error, OSError) as error:
            self._report(name, "unreadable", str(error))
            return None
        if len(data) > MAX_LISTING_BYTES:
            self._report(name, "refused", f"over {MAX_LISTING_BYTES} bytes")
            return None
        return data

    def _file(self, path: str, digests: dict[str, str], *, is_payload: bool) -> None:
        if path not in self._pack.names:
            self._report(path, "missing", "listed in a manifest")
            return
        hashes = {algorithm: hashlib.new(algorithm) for algorithm in digests}
        size = 0
        try:
            with self._pack.open(path) as file:
                while block := file.read(BLOCK_BYTES):
                    size += len(block)
                    for one in hashes.values():
                        one.update(block)
        except (zipfile.BadZipFile, zlib.error, OSError) as error:
            self._report(path, "unreadable", str(error))
            return
        self._size += size
        if is_payload:
            self._payload = (self._payload[0] + size, self._payload[1] + 1)
        for algorithm, wanted in digests.items():
            if hashes[algorithm].hexdigest() != wanted:
                got = hashes[algorithm].hexdigest()
                self._report(path, "changed", f"{algorithm} is {got[:16]}..., not {wanted[:16]}... as in the manifest")
                return

    def _oxum(self) -> None:
        """Compare payload size and count with `bag-info.txt`; report a mismatch only if nothing else is wrong."""
        if self._faults:
            return
        info = (self._read("bag-info.txt") or b"").decode("utf-8", "replace")
        found = re.search(r"^Payload-Oxum: *(\d+)\.(\d+) *$", info, re.MULTILINE)
        if not found or (int(found[1]), int(found[2])) != self._payload:
            stated = found[0] if found else "no Payload-Oxum"
            size, count = self._payload
            self._report(
                "bag-info.txt", "changed", f"states {stated}, but the payload has {size} bytes in {count} files"
            )

    def _report(self, path: str, kind: PackFaultKind, reason: str) -> None:
        self._faults.append(PackFault(path=path, kind=kind, reason=reason))
