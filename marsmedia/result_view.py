"""One result of a source, as it is in the store."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from processors.store.manifest import Manifest, ResultRef
    from processors.store.store import Store

ITEMS_SHOWN = 3


@dataclass(frozen=True, kw_only=True, repr=False)
class ResultView:
    """One result: all items of one processor with one set of parameters."""

    processor: str
    version: int
    key: str
    parameters: Mapping[str, Any]
    folder: Path
    """Folder of its files; of a store in a bucket, only `SourceView.item` gives files, which it copies."""
    items: tuple[str, ...]
    """Names of the files in the folder."""
    damage: str | None
    """Damage of the source found while it was made; None if none was found."""
    is_asked_for: bool
    """True if today's release and recipes request it; False for other parameters, or an earlier version."""
    facts: Mapping[str, Any]
    """Facts of each file by its name, as its manifest and a pack's manifest.json have them."""

    def __repr__(self) -> str:
        """Return one line: processor, version, parameters that are not its defaults, and names of files."""
        from marsmedia.named_parameters import not_default

        other = _some(not_default(self.processor, self.parameters), ITEMS_SHOWN)
        state = f"version {self.version}{'' if self.is_asked_for else ', not requested today'}"
        return f"<{self.processor} {state}{f' with {other}' if other else ''}: {_some(self.items, ITEMS_SHOWN)}>"

    @classmethod
    def of(cls, manifest: Manifest, store: Store, asked: Container[ResultRef]) -> ResultView:
        return cls(
            processor=manifest.ref.processor,
            version=manifest.version,
            key=manifest.ref.key,
            parameters=manifest.parameters,
            folder=store.folder(manifest.ref),
            items=tuple(item.name for item in manifest.items),
            damage=manifest.reason,
            is_asked_for=manifest.ref in asked,
            facts={item.name: item.facts for item in manifest.items},
        )


def _some(words: Sequence[str], count: int) -> str:
    """Return the first words, and how many more there are."""
    more = len(words) - count
    return ", ".join(words[:count]) + (f" and {more} more" if more > 0 else "")
