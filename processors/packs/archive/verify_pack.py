"""Verification of a pack against its own manifests: reports every missing, changed or extra file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from processors.errors import RequestError
from processors.packs.archive.bagit import ALGORITHMS, BLOCK_BYTES, DECLARATION
from processors.packs.archive.pack_reader import ZIP_ERRORS, PackReader, opened, reason_of
from processors.store.open_store import Location
from processors.store.progress_steps import Steps, silently

MANIFESTS = frozenset(f"{kind}-{algorithm}.txt" for kind in ("manifest", "tagmanifest") for algorithm in ALGORITHMS)
REQUIRED = frozenset({"bagit.txt", "bag-info.txt", *MANIFESTS})
MAX_LISTING_BYTES = 1 << 28
"""Maximum size of one manifest: a million files take 150 MB."""

PackFaultKind = Literal["missing", "changed", "unlisted", "extra", "refused", "unreadable"]


_Listed = dict[str, dict[str, str]]
"""Digests of each path, by algorithm."""


@dataclass(frozen=True, kw_only=True)
class PackFault:
    path: str
    kind: PackFaultKind
    reason: str


@dataclass(frozen=True, kw_only=True)
class CheckedPack:
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
        if not pack.names & REQUIRED:
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
        info = self._read("bag-info.txt") or b""
        tags = self._listings("tagmanifest")
        payload = self._listings("manifest")
        self._extra(tags, payload)
        every = sorted({**tags, **payload}.items())
        for path, digests in self._steps("Hashing files", every, len(every), name=lambda one: one[0]):
            self._file(path, digests, is_payload=path in payload)
        self._oxum(info.decode("utf-8", "replace"))
        faults = list({(one.path, one.kind, one.reason): one for one in self._faults}.values())
        return CheckedPack(file_count=len(self._pack.names), size_bytes=self._size, faults=tuple(faults))

    def _extra(self, tags: _Listed, payload: _Listed) -> None:
        """Report files that no manifest lists; none of those whose manifests are all lost, as all would be extra."""
        own = {f"tagmanifest-{algorithm}.txt" for algorithm in ALGORITHMS}
        for path in sorted(self._pack.names - tags.keys() - payload.keys() - own):
            if payload if path.startswith("data/") else tags:
                self._report(path, "extra", "not listed in any manifest")

    def _listings(self, kind: str) -> _Listed:
        """Return digests by algorithm for each path, from all manifests of one kind."""
        found: _Listed = {}
        read: list[str] = []
        lost: list[PackFault] = []
        for algorithm in ALGORITHMS:
            name = f"{kind}-{algorithm}.txt"
            data = self._content(name)
            if isinstance(data, PackFault):
                lost.append(data)
                continue
            read.append(algorithm)
            if kind == "tagmanifest":  # listed nowhere
                self._size += len(data)
            for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
                if match := re.fullmatch(r"([0-9a-f]+) +\*?(\S.*)", line):
                    found.setdefault(match[2], {})[algorithm] = match[1]
                elif line:
                    self._report(name, "changed", f"line {number} is not a digest and a name")
        for path, digests in found.items():
            for algorithm in read:
                if algorithm not in digests:
                    self._report(path, "unlisted", f"{kind}-{algorithm}.txt does not list it")
        for fault in lost:
            self._report(fault.path, fault.kind, f"{fault.reason}; {_checked_by(read, len(found), kind)}")
        return found

    def _read(self, name: str) -> bytes | None:
        data = self._content(name)
        if isinstance(data, PackFault):
            self._report(data.path, data.kind, data.reason)
            return None
        return data

    def _content(self, name: str) -> bytes | PackFault:
        if name not in self._pack.names:
            return PackFault(path=name, kind="missing", reason="required in every pack")
        try:
            with self._pack.open(name) as file:
                data = file.read(MAX_LISTING_BYTES + 1)
        except (OSError, *ZIP_ERRORS) as error:
            return PackFault(path=name, kind="unreadable", reason=reason_of(error))
        if len(data) > MAX_LISTING_BYTES:
            return PackFault(path=name, kind="refused", reason=f"over {MAX_LISTING_BYTES} bytes")
        return data

    def _file(self, path: str, digests: dict[str, str], *, is_payload: bool) -> None:
        if path not in self._pack.names:
            if path not in REQUIRED:  # reported when they were read
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
        except (OSError, *ZIP_ERRORS) as error:
            self._report(path, "unreadable", reason_of(error))
            return
        self._size += size
        if is_payload:
            self._payload = (self._payload[0] + size, self._payload[1] + 1)
        for algorithm, wanted in digests.items():
            if hashes[algorithm].hexdigest() != wanted:
                got = hashes[algorithm].hexdigest()
                self._report(path, "changed", f"{algorithm} is {got[:16]}..., not {wanted[:16]}... as in the manifest")
                return

    def _oxum(self, info: str) -> None:
        """Compare payload size and count with `bag-info.txt`; report a mismatch only if nothing else is wrong."""
        if self._faults:
            return
        found = re.search(r"^Payload-Oxum: *(\d+)\.(\d+) *$", info, re.MULTILINE)
        if not found or (int(found[1]), int(found[2])) != self._payload:
            stated = found[0] if found else "no Payload-Oxum"
            size, count = self._payload
            self._report(
                "bag-info.txt", "changed", f"states {stated}, but the payload has {size} bytes in {count} files"
            )

    def _report(self, path: str, kind: PackFaultKind, reason: str) -> None:
        self._faults.append(PackFault(path=path, kind=kind, reason=reason))


def _checked_by(algorithms: Sequence[str], count: int, kind: str) -> str:
    """Return what is still checked of the files that a lost manifest lists."""
    what = "file" if kind == "manifest" else "tag file"
    files = f"1 {what} is" if count == 1 else f"{count} {what}s are"
    only = ", ".join(algorithm.upper().replace("SHA", "SHA-") for algorithm in algorithms)
    return f"{files} checked by {only} only" if only else f"no {what} is checked"
