"""File in a pack as it was written, with its source or item."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from processors.json_records import Json
from processors.languages.text import Text
from processors.packs.contents.subject import ItemRecord, SourceRecord


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """Changes that the pack itself made to an item."""

    longest_side_px: int | None = None
    """Requested size, if it was resized or converted; None if its pixels are as stored."""
    has_credits: bool = False
    """True if caption, credit and rights were written into it."""
    signed_of: str | None = None
    """SHA-256 of the bytes before they were signed; None if they were not."""


@dataclass(frozen=True, kw_only=True)
class PackedFile:
    subject: SourceRecord
    entry: ItemRecord | None
    """Item of the store; None for an original."""
    path: str
    """Path relative to `data/`."""
    media_type: str
    size_bytes: int
    sha256: str
    md5: str
    width_px: int | None
    height_px: int | None
    duration_seconds: float | None
    made: Conversion | None
    """Changes by the pack; None for the stored bytes."""

    @property
    def unsigned_sha256(self) -> str:
        """Return the digest that identifies the content: a signature has other bytes each time."""
        return self.made.signed_of if self.made and self.made.signed_of else self.sha256

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]


@dataclass(frozen=True, kw_only=True)
class PackIdentity:
    digest: str
    """SHA-256 over the pack recipe and every file's name and digest."""
    dated_utc: str
    """Date from the pack recipe, the environment or the newest result, never from the clock."""
    is_stated: bool = True
    """True if the date was stated as that of the packing; False if it is that of the newest result."""
    is_day: bool = False
    """True if only the day was stated: its time in `dated_utc` is the first of that day."""

    @property
    def urn(self) -> str:
        return f"urn:marsmedia:pack:{self.digest[:32]}"

    @property
    def day(self) -> str:
        return self.dated_utc[:10]


def in_seconds(utc: str, later_seconds: float = 0.0) -> str:
    """Return an ISO 8601 time in the form that all standards here accept: UTC, whole seconds, Z."""
    return f"{datetime.fromisoformat(utc).astimezone(UTC) + timedelta(seconds=later_seconds):%Y-%m-%dT%H:%M:%SZ}"


def in_languages(text: Text, languages: Iterable[str]) -> dict[str, list[str]]:
    """Return a text in IIIF's form, in those of the languages in which it exists."""
    return {code: [text[code]] for code in languages if code in text}


def json_with_list(head: dict[str, Json], key: str, entries: Iterable[Json]) -> Iterator[bytes]:
    """Yield a JSON object whose last member is a long list, in pieces; members keep the given order."""
    start = json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}")
    yield f"{start},\n {json.dumps(key)}: [".encode()
    comma = "\n"
    for entry in entries:
        yield comma.encode() + json.dumps(entry, ensure_ascii=False, allow_nan=False).encode()
        comma = ",\n"
    yield b"\n ]\n}\n"
