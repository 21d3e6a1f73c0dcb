"""BagIt 1.0 (RFC 8493) writer: files are hashed while they are written; manifests in SHA-256 and SHA-512."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from processors.packs.archive.pack_writers import Sink

BLOCK_BYTES = 1 << 20
ASIDE_BYTES = 1 << 16
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
ALGORITHMS = ("sha256", "sha512")


@dataclass(frozen=True, kw_only=True)
class Written:
    path: str
    """Path relative to the bag."""
    size_bytes: int
    sha256: str
    sha512: str
    md5: str | None


class BagWriter:
    """Writer of the payload below `data/` and then the tag files; holds two digests per file and no bytes."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._payload: list[Written] = []
        self._tags: list[Written] = []
        self._threads = ThreadPoolExecutor(1)

    @property
    def size_bytes(self) -> int:
        """Return the size of all files, those of the bag itself included."""
        return sum(one.size_bytes for one in (*self._payload, *self._tags))

    @property
    def file_count(self) -> int:
        """Return the number of all files, those of the bag itself included."""
        return len(self._payload) + len(self._tags)

    @property
    def payload_paths(self) -> list[str]:
        """Return the paths of the payload files in the bag, in the order in which they were added."""
        return [one.path for one in self._payload]

    def add(self, path: str, blocks: Iterable[bytes], *, md5: bool = False) -> Written:
        """Write one payload file; `path` is relative to `data/`."""
        written = self._write(f"data/{path}", blocks, md5=md5)
        self._payload.append(written)
        return written

    def finish(self, info: Iterable[tuple[str, str]], tag_files: Iterable[tuple[str, bytes]] = ()) -> None:
        """Write declaration, `bag-info.txt`, other tag files and manifests, and close the sink.

        Parameters
        ----------
        info : names and values of `bag-info.txt`; Bag-Size and Payload-Oxum are added.
        """
        size = sum(one.size_bytes for one in self._payload)
        said = [*info, ("Bag-Size", f"{size / 1e6:.1f} MB"), ("Payload-Oxum", f"{size}.{len(self._payload)}")]
        self._tag("bagit.txt", DECLARATION)
        self._tag("bag-info.txt", "".join(f"{name}: {_one_line(value)}\n" for name, value in said).encode())
        for name, data in tag_files:
            self._tag(name, data)
        payload = sorted(self._payload, key=lambda one: one.path)
        for algorithm in ALGORITHMS:
            self._tag(f"manifest-{algorithm}.txt", b"".join(_lines(payload, algorithm)))
        tags = sorted(self._tags, key=lambda one: one.path)
        for algorithm in ALGORITHMS:
            self._tag(f"tagmanifest-{algorithm}.txt", b"".join(_lines(tags, algorithm)))
        self._sink.close()
        self._threads.shutdown()

    def _tag(self, path: str, data: bytes) -> None:
        self._tags.append(self._write(path, [data], md5=False))

    def _write(self, path: str, blocks: Iterable[bytes], *, md5: bool) -> Written:
        size = 0
        sha256, sha512 = hashlib.sha256(), hashlib.sha512()
        short = hashlib.md5(usedforsecurity=False) if md5 else None

        def second(block: bytes) -> None:
            sha512.update(block)
            if short:
                short.update(block)

        def hashed() -> Iterator[bytes]:
            nonlocal size
            for block in blocks:
                size += len(block)
                # hashing releases the GIL; smaller blocks are hashed before a thread has woken
                aside = self._threads.submit(second, block) if len(block) > ASIDE_BYTES else None
                sha256.update(block)
                yield block
                if aside:
                    aside.result()
                else:
                    second(block)

        self._sink.write(path, hashed())
        return Written(
            path=path,
            size_bytes=size,
            sha256=sha256.hexdigest(),
            sha512=sha512.hexdigest(),
            md5=short.hexdigest() if short else None,
        )


def _lines(files: Iterable[Written], algorithm: str) -> Iterator[bytes]:
    for one in files:
        yield f"{getattr(one, algorithm)}  {one.path}\n".encode()


def _one_line(value: str) -> str:
    return " ".join(value.split())
