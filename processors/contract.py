"""Contract of processors: parameters, items, and the key of a result. On the ground, above sources."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar

from processors.json_records import Json, as_json, canonical_json
from processors.sources.source_file import SourceFile

T = TypeVar("T")
Info = TypeVar("Info")

Medium = Literal["video", "audio", "photo"]
FileKind = Literal["media", "companion", "unsupported"]
Reads = Literal["video", "audio", "photo", "file", "results"]
"""Input of a processor. `video`, `audio`: it is fed frames or blocks of sound. `photo`: it gets the photo. `file`: it
opens the source itself. `results`: it is made of its `inputs` alone, and the source is not opened."""


_LABEL_REF = {"name", "sha256"}


@dataclass(frozen=True, kw_only=True)
class LabelRef:
    name: str
    """Name of a file in the source's own folder; a related label may be in a folder above: `../bundle.xml`."""
    sha256: str


def refs_in(value: Json) -> Iterator[LabelRef]:
    """Yield the companions named in parameters of a result and in those of its inputs."""
    if isinstance(value, dict) and value.keys() == _LABEL_REF:
        yield LabelRef(name=str(value["name"]), sha256=str(value["sha256"]))
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from refs_in(one)


@dataclass(frozen=True, kw_only=True)
class Source:
    """Raw file whose bytes are known."""

    digest: str
    """SHA-256 of the file, 64 hexadecimal digits."""
    size_bytes: int
    name: str
    """File name, for people; any text, never used as a path."""
    medium: Medium
    format: str
    """Container or file format detected in the bytes: `mov,mp4`, `wav`, `jpeg`."""
    has_sound: bool
    """True if a decoder lists an audio stream."""
    has_subtitles: bool | None = None
    """True if the container lists a subtitle stream; None for files seen only by old versions."""
    label: LabelRef | None = None
    """Label required to interpret the bytes; None if the file is self-describing."""

    @property
    def digests(self) -> tuple[str, ...]:
        """Return the digest of every file from which its results are made."""
        return (self.digest, self.label.sha256) if self.label else (self.digest,)


@dataclass(frozen=True, kw_only=True)
class OpenSource:
    """Input of a processor that reads `file`."""

    source: Source
    file: SourceFile


@dataclass(frozen=True, kw_only=True)
class RecordedStart:
    utc: str
    """Start in ISO 8601 with an offset, to the minute or finer."""
    named_by: str


@dataclass(frozen=True, kw_only=True)
class ReleaseWords:
    """Texts of the release about a source, to be written into files made from it. Empty: not stated."""

    title: str = ""
    release_title: str = ""
    credit: str = ""
    """Credit line of the file, else of its release, else of the mission."""
    mission: str = ""
    """Title of the mission."""
    date: str = ""
    """Date of recording as far as it is known, ISO 8601; `2021-05-14T23:18Z (touchdown)` is that of the event shown."""

    def agreed_with(self, other: ReleaseWords) -> ReleaseWords:
        """Return the texts that both have in common; empty where they differ."""
        mine, theirs = dataclasses.asdict(self), dataclasses.asdict(other)
        return ReleaseWords(**{name: text for name, text in mine.items() if theirs[name] == text})


@dataclass(frozen=True, kw_only=True)
class MissionContext:
    """Statements about one source that depend on its mission, which a label may name."""

    unsettled_mission: str | None = None
    """Words of a label next to the source that name another mission than the release; None if none does, or its own
    entry settles it."""
    words: ReleaseWords = ReleaseWords()
    """Texts on which all paths of the same bytes agree, so that no release's texts are passed on with another's."""
    longitude_degrees_east: float | None = None
    """Longitude of the mission's landing site; None if no mission is named, or a label names one without a profile."""
    landing_sol_begins: datetime | None = None
    """Beginning of the mission's first sol there, UTC: nothing was recorded there before. None if none is named."""


@dataclass(frozen=True, kw_only=True)
class ReleaseContext:
    """Statements about one source from outside its bytes."""

    release: str = "{}"
    """Canonical JSON of `head` and `file` of release.toml; `file` is absent without an entry."""
    labels: tuple[LabelRef, ...] = ()
    """Labels and XMP sidecars next to the source."""
    related: tuple[LabelRef, ...] = ()
    """Labels around a recording that belong to no file by their names, as those of its bundle and collection."""
    subtitles: tuple[LabelRef, ...] = ()
    is_labelled: bool = False
    """Whether a label is next to the source or inside it, which may name another mission than the release's."""
    mission: str | None = None
    """Mission that the release names for the source, whatever a label names."""
    fault: str | None = None
    """Mistake in release.toml that keeps this file's entry from being read."""
    name: str | None = None
    """File name, if it is meaningful: a product name."""
    file_name: str = ""
    """File name, whatever it means, for results that print it; in `of_bytes` that of the path where they were first
    seen."""
    recorded_by: tuple[str, ...] = ()
    """Release's name of the camera or instrument; several where paths of the same bytes name it differently."""
    calibration: str | None = None
    """Canonical JSON of the calibration that the release names for this file's instrument."""
    altitude: tuple[float, float, int] | None = None
    """Descent camera: metres at a shot's first frame, field of view in degrees, and the shot's number."""
    still_seconds: float | None = None
    """Presentation time of the video's still that the release chose."""
    by_mission: Callable[[], MissionContext] = field(default=MissionContext, compare=False)
    """Return the statements that depend on the mission; the labels that may name it are read only now."""
    recorded_start: Callable[[], RecordedStart | None] = field(default=lambda: None, compare=False)
    """Return the start given by the release or else by a label, which is read only now; None if no start is given."""
    recorded_span: Callable[[], tuple[datetime, datetime] | None] = field(default=lambda: None, compare=False)
    """Return the first moment that the release's date of the recording may mean, and the first after it, UTC; None
    without a date. It may be a day or a year, of which no start follows."""
    of_bytes: ReleaseContext | None = field(default=None, compare=False)
    """Statements about the same bytes at the first path that holds them; None at that path itself, if it has the name
    that results of the bytes print."""

    @property
    def words(self) -> ReleaseWords:
        return self.by_mission().words

    @property
    def longitude_degrees_east(self) -> float | None:
        return self.by_mission().longitude_degrees_east

    @property
    def landing_sol_begins(self) -> datetime | None:
        return self.by_mission().landing_sol_begins


@dataclass(frozen=True, kw_only=True)
class Item:
    """Output of a processor: bytes with a name, or a file that it wrote into its scratch folder."""

    name: str
    """Safe relative path inside the result: letters, digits, `._-` and `/`."""
    media_type: str
    facts: Any = None
    """Frozen dataclass of plain values, to find and compare results by, which `as_json` writes; None without any."""
    data: bytes | None = None
    file: Path | None = None
    damage: str | None = None
    """Damage of the source found during the making of this item, in one sentence."""
    advice: str | None = None
    """What whoever requested this result should know and do, in one sentence: a run prints it."""

    @classmethod
    def of_json(cls, name: str, value: Any, *, ensure_ascii: bool = True, **more: Any) -> Item:
        """Return an item of JSON from what `as_json` takes; `more` are other fields."""
        text = json.dumps(as_json(value), indent=1, ensure_ascii=ensure_ascii, allow_nan=False)
        return cls(name=name, media_type="application/json", data=text.encode(), **more)

    def __post_init__(self) -> None:
        path = PurePosixPath(self.name)
        safe = all(c.isascii() and (c.isalnum() or c in "._-/") for c in self.name)
        if not safe or path.is_absolute() or ".." in path.parts or self.name.startswith((".", "-")):
            raise ValueError(f"item name {self.name!r}: only letters, digits, '.', '_', '-' and '/'")
        if (self.data is None) == (self.file is None):
            raise ValueError(f"item {self.name}: give either data or file")


@dataclass(frozen=True, kw_only=True)
class Need:
    """Units that a streamed processor needs from the reader, which may skip others; by default everything."""

    shown: Callable[[Fraction, Fraction], bool] | None = None
    """Return True if a frame shown from the first until just before the second time (s) is needed. None: all units."""
    longest_side_px: int | None = None
    """Maximum number of pixels needed along the longer side. None: full size."""


class UsedResult(Protocol):
    """Readable result of another processor on the same source."""

    def path(self, name: str, /) -> Path:
        """Return the path of an item; raises `ResultMissing` for a name that the result does not have."""
        ...

    def facts(self, name: str, kind: type[T], /) -> T:
        """Return an item's facts, as the type of record from which they were stored."""
        ...


@dataclass(frozen=True, kw_only=True)
class Inputs(Generic[Info]):
    """Input of a processor with `inputs`: their results, and the input it would get without them."""

    info: Info
    """Info of the medium, or an `OpenSource`; None for a processor that reads `results`."""
    results: Mapping[str, UsedResult]
    """Results by processor name."""
    source_facts: Mapping[Reads, Json]
    """Findings of reading the source when those results were made: counts and losses, by unit read."""
    not_made: Mapping[str, str] = field(default_factory=dict)
    """Why results could not be made of this file, by processor name; only for one with `works_without_inputs`."""


class Session(Protocol):
    """Streamed processor at work on one source."""

    def feed(self, unit: Any, /) -> Iterable[Item] | None:
        """Take the next unit of the medium; return the items that are ready, if any."""
        ...

    @property
    def finish(self) -> Callable[..., Iterable[Item]]:
        """Return the remaining items after the last unit; called with nothing, or, if the processor has
        `inputs_at_finish`, with its `Inputs`, which are None if it has none with these parameters."""
        ...


class Streamed(Protocol):
    """Processor that reads `video` or `audio` and is fed their units."""

    name: ClassVar[str]
    version: ClassVar[int]
    reads: ClassVar[Reads]

    def start(self, given: Any, scratch: Path, /) -> Session: ...


class OneShot(Protocol):
    """Processor that reads `photo`, `file` or `results`, and gets all of its input at once."""

    name: ClassVar[str]
    version: ClassVar[int]
    reads: ClassVar[Reads]

    def items(self, given: Any, scratch: Path, /) -> Iterable[Item]: ...


Processor = Streamed | OneShot
"""One kind of result: a frozen keyword-only dataclass whose fields are all that changes the bytes.

Its input is the medium's info (`VideoInfo`, `AudioInfo`), a `Photo`, an `OpenSource` or nothing, by what it
`reads`; if it has inputs, it gets both as `Inputs`. It may also have:

`needs(self, info) -> Need`: needs of one that reads a medium from the reader. Without it: everything.
`inputs(self) -> tuple[Processor, ...]`: the processors whose results it builds on, with their parameters. Its key
contains theirs, and it runs after them.
`inputs_at_finish: ClassVar[bool]`: true for a streamed one with inputs that chooses its units without them. It is fed
in the pass that makes them, so the source is not decoded once more: `needs` and `start` get the medium's info alone,
and its session's `finish` the `Inputs`.
`for_release(self, context: ReleaseContext) -> Self`: itself configured with the statements about a source; what it
takes becomes part of its parameters, and so of its key.
`suits(self, source: Source) -> bool`: false if it has nothing to make from a source, so that recipes do not want it.
`of_sighting: ClassVar[bool]`: true if each path of the same bytes has its own result.
`tables: ClassVar[tuple[Table, ...]]`: the tables among its items (`processors.tables`), with units and meanings.
"""


@functools.lru_cache(1024)
def parameters(processor: Processor) -> dict[str, Json]:
    """Return all parameters, with defaults; floats that are whole numbers become integers, so 1 and 1.0 are one key.

    A field with `is_added_later` in its metadata is left out at its default (`as_json`): earlier results keep their
    keys. Treat as read-only: the same processor returns the same object.
    """
    return normalised(as_json(processor))  # type: ignore[return-value]


def normalised(value: Json) -> Json:
    """Return a value as parameters have it: floats that are whole numbers are integers."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [normalised(entry) for entry in value]
    if isinstance(value, dict):
        return {key: normalised(entry) for key, entry in value.items()}
    return value


def inputs_of(processor: Processor) -> tuple[Processor, ...]:
    """Return the processors whose results this one builds on; empty for most."""
    inputs = getattr(processor, "inputs", None)
    return inputs() if inputs else ()


def works_without_inputs(processor: Processor) -> bool:
    """Return True if a processor makes its result also of a file of which its inputs cannot be made."""
    return getattr(processor, "works_without_inputs", False)


def need_of(processor: Processor, given: Any) -> Need:
    """Return what a processor of a medium needs from the reader."""
    needs = getattr(processor, "needs", None)
    return needs(given) if needs else Need()


def is_of_path(processor: Processor) -> bool:
    """Return True if a processor depends on the statements at each path of a source, not on its bytes alone."""
    return getattr(processor, "of_sighting", False)


def suits(processor: Processor, source: Source) -> bool:
    """Return False if a processor, configured for a source, says that it has nothing to make from it."""
    says = getattr(processor, "suits", None)
    return says is None or says(source)


def asks_release(processor: Processor) -> bool:
    """Return True if the processor, or one that it builds on, has a method `for_release`."""
    return hasattr(processor, "for_release") or any(asks_release(used) for used in _nested(processor).values())


def for_release(processor: Processor, context: ReleaseContext) -> Processor:
    """Return the processor configured with the statements about a source.

    It gets the statements at the first path that holds the bytes or, if it is `of_sighting`, at this one. The
    processors that it builds on are configured as well.
    """
    inputs = {name: for_release(used, context) for name, used in _nested(processor).items()}
    if any(used is not getattr(processor, name) for name, used in inputs.items()):
        processor = dataclasses.replace(processor, **inputs)  # type: ignore[type-var]
    configure = getattr(processor, "for_release", None)
    if configure is None:
        return processor
    return configure(context if is_of_path(processor) or context.of_bytes is None else context.of_bytes)


def _nested(processor: Processor) -> dict[str, Processor]:
    """Return the parameters that are processors themselves, by name."""
    values = ((field.name, getattr(processor, field.name)) for field in dataclasses.fields(processor))  # type: ignore[arg-type]
    return {name: value for name, value in values if hasattr(value, "reads")}


def result_key(processor: Processor, *digests: str) -> str:
    """Return the SHA-256, in hexadecimal, of the canonical JSON {parameters, processor, sources, uses, version}.

    `uses` holds the keys of used results; absent without any.

    Parameters
    ----------
    digests : digests of the source and of the label that it is read with, if any: `Source.digests`.
    """
    used = ",".join(f'"{result_key(other, *digests)}"' for other in inputs_of(processor))
    uses = f',"uses":[{used}]' if used else ""
    sources = '","'.join(digests)
    after = f',"sources":["{sources}"]{uses},"version":{processor.version}}}'
    return hashlib.sha256(_described(processor) + after.encode()).hexdigest()


@functools.lru_cache(1024)
def _described(processor: Processor) -> bytes:
    """Return the hashed bytes before the source, without the closing brace: 100,000 keys take 1.0 s so, else 2.2 s."""
    return canonical_json({"parameters": parameters(processor), "processor": processor.name})[:-1]


def require(condition: bool, parameter: str, value: object, rule: str) -> None:
    """Raise `ValueError` with the parameter, its value and the broken rule unless `condition` holds."""
    if not condition:
        raise ValueError(f"{parameter} is {value!r}: {rule}")
