"""Runs processors on one video as a run would, into a store of the test's own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from processors.contract import Processor, Source, inputs_of, result_key
from processors.engine.derive import derive
from processors.identify import hash_and_identify
from processors.sources.source_file import SourceFile
from processors.store.manifest import Manifest, ResultRef
from processors.store.store import Store


@dataclass(frozen=True, kw_only=True)
class Derived:
    """The results of one processor on one file."""

    manifest: Manifest
    store: Store

    def path(self, name: str) -> Path:
        return self.store.item_path(self.manifest.ref, name)

    def json(self, name: str) -> Any:
        return json.loads(self.path(name).read_bytes())

    def facts(self, name: str) -> Any:
        return next(item.facts for item in self.manifest.items if item.name == name)

    @property
    def names(self) -> list[str]:
        return [item.name for item in self.manifest.items]


def with_used(processors: Sequence[Processor]) -> list[Processor]:
    """The processors and all that they use, those used first."""
    found: list[Processor] = []
    for processor in processors:
        for one in (*with_used(inputs_of(processor)), processor):
            if one not in found:
                found.append(one)
    return found


def derived(path: Path, store: Path, *processors: Processor) -> list[Derived]:
    """The result of each processor, made where it is not there yet."""
    file, home = SourceFile.at(path), Store(store)
    digest, identity = hash_and_identify(file, path.name)
    assert identity.medium is not None, identity
    source = Source(
        digest=digest,
        size_bytes=file.size_bytes,
        name=path.name,
        medium=identity.medium,
        format=identity.format,
        has_sound=identity.has_sound,
    )
    derive(source, file, "test", with_used(processors), home)
    return [
        Derived(
            store=home, manifest=home.manifest(ResultRef(source=digest, processor=p.name, key=result_key(p, digest)))
        )
        for p in processors
    ]
