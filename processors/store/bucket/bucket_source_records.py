"""Records of sources in a bucket: objects that are added and never changed, the newest of which counts.

seen/<time>.jsonl    paths of sources, one a line: digest, and the record of the path
links/<time>.json    the links of all sources, by digest
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from processors.store.bucket.bucket import Bucket

_Record = dict[str, Any]
_Links = dict[str, list[_Record]]


class BucketSourceRecords:
    """All source records of a store in a bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._known_links: _Links | None = None

    def all(self, unreadable: list[str] | None = None, *, forgotten: bool = False) -> Iterator[_Record]:
        """Yield what can be read of each source, in digest order; add to the list what cannot, with its object.

        Parameters
        ----------
        forgotten : whether paths that were removed are given too.
        """
        found: dict[str, _Record] = {}
        for one in self._bucket.list("seen"):
            lines, reason = _readable_lines(self._bucket.get(one.name))
            for digest, entry in lines:
                record = found.setdefault(digest, {"digest": digest, "seen": []})
                record["seen"] = [old for old in record["seen"] if old["path"] != entry["path"]] + [entry]
            if reason and unreadable is not None:
                unreadable.append(f"{one.name}: {reason}")
        links = self._read_links(unreadable)
        for digest in sorted(found):
            seen = [one for one in found[digest]["seen"] if forgotten or not one.get("is_forgotten")]
            yield {**found[digest], "seen": seen, "links": links.get(digest, [])}

    def add_paths(self, entries: Iterable[tuple[str, _Record]]) -> None:
        """Add paths, each given by the digest and the record of the path, which replaces the one that it had."""
        if lines := _as_lines(entries):
            self._bucket.put(f"seen/{_now()}.jsonl", lines)

    def remove_paths(self, places: Iterable[tuple[str, str]]) -> None:
        """Remove paths, each given by the digest of its bytes and the path."""
        self.add_paths((digest, {"path": path, "is_forgotten": True}) for digest, path in places)

    def leave_readable(self, name: str) -> None:
        """Leave of a damaged object with paths what can be read of it."""
        lines, _ = _readable_lines(self._bucket.get(name))
        if lines:
            self._bucket.put(name, _as_lines(lines))
        else:
            self._bucket.delete([name])

    def replace_links(self, links: Mapping[str, list[_Record]]) -> None:
        """Replace the links of all sources by these, by digest."""
        self._bucket.put(f"links/{_now()}.json", json.dumps(links).encode())
        self._known_links = None

    def links(self) -> _Links:
        """Return the links of every source, by digest; they are read once."""
        if self._known_links is None:
            self._known_links = self._read_links()
        return self._known_links

    def _read_links(self, unreadable: list[str] | None = None) -> _Links:
        """Return the links of the newest object that can be read."""
        for name in reversed([one.name for one in self._bucket.list("links")]):
            try:
                return _checked_links(json.loads(self._bucket.get(name)))
            except ValueError as error:
                if unreadable is not None:
                    unreadable.append(f"{name}: not a readable record ({error})")
        return {}


def _as_lines(entries: Iterable[tuple[str, _Record]]) -> bytes:
    return "".join(json.dumps([digest, entry]) + "\n" for digest, entry in entries).encode()


def _readable_lines(data: bytes) -> tuple[list[tuple[str, _Record]], str | None]:
    """Return digest and path of each readable line, and what is wrong with the others; None if nothing is."""
    lines: list[tuple[str, _Record]] = []
    reason = None if data.endswith(b"\n") else "not a readable record (its end is missing)"
    for line in data.splitlines():
        try:
            digest, entry = json.loads(line)
            if not (isinstance(digest, str) and isinstance(entry["path"], str)):
                raise ValueError("it names no path")
            lines.append((digest, entry))
        except (ValueError, TypeError, KeyError) as error:
            reason = reason or f"not a readable record ({error})"
    return lines, reason


def _checked_links(links: Any) -> _Links:
    """Return what was read, if it is a record of links; raises `ValueError`."""
    if not isinstance(links, dict) or not all(isinstance(one, list) for one in links.values()):
        raise ValueError("it has no lists of links")
    return links


def _now() -> str:
    """Return a unique name that sorts by time."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:8]}"
