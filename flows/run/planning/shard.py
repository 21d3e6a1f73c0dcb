"""Shards of a run: n independent runs over the same releases, each processing a part of the files.

A file's shard depends only on its path below the raw folder, so that every run of the same shard works on the same
files, no two shards share a file, and all shards together cover every file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol, TypeVar

from processors.errors import RequestError

MAX_SHARDS = 10_000


class _HasPlace(Protocol):
    @property
    def relative(self) -> str: ...


Placed = TypeVar("Placed", bound=_HasPlace)
"""Object that knows its path below the raw folder."""


@dataclass(frozen=True, kw_only=True)
class Shard:
    """One of `count` parts of the files."""

    number: int
    """1 to `count`."""
    count: int

    @classmethod
    def parse(cls, text: str | None) -> Shard:
        """Parse a shard such as `2/8`; without text return everything; raises `RequestError` for other text."""
        if text is None:
            return EVERYTHING
        found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
        number, count = map(int, found.groups()) if found else (0, 0)
        if not 1 <= number <= count <= MAX_SHARDS:
            raise RequestError(
                f"shard {text!r}: not a part of a whole; write 1/4 to 4/4 for four shards (at most {MAX_SHARDS})"
            )
        return cls(number=number, count=count)

    def has(self, relative: str) -> bool:
        """Return whether a file belongs to this shard, by its path below the raw folder."""
        if self.count == 1:
            return True
        digest = sha256(relative.encode("utf-8", "backslashreplace")).digest()
        return int.from_bytes(digest[:8], "big") % self.count == self.number - 1

    def own(self, entries: Iterable[Placed]) -> list[Placed]:
        """Return the elements that belong to this shard."""
        return [one for one in entries if self.has(one.relative)]


EVERYTHING = Shard(number=1, count=1)
