"""What a processor is: frozen parameters, items made of a source or of results, and the key that names a result."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path, PurePosixPath
from types import UnionType
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar, Union, get_args, get_origin, get_type_hints

from processors.sources.source_file import SourceFile

T = TypeVar("T")
Info = TypeVar("Info")

Medium = Literal["video", "audio", "photo"]
Reads = Literal["video", "audio", "photo", "file", "results"]
"""What a processor is made of. A medium: it is fed that medium's units. `file`: it opens the source itself. `results`:
it is made of its `inputs` alone, and the source is not opened."""
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
class OpenSource:
    """What a processor that reads `file` is given."""

    source: Source
    file: SourceFile


@dataclass(frozen=True, kw_only=True)
class RecordedStart:
    """When a recording starts, and which file says so."""

    utc: str
    """ISO 8601 with an offset, to the minute or finer."""
    named_by: str


@dataclass(frozen=True, kw_only=True)
class ReleaseContext:
    """What is said of one source from outside its bytes."""

    release: str = "{}"
    """Canonical JSON: `head` and `file` of release.toml; `file` is absent where it has no entry."""
    labels: tuple[LabelRef, ...] = ()
    """Labels and XMP sidecars next to it."""
    mission: str | None = None
    fault: str | None = None
    """The mistake in release.toml that keeps this file's entry from being read."""
    name: str | None = None
    """The file's own name, where that says something: a product name."""
    recorded_by: str | None = None
    """The release's words for the camera or instrument."""
    altitude: tuple[float, float, int] | None = None
    """Of a descent camera: metres at a shot's first frame, its field of view in degrees, and the shot's number."""
    longitude_degrees_east: float | None = None
    """Of the mission's landing site; None where no mission is named."""
    recorded_start: Callable[[], RecordedStart | None] = field(default=lambda: None, compare=False)
    """As the release or else a label says it; a label is read when this is asked. None: nothing names a moment."""
    of_bytes: ReleaseContext | None = field(default=None, compare=False)
    """What is said of the same bytes at the first place that holds them; None at that place itself."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One output: bytes with a name, or a file that the processor wrote into its scratch folder."""

    name: str
    """Safe relative path inside the result: letters, digits, `._-` and `/`."""
    media_type: str
    facts: Record = None
    data: bytes | None = None
    file: Path | None = None
    damage: str | None = None
    """In one sentence, what of the source was found to be damaged while this was made."""

    def __post_init__(self) -> None:
        path = PurePosixPath(self.name)
        safe = all(c.isascii() and (c.isalnum() or c in "._-/") for c in self.name)
        if not safe or path.is_absolute() or ".." in path.parts or self.name.startswith((".", "-")):
            raise ValueError(f"item name {self.name!r}: only letters, digits, '.', '_', '-' and '/'")
        if (self.data is None) == (self.file is None):
            raise ValueError(f"item {self.name}: give either data or file")


@dataclass(frozen=True, kw_only=True)
class Need:
    """What a streamed processor wants of the reader, so that the reader can skip work; by default everything."""

    shown: Callable[[Fraction, Fraction], bool] | None = None
    """Is a frame wanted that is shown from the first until just before the second time (s)? None: every unit."""
    longest_side_px: int | None = None
    """No more pixels than this along the longer side are wanted. None: all there are."""


class UsedResult(Protocol):
    """A result of another processor on the same source, for reading."""

    def path(self, name: str, /) -> Path:
        """Where an item lies; raises `ResultMissing` for a name that the result does not have."""
        ...

    def facts(self, name: str, kind: type[T], /) -> T:
        """An item's facts, as the record that they were stored from."""
        ...


@dataclass(frozen=True, kw_only=True)
class Inputs(Generic[Info]):
    """What a processor with `inputs` is given: their results, together with what it would be given without them."""

    info: Info
    """The medium's own info, or an `OpenSource`; None for a processor that reads `results`."""
    results: Mapping[str, UsedResult]
    """By processor name."""
    source_facts: Mapping[Reads, Json]
    """What reading the source turned up when those results were made: counts and losses, by the units read."""
    source_name: str = ""
    """The file's own name, for people and for programs that link to it by name; any text, never used as a path."""


class Session(Protocol):
    """One streamed processor at work on one source."""

    def feed(self, unit: Any, /) -> Iterable[Item]:
        """Take the next unit of the medium; give the items that are ready."""
        ...

    def finish(self) -> Iterable[Item]:
        """Give what is left, after the last unit."""
        ...


class Streamed(Protocol):
    """A processor that reads `video`, `audio` or `photo` and is fed their units."""

    name: ClassVar[str]
    version: ClassVar[int]
    reads: ClassVar[Reads]

    def start(self, given: Any, scratch: Path, /) -> Session: ...


class OneShot(Protocol):
    """A processor that reads `file` or `results` and is fed nothing."""

    name: ClassVar[str]
    version: ClassVar[int]
    reads: ClassVar[Reads]

    def items(self, given: Any, scratch: Path, /) -> Iterable[Item]: ...


Processor = Streamed | OneShot
"""One thing that can be derived: a frozen keyword-only dataclass whose fields are all that changes the bytes.

It is given the medium's info (`VideoInfo`, `AudioInfo`, `PhotoInfo`), an `OpenSource` or nothing, by what it `reads`;
where it has inputs, these are given with it, as `Inputs`. It may also have:

`needs(self, given) -> Need`: what a streamed one wants of the reader. Without it: everything.
`inputs(self) -> tuple[Processor, ...]`: the processors whose results it builds on, with their parameters. Its key
contains theirs, and it runs after them.
`for_release(self, context: ReleaseContext) -> Self`: itself for a source of which that is said; what it takes becomes
part of its parameters, and so of its key.
`of_sighting: ClassVar[bool]`: true where each place of the same bytes has a result of its own.
"""


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


def from_json(kind: type[T], value: Any, *, is_strict: bool = False) -> T:
    """The record that `as_json` wrote; the reverse of it.

    Parameters
    ----------
    is_strict : refuse fields that the record does not have, and require all that have no default. Else what another
        version stored is read too: fields that this one does not know are ignored, and what it did not store is None.

    Raises
    ------
    TypeError, KeyError : a field is missing that has no default and cannot be None, or one is refused.
    """
    read: Any = _read(kind, value, is_strict)
    return read


def _read(hint: Any, value: Any, is_strict: bool) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if value is None or origin is Literal:
        return value
    if origin in (Union, UnionType):
        return _read(next(one for one in inner if one is not type(None)), value, is_strict)
    if origin is tuple:
        return tuple(_read(inner[0], one, is_strict) for one in value)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        types, known = field_types(hint), value if is_strict else value.keys() & field_types(hint).keys()
        given = {name: _read(types[name], value[name], is_strict) for name in known}
        return hint(**(given if is_strict else _unknown(hint, types) | given))
    return hint(value) if hint in (float, Fraction) else value


def _unknown(kind: Any, types: Mapping[str, Any]) -> dict[str, None]:
    """None for each field that takes it and has no other default."""
    open_fields = (one for one in dataclasses.fields(kind) if one.default is one.default_factory is dataclasses.MISSING)
    return {one.name: None for one in open_fields if type(None) in get_args(types[one.name])}


@functools.cache
def field_types(kind: type[Any]) -> dict[str, Any]:
    """The type of each field of a record."""
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


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
    inputs = getattr(processor, "inputs", None)
    return inputs() if inputs else ()


def need_of(processor: Processor, given: Any) -> Need:
    """What a streamed processor wants of the reader."""
    needs = getattr(processor, "needs", None)
    return needs(given) if needs else Need()


def is_of_place(processor: Processor) -> bool:
    """True where a processor is made of what is said at each place of a source, not of its bytes alone."""
    return getattr(processor, "of_sighting", False)


def asks_release(processor: Processor) -> bool:
    """Has it a method `for_release`?"""
    return hasattr(processor, "for_release")


def for_release(processor: Processor, context: ReleaseContext) -> Processor:
    """The processor for a source of which that is said.

    It hears what is said at the first place that holds the bytes or, where it is `of_sighting`, at this one.
    """
    if not asks_release(processor):
        return processor
    heard = context if is_of_place(processor) or context.of_bytes is None else context.of_bytes
    return getattr(processor, "for_release")(heard)  # noqa: B009 - optional


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
    """What is hashed before the source, without the closing brace: the same for 10,000 sources, so written once.

    100,000 keys take 1.0 s of processor time so, and 2.2 s where each is one `canonical_json`.
    """
    return canonical_json({"parameters": parameters(processor), "processor": processor.name})[:-1]


def require(condition: bool, parameter: str, value: object, rule: str) -> None:
    """Check a parameter at the door: `ValueError` naming the parameter, its value and the rule it breaks."""
    if not condition:
        raise ValueError(f"{parameter} is {value!r}: {rule}")
