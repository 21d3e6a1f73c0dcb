"""What a processor is: frozen parameters, a session fed in one pass, items out, and the key that names a result."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Literal, Protocol

Medium = Literal["video", "audio", "photo"]
Reads = Literal["video", "audio", "photo", "file", "results"]
"""The units that a processor eats. `file`: it reads headers and tags itself and is fed nothing. `results`: it is made
of the results that it `uses` alone, and the source is not opened."""

Verdict = Literal["made", "refused", "failed"]
Blame = Literal["file", "machine", "marsmedia"]
"""Whose fault it is that a result was refused or failed. `marsmedia`: a bug in this program. `machine`: no memory,
thread or space was left, or the file could not be read; such a failure is not stored."""
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Record = Any
"""A frozen dataclass of plain values; `as_json` writes it."""


@dataclass(frozen=True, kw_only=True)
class LabelRef:
    """A label beside the source."""

    name: str
    """Of a file in the source's own folder."""
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Source:
    """A raw file whose bytes are known."""

    digest: str
    """SHA-256 of its bytes, 64 hexadecimal digits."""
    size_bytes: int
    name: str
    """The file's own name, for people; any text, never used as a path."""
    medium: Medium
    format: str
    """Container or file format as found in the bytes: `mov,mp4`, `wav`, `jpeg`."""
    has_sound: bool
    """True where a decoder lists a sound stream."""
    label: LabelRef | None = None
    """The label without which the bytes mean nothing; None where they speak for themselves."""

    @property
    def digests(self) -> tuple[str, ...]:
        """Of every file that its results are made of."""
        return (self.digest, self.label.sha256) if self.label else (self.digest,)


@dataclass(frozen=True, kw_only=True)
class Item:
    """One output: bytes with a name, or a file that the session wrote into its scratch folder."""

    name: str
    """Safe relative path inside the result: letters, digits, `._-` and `/`."""
    media_type: str
    facts: Record = None
    data: bytes | None = None
    file: Path | None = None

    def __post_init__(self) -> None:
        path = PurePosixPath(self.name)
        safe = all(c.isascii() and (c.isalnum() or c in "._-/") for c in self.name)
        if not safe or path.is_absolute() or ".." in path.parts or self.name.startswith((".", "-")):
            raise ValueError(f"item name {self.name!r}: only letters, digits, '.', '_', '-' and '/'")
        if (self.data is None) == (self.file is None):
            raise ValueError(f"item {self.name}: give either data or file")


@dataclass(frozen=True, kw_only=True)
class Need:
    """What a session wants of the reader, so that the reader can skip work."""

    shown: Callable[[Fraction, Fraction], bool] | None = None
    """Is a frame wanted that is shown from the first until just before the second time (s)? None: every unit."""
    longest_side_px: int | None = None
    """No more pixels than this along the longer side are wanted. None: all there are."""


class UsedResult(Protocol):
    """A result of another processor on the same source, for reading."""

    def path(self, name: str, /) -> Path:
        """Where an item lies; raises `ResultMissing` for a name that the result does not have."""
        ...

    def facts(self, name: str, /) -> Json:
        """An item's facts."""
        ...


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What `needs` and `start` are given, in place of the medium's info, by a processor that uses other results."""

    info: Any
    """The medium's own info; None for a processor that reads `results`."""
    results: Mapping[str, UsedResult]
    """By processor name."""
    source_facts: Mapping[Reads, Json]
    """What reading the source turned up when those results were made: counts and losses, by the units read."""
    source_name: str = ""
    """The file's own name, for people and for programs that link to it by name; any text, never used as a path."""


class Session(Protocol):
    """One processor at work on one source."""

    def feed(self, unit: Any, /) -> Iterable[Item]:
        """Take the next unit of the medium; give the items that are ready."""
        ...

    def finish(self) -> Iterable[Item]:
        """Give what is left, after the last unit."""
        ...


class Processor(Protocol):
    """One thing that can be derived: a frozen keyword-only dataclass whose fields are all that changes the bytes.

    A processor that builds on results of others has a method `uses(self) -> tuple[Processor, ...]` that names them
    with their parameters; its key contains theirs, and it runs after them.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    reads: ClassVar[Reads]

    def needs(self, info: Any, /) -> Need: ...

    def start(self, info: Any, scratch: Path, /) -> Session: ...


def as_json(value: Any) -> Json:
    """Plain JSON of a record: dataclasses to objects, tuples to lists, a Fraction to float seconds.

    Raises
    ------
    ValueError : for NaN and infinities; an unknown number is None.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Fraction):
        return float(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is not a number that can be stored: use None for unknown")
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_json(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(entry) for entry in value]
    raise TypeError(f"{type(value).__name__} cannot be stored as JSON")


@functools.lru_cache(1024)
def parameters(processor: Processor) -> dict[str, Json]:
    """All parameters with their defaults; floats that are whole numbers become integers, so 1 and 1.0 are one key.

    Treat as read-only: the same processor gives the same object.
    """
    return {field.name: _normalised(as_json(getattr(processor, field.name))) for field in dataclasses.fields(processor)}  # type: ignore[arg-type]


def _normalised(value: Json) -> Json:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_normalised(entry) for entry in value]
    if isinstance(value, dict):
        return {key: _normalised(entry) for key, entry in value.items()}
    return value


def canonical_json(value: Json) -> bytes:
    """The one way this project writes JSON that is hashed: sorted keys, no spaces, UTF-8, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def inputs_of(processor: Processor) -> tuple[Processor, ...]:
    """The processors whose results this one builds on; none for most."""
    uses = getattr(processor, "uses", None)
    return uses() if uses else ()


def result_key(processor: Processor, *digests: str) -> str:
    """SHA-256, in hexadecimal, of the canonical JSON {parameters, processor, sources, uses, version}.

    `uses` are the keys of used results; absent where there are none.

    Parameters
    ----------
    digests : of the source, and of the label that it is read with where there is one: `Source.digests`.
    """
    used = ",".join(f'"{result_key(other, *digests)}"' for other in inputs_of(processor))
    uses = f',"uses":[{used}]' if used else ""
    sources = '","'.join(digests)
    after = f',"sources":["{sources}"]{uses},"version":{processor.version}}}'
    return hashlib.sha256(_described(processor) + after.encode()).hexdigest()


@functools.lru_cache(1024)
def _described(processor: Processor) -> bytes:
    """What is hashed before the source, without the closing brace: the same for 10,000 sources, so written once."""
    return canonical_json({"parameters": parameters(processor), "processor": processor.name})[:-1]


def require(condition: bool, parameter: str, value: object, rule: str) -> None:
    """Check a parameter at the door: `ValueError` naming the parameter, its value and the rule it breaks."""
    if not condition:
        raise ValueError(f"{parameter} is {value!r}: {rule}")
