"""Options of a run, with name, type, default, range and help, shown by the commands and Prefect's forms."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal

from flows.run.planning.shard import Shard
from processors.errors import RequestError
from processors.store.new_store import NewStore

RECIPES_FILE = "MARSMEDIA_RECIPES"
"""Environment variable with the path of a recipe file; `--recipes` sets it for its own process and those it starts."""


@dataclass(frozen=True)
class Described:
    """Description of an option, for use in the `Annotated` of its type."""

    help: str
    """Effect of the option, with its unit."""
    unset: str | None = None
    """Meaning of None."""
    minimum: float | None = None
    maximum: float | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> dict[str, Any]:
        """Let Prefect check the range of a flow's parameter; 0 or an empty value means None if None is allowed."""
        schema = handler(source)
        is_optional = schema["type"] == "nullable"
        number = schema["schema"] if is_optional else schema
        limits = {"ge": self.minimum, "le": self.maximum}
        number.update({name: limit for name, limit in limits.items() if limit is not None})
        if not is_optional:
            return schema
        return {"type": "function-before", "function": {"type": "no-info", "function": _or_none}, "schema": schema}

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        """Describe the field in Prefect's form, which ignores the description of pydantic's `Field`."""
        shown = handler(core_schema)
        if "anyOf" in shown:  # a field of one type, in which 0 or an empty value means None
            (shown,) = [one for one in shown["anyOf"] if one != {"type": "null"}]
            shown |= {"minimum": 0} if "minimum" in shown else {}
        nothing = "0" if shown.get("type") in ("integer", "number") else "Empty"
        unset = f" {nothing}: {self.unset}." if self.unset else ""
        return {**shown, "description": self.help + unset}


def _or_none(value: Any) -> Any:
    return value or None


Strict = Annotated[bool, Described("Also fail for refused, damaged or unsupported files and for earlier failures.")]
HashAll = Annotated[bool, Described("Hash every file again, even if its size and date are unchanged.")]
RetryFailed = Annotated[bool, Described("Retry what failed in earlier runs.")]
WorkerCount = Annotated[
    int | None, Described("Number of worker processes.", unset="one per processor core", minimum=1, maximum=256)
]
MemoryMb = Annotated[
    int | None, Described("Memory limit for one file, in MB.", unset="up to 4000, as the machine allows", minimum=300)
]
TimeLimitFactor = Annotated[
    float,
    Described("Multiply the time limit of a file, which grows with size and duration.", minimum=0.1, maximum=1000),
]
Quiet = Annotated[bool, Described("Show no progress bar.")]
RecipeName = Annotated[
    str | None,
    Described("Recipe: full, or light, which makes less and is quicker.", unset="that of the recipe file, else full"),
]
Releases = Annotated[tuple[str, ...] | None, Described("Process only these releases.", unset="all")]


RunnerName = Annotated[
    Literal["local", "dask"],
    Described("Where to work: local, on this machine; dask, on a cluster, or on one that is started for this run."),
]
Scheduler = Annotated[
    str | None,
    Described("Address of the Dask scheduler, such as tcp://10.0.0.5:8786.", unset="start a cluster on this machine"),
]


NewStoreWhen = Annotated[
    NewStore,
    Described(
        "Whether to begin a new store where there is none: auto, unless a disk in /etc/fstab is not mounted there; "
        "always; never, as for a store whose disk may be away."
    ),
]


ShardName = Annotated[
    str | None,
    Described("Part of the files, such as 2/8: eight such runs do all, on one machine or on eight.", unset="all"),
]


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of one run; none changes the content of results."""

    strict: Strict = False
    hash_all: HashAll = False
    retry_failed: RetryFailed = False
    workers: WorkerCount = None
    memory_mb: MemoryMb = None
    time_limit_factor: TimeLimitFactor = 1.0
    quiet: Quiet = True
    releases: Releases = None
    recipe: RecipeName = None
    runner: RunnerName = "local"
    scheduler: Scheduler = None
    shard: ShardName = None
    new_store: NewStoreWhen = "auto"

    def __post_init__(self) -> None:
        if self.scheduler and self.runner != "dask":
            raise RequestError("--scheduler needs --runner dask")
        Shard.parse(self.shard)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Options:
        """Return the options among the parameters of a flow, in which an empty value means None."""
        names = {field.name for field in fields(cls)} & given.keys()
        chosen: dict[str, Any] = {name: None if given[name] in ("", ()) else given[name] for name in names}
        return cls(**chosen)

    @property
    def worker_count(self) -> int:
        return self.workers or os.cpu_count() or 1
